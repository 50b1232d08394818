"""The aircraft timeline: rows of bars as SVG, placed in percent of the chosen days.

SVG attributes place the bars, so that pages need neither inline styles nor a script to be right at once. Bars are
written as text rather than by templates: sixty aircraft and a week are some two thousand of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from zoneinfo import ZoneInfo

from django.utils.safestring import SafeString, mark_safe

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.facts import Board
from airstair.records.flights.rules import ScheduleWarning
from airstair.records.flights.snapshots import Activity, ActivityKind
from airstair.web.ops.looks import CANCELLED, EMPTY_LEG, Look, book_of_block_times, look_of, sentence_of
from airstair.web.ops.window import Window

BAR_HEIGHT = 30
TRACK_HEIGHT = 35
ROW_PADDING = 5
# How wide the lane is on a laptop, in pixels, by days: labels that would not fit are left out. As in ops.css.
LANE_WIDTH = {1: 1240, 2: 1240, 3: 1240, 7: 1240, 14: 1700, 31: 2900}
NIGHT = (21, 6)  # hours at the base between which the timeline is shaded


@dataclass(frozen=True)
class Row:
    """One aircraft's lane. `bars` is SVG."""

    aircraft: AircraftFacts
    height: int
    bars: SafeString
    overlaps: int
    breaks: int


@dataclass(frozen=True)
class Tick:
    """A line or word of the header, in percent from the left."""

    at: str
    label: str
    day: bool


@dataclass(frozen=True)
class Shade:
    at: str
    wide: str


@dataclass(frozen=True)
class Timeline:
    rows: list[Row]
    ticks: list[Tick]
    nights: list[Shade]
    now: str  # percent, or empty when now is not among the days


def timeline(board: Board, window: Window, now: datetime, zone: str) -> Timeline:
    """Everything that the template needs. No database, no clock."""
    return Timeline(
        rows=rows(board, window),
        ticks=_ticks(window),
        nights=_nights(window, zone),
        now=_percent(window, now) if window.start <= now < window.end else "",
    )


def rows(board: Board, window: Window) -> list[Row]:
    """A row for each aircraft of the board, also for those that do nothing."""
    return [
        _row(one, board.activities.get(one.id, ()), board.warnings.get(one.id, ()), window) for one in board.aircraft
    ]


def _row(
    aircraft: AircraftFacts, activities: Sequence[Activity], warnings: Sequence[ScheduleWarning], window: Window
) -> Row:
    said: dict[str, list[ScheduleWarning]] = {}
    for warning in warnings:
        said.setdefault(warning.second, []).append(warning)
    shown = [a for a in activities if a.end > window.start and a.start < window.end]
    tracks = _tracks(shown)
    bars = [
        _bar(activity, tracks[activity.key], said.get(activity.key, []), window, aircraft.registration)
        for activity in sorted(shown, key=lambda a: (a.start, a.key))
    ]
    return Row(
        aircraft=aircraft,
        height=2 * ROW_PADDING + TRACK_HEIGHT * (max(tracks.values(), default=0) + 1) - (TRACK_HEIGHT - BAR_HEIGHT),
        bars=mark_safe("".join(bars)),  # noqa: S308  # every text in it went through `escape`
        overlaps=sum(w.kind == "overlap" for w in warnings),
        breaks=sum(w.kind == "break" for w in warnings),
    )


def _tracks(activities: Iterable[Activity]) -> dict[str, int]:
    """The first free track for each; what moves the aircraft comes first, so that it keeps the top one."""
    tracks: list[list[Activity]] = []
    placed: dict[str, int] = {}
    for activity in sorted(activities, key=lambda a: (not a.moves_the_aircraft, a.start, a.key)):
        free = (at for at, others in enumerate(tracks) if not any(_together(activity, other) for other in others))
        at = next(free, len(tracks))
        if at == len(tracks):
            tracks.append([])
        tracks[at].append(activity)
        placed[activity.key] = at
    return placed


def _together(one: Activity, other: Activity) -> bool:
    return one.start < other.end and other.start < one.end


def _bar(activity: Activity, track: int, warnings: Sequence[ScheduleWarning], window: Window, registration: str) -> str:
    look = look_of(activity)
    left, wide = _span(window, activity.start, activity.end)
    pixels = wide / 100 * LANE_WIDTH[window.days]
    top = ROW_PADDING + track * TRACK_HEIGHT
    broken = any(w.kind == "break" for w in warnings)
    sentence = " · ".join((sentence_of(activity, registration), *(w.sentence for w in warnings)))
    path = "flights" if activity.kind is ActivityKind.FLIGHT else "events"
    scheduled = "" if activity.kind is not ActivityKind.FLIGHT else _scheduled(activity, top, window)
    return (
        f'{scheduled}<a class="bar {look.css}" href="/ops/{path}/{activity.id}" data-key-of="{activity.key}"'
        f' tabindex="-1" aria-label="{escape(sentence)}"><svg x="{left:.3f}%" y="{top}" width="{wide:.3f}%"'
        f' height="{BAR_HEIGHT}">{_shape(look)}{_label(activity, look, pixels, broken)}{_marks(warnings)}</svg></a>'
    )


def _shape(look: Look) -> str:
    # ops.css makes the widths exact; where it does not know how, the bar is a hair too narrow.
    body = '<rect class="s" x="0.75" y="0.75" width="99%" height="28.5" rx="4"/>'
    if look.pattern:
        body += f'<rect x="0.75" y="0.75" width="99%" height="28.5" rx="4" fill="url(#{look.pattern})" class="p"/>'
    if look is EMPTY_LEG:
        body += '<rect class="i" x="3.5" y="3.5" width="94%" height="23" rx="2"/>'
    if look is CANCELLED:
        body += '<line x1="0" y1="15" x2="100%" y2="15"/>'
    return body


def _label(activity: Activity, look: Look, pixels: float, broken: bool) -> str:
    """As much as fits: route and number, the two airports above each other, or the letters alone."""
    letters = look.letters
    if activity.empty_leg is not None and activity.empty_leg.verified and look is EMPTY_LEG:
        letters = "EL✓"
    book = book_of_block_times(activity)
    if activity.kind is not ActivityKind.FLIGHT:
        wide = pixels > 60
        first = f"{letters} {activity.start_airport}" if wide else letters
        second = activity.title if wide else activity.start_airport
    elif pixels >= 84:
        first = f"{activity.start_airport}–{activity.end_airport}"
        second = " ".join(filter(None, (letters, activity.number, book and f"·{book}")))
    else:
        first, second = activity.start_airport, activity.end_airport
        if letters and pixels >= 60:
            second = f"{second} {letters}"
    if pixels < 23:
        return (
            f'<text class="ts" x="2" y="19">{escape(letters)}</text>'
            if pixels >= 5 * len(letters) + 3 and letters
            else ""
        )
    left = 5 if pixels >= 40 else 3
    size = "" if pixels >= 46 else ' class="ts"'
    shifted = left + 5 if broken else left  # clear of the mark at the lower left
    small = "t2" if pixels >= 46 else "ts"
    return (
        f'<text{size} x="{left}" y="13">{escape(first)}</text>'
        f'<text class="{small}" x="{shifted}" y="25">{escape(second)}</text>'
    )


def _marks(warnings: Sequence[ScheduleWarning]) -> str:
    """A triangle for an overlap, a gap for a break, at the start of the bar."""
    kinds = {warning.kind for warning in warnings}
    marks = ""
    if "break" in kinds:
        marks += '<path class="w b" d="M0 30V17l8 6.5z"/><path class="wl" d="M1.2 20.5l2.6 3-2.6 3"/>'
    if "overlap" in kinds or "marketing" in kinds:
        marks += '<path class="w" d="M0 0h15L0 15z"/><text class="wt" x="2" y="9">!</text>'
    return marks


def _scheduled(activity: Activity, top: int, window: Window) -> str:
    """A line under the bar from STD to STA, once actual times have moved the bar away from them."""
    if (activity.start, activity.end) == (activity.scheduled_start, activity.scheduled_end):
        return ""
    if activity.scheduled_end <= window.start or activity.scheduled_start >= window.end:
        return ""
    left, wide = _span(window, activity.scheduled_start, activity.scheduled_end)
    return f'<rect class="sched" x="{left:.3f}%" y="{top + BAR_HEIGHT + 1}" width="{wide:.3f}%" height="2.5"/>'


def _span(window: Window, start: datetime, end: datetime) -> tuple[float, float]:
    """Left and width in percent, cut to the window."""
    length = (window.end - window.start).total_seconds()
    left = max(0.0, (start - window.start).total_seconds() / length * 100)
    right = min(100.0, (end - window.start).total_seconds() / length * 100)
    return left, max(0.05, right - left)


def _percent(window: Window, when: datetime) -> str:
    return f"{(when - window.start) / (window.end - window.start) * 100:.3f}%"


_HOURS_BETWEEN_TICKS = {1: 2, 2: 3, 3: 6, 7: 12}


def _ticks(window: Window) -> list[Tick]:
    step = _HOURS_BETWEEN_TICKS.get(window.days, 24)
    found = []
    for hour in range(0, window.days * 24, step):
        when = window.start + timedelta(hours=hour)
        midnight = when.hour == 0
        label = f"{when:%a %-d}" if window.days > 14 else f"{when:%a %-d %b}"
        found.append(Tick(at=_percent(window, when), label=label if midnight else f"{when:%H}", day=midnight))
    return found


def _nights(window: Window, zone: str) -> list[Shade]:
    """Night by the clock at the operator's base."""
    base = ZoneInfo(zone)
    found = []
    for number in range(-1, window.days + 1):
        local = (window.start + timedelta(days=number)).date()
        dusk = datetime(local.year, local.month, local.day, NIGHT[0], tzinfo=base).astimezone(UTC)
        after = local + timedelta(days=1)
        dawn = datetime(after.year, after.month, after.day, NIGHT[1], tzinfo=base).astimezone(UTC)
        if dawn > window.start and dusk < window.end:
            left, wide = _span(window, dusk, dawn)
            found.append(Shade(at=f"{left:.3f}%", wide=f"{wide:.3f}%"))
    return found
