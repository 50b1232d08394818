"""Letters to the operator's admins about connected applications: written with what they are about, mailed by the clock.

So a mail server that is away delays a letter, and never a consent; and a letter goes out once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.core.mail import send_mail
from django.db import transaction

from airstair.records.access.models import Application, Grant, Letter
from airstair.records.access.rules import silent_after
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Role

log = logging.getLogger(__name__)

_WHERE = "Settings > Connected applications says more."


def write_letter(grant: Grant, subject: str, text: str) -> None:
    """Put a letter out to be mailed, in the transaction under way."""
    line = " ".join(subject.split())[:200]  # an application may call itself in two lines, and mail has no such subjects
    Letter.objects.create(operator_id=grant.operator_id, grant_id=grant.id, subject=line, text=f"{text}\n")


def write_refusal(grant: Grant, why: str, now: datetime) -> None:
    """Note that the application's tokens are refused, and tell the admins: once, until it has renewed again."""
    if grant.withdrawn_at is not None or grant.refused_at is not None:
        return
    Grant.objects.filter(operator_id=grant.operator_id, id=grant.id).update(refused_at=now, refused_why=why[:300])
    grant.refused_at, grant.refused_why = now, why
    name = Application.objects.get(id=grant.application_id).name
    write_letter(
        grant, f"{name} is let in no more", f"{why}\n\n{_WHERE} Connect {name} anew from there or from itself."
    )
    log.info("The tokens of grant %s of operator %s are refused.", grant.id, grant.operator_id)


def warn_of_silence(now: datetime) -> int:
    """Tell of applications that have stopped renewing; answers of how many. For the job that sees all operators.

    One statement, and four more for each that has just gone silent.
    """
    revoked = Application.objects.filter(active=False).values("id")
    open_ones = Grant.objects.filter(withdrawn_at=None, refused_at=None, warned_at=None, family__isnull=False)
    told = 0
    for row in open_ones.exclude(application_id__in=revoked).exclude(renewed_at=None):
        if row.renewed_at is None or now - row.renewed_at < silent_after(row.usual_gap):
            continue
        with transaction.atomic():
            mine = Grant.objects.filter(
                operator_id=row.operator_id, id=row.id, warned_at=None, renewed_at=row.renewed_at
            )
            if not mine.update(warned_at=now):
                continue  # it has just renewed, or another job was quicker
            name = Application.objects.get(id=row.application_id).name
            since = f"{row.renewed_at:%Y-%m-%d %H:%M}Z"
            text = (
                f"{name} has not renewed its access since {since}. It does so every {_span(row.usual_gap)}, or oftener."
            )
            write_letter(row, f"{name} has gone silent", f"{text}\n\n{_WHERE} Ask whoever runs {name}.")
            told += 1
    return told


def _span(gap: timedelta) -> str:
    minutes = max(1, round(gap.total_seconds() / 60))
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"


def mail_letters(now: datetime) -> int:
    """Mail what has not been mailed; answers how many. A letter that cannot be sent is tried again next time."""
    sent = 0
    for operator_id, letter_id in list(Letter.objects.filter(mailed_at=None).values_list("operator_id", "id")):
        try:
            sent += _mail(operator_id, letter_id, now)
        except OSError as refused:  # one that the mail server refuses must not keep the others
            log.warning("Letter %s could not be sent (%s). It is tried again.", letter_id, refused)
    return sent


def _mail(operator_id: int, letter_id: int, now: datetime) -> int:
    with transaction.atomic():
        waiting = Letter.objects.select_for_update(skip_locked=True)
        letter = waiting.filter(operator_id=operator_id, id=letter_id, mailed_at=None).first()
        if letter is None:
            return 0
        admins = [one.email for one in operators.members(operator_id) if one.role is Role.ADMIN and one.active]
        if admins:
            send_mail(letter.subject, letter.text, None, admins)
        letter.mailed_at = now
        letter.save(update_fields=["mailed_at"])
    return 1
