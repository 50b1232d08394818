"""What the Network Manager says of a flight, into flight watch. It never guesses which flight is meant."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET

from airstair.addons.eurocontrol import wire
from airstair.hub.flows import Absorbed, Absorbing
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.books import LONGEST_DELAY, LONGEST_EET, Delay
from airstair.records.flights.commands import WatchInput, watch_flight
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.pictures import flights_departing
from airstair.records.flights.queries import flights
from airstair.records.flights.rules import Status

_AROUND = timedelta(hours=14)  # between our STD and an EOBT that may have been delayed for half a day


def absorb(item: wire.Status | wire.OnBoard, absorbing: Absorbing) -> Absorbed:
    """One flight's state, or the persons on board of one."""
    named, title = item.flight, item_title(item)
    aircraft = _aircraft(named.registration, absorbing)
    if aircraft is None:
        return Absorbed.skipped(_not_ours(named.registration), title)
    flight = _meant(named, absorbing.actor.operator_id, aircraft)
    if flight is None:
        return Absorbed.skipped(
            f"No flight of {named.registration} here goes {named.adep}–{named.ades} around {named.eobt:%d %b %H%M}Z.",
            title,
        )
    wanted = watched(item) if isinstance(item, wire.Status) else on_board(item, flight)
    unit = Unit(UnitKind.FLIGHT, flight.id)
    after = watch_flight(absorbing.actor, flight.id, wanted)
    return Absorbed.unchanged(unit, title) if after.revision == flight.revision else Absorbed.updated(unit, title)


def item_title(item: wire.Status | wire.OnBoard) -> str:
    """As a dispatcher calls it."""
    named = item.flight
    return f"{named.aircraft_id} {named.adep}–{named.ades} {named.eobt:%d %b %H%M}Z"


def _aircraft(registration: str, absorbing: Absorbing) -> int | None:
    mark = wire.plain_registration(registration)
    return next(
        (id_ for id_, known in absorbing.aircraft.items() if mark and wire.plain_registration(known) == mark), None
    )


def _not_ours(registration: str) -> str:
    return f"{registration} is not ticked here." if registration else "Its registration has not been filed."


def _meant(named: wire.Named, operator_id: int, aircraft: int) -> FlightFacts | None:
    """The one flight of that aircraft and route whose departure is nearest."""
    ids = flights_departing(operator_id, [aircraft], named.eobt - _AROUND, named.eobt + _AROUND)
    found = [
        one
        for one in flights(operator_id, ids)
        if (one.adep, one.ades) == (named.adep, named.ades) and not one.deleted and one.status is not Status.CANCELLED
    ]
    return min(found, key=lambda one: _distance(one, named.eobt), default=None)


def _distance(flight: FlightFacts, eobt: datetime) -> timedelta:
    return abs(flight.std - eobt)


def watched(status: wire.Status) -> WatchInput:
    """What flight watch learns. What was asked for and is no longer said is cleared: a slot that was cancelled."""
    values: dict[str, Any] = {
        "etd": status.off_block or status.flight.eobt,
        "take_off": status.take_off,
        "landing": status.landing,
        "eta": status.eta,
        "eet_minutes": status.eet_minutes if (status.eet_minutes or 0) <= LONGEST_EET else None,
        "ctot": status.ctot,
    }
    # An actual time is never taken back by silence; nor anything by a message, which carries a part.
    kept = ("take_off", "landing") if status.whole else tuple(values)
    given = {name: UNSET if value is None and name in kept else value for name, value in values.items()}
    return WatchInput(**given, delays=_delays(status))


def _delays(status: wire.Status) -> Any:
    """The delay that a regulation costs, with its IATA code; `UNSET` where there is none."""
    if status.delay_code is None or not status.delay_minutes or status.delay_minutes > LONGEST_DELAY:
        return UNSET
    return (Delay(f"{status.delay_code:02d}", status.delay_minutes),) if status.delay_code < 100 else UNSET


def on_board(item: wire.OnBoard, flight: FlightFacts) -> WatchInput:
    """Passengers: the persons of the plan less the crew that is planned here (assumed: P/ counts them all)."""
    return WatchInput(pax=max(item.persons - len(flight.crew), 0))
