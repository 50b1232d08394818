"""Webhooks: which addresses hear of changes, in whose name, and how each delivery went."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.hub.webhooks import commands, queries
from airstair.hub.webhooks.kinds import kind_of
from airstair.hub.webhooks.rules import Owner, State, Topic
from airstair.kernel.errors import NotFound
from airstair.records.access.callers import standing_callers
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm, LineField, choice_field
from airstair.web.ops.answering import said
from airstair.web.settings.keys import ResourcesField

PAGE_LENGTH = 100
_DOING = "manage webhooks"
_WORDS = {
    Topic.FLIGHT: "Flights and trips",
    Topic.CHECKLIST: "Checklist",
    Topic.CREW: "Crew and duties",
    Topic.PASSENGER: "Passengers",
}


class WebhookForm(CommandForm):
    label = LineField(label="Label", help_text="What you call it.")
    url = LineField(label="Address", help_text="Where changes are posted to. It begins with https://.")
    owner = choice_field("In the name of", [], help_text="It hears of what this may read, and of nothing else.")
    topics = ResourcesField(label="Hears of", required=False, choices=list(_WORDS.items()))

    def __init__(self, operator_id: int, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        callers = standing_callers(operator_id)
        names = {f"{key or ''}:{grant or ''}": caller.name for (key, grant), caller in callers.items()}
        self.owners = {f"{key or ''}:{grant or ''}": Owner(key_id=key, grant_id=grant) for key, grant in callers}
        self.fields["owner"].widget.choices = sorted(names.items(), key=lambda one: one[1].lower())

    def as_input(self) -> commands.SubscriptionInput:
        clean = self.cleaned_data
        return commands.SubscriptionInput(label=clean["label"], url=clean["url"], topics=tuple(clean["topics"]))

    def as_owner(self) -> Owner:
        """Whose it is to be. One that is not there any more, the command refuses."""
        return self.owners.get(self.cleaned_data["owner"], Owner())


@page(Right.KEYS_MANAGE, doing=_DOING)
def webhooks(request: PageRequest) -> HttpResponse:
    """All webhooks, and the form for a new one. A secret is shown in the answer that made it, and never again."""
    operator_id = request.operator.id
    form = WebhookForm(operator_id, request.POST if request.method == "POST" else None)
    made: commands.NewSubscription | None = None
    if form.is_bound and form.is_valid():
        try:
            made = form.run(lambda: commands.subscribe(request.actor, form.as_owner(), form.as_input()))
        except NotFound:
            form.add_error("owner", "It is not valid any more. Choose another, or make a key under API keys.")
    waiting = queries.waiting(operator_id)
    context = {
        "form": WebhookForm(operator_id) if made else form,
        "made": made,
        "rows": [(one, waiting.get(one.id, 0)) for one in queries.subscriptions(operator_id)],
        "tab": "webhooks",
    }
    return render(request, "web/settings/webhooks.html", context, status=form.http_status)


@page(Right.KEYS_MANAGE, doing=_DOING, methods=("GET",))
def webhook(request: PageRequest, webhook_id: int) -> HttpResponse:
    """One webhook and its delivery log, the newest first; `before` pages on, `state` chooses."""
    operator_id = request.operator.id
    facts = queries.subscription(operator_id, webhook_id)
    state, before = request.GET.get("state", ""), request.GET.get("before", "")
    log = queries.deliveries(
        operator_id,
        webhook_id,
        state=state if state in set(State) else "",
        before_id=int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None,
        limit=PAGE_LENGTH + 1,
    )
    context = {
        "one": facts,
        "kind": kind_of(facts.kind).label,
        "told": facts.more.get("query", ""),
        "log": log[:PAGE_LENGTH],
        "more": log[PAGE_LENGTH - 1].id if len(log) > PAGE_LENGTH else None,
        "state": state,
        "states": [one for one in State if one is not State.SENDING],
        "tab": "webhooks",
    }
    return render(request, "web/settings/webhook.html", context)


@page(Right.KEYS_MANAGE, doing=_DOING, methods=("POST",))
def act_on_webhook(request: PageRequest, webhook_id: int, action: str) -> HttpResponse:
    """`pause`, `resume` or `end`."""
    label = queries.subscription(request.operator.id, webhook_id).label
    match action:
        case "pause" | "resume":
            commands.pause(request.actor, webhook_id, on=action == "pause")
            sentence = "is paused: what it is to be told waits." if action == "pause" else "is told again."
        case "end":
            commands.unsubscribe(request.actor, webhook_id)
            sentence = "has ended. It hears of nothing any more."
        case _:
            raise NotFound("This page")
    said(request, f"{label} {sentence}")
    return redirect("settings-webhook", webhook_id)


@page(Right.KEYS_MANAGE, doing=_DOING, methods=("POST",))
def deliver_again(request: PageRequest, delivery_id: int) -> HttpResponse:
    facts = commands.deliver_again(request.actor, delivery_id)
    said(request, "It is sent now, under the same id.")
    return redirect(f"{reverse('settings-webhook', args=[facts.id])}#d{delivery_id}")
