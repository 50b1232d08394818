"""What the Network Manager tells stands in flight watch, with its name beside it: through the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airstair.addons.eurocontrol.addon import ADDON
from airstair.addons.eurocontrol.client import NOT_RECOGNISED
from airstair.addons.eurocontrol.settings import EurocontrolSettings, problems
from airstair.hub.pulls import runs
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.books import Delay
from airstair.records.flights.commands import FlightEdit, WatchInput, change_flight, watch_flight
from airstair.records.flights.queries import flight as one_flight
from airstair.testing.stage import Stage, staged

EOBT = datetime(2027, 3, 4, 14, 30, tzinfo=UTC)  # the flight's STD is 14:00
_SANDBOX = {"environment": "sandbox"}


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings, ADDON.key, Stage) as made:
        yield made


async def watched(stage: Stage, **told: Any) -> Any:
    """A flight of N1-AA that the imitation knows, with what it tells of it."""
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, number="TST101", route="KEWR-KBOS")
    tell(stage, **told)
    return flight


def tell(stage: Stage, **told: Any) -> None:
    flight = {
        "registration": "N1AA",
        "call_sign": "TST101",
        "adep": "KEWR",
        "ades": "KBOS",
        "eobt": f"{EOBT:%Y-%m-%dT%H:%MZ}",
    }
    stage.partner.act("add-flight", flight | told)  # fmt: skip


async def on(stage: Stage, **values: Any) -> int:
    made = await stage.configure(ADDON.key, values=_SANDBOX | values, aircraft="all", on=True)
    assert made.connection.on, made.warnings
    await stage.start()
    return made.connection.id


async def watch_of(stage: Stage, flight: Any) -> Any:
    return (await stage.do(one_flight, stage.operator.id, flight.id)).watch


@pytest.mark.req("ECT-02")
async def test_everything_it_tells_is_there_with_its_source(stage: Stage) -> None:
    flight = await watched(
        stage, ctot="2027-03-04T14:52Z", eta="2027-03-04T15:55Z", eet="0055", delay="0012", code=81, persons=7
    )
    connection = await on(stage)
    await stage.advance(hours=2, minutes=5, step=timedelta(minutes=5))
    found = await watch_of(stage, flight)
    assert (found.etd, found.ctot, found.eet_minutes) == (EOBT, EOBT.replace(minute=52), 55)
    assert found.eta == EOBT.replace(hour=15, minute=55)
    assert found.delays == (Delay("81", 12),)
    assert found.pax == 7
    assert set(found.sources.values()) == {"Eurocontrol"}
    run = (await stage.do(runs, stage.operator.id, connection))[0]
    assert (run.outcome, run.skipped) == (OutcomeKind.ACCEPTED, 0)
    stage.partner.act("change-flight", {"call_sign": "TST101", "takeoff": "2027-03-04T14:53Z"})
    stage.partner.act("drop-slot", {"call_sign": "TST101"})
    await stage.advance(minutes=5, step=timedelta(minutes=5))
    assert (await watch_of(stage, flight)).ctot is None, "a slot that was cancelled is cleared"
    times = (await stage.do(one_flight, stage.operator.id, flight.id)).times["flight_watch"]
    assert times.take_off == EOBT.replace(minute=53)
    assert times.sources["take_off"] == "Eurocontrol"


@pytest.mark.req("ECT-02")
async def test_what_a_person_enters_later_stands_until_there_is_news(stage: Stage) -> None:
    flight = await watched(stage, eta="2027-03-04T15:55Z")
    await on(stage)
    later = EOBT.replace(hour=16)
    await stage.do(watch_flight, stage.actor, flight.id, WatchInput(eta=later))
    tell(stage, eta="2027-03-04T15:58Z")
    await stage.advance(minutes=5, step=timedelta(minutes=5))
    found = await watch_of(stage, flight)
    assert (found.eta, found.sources["eta"]) == (EOBT.replace(hour=15, minute=58), "Eurocontrol")


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({"registration": "N9ZZ"}, "N9ZZ is not ticked here"),
        ({"ades": "KJFK"}, "No flight of N1AA here goes KEWR–KJFK"),
        ({"eobt": "2027-03-05T11:00Z"}, "No flight of N1AA here goes KEWR–KBOS around 05 Mar 1100Z"),
        ({"takeoff": "2027-03-04T15:10Z", "landing": "2027-03-04T15:00Z"}, "LDG is before T/O"),
    ],
    ids=["aircraft", "route", "day", "impossible"],
)
async def test_nothing_is_guessed(stage: Stage, told: dict[str, Any], reason: str) -> None:
    flight = await watched(stage, **told)
    connection = await on(stage)
    run = (await stage.do(runs, stage.operator.id, connection))[0]
    assert (run.fetched, run.skipped) == (1, 1)
    assert reason in run.reasons[0][1]
    assert (await watch_of(stage, flight)).etd is None


@pytest.mark.req("ECT-02")
async def test_published_messages_come_within_a_minute(stage: Stage) -> None:
    flight = await watched(stage)
    await on(stage, subscribe=True, interval_minutes=60)
    assert stage.partner.state()["queue"] == []
    stage.partner.act("change-flight", {"call_sign": "TST101", "ctot": "2027-03-04T15:05Z"})
    await stage.advance(minutes=1)
    found = await watch_of(stage, flight)
    assert found.ctot == datetime(2027, 3, 4, 15, 5, tzinfo=UTC)
    assert found.etd == EOBT, "a message takes nothing away"
    asked = [call for call in stage.partner.calls() if "FlightListByAircraftOperatorRequest" in call.body]
    assert len(asked) == 2, "once to check the access, once at the beginning; the queue tells the rest"
    stage.partner.reset()  # the queue is gone there
    tell(stage, eta="2027-03-04T15:59Z")
    await stage.advance(minutes=62)
    assert (await watch_of(stage, flight)).eta == datetime(2027, 3, 4, 15, 59, tzinfo=UTC)
    assert stage.partner.state()["queue"] == []


async def test_where_there_are_too_many_the_window_is_narrowed(stage: Stage) -> None:
    flights = []
    for n, aircraft in enumerate(await stage.aircraft("N1AA", "N2AA", "N3AA")):
        start = stage.clock.now() + timedelta(hours=2 + 4 * n)
        flights.append(await stage.flight(aircraft, start, route="KEWR-KBOS"))
        tell(stage, registration=f"N{n + 1}AA", call_sign=f"TST{n}", eobt=f"{start:%Y-%m-%dT%H:%MZ}", eet="0055")
    stage.partner.act("too-many", {"most": 1})
    await on(stage)
    for flight in flights:
        assert (await watch_of(stage, flight)).eet_minutes == 55


@pytest.mark.req("ECT-01")
@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"operator_icao": "XXX"}, "operator_icao", NOT_RECOGNISED),
        ({"api_key_secret": "another"}, "api_key_secret", "API key and its secret"),
    ],
)
async def test_the_access_and_the_operator_are_checked(stage: Stage, values: Any, field: str, words: str) -> None:
    made = await stage.configure(ADDON.key, values=_SANDBOX | values, aircraft="all", on=True)
    assert not made.connection.on
    (warning,) = made.warnings
    assert warning.field == field
    assert words in warning.sentence


@pytest.mark.req("ECT-01")
@pytest.mark.parametrize("code", ["AB", "A1C", "ABCD"])
def test_an_operator_code_has_three_letters(code: str) -> None:
    assert "operator_icao" in {one.field for one in problems(EurocontrolSettings(operator_icao=code))}


def test_a_certificate_that_cannot_be_used_is_refused_where_it_is_entered() -> None:
    found = problems(EurocontrolSettings(certificate="-----BEGIN", certificate_key="nonsense"))
    assert [one.field for one in found] == ["certificate"]
    assert "Paste all of the PEM file" in found[0].sentence


async def test_a_change_of_route_here_does_not_confuse(stage: Stage) -> None:
    """The plan was filed for another destination: it is not this flight any more."""
    flight = await watched(stage)
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KJFK"))
    connection = await on(stage)
    run = (await stage.do(runs, stage.operator.id, connection))[0]
    assert run.skipped == 1
