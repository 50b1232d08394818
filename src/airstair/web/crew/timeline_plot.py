"""The course of a fatigue analysis as an SVG drawing, and as a table for whoever does not see it. Pure.

Colours come from the style sheet, so that light and dark are one drawing. Sleep, work and the criterion are told apart
by place and shape as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import groupby

from django.utils.safestring import SafeString, mark_safe

from airstair.records.crewing.fatigue.analysis import Analysis, Point

WIDE, HIGH = 1000, 330
LEFT, RIGHT, TOP, BOTTOM = 42, 990, 14, 236  # of the field in which the course runs
SLEEP_TOP, WORK_TOP, LANE = 246, 272, 20  # the two lanes below it
HIGHEST, LOWEST = 110.0, 40.0  # per cent; the scale goes lower where the course does
MOST_LINES = 200  # of the table behind
_HOURS_BETWEEN_LABELS = ((2, 3), (4, 6), (8, 12), (400, 24))  # up to so many days: a line each so many hours


@dataclass(frozen=True)
class Reading:
    """One line of the table behind the drawing."""

    at: datetime
    effectiveness: float
    reservoir: float
    doing: str


def drawing(found: Analysis) -> SafeString:
    """The SVG. Its title and description say the gist; the tables beside it say the rest."""
    low = min([LOWEST, *(point.effectiveness // 10 * 10 for point in found.course)])
    scale = _Scale(found.start, found.end, max(0.0, low))
    parts = [
        f'<svg class="plot" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-labelledby="plot-title plot-said">',
        f'<title id="plot-title">Effectiveness from {found.start:%-d %b} to {found.end:%-d %b}, UTC</title>',
        f'<desc id="plot-said">{escape(gist(found))}</desc>',
        *_grid(found, scale),
        *_below(found, scale),
        *_lanes(found, scale),
        *_course(found.course, scale),
        "</svg>",
    ]
    return mark_safe("".join(parts))  # noqa: S308  # every text in it went through `escape`


def gist(found: Analysis) -> str:
    """The drawing in a sentence or two."""
    if found.lowest is None:
        return "No work in these days."
    below = [one for one in found.judged if one.below > 0]
    worst = min(found.judged, key=lambda one: one.lowest)
    tail = f"Below {found.criterion:g} during {len(below)} of {len(found.judged)}." if below else "Never below it."
    return f"Lowest at work {found.lowest:.0f}, on {worst.work.title}; the criterion is {found.criterion:g}. {tail}"


def readings(found: Analysis) -> list[Reading]:
    """The course at whole intervals, so few that they can be read."""
    step = -(-len(found.course) // MOST_LINES)
    lines = []
    for point in found.course[::step]:
        doing = "asleep" if point.asleep else "at work" if _at_work(found, point.at) else ""
        lines.append(Reading(point.at, point.effectiveness, point.reservoir, doing))
    return lines


def _at_work(found: Analysis, when: datetime) -> bool:
    return any(one.work.start <= when < one.work.end for one in found.judged)


class _Scale:
    """From times and per cent to places in the drawing."""

    def __init__(self, start: datetime, end: datetime, lowest: float) -> None:
        self.start, self.end, self.lowest = start, end, lowest

    def x(self, when: datetime) -> float:
        share = (min(max(when, self.start), self.end) - self.start) / (self.end - self.start)
        return LEFT + share * (RIGHT - LEFT)

    def y(self, percent: float) -> float:
        share = (min(max(percent, self.lowest), HIGHEST) - self.lowest) / (HIGHEST - self.lowest)
        return BOTTOM - share * (BOTTOM - TOP)


def _grid(found: Analysis, scale: _Scale) -> Iterator[str]:
    for percent in range(int(scale.lowest), int(HIGHEST) + 1, 10):
        y = scale.y(percent)
        yield f'<line class="grid" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{percent}</text>'
    days = (found.end - found.start) / timedelta(days=1)
    hours = next(step for most, step in _HOURS_BETWEEN_LABELS if days <= most)
    every_other = 2 if days > 16 else 1
    when, number = found.start, 0
    while when <= found.end:
        x, midnight = scale.x(when), when.hour == 0
        css = "day" if midnight else "grid"
        yield f'<line class="{css}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{WORK_TOP + LANE}"/>'
        if midnight and when < found.end and number % every_other == 0:
            yield f'<text class="date" x="{x + 3:.1f}" y="{HIGH - 22}">{when:%-d %b}</text>'
        elif not midnight:
            yield f'<text x="{x:.1f}" y="{HIGH - 8}" text-anchor="middle">{when:%H}Z</text>'
        number += midnight
        when += timedelta(hours=hours)
    for name, y in (("Sleep", SLEEP_TOP), ("Work", WORK_TOP)):
        yield f'<text x="{LEFT - 6}" y="{y + 14}" text-anchor="end">{name}</text>'


def _below(found: Analysis, scale: _Scale) -> Iterator[str]:
    y = scale.y(found.criterion)
    yield f'<rect class="below" x="{LEFT}" y="{y:.1f}" width="{RIGHT - LEFT}" height="{BOTTOM - y:.1f}"/>'
    yield f'<line class="criterion" x1="{LEFT}" x2="{RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
    said = f"Criterion {found.criterion:g}"
    yield f'<text class="criterion" x="{RIGHT - 4}" y="{y - 4:.1f}" text-anchor="end">{said}</text>'


def _lanes(found: Analysis, scale: _Scale) -> Iterator[str]:
    for sleep in found.sleeps:
        said = f"Sleep {sleep.start:%-d %b %H:%M}Z to {sleep.end:%H:%M}Z, estimated"
        yield _block("sleep", scale.x(sleep.start), scale.x(sleep.end), SLEEP_TOP, said)
    for one in found.judged:
        x, until = scale.x(one.work.start), scale.x(one.work.end)
        css = "work low" if one.below > 0 else "work"
        said = f"{one.work.title}: lowest {one.lowest:.0f}, {one.below:.0f} % below criterion"
        yield f'<rect class="during" x="{x:.1f}" y="{TOP}" width="{max(0.5, until - x):.1f}" height="{BOTTOM - TOP}"/>'
        yield _block(css, x, until, WORK_TOP, said)


def _block(css: str, x: float, until: float, y: int, said: str) -> str:
    wide = max(1.5, until - x)
    return (
        f'<rect class="{css}" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{LANE}" rx="2">'
        f"<title>{escape(said)}</title></rect>"
    )


def _course(points: Iterable[Point], scale: _Scale) -> Iterator[str]:
    """The reservoir as a thin line, effectiveness as a thick one; asleep it is only drawn as a hint."""
    every = list(points)
    yield f'<path class="reservoir" d="{_path((scale.x(p.at), scale.y(p.reservoir)) for p in every)}"/>'
    last: Point | None = None
    for asleep, some in groupby(every, key=lambda point: point.asleep):
        run = list(some)
        joined = [last, *run] if last is not None else run
        css = "asleep" if asleep else "effectiveness"
        yield f'<path class="{css}" d="{_path((scale.x(p.at), scale.y(p.effectiveness)) for p in joined)}"/>'
        last = run[-1]


def _path(places: Iterable[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
