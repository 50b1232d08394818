"""How times, money and statuses are written on the pages. Must not decide anything."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Class of the chip of each status; the stylesheet gives each a shape beside the colour.
CHIPS = {
    "Awaiting quote": "wait", "Awaiting customer confirmation": "ask", "Order in progress": "go", "Delivered": "done",
    "Cancelled": "stop",
    "Asked": "wait", "Proposal": "ask", "Approved": "go", "Not required": "plain",
    "Not planned": "wait", "Planned": "go", "Requires confirmation": "ask", "Requires capture": "wait",
    "Succeeded": "done", "Claimed": "stop", "Cancelled before capture": "plain",
    "PENDING": "wait", "REQUESTED": "wait", "CONFIRMED": "go", "CANCELLED": "stop", "REJECTED": "stop",
    "NOT_REQUIRED": "plain",
}  # fmt: skip


@register.simple_tag
def chip(words: str, more: str = "") -> SafeString:
    """A status in its box."""
    return format_html('<span class="chip {} {}">{}</span>', CHIPS.get(str(words), "plain"), more, words)


@register.filter
def when(value: datetime | None) -> SafeString | str:
    """Day and time: 07 Apr 2031 08:15Z."""
    return _time(value, "%d %b %Y %H:%MZ")


@register.filter
def short(value: datetime | None) -> SafeString | str:
    """Day and time without the year: 07 Apr 08:15Z."""
    return _time(value, "%d %b %H:%MZ")


@register.filter
def clock(value: datetime | None) -> SafeString | str:
    """Time of day: 08:15Z."""
    return _time(value, "%H:%MZ")


@register.filter
def age(value: datetime | None) -> SafeString | str:
    """How long ago or how soon; the page's script writes the words, and keeps them true."""
    if value is None:
        return "–"
    value = value.astimezone(UTC)
    return format_html(
        '<time data-age datetime="{}" title="{}">{}</time>',
        f"{value:%Y-%m-%dT%H:%M:%SZ}", f"{value:%d %b %Y %H:%M:%SZ}", f"{value:%d %b %H:%MZ}",
    )  # fmt: skip


def _time(value: datetime | None, form: str) -> SafeString | str:
    if value is None:
        return "–"
    value = value.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', f"{value:%Y-%m-%dT%H:%M:%SZ}", value.strftime(form))


@register.filter
def day_field(value: datetime | None) -> str:
    """As an input of a date wants it."""
    return f"{value.astimezone(UTC):%Y-%m-%d}" if value else ""


@register.filter
def time_field(value: datetime | None) -> str:
    """As a person types it: 08:15."""
    return f"{value.astimezone(UTC):%H:%M}" if value else ""


@register.filter
def money(value: Any) -> str:
    """With two places and thin thousands; a dash while nobody has named a price."""
    return "–" if value in (None, "") else f"{Decimal(value):,.2f}".replace(",", "\u202f")


@register.filter
def pick(values: Any, key: Any) -> Any:
    """What a mapping has under a key that is only known in the template; nothing is an empty string."""
    return values.get(key, "") if values else ""


@register.filter
def plain(value: Any) -> str:
    """A number without needless noughts, for an input."""
    return "" if value in (None, "") else f"{Decimal(value).normalize():f}"
