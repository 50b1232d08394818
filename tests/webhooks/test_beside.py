"""The topic of applications that support flights, and the one private origin that such an application may name."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.api.conftest import program
from tests.leon.conftest import Connected
from tests.records.conftest import MONDAY, PASSWORD, World

from airstair.changes.models import Change
from airstair.hub.http import CallFailed, HttpPool, PartnerHttp
from airstair.hub.webhooks import commands
from airstair.hub.webhooks.commands import SubscriptionInput
from airstair.hub.webhooks.engine import reading, taking
from airstair.hub.webhooks.models import Delivery, Subscription
from airstair.hub.webhooks.rules import Owner
from airstair.kernel.clock import SystemClock
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.records.checklist import commands as checklist
from airstair.records.checklist.commands import HandlerInput, Submission
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.records.operators.rules import Role
from airstair.running.home import Home, Running

from .conftest import NOON, Desk, Receiver, receiving

SCOPE, BESIDE = "INTEGRATION_FLIGHT_SUPPORT", "http://127.0.0.1:8950"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def subscribed(app: Connected, url: str = "https://orders.example/hooks", *topics: str) -> Any:
    hook = {"label": f"Orders {Subscription.objects.count()}", "url": url, "topics": topics or ["support"]}
    bearer = {"Authorization": f"Bearer {app.token}"}
    return app.client.post("/api/v1/webhooks", hook, content_type="application/json", headers=bearer)


@pytest.fixture
def world(transactional_db: None) -> World:
    """With changes that are committed: in a transaction of the test's own they would be in no snapshot."""
    return World("KXA", ("N14923", "SP-KXA"))


def told(since: int) -> list[dict[str, Any]]:
    """What the subscriptions hear of the changes after this one, in order."""
    Delivery.objects.all().delete()
    reading.read_changes(NOON)
    return [json.loads(bytes(one.body or b"")) for one in Delivery.objects.filter(seq__gt=since).order_by("seq")]


def latest() -> int:
    """The latest change."""
    return Change.objects.latest("seq").seq


@pytest.mark.req("API-09")
def test_an_application_hears_of_the_flights_that_were_submitted_to_it_alone(world: World) -> None:
    desk, other = Connected(world, SCOPE, name="Sky Desk"), Connected(world, SCOPE, name="Other Desk")
    theirs, unknown = world.flight(), world.flight(std=MONDAY + timedelta(days=3))
    assert subscribed(desk).status_code == 201
    change_flight(world.ops, theirs.id, FlightEdit(pax_count=3))
    assert told(0) == [], "nothing was submitted yet"
    before = latest()
    handler = checklist.add_handler(world.ops, HandlerInput(name="Blue Apron", airports=("KEWR",)))
    wanted = Submission(adep_handler_id=handler.id, ades_handler_id=None, services={"HANDLING_ADEP": ""})
    checklist.submit(world.ops, theirs.id, desk.id, wanted)
    heard = told(before)
    assert heard and {one["thing_id"] for one in heard} == {theirs.id}
    before = latest()
    change_flight(world.ops, theirs.id, FlightEdit(pax_count=4))
    change_flight(world.ops, unknown.id, FlightEdit(pax_count=4))
    (one,) = [one for one in told(before) if one["kind"] == "flight.changed"]
    assert one["flight_ids"] == [theirs.id] and one["topics"] == ["support"]
    assert (one["trip_ids"], one["aircraft_ids"], one["before"], one["after"]) == ([], [], [], [])
    before = latest()
    checklist.submit(world.ops, unknown.id, other.id, wanted)
    assert told(before) == [], "what is another application's is not theirs"


def test_what_an_application_answered_itself_is_no_news_to_it(world: World) -> None:
    desk, flight = Connected(world, SCOPE, name="Sky Desk"), world.flight()
    assert subscribed(desk).status_code == 201
    handler = checklist.add_handler(world.ops, HandlerInput(name="Blue Apron", airports=("KEWR",)))
    wanted = Submission(adep_handler_id=handler.id, ades_handler_id=None, services={"HANDLING_ADEP": ""})
    checklist.submit(world.ops, flight.id, desk.id, wanted)
    before = latest()
    answer = (
        "mutation($n: FlightNid!, $s: [FlightSupportServiceInput!]!) { integration { flightSupport {"
        " setServiceStatus(flightNid: $n, services: $s) } } }"
    )
    desk(answer, n=flight.id, s=[{"service": "HANDLING_ADEP", "status": "CONFIRMED", "note": "Order 1"}])
    assert latest() > before and told(before) == []


def test_who_may_hear_of_support(world: World) -> None:
    reader = Connected(world, "GRAPHQL_FLIGHT", name="Reader")
    refused = subscribed(reader)
    assert refused.status_code == 422 and f"support needs the scope {SCOPE}" in refused.json()["detail"]
    key = program(world)("post", "/webhooks", {"label": "A", "url": "https://a.example/", "topics": ["support"]})
    assert key.status_code == 422 and SCOPE in key.json()["detail"]
    desk = Connected(world, SCOPE, name="Sky Desk")
    assert "flight needs the resource Flights" in subscribed(desk, "https://a.example/", "flight").json()["detail"]


ELSEWHERE = (
    "http://127.0.0.1:8951/hooks/x", "http://127.0.0.1/hooks/x", "https://127.0.0.1:8950/hooks/x",
    "http://localhost:8950/hooks/x", "http://127.0.0.2:8950/hooks/x", "http://[::1]:8950/hooks/x",
    "http://[::ffff:127.0.0.1]:8950/x", "http://10.0.0.1:8950/x", "http://127.0.0.1:8950@10.0.0.1/x",
    "http://127.0.0.1:8950\\@10.0.0.1/x", "http://127.0.0.1:89500/x", "ftp://127.0.0.1:8950/x",
    "http://2130706433:8950/x", "http://orders.example:8950/x",
)  # fmt: skip


def test_the_program_beside_is_called_at_its_own_origin_and_nowhere_else(world: World, settings: Any) -> None:
    settings.CONNECT_URL = BESIDE
    desk = Connected(world, SCOPE, name="Sky Desk")
    assert subscribed(desk, f"{BESIDE}/hooks/x").status_code == 201
    for url in ELSEWHERE:
        assert subscribed(desk, url).status_code == 422, url
    assert subscribed(desk, "http://a:b@127.0.0.1:8950/hooks/x").status_code == 422
    settings.CONNECT_URL = ""
    for url in (f"{BESIDE}/hooks/x", *ELSEWHERE):
        assert subscribed(desk, url).status_code == 422, url


def test_nobody_else_may_name_that_origin(world: World, settings: Any) -> None:
    """What people type is refused, in whose name it may ever be; and so are keys and other applications."""
    settings.CONNECT_URL = BESIDE
    desk, reader = Connected(world, SCOPE, name="Sky Desk"), Connected(world, "GRAPHQL_FLIGHT", name="Reader")
    subscribed(desk)
    grant_id = Subscription.objects.get().grant_id
    typed = SubscriptionInput(label="Typed", url=f"{BESIDE}/hooks/x", topics=("support",))
    with pytest.raises(Invalid, match="https://"):
        commands.subscribe(world.admin, Owner(grant_id=grant_id), typed)
    browser = Client()
    browser.post("/sign-in", {"email": world.members[Role.ADMIN].email, "password": PASSWORD})
    wanted = {"label": "Typed", "url": f"{BESIDE}/hooks/x", "topics": ["flight"], "owner": f":{grant_id}"}
    assert browser.post("/settings/webhooks/", wanted).status_code == 422
    assert subscribed(reader, f"{BESIDE}/hooks/x", "flight").status_code == 422
    key = program(world)("post", "/webhooks", {"label": "A", "url": f"{BESIDE}/hooks/x", "topics": ["flight"]})
    assert key.status_code == 422


def test_its_origin_comes_from_whoever_runs_both(tmp_path: Path) -> None:
    place = Home(tmp_path / "home", environ={})
    running = Running(pid=1, started=NOON, addresses={"connect": BESIDE}, children={})
    with place.claim():
        assert "AIRSTAIR_CONNECT_URL" not in place.environment("postgresql://x")
        place.tell_running(running)
        assert place.environment("postgresql://x")["AIRSTAIR_CONNECT_URL"] == BESIDE


@pytest.fixture
async def beside() -> AsyncIterator[Receiver]:
    async with receiving() as made:
        yield made


async def test_a_pool_calls_that_origin_and_no_other_private_one(beside: Receiver) -> None:
    origin = beside.url.removesuffix("/hooks")
    pool = HttpPool(allow_private=False, beside_url=origin)

    async def post(url: str) -> int:
        http = PartnerHttp(pool, SystemClock(), deadline=timedelta(seconds=5))
        return (await http.request("POST", url, headers={}, body=b"{}")).status

    try:
        assert await post(beside.url) == 200
        port = int(origin.rpartition(":")[2])
        for url in (
            f"http://127.0.0.1:{port ^ 1}/", f"https://127.0.0.1:{port}/", f"http://localhost:{port}/",
            f"http://127.0.0.2:{port}/", f"http://[::1]:{port}/",
        ):  # fmt: skip
            with pytest.raises(CallFailed) as failed:
                await post(url)
            assert failed.value.kind is OutcomeKind.MISCONFIGURED, url
    finally:
        await pool.close()
    assert len(beside.calls) == 1


async def test_the_postman_reaches_it_and_no_longer_when_it_is_not_named(
    desk: Desk, beside: Receiver, settings: Any
) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True  # so that there is a subscription at all
    made = await desk.subscribe(beside)
    settings.ALLOW_PRIVATE_ADDRESSES, settings.CONNECT_URL = False, beside.url.removesuffix("/hooks")
    first = await desk.start()
    await desk.flight()
    await desk.settle()
    reached = len(beside.calls)
    assert reached
    await desk.end(first)
    settings.CONNECT_URL = ""
    await desk.start()
    await desk.flight(1)
    await desk.settle()
    log = await desk.log(made.facts.id)
    assert len(beside.calls) == reached and "private address" in log[-1].said


def test_a_subscription_that_has_no_address_of_ours_is_still_taken(world: World, settings: Any) -> None:
    settings.CONNECT_URL = "not an address"
    desk = Connected(world, SCOPE, name="Sky Desk")
    assert subscribed(desk).status_code == 201 and subscribed(desk, "not an address").status_code == 422
    assert taking.due(NOON) == []
