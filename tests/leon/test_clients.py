"""A published GraphQL client, and queries that nobody would write."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from django.test import Client as Browser
from gql import Client, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXTransport
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes
from tests.leon.conftest import ADDRESS, Connected, Leon, span
from tests.records.conftest import MONDAY, World

from airstair.api.leon import building, transport
from airstair.records.budgets.rules import MOST

EXAMPLES = int(os.environ.get("AIRSTAIR_LEON_EXAMPLES", "10"))  # of those made at random
TURNS, DEPTH = (3, 1) if EXAMPLES == 10 else (42, 2)  # of those with strange arguments


def _answer(request: httpx.Request) -> httpx.Response:
    """Django's answer, in the transaction of the test."""
    headers = {"Authorization": request.headers.get("authorization", "")}
    kind = request.headers.get("content-type", "")
    told = Browser().generic("POST", request.url.raw_path.decode(), request.read(), content_type=kind, headers=headers)
    return httpx.Response(told.status_code, headers=dict(told.headers), content=told.content)


def published(token: str) -> Client:
    way = HTTPXTransport(
        url=f"http://127.0.0.1{ADDRESS}", headers={"Authorization": f"Bearer {token}"},
        transport=httpx.MockTransport(_answer),
    )  # fmt: skip
    return Client(transport=way, fetch_schema_from_transport=True, parse_results=False)


@pytest.mark.req("LEO-01", "LEO-02", "LEO-07")
def test_a_published_client_reads_the_schema_and_flights(world: World, leon: Leon) -> None:
    """It checks each query against the schema that it was told, before it sends it."""
    flight = world.flight(crew={"CPT": "ABC"})
    query = gql("""
        query Flights($f: FlightFilter!) { flightList(filter: $f) { ...leg crewList { position { name posType } } } }
        fragment leg on Flight { flightNid flightNo startTimeUTC endAirport { code { ...code } } acft { registration } }
        fragment code on AirportCode { icao iata }
    """)
    query.variable_values = {"f": {"timeInterval": span(MONDAY), "flightType": ["PAX"]}}
    with published(leon.token) as session:
        told = session.execute(query)["flightList"]
        assert told == [{
            "flightNid": flight.id, "flightNo": "EV3810", "startTimeUTC": "2027-03-01T06:00:00Z",
            "endAirport": {"code": {"icao": "KJAX", "iata": "JAX"}}, "acft": {"registration": "N14923"},
            "crewList": [{"position": {"name": "CPT", "posType": "COCKPIT"}}],
        }]  # fmt: skip
        with pytest.raises(TransportQueryError, match="OAuth application"):
            session.execute(gql("{ integration { flightSupport { getCreatedFlightServiceList { cursor } } } }"))
    with pytest.raises(TransportQueryError, match="wrong or expired"), published("stale") as session:
        session.execute(query)


STRANGE: dict[str, tuple[Any, ...]] = {
    "id": (0, 1, 17, 10**17, "1", "x"),
    "time": ("2027-03-01", "2027-03-02UTC10:00:00", "1900-01-01", "2199-12-31T23:59:59-14:00", 0, "9999-12-31"),
    "text": ("", "KEWR", "a\0b", "*", "(", "é" * 300, "\\"),
    "Int": (0, -1, 2**31 - 1, 3), "Boolean": (True, False), "Float": (0.5,),
}  # fmt: skip
NUMBERS = ("FlightNid", "TripNid", "AircraftNid", "AircraftVirtualNid", "ChecklistDefinitionNid", "ContactNid",
           "ClientNid", "LoginNid", "LocationNid", "PositionNid", "OperatorId", "ApiKeyNid")  # fmt: skip


def _strange(name: str) -> tuple[Any, ...]:
    """Values for a scalar of the schema."""
    if name in STRANGE:
        return STRANGE[name]
    return STRANGE["id"] if name in NUMBERS else STRANGE["time"] if name.startswith("DateTime") else STRANGE["text"]


def _value(kind: Any, turn: int) -> Any:
    """One of the values that a variable of this type can have, another at each turn."""
    if isinstance(kind, GraphQLNonNull):
        return _value(kind.of_type, turn)
    if isinstance(kind, GraphQLList):
        return [_value(kind.of_type, turn)] * (turn % 3)
    if isinstance(kind, GraphQLInputObjectType):
        return {name: _value(field.type, turn) for name, field in kind.fields.items()}
    if isinstance(kind, GraphQLEnumType):
        return sorted(kind.values)[turn % len(kind.values)]
    some = _strange(kind.name)
    return some[turn % len(some)]


def _leaves(kind: Any, depth: int) -> str:
    """Every field of a type that needs no arguments, and of what stands in it."""
    kind = get_named_type(kind)
    if isinstance(kind, GraphQLUnionType):
        return "{ __typename }"
    if not isinstance(kind, GraphQLObjectType):
        return ""
    found = []
    for name, field in kind.fields.items():
        inner = _leaves(field.type, depth - 1) if depth else ""
        an_object = isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLUnionType)
        if not field.args and (inner or not an_object):
            found.append(f"{name} {inner}")
    return "{ __typename " + " ".join(found) + " }" if found else ""


def _questions() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every reading field, with strange values for its arguments in turn."""
    root = building.schema().query_type
    assert root is not None
    rooms = {name: field for name, field in root.fields.items() if get_named_type(field.type).name.endswith("Query")}
    every = [("", "", name, field) for name, field in root.fields.items() if name not in rooms]
    for room, one in rooms.items():
        for name, field in get_named_type(one.type).fields.items():  # type: ignore[union-attr]
            if get_named_type(field.type).name.endswith("Query"):
                inner = get_named_type(field.type).fields  # type: ignore[union-attr]
                every += [(f"{room} {{ {name} {{", "} }", deeper, found) for deeper, found in inner.items()]
            else:
                every.append((f"{room} {{", "}", name, field))
    for before, after, name, field in every:
        for turn in range(TURNS if field.args else 1):
            declared = ", ".join(f"${one}: {argument.type}" for one, argument in field.args.items())
            given = ", ".join(f"{one}: ${one}" for one in field.args)
            asked = f"{name}({given})" if given else name
            query = f"query{f'({declared})' if declared else ''} {{ {before} {asked} {_leaves(field.type, DEPTH)}"
            yield f"{query} {after} }}", {one: _value(argument.type, turn) for one, argument in field.args.items()}


def _scalars() -> list[str]:
    """Those that GraphQL itself does not have."""
    known = ("Int", "Float", "String", "Boolean", "ID")
    types = building.schema().type_map.items()
    return [name for name, one in types if isinstance(one, GraphQLScalarType) and name not in known]


def _node(value: Any) -> Any:
    return nodes.Int(value) if isinstance(value, int) else nodes.String(json.dumps(value)[1:-1])


@pytest.fixture
def everything(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connected]:
    monkeypatch.setattr(transport.budgets, "MOST", dict.fromkeys(MOST, 10**9))
    world.flight(crew={"CPT": "ABC"}, pax_count=2)
    yield Connected(world)


@pytest.mark.req("LEO-01", "LEO-07")
def test_every_field_with_strange_arguments_is_answered_or_refused(everything: Connected) -> None:
    asked = 0
    for query, variables in _questions():
        answer = everything.ask(query, **variables)
        assert answer.status_code in (200, 400), (query, variables, answer.content)
        errors = answer.json().get("errors", ())
        assert all(one["message"] != "Internal server error" for one in errors), (query, variables, errors)
        assert "Cannot query" not in str(errors) and "complexity" not in str(errors), (query, errors)
        asked += answer.status_code == 200
    assert asked > 60


@pytest.mark.req("LEO-01", "LEO-07")
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=EXAMPLES == 10, database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much,
                           HealthCheck.data_too_large],
)  # fmt: skip
@given(data=st.data())
def test_whatever_is_asked_is_answered_or_refused_never_broken(everything: Connected, data: st.DataObject) -> None:
    """Queries and mutations made from the schema."""
    scalars = {name: st.sampled_from(_strange(name)).map(_node) for name in _scalars()}
    query = data.draw(from_schema(building.as_sdl(), custom_scalars=scalars))
    answer = everything.send(json.dumps({"query": query}))
    assert answer.status_code in (200, 400), (query, answer.content)
    told = answer.json()
    assert all(one["message"] != "Internal server error" for one in told.get("errors", ())), (query, told)
