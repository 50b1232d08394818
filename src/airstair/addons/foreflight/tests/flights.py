"""Invented flights for the tests of this add-on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from airstair.addons.foreflight.addon import ADDON
from airstair.addons.foreflight.settings import ForeFlightSettings
from airstair.hub.flows import Document
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import Status

NOW = datetime(2027, 3, 15, 9, 12, 30, tzinfo=UTC)
FLOW = ADDON.mirror("flights")


def flight(id: int = 88, **fields: Any) -> FlightFacts:
    """A commercial flight of trip T-1 with two pilots and nobody else, unless the fields say otherwise."""
    std = fields.pop("std", NOW + timedelta(hours=2))
    given: dict[str, Any] = {
        "operator_id": 7,
        "trip_id": 1,
        "trip_number": "T-1",
        "aircraft_id": 81,
        "registration": "SP-KXA",
        "number": "KXA88",
        "adep": "EPWA",
        "ades": "LFMN",
        "altn": "",
        "altn2": "",
        "std": std,
        "sta": std + timedelta(hours=2),
        "status": Status.CONFIRMED,
        "flight_type": "COMMERCIAL",
        "regulation": "",
        "flight_rules": "I",
        "sales_type": "PAX",
        "ferry": False,
        "pax_count": 0,
        "pax_by_category": {},
        "pax_list": (),
        "crew": {},
        "cargo_kg": 0,
        "catering_kg": 0,
        "notes": "Nobody's business",
        "deleted": False,
        "import_key": None,
        "revision": 5,
        "times": {},
        "empty_leg": None,
        "services": (),
    }
    return FlightFacts(id=id, **(given | fields))


def mapped(picture: FlightFacts, now: datetime = NOW) -> Document:
    document = FLOW.document(picture, ForeFlightSettings(), now)
    assert document is not None
    return document


def sent(**fields: Any) -> dict[str, Any]:
    """The flight as it stands in the document."""
    found: dict[str, Any] = msgspec.json.decode(mapped(flight(**fields)).body)["flight"]
    return found
