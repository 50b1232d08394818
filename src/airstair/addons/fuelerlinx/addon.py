"""The whole description of FuelerLinx: what it reads from us, and the partner's rules as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.fuelerlinx import mapping
from airstair.addons.fuelerlinx.settings import FuelerLinxSettings
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Horizon
from airstair.hub.visits import Entrance, Resource, Serve
from airstair.kernel.units import UnitKind

_SDK = "FuelerLinx's generated SDK (ScheduledTripDTO)"
_OURS = "Our proposal: FuelerLinx publishes nothing about what it pulls"

ADDON = Addon(
    key="fuelerlinx",
    name="FuelerLinx",
    category=Category.FLIGHT_PLANNING,
    purpose="FuelerLinx plans and orders fuel from your schedule, which it reads here by itself.",
    settings=FuelerLinxSettings,
    flows=(
        Serve(
            key="flights",
            title="Flights",
            unit=UnitKind.FLIGHT,
            horizon=Horizon(back=timedelta(days=1), ahead=timedelta(days=60)),
            resources=(
                Resource("/flights", "All flights", mapping.trips),
                Resource("/flights/{flight}", "One flight", mapping.one_trip),
            ),
        ),
    ),
    facts=(
        *observed(
            "The statement FLX-01",
            "FuelerLinx pulls; it is given a login id and a user key.",
            "It takes flight and trip number, ADEP and ADES as ICAO codes, STD, STA, registration, PAX and whether the"
            " flight is cancelled.",
        ),
        *documented(
            _SDK,
            "A trip's properties have the names of its own data type.",
            "Every answer carries `success` and `message`.",
        ),
        *assumed(
            _OURS,
            "`flightNumber` and `cancelled` are read beside them.",
            "It comes by HTTP with the two as Basic credentials.",
            "What it reads reaches from yesterday to sixty days ahead, whole each time.",
        ),
    ),
    entrance=Entrance(words=mapping.refused),
    for_sandbox=lambda url: {},
    package=__package__,
)
