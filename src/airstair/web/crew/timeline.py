"""The crew timeline: a lane for each crew member with flights, positionings and duties as SVG. No database, no clock.

Placed in percent of the chosen days, like the aircraft timeline, whose shapes and style sheet it shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape

from django.utils.safestring import SafeString, mark_safe

from airstair.records.crewing.rules import FREE, STANDBY, DutyKind
from airstair.records.crewing.snapshots import CrewBoard, CrewFlight, CrewLine, DutyFacts, RosterFacts
from airstair.records.flights.facts import Board
from airstair.records.flights.rules import Status
from airstair.records.people.snapshots import CrewMemberFacts
from airstair.web.ops.looks import FLIGHT, OPTION, Look
from airstair.web.ops.timeline import BAR_HEIGHT, LANE_WIDTH, ROW_PADDING, TRACK_HEIGHT, Shade, Tick, timeline
from airstair.web.ops.window import Window

POSITIONING = Look("fer", "POS", "Positioning", "p-fer")
WORK = Look("res", "", "Duty", "p-res")
TRAINING = Look("mx", "TRN", "Training", "p-mx")
STANDING_BY = Look("opp", "SBY", "Standby", "p-opp")
FREE_TIME = Look("free", "OFF", "Day off, leave, sickness")
LEGEND = (FLIGHT, OPTION, POSITIONING, WORK, TRAINING, STANDING_BY, FREE_TIME)
_LETTERS = {
    DutyKind.OFFICE: "OFC",
    DutyKind.SIMULATOR: "SIM",
    DutyKind.AIRPORT_STANDBY: "ASB",
    DutyKind.HOME_STANDBY: "HSB",
    DutyKind.RESERVE: "RSV",
    DutyKind.LEAVE: "LVE",
    DutyKind.SICK: "SCK",
    DutyKind.OTHER: "DTY",
}


@dataclass(frozen=True)
class Lane:
    """One crew member's lane. `bars` is SVG; `clashes` counts what overlaps something else of theirs."""

    member: CrewMemberFacts
    height: int
    bars: SafeString
    clashes: int


@dataclass(frozen=True)
class Bar:
    """One thing somebody does, as the lane shows it."""

    key: str
    href: str
    start: datetime
    end: datetime
    look: Look
    first: str
    second: str
    sentence: str
    busy: bool  # nothing else can be done meanwhile


@dataclass(frozen=True)
class CrewTimeline:
    """`effective`: where the published part ends, in percent; empty where that is not among the days."""

    lanes: list[Lane]
    ticks: list[Tick]
    nights: list[Shade]
    now: str
    effective: str


def crew_lanes(board: CrewBoard, window: Window, now: datetime, zone: str) -> CrewTimeline:
    """Everything that the template needs."""
    nothing = Board(start=window.start, end=window.end, aircraft=(), activities={}, warnings={})
    frame = timeline(nothing, window, now, zone)
    return CrewTimeline(
        lanes=[_lane(line, window, board.roster) for line in board.lines],
        ticks=frame.ticks,
        nights=frame.nights,
        now=frame.now,
        effective=_effective(board.roster, window),
    )


def _effective(roster: RosterFacts, window: Window) -> str:
    if roster.effective_date is None or not window.first <= roster.effective_date <= window.last:
        return ""
    days = (roster.effective_date - window.first).days + 1
    return f"{days / window.days * 100:.3f}%"


def _lane(line: CrewLine, window: Window, roster: RosterFacts) -> Lane:
    bars = sorted(
        [*map(flight_bar, line.flights), *(duty_bar(one) for one in line.duties)],
        key=lambda one: (not one.busy, one.start, one.key),
    )
    tracks: list[list[Bar]] = []
    drawn, clashes = [], 0
    for bar in bars:
        clashes += any(bar.busy and other.busy and _together(bar, other) for track in tracks for other in track)
        free = (at for at, others in enumerate(tracks) if not any(_together(bar, other) for other in others))
        at = next(free, len(tracks))
        if at == len(tracks):
            tracks.append([])
        tracks[at].append(bar)
        drawn.append(_drawn(bar, at, window, line.member.code, published=roster.covers(bar.start)))
    height = 2 * ROW_PADDING + TRACK_HEIGHT * max(1, len(tracks)) - (TRACK_HEIGHT - BAR_HEIGHT)
    svg = mark_safe("".join(drawn))  # noqa: S308  # every text in it went through `escape`
    return Lane(member=line.member, height=height, bars=svg, clashes=clashes)


def _together(one: Bar, other: Bar) -> bool:
    return one.start < other.end and other.start < one.end


def flight_bar(one: CrewFlight) -> Bar:
    look = OPTION if one.status is Status.OPTION else FLIGHT
    route = f"{one.start_airport}–{one.end_airport}"
    said = [f"{one.number} {route}", _when(one.start, one.end), f"as {one.position}", one.registration]
    return Bar(
        key=one.key,
        href=f"/ops/flights/{one.id}",
        start=one.start,
        end=one.end,
        look=look,
        first=route,
        second=f"{one.position} {one.number}",
        sentence=" · ".join([*said, *([look.name] if look is OPTION else [])]),
        busy=True,
    )


def duty_bar(one: DutyFacts) -> Bar:
    look, route = look_of_duty(one.kind), ""
    if one.start_airport:
        same = one.start_airport == one.end_airport
        route = one.start_airport if same else f"{one.start_airport}–{one.end_airport}"
    letters = _LETTERS.get(one.kind, look.letters)
    said = [one.kind.label, one.title, route, _when(one.start, one.end)]
    return Bar(
        key=one.key,
        href=f"/crew/duties/{one.id}",
        start=one.start,
        end=one.end,
        look=look,
        first=route if look is POSITIONING else letters,
        second=letters if look is POSITIONING else one.title or route,
        sentence=" · ".join(filter(None, said)),
        busy=one.kind not in FREE,
    )


def look_of_duty(kind: DutyKind) -> Look:
    """Its shape: what it most needs to be told apart by."""
    if kind is DutyKind.POSITIONING:
        return POSITIONING
    if kind in (DutyKind.TRAINING, DutyKind.SIMULATOR):
        return TRAINING
    if kind in STANDBY:
        return STANDING_BY
    return FREE_TIME if kind in FREE else WORK


def _when(start: datetime, end: datetime) -> str:
    if start.date() == end.date():
        return f"{start:%-d %b %H:%M}Z–{end:%H:%M}Z"
    return f"{start:%-d %b %H:%M}Z–{end:%-d %b %H:%M}Z"


def _drawn(bar: Bar, track: int, window: Window, code: str, *, published: bool) -> str:
    left, wide = span(window, bar.start, bar.end)
    pixels = wide / 100 * LANE_WIDTH[window.days]
    top = ROW_PADDING + track * TRACK_HEIGHT
    said = f"{code} · {bar.sentence}" if published else f"{code} · {bar.sentence} · not published yet"
    shape = '<rect class="s" x="0.75" y="0.75" width="99%" height="28.5" rx="4"/>'
    if bar.look.pattern:
        shape += f'<rect x="0.75" y="0.75" width="99%" height="28.5" rx="4" fill="url(#{bar.look.pattern})" class="p"/>'
    return (
        f'<a class="bar {bar.look.css}{"" if published else " planned"}" href="{bar.href}" data-key-of="{bar.key}"'
        f' tabindex="-1" aria-label="{escape(said)}"><svg x="{left:.3f}%" y="{top}" width="{wide:.3f}%"'
        f' height="{BAR_HEIGHT}">{shape}{_label(bar, pixels)}</svg></a>'
    )


def _label(bar: Bar, pixels: float) -> str:
    """As much as fits in so many pixels, at about six to a letter."""
    lines: Sequence[tuple[str, int]] = [(bar.first, 13), (bar.second, 25)]
    if pixels < 24:
        return ""
    most = max(2, int((pixels - 6) / 6))
    return "".join(
        f'<text{"" if y == 13 else " class=t2"} x="4" y="{y}">{escape(text[:most])}</text>' for text, y in lines if text
    )


def span(window: Window, start: datetime, end: datetime) -> tuple[float, float]:
    """Left and width in percent of the window, cut to it."""
    length = (window.end - window.start) / timedelta(seconds=1)
    left = max(0.0, (start - window.start).total_seconds() / length * 100)
    right = min(100.0, (end - window.start).total_seconds() / length * 100)
    return left, max(0.05, right - left)


def fitting(members: Iterable[CrewMemberFacts], typed: str) -> list[CrewMemberFacts]:
    """Those whose code, name or position holds the text."""
    wanted = typed.strip().lower()
    return [one for one in members if wanted in f"{one.code} {one.name} {' '.join(one.positions)}".lower()]
