"""Changing the operator's own airports. The only writer of that table; published airports are never changed."""

from __future__ import annotations

from typing import Any

import msgspec
from django.db import transaction
from django.db.models import Q
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.fleet.models import Aircraft
from airstair.records.flights.models import AircraftEvent, Flight
from airstair.records.operators.models import Operator
from airstair.records.operators.rules import Right
from airstair.records.places.models import AirportOverride
from airstair.records.places.published import published
from airstair.records.places.queries import override, overrides
from airstair.records.places.snapshots import AirportFacts

_FIELDS = ("code", "iata", "name", "city", "country", "latitude", "longitude", "time_zone")


class AirportEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator says about an airport. What is not set stays as it was, or as it is published.

    An airport that is neither published nor the operator's own yet needs a name and a position.
    """

    code: str
    iata: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    latitude: float | UnsetType = UNSET  # degrees, north positive
    longitude: float | UnsetType = UNSET  # degrees, east positive
    time_zone: str | UnsetType = UNSET


def set_airport_override(actor: Actor, edit: AirportEdit) -> AirportFacts:
    """Correct a published airport, or add a strip of one's own. Right: PLACES_EDIT."""
    actor.require(Right.PLACES_EDIT, "change airports")
    problems = Problems()
    code = checks.pattern(
        problems, "code", edit.code, r"[A-Z][A-Z0-9]{3}", "Use four letters or digits, a letter first.", blank=False
    )
    problems.refuse()
    with transaction.atomic():
        _lock(actor)
        own = {facts.code: facts for facts in overrides(actor.operator_id)}
        before = own.get(code)
        after = _merged(problems, code, edit, before or published().by_code.get(code))
        for other in own.values():
            if after.iata and other.iata == after.iata and other.code != code:
                problems.add("iata", f"Your own {other.code} has the IATA code {after.iata}. Change that first.")
        problems.refuse()
        was, now = difference(before, after, _FIELDS) if before else ({}, {f: getattr(after, f) for f in _FIELDS})
        if now and before:
            rows = AirportOverride.objects.filter(operator_id=actor.operator_id, code=code)
            rows.update(**{field: getattr(after, field) for field in now})
            _record(actor, "airport.changed", after, was, now)
        elif now:
            values = {field: getattr(after, field) for field in _FIELDS}
            AirportOverride.objects.create(operator_id=actor.operator_id, id=next_ids(1)[0], **values)
            _record(actor, "airport.created", after, None, now)
    return after


def remove_airport_override(actor: Actor, code: str) -> None:
    """Go back to the published record. Right: PLACES_EDIT. Raises `NotFound`.

    A strip that is not published is kept as long as the schedule or the fleet names it: refused with `Invalid`.
    """
    actor.require(Right.PLACES_EDIT, "change airports")
    with transaction.atomic():
        _lock(actor)
        before = override(actor.operator_id, code)
        if before.code not in published().by_code and (users := _users(actor.operator_id, before.code)):
            raise Invalid.one("code", f"{before.code} is used by {users} and is not published. Change those first.")
        AirportOverride.objects.filter(operator_id=actor.operator_id, code=before.code).delete()
        _record(actor, "airport.removed", before, {field: getattr(before, field) for field in _FIELDS}, None)


def _merged(problems: Problems, code: str, edit: AirportEdit, known: AirportFacts | None) -> AirportFacts:
    def value(field: str, otherwise: Any) -> Any:
        given = getattr(edit, field)
        if given is not UNSET:
            return given
        return getattr(known, field) if known else otherwise

    for field in ("name", "latitude", "longitude"):
        if known is None and getattr(edit, field) is UNSET:
            problems.add(field, f"{code} is not published, so it needs a name and a position. Fill it in.")
    return AirportFacts(
        code=code,
        iata=checks.pattern(problems, "iata", value("iata", ""), r"[A-Z]{3}", "Use three letters, or leave it empty."),
        name=checks.text(problems, "name", value("name", code), longest=120, needed=True),
        city=checks.text(problems, "city", value("city", ""), longest=80),
        country=checks.country(problems, "country", value("country", "")),
        latitude=checks.degrees(problems, "latitude", value("latitude", 0.0), 90),
        longitude=checks.degrees(problems, "longitude", value("longitude", 0.0), 180),
        time_zone=checks.time_zone(problems, "time_zone", value("time_zone", "UTC")),
        own=True,
    )


def _lock(actor: Actor) -> None:
    """One change of an operator's airports at a time."""
    Operator.objects.select_for_update(no_key=True).filter(id=actor.operator_id).first()


def _users(operator_id: int, code: str) -> str:
    """What names the airport, in words; empty when nothing does."""
    flights = Flight.objects.filter(operator_id=operator_id, deleted=False).filter(
        Q(adep=code) | Q(ades=code) | Q(altn=code) | Q(altn2=code)
    )
    events = AircraftEvent.objects.filter(operator_id=operator_id, deleted=False, airport=code)
    based = Aircraft.objects.filter(operator_id=operator_id, home_base=code)
    counts = [(flights.count(), "flight"), (events.count(), "event"), (based.count(), "aircraft")]
    words = [f"{n} {noun}{'s' if n > 1 and noun != 'aircraft' else ''}" for n, noun in counts if n]
    return ", ".join(words)


def _record(
    actor: Actor, kind: str, facts: AirportFacts, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    unit = Unit(UnitKind.OPERATOR, actor.operator_id)
    record(actor, [NewChange(kind=kind, subject=unit, title=facts.label, units=(unit,), before=before, after=after)])
