"""How answers of a marketplace are read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from airstair.addons.marketplaces import client
from airstair.addons.marketplaces.settings import ServiceSettings
from airstair.addons.marketplaces.tests.schedules import NOW, PUSHED, flight, mapped, schedule
from airstair.hub.flows import Call, Document, UnitDocument
from airstair.hub.http import Answer
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind

UNIT = Unit(UnitKind.AIRCRAFT, 81)
SETTINGS = ServiceSettings(**PUSHED)
OK = {"status": "ok", "remarks": []}


class Http:
    """Answers one thing, and keeps what was asked."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[tuple[Any, ...]] = []

    async def request(self, method: str, url: str, headers: Any, body: bytes = b"") -> Answer:
        self.asked.append((method, url, headers["Authorization"], body))
        return self.answer

    def now(self) -> Any:
        return NOW


def answer(status: int, said: Any = OK, **headers: str) -> Answer:
    body = said if isinstance(said, bytes) else msgspec.json.encode(said)
    return Answer(status=status, headers=headers, body=body)


async def put(found: Answer, *, removes: bool = False) -> tuple[Outcome, Http]:
    http = Http(found)
    document = Document(body=b"") if removes else mapped(schedule(flight(1, "EPWA-LFMN", NOW + timedelta(hours=5))))
    one = UnitDocument(unit=UNIT, title="SP-KXA", document=document, removes=removes)
    (outcome,) = await client.put_feeds(Call(http=http, settings=SETTINGS, documents=[one], now=NOW))  # type: ignore[arg-type]
    return outcome, http


@pytest.mark.parametrize(
    ("found", "kind", "field"),
    [
        (answer(200), OutcomeKind.ACCEPTED, None),
        (answer(200, {"status": "new word"}), OutcomeKind.ACCEPTED, None),
        (answer(200, b"<html>"), OutcomeKind.UNREADABLE, ""),
        (answer(200, {"other": 1}), OutcomeKind.UNREADABLE, ""),
        (answer(301, b""), OutcomeKind.MISCONFIGURED, "base_url"),
        (answer(400, b""), OutcomeKind.REFUSED, ""),
        (answer(401, b""), OutcomeKind.UNAUTHORISED, "api_key"),
        (answer(403, b""), OutcomeKind.MISCONFIGURED, "api_key"),
        (answer(404, b""), OutcomeKind.MISCONFIGURED, "base_url"),
        (answer(405, b""), OutcomeKind.MISCONFIGURED, "base_url"),
        (answer(408, b""), OutcomeKind.UNAVAILABLE, ""),
        (answer(422, b""), OutcomeKind.REFUSED, ""),
        (answer(429, b""), OutcomeKind.THROTTLED, ""),
        (answer(503, b"<html>"), OutcomeKind.UNAVAILABLE, ""),
        (answer(422, {"status": "error", "remarks": [{"code": "UNKNOWN_AIRCRAFT"}]}), OutcomeKind.UNMATCHED, ""),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
async def test_how_each_answer_ends(found: Answer, kind: OutcomeKind, field: str | None) -> None:
    outcome, _ = await put(found)
    assert outcome.kind is kind
    assert outcome.sent == 1
    assert ([one.field for one in outcome.messages] or [None])[0] == field


async def test_a_remark_finds_its_record() -> None:
    said = {"status": "partly", "remarks": [{"text": "No such airport.", "record": "f-1", "field": "to"}]}
    outcome, _ = await put(answer(200, said))
    assert outcome.kind is OutcomeKind.ACCEPTED_WITH_ERRORS
    assert [(one.text, one.about, one.field) for one in outcome.messages] == [("No such airport.", "flight:1", "to")]


@pytest.mark.parametrize(
    ("written", "wait"),
    [("150", timedelta(seconds=150)), ("999999999", timedelta(days=1)), ("", None), ("soon", None),
     ("Mon, 15 Mar 2027 09:13:30 GMT", timedelta(minutes=1)), ("Mon, 15 Mar 2027 08:00:00 GMT", timedelta(0))],
)  # fmt: skip
async def test_the_wait_that_is_asked_for(written: str, wait: timedelta | None) -> None:
    outcome, _ = await put(answer(429, b"", **({"retry-after": written} if written else {})))
    assert outcome.retry_after == (None if wait is None else NOW + wait)


async def test_a_feed_is_put_under_our_own_number() -> None:
    _, http = await put(answer(200))
    ((method, url, authorization, body),) = http.asked
    assert (method, url, authorization) == ("PUT", "https://market.example/api/feeds/81", "Bearer key-1")
    assert b"SP-KXA" in body


@pytest.mark.parametrize(("status", "kind"), [(200, "accepted"), (404, "accepted"), (503, "unavailable")])
async def test_taking_a_feed_away(status: int, kind: str) -> None:
    outcome, http = await put(answer(status), removes=True)
    assert outcome.kind == kind
    assert http.asked[0][:2] == ("DELETE", "https://market.example/api/feeds/81")


async def test_a_404_that_is_not_the_marketplaces_own_takes_nothing_away() -> None:
    outcome, _ = await put(answer(404, b"<html>"), removes=True)
    assert outcome.kind is OutcomeKind.MISCONFIGURED


async def test_the_check_changes_nothing() -> None:
    http = Http(answer(200))
    assert (await client.check(http, SETTINGS)).kind is OutcomeKind.ACCEPTED  # type: ignore[arg-type]
    assert [one[:2] for one in http.asked] == [("GET", "https://market.example/api/account")]
