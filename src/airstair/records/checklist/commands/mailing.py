"""Handling requests by e-mail, for handlers who use nothing else.

The command writes the mail with the item's change; `mailing.send_waiting` sends it after that has been committed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.checklist.commands.rows import Touched, handler_row, held
from airstair.records.checklist.mailing import send_waiting
from airstair.records.checklist.models import Definition, Handler, Mail, MailSetting
from airstair.records.checklist.queries import item, test_address
from airstair.records.checklist.rules import ADEP, ADES, REQUESTED, nearest
from airstair.records.checklist.snapshots import ItemFacts
from airstair.records.fleet.models import Aircraft
from airstair.records.flights.models import Flight
from airstair.records.flights.rules import Status
from airstair.records.operators.queries import operator
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right
from airstair.records.operators.snapshots import OperatorFacts


def send_handling_request(actor: Actor, flight_id: int, side: str) -> ItemFacts:
    """Mail the handler of that side what is wanted of it. Right: CHECKLIST_EDIT.

    All items of the side that have this handler as their provider are in it, and are requested then.
    Raises `NotFound`; `Invalid` without a handler who has an address; `Conflict` where an application is asked.
    """
    actor.require(Right.CHECKLIST_EDIT, "send handling requests")
    if side not in (ADEP, ADES):
        raise Invalid.one("side", f"“{checks.shown(side)}” is not a side. Use ADEP or ADES.")
    key = f"HANDLING_{side}"
    with transaction.atomic():
        flight, definitions = held(actor, flight_id)
        if flight.status == Status.CANCELLED:
            raise Conflict("The flight is cancelled. Restore it first, then ask for handling.")
        touched = Touched(actor, flight, definitions)
        if touched.item(key).ticked:
            raise Conflict("Handling is asked of an application. Untick it there and submit first.")
        handler = _reachable(actor, touched.item(key).handler_id)
        wanted = [
            (definitions[one], row.details)
            for one, row in touched.items.items()
            if definitions[one].side == side and row.handler_id == handler.id and not row.ticked and not row.removed
        ]
        mail = _mail(actor, flight, side, handler, sorted(wanted, key=lambda pair: pair[0].place))
        for definition, _ in wanted:
            row = touched.item(definition.key)
            row.status = nearest(REQUESTED, definition.statuses)
            row.note = f"Mailed to {mail.address}, {datetime.now(UTC):%d %b %Y %H:%M}Z"
        mail.save(force_insert=True)
        touched.write("checklist.mailed")
        transaction.on_commit(lambda: send_waiting(actor.operator_id), robust=True)
    return item(actor.operator_id, flight_id, key)


def set_test_address(actor: Actor, address: str) -> str:
    """Send every request to this address instead of the handlers; empty: to the handlers. Right: OPERATOR_EDIT."""
    actor.require(Right.OPERATOR_EDIT, "decide where handling requests go")
    problems = Problems()
    tidy = checks.email(problems, "test_address", address)
    problems.refuse()
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = test_address(actor.operator_id)
        if before != tidy:
            rows = MailSetting.objects.filter(operator_id=actor.operator_id, id=actor.operator_id)
            if not rows.update(test_address=tidy):
                MailSetting.objects.create(operator_id=actor.operator_id, id=actor.operator_id, test_address=tidy)
            was, now = {"test_address": before}, {"test_address": tidy}
            record_change(actor, "checklist.mail_setting", "Checklist, handling requests by e-mail", was, now)
    return tidy


def _reachable(actor: Actor, handler_id: int | None) -> Handler:
    if handler_id is None:
        raise Invalid.one("handler_id", "Nobody is chosen for handling. Choose a handler, then send the request.")
    handler = handler_row(actor, handler_id)
    if not handler.email:
        raise Invalid.one("handler_id", f"{handler.name} has no e-mail address. Add one in the handlers' directory.")
    return handler


def _mail(actor: Actor, flight: Flight, side: str, handler: Handler, wanted: list[tuple[Definition, str]]) -> Mail:
    aircraft = Aircraft.objects.filter(operator_id=actor.operator_id, id=flight.aircraft_id).first()
    if aircraft is None:
        raise NotFound("This aircraft")
    test, company = test_address(actor.operator_id), operator(actor.operator_id)
    airport = flight.adep if side == ADEP else flight.ades
    subject = f"Handling request {airport} {flight.std:%d %b %Y} {aircraft.registration} {flight.number}"
    return Mail(
        operator_id=actor.operator_id,
        id=next_ids(1)[0],
        flight_id=flight.id,
        handler_id=handler.id,
        side=side,
        address=test or handler.email,
        reply_to=company.ops_email,
        subject=(f"[TEST, for {handler.email}] {subject}" if test else subject)[:200],
        body=_words(flight, aircraft, airport, handler, wanted, company, actor.label),
    )


def _words(
    flight: Flight,
    aircraft: Aircraft,
    airport: str,
    handler: Handler,
    wanted: list[tuple[Definition, str]],
    company: OperatorFacts,
    sender: str,
) -> str:
    services = [f"  - {definition.label}{f': {details}' if details else ''}" for definition, details in wanted]
    lines = [
        f"Dear {handler.name},",
        "",
        f"{company.name} asks you to handle this flight at {airport}. All times are UTC.",
        "",
        f"  Aircraft   {aircraft.registration} {aircraft.icao_type}".rstrip(),
        f"  Flight     {flight.number}{f', call sign {aircraft.call_sign}' if aircraft.call_sign else ''}",
        f"  Departure  {flight.adep} {flight.std:%a %d %b %Y %H:%M}Z",
        f"  Arrival    {flight.ades} {flight.sta:%a %d %b %Y %H:%M}Z",
        f"  PAX {flight.pax_count}, crew {len(flight.crew)}, {flight.flight_type.lower()}",
        "",
        "Services:",
        *services,
        "",
        "Please confirm by answering this mail.",
        "",
        *(word for word in (sender, company.name, company.phone) if word),
    ]
    return "\n".join(lines) + "\n"
