"""What the file of real flights lacks: ferry flights, empty legs, charter trips, reservations, maintenance, services.

Each thing goes where the chosen aircraft is free and stands, so that it fits the schedule like a dispatcher's own work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import msgspec

from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock
from airstair.records.fleet.queries import fleet
from airstair.records.flights.commands import (
    EmptyLegInput,
    EventInput,
    FlightInput,
    Passenger,
    ServiceInput,
    TimesInput,
    TripInput,
    add_event,
    create_trip,
    mark_empty_leg,
    set_services,
    set_times,
    verify_empty_leg,
)
from airstair.records.flights.queries import aircraft_schedules
from airstair.records.flights.rules import Book, EventKind, FlightType, Regulation, SalesType, ServiceKind, Status
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule

HOME_BASE = "KEWR"
HOUR = timedelta(hours=1)
TURN_AROUND = timedelta(minutes=45)
FERRY_TIME = timedelta(hours=2)
_LEFT_AGO = timedelta(minutes=20)  # enough to be in the air
_LATE, _TAXI_OUT, _TAXI_IN = timedelta(minutes=4), timedelta(minutes=11), timedelta(minutes=5)


class Gap(NamedTuple):
    """A time in which an aircraft is free, and where it stands."""

    aircraft_id: int
    airport: str
    start: datetime
    end: datetime


def add_extras(admin: Actor, dispatcher: Actor, today: date, clock: Clock) -> dict[str, int]:
    """Add them, around `today`; returns how many of each. Both actors are persons: only a person may verify a leg."""
    schedules = _schedules(admin.operator_id, today)
    gaps = _Gaps(schedules, datetime.combine(today, time(), UTC))
    return {
        "empty_legs": _ferries(dispatcher, gaps, clock),
        "charter_trips": _charter(dispatcher, gaps),
        "events": _events(admin, gaps),
        "services": _services(dispatcher, schedules, today),
        "flight_watch": _flight_watch(dispatcher, schedules, clock.now()),
    }


def _schedules(operator_id: int, today: date) -> list[AircraftSchedule]:
    """By registration, from the day before `today` on."""
    ids = [aircraft.id for aircraft in fleet(operator_id)]
    since = datetime.combine(today - timedelta(days=1), time(), UTC)
    found = aircraft_schedules(operator_id, ids, since=since)
    return [found[aircraft_id] for aircraft_id in ids]


class _Gaps:
    """Free times, each aircraft given out once, so that the extras never meet each other."""

    def __init__(self, schedules: Sequence[AircraftSchedule], midnight: datetime) -> None:
        self._schedules = list(schedules)
        self.midnight = midnight

    def take(self, after: timedelta, length: timedelta, *, away: bool) -> Gap:
        """The first gap of `length` that begins after midnight + `after`; `away` from home, or at home."""
        for schedule in self._schedules:
            for gap in _free(schedule, self.midnight + after):
                if gap.end - gap.start >= length and (gap.airport != HOME_BASE) == away:
                    self._schedules.remove(schedule)
                    return gap
        raise LookupError("No aircraft of the demo is free for that long.")


def _free(schedule: AircraftSchedule, after: datetime) -> Iterator[Gap]:
    """The gaps between the confirmed flights of an aircraft that begin within a day after `after`, to the full hour."""
    flown = [activity for activity in schedule.activities if activity.moves_the_aircraft]
    for before, following in pairwise(flown):
        start = _next_hour(before.end + TURN_AROUND)
        if after <= start < after + timedelta(days=1):
            yield Gap(schedule.aircraft.id, before.end_airport, start, following.start - TURN_AROUND)


def _next_hour(when: datetime) -> datetime:
    whole = when.replace(minute=0, second=0, microsecond=0)
    return whole if whole == when else whole + HOUR


# --- what is added ---------------------------------------------------------------------------------------------

_DAY = timedelta(days=1)
_OFFERS = (
    # after, price, window before and after the flight, message; the first is verified by the dispatcher
    (18 * HOUR, Decimal(9800), timedelta(hours=4), "Flexible by four hours on the day."),
    (_DAY, Decimal(12500), timedelta(hours=6), ""),
    (_DAY + 12 * HOUR, None, timedelta(0), "Price on request."),
    (2 * _DAY, Decimal(7400), timedelta(hours=2), "Up to fifty seats."),
)


def _ferries(actor: Actor, gaps: _Gaps, clock: Clock) -> int:
    """Ferry flights home, offered as empty legs; and one that is not."""
    for at, (after, price, margin, message) in enumerate(_OFFERS):
        gap = gaps.take(after, FERRY_TIME + HOUR, away=True)
        flight_id = _ferry(actor, gap, at)
        offer = EmptyLegInput(
            price=price,
            currency="USD" if price is not None else "",
            marketing_start=gap.start - margin if margin else None,
            marketing_end=gap.start + FERRY_TIME + margin if margin else None,
            message=message,
        )
        mark_empty_leg(actor, flight_id, offer)
        if at == 0:
            verify_empty_leg(actor, flight_id, clock=clock)
    _ferry(actor, gaps.take(3 * _DAY, FERRY_TIME + HOUR, away=True), len(_OFFERS))
    return len(_OFFERS)


def _ferry(actor: Actor, gap: Gap, at: int) -> int:
    """The new flight's id."""
    flight = FlightInput(
        aircraft_id=gap.aircraft_id,
        number=f"DMO9{at:02d}",
        adep=gap.airport,
        ades=HOME_BASE,
        std=gap.start,
        sta=gap.start + FERRY_TIME,
        flight_type=FlightType.FERRY,
        regulation=Regulation.PART_91,
        sales_type=SalesType.FERRY,
        ferry=True,
    )
    return create_trip(actor, TripInput(notes="Positioning home.", flights=(flight,))).flights[0].id


_CHARTERS = (
    # status, client, after, destination, number, passengers
    (Status.CONFIRMED, "Harbour Sports Club", 12 * HOUR, "KMVY", "DMO101", 12),
    (Status.OPTION, "Northern Films", _DAY + 6 * HOUR, "KTEB", "DMO102", 8),
    (Status.OPTION, "Lakeside Partners", 3 * _DAY, "CYYZ", "DMO103", 4),
    (Status.OPPORTUNITY, "Bright Brokers", 4 * _DAY, "KMIA", "DMO104", 30),
)


def _charter(actor: Actor, gaps: _Gaps) -> int:
    """Trips there and back: one booked, two options, one opportunity."""
    for status, client, after, destination, number, pax in _CHARTERS:
        gap = gaps.take(after, 9 * HOUR, away=True)
        ways = ((gap.airport, destination, gap.start), (destination, gap.airport, gap.start + 5 * HOUR))
        named = (Passenger(name="Jo Marsh", category="female"), Passenger(name="Sam Reed", category="male"))
        flights = tuple(
            FlightInput(
                aircraft_id=gap.aircraft_id,
                number=number,
                adep=adep,
                ades=ades,
                std=std,
                sta=std + 3 * HOUR,
                regulation=Regulation.PART_135,
                pax_count=pax,
                pax_list=named if status is Status.CONFIRMED else (),
                crew={"CPT": "ABE", "FO": "KIM"} if status is Status.CONFIRMED else {},
            )
            for adep, ades, std in ways
        )
        create_trip(actor, TripInput(status=status, client=client, flights=flights))
    return len(_CHARTERS)


_EVENTS = (
    (EventKind.MAINTENANCE, 0 * HOUR, 10 * HOUR, "A-check", "Hangar 3."),
    (EventKind.MAINTENANCE, 2 * _DAY, 12 * HOUR, "Landing gear inspection", ""),
    (EventKind.AOG, 8 * HOUR, 8 * HOUR, "Windshield crack", "Part ordered, due tonight."),
    (EventKind.RESERVATION, _DAY, 6 * HOUR, "Held for the owner", ""),
    (EventKind.RESERVATION, 3 * _DAY, 8 * HOUR, "Crew training", ""),
)


def _events(actor: Actor, gaps: _Gaps) -> int:
    for kind, after, length, title, notes in _EVENTS:
        gap = gaps.take(after, length, away=True)
        event = EventInput(
            aircraft_id=gap.aircraft_id,
            kind=kind,
            airport=gap.airport,
            start=gap.start,
            end=gap.start + length,
            title=title,
            notes=notes,
        )
        add_event(actor, event)
    return len(_EVENTS)


def _services(actor: Actor, schedules: Sequence[AircraftSchedule], today: date) -> int:
    """Handling, fuel and catering for the first flights of tomorrow."""
    flights = _flights_of(schedules, today + _DAY)[:3]
    for flight in flights:
        wanted = (
            ServiceInput(
                airport=flight.start_airport,
                kind=ServiceKind.HANDLING,
                provider_id="H-17",
                provider_name="Ramp Partners",
            ),
            ServiceInput(
                airport=flight.start_airport, kind=ServiceKind.FUEL, provider_id="F-4", provider_name="Jetfuel East"
            ),
            ServiceInput(
                airport=flight.end_airport,
                kind=ServiceKind.CATERING,
                provider_id="C-9",
                provider_name="Sky Kitchen",
                note="Two vegetarian meals.",
            ),
        )
        set_services(actor, flight.id, wanted)
    return 3 * len(flights)


def _flight_watch(actor: Actor, schedules: Sequence[AircraftSchedule], now: datetime) -> int:
    """What has left its stand since the import's last day: it is in the air, or over, as flight watch saw it."""
    left = [
        flight
        for day in (now.date() - _DAY, now.date())
        for flight in _flights_of(schedules, day)
        if flight.scheduled_start <= now - _LEFT_AGO and not flight.actual
    ]
    for flight in left:
        off_block, on_block = flight.scheduled_start + _LATE, flight.scheduled_end + _LATE
        times = TimesInput(off_block=off_block, take_off=off_block + _TAXI_OUT)
        if on_block <= now:
            landing = max(on_block - _TAXI_IN, off_block + _TAXI_OUT)
            times = msgspec.structs.replace(times, landing=landing, on_block=on_block)
        set_times(actor, flight.id, Book.FLIGHT_WATCH, times)
    return len(left)


def _flights_of(schedules: Sequence[AircraftSchedule], day: date) -> list[Activity]:
    """The confirmed flights that leave on that day (UTC), by departure."""
    found = [
        activity
        for schedule in schedules
        for activity in schedule.activities
        if activity.kind is ActivityKind.FLIGHT and activity.moves_the_aircraft
        if activity.scheduled_start.date() == day
    ]
    return sorted(found, key=lambda activity: (activity.scheduled_start, activity.number))
