"""Subscribing by interface and on the page: a secret shown once, each owner its own, addresses looked at."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.api.conftest import program
from tests.leon.conftest import Connected
from tests.records.conftest import PASSWORD, World

from airstair.hub.connections import secrets
from airstair.hub.webhooks import commands, queries
from airstair.hub.webhooks.commands import SubscriptionInput
from airstair.hub.webhooks.engine import reading, taking
from airstair.hub.webhooks.kinds import Heeding, Told
from airstair.hub.webhooks.models import Delivery, Subscription
from airstair.hub.webhooks.own import OWN
from airstair.hub.webhooks.rules import Event, Owner, Result, Verdict, heard
from airstair.kernel.errors import Forbidden, Invalid, NotFound
from airstair.records.access.snapshots import Caller
from airstair.records.operators.rules import Role

from .conftest import NOON

HOOK = {"label": "Roster, production", "url": "https://roster.example/hooks", "topics": ["flight", "crew"]}


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> World:
    return World("KXA", ("N14923", "SP-KXA"))


@pytest.mark.req("API-09")
def test_a_program_subscribes_lists_and_ends_what_is_its_own(world: World) -> None:
    ask, stranger = program(world), program(world, name="Another", reads=("Flights",), writes=())
    made = ask("post", "/webhooks", HOOK)
    assert made.status_code == 201, made.content
    secret, id_ = made.json()["secret"], made.json()["id"]
    assert re.fullmatch(r"whsec_[A-Za-z0-9_-]{43}", secret)
    listed = ask("get", "/webhooks")
    assert [one["id"] for one in listed.json()] == [id_] and secret not in listed.content.decode()
    row = Subscription.objects.get()
    assert secret.encode() not in bytes(row.secret)
    assert secrets.unseal(world.id, row.secret) == {"secret": secret}
    assert ask("post", "/webhooks", HOOK).json()["errors"][0]["field"] == "label"
    # Another key of the same operator finds none of it.
    assert stranger("get", "/webhooks").json() == []
    for method, path in (("get", f"/webhooks/{id_}"), ("delete", f"/webhooks/{id_}"),
                         ("get", f"/webhooks/{id_}/deliveries")):  # fmt: skip
        assert stranger(method, path).status_code == 404
    # Nor may it hear of what it may not read.
    refused = stranger("post", "/webhooks", HOOK).json()
    assert "crew needs the resource Crew" in refused["detail"]
    assert ask("get", f"/webhooks/{id_}/deliveries").json() == []
    assert ask("post", "/deliveries/1/again").status_code == 404
    # An application subscribes with its access token; what it has is its own too.
    desk = Connected(world, "GRAPHQL_FLIGHT", aircraft=(world.aircraft[0].id,))
    bearer = {"Authorization": f"Bearer {desk.token}"}
    hook = {**HOOK, "topics": ["flight"]}
    theirs = desk.client.post("/api/v1/webhooks", hook, content_type="application/json", headers=bearer)
    assert theirs.status_code == 201, theirs.content
    listed = desk.client.get("/api/v1/webhooks", headers=bearer).json()
    assert [one["id"] for one in listed] == [theirs.json()["id"]] and len(ask("get", "/webhooks").json()) == 1
    assert ask("delete", f"/webhooks/{id_}").status_code == 204 == ask("delete", f"/webhooks/{id_}").status_code
    assert ask("get", f"/webhooks/{id_}").json()["ended_at"] is not None


@pytest.mark.req("API-09")
def test_the_page_shows_the_secret_once_and_the_log_with_a_manual_retry(world: World) -> None:
    key = program(world)
    browser = Client()
    browser.post("/sign-in", {"email": world.members[Role.ADMIN].email, "password": PASSWORD})
    wanted = {**HOOK, "owner": f"{key.facts.id}:"}
    page = browser.post("/settings/webhooks/", wanted)
    secret = re.search(r"whsec_[\w-]{43}", page.content.decode())
    assert page.status_code == 200 and secret is not None
    assert secret[0] not in browser.get("/settings/webhooks/").content.decode()
    wrong = browser.post("/settings/webhooks/", {**wanted, "owner": "1:", "label": "Other"})
    assert wrong.status_code == 422 and "not valid any more" in wrong.content.decode()
    facts = queries.subscriptions(world.id)[0]
    delivery = _refused_for_good(world, facts.id)
    shown = browser.get(f"/settings/webhooks/{facts.id}?state=given+up").content.decode()
    assert "Given up" in shown and "no thanks" in shown and "flight.created" in shown
    again = browser.post(f"/settings/deliveries/{delivery}/again", follow=True)
    assert again.status_code == 200 and "sent now" in again.content.decode()
    assert Delivery.objects.get(id=delivery).state == "waiting"
    for action, word in (("pause", "Paused"), ("resume", "On"), ("end", "Ended")):
        assert word in browser.post(f"/settings/webhooks/{facts.id}/{action}", follow=True).content.decode()
    assert Delivery.objects.get(id=delivery).state == "skipped"
    assert browser.post(f"/settings/deliveries/{delivery}/again").status_code == 409
    client = Client()
    client.post("/sign-in", {"email": world.members[Role.OPS].email, "password": PASSWORD})
    assert client.get("/settings/webhooks/").status_code == 403


def _refused_for_good(world: World, subscription_id: int) -> int:
    flight = world.flight()
    delivery = Delivery.objects.create(
        operator_id=world.id, id=8_000_000_000, subscription_id=subscription_id, seq=1, line=f"flight:{flight.id}",
        event="flight.created", title="EV3810", at=NOON, units=[f"flight:{flight.id}"], needs=["Flights"],
        heard=["flight"], body=b'{"id": 1}', next_at=NOON, refusals=7,
    )  # fmt: skip
    (call,) = taking.take(world.id, subscription_id, 0, NOON)
    refused = Result(
        delivery_id=call.delivery_id, verdict=Verdict.REFUSED, status=400, said="no thanks", duration_ms=3.0
    )
    taking.settle(world.id, subscription_id, [refused], NOON)
    return delivery.id


def test_who_may_and_which_addresses(world: World, settings: Any) -> None:
    owner = Owner(key_id=program(world).facts.id)

    def refusal(**given: Any) -> str:
        with pytest.raises(Invalid) as refused:
            commands.subscribe(world.admin, owner, SubscriptionInput(**{**HOOK, "topics": ("flight",), **given}))
        return str(refused.value)

    for url in (
        "http://roster.example/x",
        "ftp://x",
        "",
        "https://",
        "https://a:b@roster.example",
        "https://[::1",
        "x",
    ):
        assert refusal(url=url).startswith("url: "), url
    for url in ("https://127.0.0.1/x", "https://localhost/x", "https://10.1.2.3", "https://[::ffff:10.0.0.1]/",
                "https://①27.0.0.1/x"):  # fmt: skip
        assert "private address" in refusal(url=url)
    assert "Choose at least one" in refusal(topics=())
    assert "not one of them" in refusal(topics=("fleet",))
    with pytest.raises(Forbidden):
        commands.subscribe(world.ops, owner, SubscriptionInput(**HOOK))
    with pytest.raises(NotFound):
        commands.subscribe(world.admin, Owner(key_id=1), SubscriptionInput(**HOOK))
    for number in range(10):
        commands.subscribe(world.admin, owner, SubscriptionInput(**{**HOOK, "label": f"Hook {number}"}))
    assert "the most" in refusal(label="One more")
    assert reading.read_changes(NOON) == 0


def test_the_receiver_of_the_how_to_takes_ours_and_no_others() -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "webhooks.md").read_text()
    example: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0], example)
    body, now = b'{"id": 1}', datetime.now(UTC)
    told = Told(id=1, event="flight.changed", line="flight:1", at=now, units=(), heard=())
    to = Heeding(operator_id=1, id=2, url="", hears=(), more={}, owner=Owner(key_id=1), secret="whsec_x")
    headers = dict(OWN.headers(to, told, body, now))
    genuine = example["is_genuine"]
    assert genuine("whsec_x", headers, body)
    assert not genuine("whsec_y", headers, body) and not genuine("whsec_x", headers, body + b" ")
    assert not genuine("whsec_x", dict(OWN.headers(to, told, body, now - timedelta(hours=1))), body)
    assert not genuine("whsec_x", {}, body)


@pytest.mark.req("API-09")
def test_what_is_heard_by_topics_resources_and_aircraft() -> None:
    """A table of the rule: kind, properties and units of a change; topics, resources and aircraft of the owner."""
    flight, aircraft = ("aircraft:1", "aircraft:2", "flight:7", "trip:6"), frozenset({2})
    everything = frozenset({"Flights", "Crew", "Passengers", "Journey Log", "Checklist"})
    topics = ("flight", "checklist", "crew", "passenger")
    for kind, properties, units, reads, seen, wanted in (
        ("flight.changed", "std crew pax_list", flight, everything, None, "flight crew passenger | std crew pax_list"),
        ("flight.changed", "std crew pax_list", flight, {"Flights"}, None, "flight | std"),
        ("flight.changed", "crew", flight, {"Flights"}, None, ""),
        ("flight.changed", "crew", flight, {"Crew"}, aircraft, "crew | crew"),
        ("flight.changed", "std", flight, everything, frozenset({3}), ""),
        ("flight.changed", "pax_count", flight, everything, None, "flight passenger | pax_count"),
        ("flight.watch", "etd", flight, everything, None, "flight | etd"),
        ("flight.watch", "etd", flight, everything - {"Journey Log"}, None, ""),
        ("flight.restored", "", flight, {"Flights"}, None, "flight |"),
        ("trip.changed", "client", ("trip:6",), {"Flights"}, None, "flight | client"),
        ("checklist.item", "FUEL_ADEP.status", flight, {"Flights"}, None, ""),
        ("checklist.item", "FUEL_ADEP.status", flight, everything, None, "checklist | FUEL_ADEP.status"),
        ("crew.changed", "email", ("crew:5",), everything, None, "crew | email"),
        ("crew.changed", "email", ("crew:5",), everything, aircraft, ""),
        ("passenger.added", "last_name", ("phonebook:5",), everything, None, "passenger | last_name"),
        ("aircraft.changed", "seats", ("aircraft:2",), everything, None, ""),
        ("member.created", "role", ("operator:1",), everything, None, ""),
    ):
        event = Event(
            operator_id=1, seq=1, at=NOON, kind=kind, title="", actor_kind="person", subject_kind="flight",
            subject_id=7, units=units, before=(), after=tuple(properties.split()),
        )  # fmt: skip
        caller = Caller(operator_id=1, name="", reads=frozenset(reads), writes=frozenset(), scopes=frozenset(),
                        key_id=1, aircraft=seen)  # fmt: skip
        found = heard(event, topics, caller)
        names, _, expected = wanted.partition("|")
        assert (found is not None) is bool(wanted), (kind, properties, reads)
        if found is not None:
            assert (found.topics, found.properties) == (tuple(names.split()), frozenset(expected.split())), kind
