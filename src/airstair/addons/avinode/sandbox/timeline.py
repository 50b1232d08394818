"""The picture of one aircraft's availability on its inspector page: ten days as a strip, drawn as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from airstair.addons.avinode.sandbox.availability import IGNORED, Interval
from airstair.addons.avinode.sandbox.model import Activity, MappingRow
from airstair.sandbox.markup import Html, el

BEFORE, AFTER = timedelta(days=3), timedelta(days=7)
WIDTH, TOP, HEIGHT = 1200, 20, 26


def timeline(
    intervals: list[Interval], mapping: Mapping[str, MappingRow], activities: list[Activity], now: datetime
) -> Html:
    """Three days back and seven ahead: above what the aircraft does, in the colours of the mapping table; below how it
    is read: available, occupied, and dashed what is ignored."""
    start, end = now - BEFORE, now + AFTER

    def x(when: datetime | None, otherwise: datetime) -> float:
        share = ((when or otherwise) - start) / (end - start)
        return round(min(max(share, 0.0), 1.0) * WIDTH, 1)

    parts: list[Html] = []
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    while midnight < end:
        at = x(midnight, midnight)
        parts.append(el("line", x1=at, x2=at, y1=TOP - 4, y2=TOP + 2 * HEIGHT + 8, class_="tick"))
        parts.append(el("text", f"{midnight:%a %d}", x=at + 3, y=13, class_="faint"))
        midnight += timedelta(days=1)
    for activity in activities:
        left, right = x(activity.start, start), x(activity.end, end)
        if right > 0 and left < WIDTH:
            row = mapping.get(activity.activity_type, MappingRow())
            label = f"{activity.activity_type}: {activity.start_airport} to {activity.end_airport}"
            width = max(right - left, 1.5)
            parts.append(_bar(left, TOP, width, label, "task", fill=row.colour))
    for interval in intervals:
        left, right = x(interval.start, start), x(interval.end, end)
        if right <= left:
            continue
        where = interval.start_airport or "unknown"
        top = TOP + HEIGHT + 4 if interval.state != IGNORED else TOP - 2
        parts.append(_bar(left, top, right - left, f"{interval.state}: {interval.why}", interval.state))
        if right - left > 60 and interval.state != IGNORED:
            parts.append(el("text", f"{where} {interval.state}", x=left + 4, y=top + 17))
    at_now = x(now, now)
    parts.append(el("line", x1=at_now, x2=at_now, y1=4, y2=TOP + 2 * HEIGHT + 8, class_="now"))
    label = "Schedule and availability, three days back and seven days ahead"
    return el(
        "svg", *parts, viewBox=f"0 0 {WIDTH} {TOP + 2 * HEIGHT + 12}", class_="line", role="img", aria_label=label
    )


def _bar(left: float, top: float, width: float, label: str, class_: str, fill: str | None = None) -> Html:
    return el(
        "rect", el("title", label), x=left, y=top, width=round(width, 1), height=HEIGHT, rx=2, class_=class_, fill=fill
    )
