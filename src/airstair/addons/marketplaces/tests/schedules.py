"""Invented schedules for the tests of the marketplaces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from airstair.addons.marketplaces.addon import ADDONS
from airstair.addons.marketplaces.settings import BoxSettings, FeedSettings, ServiceSettings
from airstair.hub.flows import Document
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule, EmptyLegOffer

NOW = datetime(2027, 3, 15, 9, 12, 30, tzinfo=UTC)
TODAY = NOW.replace(hour=0, minute=0, second=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BY_KEY = {one.key: one for one in ADDONS}
FLOW = BY_KEY["avimall"].mirror("feed")
PUSHED = {"base_url": "https://market.example/api/", "api_key": "key-1"}
FULL, FREE, LEGS = (
    ServiceSettings(service="full schedule"),
    ServiceSettings(service="availability"),
    ServiceSettings(service="empty legs"),
)


def flight(id: int, route: str, start: datetime, hours: float = 2, **fields: Any) -> Activity:
    """`flight(88, "EPWA-LFMN", NOW + HOUR)`: a commercial flight unless the fields say otherwise."""
    adep, ades = route.split("-")
    end = start + timedelta(hours=hours)
    given = {
        "kind": ActivityKind.FLIGHT,
        "number": f"KXA{id}",
        "flight_type": "COMMERCIAL",
        "scheduled_start": start,
        "scheduled_end": end,
    } | fields
    return Activity(id=id, aircraft_id=81, start_airport=adep, end_airport=ades, start=start, end=end, **given)


def event(id: int, airport: str, start: datetime, hours: float = 24, **fields: Any) -> Activity:
    """Maintenance unless the fields say otherwise."""
    given = {"kind": ActivityKind.MAINTENANCE} | fields
    end = start + timedelta(hours=hours)
    return Activity(
        id=id,
        aircraft_id=81,
        start_airport=airport,
        end_airport=airport,
        start=start,
        end=end,
        scheduled_start=start,
        scheduled_end=end,
        **given,
    )


def offer(**fields: Any) -> EmptyLegOffer:
    return EmptyLegOffer(**({"price": Decimal("9500.00"), "currency": "EUR"} | fields))


def schedule(*activities: Activity, last_before: Activity | None = None, **aircraft: Any) -> AircraftSchedule:
    known = {"id": 81, "operator_id": 7, "registration": "SP-KXA", "home_base": "EPWA", "seats": 8} | aircraft
    return AircraftSchedule(
        operator_id=7,
        aircraft=AircraftFacts(**known),
        since=NOW - FLOW.horizon.back,
        activities=tuple(sorted(activities, key=lambda a: a.start)),
        last_before=last_before,
    )


def mapped(picture: AircraftSchedule, settings: FeedSettings = FULL, now: datetime = NOW) -> Document:
    document = FLOW.document(picture, msgspec.structs.replace(settings, **PUSHED), now)
    assert document is not None
    return document


def sent(picture: AircraftSchedule, settings: FeedSettings = FULL, now: datetime = NOW) -> list[dict[str, Any]]:
    """The records as they stand on the wire."""
    records: list[dict[str, Any]] = msgspec.json.decode(mapped(picture, settings, now).body)["records"]
    return records


def kinds(picture: AircraftSchedule, settings: FeedSettings = FULL, now: datetime = NOW) -> dict[str, str]:
    """What goes out: id → kind."""
    return {one["id"]: one["kind"] for one in sent(picture, settings, now)}


__all__ = ["ADDONS", "BoxSettings", "ServiceSettings"]
