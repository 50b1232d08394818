"""An invented aircraft, to try an add-on on: its schedule holds what live ones may hold no example of.

Add-ons whose first mirror is of aircraft's schedules are handed it as they are handed any other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from airstair.hub.flows import Document, UnitDocument
from airstair.hub.golive.case import Case
from airstair.hub.golive.received import ReceivedCall, Upload
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule, EmptyLegOffer, ServiceOrder

_REGISTRATION = "SP-XXX"
_HANDLING = ServiceOrder(
    airport="LFMN", kind="HANDLING", served="ALL", provider_id="H-17", provider_name="Handler", source="PROPRIETARY"
)


class Specimen(Upload):
    """What an add-on would send of the invented aircraft. No call was made with it."""

    where = "of an invented aircraft"
    hint = ""

    def __init__(self, snapshot: AircraftSchedule, document: Document, now: datetime) -> None:
        body = document.body.decode()
        super().__init__(_REGISTRATION, ReceivedCall(at=now, method="PUT", path="", headers={}, body=body))
        self.snapshot = snapshot
        self.unit_document = UnitDocument(unit=Unit(UnitKind.AIRCRAFT, 1), title=_REGISTRATION, document=document)


def specimen(case: Case, **settings: Any) -> Specimen:
    """The invented aircraft as the add-on sends it by these settings; with an empty body where it sends nothing."""
    now = case.sources.now
    snapshot = _schedule(now, case.addon.key)
    made = case.flow.document(snapshot, case.addon.settings(**settings), now)
    return Specimen(snapshot, made or Document(body=b""), now)


def _schedule(now: datetime, key: str) -> AircraftSchedule:
    """A flight that was booked from a request of that partner's, with handling, under a regulation; and the empty leg
    back, on offer, which nobody verified."""
    out, back = now + timedelta(hours=3), now + timedelta(hours=6)
    flight = _leg(1, "EPWA", "LFMN", out, booked_from=(f"{key}:request-1",), pax_count=4, regulation="PART_CAT")
    offered = _leg(2, "LFMN", "EPWA", back, ferry=True, empty_leg=EmptyLegOffer(price=Decimal(9000), currency="EUR"))
    return AircraftSchedule(
        operator_id=1,
        aircraft=AircraftFacts(id=1, operator_id=1, registration=_REGISTRATION, home_base="EPWA"),
        since=now - timedelta(days=28),
        activities=(flight, offered),
    )


def _leg(id: int, adep: str, ades: str, start: datetime, **fields: Any) -> Activity:
    end = start + timedelta(hours=2)
    return Activity(
        id=id, kind=ActivityKind.FLIGHT, aircraft_id=1, trip_id=1, trip_number="T-1", flight_type="COMMERCIAL",
        start_airport=adep, end_airport=ades, start=start, end=end, scheduled_start=start, scheduled_end=end,
        services=(_HANDLING,), **fields,
    )  # fmt: skip
