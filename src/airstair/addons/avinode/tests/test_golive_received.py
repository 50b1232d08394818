"""The checklist on the whole way: what the add-on sends, spoiled or not, through the imitation and its audit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.addons.avinode.tests.evidence import MINUTE, PICTURE, SETTINGS, connection, sources
from airstair.addons.avinode.tests.schedules import FLOW, NOW
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.health import LedgerLine
from airstair.hub.http import HttpPool, PartnerHttp
from airstair.hub.verdicts import GoLiveItem, Verdict
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Conflict
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import Unit, UnitKind
from airstair.sandbox.running import RunningSandbox, running

pytestmark = pytest.mark.req("AVI-50")

Activities = list[dict[str, Any]]
Spoil = Callable[[Activities, bool], object]  # what it changes in a call; whether it is the last one
UNIT = Unit(UnitKind.AIRCRAFT, 81)
AS_IT_SHOULD = (0, 5, 10, 15)


def as_made(activities: Activities, last: bool) -> None:
    """Nothing is spoiled."""


async def examined(
    spoil: Spoil = as_made, *, minutes: Iterable[int] = AS_IT_SHOULD, failing: int | None = None
) -> list[GoLiveItem]:
    """The list after a quarter of an hour in which each document was spoiled on its way, and the call of the minute
    `failing` was answered with 503."""
    clock = ManualClock(NOW - 15 * MINUTE)
    async with running(clock=clock) as sandbox:
        assert ADDON.for_sandbox is not None
        settings = AvinodeSettings(environment="sandbox", share_services=True, **ADDON.for_sandbox(sandbox.url))
        pool = HttpPool(allow_private=True)
        for minute in minutes:
            clock.set(NOW - (15 - minute) * MINUTE)
            if minute == failing:
                sandbox.partner("avinode").faults.add("status", status=503, count=1)
            http = PartnerHttp(pool, clock, deadline=MINUTE)
            call = Call(http=http, settings=settings, documents=[spoiled(settings, clock, spoil)], now=clock.now())
            (outcome,) = await FLOW.send(call)
        await pool.close()
        return await judged(sandbox, settings, outcome)


def spoiled(settings: AvinodeSettings, clock: ManualClock, spoil: Spoil) -> UnitDocument:
    document = FLOW.document(PICTURE, settings, clock.now())
    assert document is not None
    body = msgspec.json.decode(document.body)
    spoil(body["activities"], clock.now() == NOW)
    document = msgspec.structs.replace(document, body=msgspec.json.encode(body))
    return UnitDocument(unit=UNIT, title="SP-KXA", document=document)


async def judged(sandbox: RunningSandbox, settings: AvinodeSettings, last: Outcome) -> list[GoLiveItem]:
    """Users are shown the last call as it ended."""
    shown = LedgerLine(
        unit=UNIT, title="SP-KXA", flow="schedule", last_attempt=NOW, outcome=last.kind,
        http_status=last.http_status, messages=last.messages,
    )  # fmt: skip
    assert ADDON.golive is not None
    return await ADDON.golive(sources(connection(settings), shown=shown, url=sandbox.url))


def failed(items: list[GoLiveItem]) -> dict[int, str]:
    assert [one.number for one in items] == list(range(1, 21))
    return {one.number: " ".join(one.evidence) for one in items if one.verdict is Verdict.FAIL}


async def test_a_quarter_of_an_hour_with_the_sandbox() -> None:
    items = await examined()

    assert failed(items) == {}
    assert {one.number for one in items if one.verdict is Verdict.PERSON} == {1, 16}
    assert items[5].evidence[0].startswith("Found in none of 4 calls of 1 aircraft: ")


async def test_a_call_too_soon_and_a_failure_repeated() -> None:
    assert set(failed(await examined(minutes=(0, 5, 10, 11, 15)))) == {5}
    assert set(failed(await examined(minutes=(0, 5, 10, 12, 15), failing=10))) == {5, 17}


# -- one thing is wrong in a document -------------------------------------------------------------------------------


def change(id: str, **fields: Any) -> Spoil:
    """In the last call, these fields of one activity."""
    return lambda activities, last: last and named(activities, id).update(fields)


def change_before(id: str, **fields: Any) -> Spoil:
    """In all calls but the last, which is as it should be."""
    return lambda activities, last: last or named(activities, id).update(fields)


def named(activities: Activities, id: str) -> dict[str, Any]:
    return next(one for one in activities if one["activityId"] == id)


def more(start: str, end: str, **fields: Any) -> Spoil:
    """In the last call, an activity that the record does not know."""
    return lambda activities, last: last and activities.append(another("x-1", start, end, **fields))


def another(id: str, start: str, end: str, **fields: Any) -> dict[str, Any]:
    return {
        "activityId": id,
        "activityType": "PAX FLIGHT",
        "startAirport": {"icao": "EPWA"},
        "endAirport": {"icao": "EPWA"},
        "startDateTime": start,
        "endDateTime": end,
        "paxCount": 1,
        "externalTripId": "T-1",
        **fields,
    }


def nothing_ended(activities: Activities, last: bool) -> None:
    if last:
        activities.remove(named(activities, "f-1"))


def twice(activities: Activities, last: bool) -> None:
    if last:
        activities.append(named(activities, "f-2"))


def under_anothers_id(activities: Activities, last: bool) -> None:
    """Of two activities one is gone, and the other comes back under its id."""
    first, second = ("2027-03-25T06:00Z", "2027-03-25T08:00Z"), ("2027-03-26T06:00Z", "2027-03-26T08:00Z")
    activities += [another("x-1", *second)] if last else [another("x-1", *first), another("x-2", *second)]


COMING = ("2027-03-25T06:00Z", "2027-03-25T08:00Z")
SIX_DAYS = {"marketingStartDateTime": "2027-03-16T06:00Z", "marketingEndDateTime": "2027-03-22T06:00Z"}


@pytest.mark.parametrize(
    ("number", "spoil", "words"),
    [
        (2, more("2027-02-15T06:00Z", "2027-02-15T09:11Z"), "x-1"),
        (3, nothing_ended, "None of 4 activities ends in the past"),
        (6, change("f-2", activityId="f-99"), "f-2 came back as f-99"),
        (6, change("f-2", activityId=""), "id is missing"),
        (6, twice, "f-2 (PAX FLIGHT, 2027-03-15T10:12Z): the activity id is used twice"),
        (6, under_anothers_id, "x-2 came back as x-1"),
        (7, more("2027-03-25T06:00", COMING[1]), "x-1: startDateTime"),
        (7, more(COMING[0], "2027-03-25T09:00+01:00"), "x-1: endDateTime"),
        (7, more("2027-03-25 06:00Z", COMING[1]), "x-1: startDateTime"),
        (7, more(COMING[0], "at noon"), "x-1: endDateTime"),
        (7, change("f-3", marketingEndDateTime="2027-03-16T09:00"), "f-3: marketingEndDateTime"),
        (7, change("f-3", marketingEndDateTime="tomorrow"), "f-3: marketingEndDateTime"),
        (7, change_before("f-3", marketingEndDateTime="tomorrow"), "f-3: marketingEndDateTime"),
        (9, more(*COMING, externalTripId=""), "x-1"),
        (9, change_before("f-2", externalTripId=""), "f-2"),
        (9, change_before("f-3", externalTripId=""), "f-3"),
        (11, more(*COMING, services=[{"serviceType": "FUEL", "dataSource": ""}]), "lacks airport, dataSource"),
        (13, change("f-2", marketingMessage="Buy me"), "carries marketingMessage"),
        (13, change("e-5", price=0), "carries price"),
        (13, change("e-5", currency="EUR"), "carries currency"),
        (13, change_before("e-5", marketingVerified=False), "carries marketingVerified"),
        (13, more(*COMING, activityType="OPPORTUNITY", currency="EUR"), "OPPORTUNITY"),
        (13, change("f-3", **SIX_DAYS), "2027-03-22T06:00Z"),
    ],
)
async def test_what_the_imitation_objects_to_fails_that_item_and_no_other(
    number: int, spoil: Spoil, words: str
) -> None:
    found = failed(await examined(spoil))

    assert set(found) == {number}, found
    assert words in found[number]


async def test_a_calendar_month_back_is_not_older() -> None:
    assert failed(await examined(more("2027-02-15T06:00Z", "2027-02-15T09:13Z"))) == {}


async def test_one_of_two_that_are_alike_may_go() -> None:
    def spoil(activities: Activities, last: bool) -> None:
        activities += [another(id, *COMING) for id in (["x-1"] if last else ["x-1", "x-2"])]

    assert failed(await examined(spoil)) == {}


async def test_a_refused_document_is_looked_at_as_far_as_it_can_be_read() -> None:
    def spoil(activities: Activities, last: bool) -> None:
        named(activities, "f-2").update(paxCount="many", activityId="", marketingMessage="Buy me")

    assert {6, 13} <= set(failed(await examined(spoil)))


async def test_without_a_sandbox_it_says_what_to_do() -> None:
    assert ADDON.golive is not None
    with pytest.raises(Conflict, match="environment=sandbox"):
        await ADDON.golive(sources(connection(SETTINGS)))
    with pytest.raises(Conflict, match="airstair sandbox"):
        await ADDON.golive(sources(connection(SETTINGS), url="http://127.0.0.1:1"))
