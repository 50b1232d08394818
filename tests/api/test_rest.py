"""Keys, refusals, lists and writes of the REST interface."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.api.conftest import leg, program

from airstair.changes.models import Change
from airstair.kernel.scope import all_operators
from airstair.records.access.commands import ApiKeyInput, create_api_key, revoke_api_key
from airstair.records.access.models import ApiKey, KeptAnswer
from airstair.records.access.queries import api_keys
from airstair.records.access.rules import Resource
from airstair.records.flights import commands
from airstair.records.flights.models import Flight, Trip

PROBLEM = "application/problem+json"


def refused(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == PROBLEM
    said = answer.json()
    assert said["status"] == status and said["type"] and said["title"] and said["detail"]
    return said


# --- keys --------------------------------------------------------------------------------------------------------


@pytest.mark.req("API-01")
def test_a_key_is_shown_once_kept_hashed_and_says_where_it_was_used(world) -> None:
    ask = program(world)
    secret = ask.token.rpartition("_")[2] if ask.token.count("_") == 3 else ask.token.split("_", 3)[3]
    row = ApiKey.objects.get(operator_id=world.id)
    assert secret not in str(vars(row)) and len(row.secret_hash) == 64
    assert api_keys(world.id)[0].last_used_at is None
    ask.get("/flights")
    (facts,) = api_keys(world.id)
    assert facts.last_used_at and facts.last_used_from == "127.0.0.1" and facts.created_by_name == "Ada Admin"
    noted = facts.last_used_at
    ask.get("/flights")
    assert api_keys(world.id)[0].last_used_at == noted, "not a write for each call"


@pytest.mark.req("API-01")
def test_a_revoked_key_lets_nobody_in_and_its_name_is_free(world) -> None:
    ask = program(world)
    revoke_api_key(world.admin, ask.facts.id)
    refused(ask("get", "/flights"), 401)
    program(world).get("/flights")


@pytest.mark.req("API-02")
@pytest.mark.parametrize("path", ["/flights", "/trips", "/aircraft", "/events", "/changes", "/flights/1"])
def test_without_a_valid_key_there_is_nothing(world, other, path: str) -> None:
    ask, theirs = program(world), program(other)
    parts = ask.token.split("_", 3)
    forged = [
        "", "askey_", ask.token[:-1], ask.token + "x", f"askey_{other.id}_{parts[2]}_{parts[3]}",
        f"askey_{world.id}_{theirs.facts.id}_{parts[3]}", f"askey_{'9' * 40}_1_{parts[3]}", "\x00",
    ]  # fmt: skip
    for token in forged:
        answer = Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
        refused(answer, 401)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    refused(Client().get(f"/api/v1{path}"), 401)
    signed = Client()
    signed.post("/sign-in", {"email": "admin@kxa.example", "password": "correct horse battery"})
    refused(signed.get(f"/api/v1{path}"), 401)


OPERATIONS = [
    ("get", "/flights", Resource.FLIGHTS, "read"),
    ("get", "/trips/1", Resource.FLIGHTS, "read"),
    ("get", "/aircraft", Resource.AIRCRAFT, "read"),
    ("get", "/events", Resource.AVAILABILITY, "read"),
    ("post", "/trips", Resource.FLIGHTS, "write"),
    ("delete", "/flights/1", Resource.FLIGHTS, "write"),
    ("patch", "/flights/1/times/journey_log", Resource.JOURNEY_LOG, "write"),
    ("patch", "/flights/1/log", Resource.JOURNEY_LOG, "write"),
    ("patch", "/flights/1/watch", Resource.JOURNEY_LOG, "write"),
    ("post", "/events", Resource.AVAILABILITY, "write"),
]


@pytest.mark.req("API-02")
@pytest.mark.parametrize(("method", "path", "resource", "access"), OPERATIONS)
def test_a_key_without_the_resource_is_told_which(world, method, path, resource, access) -> None:
    reads = tuple(str(one) for one in Resource if access == "write" or one is not resource)
    writes = tuple(w for w in ("Flights", "Journey Log", "Aircraft Availability") if w != resource) if reads else ()
    ask = program(world, reads, writes if access == "write" else ())
    said = refused(ask(method, path, {} if method != "get" else None), 403)
    assert said["missing"] == {"resource": resource.value, "access": access}
    assert resource.value in said["detail"]


@pytest.mark.req("API-02")
def test_parts_of_a_flight_need_their_own_resource(world) -> None:
    flight = world.flight(pax_list=(commands.Passenger(name="Ann Lee"),), crew={"CPT": "ABC"})
    narrow = program(world, ("Flights",), ("Flights",), "Narrow")
    seen = narrow.get(f"/flights/{flight.id}")
    assert seen["pax_list"] is seen["crew"] is seen["times"] is None and "Ann Lee" not in str(narrow.get("/trips"))
    assert program(world).get(f"/flights/{flight.id}")["pax_list"][0]["name"] == "Ann Lee"
    said = refused(narrow("patch", f"/flights/{flight.id}", {"pax_list": [{"name": "Bob"}]}), 403)
    assert said["missing"]["resource"] == "Passengers"


@pytest.mark.req("API-02")
def test_what_another_operator_owns_is_not_there(world, other) -> None:
    flight, event, theirs = other.flight(), other.event(), program(world)
    for method, path in [
        ("get", f"/flights/{flight.id}"), ("get", f"/trips/{flight.trip_id}"), ("get", f"/events/{event.id}"),
        ("get", f"/aircraft/{other.aircraft[0].id}"), ("delete", f"/flights/{flight.id}"),
        ("delete", f"/events/{event.id}"), ("post", f"/flights/{flight.id}/cancel"),
    ]:  # fmt: skip
        refused(theirs(method, path), 404)
    refused(theirs("post", f"/trips/{flight.trip_id}/flights", leg(world)), 404)
    said = refused(theirs("post", "/trips", {"flights": [leg(world, aircraft_id=other.aircraft[0].id)]}), 422)
    assert said["errors"][0]["field"] == "flights.0.aircraft_id"
    assert theirs.get("/flights")["items"] == [] and theirs.get("/trips")["items"] == []


# --- bad input ---------------------------------------------------------------------------------------------------


@pytest.mark.req("API-08")
def test_every_wrong_field_is_named_and_nothing_is_half_written(world) -> None:
    ask, trips = program(world), Trip.objects.count()
    wrong = leg(world, adep="?", pax_count=-1)
    said = refused(ask("post", "/trips", {"flights": [leg(world), wrong]}), 422)
    assert {"flights.1.adep", "flights.1.pax_count"} <= {one["field"] for one in said["errors"]}
    said = refused(ask("post", "/trips", {"flights": [leg(world, std="yesterday", misspelt=1)], "status": "?"}), 422)
    assert {"flights.0.std", "flights.0.misspelt", "status"} <= {one["field"] for one in said["errors"]}
    assert Trip.objects.count() == trips and not Flight.objects.exists()


@pytest.mark.req("API-08")
@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "/trips", '{"a":', 400), ("post", "/trips", "[]", 422), ("post", "/trips", "\ud7ff", 400),
        ("post", "/trips", '{"client": "a\\u0000b"}', 422), ("post", "/trips", '{"client": "\\ud800"}', 422),
        ("get", "/flights?limit=0", None, 422), ("get", "/flights?cursor=x", None, 422),
        ("get", "/flights?changed_since=eyJzaW5jZSI6IjE6MToifQ", None, 200),
        ("get", "/flights?changed_since=eyJzaW5jZSI6Ijk6MToifQ", None, 422),
        ("get", "/changes?changed_since=eyJzaW5jZSI6Ijk5OTk5OTk5OTk6OTk5OTk5OTk5OToifQ", None, 422),
        ("get", "/flights?window_start=2027-03-01", None, 422), ("get", "/flights/x", None, 422),
        ("get", "/nothing", None, 404), ("put", "/flights", "{}", 405),
        ("get", f"/flights/{'9' * 40}", None, 422), ("get", "/flights/9007199254740991", None, 404),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused(world, method, path, body, status) -> None:
    answer = program(world)(method, path, body)
    if status == 200:
        assert answer.status_code == 200
    else:
        refused(answer, status)


@pytest.mark.req("API-08")
def test_times_in_an_impossible_order_are_named_as_they_were_sent(world) -> None:
    ask, flight = program(world), world.flight()
    path = f"/flights/{flight.id}/times/journey_log"
    wrong = {"off_block": "2027-03-01T08:00Z", "on_block": "2027-03-01T07:00Z"}
    assert refused(ask("patch", path, wrong), 422)["errors"][0]["field"] == "on_block"
    answer = ask("patch", path, {"off_block": "2027-03-01T06:10Z"})
    assert answer.json()["times"]["journey_log"]["sources"] == {"off_block": "Roster (API)"}


@pytest.mark.req("FWJ-02", "API-08")
def test_the_journey_log_and_flight_watch_are_written_and_read_with_units_and_sources(world) -> None:
    ask, flight = program(world), world.flight()
    log = {
        "off_block": "2027-03-01T06:00Z", "take_off": "2027-03-01T06:09Z", "pax": 4, "landings": 1,
        "pilot_flying": "ABC",
        "block_fuel": {"amount": 5000, "unit": "LB"}, "uplift": {"amount": "1200.5", "unit": "L"}, "apu_hours": 812.4,
        "delays": [{"code": "93", "minutes": 12}],
    }  # fmt: skip
    found = ask("patch", f"/flights/{flight.id}/log", log).json()
    assert found["times"]["journey_log"]["take_off"] == "2027-03-01T06:09:00Z"
    assert found["log"]["block_fuel"] == {"amount": "5000.00", "unit": "LB"}
    assert found["log"]["delays"] == log["delays"]
    assert set(found["log"]["sources"].values()) == {"Roster (API)"}
    ask("patch", f"/flights/{flight.id}/watch", {"ctot": "2027-03-01T06:20Z", "eet_minutes": 130})
    assert program(world, name="Other").get(f"/flights/{flight.id}")["watch"]["eet_minutes"] == 130
    wrong = {"landing": "2027-03-01T06:05Z", "remaining_fuel": {"amount": 6000, "unit": "LB"}}
    errors = refused(ask("patch", f"/flights/{flight.id}/log", wrong), 422)["errors"]
    assert {one["field"] for one in errors} == {"landing", "remaining_fuel"}
    unknown = refused(ask("patch", f"/flights/{flight.id}/log", {"uplift": {"amount": 1, "unit": "PINT"}}), 422)
    assert "uplift" in unknown["errors"][0]["field"]
    assert ask("patch", f"/flights/{flight.id}/log", {"uplift": None, "delays": []}).json()["log"]["uplift"] is None


# --- writes ------------------------------------------------------------------------------------------------------


def test_a_flight_is_made_changed_cancelled_and_deleted_as_the_key(world) -> None:
    ask = program(world)
    trip = ask("post", "/trips", {"client": "Blue Ridge", "flights": [leg(world)]})
    assert trip.status_code == 201
    (flight,) = trip.json()["flights"]
    more = ask("post", f"/trips/{trip.json()['id']}/flights", leg(world, adep="KJAX", ades="KEWR", crew={"CPT": "ABC"},
               std="2027-03-01T10:00Z", sta="2027-03-01T12:00Z"))  # fmt: skip
    assert more.status_code == 201 and more.json()["crew"] == {"CPT": "ABC"}
    path = f"/flights/{flight['id']}"
    moved = ask("patch", path, {"std": "2027-03-01T06:30Z", "as_of": flight["revision"]}).json()
    assert (moved["std"], moved["sta"]) == ("2027-03-01T06:30:00Z", flight["sta"])
    commands.change_flight(world.ops, flight["id"], commands.FlightEdit(notes="by hand"))
    refused(ask("patch", path, {"notes": "by key", "as_of": moved["revision"]}), 409)
    assert ask("post", f"{path}/cancel").json()["status"] == "CANCELLED"
    assert ask("delete", path).status_code == 204 and ask("delete", path).status_code == 204
    assert ask.get(path)["deleted"] is True
    change = Change.objects.filter(kind="flight.deleted").get()
    assert (change.actor_kind, change.actor_key, change.actor_label) == ("api", str(ask.facts.id), "Roster (API)")


def test_an_event_is_made_changed_and_deleted(world) -> None:
    ask = program(world)
    wanted = {"aircraft_id": world.aircraft[0].id, "kind": "MAINTENANCE", "airport": "EWR",
              "start": "2027-03-03T00:00Z", "end": "2027-03-04T00:00Z"}  # fmt: skip
    made = ask("post", "/events", wanted)
    assert made.status_code == 201, made.content
    path = f"/events/{made.json()['id']}"
    assert ask("patch", path, {"title": "100 h"}).json()["title"] == "100 h"
    assert refused(ask("patch", path, {"end": "2027-03-02T00:00Z"}), 422)["errors"][0]["field"] == "end"
    assert ask("delete", path).status_code == 204
    assert ask.get("/events")["items"] == [] and ask.get(path)["deleted"] is True


@pytest.mark.req("API-07")
def test_the_same_key_has_one_effect_and_the_same_answer(world) -> None:
    ask, body = program(world), {"client": "Once", "flights": [leg(world)]}
    first, again = (ask("post", "/trips", body, once="k-1") for _ in range(2))
    assert (first.status_code, first.content) == (again.status_code, again.content) == (201, first.content)
    assert Trip.objects.filter(client="Once").count() == 1
    said = refused(ask("post", "/trips", {**body, "client": "Twice"}, once="k-1"), 422)
    assert said["errors"][0]["field"] == "Idempotency-Key"
    wrong = {"flights": [leg(world, adep="?")]}
    first, again = (ask("post", "/trips", wrong, once="k-2") for _ in range(2))
    assert first.content == again.content and refused(again, 422)
    assert program(world, name="Another")("post", "/trips", body, once="k-1").json()["id"] != first, "a key's own"
    gone = ask("delete", f"/flights/{Flight.objects.first().id}", once="k-3")
    assert gone.status_code == 204
    assert KeptAnswer.objects.count() == 4


@pytest.mark.req("API-07")
@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_the_same_key_have_one_effect(transactional_db, request) -> None:
    world = request.getfixturevalue("world")
    ask, answers = program(world), []
    body = {"client": "Once", "flights": [leg(world)]}
    together = threading.Barrier(4)

    def send() -> None:
        together.wait(20)
        with all_operators():
            answers.append(ask("post", "/trips", body, once="k"))
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {(one.status_code, one.content) for one in answers} == {(201, answers[0].content)} and len(answers) == 4
    assert Trip.objects.filter(client="Once").count() == 1


# --- lists -------------------------------------------------------------------------------------------------------


@pytest.mark.req("API-06")
def test_pages_hold_everything_once(world) -> None:
    made = [world.flight().id for _ in range(7)]
    ask, seen, cursor = program(world), [], None
    while True:
        page = ask.get("/flights", limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [one["id"] for one in page["items"]]
        if cursor is None:
            world.flight()  # what comes meanwhile moves no page
        cursor = page["cursor"]
        assert page["more"] == (cursor is not None)
        if cursor is None:
            break
    assert seen[:7] == made and len(set(seen)) == len(seen)


@pytest.mark.req("API-06")
def test_a_window_holds_what_overlaps_it(world) -> None:
    flight, event = world.flight(), world.event()
    ask = program(world)
    for path, thing, inside, outside in [
        ("/flights", flight, ("2027-03-01T08:00Z", "2027-03-01T09:00Z"), ("2027-03-01T08:30Z", "2027-03-02T00:00Z")),
        ("/trips", None, ("2027-03-01T08:00Z", "2027-03-01T09:00Z"), ("2027-02-01T08:30Z", "2027-03-01T06:00Z")),
        ("/events", event, ("2027-03-03T08:00Z", "2027-03-09T09:00Z"), ("2027-03-04T00:00Z", "2027-03-05T00:00Z")),
    ]:
        found = ask.get(path, window_start=inside[0], window_end=inside[1])["items"]
        assert [one["id"] for one in found] == [thing.id if thing else flight.trip_id]
        assert ask.get(path, window_start=outside[0], window_end=outside[1])["items"] == []
    assert ask.get("/flights", aircraft_id=world.aircraft[1].id)["items"] == []
    assert ask.get("/flights", status="OPTION")["items"] == []


@pytest.mark.parametrize("path", ["/flights", "/trips", "/events", "/aircraft"])
def test_a_longer_page_takes_no_more_statements(world, path: str) -> None:
    ask = program(world)

    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            assert ask.get(path)["items"]
        return len(found)

    world.flight(), world.event()
    ask.get(path)
    few = statements()
    for _ in range(9):
        world.flight(), world.event()
    assert statements() == few <= 16


def test_the_rights_of_a_request_are_those_of_its_resource(world) -> None:
    key = create_api_key(world.admin, ApiKeyInput(name="K", writes=("Journey Log",)))
    assert key.facts.reads == ("Journey Log",)
    text = msgspec.json.encode(key.facts).decode()
    assert key.token.split("_", 3)[3] not in text
