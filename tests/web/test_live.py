"""The live stream: who hears of what, that nothing is missed, and that nobody else listens."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import psycopg
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.db import connection, connections
from tests.web.conftest import MONDAY

from airstair.records.flights import commands
from airstair.records.operators.rules import Role
from airstair.web.live.asgi import LiveStream
from airstair.web.live.cursor import current_cursor, readable
from airstair.web.live.feed import LEDGER_CHANNEL, MOST_WAITING, Listener, conninfo_of
from airstair.web.live.happenings import EVERYTHING, LOST_TRACK, MOST_UNITS, Happening, Row, Sight, happening

COOKIE = django_settings.SESSION_COOKIE_NAME
ORIGIN = "http://localhost:8000"


def row(units: tuple[str, ...], operator_id: int = 1, seq: int = 1, by: str = "Ann") -> Row:
    return Row(
        operator_id=operator_id, seq=seq, kind="flight.changed", units=units, actor_label=by, actor_key=by.lower()
    )


def test_another_operators_changes_are_not_heard() -> None:
    assert happening([row(("aircraft:1",), operator_id=2)], Sight(operator_id=1)) is None


def test_an_owner_hears_of_own_aircraft_only() -> None:
    owner = Sight(operator_id=1, aircraft=frozenset({7}))
    assert happening([row(("aircraft:8", "flight:3"))], owner) is None
    heard = happening([row(("aircraft:7", "aircraft:8", "flight:3"))], owner)
    assert heard is not None
    assert heard.units == ("aircraft:7", "flight:3"), "a swap does not tell where the flight went"


def test_many_units_become_everything() -> None:
    heard = happening([row((f"flight:{n}",), seq=n) for n in range(MOST_UNITS + 1)], Sight(operator_id=1))
    assert heard is not None
    assert (heard.units, heard.seq) == ((EVERYTHING,), MOST_UNITS)


def test_who_did_it_is_named_once() -> None:
    heard = happening(
        [row(("flight:1",)), row(("flight:2",), seq=2), row(("flight:3",), by="Bo")], Sight(operator_id=1)
    )
    assert heard is not None
    assert (heard.by, heard.keys) == (("Ann", "Bo"), ("ann", "bo"))


async def test_who_falls_behind_loses_track_instead_of_memory() -> None:
    listener = Listener(Sight(operator_id=1))
    for _ in range(MOST_WAITING * 5):
        listener.put("change", Happening(seq=1, kinds=(), units=("flight:1",), by=(), keys=()))
    waiting = []
    while (found := await listener.next(0.01)) is not None:
        waiting.append(found[1])
    assert LOST_TRACK in waiting
    assert len(waiting) <= MOST_WAITING


@pytest.mark.parametrize(
    "text", ["", "x", "1:2", "1:2:3,", "-1:2:", "1:2:" + "3," * 4000 + "3", "1:2:\n", "9" * 30 + ":1:"]
)
def test_what_is_no_cursor_is_not_asked_of_the_database(text: str) -> None:
    assert not readable(text)


@pytest.mark.parametrize("text", ["1:2:", "10:20:11,12"])
def test_cursors_are_recognised(text: str) -> None:
    assert readable(text)


class Ear:
    """A browser's side of the stream, inside the process."""

    def __init__(self, application: LiveStream, headers: dict[str, str], query: str = "") -> None:
        self._chunks: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._left = asyncio.Event()
        self._text = ""
        scope = {
            "type": "http", "method": "GET", "path": "/stream", "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        self.task = asyncio.create_task(application(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self._chunks.put_nowait(message)

    async def start(self) -> tuple[int, dict[str, str]]:
        """Status and headers of the answer."""
        message = await asyncio.wait_for(self._chunks.get(), 10)
        return message["status"], {k.decode(): v.decode() for k, v in message["headers"]}

    async def event(self, name: str) -> tuple[str, str]:
        """The next event of that name: its data and its id."""
        while True:
            while "\n\n" not in self._text:
                self._text += (await asyncio.wait_for(self._chunks.get(), 10)).get("body", b"").decode()
            block, _, self._text = self._text.partition("\n\n")
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if fields.get("event") == name:
                return fields.get("data", ""), fields.get("id", "")

    async def leave(self) -> None:
        self._left.set()
        await asyncio.wait_for(self.task, 10)


@contextlib.asynccontextmanager
async def streaming(beat: float = 60) -> AsyncIterator[LiveStream]:
    application = LiveStream(beat=beat)
    try:
        yield application
    finally:
        if application._feed is not None:
            await application._feed.stop()
        # The thread that ran the commands keeps its connection otherwise, and the test's database could not go.
        await sync_to_async(connections.close_all)()


def headers_of(client: Any, **more: str) -> dict[str, str]:
    return {"host": "localhost:8001", "cookie": f"{COOKIE}={client.cookies[COOKIE].value}", "origin": ORIGIN, **more}


def changed(data: str) -> Happening:
    return msgspec.json.decode(data, type=Happening)


@pytest.fixture
def _real_commits(transactional_db: None) -> None:
    """Before `house`, whose rows a stream on another connection must be able to see."""


@pytest.mark.req("OPS-17")
async def test_a_change_reaches_who_listens(_real_commits, house, sign_in) -> None:
    client = await sync_to_async(sign_in)()
    flight = await sync_to_async(house.flight)()
    async with streaming() as application:
        ear = Ear(application, headers_of(client))
        status, headers = await ear.start()
        assert status == 200
        assert headers["content-type"].startswith("text/event-stream")
        assert (headers["access-control-allow-origin"], headers["access-control-allow-credentials"]) == (ORIGIN, "true")
        await ear.event("hello")
        edit = commands.FlightEdit(std=flight.std + timedelta(hours=1), sta=None)
        await sync_to_async(commands.change_flight)(house.admin, flight.id, edit)
        what = changed((await ear.event("change"))[0])
        assert f"flight:{flight.id}" in what.units
        assert f"aircraft:{flight.aircraft_id}" in what.units
        assert (what.kinds, what.by) == (("flight.changed",), ("Ada Admin",))
        await ear.leave()


@pytest.mark.req("OPS-17")
async def test_what_happened_before_the_stream_opened_is_told_first(_real_commits, house, sign_in) -> None:
    """A page is rendered, a colleague saves, and only then the browser connects."""
    client = await sync_to_async(sign_in)()
    cursor = await sync_to_async(current_cursor)()
    flight = await sync_to_async(house.flight)()
    async with streaming() as application:
        first = Ear(application, headers_of(client), f"cursor={cursor}")
        await first.start()
        data, where = await first.event("change")
        assert f"flight:{flight.id}" in changed(data).units
        await first.leave()
        await sync_to_async(commands.cancel_flight)(house.admin, flight.id)
        again = Ear(application, headers_of(client, **{"last-event-id": where}), f"cursor={cursor}")
        await again.start()
        assert changed((await again.event("change"))[0]).kinds == ("flight.cancelled",), "from where it stopped"
        await again.leave()


@pytest.mark.req("OPS-17")
async def test_a_slow_transaction_is_not_skipped(_real_commits, house, sign_in) -> None:
    """It took its number first and commits last: a sequence number as cursor would lose it."""
    client = await sync_to_async(sign_in)()
    slow = await sync_to_async(house.flight)()
    quick = await sync_to_async(house.flight)(aircraft_id=house.aircraft[1].id)
    async with (
        streaming() as application,
        await psycopg.AsyncConnection.connect(conninfo_of(connection.settings_dict)) as db,
    ):
        ear = Ear(application, headers_of(client))
        await ear.start()
        await ear.event("hello")
        await db.execute(
            "INSERT INTO changes_change (operator_id, actor_kind, actor_key, actor_label, kind, subject_kind,"
            " subject_id, title, units, bulk)"
            " VALUES (%s, 'person', '1', 'Slow Sam', 'flight.changed', 'flight', %s, '', %s, false)",
            [house.id, slow.id, [f"flight:{slow.id}"]],
        )
        await sync_to_async(commands.cancel_flight)(house.admin, quick.id)
        assert f"flight:{quick.id}" in changed((await ear.event("change"))[0]).units
        await db.commit()
        assert changed((await ear.event("change"))[0]).by == ("Slow Sam",)
        await ear.leave()


async def test_deliveries_are_forwarded_to_their_operator(_real_commits, house, other_house, sign_in) -> None:
    client = await sync_to_async(sign_in)()
    async with streaming() as application:
        ear = Ear(application, headers_of(client))
        await ear.start()
        await ear.event("hello")
        async with await psycopg.AsyncConnection.connect(conninfo_of(connection.settings_dict), autocommit=True) as db:
            for payload in (f"{other_house.id}:5", "nonsense", "1:2:3", f"{house.id}:31"):
                await db.execute("SELECT pg_notify(%s, %s)", [LEDGER_CHANNEL, payload])
        assert (await ear.event("ledger"))[0] == "31"
        await ear.leave()


@pytest.mark.req("OPS-08")
async def test_nobody_listens_who_is_not_signed_in(_real_commits, house, sign_in) -> None:
    client = await sync_to_async(sign_in)()
    cases = {
        "no cookie": ({"host": "localhost:8001"}, 401),
        "a wrong cookie": ({"host": "localhost:8001", "cookie": f"{COOKIE}=guess"}, 401),
        "a broken cookie": ({"host": "localhost:8001", "cookie": f'{COOKIE}="\x01;;=,'}, 401),
        "a page of somebody else's": (headers_of(client, origin="https://evil.example"), 403),
        "an origin that is none": (headers_of(client, origin="http://["), 403),
        "the null origin": (headers_of(client, origin="null"), 403),
    }
    async with streaming() as application:
        for name, (headers, expected) in cases.items():
            ear = Ear(application, headers)
            status, answered = await ear.start()
            assert status == expected, name
            assert answered.get("access-control-allow-origin", "") != "https://evil.example"
            await ear.leave()


@pytest.mark.req("OPS-08")
async def test_a_stream_ends_with_its_session(_real_commits, house, sign_in) -> None:
    client = await sync_to_async(sign_in)()
    headers = headers_of(client)
    async with streaming(beat=0.02) as application:
        ear = Ear(application, headers)
        await ear.start()
        await ear.event("hello")
        await sync_to_async(client.post)("/sign-out")
        await ear.event("signed-out")
        await asyncio.wait_for(ear.task, 10)


@pytest.mark.parametrize("cursor", ["nonsense", "5:3:", "99999999999999999999:99999999999999999999:", "0:0:"])
async def test_any_cursor_is_answered(_real_commits, house, sign_in, cursor: str) -> None:
    client = await sync_to_async(sign_in)()
    async with streaming() as application:
        ear = Ear(application, headers_of(client), f"cursor={cursor}")
        assert (await ear.start())[0] == 200
        assert readable((await ear.event("hello"))[1])
        await ear.leave()


@pytest.mark.req("OPS-17")
def test_polling_tells_the_same(house, sign_in) -> None:
    """As far as one connection can show it: PostgreSQL sees its own transaction's rows in its next snapshot."""
    client = sign_in()
    lost = client.get("/live/poll?after=nonsense").json()
    assert lost["change"]["units"] == ["*"]
    assert readable(lost["cursor"])
    assert client.get("/live/poll?after=9:5:").json()["change"]["units"] == ["*"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("OPS-17")
def test_polling_goes_on_where_it_stopped(house, sign_in) -> None:
    client, owner = sign_in(), sign_in(Role.AIRCRAFT_OWNER)
    cursor = current_cursor()
    hidden = house.flight(aircraft_id=house.aircraft[1].id, std=MONDAY)
    first = client.get(f"/live/poll?after={cursor}").json()
    assert f"flight:{hidden.id}" in first["change"]["units"]
    assert client.get(f"/live/poll?after={first['cursor']}").json()["change"] is None
    assert owner.get(f"/live/poll?after={cursor}").json()["change"] is None
