"""Invented schedules for the tests of this add-on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.flows import Document
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.rules import Status
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule

NOW = datetime(2027, 3, 15, 9, 12, 30, tzinfo=UTC)
HOME = "EPWA"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
FLOW = ADDON.mirror("schedule")


def flight(id: int, route: str, start: datetime, hours: float = 2, **fields: Any) -> Activity:
    """`flight(88, "EPWA-LFMN", NOW + HOUR)`: a commercial flight of trip T-1 unless the fields say otherwise."""
    adep, ades = route.split("-")
    end = start + timedelta(hours=hours)
    given = {
        "kind": ActivityKind.FLIGHT,
        "number": f"KXA{id}",
        "trip_id": 1,
        "trip_number": "T-1",
        "flight_type": "COMMERCIAL",
        "scheduled_start": start,
        "scheduled_end": end,
    } | fields
    return Activity(id=id, aircraft_id=81, start_airport=adep, end_airport=ades, start=start, end=end, **given)


def event(id: int, airport: str, start: datetime, hours: float = 24, **fields: Any) -> Activity:
    """Maintenance unless the fields say otherwise."""
    end = start + timedelta(hours=hours)
    given = {"kind": ActivityKind.MAINTENANCE, "scheduled_start": start, "scheduled_end": end} | fields
    return Activity(id=id, aircraft_id=81, start_airport=airport, end_airport=airport, start=start, end=end, **given)


def past(route: str = "EPWA-EPWA") -> Activity:
    """A flight of the day before yesterday, so that the position is known."""
    return flight(1, route, NOW - 2 * DAY)


def schedule(*activities: Activity, last_before: Activity | None = None, **aircraft: Any) -> AircraftSchedule:
    known = {"id": 81, "operator_id": 7, "registration": "SP-KXA", "home_base": HOME} | aircraft
    return AircraftSchedule(
        operator_id=7,
        aircraft=AircraftFacts(**known),
        since=NOW - FLOW.horizon.back,
        activities=tuple(sorted(activities, key=lambda a: a.start)),
        last_before=last_before,
    )


def mapped(picture: AircraftSchedule, now: datetime = NOW, **settings: Any) -> Document:
    document = FLOW.document(picture, AvinodeSettings(**settings), now)
    assert document is not None
    return document


def sent(picture: AircraftSchedule, now: datetime = NOW, **settings: Any) -> list[dict[str, Any]]:
    """The activities as they stand on the wire."""
    activities: list[dict[str, Any]] = msgspec.json.decode(mapped(picture, now, **settings).body)["activities"]
    return activities


def one(activities: list[dict[str, Any]], id: str) -> dict[str, Any]:
    (found,) = [a for a in activities if a["activityId"] == id]
    return found


__all__ = [
    "DAY",
    "FLOW",
    "HOME",
    "HOUR",
    "NOW",
    "ActivityKind",
    "Status",
    "event",
    "flight",
    "mapped",
    "one",
    "past",
    "schedule",
    "sent",
]
