"""The writers of what is heard from a schedule system, and of what it was told. One transaction for each flight."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction

from connect.clock import Clock, utc_now
from connect.flights.models import Flight
from connect.orders.models import Slot
from connect.orders.words import Side
from connect.parties.queries import airports_known, contact_may_synchronise, handler_matching, owner_of
from connect.sync.answers import Answer, answers_of
from connect.sync.mailing import tell_handlers
from connect.sync.models import Connection, Told
from connect.sync.reconcile import reconcile
from connect.sync.state import Heard, Register, State
from connect.sync.store import load, save

WHO = "The schedule system"
RETRY = timedelta(seconds=20)


def latest(operator_id: int, nid: int) -> Flight | None:
    """The flight's newest row, locked until the transaction ends."""
    found = Flight.objects.select_for_update().filter(operator_id=operator_id, nid=nid)
    return found.order_by("-generation").first()


@transaction.atomic
def hear(operator_id: int, heard: Heard, now: Clock = utc_now) -> bool:
    """Bring the flight to what was heard of it. Whether anything changed here; the same again changes nothing."""
    row = latest(operator_id, heard.nid)
    before = load(row) if row else None
    after = reconcile(before, heard, register_for(operator_id, heard), now())
    if after is None:
        return False
    new = before is None or after.generation != before.generation
    remembered = msgspec.to_builtins(heard)
    if not new and after == before:
        if row is not None and row.heard != remembered:
            row.heard = remembered
            row.save(update_fields=["heard"])
        return False
    flight = Flight(operator_id=operator_id, nid=heard.nid) if new or row is None else row
    flight.heard, flight.changed_here, flight.applied_at = remembered, False, now()
    saved = save(flight, None if new else before, after, WHO, now())
    tell_handlers(saved, None if new else before, after)
    return True


def register_for(operator_id: int, heard: Heard) -> Register:
    """What Connect knows that matters for this flight."""
    facts = heard.facts
    matched: dict[Side, int | None] = {}
    for side in Side:
        handler = heard.side(side).handler
        matched[side] = handler_matching(handler.name, facts.airport(side), handler.email) if handler else None
    return Register(
        owner_id=owner_of(operator_id, facts.registration, facts.icao_type, facts.call_sign),
        contact_ok=contact_may_synchronise(operator_id),
        airports=airports_known([facts.adep, facts.ades]),
        adep_handler=matched[Side.ADEP],
        ades_handler=matched[Side.ADES],
    )


def hear_again(operator_id: int, now: Clock = utc_now) -> int:
    """Try the flights again that could not be synchronised or updated: a fleet, a right or an airport may have come.
    How many changed.
    """
    waiting = Flight.objects.filter(operator_id=operator_id, heard__isnull=False, sta__gt=now()).exclude(reason="")
    changed = 0
    for flight in waiting.exclude(state=Flight.CANCELLED):
        changed += hear(operator_id, msgspec.convert(flight.heard, Heard), now)
    return changed


@transaction.atomic
def refresh_told(connection_id: int, nid: int, told: Mapping[str, Answer | None]) -> None:
    """What the schedule system says it holds of our answers; None where it has forgotten one."""
    kept = {one.service: one for one in Told.objects.filter(connection_id=connection_id, nid=nid)}
    forgotten = [service for service, answer in told.items() if answer is None and service in kept]
    other = {service: answer for service, answer in told.items() if answer and _differs(kept.get(service), answer)}
    if forgotten:
        Told.objects.filter(connection_id=connection_id, nid=nid, service__in=forgotten).delete()
    _write_told(connection_id, nid, other, kept)
    if forgotten or other:
        due = Flight.objects.filter(operator__connection=connection_id, nid=nid)
        due.update(answers_due=True, answers_after=None)


def _differs(row: Told | None, answer: Answer) -> bool:
    return row is None or (row.designation, row.note) != (answer.designation.value, answer.note)


def _write_told(connection_id: int, nid: int, answers: Mapping[str, Answer], kept: Mapping[str, Told]) -> None:
    for service, answer in answers.items():
        row = kept.get(service) or Told(connection_id=connection_id, nid=nid, service=service)
        row.designation, row.note = answer.designation.value, answer.note
        row.save()


class Due(msgspec.Struct, frozen=True):
    """What the schedule system has yet to be told of one flight."""

    flight_id: int
    nid: int
    version: int
    answers: dict[str, Answer]
    """Only those that differ from what it last accepted."""
    slot_times: dict[str, datetime]
    """By side, the times that the operator accepted here."""


def due(connection: Connection, now: Clock = utc_now, limit: int = 100) -> list[Due]:
    """The flights of which something is to be told, the longest waiting first."""
    waiting = Flight.objects.filter(operator_id=connection.operator_id, answers_due=True).order_by("changed_at")
    made = []
    for flight in waiting.exclude(answers_after__gt=now())[:limit]:
        told = {one.service: one for one in Told.objects.filter(connection=connection, nid=flight.nid)}
        answers = {} if _replaced(flight) else current_answers(flight)
        differing = {service: answer for service, answer in answers.items() if _differs(told.get(service), answer)}
        slots = Slot.objects.filter(order__flight=flight, accepted_time__isnull=False, accepted_told=False)
        times = {slot.order.side: slot.accepted_time for slot in slots.select_related("order") if slot.accepted_time}
        made.append(Due(flight.id, flight.nid, flight.version, differing, times))
    return made


def _replaced(flight: Flight) -> bool:
    """Whether a later flight goes by the same id: that one's answers count."""
    later = Flight.objects.filter(operator_id=flight.operator_id, nid=flight.nid, generation__gt=flight.generation)
    return later.exists()


def current_answers(flight: Flight, state: State | None = None) -> dict[str, Answer]:
    """How the flight and its services stand, as it is told."""
    return answers_of(state or load(flight), flight.applied_at, flight_url(flight.id))


def flight_url(flight_id: int) -> str:
    """The page of the flight and its orders."""
    return f"{settings.URL}/trips/{flight_id}/"


@transaction.atomic
def accepted(connection_id: int, one: Due, now: Clock = utc_now) -> None:
    """It took them. What changed here meanwhile stays due."""
    kept = {row.service: row for row in Told.objects.filter(connection_id=connection_id, nid=one.nid)}
    _write_told(connection_id, one.nid, one.answers, kept)
    for side, moment in one.slot_times.items():
        slots = Slot.objects.filter(order__flight=one.flight_id, order__side=side, accepted_time=moment)
        slots.update(accepted_told=True)
    Flight.objects.filter(id=one.flight_id, version=one.version).update(answers_due=False, answers_after=None)
    Connection.objects.filter(id=connection_id).update(told_at=now())


def postpone(one: Due, now: Clock = utc_now) -> None:
    """It refused them: they are tried again, other flights first."""
    Flight.objects.filter(id=one.flight_id).update(answers_after=now() + RETRY)


def save_cursors(connection_id: int, cursors: dict[str, Any], now: Clock = utc_now) -> None:
    """How far everything heard is kept."""
    Connection.objects.filter(id=connection_id).update(cursors=cursors, heard_at=now())
