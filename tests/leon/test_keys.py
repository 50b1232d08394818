"""API keys as connected applications see them, and that no program makes any."""

from __future__ import annotations

import pytest
from tests.leon.conftest import Connected, Leon
from tests.records.conftest import World

from airstair.api.leon.building import schema
from airstair.records.access.commands import ApiKeyInput, create_api_key, revoke_api_key

FIELDS = "apiKeyNid name description usagePurpose resourceList restrictionList { registration }"
ONE = f"query($n: ApiKeyNid!) {{ apiKey(apiKeyNid: $n) {{ {FIELDS} }} }}"


@pytest.mark.req("LEO-02")
def test_keys_in_use_are_told_with_what_each_may_do(world: World, other: World) -> None:
    made = create_api_key(world.admin, ApiKeyInput(name="Wall display", reads=("Journey Log",)))
    gone = create_api_key(world.admin, ApiKeyInput(name="Gone", reads=("Crew",))).facts
    revoke_api_key(world.admin, gone.id)
    theirs = create_api_key(other.admin, ApiKeyInput(name="Theirs", reads=("Crew",))).facts
    desk = Connected(world, "GRAPHQL_API_KEYS")
    told = {
        "apiKeyNid": made.facts.id, "name": "Wall display", "description": None, "usagePurpose": None,
        "resourceList": ["GRAPHQL_OPERATOR", "GRAPHQL_AIRPORT", "GRAPHQL_FLIGHT_WATCH", "GRAPHQL_JOURNEY_LOG"],
        "restrictionList": [],
    }  # fmt: skip
    listed = desk.ask(f"{{ apiKeyList {{ {FIELDS} }} }}")
    assert listed.json() == {"data": {"apiKeyList": [told]}}
    assert made.token.encode() not in listed.content and b"secret" not in listed.content
    assert desk(ONE, n=str(made.facts.id)) == {"apiKey": told}
    for nid in (gone.id, theirs.id, 7):
        assert desk(ONE, n=nid) == {"apiKey": None}
    assert desk.ask(ONE, n="x").status_code == 400


@pytest.mark.req("LEO-02")
def test_no_key_sees_keys_and_no_program_makes_one(world: World, leon: Leon) -> None:
    flights = Connected(world, "GRAPHQL_FLIGHT")
    for query in ("{ apiKeyList { name } }", "{ apiKey(apiKeyNid: 1) { name } }"):
        error = leon.refused(query)
        assert "'GRAPHQL_API_KEYS'" in error["message"] and error["extensions"]["category"] == "accessRestriction"
        assert "'GRAPHQL_API_KEYS'" in flights.refused(query)["message"]
    mutation = schema().mutation_type
    assert mutation is not None and not [name for name in mutation.fields if "apikey" in name.lower()]
