"""Whatever a mutation is sent, the answer is a refusal or a result, and never a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import mutations, nodes
from tests.leon.conftest import Leon
from tests.records.conftest import World

from airstair.api.leon.asking import Asking
from airstair.api.leon.building import as_sdl, schema
from airstair.api.leon.execution import carry_out
from airstair.kernel.clock import SystemClock
from airstair.kernel.scope import operator_scope
from airstair.records.access.commands import let_in_token
from airstair.records.access.snapshots import Caller

# Of ids, among them such as there are; of texts, among them such as nobody expects.
JUNK: list[Any] = [
    None, True, 0, -1, 2**63, 10**30, 1.5, "", " ", "x", "\x00", "a\x00b", "‮", "😀", "9" * 40, "NaN", "null",
    "2027-02-31T00:00", "0000-00-00", "9999-12-31T23:59:59+14:00", "'; --", [], {}, [[]], {"a": 1}, "y" * 20_000,
]  # fmt: skip
_TEXTS = st.sampled_from(["", "x", "KEWR", "EWR", "CNF", "pax", "2027-03-01T06:00", "\x00", "😀", "y" * 400, "9" * 30])


def scalars(known: list[int]) -> dict[str, Any]:
    numbers = st.sampled_from([*known, 0, 1, 2**53, 10**17])
    strategies = {}
    for name, one in schema().type_map.items():
        if type(one).__name__ == "GraphQLScalarType" and name not in ("Int", "Float", "String", "Boolean", "ID"):
            numbered = name.endswith(("Nid", "Id")) and name != "ChecklistStatusId"
            strategies[name] = numbers.map(nodes.Int) if numbered else _TEXTS.map(nodes.String)
    return strategies


@pytest.fixture
def caller(leon: Leon) -> Caller:
    found = let_in_token(leon.token, "")
    assert found is not None
    return found


def answered(caller: Caller, query: str, **variables: Any) -> bool:
    """Whether it was carried out; that it was answered is checked. Past the entrance, which counts requests."""
    with operator_scope(caller.operator_id):
        wanted = {"query": query, "variables": variables, "name": None}
        status, told = carry_out(Asking(caller, SystemClock()), wanted)
    assert status in (200, 400) and json.dumps(told), (query, variables)
    messages = [one["message"] for one in told.get("errors", ())]
    assert "Internal server error" not in messages, (query, variables)
    return not messages


@pytest.mark.req("LEO-04")
def test_mutations_as_the_schema_allows_them(world: World, caller: Caller) -> None:
    flight = world.flight()
    known = [flight.id, flight.trip_id, world.aircraft[0].id, 1, 17]
    strategy = mutations(as_sdl(), custom_scalars=scalars(known))

    @given(query=strategy)
    @settings(
        max_examples=10, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def check(query: str) -> None:
        answered(caller, query)

    check()


@pytest.mark.req("LEO-04")
def test_junk_in_every_variable(world: World, caller: Caller) -> None:
    flight = world.flight()
    leg = {"flightNo": "EV1", "aircraftNid": world.aircraft[0].id, "startTimeUTC": "2027-03-01T06:00",
           "endTimeUTC": "2027-03-01T08:30", "adepCode": "EWR", "adesCode": "KJAX"}  # fmt: skip
    create = "mutation($t: TripInput!) { createTrip(trip: $t) { tripNid flightList { flightNid dist } } }"
    update = "mutation($l: [FlightUpdateInput!]!) { flights { flightListUpdate(flightList: $l) { flightNid } } }"
    fields = [name for name in schema().type_map["FlightUpdateInput"].fields if name != "flightNid"]
    done = 0
    of_trip = ("tripType", "status", "number", "clientNid", "tags", "externalId", "isCommercial")
    for at, junk in enumerate(JUNK):
        # One field at a time: the first wrong one would hide the others.
        done += answered(caller, create, t={"flights": [], of_trip[at % len(of_trip)]: junk})
        done += answered(caller, create, t={"flights": junk})
        name = fields[at % len(fields)]
        done += answered(caller, update, l=[{"flightNid": flight.id, name: junk}])
        done += answered(caller, create, t={"flights": [{**leg, name: junk}]})
        item = {"checklistDefinitionNid": 1, "note": junk if isinstance(junk, str) else "", "checklistStatusId": junk}
        several = """mutation($f: FlightNid!, $l: [ChecklistItemInput!]!) {
                       checklist { addOrUpdateOpsItems(flightNid: $f, checklistItems: $l) } }"""
        done += answered(caller, several, f=flight.id, l=[item])
        text = """mutation($f: FlightNid!, $p: PassengerTextInput!) {
                    passengerList { savePassengerText(flightNid: $f, passengerText: $p) } }"""
        done += answered(caller, text, f=flight.id, p={"text": junk, "count": junk})
    assert done > 10
