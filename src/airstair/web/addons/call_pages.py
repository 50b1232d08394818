"""The call history: search it, and open one call to see what went out and what came back.

Secrets were removed before a call was written down; nothing here has ever seen one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render

from airstair.hub import calls as log
from airstair.hub.calls import CallDetail, CallLine
from airstair.hub.registry import addons
from airstair.kernel.errors import NotFound
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.queries import visible_aircraft, visible_to
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import bodies, times
from airstair.web.addons.looks import Look, look_of_outcome
from airstair.web.addons.searching import Search, candidates, mark, read_search
from airstair.web.addons.telling import Titles, Told

_DOING = "see the calls to partners"
_AFTER = (timedelta(hours=1), timedelta(days=2), timedelta(days=60))  # where the next call of a unit is looked for


@dataclass(frozen=True)
class Line:
    """One call in the list."""

    call: CallLine
    look: Look
    addon: str
    duration: str
    messages: list[Told]


@page(Right.CALLS_VIEW, doing=_DOING, methods=("GET",))
def calls(request: PageRequest) -> HttpResponse:
    """The search and what it finds, the newest first."""
    search = read_search(request.GET, request.operator.id)
    visible = visible_aircraft(request.actor)
    fitting = _fitting(request, search, visible)
    part = search.part or (fitting[0][0] if len(fitting) == 1 else "")
    nothing = bool(search.text and not search.part and len(fitting) != 1)
    found = [] if nothing else _search(request.operator.id, search, part)
    more = len(found) > search.limit
    on_page = [one for one in found[: search.limit] if _may_see(one, visible)]
    said = [message for one in on_page for message in one.messages]
    units = {unit: one.title for one in on_page for unit in one.units}
    titles = Titles(request.operator.id, said, aircraft_ids=visible, known=units)
    last = found[search.limit - 1] if more else None
    context = {
        "search": search,
        "part_title": dict(fitting).get(part) or (titles_of(request, part, visible) if part else ""),
        "fitting": fitting if len(fitting) > 1 and not search.part else [],
        "no_flight": bool(search.text and not search.part and not fitting),
        "lines": [_line(one, titles) for one in on_page],
        "older": f"{search.query}&before={mark(last.at, last.id)}" if last else "",
        "addons": list(addons().values()),
        "fleet": visible_to(request.actor),
        "quick": _quick(times.now()),
        "outcomes": [(kind.value, look_of_outcome(kind).word) for kind in OutcomeKind],
    }
    return render(request, "web/addons/calls.html", context)


def _quick(now: datetime) -> list[tuple[str, str]]:
    """Times that are often looked at, as the address has them."""
    since = {
        "Last hour": now.replace(second=0, microsecond=0) - timedelta(hours=1),
        "Today": now.replace(hour=0, minute=0, second=0, microsecond=0),
        "7 days": now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=7),
    }
    return [(word, f"{when:%Y-%m-%d %H:%M}") for word, when in since.items()]


def titles_of(request: PageRequest, key: str, visible: Collection[int] | None) -> str:
    """What people call the flight of that key."""
    return Titles(request.operator.id, [PartnerMessage(level="info", text="", about=key)], aircraft_ids=visible).title(
        key
    )


def _fitting(request: PageRequest, search: Search, visible: Collection[int] | None) -> list[tuple[str, str]]:
    if not search.text or search.part:
        return []
    return candidates(search, request.operator.id, times.now(), aircraft_ids=visible)


def _search(operator_id: int, search: Search, part: str) -> list[CallLine]:
    return log.calls(
        operator_id,
        addon=search.addon or None,
        connection_id=search.connection_id,
        unit=Unit(UnitKind.AIRCRAFT, search.aircraft_id) if search.aircraft_id else None,
        part=part or None,
        outcome=search.outcome,
        since=search.since,
        until=search.until,
        before=search.before,
        limit=search.limit + 1,  # one more tells whether there is another page
    )


def _line(one: CallLine, titles: Titles) -> Line:
    name = addons()[one.addon].name if one.addon in addons() else one.addon
    return Line(one, look_of_outcome(one.outcome), name, times.milliseconds(one.duration_ms), titles.told(one.messages))


def _may_see(one: CallLine, visible: Collection[int] | None) -> bool:
    """Somebody who sees only some aircraft sees only the calls that are about those alone."""
    return visible is None or all(text in {f"aircraft:{id_}" for id_ in visible} for text in one.units)


@page(Right.CALLS_VIEW, doing=_DOING, methods=("GET",))
def call(request: PageRequest, call_id: int) -> HttpResponse:
    """One call, whole, with the parts marked that the partner had something to say about."""
    visible = visible_aircraft(request.actor)
    one = _find(request, call_id, visible)
    known = dict.fromkeys(one.units, one.title) | dict(one.parts)
    titles = Titles(request.operator.id, one.messages, aircraft_ids=visible, known=known)
    marks, numbers = marks_of(one), {key: number for number, (key, _) in enumerate(one.parts)}
    earlier, later = _neighbours(request.operator.id, one)
    context = {
        "line": _line(one, titles),
        "call": one,
        "request_body": bodies.shown(one.request_body, parts=len(one.parts), marks=marks),
        "response_body": bodies.shown(one.response_body),
        "told": [(told, numbers.get(told.message.about)) for told in titles.told(one.messages)],
        "earlier": earlier,
        "later": later,
        "has_addon": one.addon in addons(),
    }
    return render(request, "web/addons/call.html", context)


def marks_of(one: CallDetail) -> dict[int, frozenset[str]]:
    """Number of each part that messages are about → the fields they name."""
    numbers = {key: number for number, (key, _) in enumerate(one.parts)}
    marks: dict[int, frozenset[str]] = {}
    for message in one.messages:
        if message.about in numbers:
            number = numbers[message.about]
            fields = {message.field, message.field.rpartition(".")[2], message.path.rpartition(".")[2]} - {""}
            marks[number] = marks.get(number, frozenset()) | fields
    return marks


def _find(request: PageRequest, call_id: int, visible: Collection[int] | None) -> CallDetail:
    one = log.call(request.operator.id, call_id)
    if not _may_see(one, visible):
        raise NotFound(f"Call {call_id}")
    return one


def _neighbours(operator_id: int, one: CallDetail) -> tuple[CallLine | None, CallLine | None]:
    """The calls before and after this one about the same unit, through any connection of the add-on."""
    try:
        unit = Unit.read(one.units[0])
    except (IndexError, ValueError):
        return None, None
    before = log.calls(operator_id, addon=one.addon, unit=unit, before=(one.at, one.id), limit=1)
    after: CallLine | None = None
    for span in _AFTER:
        found = log.calls(operator_id, addon=one.addon, unit=unit, since=one.at, until=one.at + span, limit=500)
        later = [line for line in found if (line.at, line.id) > (one.at, one.id)]
        if later:
            after = later[-1]
            break
    return (before[0] if before else None), after


@page(Right.CALLS_VIEW, doing=_DOING, methods=("GET",))
def body(request: PageRequest, call_id: int, side: str) -> HttpResponse:
    """The body of the request or of the answer as a file, byte by byte. Never shown by the browser as a page."""
    one = _find(request, call_id, visible_aircraft(request.actor))
    if side not in ("request", "response"):
        raise NotFound("This side of the call")
    content = one.request_body if side == "request" else one.response_body
    is_json = bodies.shown(content).is_json
    response = HttpResponse(content, content_type="application/json" if is_json else "application/octet-stream")
    name = f"{one.addon}-call-{one.id}-{side}.{'json' if is_json else 'bin'}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
