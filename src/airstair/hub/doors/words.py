"""Flows that the partner, or a person, begins, as people read of them: rules with their names. Pure."""

from __future__ import annotations

from datetime import timedelta

from airstair.hub.contract import Addon
from airstair.hub.doors.commands import USUAL
from airstair.hub.doors.rules import PREFIX
from airstair.hub.visits import Handoff, HandoffPlace, Receive, Serve

_PLACES = {HandoffPlace.CATERING: "The CATERING item on a flight", HandoffPlace.MENU: "The main menu"}


def in_words(flow: Serve | Receive | Handoff, one: Addon) -> list[tuple[str, str]]:
    """The rules of one flow. `PREFIX` and the login that is issued come before each address."""
    if isinstance(flow, Handoff):
        return [("Trigger", "When a person follows the link"), ("Stands at", _PLACES[flow.place])]
    rows = [("Trigger", "When the partner comes")]
    if isinstance(flow, Serve):
        ahead = "all that is planned" if flow.horizon.ahead is None else f"the next {_days(flow.horizon.ahead)}"
        rows += [("Read", f"GET {one_.path}: {one_.title.lower()}") for one_ in flow.resources]
        rows += [
            ("Changes", f"GET {one_.path}?{one_.since}=2026-11-20T10:00Z: what has changed since then")
            for one_ in flow.resources
            if one_.since
        ]
        rows += [
            ("Shows", f"Each {flow.unit.value} of ticked aircraft, the last {_days(flow.horizon.back)} and {ahead}")
        ]
    else:
        rows += [("Written", f"{one_.method} {one_.path}: {one_.title.lower()}") for one_ in flow.operations]
        rows += [("May do here", ", ".join(sorted(flow.rights)))]
    budget = one.entrance.budget or USUAL
    minutes = int(budget.per.total_seconds() // 60)
    rows += [
        ("Address", f"{PREFIX}{one.key}/… with a {one.entrance.login} and a {one.entrance.key} that Airstair issues"),
        ("Visits", f"At most {budget.calls:,} in {minutes} minutes, {budget.burst:,} of them at once"),
    ]
    return rows


def _days(length: timedelta) -> str:
    return f"{length.days} day{'' if length.days == 1 else 's'}"
