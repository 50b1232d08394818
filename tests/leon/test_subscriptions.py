"""Selections posted when something happens: signed RS512, with the subscriber's rights, ended with its token."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from django.test import Client
from tests.leon.conftest import Connected, Leon
from tests.records.conftest import World

from airstair.hub.webhooks.engine import reading, taking
from airstair.hub.webhooks.engine.taking import Call
from airstair.hub.webhooks.models import Delivery, SigningKey, Subscription
from airstair.records.access.commands import ApiKeyInput, create_api_key, withdraw_grant
from airstair.records.checklist.commands import ItemEdit, set_item
from airstair.records.flights import commands

CREATE = """mutation M(
  $token: String!, $label: String!, $text: String!, $variables: Json, $url: String!, $head: Boolean
) {
  webhook { createSubscriptionWebhook(refreshToken: $token, label: $label, subscription: $text, variables: $variables,
    webhookUrl: $url, includeAuthorizationHeader: $head) {
      __typename ... on BooleanValue { value }
      ... on CreateSubscriptionWebhookViolationList { violations: value { message path description } } } } }"""
URL = "https://hooks.example/leon"
NOW = datetime.now(UTC)
MOVED = """subscription S($o: Int!) { flight { flightScheduleChange(operatorId: $o) {
             flightNid flightNo acft { registration } passengerListCount } } }"""


class Subscriber:
    def __init__(self, world: World, leon: Leon, refresh: str) -> None:
        self.world, self.leon, self.refresh = world, leon, refresh

    def create(self, text: str, label: str = "Schedule changes", **given: Any) -> Any:
        variables = {"o": self.world.id} if "$o" in text else {}
        sent = {"token": self.refresh, "label": label, "text": text, "url": URL, "head": None,
                "variables": json.dumps(variables), **given}  # fmt: skip
        return self.leon(CREATE, **sent)["webhook"]["createSubscriptionWebhook"]

    def violation(self, text: str = MOVED, **given: Any) -> tuple[str, str]:
        told = self.create(text, **given)
        assert told["__typename"] == "CreateSubscriptionWebhookViolationList", told
        (first, *_) = told["violations"]
        assert first["description"]
        return first["message"], ".".join(first["path"])

    def told(self) -> list[Call]:
        """The calls that would be made now."""
        reading.read_changes(NOW)
        calls: list[Call] = []
        for one in Subscription.objects.filter(operator_id=self.world.id, ended_at=None).order_by("id"):
            calls += taking.take(self.world.id, one.id, 0, NOW)
        Delivery.objects.filter(state="sending").update(state="delivered")
        return calls


@pytest.fixture
def world(transactional_db: None) -> World:
    """With changes that are committed: in a transaction of the test's own they would be in no snapshot."""
    return World("KXA", ("N14923", "SP-KXA"))


@pytest.fixture
def subscriber(world: World) -> Subscriber:
    token = create_api_key(
        world.admin, ApiKeyInput(name="Desk", reads=("Flights", "Aircraft", "Checklist", "Crew"))
    ).token
    return Subscriber(world, Leon(token), token)


@pytest.mark.req("LEO-05")
def test_a_selection_is_posted_signed_when_it_happens(subscriber: Subscriber, world: World) -> None:
    flight = world.flight(pax_count=3)
    assert subscriber.create(MOVED) == {"__typename": "BooleanValue", "value": True}
    assert subscriber.create('subscription { echo(text: "hi") }', label="Echo it", head=False)["value"]
    (echo,) = subscriber.told()
    assert json.loads(echo.body) == {"echo": "hi"} and "Authorization" not in echo.headers
    commands.change_flight(world.ops, flight.id, commands.FlightEdit(notes="not the schedule"))
    assert subscriber.told() == []
    commands.change_flight(world.ops, flight.id, commands.FlightEdit(std=flight.std + timedelta(minutes=5)))
    (call,) = subscriber.told()
    moved = {"flightNid": flight.id, "flightNo": "EV3810", "acft": {"registration": "N14923"},
             "passengerListCount": 3}  # fmt: skip
    assert (call.url, json.loads(call.body)) == (URL, {"flight": {"flightScheduleChange": moved}})
    pem = Client().get("/.well-known/keys/leon-subscriptions-webhook-1.pub").content
    token = call.headers["Authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, pem, algorithms=["RS512"], audience=URL, issuer="Leon Software", leeway=3600)
    assert {"iat", "exp", "jti"} <= claims.keys() and jwt.get_unverified_header(token)["alg"] == "RS512"
    assert b"PRIVATE" not in bytes(SigningKey.objects.get().private) and b"PUBLIC" in pem
    listed = subscriber.leon("{ webhook { subscriptionList { label webhookUrl subscription variables } } }")
    assert [one["label"] for one in listed["webhook"]["subscriptionList"]] == ["Echo it", "Schedule changes"]
    end = 'mutation { webhook { deleteSubscriptionWebhook(label: "Schedule changes") } }'
    assert subscriber.leon(end)["webhook"]["deleteSubscriptionWebhook"] is True
    assert subscriber.leon.refused(end)["extensions"]["category"] == "RESOURCE_NOT_FOUND"
    commands.change_flight(world.ops, flight.id, commands.FlightEdit(std=flight.std))
    assert subscriber.told() == []


@pytest.mark.req("LEO-05")
def test_every_happening_is_told_of_its_own_change_alone(subscriber: Subscriber, world: World) -> None:
    paths = {
        "create": "flight { flightCreate(operatorId: $o) { flightNid } }",
        "cancel": "flight { flightCancellation(operatorId: $o) { isCnl } }",
        "crew": "flight { flightCrewChanges(operatorId: $o) { crewList { contact { personCode } } } }",
        "items": "flight { checklist { flightOpsChecklistItemChanged(operatorId: $o) { flightNid } } }",
        "one item": "flight { checklist { flightChecklistChanged(checklistDefinitionNid: 1) { flightNid } } }",
        "trip": "trip { tripStatusChanged(operatorId: $o) { tripNid tripNumber } }",
    }
    for label, path in paths.items():
        text = f"subscription({'$o: OperatorId!' if '$o' in path else ''}) {{ {path} }}".replace("()", "")
        assert subscriber.create(text, label=f"Hears {label}")["__typename"] == "BooleanValue"
    labels = dict(Subscription.objects.values_list("id", "label"))

    def told() -> list[str]:
        calls = subscriber.told()
        of = dict(Delivery.objects.values_list("id", "subscription_id"))
        return sorted(labels[of[call.delivery_id]].removeprefix("Hears ") for call in calls)

    flight = world.flight()
    assert told() == ["create"]
    commands.change_flight(world.ops, flight.id, commands.FlightEdit(crew={"CPT": "ABC"}))
    assert told() == ["crew"]
    set_item(world.admin, flight.id, "FUEL_ADEP", ItemEdit(status="RQS"))
    assert told() == ["items"]
    commands.set_trip_status(world.ops, flight.trip_id, "OPTION")
    assert told() == ["trip"]
    commands.cancel_flight(world.ops, flight.id)
    assert "cancel" in told()


@pytest.mark.req("LEO-05")
def test_what_cannot_be_subscribed_to_is_refused_with_a_code_and_a_sentence(
    subscriber: Subscriber, world: World
) -> None:
    assert subscriber.violation(label="short") == ("TOO_SHORT_ERROR", "label")
    assert subscriber.violation(url="nowhere") == ("REGEX_FAILED_ERROR", "webhookUrl")
    assert subscriber.violation(url="https://127.0.0.1/x") == ("REGEX_FAILED_ERROR", "webhookUrl")
    assert subscriber.violation(token="x" * 40) == ("TOKEN_EXPIRES_ERROR", "refreshToken")
    for text in ("{ echo(text: 1) }", "subscription {", 'query { echo(text: "a") }', "subscription { nothing }",
                 'subscription { echo(text: "a") more: echo(text: "b") }', "subscription { flight { __typename } }",
                 "subscription { ...F } fragment F on Subscription { echo(text: \"a\") }"):  # fmt: skip
        assert subscriber.violation(text) == ("IS_NOT_SOME_ERROR", "subscription"), text
    assert subscriber.violation(MOVED + "#" * 10_000) == ("IS_NOT_SOME_ERROR", "subscription")
    assert subscriber.violation(variables=json.dumps({"o": 1, "x": "y" * 10_000})) == ("IS_NOT_SOME_ERROR", "variables")
    for variables in ("{", "[1]", '{"o": "x"}', "{}", json.dumps({"o": world.id + 1})):
        assert subscriber.violation(variables=variables) == ("IS_NOT_SOME_ERROR", "variables"), variables
    subscriber.leon.refused(CREATE, 400, token="", label="", text="", url="", variables={"an": "object"})
    watch = (
        "subscription($o: OperatorId!) { flight { flightWatch { flightWatchChanged(operatorId: $o) { flightNid } } } }"
    )
    sent = {
        "token": subscriber.refresh,
        "label": "Watching",
        "text": watch,
        "url": URL,
        "variables": f'{{"o":{world.id}}}',
    }
    assert "GRAPHQL_FLIGHT_WATCH" in subscriber.leon.refused(CREATE, **sent)["message"]
    for number in range(10):
        subscriber.create(MOVED, label=f"Number {number}")
    assert subscriber.violation(label="Number 3") == ("DUPLICATE_SUBSCRIPTION_WEBHOOK_ERROR", "label")
    assert subscriber.violation(label="One more") == ("TOO_MANY_SUBSCRIPTION_WEBHOOKS_ERROR", "")


def test_what_is_larger_than_a_call_should_be_is_skipped_and_says_so(
    subscriber: Subscriber, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "LARGEST", 10, raising=False)
    assert subscriber.create('subscription { echo(text: "much too long") }', label="Echo it")["value"]
    assert subscriber.told() == []
    (skipped,) = Delivery.objects.all()
    assert (skipped.state, skipped.body) == ("skipped", None) and "Select less" in skipped.said


@pytest.mark.req("LEO-05")
def test_an_application_hears_of_its_aircraft_alone_and_nothing_once_it_is_withdrawn(world: World) -> None:
    some = Connected(world, "GRAPHQL_FLIGHT", aircraft=(world.aircraft[0].id,))
    text = (
        "subscription($o: OperatorId!) { flight { flightCreate(operatorId: $o) { flightNid acft { registration } } } }"
    )
    connected = Subscriber(world, some, some.refresh)
    assert connected.create(text, label="New flights")["value"] is True
    mine, hidden = world.flight(), world.flight(aircraft_id=world.aircraft[1].id)
    (call,) = connected.told()
    # The selection is carried out with its rights: of the aircraft it may not read.
    assert json.loads(call.body) == {"flight": {"flightCreate": {"flightNid": mine.id, "acft": None}}}
    assert hidden.id not in (call.delivery_id,) and Delivery.objects.count() == 1
    # Swapped away before it was sent, it is out of reach.
    later = world.flight()
    reading.read_changes(NOW)
    commands.change_flight(world.ops, later.id, commands.FlightEdit(aircraft_id=world.aircraft[1].id))
    assert connected.told() == []
    assert Delivery.objects.order_by("-id").first().state == "skipped"
    world.flight()
    reading.read_changes(NOW)
    withdraw_grant(world.admin, some.grant.id)
    assert connected.told() == [] and Subscription.objects.get().ended_why
