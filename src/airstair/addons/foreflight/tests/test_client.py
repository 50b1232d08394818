"""The calls, against the imitation of ForeFlight and against answers written by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.foreflight import wire
from airstair.addons.foreflight.addon import ADDON
from airstair.addons.foreflight.client import read_answer
from airstair.addons.foreflight.mapping import gone
from airstair.addons.foreflight.sandbox.model import DEMO_API_KEY
from airstair.addons.foreflight.settings import LIVE_BASE_URL, SANDBOX_API_KEY, ForeFlightSettings, problems
from airstair.addons.foreflight.tests.flights import FLOW, NOW, flight, mapped
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, HttpPool, PartnerHttp
from airstair.kernel.clock import ManualClock
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.sandbox.running import RunningPartner, running

UNIT = Unit(UnitKind.FLIGHT, 88)


def prepared(remote_id: str = "", **fields: Any) -> UnitDocument:
    return UnitDocument(unit=UNIT, title="KXA88", document=mapped(flight(**fields)), remote_id=remote_id)


def removal(remote_id: str = "") -> UnitDocument:
    document = gone(None, ForeFlightSettings(), NOW)
    return UnitDocument(unit=UNIT, title="KXA88", document=document, remote_id=remote_id, removes=True)


class Bench:
    """The add-on on one side, the imitation on the other."""

    def __init__(self, partner: RunningPartner, pool: HttpPool, clock: ManualClock, url: str) -> None:
        self.partner, self.clock, self._pool = partner, clock, pool
        assert ADDON.for_sandbox is not None
        self.settings = ForeFlightSettings(environment="sandbox", **ADDON.for_sandbox(url))

    def http(self) -> PartnerHttp:
        return PartnerHttp(self._pool, self.clock, deadline=timedelta(seconds=5), secrets=[self.settings.api_key])

    async def send(self, one: UnitDocument) -> Outcome:
        call = Call(http=self.http(), settings=self.settings, documents=[one], now=self.clock.now())
        (outcome,) = await FLOW.send(call)
        return outcome

    def called(self) -> list[str]:
        return [
            f"{one.method} {one.path.partition('?')[0].removeprefix('/public/api')}" for one in self.partner.calls()
        ]

    def held(self) -> dict[str, Any]:
        """The living flights, by id."""
        found = self.partner.state()["flights"]
        return {key: one["flight"] for key, one in found.items() if not one["deleted"]}


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = ManualClock(NOW)
    async with running(clock=clock) as sandbox:
        pool = HttpPool(allow_private=True)
        try:
            yield Bench(sandbox.partner("foreflight"), pool, clock, sandbox.url)
        finally:
            await pool.close()


def test_the_sandboxs_key_is_the_imitations() -> None:
    assert SANDBOX_API_KEY == DEMO_API_KEY


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"base_url": "foreflight"}, "base_url"),
        ({"base_url": "http://public-api.foreflight.com"}, "base_url"),
        ({"base_url": "https://me@public-api.foreflight.com"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"api_key": "two words"}, "api_key"),
        ({"vendor_id": "ä"}, "vendor_id"),
        ({"base_url": LIVE_BASE_URL, "api_key": "A" * 43 + "="}, None),
    ],
)
def test_settings_that_cannot_be_right_are_named(fields: dict[str, Any], wrong: str | None) -> None:
    assert [one.field for one in problems(ForeFlightSettings(**fields))] == ([wrong] if wrong else [])


async def test_a_flight_is_created_then_updated_by_its_id(bench: Bench) -> None:
    made = await bench.send(prepared())
    assert (made.kind, made.remote_id, made.sent) == (OutcomeKind.ACCEPTED, "ff-1", 1)
    again = await bench.send(prepared(made.remote_id, ades="LFPB"))
    assert (again.kind, again.remote_id) == (OutcomeKind.ACCEPTED, "ff-1")
    assert bench.called() == ["GET /Flights/flights", "POST /Flights", "POST /Flights/ff-1"]
    assert bench.held()["ff-1"]["destination"] == "LFPB"


async def test_a_flight_whose_answer_was_lost_is_found_again_and_not_made_twice(bench: Bench) -> None:
    await bench.send(prepared())
    outcome = await bench.send(prepared(ades="LFPB"))  # its id was in the answer that never came
    assert (outcome.kind, outcome.remote_id) == (OutcomeKind.ACCEPTED, "ff-1")
    assert [one["destination"] for one in bench.held().values()] == ["LFPB"]
    assert bench.partner.audit()["ok"]


async def test_a_flight_that_somebody_deleted_there_is_created_again(bench: Bench) -> None:
    made = await bench.send(prepared())
    bench.partner.act("delete-flight", {"flightId": made.remote_id})
    again = await bench.send(prepared(made.remote_id))
    assert (again.kind, again.remote_id) == (OutcomeKind.ACCEPTED, "ff-2")
    assert list(bench.held()) == ["ff-2"]


async def test_a_flight_that_was_released_there_is_updated_all_the_same(bench: Bench) -> None:
    made = await bench.send(prepared())
    bench.partner.act("release-flight", {"flightId": made.remote_id})
    assert (await bench.send(prepared(made.remote_id, ades="LFPB"))).kind is OutcomeKind.ACCEPTED


@pytest.mark.req("FFL-05")
@pytest.mark.parametrize("known", [True, False], ids=["by its id", "by its tag"])
async def test_a_flight_is_deleted_there(bench: Bench, known: bool) -> None:
    made = await bench.send(prepared())
    outcome = await bench.send(removal(made.remote_id if known else ""))
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert bench.held() == {}
    assert bench.partner.state()["flights"]["ff-1"]["deleted"]
    assert (await bench.send(removal(made.remote_id))).kind is OutcomeKind.ACCEPTED, "there is nothing left to delete"
    assert (await bench.send(removal())).kind is OutcomeKind.ACCEPTED


@pytest.mark.req("FFL-04")
async def test_crew_goes_out_as_foreflight_knows_it_and_strangers_are_named(bench: Bench) -> None:
    crew = {"CPT": "ABE", "FO": "LBE", "FA1": "NEW"}
    outcome = await bench.send(prepared(crew=crew, crew_emails={"LBE": "lea@demo.example"}))
    assert outcome.kind is OutcomeKind.ACCEPTED_WITH_ERRORS
    (said,) = outcome.messages
    assert "NEW" in said.text and (said.about, said.field) == ("flight:88", "crew")
    assert bench.held()["ff-1"]["crew"] == [
        {"position": "PIC", "crewId": "ABE"},
        {"position": "SIC", "crewId": "lea@demo.example"},
    ]
    (created,) = [one for one in bench.partner.calls() if one.method == "POST"]
    assert "emails" not in created.body
    bench.partner.act("set-crew", {"username": "new@demo.example", "crewCode": "new"})
    assert (await bench.send(prepared("ff-1", crew={"CPT": "NEW"}))).kind is OutcomeKind.ACCEPTED


async def test_an_aircraft_that_is_not_set_up_there_is_unmatched(bench: Bench) -> None:
    bench.partner.act("set-adoption", {"on": "off"})
    outcome = await bench.send(prepared())
    assert outcome.kind is OutcomeKind.UNMATCHED
    assert (outcome.messages[0].about, outcome.messages[0].field) == ("flight:88", "aircraftRegistration")
    assert "SPKXA" in outcome.messages[0].text and "Dispatch" in outcome.messages[-1].text


async def test_what_foreflight_refuses_is_told_in_its_words_with_the_field(bench: Bench) -> None:
    outcome = await bench.send(prepared(adep="X-Y"))
    assert (outcome.kind, outcome.http_status) == (OutcomeKind.REFUSED, 400)
    assert [(one.field, one.text) for one in outcome.messages] == [("departure", "The departure must be an ICAO code.")]


async def test_the_limit_of_calls_is_kept_and_read(bench: Bench) -> None:
    bench.partner.act("set-rate-limit", {"calls": 2})
    await bench.send(prepared())
    outcome = await bench.send(prepared("ff-1"))
    assert outcome.kind is OutcomeKind.THROTTLED
    assert outcome.retry_after == NOW + timedelta(hours=1)


async def test_the_check_names_the_key(bench: Bench) -> None:
    assert ADDON.check is not None
    assert (await ADDON.check(bench.http(), bench.settings)).kind is OutcomeKind.ACCEPTED
    wrong = msgspec.structs.replace(bench.settings, api_key="wrong")
    outcome = await ADDON.check(bench.http(), wrong)
    assert (outcome.kind, outcome.messages[0].field) == (OutcomeKind.UNAUTHORISED, "api_key")
    lost = msgspec.structs.replace(bench.settings, base_url=bench.settings.base_url.removesuffix("/public/api"))
    outcome = await ADDON.check(bench.http(), lost)
    assert (outcome.kind, outcome.messages[-1].field) == (OutcomeKind.MISCONFIGURED, "base_url")


# -- answers written by hand --------------------------------------------------------------------------------------


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers={"content-type": "application/json", **named}, body=body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, OutcomeKind.ACCEPTED),
        (201, OutcomeKind.ACCEPTED),
        (302, OutcomeKind.MISCONFIGURED),
        (400, OutcomeKind.REFUSED),
        (401, OutcomeKind.UNAUTHORISED),
        (403, OutcomeKind.UNAUTHORISED),
        (404, OutcomeKind.MISCONFIGURED),
        (405, OutcomeKind.MISCONFIGURED),
        (408, OutcomeKind.UNAVAILABLE),
        (409, OutcomeKind.UNAVAILABLE),
        (418, OutcomeKind.REFUSED),
        (422, OutcomeKind.REFUSED),
        (429, OutcomeKind.THROTTLED),
        (500, OutcomeKind.UNAVAILABLE),
        (503, OutcomeKind.UNAVAILABLE),
    ],
)
def test_what_each_status_means(status: int, kind: OutcomeKind) -> None:
    outcome = read_answer(answer(status), prepared(), NOW)
    assert (outcome.kind, outcome.sent, outcome.http_status) == (kind, 1, status)
    assert outcome.messages or kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "90"}, 90),
        ({"x_ratelimit_reset": "30"}, 30),
        ({"ratelimit_reset": "30", "retry_after": "10"}, 30),
        ({"x_ratelimit_reset": str(int(NOW.timestamp()) + 45)}, 45),
        ({"retry_after": "9" * 30}, 24 * 3600),
    ],
)
def test_waits_however_they_are_asked_for(headers: dict[str, str], seconds: int) -> None:
    outcome = read_answer(answer(429, **headers), prepared(), NOW)
    assert outcome.retry_after is not None
    assert abs((outcome.retry_after - NOW).total_seconds() - seconds) < 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message": "No."}', ["No."]),
        (b'{"error": "No."}', ["No."]),
        (b'{"title": "Bad", "errors": {"crew": ["One.", "Two."]}}', ["One.", "Two."]),
        (b'{"title": "Bad", "detail": "More."}', ["More."]),
        (b"<html>", ["ForeFlight answered 400 with 6 bytes of application/json, which is not its usual answer."]),
        (b"[1]", ["ForeFlight answered 400 with 3 bytes of application/json, which is not its usual answer."]),
        (b'{"errors": {"crew": null}}', ["None"]),
        (b"", ["ForeFlight answered 400 and nothing else, which is not its usual answer."]),
    ],
)
def test_words_however_they_are_written(body: bytes, words: list[str]) -> None:
    assert [one.text for one in read_answer(answer(400, body), prepared(), NOW).messages] == words


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_ends_in_an_outcome(status: int, body: bytes) -> None:
    outcome = read_answer(answer(status, body), prepared(), NOW)
    assert outcome.kind.delivered or outcome.messages


_NAMES = st.sampled_from(["flights", "crew", "flightId", "tags", "errors", "title"])
_PLAIN = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner), max_leaves=8))
def test_any_json_can_be_read(found: Any) -> None:
    assert isinstance(wire.read_crew(found), list)
    assert isinstance(wire.read_flight_ids(found, "airstair-1"), list)
    assert isinstance(wire.read_flight_id(found), str)
    assert isinstance(wire.read_words(found), list)
