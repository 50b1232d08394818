"""An add-on's About: what the partner is and how to get credentials, in its own words; then what the engine obeys.

The second part is drawn from the flows and facts themselves, so that it cannot differ from what is done.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from airstair.hub.computing import Compute
from airstair.hub.connections.queries import default_connection
from airstair.hub.contract import Addon
from airstair.hub.doors.words import in_words
from airstair.hub.facts import Certainty
from airstair.hub.flows import (
    Backoff,
    Budget,
    ByHand,
    Every,
    Flow,
    Mirror,
    Post,
    Pull,
    Removal,
    Write,
)
from airstair.hub.registry import addon
from airstair.hub.setting import read_settings, secret_names
from airstair.hub.triggers import DailyAt
from airstair.hub.visits import Handoff, Receive, Serve
from airstair.kernel.errors import Invalid
from airstair.web.acting import PageRequest, page
from airstair.web.addons.times import length

# Raw HTML in an add-on's text is shown as text: an add-on can come from anybody.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_WRITES = {
    Write.WHOLE: "Replaces all that the partner has of it",
    Write.UPSERT: "Creates or updates it",
}
_REMOVALS = {
    Removal.OMIT: "It stops being sent; the partner keeps what it has",
    Removal.DELETE: "It is deleted at the partner",
    Removal.MARK: "It is marked as gone at the partner",
}


@dataclass(frozen=True)
class FlowInWords:
    """What the engine does for one flow, as label and sentence."""

    flow: Flow
    rules: list[tuple[str, str]]


@dataclass(frozen=True)
class Share:
    """How many of the facts are of one certainty."""

    certainty: Certainty
    count: int
    percent: int


@page(methods=("GET",))
def about(request: PageRequest, key: str) -> HttpResponse:
    one = addon(key)
    facts = default_connection(request.operator.id, key)
    stored = facts.settings if facts else {}
    context = {
        "addon": one,
        "tab": "about",
        "text": rendered(text_of(one)),
        "flows": [FlowInWords(flow, rules_of(flow, one, stored)) for flow in one.flows],
        "budget": budget_in_words(one.budget),
        "shares": shares(one),
    }
    return render(request, "web/addons/about.html", context)


def text_of(one: Addon) -> str:
    """The add-on's About in Markdown; empty for one that has no folder to keep it in."""
    try:
        return one.about
    except (ValueError, ModuleNotFoundError, FileNotFoundError):
        return ""


def rendered(text: str) -> SafeString:
    """Markdown as HTML, one level of heading lower because the page has its own."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}"
    html = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    return mark_safe(html)  # noqa: S308 - raw HTML is disabled above


def rules_of(flow: Flow, one: Addon, stored: dict[str, Any]) -> list[tuple[str, str]]:
    """Trigger, floor, retry and the rest of one flow."""
    if isinstance(flow, Serve | Receive | Handoff):
        return in_words(flow, one)
    if isinstance(flow, Compute):
        return [
            ("Trigger", "Only when a person asks"),
            ("What goes in", flow.inputs),
            ("Whose model", flow.provenance),
            ("Leaves Airstair", "Nothing: it runs inside"),
        ]
    if isinstance(flow, Post):
        return [
            ("Trigger", _trigger(flow, one, stored)),
            ("Sent twice", "Never without a person's word: what is sent cannot be taken back"),
            ("Retry", f"{_retry(flow)}. Only what the partner certainly has not seen"),
            ("At once", f"{flow.calls_at_once} calls, each about one {flow.unit.value}"),
            ("Deadline of a call", length(flow.deadline)),
        ]
    if isinstance(flow, Pull):
        return [
            ("Trigger", _trigger(flow, one, stored)),
            ("Floor", f"Never two runs within {length(flow.floor)}" if flow.floor else "None"),
            ("Retry", _retry(flow)),
            ("May do here", ", ".join(sorted(flow.rights))),
            ("Deadline of a call", length(flow.deadline)),
        ]
    ahead = "all that is planned" if flow.horizon.ahead is None else f"the next {length(flow.horizon.ahead)}"
    return [
        ("Trigger", _trigger(flow, one, stored)),
        ("Floor", f"Never two calls for one {flow.unit.value} within {length(flow.floor)}" if flow.floor else "None"),
        ("Retry", _retry(flow)),
        ("Write", _WRITES[flow.write]),
        ("When no longer sent", _REMOVALS[flow.removal]),
        ("Reach", f"The last {length(flow.horizon.back)} and {ahead}"),
        ("At once", f"{flow.calls_at_once} calls, {flow.units_per_call} {flow.unit.value} in each"),
        ("Deadline of a call", length(flow.deadline)),
    ]


def _trigger(flow: Mirror | Post | Pull, one: Addon, stored: dict[str, Any]) -> str:
    if isinstance(flow.trigger, ByHand):
        return "Only when a person asks"
    if not isinstance(flow.trigger, Every | DailyAt):
        return "When something that it shows has changed"
    hidden = secret_names(one.settings)
    try:
        settings = read_settings(one.settings, {name: value for name, value in stored.items() if name not in hidden})
    except Invalid:
        settings = one.settings()
    if isinstance(flow.trigger, DailyAt):
        at = flow.trigger.at(settings)
        return f"Daily at {at:%H:%M} UTC" if at is not None else "Only when a person asks"
    minutes = flow.trigger.minutes(settings)
    if not minutes:
        return "Only with EXPORT NOW" if isinstance(flow, Mirror) else "Only when a person asks"
    return f"Every {minutes} minutes, changed or not" if isinstance(flow, Mirror) else f"Every {minutes} minutes"


def _retry(flow: Mirror | Post | Pull) -> str:
    if isinstance(flow.retry, Backoff):
        first, longest = length(flow.retry.first), length(flow.retry.longest)
        return f"Up to {flow.retry.tries} times, after {first} at first and {longest} at most; then a person is awaited"
    return "None: the next regular call is the next attempt"


def budget_in_words(budget: Budget | None) -> str:
    if budget is None:
        return "No limit is known."
    return f"At most {budget.calls:,} calls in {length(budget.per)} for one account, {budget.burst:,} of them at once."


def shares(one: Addon) -> list[Share]:
    """How sure what is known of the partner is. Percentages add up as far as rounding lets them."""
    counts = Counter(fact.certainty for fact in one.facts)
    total = len(one.facts) or 1
    return [Share(certainty, counts[certainty], round(counts[certainty] * 100 / total)) for certainty in Certainty]
