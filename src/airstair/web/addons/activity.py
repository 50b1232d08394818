"""An add-on's Activity: the three clocks, and for each aircraft how its latest call went and what was said about it.

Reads only. Fixed number of statements, however many aircraft: `_STATEMENTS` below says which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from airstair.hub import health
from airstair.hub.calls import calls
from airstair.hub.connections.queries import ConnectionFacts, connections
from airstair.hub.contract import Addon
from airstair.hub.health import Clocks, LedgerLine
from airstair.hub.registry import addon
from airstair.kernel.errors import NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import UnitKind
from airstair.records.fleet.queries import fleet, visible_aircraft
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import doors, exporting, times, traffic
from airstair.web.addons.looks import HELD, SENDING, TAKEN_AWAY, Look, look_of_health, look_of_outcome
from airstair.web.addons.telling import Titles, Told

# Connections 2, ledger 2, who serves 1, what is unread 1, what may be seen 1, calls 2 for durations; 7 more when
# messages name flights; 3 more with the progress of an export.
_ON_A_PAGE = 200
_MOST_CALLS = 500
MOST_TOLD = 12
_WARNINGS_AT_ONCE = 2  # more of our own are folded up behind their number
SHOWS = (("all", "All"), ("attention", "Needs attention"), ("warned", "Schedule warnings"))
_GOOD = (OutcomeKind.ACCEPTED, OutcomeKind.UNCHANGED)


@dataclass(frozen=True)
class Row:
    """One unit of the connection."""

    line: LedgerLine
    look: Look
    flow: str
    messages: list[Told]
    warnings: list[Told]
    duration: str
    attempt_ago: str
    due_in: str
    overdue: bool
    possible_from: datetime | None  # when its next export is possible, while the partner's floor forbids one
    alone: bool  # the only aircraft on the page: then everything is unfolded

    @property
    def shown_messages(self) -> list[Told]:
        return self.messages[:MOST_TOLD]

    @property
    def more(self) -> int:
        """Messages that there is no room for; the call shows them all."""
        return max(0, len(self.messages) - MOST_TOLD)

    @property
    def folded(self) -> str:
        """`24 breaks, 1 overlap` when our own warnings are too many to be read at a glance; else empty."""
        if len(self.warnings) <= _WARNINGS_AT_ONCE:
            return ""
        counts = Counter(told.message.code.replace("-", " ") or told.look.word.lower() for told in self.warnings)
        return ", ".join(f"{count} {code}{'s' if count > 1 else ''}" for code, count in counts.most_common())

    @property
    def possible_words(self) -> str:
        return f"{self.possible_from:%H:%M:%S}Z" if self.possible_from else ""


@dataclass(frozen=True)
class Tile:
    """One of the clocks."""

    label: str
    when: datetime | None
    words: str
    meaning: str


@dataclass(frozen=True)
class Chosen:
    """The filters as the address has them; what does not fit is named in `remarks`."""

    show: str
    aircraft_id: int | None
    page: int
    remarks: tuple[str, ...]

    @property
    def query(self) -> str:
        return urlencode({"show": self.show, "aircraft": self.aircraft_id or "", "page": self.page})


@page(Right.SCHEDULE_VIEW, methods=("GET",))
def activity(request: PageRequest, key: str) -> HttpResponse:
    """The page; for htmx what changes of it."""
    one = addon(key)
    mine = connections(request.operator.id, key)
    facts = chosen_connection(mine, request.GET.get("connection", ""))
    context: dict[str, object] = {"addon": one, "tab": "activity", "connections": mine, "connection": facts}
    if facts is not None:
        visible = visible_aircraft(request.actor)
        lines = health.lines_of(request.operator.id, [facts], now=times.now())[facts.id]
        context |= _state(facts, lines)
        context |= _rows(request, one, facts, [line for line in lines if may_see(line, visible)], visible)
        context |= exporting.panel(request, facts, visible)
        context |= traffic.panels(request, one, facts, visible)
        context |= doors.panel(request, one, facts, visible)
    return render(request, "web/addons/_activity.html" if request.htmx else "web/addons/activity.html", context)


def chosen_connection(mine: list[ConnectionFacts], which: str) -> ConnectionFacts | None:
    """The one named, else the default one, else any. Raises `NotFound` for one that is not the operator's."""
    if which:
        for facts in mine:
            if str(facts.id) == which:
                return facts
        raise NotFound("This connection")
    return next((facts for facts in mine if facts.is_default), mine[0] if mine else None)


def may_see(line: LedgerLine, visible: Collection[int] | None) -> bool:
    """An aircraft owner sees what is sent of the own aircraft only."""
    return visible is None or line.aircraft_id in visible


def needs_attention(line: LedgerLine) -> bool:
    """Whether somebody should look: the call failed, or was accepted with errors, or the partner warns of something."""
    if line.outcome is not None and line.outcome not in _GOOD:
        return True
    return any(m.level in ("error", "warning") for m in line.messages)


def is_warned_of(line: LedgerLine) -> bool:
    """Whether we ourselves saw something in the schedule that was sent: an overlap, a break."""
    return any(m.level in ("error", "warning") for m in line.warnings)


def _state(facts: ConnectionFacts, lines: list[LedgerLine]) -> dict[str, object]:
    now = times.now()
    stand = health.stands(facts.operator_id, [facts], {facts.id: lines}, now)[facts.id]
    look = look_of_health(stand.health)
    return {"look": look, "sentence": stand.sentence, "tiles": tiles(stand.clocks, now), "now": now}


def tiles(clocks: Clocks, now: datetime) -> list[Tile]:
    """The three clocks and the oldest thing waiting."""
    shown = (
        ("Last attempt", clocks.last_attempt, "When the partner was last called, whatever came of it."),
        ("Last success", clocks.last_success, "When a call last got through."),
        ("Last change", clocks.last_change, "When the partner last accepted something new."),
        ("Oldest waiting", clocks.oldest_waiting, "Since when the oldest thing waits to be delivered."),
    )
    return [
        # What failed waits for its next call: that time lies ahead.
        Tile(label, when, f"{'next try ' if when and when > now else ''}{times.apart(when, now)}", meaning)
        for label, when, meaning in shown
    ]


def _rows(
    request: PageRequest,
    one: Addon,
    facts: ConnectionFacts,
    lines: list[LedgerLine],
    visible: Collection[int] | None,
) -> dict[str, object]:
    chosen = read_filters(request)
    fitting = [line for line in lines if chosen.aircraft_id is None or line.aircraft_id == chosen.aircraft_id]
    shown = {
        "all": fitting,
        "attention": [line for line in fitting if needs_attention(line)],
        "warned": [line for line in fitting if is_warned_of(line)],
    }
    fitting = shown[chosen.show]
    pages = max(1, -(-len(fitting) // _ON_A_PAGE))
    at = min(chosen.page, pages)
    on_page = fitting[(at - 1) * _ON_A_PAGE : at * _ON_A_PAGE]
    outcomes = {kind: sum(line.outcome is kind for line in lines) for kind in (*OutcomeKind, None)}
    return {
        "rows": _shown(request, one, facts, on_page, visible),
        "chosen": chosen,
        "shows": [(value, word, len(shown[value])) for value, word in SHOWS],
        "aircraft": _aircraft(request, lines),
        "unit_word": "Flight" if any(line.unit.kind is UnitKind.FLIGHT for line in lines) else "Aircraft",
        "outcomes": [(look_of_outcome(kind), count) for kind, count in outcomes.items() if count],
        "at_page": at,
        "pages": range(1, pages + 1),
        "there_are_units": bool(lines or facts.aircraft_ids),
        "keeps_mirrors": bool(one.mirrors),
    }


def _shown(
    request: PageRequest,
    one: Addon,
    facts: ConnectionFacts,
    lines: list[LedgerLine],
    visible: Collection[int] | None,
) -> list[Row]:
    now = times.now()
    said = [message for line in lines for message in (*line.messages, *line.warnings)]
    units = {str(line.unit): line.title for line in lines}
    titles = Titles(request.operator.id, said, aircraft_ids=visible, known=units)
    durations = _durations(request.operator.id, facts, lines)
    flows = {flow.key: flow for flow in one.flows}
    return [
        Row(
            line=line,
            look=_look(line),
            flow=flows[line.flow].title if line.flow in flows else line.flow,
            messages=titles.told(line.messages),
            warnings=titles.told(line.warnings),
            duration=times.milliseconds(durations.get(line.call_id)) if line.call_id else "",
            attempt_ago=times.apart(line.last_attempt, now),
            due_in=times.apart(line.next_due, now),
            overdue=bool(facts.on and line.next_due and line.next_due < now and not line.sending),
            possible_from=exporting.possible_from(line, one, now),
            alone=len(lines) == 1,
        )
        for line in lines
    ]


def _aircraft(request: PageRequest, lines: list[LedgerLine]) -> list[tuple[int, str]]:
    """Id and registration of those that the lines are about. One statement where they are about flights."""
    if all(line.unit.kind is not UnitKind.FLIGHT for line in lines):
        return list(dict.fromkeys((line.aircraft_id, line.title) for line in lines))
    about = {line.aircraft_id for line in lines}
    return [(one.id, one.registration) for one in fleet(request.operator.id) if one.id in about]


def _look(line: LedgerLine) -> Look:
    if line.sending:
        return SENDING
    if line.question:
        return HELD
    return TAKEN_AWAY if line.not_there else look_of_outcome(line.outcome)


def _durations(operator_id: int, facts: ConnectionFacts, lines: list[LedgerLine]) -> dict[int, float]:
    """How long the latest calls took, from the call log. Two statements."""
    attempts = [line.last_attempt for line in lines if line.last_attempt and line.call_id]
    if not attempts:
        return {}
    unit = lines[0].unit if len(lines) == 1 else None
    since = min(attempts) - timedelta(minutes=5)  # a call is logged by when it began
    found = calls(operator_id, connection_id=facts.id, unit=unit, since=since, limit=_MOST_CALLS)
    return {call.id: call.duration_ms for call in found}


def read_filters(request: PageRequest) -> Chosen:
    """Never raises: an address can be typed, kept or mangled."""
    remarks = []
    show = request.GET.get("show", "") or "all"
    if show not in dict(SHOWS):
        remarks.append(f"“{show[:30]}” is not a filter. Choose all, what needs attention, or schedule warnings.")
        show = "all"
    aircraft, number = request.GET.get("aircraft", ""), request.GET.get("page", "") or "1"
    if aircraft and not is_id(aircraft):
        remarks.append("The aircraft in the address is not one of the fleet. Choose one from the list.")
        aircraft = ""
    if not is_id(number) or int(number) < 1:
        remarks.append("The page in the address is not a number.")
        number = "1"
    return Chosen(show, int(aircraft) if aircraft else None, int(number), tuple(remarks))


def is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19
