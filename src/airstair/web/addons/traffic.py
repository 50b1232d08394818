"""The part of an add-on's Activity about messages that cannot be taken back, and about fetching.

What may be decided, the hub's commands say; this shows it and hands it on.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib import messages as told
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from airstair.hub.connections.queries import ConnectionFacts, connection
from airstair.hub.contract import Addon
from airstair.hub.forgetting import reset_fetched
from airstair.hub.messages import commands
from airstair.hub.messages.queries import MessageLine, message, messages, messages_waiting
from airstair.hub.pulls import RunLine, pull_now, pulls_of, runs
from airstair.hub.registry import addon
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, NotFound
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.looks import MESSAGES, NEVER_SENT, SENDING, Look, look_of_outcome

_MOST_SENT = 20
_MOST_RUNS = 10

_DECISIONS: dict[str, tuple[Callable[..., MessageLine], str]] = {
    "arrived": (commands.it_arrived, "{title}: noted that it arrived."),
    "again": (lambda actor, id_: commands.send_again(actor, id_, clock=times.CLOCK), "{title} goes out once more."),
    "drop": (commands.drop, "{title} is dropped: it does not go out."),
}


@dataclass(frozen=True)
class ShownMessage:
    """A message with its look, and what may be decided about it."""

    line: MessageLine
    look: Look

    @property
    def may_have_arrived(self) -> bool:
        return self.line.state == "doubtful"


@dataclass(frozen=True)
class ShownRun:
    """A run with its look."""

    run: RunLine
    look: Look
    title: str


def panels(
    request: PageRequest, one: Addon, facts: ConnectionFacts, visible: Collection[int] | None
) -> dict[str, object]:
    """For the Activity page. No statement where the add-on only keeps mirrors; two more for messages, three for pulls.

    Who sees some aircraft only sees neither: what a message is about may be on another one.
    """
    context: dict[str, object] = {}
    if visible is not None:
        return context
    if one.posts:
        context["waiting"] = [_shown(line) for line in messages_waiting(facts.operator_id, [facts.id])]
        context["sent_messages"] = [_shown(line) for line in messages(facts.operator_id, [facts.id], limit=_MOST_SENT)]
    if one.pulls:
        titles = {pull.key: pull.title for pull in one.pulls}
        context["may_reset"] = one.forget is not None and facts.on and request.actor.may(Right.ADDONS_MANAGE)
        context["pulls"] = pulls_of(facts.operator_id, [facts])[facts.id]
        context["pull_runs"] = [
            ShownRun(run, SENDING if run.ended_at is None else look_of_outcome(run.outcome), titles.get(run.flow, ""))
            for run in runs(facts.operator_id, facts.id, limit=_MOST_RUNS)
        ]
    return context


def _shown(line: MessageLine) -> ShownMessage:
    return ShownMessage(line, MESSAGES.get(line.state, NEVER_SENT))


@page(Right.ADDONS_EXPORT, doing="send to partners", methods=("POST",))
def decide(request: PageRequest, key: str, message_id: int, decision: str) -> HttpResponse:
    """A person's word about a message: it arrived, send it again, drop it."""
    if decision not in _DECISIONS:
        raise NotFound("This decision")
    line = message(request.operator.id, message_id)
    facts = _connection(request, key, line.connection_id)
    command, words = _DECISIONS[decision]
    return _back(request, key, facts, lambda actor: words.format(title=command(actor, message_id).title))


@page(Right.ADDONS_EXPORT, doing="fetch from partners", methods=("POST",))
def fetch(request: PageRequest, key: str, connection_id: int, flow: str) -> HttpResponse:
    """Fetch now, or when the partner's floor allows it."""
    facts = _connection(request, key, connection_id)

    def ask(actor: Actor) -> str:
        begins = pull_now(actor, facts.id, flow, clock=times.CLOCK)
        return "Fetching now." if begins <= times.now() else f"It is fetched from {begins:%H:%M:%S}Z on."

    return _back(request, key, facts, ask)


@page(Right.ADDONS_MANAGE, doing="reset what was fetched from partners", methods=("POST",))
def reset(request: PageRequest, key: str, connection_id: int) -> HttpResponse:
    """Remove all that was fetched, and fetch everything anew."""
    facts = _connection(request, key, connection_id)

    def begin_anew(actor: Actor) -> str:
        count = reset_fetched(actor, facts.id, clock=times.CLOCK)
        removed = f"{count} imported record{'' if count == 1 else 's'} removed."
        return f"{removed} Everything is fetched anew; this page shows how far it is."

    return _back(request, key, facts, begin_anew)


def _back(request: PageRequest, key: str, facts: ConnectionFacts, act: Callable[[Actor], str]) -> HttpResponse:
    try:
        told.success(request, act(request.actor))
    except Conflict as refusal:
        told.error(request, str(refusal))
    return redirect(f"{reverse('addon-activity', args=[key])}?{urlencode({'connection': facts.id})}")


def _connection(request: PageRequest, key: str, connection_id: int) -> ConnectionFacts:
    facts = connection(request.operator.id, connection_id)
    if facts.addon != addon(key).key:
        raise NotFound(f"Connection {connection_id}")
    return facts
