"""What time it is for these pages, and how long ago something was. Tests set `CLOCK`."""

from __future__ import annotations

from datetime import datetime, timedelta

from airstair.kernel.clock import Clock, SystemClock

CLOCK: Clock = SystemClock()


def now() -> datetime:
    """The current time, aware UTC."""
    return CLOCK.now()


def apart(when: datetime | None, at: datetime) -> str:
    """`4 min ago`, `in 2 h`, `just now`: to be shown beside the time itself, never instead of it."""
    if when is None:
        return ""
    seconds = (at - when).total_seconds()
    if abs(seconds) < 5:
        return "just now"
    text = length(timedelta(seconds=abs(seconds)))
    return f"{text} ago" if seconds > 0 else f"in {text}"


def length(span: timedelta) -> str:
    """`40 s`, `5 min`, `3 h`, `28 days`: rounded in the largest unit that is passed by half, or is met exactly."""
    seconds = round(span.total_seconds())
    for size, word in ((86400, "day"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size or seconds == size:
            count = round(seconds / size)
            return f"{count} {word}{'s' if word == 'day' and count != 1 else ''}"
    return f"{seconds} s"


def milliseconds(figure: float | None) -> str:
    """`84 ms` or `12.4 s`: the duration of a call."""
    if figure is None:
        return ""
    return f"{figure:.0f} ms" if figure < 10_000 else f"{figure / 1000:.1f} s"
