"""How checklists write what others wrote."""

from __future__ import annotations

import re

from django import template
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = template.Library()
_LINK = re.compile(r"https?://[^\s<>\"'“”]+[^\s<>\"'“”.,;:!?)\]]")


@register.filter
def note(text: str) -> SafeString:
    """A note with its line breaks, and with links that open beside the page. Nothing else in it is markup."""
    parts, at = [], 0
    for found in _LINK.finditer(text):
        parts += [_lines(text[at : found.start()]), _link(found[0])]
        at = found.end()
    parts.append(_lines(text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 (each part is escaped)


def _lines(text: str) -> str:
    return conditional_escape(text).replace("\n", "<br>")


def _link(address: str) -> str:
    return format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', address, address)
