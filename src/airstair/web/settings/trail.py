"""The audit trail: who changed what, when, from what to what."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render

from airstair.changes.queries import trail
from airstair.kernel.errors import Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.kernel.utc import parse_day
from airstair.records.fleet.queries import fleet
from airstair.records.operators.queries import members
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_members
from airstair.web.acting import PageRequest, page
from airstair.web.trails import names_crew, told

PAGE_LENGTH = 100


@page(Right.AUDIT_VIEW, doing="read the audit trail", methods=("GET",))
def audit(request: PageRequest) -> HttpResponse:
    """The newest changes first; filters by unit, person and days; `before` pages on."""
    asked = request.GET
    remarks: list[str] = []
    unit = _unit(asked.get("unit", ""), remarks)
    since = _day(asked.get("from", ""), "from", remarks)
    until = _day(asked.get("to", ""), "to", remarks)
    before = asked.get("before", "")
    lines = trail(
        request.operator.id,
        unit=unit,
        actor_key=asked.get("who", "")[:200] or None,
        since=_midnight(since) if since else None,
        until=_midnight(until) + timedelta(days=1) if until else None,
        before_seq=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        limit=PAGE_LENGTH + 1,
    )
    aircraft = fleet(request.operator.id)
    context = {
        "lines": told(lines[:PAGE_LENGTH], aircraft, crew_members(request.operator.id) if names_crew(lines) else ()),
        "more": lines[PAGE_LENGTH - 1].seq if len(lines) > PAGE_LENGTH else None,
        "remarks": remarks,
        "people": members(request.operator.id),
        "fleet": aircraft,
        "unit": str(unit) if unit else "",
        "unit_aircraft": unit.id if unit and unit.kind is UnitKind.AIRCRAFT else None,
        "who": asked.get("who", ""),
        "from": since,
        "to": until,
        "tab": "audit",
    }
    return render(request, "web/settings/audit.html", context)


def _unit(text: str, remarks: list[str]) -> Unit | None:
    """`aircraft:81`, as links of other pages have it."""
    if not text:
        return None
    kind, _, number = text.partition(":")
    if kind in set(UnitKind) and number.isascii() and number.isdigit() and len(number) < 19:
        return Unit(UnitKind(kind), int(number))
    remarks.append(f"“{text[:30]}” names nothing. Choose an aircraft, or come from a flight's history.")
    return None


def _day(text: str, field: str, remarks: list[str]) -> date | None:
    if not text:
        return None
    try:
        found = parse_day(text[:40], field)
    except Invalid as refusal:
        remarks.append(refusal.problems[0].sentence)
        return None
    if not 1900 < found.year < 2200:
        remarks.append(f"Year {found.year} is out of range. Use a year between 1900 and 2200.")
        return None
    return found


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
