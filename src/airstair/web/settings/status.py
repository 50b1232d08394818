"""Settings › Status: every connection with its clocks, who serves it, and the machinery. For admins; reads only."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render

from airstair.hub.overview import ConnectionRow, DatabaseFacts, Overview, database_facts, overview
from airstair.hub.promises import Health
from airstair.kernel.outcome import WhoActs
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.activity import Tile, tiles
from airstair.web.addons.looks import Look, look_of_health
from airstair.web.addons.notices import open_notices

_LONG_OPEN = timedelta(minutes=5)  # a transaction that is open for longer keeps the database from tidying up
_WHO = {
    WhoActs.ADMIN: "Admin: the configuration",
    WhoActs.OPS: "OPS: the flight or event named",
    WhoActs.DEVELOPERS: "Developers",
    WhoActs.NOBODY: "Nobody: it passes",
}
_MACHINE = "Whoever runs Airstair"


@dataclass(frozen=True)
class Row:
    """One connection as the page shows it."""

    row: ConnectionRow
    look: Look
    clocks: list[Tile]
    who: str
    worker: str

    @property
    def environment(self) -> str:
        return str(self.row.facts.settings.get("environment", ""))


@dataclass(frozen=True)
class Worker:
    """`name`: as connections name it."""

    name: str
    connections: int


@page(Right.ADDONS_MANAGE, doing="see how the connections stand", methods=("GET",))
def status(request: PageRequest) -> HttpResponse:
    """The page; for htmx what changes of it. Sixteen statements."""
    now = times.now()
    found = overview(request.operator.id, now)
    rows = [_row(one, now) for one in found.rows]
    context = {
        "rows": rows,
        "tab": "status",
        "live": " ".join(f"ledger:{one.facts.id}" for one in found.rows),
        "notices": open_notices(request.operator.id),
        "workers": [Worker(_name(number), held) for number, held in found.workers.items()],
        "on": sum(one.facts.on for one in found.rows),
        "summary": _summary(rows),
        "oldest": _oldest(found, now),
        "now": now,
    }
    if request.actor.may(Right.OPERATOR_EDIT):
        context |= _database(database_facts())
    return render(request, "web/settings/_status.html" if request.htmx else "web/settings/status.html", context)


def _row(one: ConnectionRow, now: datetime) -> Row:
    worker = _name(one.stand.worker) if one.stand.worker is not None else ""
    return Row(one, look_of_health(one.stand.health), tiles(one.stand.clocks, now), _who(one), worker)


def _who(one: ConnectionRow) -> str:
    if one.stand.health in (Health.LATE, Health.UNSERVED):
        return _MACHINE
    if one.facts.unusable:
        return _WHO[WhoActs.ADMIN]
    return ", ".join(_WHO[who] for who in one.who_acts)


def _name(worker: int) -> str:
    return f"{worker:08x}"


def _summary(rows: list[Row]) -> list[tuple[Look, int]]:
    """How many connections stand how, the worst first."""
    counts = Counter(one.row.stand.health for one in rows)
    return [(look_of_health(health), counts[health]) for health in reversed(Health) if counts[health]]


def _oldest(found: Overview, now: datetime) -> tuple[datetime, str] | None:
    waiting = [one.stand.clocks.oldest_waiting for one in found.rows if one.facts.on]
    oldest = min((when for when in waiting if when is not None), default=None)
    return None if oldest is None else (oldest, times.apart(oldest, now))


def _database(facts: DatabaseFacts) -> dict[str, object]:
    # By the machine's clock: the database knows no other.
    age = datetime.now(facts.oldest_open.tzinfo) - facts.oldest_open if facts.oldest_open else timedelta(0)
    return {
        "database": facts,
        "open_for": times.length(age) if facts.oldest_open else "",
        "open_long": age > _LONG_OPEN,
    }
