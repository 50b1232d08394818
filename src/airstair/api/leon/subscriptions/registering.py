"""Mutations and queries by which subscriptions are made, listed and ended; and the key that verifies their tokens."""

from __future__ import annotations

from typing import Any

from ariadne import MutationType, ObjectType, QueryType, UnionType
from django.http import HttpRequest, HttpResponse
from graphql import GraphQLResolveInfo

from airstair.api.leon.asking import Asking
from airstair.api.leon.nids import definition_of
from airstair.api.leon.roots import further
from airstair.api.leon.subscriptions.happenings import HAPPENINGS
from airstair.api.leon.subscriptions.selection import Unfit, read_selection, read_variables
from airstair.api.leon.subscriptions.telling import KEY, SIGNING_KEY
from airstair.hub.webhooks import commands, queries
from airstair.hub.webhooks.rules import Owner
from airstair.hub.webhooks.signing import public_key
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.records.access.callers import whose_refresh_token

_SHORTEST_LABEL = 6
_CODES = {
    "label": "DUPLICATE_SUBSCRIPTION_WEBHOOK_ERROR",
    "webhookUrl": "REGEX_FAILED_ERROR",
    "subscription": "IS_NOT_SOME_ERROR",
    "variables": "IS_NOT_SOME_ERROR",
    "refreshToken": "TOKEN_EXPIRES_ERROR",
    "": "TOO_MANY_SUBSCRIPTION_WEBHOOKS_ERROR",
}
_WORDS = {"url": "webhookUrl"}

query, mutation = QueryType(), MutationType()
reading, writing = ObjectType("WebhookQuery"), ObjectType("WebhookMutation")
subscription = ObjectType("Subscription")
answer = UnionType("CreateSubscriptionWebhookResult", lambda told, *_: told["is"])
query.set_field("webhook", further)
mutation.set_field("webhook", further)
subscription.set_field("echo", lambda _parent, _info, text: text)


def _owner(asking: Asking) -> Owner:
    return Owner(key_id=asking.caller.key_id, grant_id=asking.caller.grant_id)


@reading.field("subscriptionList")
def _list(_: object, info: GraphQLResolveInfo[Asking]) -> list[dict[str, Any]]:
    asking = info.context
    return [
        {
            "label": one.label, "webhookUrl": one.url, "subscription": one.more["query"],
            "variables": one.more["text"], "includeAuthorizationHeader": one.more["authorization"],
            "failingSince": one.failing_since, "pausedAt": one.paused_at,
        }
        for one in queries.subscriptions(asking.operator_id, owner=_owner(asking), kind=KEY)
        if one.ended_at is None
    ]  # fmt: skip


@writing.field("createSubscriptionWebhook")
def _create(_: object, info: GraphQLResolveInfo[Asking], **sent: Any) -> dict[str, Any]:
    try:
        _subscribe(info.context, **sent)
    except Unfit as unfit:
        return _violations([(unfit.field, _CODES[unfit.field], unfit.sentence)])
    except Invalid as refusal:
        found = [(_WORDS.get(one.field, one.field), one.sentence) for one in refusal.problems]
        return _violations([(field, _code(field, sentence), sentence) for field, sentence in found])
    return {"is": "BooleanValue", "value": True}


def _subscribe(
    asking: Asking,
    refreshToken: str,
    label: str,
    subscription: str,
    webhookUrl: str,
    variables: str | None = None,
    includeAuthorizationHeader: bool | None = None,
) -> None:
    if whose_refresh_token(asking.operator_id, refreshToken) != (asking.caller.key_id, asking.caller.grant_id):
        raise Unfit("refreshToken", "It is not, or no longer, the refresh token behind this access token.")
    values = read_variables(variables)
    chosen = read_selection(subscription, values)
    for group in HAPPENINGS[chosen.path].scopes:
        asking.require(*group)
    operator = chosen.arguments.get("operatorId", asking.operator_id)
    if str(operator) != str(asking.operator_id):
        raise Unfit("variables", f"operatorId: it is not {operator}. Yours is {asking.operator_id}.")
    more = {
        "query": subscription, "variables": values, "text": variables, "label": label.strip(),
        "authorization": includeAuthorizationHeader is not False, "scopes": sorted(asking.caller.scopes),
    }  # fmt: skip
    if (item := chosen.arguments.get("checklistDefinitionNid")) is not None:
        more["items"] = [_item(asking, item)]
    problems = Problems()
    if len(label.strip()) < _SHORTEST_LABEL:
        problems.add("label", f"It is too short. Use at least {_SHORTEST_LABEL} characters.")
    commands.subscribe_as(
        asking.caller.acting(()), _owner(asking), problems, kind=KEY, label=label, url=webhookUrl,
        hears=[chosen.path], more=more, readable=lambda _reads: None,
    )  # fmt: skip


def _item(asking: Asking, nid: Any) -> str:
    found = definition_of(int(nid), asking.load.definitions)
    if found is None:
        raise NotFound(f"Checklist item {nid}")
    return found.key


def _code(field: str, sentence: str) -> str:
    return "TOO_SHORT_ERROR" if field == "label" and "short" in sentence else _CODES.get(field, "VALIDATION")


def _violations(found: list[tuple[str, str, str]]) -> dict[str, Any]:
    told = [{"message": code, "path": [field] if field else [], "description": said} for field, code, said in found]
    return {"is": "CreateSubscriptionWebhookViolationList", "value": told}


@writing.field("deleteSubscriptionWebhook")
def _delete(_: object, info: GraphQLResolveInfo[Asking], label: str, refreshToken: str | None = None) -> bool:
    asking = info.context
    for one in queries.subscriptions(asking.operator_id, owner=_owner(asking), kind=KEY):
        if one.ended_at is None and one.label.lower() == label.strip().lower():
            commands.unsubscribe(asking.caller.acting(()), one.id, owner=_owner(asking))
            return True
    raise NotFound(f"A subscription webhook “{label.strip()[:100]}”")


def signing_key(request: HttpRequest) -> HttpResponse:
    """The public key, in PEM. Of the installation, so for everybody."""
    return HttpResponse(public_key(SIGNING_KEY), content_type="application/x-pem-file")


BINDABLES = [query, mutation, reading, writing, subscription, answer]
