"""The demo's handlers' directory, and a checklist that somebody has been working on.

Names, airports and addresses of the first two are those that the demo of Connect knows: requests to them become orders.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import msgspec

from airstair.kernel.actor import Actor
from airstair.records.checklist.commands import HandlerInput, ItemEdit, add_handler, ensure_definitions, set_item
from airstair.records.flights.queries import flights_in

_HANDLERS = (
    HandlerInput(
        name="Blue Apron Handling",
        airports=("KEWR",),
        email="desk@blueapron.example",
        phone="+1 555 0100",
        phone_after_hours="+1 555 0101",
        frequency="129.850",
        services=("HANDLING", "PARKING", "FUEL", "SLOT", "PPR", "CATERING", "PAX_TRANSPORT", "CREW_TRANSPORT"),
    ),
    HandlerInput(
        name="Harbour Jet Centre",
        airports=("KDCA",),
        email="ops@harbourjet.example",
        phone="+1 555 0120",
        frequency="130.275",
        services=("HANDLING", "PARKING", "HANGAR", "SLOT", "PAX_TRANSPORT", "VIP_LOUNGE"),
    ),
    HandlerInput(
        name="Ramp Partners",
        airports=("KEWR", "KLGA", "KJFK"),
        email="requests@ramppartners.example",
        phone="+1 555 0140",
        services=("HANDLING", "FUEL"),
        notes="By e-mail only. Asks for 24 hours' notice at weekends.",
    ),
    HandlerInput(
        name="Capitol Ground Services",
        airports=("KDCA", "KIAD"),
        email="desk@capitolground.example",
        phone="+1 555 0160",
        services=("HANDLING", "FUEL", "HANGAR"),
    ),
    HandlerInput(name="Carolina Flight Lounge", airports=("KRDU", "KCLT"), email="fbo@carolinalounge.example"),
)
_BEGUN = (
    ItemEdit(status="CNF", confirmation="RP-2214", note="Stand 14, marshaller on arrival."),
    ItemEdit(status="RQS", note="Asked by phone, they call back."),
)


def add_handling(admin: Actor, dispatcher: Actor, today: date) -> dict[str, int]:
    """Handlers, and how far the handling of tomorrow's first flights has come."""
    ensure_definitions(dispatcher)
    handlers = {one.name: add_handler(admin, one) for one in _HANDLERS}
    partner = handlers["Ramp Partners"]
    tomorrow = datetime.combine(today + timedelta(days=1), time(), UTC)
    flights = flights_in(admin.operator_id, tomorrow, tomorrow + timedelta(days=1), limit=60)
    begun = [flight for flight in flights if flight.std >= tomorrow and flight.adep in partner.airports][:2]
    for flight, edit in zip(begun, _BEGUN, strict=True):
        set_item(dispatcher, flight.id, "HANDLING_ADEP", msgspec.structs.replace(edit, handler_id=partner.id))
        set_item(dispatcher, flight.id, "FUEL_ADEP", ItemEdit(status="RQS", details="1,200 USG on arrival"))
    return {"handlers": len(handlers)}
