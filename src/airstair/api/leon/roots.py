"""The fields at the root that lead further, and `echo`."""

from __future__ import annotations

from ariadne import MutationType, ObjectType, QueryType

query, mutation = QueryType(), MutationType()
integrations = [ObjectType("IntegrationQuery"), ObjectType("IntegrationMutation")]


def _echo(_parent: object, _info: object, text: str) -> str:
    return text


def further(_parent: object, _info: object) -> dict[str, object]:
    """What stands under such a field is asked of the record by its own resolvers."""
    return {}


for _one in (query, mutation, *integrations):
    _one.set_field("echo", _echo)
for _one in (query, mutation):
    _one.set_field("integration", further)

BINDABLES = [query, mutation, *integrations]
