"""The whole description of IFS: what it writes to us, and the partner's rules as facts."""

from __future__ import annotations

from airstair.addons.ifs import mapping
from airstair.addons.ifs.settings import IfsSettings
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, observed
from airstair.hub.visits import Operation, Receive
from airstair.records.operators.rules import Right

_SEEN = "The statement IFS-01"
_OURS = "Our proposal: IFS publishes nothing about what it sends"

ADDON = Addon(
    key="ifs",
    name="IFS",
    category=Category.FLIGHT_PLANNING,
    purpose="The pilots' flight logs arrive in flight watch and the journey log by themselves.",
    settings=IfsSettings,
    flows=(
        Receive(
            key="logs",
            title="Flight logs",
            operations=(
                Operation(
                    method="POST",
                    path="/logs",
                    title="One flight's log",
                    take=mapping.take_log,
                    identity=mapping.identity,
                ),
            ),
            rights=frozenset({Right.TIMES_EDIT}),
        ),
    ),
    facts=(
        *observed(
            _SEEN,
            "IFS posts; it comes as a user of its own that the operator makes for it.",
            "It posts a unique id, flight number, date, registration, ADEP, ADES, BLOFF, T/O, LDG, BLON, PAX, uplift,"
            " block fuel, remaining fuel, delay code and time, pilot flying and number of landings.",
        ),
        *assumed(
            _OURS,
            "They come as one JSON object, its properties named as on this page.",
            "The date is that of the scheduled departure, UTC; times carry a zone.",
            "The same unique id is the same log, or a correction of it.",
            "The delay time is in minutes.",
            "Fuel comes in the units that the operator says.",
        ),
    ),
    for_sandbox=lambda url: {},
    package=__package__,
)
