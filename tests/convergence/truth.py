"""What every partner's copy must be, computed from the tables by the simplest means there are: slow, and independent.

Shares no code with the engine, with the record's schedule reader, or with any add-on's mapping; that is its worth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airstair.hub.connections.secrets import unseal
from airstair.hub.models import Connection, TickedAircraft
from airstair.records.fleet.models import Aircraft
from airstair.records.flights.models import AircraftEvent, BlockTimes, EmptyLeg, Flight, FlightService, Trip

from .partners import VERSIONED


@dataclass(frozen=True)
class Kept:
    """One unit that one connection keeps at its partner."""

    connection: Connection
    aircraft: Aircraft
    account: str


def kept(operator_id: int) -> Iterator[Kept]:
    """Every unit that is to be equal somewhere: connections that are on, with their aircraft in service."""
    for connection in Connection.objects.filter(operator_id=operator_id, on=True):
        account = unseal(operator_id, connection.secrets).get("key", "")
        for aircraft in Aircraft.objects.filter(operator_id=operator_id, active=True).order_by("id"):
            tick = TickedAircraft.objects.filter(
                operator_id=operator_id, addon=connection.addon, aircraft_id=aircraft.id
            ).first()
            if tick.connection_id == connection.id if tick else connection.all_aircraft:
                yield Kept(connection, aircraft, account)


# -- our own partners ---------------------------------------------------------------------------------------------


def own_document(one: Kept) -> dict[str, Any]:
    """What a partner of our own must hold of the aircraft."""
    of = {"operator_id": one.aircraft.operator_id, "aircraft_id": one.aircraft.id, "deleted": False}
    return {
        "id": one.aircraft.id,
        "tail": one.aircraft.registration,
        "base": one.aircraft.home_base,
        "flavour": one.connection.settings["flavour"],
        "legs": {str(f.id): _leg(f, one.connection.addon in VERSIONED) for f in Flight.objects.filter(**of)},
        "events": {
            str(e.id): [e.kind.lower(), e.airport, e.start.isoformat(), e.end.isoformat()]
            for e in AircraftEvent.objects.filter(**of)
        },
    }


def _leg(flight: Flight, versions: bool) -> dict[str, Any]:
    offer = _offer(flight)
    start, end = _block(flight)
    price_end_verified = None
    if offer is not None:
        until = offer.marketing_end.isoformat() if offer.marketing_end else None
        price_end_verified = [str(offer.price), until, offer.verified_at is not None]
    services = FlightService.objects.filter(operator_id=flight.operator_id, flight_id=flight.id).order_by("id")
    return {
        "version": int(flight.notes or 0) if versions else 0,
        "number": flight.number,
        "trip": _trip_number(flight),
        "route": [flight.adep, flight.ades],
        "times": [start.isoformat(), end.isoformat()],
        "status": flight.status,
        "type": flight.flight_type,
        "pax": flight.pax_count,
        "offer": price_end_verified,
        "services": [[s.airport, s.kind, s.provider_id] for s in services],
    }


def _offer(flight: Flight) -> EmptyLeg | None:
    return EmptyLeg.objects.filter(operator_id=flight.operator_id, id=flight.id).first()


def _trip_number(flight: Flight) -> str:
    return Trip.objects.get(operator_id=flight.operator_id, id=flight.trip_id).number


def _block(flight: Flight) -> tuple[datetime, datetime]:
    """Block times: the journey log's, else flight watch's, else the schedule's."""
    pages = {page.book: page for page in BlockTimes.objects.filter(operator_id=flight.operator_id, flight_id=flight.id)}
    said: dict[str, datetime] = {}
    for book in ("flight_watch", "journey_log"):  # the later one counts
        for name in ("off_block", "on_block"):
            when = getattr(pages.get(book), name, None)
            if when is not None:
                said[name] = when
    start = said.get("off_block", flight.std)
    if "on_block" in said:
        end = said["on_block"]
        return (start, end) if start < end else (min(flight.std, end - timedelta(minutes=1)), end)
    return start, flight.sta if start < flight.sta else start + (flight.sta - flight.std)


# -- Avinode ------------------------------------------------------------------------------------------------------

_TYPES = {
    "PRIVATE": "PRIVATE FLIGHT",
    "CARGO": "CARGO FLIGHT",
    "AMBULANCE": "AMBULANCE FLIGHT",
    "TRAINING": "TRAINING FLIGHT",
    "TEST": "TEST FLIGHT",
}


def avinode_activities(one: Kept, now: datetime) -> dict[str, dict[str, Any]]:
    """The activities that Avinode must show of the aircraft after a call at `now`, by activity id.

    Of derived ones only the on-ground one of an idle aircraft is here. The connection sends neither a return to home
    base nor availability from there alone.
    """
    settings = one.connection.settings
    of = {"operator_id": one.aircraft.operator_id, "aircraft_id": one.aircraft.id, "deleted": False}
    edge = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=27)
    found: dict[str, dict[str, Any]] = {}
    certain_ends = []
    for flight in Flight.objects.filter(**of):
        start, end = _block(flight)
        wanted = {
            "CONFIRMED": end >= edge,
            "OPTION": settings["send_options"] and end > now,
            "OPPORTUNITY": settings["send_opportunities"] and end > now,
            "CANCELLED": False,
        }[flight.status]
        if wanted:
            found[f"f-{flight.id}"] = _activity(flight, start, end)
        if wanted and flight.status == "CONFIRMED":
            certain_ends.append(end)
    for event in AircraftEvent.objects.filter(**of):
        if event.end >= edge:
            certain_ends.append(event.end)
            place = [event.airport, event.airport]
            times = [_minutes(event.start), _minutes(event.end)]
            found[f"e-{event.id}"] = {"type": event.kind, "route": place, "times": times, "pax": 0}
    if not any(end < now for end in certain_ends):
        found[f"g-{one.aircraft.id}"] = {"type": "ON GROUND"}
    return found


def _activity(flight: Flight, start: datetime, end: datetime) -> dict[str, Any]:
    offer = _offer(flight)
    kind = _TYPES.get(flight.flight_type, "PAX FLIGHT")
    if flight.status != "CONFIRMED":
        kind = flight.status
    elif flight.pax_count == 0 and flight.flight_type not in ("TRAINING", "TEST"):
        if offer is not None:
            kind = "EMPTY LEG"
        elif flight.ferry or flight.flight_type == "FERRY":
            kind = "FERRY"
    activity: dict[str, Any] = {
        "type": kind,
        "route": [flight.adep, flight.ades],
        "times": [_minutes(start), _minutes(end)],
        "pax": flight.pax_count,
        "trip": _trip_number(flight),
    }
    if kind == "EMPTY LEG":
        assert offer is not None
        activity["verified"] = offer.verified_at is not None
        activity["until"] = None if offer.marketing_end is None else _minutes(offer.marketing_end)
    return activity


def _minutes(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
