"""Operations on webhooks: a caller subscribes addresses of its own, sees what they were told, and ends them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Query, Schema
from pydantic import Field, StrictStr

from airstair.api.rest.entrance import ApiKey, ApiRequest
from airstair.api.rest.listing import PROBLEMS, WRITING, Id, Limit
from airstair.api.rest.reading import router
from airstair.api.rest.schemas import Input
from airstair.api.rest.writing import IdempotencyKey, carry_out
from airstair.hub.webhooks import commands, queries
from airstair.hub.webhooks.own import KEY
from airstair.hub.webhooks.queries import DeliveryFacts, SubscriptionFacts
from airstair.hub.webhooks.rules import Owner, State, Topic
from airstair.records.access.snapshots import Caller

_TAGS = ["Webhooks"]


class WebhookIn(Input):
    """An address that is to hear of changes."""

    label: Annotated[StrictStr, Field(max_length=100, examples=["Roster, production"])]
    url: Annotated[StrictStr, Field(max_length=500, examples=["https://roster.example/hooks/airstair"])]
    topics: list[Topic] = Field(min_length=1, max_length=len(Topic), examples=[["flight", "crew"]])


class WebhookOut(Schema):
    id: int
    label: str
    url: str
    topics: list[str]
    created_at: datetime
    delivered_at: datetime | None = Field(description="When it last took a delivery.")
    failing_since: datetime | None = Field(description="Since when nobody is reached there. Nothing is lost meanwhile.")
    paused_at: datetime | None
    paused_why: str
    ended_at: datetime | None
    ended_why: str


class NewWebhookOut(WebhookOut):
    secret: str = Field(description="Verifies signatures. It cannot be shown again.", examples=["whsec_…"])


class DeliveryOut(Schema):
    """One change told to a webhook."""

    id: int = Field(description="Sent as Airstair-Webhook-Id with every try.")
    event: str = Field(examples=["flight.changed"])
    at: datetime = Field(description="When the change was made.")
    state: State
    tries: int
    status: int | None = Field(description="Of the latest answer.")
    said: str = Field(description="The beginning of the latest answer, or why there is none.")
    next_at: datetime | None = Field(description="When it is tried next, while it waits.")
    ended_at: datetime | None


def _owner(caller: Caller) -> Owner:
    return Owner(key_id=caller.key_id, grant_id=caller.grant_id)


def _out(facts: SubscriptionFacts) -> WebhookOut:
    return WebhookOut(**{name: getattr(facts, name) for name in WebhookOut.model_fields if name != "topics"},
                      topics=list(facts.hears))  # fmt: skip


def _delivery_out(facts: DeliveryFacts) -> DeliveryOut:
    values = {name: getattr(facts, name) for name in DeliveryOut.model_fields}
    return DeliveryOut(**{**values, "next_at": None if facts.ended_at else facts.next_at})


@router.get("/webhooks", response={200: list[WebhookOut], **PROBLEMS}, auth=ApiKey(), tags=_TAGS)
def list_webhooks(request: ApiRequest) -> list[WebhookOut]:
    """The caller's webhooks, those that have ended last."""
    caller = request.auth
    return [_out(one) for one in queries.subscriptions(caller.operator_id, owner=_owner(caller), kind=KEY)]


@router.post("/webhooks", response={201: NewWebhookOut, **WRITING}, auth=ApiKey(), tags=_TAGS)
def create_webhook(request: ApiRequest, body: WebhookIn) -> HttpResponse:
    """Tell an address of changes, as far as the caller may read them. The secret is in this answer alone."""
    caller = request.auth
    wanted = commands.SubscriptionInput(label=body.label, url=body.url, topics=tuple(str(one) for one in body.topics))

    def work() -> NewWebhookOut:
        made = commands.subscribe(caller.acting(()), _owner(caller), wanted)
        return NewWebhookOut(**_out(made.facts).model_dump(), secret=made.secret)

    return carry_out(request, None, 201, work)  # no kept answer: it would keep the secret


@router.get("/webhooks/{webhook_id}", response={200: WebhookOut, **PROBLEMS}, auth=ApiKey(), tags=_TAGS)
def get_webhook(request: ApiRequest, webhook_id: Id) -> WebhookOut:
    """One webhook of the caller's."""
    return _out(queries.subscription(request.auth.operator_id, webhook_id, owner=_owner(request.auth)))


@router.delete("/webhooks/{webhook_id}", response={204: None, **WRITING}, auth=ApiKey(), tags=_TAGS)
def delete_webhook(request: ApiRequest, webhook_id: Id, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Tell it nothing any more. Again changes nothing."""
    caller = request.auth

    def work() -> None:
        commands.unsubscribe(caller.acting(()), webhook_id, owner=_owner(caller))

    return carry_out(request, idempotency_key, 204, work)


@router.get(
    "/webhooks/{webhook_id}/deliveries", response={200: list[DeliveryOut], **PROBLEMS}, auth=ApiKey(), tags=_TAGS
)
def list_deliveries(
    request: ApiRequest,
    webhook_id: Id,
    state: Annotated[State | None, Query(description="Only those in this state.")] = None,
    before_id: Annotated[int | None, Query(ge=1, le=2**53 - 1, description="Only older ones than this.")] = None,
    limit: Limit = 100,
) -> list[DeliveryOut]:
    """What a webhook was told, the newest first; kept for two weeks."""
    operator_id = request.auth.operator_id
    facts = queries.subscription(operator_id, webhook_id, owner=_owner(request.auth))
    found = queries.deliveries(
        operator_id, facts.id, state="" if state is None else state.value, before_id=before_id, limit=limit
    )
    return [_delivery_out(one) for one in found]


@router.post("/deliveries/{delivery_id}/again", response={204: None, **WRITING}, auth=ApiKey(), tags=_TAGS)
def deliver_again(request: ApiRequest, delivery_id: Id, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Send a delivery now, under its id: one that was given up, or waits, or was taken already."""
    caller = request.auth

    def work() -> None:
        commands.deliver_again(caller.acting(()), delivery_id, owner=_owner(caller))

    return carry_out(request, idempotency_key, 204, work)
