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


def account_of(connection: Connection) -> str:
    """The key by which a partner of our own knows who calls."""
    return unseal(connection.operator_id, connection.secrets).get("key", "")


class Tables:
    """An operator's tables as they are now, read whole; small enough for a test."""

    def __init__(self, operator_id: int) -> None:
        of = {"operator_id": operator_id}
        self.connections = list(Connection.objects.filter(**of, on=True).order_by("id"))
        self.aircraft = list(Aircraft.objects.filter(**of, active=True).order_by("id"))
        self.ticks = {(t.addon, t.aircraft_id): t.connection_id for t in TickedAircraft.objects.filter(**of)}
        self.flights = list(Flight.objects.filter(**of, deleted=False))
        self.events = list(AircraftEvent.objects.filter(**of, deleted=False))
        self.trips = {t.id: t.number for t in Trip.objects.filter(**of)}
        self.offers = {leg.id: leg for leg in EmptyLeg.objects.filter(**of)}
        self.pages = {(page.flight_id, page.book): page for page in BlockTimes.objects.filter(**of)}
        self.services = list(FlightService.objects.filter(**of).order_by("id"))

    def kept(self) -> Iterator[Kept]:
        """Every unit that is to be equal somewhere: connections that are on, with their aircraft in service."""
        for connection in self.connections:
            account = account_of(connection)
            for aircraft in self.aircraft:
                ticked = self.ticks.get((connection.addon, aircraft.id))
                if ticked == connection.id if ticked else connection.all_aircraft:
                    yield Kept(connection, aircraft, account)

    def flights_of(self, aircraft: Aircraft) -> list[Flight]:
        return [flight for flight in self.flights if flight.aircraft_id == aircraft.id]

    def events_of(self, aircraft: Aircraft) -> list[AircraftEvent]:
        return [event for event in self.events if event.aircraft_id == aircraft.id]

    def block(self, flight: Flight) -> tuple[datetime, datetime]:
        """Block times: the journey log's, else flight watch's, else the schedule's."""
        said: dict[str, datetime] = {}
        for book in ("flight_watch", "journey_log"):  # the later one counts
            for name in ("off_block", "on_block"):
                when = getattr(self.pages.get((flight.id, book)), name, None)
                if when is not None:
                    said[name] = when
        start = said.get("off_block", flight.std)
        if "on_block" in said:
            end = said["on_block"]
            return (start, end) if start < end else (min(flight.std, end - timedelta(minutes=1)), end)
        return start, flight.sta if start < flight.sta else start + (flight.sta - flight.std)


# -- our own partners ---------------------------------------------------------------------------------------------


def own_document(one: Kept, tables: Tables) -> dict[str, Any]:
    """What a partner of our own must hold of the aircraft."""
    versions = one.connection.addon in VERSIONED
    return {
        "id": one.aircraft.id,
        "tail": one.aircraft.registration,
        "base": one.aircraft.home_base,
        "flavour": one.connection.settings["flavour"],
        "legs": {str(f.id): _leg(f, tables, versions) for f in tables.flights_of(one.aircraft)},
        "events": {
            str(e.id): [e.kind.lower(), e.airport, e.start.isoformat(), e.end.isoformat()]
            for e in tables.events_of(one.aircraft)
        },
    }


def _leg(flight: Flight, tables: Tables, versions: bool) -> dict[str, Any]:
    offer = tables.offers.get(flight.id)
    start, end = tables.block(flight)
    price_end_verified = None
    if offer is not None:
        until = offer.marketing_end.isoformat() if offer.marketing_end else None
        price_end_verified = [str(offer.price), until, offer.verified_at is not None]
    return {
        "version": int(flight.notes or 0) if versions else 0,
        "number": flight.number,
        "trip": tables.trips[flight.trip_id],
        "route": [flight.adep, flight.ades],
        "times": [start.isoformat(), end.isoformat()],
        "status": flight.status,
        "type": flight.flight_type,
        "pax": flight.pax_count,
        "offer": price_end_verified,
        "services": [[s.airport, s.kind, s.provider_id] for s in tables.services if s.flight_id == flight.id],
    }


# -- Avinode ------------------------------------------------------------------------------------------------------

_TYPES = {
    "PRIVATE": "PRIVATE FLIGHT",
    "CARGO": "CARGO FLIGHT",
    "AMBULANCE": "AMBULANCE FLIGHT",
    "TRAINING": "TRAINING FLIGHT",
    "TEST": "TEST FLIGHT",
}


def avinode_activities(one: Kept, tables: Tables, now: datetime) -> dict[str, dict[str, Any]]:
    """The activities that Avinode must show of the aircraft after a call at `now`, by activity id.

    Of derived ones only the on-ground one of an idle aircraft is here. The connection sends neither a return to home
    base nor availability from there alone.
    """
    settings = one.connection.settings
    edge = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=27)
    found: dict[str, dict[str, Any]] = {}
    certain_ends = []
    for flight in tables.flights_of(one.aircraft):
        start, end = tables.block(flight)
        wanted = {
            "CONFIRMED": end >= edge,
            "OPTION": settings["send_options"] and end > now,
            "OPPORTUNITY": settings["send_opportunities"] and end > now,
            "CANCELLED": False,
        }[flight.status]
        if wanted:
            found[f"f-{flight.id}"] = _activity(flight, tables, start, end)
        if wanted and flight.status == "CONFIRMED":
            certain_ends.append(end)
    for event in tables.events_of(one.aircraft):
        if event.end >= edge:
            certain_ends.append(event.end)
            place = [event.airport, event.airport]
            times = [_minutes(event.start), _minutes(event.end)]
            found[f"e-{event.id}"] = {"type": event.kind, "route": place, "times": times, "pax": 0}
    if not any(end < now for end in certain_ends):
        found[f"g-{one.aircraft.id}"] = {"type": "ON GROUND"}
    return found


def _activity(flight: Flight, tables: Tables, start: datetime, end: datetime) -> dict[str, Any]:
    offer = tables.offers.get(flight.id)
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
        "trip": tables.trips[flight.trip_id],
    }
    if kind == "EMPTY LEG":
        assert offer is not None
        activity["verified"] = offer.verified_at is not None
        activity["until"] = None if offer.marketing_end is None else _minutes(offer.marketing_end)
    return activity


def _minutes(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
