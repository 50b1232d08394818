"""What an application reaches through the REST interface: its scopes, its operator, its aircraft, and nothing else."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from tests.oauth.conftest import call, connected, registered
from tests.records.conftest import MONDAY, World

from airstair.changes.models import Change
from airstair.records.access.commands import ApiKeyInput, create_api_key, revoke_api_key
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource
from airstair.records.access.scopes import SCOPES, resources_of, scopes_of_key
from airstair.records.flights import commands

WORDS = ("flight_id", "trip_id", "event_id", "aircraft_id")
NEEDS_NONE = ("/changes", "/webhooks", "/deliveries")  # they tell each caller what it may know: here, nothing


def operations(world: World):
    """Every documented operation, about things of the operator."""
    flight, event = world.flight(), world.event()
    known = {"flight_id": flight.id, "trip_id": flight.trip_id, "event_id": event.id,
             "aircraft_id": world.aircraft[0].id, "book": "flight_watch"}  # fmt: skip
    for path, methods in Client().get("/api/v1/openapi.json").json()["paths"].items():
        short = path.removeprefix("/api/v1")
        while "{" in short:
            start, end = short.index("{"), short.index("}")
            short = f"{short[:start]}{known.get(short[start + 1 : end], 1)}{short[end + 1 :]}"
        for method in methods:
            yield path, method, short


@pytest.mark.req("API-02")
@pytest.mark.req("API-03")
def test_every_operation_with_a_wrong_operators_token_and_without_its_scope(world, other, app) -> None:
    theirs, mine = connected(other, app), connected(world, app)
    narrow = connected(world, registered("Narrow", scopes=("INTEGRATION_FLIGHT_SUPPORT",)))
    key = create_api_key(other.admin, ApiKeyInput(name="K", reads=tuple(Resource), writes=tuple(RIGHTS_TO_WRITE))).token
    every = list(operations(world))
    assert len(every) > 20
    before = Change.objects.filter(operator_id=world.id).count()
    for path, method, short in every:
        body = {} if method in ("get", "delete") else {"data": "{}", "content_type": "application/json"}
        for token in (theirs["access_token"], key):
            told = call(token, short, method, **body)
            named = any(word in path for word in WORDS)
            allowed = (403, 404, 422) if named else (200, 201, 403, 404, 422)
            assert told.status_code in allowed, (method, path, told.status_code)
            text = told.content.decode()
            assert "N14923" not in text and "EV3810" not in text
        told = call(narrow["access_token"], short, method, **body)
        text = told.content.decode()
        about_itself = any(word in path for word in NEEDS_NONE) and "N14923" not in text and "EV3810" not in text
        assert told.status_code == 403 or about_itself, (method, path)
        assert call(mine["refresh_token"], short, method, **body).status_code == 401
    text = mine["access_token"]
    for wrong in (text.replace(f"_{world.id}_", f"_{other.id}_"), text.replace("asat", "asrt"), text[:-1], "", "x"):
        assert call(wrong, "/flights").status_code == 401
    assert Change.objects.filter(operator_id=world.id).count() == before, "and nothing was written"


@pytest.mark.req("API-03")
def test_other_aircraft_do_not_exist_for_it(world, app) -> None:
    near, far = world.aircraft
    here, there = world.flight(), world.flight(aircraft_id=far.id)
    both = world.trip(
        world.leg(std=MONDAY + timedelta(days=5)), world.leg(aircraft_id=far.id, std=MONDAY + timedelta(days=6))
    )
    event, hidden = world.event(), world.event(aircraft_id=far.id)
    token = connected(world, app, [near.id])["access_token"]

    def get(path: str, status: int = 200, **query):
        told = call(token, path, data=query)
        assert told.status_code == status, told.content
        return told.json()

    def send(method: str, path: str, **body):
        told = call(token, path, method, data=json.dumps(body), content_type="application/json")
        return told.status_code, told.content.decode()

    assert [one["id"] for one in get("/aircraft")["items"]] == [near.id]
    assert {one["id"] for one in get("/flights")["items"]} == {here.id, both.flights[0].id}
    assert get("/flights", limit=1)["more"] and get("/flights", aircraft_id=far.id)["items"] == []
    trips = {one["id"]: one["flights"] for one in get("/trips")["items"]}
    assert set(trips) == {here.trip_id, both.id} and [one["id"] for one in trips[both.id]] == [both.flights[0].id]
    assert [one["id"] for one in get("/events")["items"]] == [event.id]
    for path in (f"/flights/{there.id}", f"/trips/{there.trip_id}", f"/events/{hidden.id}", f"/aircraft/{far.id}"):
        get(path, 404)
    assert len(get(f"/trips/{both.id}")["flights"]) == 1
    leg = {
        "aircraft_id": far.id,
        "adep": "KEWR",
        "ades": "KJAX",
        "std": "2027-05-01T06:00Z",
        "sta": "2027-05-01T08:00Z",
    }
    when = {"start": "2027-05-01T06:00Z", "end": "2027-05-01T08:00Z"}
    before = Change.objects.count()
    for method, path, body, status in (
        ("post", "/trips", {"flights": [{**leg, "aircraft_id": near.id}, leg]}, 422),
        ("post", f"/trips/{both.id}/flights", {**leg, "aircraft_id": near.id}, 404),
        ("post", f"/trips/{here.trip_id}/flights", leg, 422),
        ("patch", f"/trips/{both.id}", {"client": "Mine"}, 404),
        ("patch", f"/flights/{here.id}", {"aircraft_id": far.id}, 422),
        ("patch", f"/flights/{there.id}", {"notes": "n"}, 404),
        ("post", f"/flights/{there.id}/cancel", {}, 404),
        ("delete", f"/flights/{there.id}", {}, 404),
        ("post", "/events", {"aircraft_id": far.id, "kind": "AOG", "airport": "KEWR", **when}, 422),
        ("patch", f"/events/{event.id}", {"aircraft_id": far.id}, 422),
        ("patch", f"/events/{hidden.id}", {"title": "t"}, 404),
        ("delete", f"/events/{hidden.id}", {}, 404),
    ):
        told, text = send(method, path, **body)
        assert told == status, (method, path, told, text)
        assert far.registration not in text
    assert Change.objects.count() == before
    for method, path, body in (
        ("patch", f"/flights/{here.id}", {"notes": "n"}),
        ("patch", f"/events/{event.id}", {"title": "t"}),
    ):
        assert send(method, path, **body)[0] == 200
    assert Change.objects.latest("seq").actor_label == "Orders"
    assert Change.objects.latest("seq").actor_key == f"application:{app.facts.id}"


@pytest.mark.django_db(transaction=True)
def test_a_follower_hears_of_what_comes_to_its_aircraft_and_what_leaves_them() -> None:
    """Real commits: a cursor sees what has been committed."""
    world, app = World("KXA", ("N14923", "SP-KXA")), registered()
    near, far = world.aircraft
    stays, leaves, comes, never = (world.flight(aircraft_id=one.id, std=MONDAY + timedelta(days=at))
                                   for at, one in enumerate((near, near, far, far)))  # fmt: skip
    token = connected(world, app, [near.id])["access_token"]
    lists = {name: call(token, f"/{name}").json()["changed_since"] for name in ("flights", "trips", "changes")}
    commands.change_flight(world.ops, stays.id, commands.FlightEdit(notes="n"))
    commands.change_flight(world.ops, leaves.id, commands.FlightEdit(aircraft_id=far.id))
    commands.change_flight(world.ops, comes.id, commands.FlightEdit(aircraft_id=near.id))
    commands.change_flight(world.ops, never.id, commands.FlightEdit(notes="n"))
    told = {name: call(token, f"/{name}", data={"changed_since": place}).json() for name, place in lists.items()}
    assert [one["id"] for one in told["flights"]["items"]] == [stays.id, comes.id]
    assert told["flights"]["gone"] == [leaves.id] and told["trips"]["gone"] == [leaves.trip_id]
    assert [one["id"] for one in told["changes"]["items"]] == [stays.id, leaves.id, comes.id]
    after = told["flights"]["changed_since"]
    commands.change_flight(world.ops, leaves.id, commands.FlightEdit(notes="n"))
    last = call(token, "/flights", data={"changed_since": after}).json()
    assert last["items"] == [] == last["gone"]


def test_a_repeated_write_is_answered_once_for_an_application_too(world, other, app) -> None:
    token = connected(world, app)["access_token"]
    flight = world.flight()

    def cancel(whose: str):
        client = Client(raise_request_exception=False)
        headers = {"Authorization": f"Bearer {whose}", "Idempotency-Key": "k1"}
        return client.post(f"/api/v1/flights/{flight.id}/cancel", headers=headers)

    first, again = cancel(token), cancel(token)
    assert first.status_code == again.status_code == 200 and first.content == again.content
    key = create_api_key(world.admin, ApiKeyInput(name="K", writes=("Flights",))).token
    assert cancel(key).status_code == 200
    assert Change.objects.filter(operator_id=world.id, kind="flight.cancelled").count() <= 1


@pytest.mark.req("LEO-01")
def test_an_api_key_is_a_refresh_token_too(world) -> None:
    made = create_api_key(world.admin, ApiKeyInput(name="K", reads=("Flights",)))
    client = Client()
    told = client.post("/access_token/refresh/", {"refresh_token": made.token})
    access = told.content.decode()
    assert told.status_code == 200 and call(access, "/flights").status_code == 200
    assert call(access, "/aircraft").status_code == 403
    revoke_api_key(world.admin, made.facts.id)
    assert call(access, "/flights").status_code == 401
    assert client.post("/access_token/refresh/", {"refresh_token": made.token}).status_code == 401


def test_scopes_and_resources_say_the_same() -> None:
    """A key with everything has every scope that keys can have, and back; no scope opens more than its words say."""
    everything = scopes_of_key(tuple(Resource), tuple(RIGHTS_TO_WRITE))
    assert everything == {name for name, one in SCOPES.items() if one.resource is not None or one.every_key}
    assert resources_of(everything, write=False) == set(Resource)
    assert resources_of(everything, write=True) == set(RIGHTS_TO_WRITE)
    for one in Resource:
        some = scopes_of_key((one.value,), ())
        assert resources_of(some, write=False) == {one.value} and not resources_of(some, write=True)
        assert all(SCOPES[name].every_key or SCOPES[name].resource is one for name in some)
    assert resources_of({"GRAPHQL_FLIGHT_WATCH_EDIT"}, write=True) == set(), "it is half of the journey log"
    assert resources_of({"GRAPHQL_FLIGHT_EDIT"}, write=False) == {"Flights"}
