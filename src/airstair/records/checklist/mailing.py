"""Sends the handling requests that wait to go out. What could not be sent waits, with the reason, for the next try."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models.functions import Now

from airstair.records.checklist.models import Mail

log = logging.getLogger(__name__)
_AT_ONCE = 50


def send_waiting(operator_id: int | None = None) -> int:
    """Send what waits, of one operator or of all; answers how many went out.

    Safe to run twice at once: a mail that somebody else is sending is passed over. One statement when nothing waits.
    """
    rows = Mail.objects.filter(sent_at=None)
    if operator_id is not None:
        rows = rows.filter(operator_id=operator_id)
    waiting = list(rows.order_by("made_at").values_list("operator_id", "id")[:_AT_ONCE])
    return sum(_send(*one) for one in waiting)


def _send(operator_id: int, mail_id: int) -> int:
    with transaction.atomic():
        rows = Mail.objects.filter(operator_id=operator_id, id=mail_id, sent_at=None)
        mail = rows.select_for_update(skip_locked=True, no_key=True).first()
        if mail is None:
            return 0
        reply_to = [mail.reply_to] if mail.reply_to else None
        try:
            EmailMessage(mail.subject, mail.body, None, [mail.address], reply_to=reply_to).send()
        except (OSError, SMTPException) as refused:  # the mail server's, or the network's; it is tried again
            log.warning("Handling request %s could not be sent (%s). It is tried again.", mail_id, refused)
            rows.update(trouble=str(refused)[:300])
            return 0
        rows.update(sent_at=Now(), trouble="")
    return 1
