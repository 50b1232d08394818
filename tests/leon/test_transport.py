"""How requests are taken, and what they are answered when they cannot be."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from tests.leon.conftest import ADDRESS, Connected, Leon
from tests.records.conftest import World

from airstair.api.leon import loaders, transport
from airstair.records.access.commands import first_tokens, revoke_api_key, withdraw_grant
from airstair.records.access.queries import api_keys

ECHO = '{ echo(text: "hello") }'


@pytest.mark.req("LEO-01")
@pytest.mark.parametrize(
    ("body", "media"),
    [
        ({"query": ECHO}, "application/json"),
        (json.dumps({"query": ECHO}) + " ", "application/json"),  # a space after the brace
        ({"query": ECHO, "variables": None, "operationName": None}, "application/json; charset=utf-8"),
        ({"query": ECHO, "variables": []}, "application/json"),  # an empty object in some languages
        ({"query": "query E($t: String!) { echo(text: $t) }", "variables": '{"t": "hello"}'}, "application/json"),
        ({"query": f"query A {ECHO} query B {{ __typename }}", "operationName": "A"}, "application/json"),
        ({"query": ECHO}, "text/plain"),
        (ECHO, "application/graphql"),
        ("query=%7B+echo%28text%3A+%22hello%22%29+%7D", "application/x-www-form-urlencoded"),
    ],
)
def test_bodies_in_all_the_forms_that_clients_send(leon: Leon, body: Any, media: str) -> None:
    answer = leon.send(body if isinstance(body, str) else json.dumps(body), media)
    assert (answer.status_code, answer.json()) == (200, {"data": {"echo": "hello"}}), answer.content
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.req("LEO-01")
def test_only_a_valid_token_is_let_in(world: World, leon: Leon) -> None:
    assert leon(ECHO) == {"echo": "hello"}
    connected = Connected(world)
    assert connected(ECHO) == {"echo": "hello"}
    stale = first_tokens(connected.grant, datetime.now(UTC) - timedelta(hours=1)).access
    assert Leon(stale).ask(ECHO).status_code == 401
    withdrawn = Connected(world, name="Withdrawn")
    withdraw_grant(world.admin, withdrawn.grant.id)
    assert withdrawn.ask(ECHO).status_code == 401
    for token in ("", "nonsense", leon.token[:-1] + "-", "askey_1_1_" + "A" * 43):
        answer = Leon(token).ask(ECHO)
        assert answer.status_code == 401 and answer.json()["errors"][0]["message"], token
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    client = Client()
    client.force_login(_admin(world))
    assert client.post(ADDRESS, {"query": ECHO}, content_type="application/json").status_code == 401  # no cookie does
    revoke_api_key(world.admin, api_keys(world.id)[0].id)
    assert leon.ask(ECHO).status_code == 401


def _admin(world: World) -> Any:
    from django.contrib.auth import get_user_model

    return get_user_model().objects.get(email=f"admin@{world.code.lower()}.example")


@pytest.mark.req("LEO-01", "LEO-07")
def test_what_cannot_be_read_or_carried_out_is_a_400_that_says_why(leon: Leon) -> None:
    wrong = {
        "not json": "not JSON", "[]": "one JSON object", "{}": "There is no query", "": "not JSON",
        '{"query": 7}': "There is no query", '{"query": "{ nothing }"}': "Cannot query field 'nothing'",
        '{"query": "{"}': "Syntax Error", '{"query": "{ echo }"}': "is required",
        '{"query": "query A { __typename } query B { __typename }"}': "Must provide operation name",
        '{"query": "{ __typename }", "variables": 7}': "must be an object",
        '{"query": "{ __typename }", "variables": {"a": "\\ud800"}}': "half a character",
        '{"query": "{ __typename }", "operationName": "Z"}': "Unknown operation named 'Z'",
        '{"query": "query($n: FlightNid!) { flight(flightNid: $n) { arcid } }", "variables": {"n": "x"}}': "got inv",
        '{"query": "{ flight(flightNid: \\"x\\") { flightNo } }"}': "is not an id",
        '{"query": "subscription { nothing }"}': "Cannot query field",
        '{"query": "subscription { echo(text: \\"x\\") }"}': "webhooks",
    }  # fmt: skip
    for body, said in wrong.items():
        answer = leon.send(body)
        assert answer.status_code == 400, body
        first = answer.json()["errors"][0]
        assert said in first["message"] and first["extensions"]["category"], (body, first)
    assert leon.send(b"\xff\xfe").status_code == 400
    assert leon.send("{" * 100_000).status_code == 400
    assert leon.send("x" * (1200 * 1024)).status_code == 400
    deep = leon.ask("{" + "a{" * 3000 + "b" + "}" * 3001)
    assert deep.status_code == 400


@pytest.mark.req("LEO-01")
def test_the_trailing_slash_and_the_method_matter(leon: Leon) -> None:
    page = Client(enforce_csrf_checks=True).post("/api/graphql", "{}", content_type="application/json")
    assert (
        page.status_code == 404
        and page.headers["Content-Type"].startswith("text/html")
        and b"/api/graphql/" in page.content
    )
    asked = leon.client.get(ADDRESS, headers={"Authorization": f"Bearer {leon.token}"})
    assert (asked.status_code, asked.headers["Allow"]) == (405, "POST")


@pytest.mark.req("LEO-07")
def test_the_schema_can_be_asked_for_and_is_a_file(leon: Leon) -> None:
    from graphql import build_client_schema, build_schema, get_introspection_query

    said = leon(get_introspection_query(descriptions=True))
    kept = Client().get("/api/graphql/schema.json")
    assert kept.status_code == 200 and kept.headers["Content-Type"] == "application/json"
    assert build_client_schema(said).get_type("FlightSupportFlight")
    assert build_client_schema(kept.json()["data"]).get_type("FlightFilter")
    written = Client().get("/api/graphql/schema.graphql")
    assert build_schema(written.content.decode()).query_type


@pytest.mark.req("LEO-01")
def test_what_breaks_is_masked_and_in_the_log_and_no_500(
    leon: Leon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> Any:
        raise RuntimeError("the secret reason")

    monkeypatch.setattr(loaders, "fleet", broken)
    answer = leon.ask('{ aircraftList { registration } echo(text: "still here") }')
    assert answer.status_code == 200
    assert answer.json()["data"] == {"aircraftList": None, "echo": "still here"}
    error = answer.json()["errors"][0]
    assert (error["message"], error["path"]) == ("Internal server error", ["aircraftList"])
    assert "the secret reason" in caplog.text and b"secret" not in answer.content

    def gone(*_: object) -> Any:
        raise OperationalError("no database")

    monkeypatch.setattr(transport, "let_in_token", gone)
    answer = leon.ask(ECHO)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5") and answer.json()["errors"]
