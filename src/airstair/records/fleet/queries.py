"""Reading the fleet, and how long it takes an aircraft to fly somewhere. Each reader says its number of statements."""

from __future__ import annotations

from collections.abc import Iterable

from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import NotFound
from airstair.records.fleet.cam import CamFacts, Counts, Cycles, EngineFacts
from airstair.records.fleet.models import Aircraft, Cam, Engine
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.models import Membership
from airstair.records.operators.rules import Role
from airstair.records.places.queries import distance_nm
from airstair.records.places.snapshots import AirportFacts

AIRCRAFT_FIELDS = AircraftFacts.__struct_fields__


def fleet(operator_id: int, *, active_only: bool = False, subsidiary_id: int | None = None) -> list[AircraftFacts]:
    """The operator's aircraft by registration, of one subsidiary if given. One statement."""
    rows = Aircraft.objects.filter(operator_id=operator_id)
    if active_only:
        rows = rows.filter(active=True)
    if subsidiary_id is not None:
        rows = rows.filter(subsidiary_id=subsidiary_id)
    return [AircraftFacts(**row) for row in rows.order_by("registration").values(*AIRCRAFT_FIELDS)]


def aircraft(operator_id: int, aircraft_id: int) -> AircraftFacts:
    """One statement. Raises `NotFound`."""
    row = Aircraft.objects.filter(operator_id=operator_id, id=aircraft_id).values(*AIRCRAFT_FIELDS).first()
    if row is None:
        raise NotFound("This aircraft")
    return AircraftFacts(**row)


def by_registrations(operator_id: int, registrations: Iterable[str]) -> dict[str, AircraftFacts]:
    """The aircraft that the spellings mean, by the spelling asked for; unknown ones are left out. One statement.

    Case and hyphens do not matter: files and partners drop them.
    """
    known = {_bare(facts.registration): facts for facts in fleet(operator_id)}
    return {spelling: known[_bare(spelling)] for spelling in registrations if _bare(spelling) in known}


def _bare(registration: str) -> str:
    return registration.strip().upper().replace("-", "").replace(" ", "")


def cam(operator_id: int, aircraft_id: int) -> CamFacts:
    """From where the aircraft's hours and cycles are counted, with its engines by position. Two statements.

    Without start values, and for an aircraft that there is not, the facts hold nothing.
    """
    row = Cam.objects.filter(operator_id=operator_id, id=aircraft_id).first()
    engines = Engine.objects.filter(operator_id=operator_id, aircraft_id=aircraft_id)
    found = tuple(_engine(row) for row in engines.order_by("position", "start_date", "id"))
    if row is None:
        return CamFacts(aircraft_id=aircraft_id, engines=found)
    return CamFacts(
        aircraft_id=aircraft_id,
        start_date=row.start_date,
        start_minutes=row.start_minutes,
        start_cycles=row.start_cycles,
        counts=Counts(row.counts),
        cycles=Cycles(row.cycles),
        engines=found,
    )


def engine(operator_id: int, engine_id: int) -> EngineFacts:
    """One engine. One statement. Raises `NotFound`."""
    row = Engine.objects.filter(operator_id=operator_id, id=engine_id).first()
    if row is None:
        raise NotFound("This engine")
    return _engine(row)


def _engine(row: Engine) -> EngineFacts:
    return EngineFacts(**{field: getattr(row, field) for field in EngineFacts.__struct_fields__})


def visible_aircraft(actor: Actor) -> frozenset[int] | None:
    """The ids of the aircraft that the actor may see; `None` means all of them. One statement, for persons only.

    An aircraft owner sees those that the membership names and no others, so the answer can be the empty set.
    Readers take it as their `aircraft_ids`.
    """
    if actor.kind is not ActorKind.PERSON:
        return None
    user_id = int(actor.key) if actor.key.isdecimal() else 0
    row = Membership.objects.filter(operator_id=actor.operator_id, user_id=user_id, active=True).first()
    if row is None:
        return frozenset()
    return frozenset(row.aircraft_ids) if row.role == Role.AIRCRAFT_OWNER else None


def visible_to(actor: Actor, *, active_only: bool = False) -> list[AircraftFacts]:
    """The fleet as the actor may see it: owners see their own aircraft only. Two statements."""
    allowed = visible_aircraft(actor)
    everything = fleet(actor.operator_id, active_only=active_only)
    return [facts for facts in everything if allowed is None or facts.id in allowed]


def block_minutes(facts: AircraftFacts, adep: AirportFacts, ades: AirportFacts) -> int | None:
    """The estimated block time in whole minutes; `None` when the aircraft has no cruise speed entered.

    Taxi time + allowance for climb and approach + distance at cruise speed, still air. No statement.
    """
    if not facts.cruise_speed_kt:
        return None
    cruise = distance_nm(adep, ades) / facts.cruise_speed_kt * 60
    return max(1, round(facts.taxi_minutes + facts.climb_minutes + cruise))
