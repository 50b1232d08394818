"""The demo operator's roster: crews on flights, positionings and duties around today, published for the days ahead."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta

from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock
from airstair.records.crewing.commands import DutyInput, add_duty, publish_roster
from airstair.records.crewing.rules import DutyKind
from airstair.records.fleet.queries import fleet
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.records.flights.queries import board
from airstair.records.flights.snapshots import Activity, ActivityKind
from airstair.records.people.queries import crew_by_code

_PAIRS = (({"CPT": "JON", "FO": "ELA", "FA1": "MIA"}), ({"CPT": "RUI", "FO": "KIM", "FA1": "LEO"}))
_BACK, _AHEAD, _PUBLISHED = timedelta(days=2), timedelta(days=6), timedelta(days=3)
_ENOUGH = 12  # flights of one aircraft in these days, so that its crews have something to be tired of

# code, kind, days and hours after the midnight of today, hours long, from, to, title
_DUTIES = (
    ("ABE", DutyKind.SIMULATOR, 2, 13, 4, "", "", "Recurrent training"),
    ("ABE", DutyKind.OFFICE, 4, 13, 8, "", "", "Manuals"),
    ("ZOE", DutyKind.POSITIONING, 1, 12, 3, "KEWR", "KMIA", ""),
    ("ZOE", DutyKind.AIRPORT_STANDBY, 2, 10, 8, "KMIA", "KMIA", ""),
    ("ZOE", DutyKind.POSITIONING, 3, 2, 3, "KMIA", "KEWR", "Night bus of the airline"),
    ("ELA", DutyKind.HOME_STANDBY, 1, 10, 12, "", "", ""),
    ("LEO", DutyKind.LEAVE, 5, 4, 96, "", "", ""),
    ("KIM", DutyKind.OFF, 5, 4, 48, "", "", ""),
    ("MIA", DutyKind.TRAINING, 6, 14, 6, "", "", "First aid"),
)


def add_rostering(actor: Actor, today: date, clock: Clock) -> dict[str, int]:
    """Add it; returns how many flights were manned, and how many duties there are."""
    midnight = datetime.combine(today, time(), UTC)
    flights = _flights_of_one_aircraft(actor.operator_id, midnight)
    for day, some in enumerate(flights):
        for one in some:
            change_flight(actor, one.id, FlightEdit(crew=_PAIRS[day % len(_PAIRS)]))
    members = crew_by_code(actor.operator_id, {code for code, *_ in _DUTIES})
    for code, kind, days, hours, length, begins, ends, title in _DUTIES:
        start = midnight + timedelta(days=days, hours=hours)
        wanted = DutyInput(
            crew_member_id=members[code].id, kind=kind.value, start=start, end=start + timedelta(hours=length),
            start_airport=begins, end_airport=ends, title=title,
        )  # fmt: skip
        add_duty(actor, wanted)
    publish_roster(actor, today + _PUBLISHED, clock=clock)
    return {"manned_flights": sum(map(len, flights)), "duties": len(_DUTIES)}


def _flights_of_one_aircraft(operator_id: int, midnight: datetime) -> list[list[Activity]]:
    """By day of departure; of the first aircraft that flies enough in these days."""
    ids = [one.id for one in fleet(operator_id)]
    shown = board(operator_id, midnight - _BACK, midnight + _AHEAD, aircraft_ids=ids)
    for aircraft_id in ids:
        by_day: dict[date, list[Activity]] = defaultdict(list)
        for one in shown.activities.get(aircraft_id, ()):
            if one.kind is ActivityKind.FLIGHT and one.moves_the_aircraft:
                by_day[one.scheduled_start.date()].append(one)
        if sum(map(len, by_day.values())) >= _ENOUGH:
            return [some for _, some in sorted(by_day.items())]
    return []
