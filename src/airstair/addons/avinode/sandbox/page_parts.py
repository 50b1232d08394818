"""Pieces that the imitated Avinode's inspector pages share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from airstair.addons.avinode.sandbox.audit import Auditor
from airstair.addons.avinode.sandbox.checks import RULES
from airstair.addons.avinode.sandbox.gate import Gate
from airstair.addons.avinode.sandbox.market import Market, freshness
from airstair.addons.avinode.sandbox.model import Aircraft
from airstair.sandbox.journal import same_registration
from airstair.sandbox.markup import Html, el, join

BASE = "/inspect/avinode"
SEVERE = {"violation": "bad", "warning": "warn", "information": ""}
_FRESH = {"fresh": "good", "ageing": "warn", "stale": "bad", "never sent": ""}


@dataclass(frozen=True, slots=True)
class View:
    """What the pages show, as of `now`."""

    market: Market
    gate: Gate
    auditor: Auditor
    now: datetime


def utc(when: datetime | None) -> str:
    """A time as the pages write it; nothing for None."""
    return f"{when:%d %b %Y %H:%MZ}".replace(" ", "\u00a0") if when else ""


def age(when: datetime | None, now: datetime) -> str:
    """How long ago, in words."""
    if when is None:
        return ""
    old = max(now - when, timedelta())
    minutes = int(old.total_seconds() // 60)
    if minutes < 2:
        return f"{int(old.total_seconds())} s ago"
    return (
        f"{minutes} min ago"
        if minutes < 180
        else f"{minutes // 60} h ago"
        if minutes < 4320
        else f"{old.days} days ago"
    )


def fresh(plane: Aircraft, now: datetime) -> Html:
    """How fresh an aircraft's schedule is."""
    word = freshness(plane.uploaded_at, now)
    return join([el("span", word, class_=f"mark {_FRESH[word]}"), el("span", f" {age(plane.uploaded_at, now)}")])


def live(name: str, *parts: Html) -> Html:
    """A part of a page that is renewed by itself."""
    return el("div", *parts, id=name, data_live=True)


def form(action: str, back: str, *fields: Html, label: str = "Save", **hidden: str) -> Html:
    """A form whose button does one of the partner's actions and comes back to `back`."""
    kept = [el("input", type="hidden", name=name, value=value) for name, value in {**hidden, "next": back}.items()]
    where = f"{BASE}/act/{action}"
    return el("form", *kept, *fields, el("button", label), method="post", action=where, class_="row")


def objections(view: View, tail: str) -> Html:
    """How many objections there are to an aircraft's uploads."""
    trail = view.auditor.trails.get(same_registration(tail))
    found = {rule: held.count for rule, held in trail.objections.items()} if trail else {}
    violations = sum(count for rule, count in found.items() if RULES[rule].severity == "violation")
    if violations:
        return el("span", f"{violations} violation{'s' if violations > 1 else ''}", class_="mark bad")
    return el("span", f"{sum(found.values())} warnings", class_="mark warn") if found else el("span", "none")
