"""Mail about orders, sent when what it tells is committed. A mail server that does not answer hinders nothing."""

from __future__ import annotations

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction

from connect.flights.models import Flight
from connect.orders.words import OrderStatus
from connect.parties.models import Organisation
from connect.sync.state import State

log = logging.getLogger(__name__)


def mail(to: str, subject: str, body: str) -> None:
    """After the commit, one message. Nobody to send to: none."""
    if to:
        transaction.on_commit(lambda: _send(to, subject, body))


def _send(to: str, subject: str, body: str) -> None:
    try:
        send_mail(subject, body, settings.DEFAULT_FROM_EMAIL, [to])
    except (OSError, SMTPException) as problem:
        log.warning("A mail to %s could not be sent: %s", to, problem)


def tell_handlers(flight: Flight, before: State | None, after: State) -> None:
    """Each handler of what came, moved or ended of its orders."""
    known = {one.id: one for one in before.orders} if before else {}
    moved = before is not None and (before.facts.std, before.facts.sta) != (after.facts.std, after.facts.sta)
    for row in flight.orders.select_related("handler"):
        was = known.get(row.id)
        if was is None:
            said = "You have a new request"
        elif was.status.value != row.status:
            said = f"The order is now: {row.status}"
        elif moved and row.status not in (OrderStatus.CANCELLED.value, OrderStatus.DELIVERED.value):
            said = "The flight has other times"
        else:
            continue
        about = f"{flight.flight_no} {flight.registration} {flight.adep}–{flight.ades} {flight.std:%Y-%m-%d %H:%M}Z"
        body = f"{said}.\n\n{about}\n{settings.URL}/orders/{row.number}/\n{row.warning}"
        mail(row.handler.email, f"{row.number}: {said}", body)


def contact_email(organisation: Organisation) -> str:
    """Where an organisation hears of its orders: the operations contact's address, else its own."""
    contact = organisation.operations_contact
    return contact.email if contact else organisation.email
