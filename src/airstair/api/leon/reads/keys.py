"""The operator's API keys: which there are, and what each may do. Never their text, and nothing that makes one."""

from __future__ import annotations

from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon.asking import Asking, Info
from airstair.records.access.queries import api_keys
from airstair.records.access.scopes import known, scopes_of_key
from airstair.records.access.snapshots import ApiKeyFacts

KEYS = "GRAPHQL_API_KEYS"

query, key = QueryType(), ObjectType("ApiKey")


def _in_use(asking: Asking) -> list[ApiKeyFacts]:
    asking.require(KEYS)
    return [one for one in api_keys(asking.operator_id) if one.revoked_at is None]


@query.field("apiKeyList")
def _list(_: object, info: Info) -> list[ApiKeyFacts]:
    return _in_use(info.context)


@query.field("apiKey")
def _one(_: object, info: Info, apiKeyNid: int) -> ApiKeyFacts | None:
    return next((one for one in _in_use(info.context) if one.id == apiKeyNid), None)


@key.field("resourceList")
def _resources(facts: ApiKeyFacts, _info: object) -> tuple[str, ...]:
    return known(scopes_of_key(facts.reads, facts.writes))


@key.field("restrictionList")
def _restrictions(_facts: ApiKeyFacts, _info: object) -> list[Any]:
    return []


key.set_alias("apiKeyNid", "id")

BINDABLES = [query, key]
