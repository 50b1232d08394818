"""The process that serves connections, with its threads: it hears, tells, waits out an outage, and ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import connection as database
from django.db import connections

from connect.orders import commands
from connect.orders.models import Order
from connect.sealing import seal
from connect.sync import connecting, process
from connect.sync.connecting import keep_tokens
from connect.sync.models import Connection
from connect.sync.process import Server, serve
from connect.sync.waking import wake
from connect.wire.oauth import Tokens

from .fake import Fake
from .places import STD
from .world import World, heard_of_them, make_world

pytestmark = pytest.mark.django_db(transaction=True)
NID = 70


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


@pytest.fixture
def world() -> World:
    return make_world()


@pytest.fixture
def fake(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """Served by the process, until the test is over."""
    made = Fake()
    monkeypatch.setattr(django_settings, "POLL_SECONDS", 0.1)
    monkeypatch.setattr(process, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(process, "AFTER_FAILURE", (0.05,))
    monkeypatch.setattr(process, "Server", lambda key: Server(key, transport=made.transport()))
    connection = Connection(operator=world.operator, base_url="https://there.example", client_id="connect")
    connection.client_secret, connection.enabled = seal("secret"), True
    keep_tokens(connection, Tokens(made.access, made.refresh, STD + timedelta(days=300)))
    stop, ready = threading.Event(), threading.Event()

    def run() -> None:
        try:
            serve(stop, ready.set)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    yield made
    stop.set()
    thread.join(15)
    assert not thread.is_alive() and ready.is_set()


def state() -> str:
    return Connection.objects.get().state


def test_it_serves_waits_out_an_outage_and_rests_when_it_is_switched_off(world: World, fake: Fake) -> None:
    fake.put(heard_of_them(NID))
    until(lambda: fake.status(NID, "EDIT") == "PENDING", "the flight is answered")
    number = Order.objects.get(side="ADEP").number
    commands.acknowledge(world.desk, number)
    until(lambda: fake.status(NID, "HANDLING_ADEP") == "CONFIRMED", "the acknowledgement is told")

    fake.down = True
    until(lambda: state() == Connection.FAILED, "the outage stands on the page")
    assert Connection.objects.get().failed_why
    commands.cancel(world.desk, number)
    fake.down = False
    until(lambda: fake.status(NID, "HANDLING_ADEP") == "CANCELLED", "what was done meanwhile is told")
    until(lambda: state() == Connection.WORKING, "the outage is over")

    connecting.set_enabled(world.admin, False)
    until(lambda: not _locked(), "nobody serves it any more")
    assert state() == Connection.OFF


def _locked() -> bool:
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = %s", [process._LOCK])
        return bool(cursor.fetchone()[0])


def test_when_it_is_called_it_asks_without_waiting_for_the_clock(
    world: World, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: fake.live_webhooks() and Connection.objects.get().hook_remote, "it has registered")
    monkeypatch.setattr(django_settings, "POLL_SECONDS", 3600.0)
    connecting.set_enabled(world.admin, False)
    until(lambda: not _locked(), "nobody serves it any more")
    connecting.set_enabled(world.admin, True)
    asked = len(fake.calls)
    until(lambda: fake.calls[asked:].count("/api/v1/webhooks"), "it has asked once, by the clock, which rests now")

    fake.put(heard_of_them(NID))
    for _ in range(50):
        wake(Connection.objects.get().id)
        wake(999_999)
    until(lambda: fake.status(NID, "EDIT") == "PENDING", "the flight is answered")
    asked = len(fake.calls)
    wake(Connection.objects.get().id)
    until(lambda: len(fake.calls) > asked, "it is asked again")


def test_a_fault_of_connects_own_stands_on_the_page_and_is_got_over(
    world: World, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [TypeError("ours")]
    heard = process.commands.hear

    def hear(*given: object) -> bool:
        if faults:
            raise faults.pop()
        return heard(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(process.commands, "hear", hear)
    fake.put(heard_of_them(NID))
    until(lambda: "TypeError" in Connection.objects.get().failed_why, "the fault stands there")
    until(lambda: fake.status(NID, "EDIT") == "PENDING" and state() == Connection.WORKING, "it goes on")
