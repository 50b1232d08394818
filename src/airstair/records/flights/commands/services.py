"""Services arranged for a flight: handling, fuel, catering …, each for one end of it."""

from __future__ import annotations

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, Problems
from airstair.records import checks
from airstair.records.flights.commands.inputs import ServiceInput
from airstair.records.flights.commands.rows import about_flight, locked_flight
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.models import Flight, FlightService
from airstair.records.flights.queries import flight
from airstair.records.flights.rules import ServedParty, ServiceKind
from airstair.records.operators.rules import Right
from airstair.records.places.queries import Resolver, resolver

_FIELDS = ServiceInput.__struct_fields__
_MOST = 100


def set_services(actor: Actor, flight_id: int, wanted: tuple[ServiceInput, ...]) -> FlightFacts:
    """Replace the whole set of a flight's services. Right: SCHEDULE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.SCHEDULE_EDIT, "change a flight's services")
    with transaction.atomic():
        row = locked_flight(actor, flight_id)
        stored = FlightService.objects.filter(operator_id=actor.operator_id, flight_id=flight_id).order_by("id")
        before = [ServiceInput(**{field: getattr(s, field) for field in _FIELDS}) for s in stored]
        problems = Problems()
        places = resolver(actor.operator_id)
        after = [_tidy(problems, f"services.{at}.", row, service, places) for at, service in enumerate(wanted)]
        if len(after) > _MOST:
            problems.add("services", f"There are {len(after)}. Keep at most {_MOST} for one flight.")
        problems.refuse()
        if before != after:
            stored.delete()
            FlightService.objects.bulk_create(
                FlightService(
                    operator_id=actor.operator_id, id=new_id, flight_id=flight_id, **msgspec.structs.asdict(service)
                )
                for new_id, service in zip(next_ids(len(after)), after, strict=True)
            )
            was = {"services": [msgspec.structs.asdict(service) for service in before]}
            now = {"services": [msgspec.structs.asdict(service) for service in after]}
            record(actor, [about_flight("flight.services", row, was, now)])
    return flight(actor.operator_id, flight_id)


def _tidy(problems: Problems, prefix: str, row: Flight, service: ServiceInput, places: Resolver) -> ServiceInput:
    def text(field: str, longest: int, *, needed: bool = True) -> str:
        return checks.text(problems, f"{prefix}{field}", getattr(service, field), longest=longest, needed=needed)

    return ServiceInput(
        airport=_airport(problems, prefix, row, service.airport, places),
        kind=checks.word(problems, f"{prefix}kind", service.kind, ServiceKind).value,
        served=checks.word(problems, f"{prefix}served", service.served, ServedParty).value,
        provider_id=text("provider_id", 60),
        provider_name=text("provider_name", 120),
        source=text("source", 40),
        note=text("note", 500, needed=False),
    )


def _airport(problems: Problems, prefix: str, row: Flight, code: str, places: Resolver) -> str:
    try:
        found = places.resolve(code, f"{prefix}airport").code
    except Invalid as refusal:
        checks.take(problems, refusal)
        return ""
    if found not in (row.adep, row.ades):
        problems.add(f"{prefix}airport", f"{found} is not an end of this flight. Use {row.adep} or {row.ades}.")
    return found
