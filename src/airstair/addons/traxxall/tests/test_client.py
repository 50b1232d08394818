"""The calls, against the imitation of TRAXXALL and against answers written by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.traxxall.addon import ADDON
from airstair.addons.traxxall.client import read_answer
from airstair.addons.traxxall.mapping import flight_gone
from airstair.addons.traxxall.sandbox.model import DEMO_KEY, DEMO_PASSWORD
from airstair.addons.traxxall.settings import SANDBOX_KEY, SANDBOX_PASSWORD, TraxxallSettings, problems
from airstair.addons.traxxall.tests.pictures import (
    FLIGHTS,
    NOW,
    SETTINGS,
    TOTALS,
    counters,
    engine,
    flight,
    flown,
    totals,
)
from airstair.hub.flows import Call, Mirror, UnitDocument
from airstair.hub.http import Answer, HttpPool, PartnerHttp
from airstair.kernel.clock import ManualClock
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.sandbox.running import RunningPartner, running


def one_flight(picture: Any = None, remote_id: str = "") -> UnitDocument:
    document = FLIGHTS.document(picture or flight(), SETTINGS, NOW)
    assert document is not None
    return UnitDocument(unit=Unit(UnitKind.FLIGHT, 88), title="KXA88", document=document, remote_id=remote_id)


def cancellation(remote_id: str) -> UnitDocument:
    document = flight_gone(None, SETTINGS, NOW)
    assert document is not None
    return msgspec.structs.replace(one_flight(), document=document, remote_id=remote_id, removes=True)


def one_total(picture: Any = None) -> UnitDocument:
    document = totals(picture or counters())
    return UnitDocument(unit=Unit(UnitKind.COUNTERS, 81), title="SP-KXA", document=document)


class Bench:
    """The add-on on one side, the imitation on the other."""

    def __init__(self, partner: RunningPartner, pool: HttpPool, clock: ManualClock, url: str) -> None:
        self.partner, self.clock, self._pool = partner, clock, pool
        assert ADDON.for_sandbox is not None
        self.settings = TraxxallSettings(environment="sandbox", **ADDON.for_sandbox(url))

    def http(self) -> PartnerHttp:
        return PartnerHttp(self._pool, self.clock, deadline=timedelta(seconds=5))

    async def send(self, flow: Mirror, one: UnitDocument) -> Outcome:
        call = Call(http=self.http(), settings=self.settings, documents=[one], now=self.clock.now())
        (outcome,) = await flow.send(call)
        return outcome

    def plane(self, serial: str = "4711") -> dict[str, Any]:
        found: dict[str, Any] = self.partner.state()["planes"][serial]
        return found

    def flight(self) -> dict[str, Any]:
        found: dict[str, Any] = self.partner.state()["flights"]["airstair-88"]
        return found


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = ManualClock(NOW)
    async with running(clock=clock) as sandbox:
        pool = HttpPool(allow_private=True)
        try:
            yield Bench(sandbox.partner("traxxall"), pool, clock, sandbox.url)
        finally:
            await pool.close()


def test_the_sandboxs_credentials_are_the_imitations() -> None:
    assert (SANDBOX_KEY, SANDBOX_PASSWORD) == (DEMO_KEY, DEMO_PASSWORD)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"base_url": "traxxall"}, "base_url"),
        ({"base_url": "http://api.traxxall.example"}, "base_url"),
        ({"base_url": "https://me@api.traxxall.example"}, "base_url"),
        ({"base_url": "https://[::1"}, "base_url"),
        ({"integration_api_key": "two words"}, "integration_api_key"),
        ({"integration_api_password": "ä"}, "integration_api_password"),
        ({"base_url": "https://api.traxxall.example"}, None),
    ],
)
def test_settings_that_cannot_be_right_are_named(fields: dict[str, Any], wrong: str | None) -> None:
    assert [one.field for one in problems(TraxxallSettings(**fields))] == ([wrong] if wrong else [])


@pytest.mark.req("TRX-01")
async def test_a_flight_is_put_flown_and_cancelled(bench: Bench) -> None:
    planned = await bench.send(FLIGHTS, one_flight())
    assert (planned.kind, planned.remote_id, planned.sent) == (OutcomeKind.ACCEPTED, "4711", 1)
    assert bench.flight()["flight"]["status"] == "PLANNED"
    await bench.send(FLIGHTS, one_flight(flown(), "4711"))
    assert (bench.flight()["flight"]["status"], bench.flight()["flight"]["flightHours"]) == ("ACTUAL", 2.1)
    assert (await bench.send(FLIGHTS, cancellation("4711"))).kind is OutcomeKind.ACCEPTED
    assert bench.flight()["flight"]["status"] == "CANCELLED"
    assert bench.flight()["flight"]["from"] == "EPWA", "a cancellation leaves the rest alone"


async def test_a_flight_moves_to_another_aircraft(bench: Bench) -> None:
    await bench.send(FLIGHTS, one_flight())
    outcome = await bench.send(FLIGHTS, one_flight(flight(aircraft_serial="4712", registration="SP-KXB"), "4711"))
    assert (outcome.remote_id, bench.flight()["serialNumber"]) == ("4712", "4712")
    assert len(bench.partner.state()["flights"]) == 1


@pytest.mark.parametrize("remote_id", ["", "4711"], ids=["never sent", "not there any more"])
async def test_what_is_not_there_needs_no_cancelling(bench: Bench, remote_id: str) -> None:
    assert (await bench.send(FLIGHTS, cancellation(remote_id))).kind is OutcomeKind.ACCEPTED
    assert len(bench.partner.calls()) == (1 if remote_id else 0)


@pytest.mark.req("TRX-01")
async def test_totals_of_airframe_and_engines_are_set(bench: Bench) -> None:
    outcome = await bench.send(TOTALS, one_total())
    assert (outcome.kind, outcome.sent) == (OutcomeKind.ACCEPTED, 2)
    await bench.send(TOTALS, one_total(counters(minutes=60_126, cycles=901, engines=(engine("E1", 60_126, 901),))))
    plane = bench.plane()
    assert (plane["airframe"]["hours"], plane["airframe"]["cycles"]) == (1002.1, 901)
    assert [(one["serialNumber"], one["hours"], one["cycles"]) for one in plane["engines"]] == [("E1", 1002.1, 901)]
    assert bench.partner.audit()["ok"]


async def test_the_imitation_notes_totals_that_go_down(bench: Bench) -> None:
    await bench.send(TOTALS, one_total())
    assert (await bench.send(TOTALS, one_total(counters(minutes=1)))).kind is OutcomeKind.ACCEPTED
    assert not bench.partner.audit()["ok"]


@pytest.mark.req("TRX-01")
@pytest.mark.parametrize("flow", [FLIGHTS, TOTALS], ids=lambda flow: flow.key)
async def test_an_aircraft_that_traxxall_does_not_know_is_unmatched(bench: Bench, flow: Mirror) -> None:
    bench.partner.act("set-adoption", {"on": "off"})
    outcome = await bench.send(flow, one_flight() if flow is FLIGHTS else one_total())
    assert outcome.kind is OutcomeKind.UNMATCHED
    assert "4711" in outcome.messages[0].text and "serial number" in outcome.messages[-1].text


@pytest.mark.req("TRX-01")
async def test_an_engine_that_traxxall_does_not_know_is_unmatched_until_it_is_installed(bench: Bench) -> None:
    await bench.send(TOTALS, one_total())
    changed = one_total(counters(engines=(engine("E7"),)))
    outcome = await bench.send(TOTALS, changed)
    assert outcome.kind is OutcomeKind.UNMATCHED
    assert "E7" in outcome.messages[0].text and outcome.messages[0].field == "engines[0].serialNumber"
    assert bench.plane()["engines"][0]["serialNumber"] == "E1"
    wish = {"serialNumber": "4711", "position": "1", "engineSerialNumber": "E7"}
    bench.partner.act("change-engine", wish)
    assert (await bench.send(TOTALS, changed)).kind is OutcomeKind.ACCEPTED


@pytest.mark.req("TRX-01")
@pytest.mark.parametrize("flow", [FLIGHTS, TOTALS], ids=lambda flow: flow.key)
async def test_an_aircraft_without_a_serial_number_is_unmatched_and_nobody_is_called(
    bench: Bench, flow: Mirror
) -> None:
    bare = msgspec.structs.replace(counters().aircraft, serial_number="")
    one = one_flight(flight(aircraft_serial="")) if flow is FLIGHTS else one_total(counters(aircraft=bare))
    outcome = await bench.send(flow, one)
    assert (outcome.kind, outcome.messages[0].field) == (OutcomeKind.UNMATCHED, "serial_number")
    assert not bench.partner.calls()


async def test_the_limit_of_calls_is_kept_and_read(bench: Bench) -> None:
    bench.partner.act("set-rate-limit", {"calls": 1})
    await bench.send(TOTALS, one_total())
    outcome = await bench.send(TOTALS, one_total())
    assert (outcome.kind, outcome.retry_after) == (OutcomeKind.THROTTLED, NOW + timedelta(hours=1))


@pytest.mark.parametrize("wrong", ["integration_api_key", "integration_api_password"])
async def test_the_check_names_the_wrong_credential(bench: Bench, wrong: str) -> None:
    assert ADDON.check is not None
    assert (await ADDON.check(bench.http(), bench.settings)).kind is OutcomeKind.ACCEPTED
    outcome = await ADDON.check(bench.http(), msgspec.structs.replace(bench.settings, **{wrong: "wrong"}))
    assert (outcome.kind, outcome.messages[0].field) == (OutcomeKind.UNAUTHORISED, wrong)


async def test_the_check_names_a_wrong_address(bench: Bench) -> None:
    assert ADDON.check is not None
    lost = msgspec.structs.replace(bench.settings, base_url=bench.settings.base_url + "/v9")
    outcome = await ADDON.check(bench.http(), lost)
    assert (outcome.kind, outcome.messages[-1].field) == (OutcomeKind.MISCONFIGURED, "base_url")


# -- answers written by hand --------------------------------------------------------------------------------------


def answer(status: int, body: bytes = b"{}", **headers: str) -> Answer:
    return Answer(status=status, headers={"content-type": "application/json", **headers}, body=body)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, OutcomeKind.ACCEPTED),
        (204, OutcomeKind.ACCEPTED),
        (302, OutcomeKind.MISCONFIGURED),
        (400, OutcomeKind.REFUSED),
        (401, OutcomeKind.UNAUTHORISED),
        (403, OutcomeKind.UNAUTHORISED),
        (404, OutcomeKind.MISCONFIGURED),
        (409, OutcomeKind.UNAVAILABLE),
        (422, OutcomeKind.REFUSED),
        (429, OutcomeKind.THROTTLED),
        (503, OutcomeKind.UNAVAILABLE),
    ],
)
def test_what_each_status_means(status: int, kind: OutcomeKind) -> None:
    outcome = read_answer(answer(status), one_total(), NOW)
    assert (outcome.kind, outcome.sent, outcome.http_status) == (kind, 2, status)
    assert outcome.messages or kind is OutcomeKind.ACCEPTED


@given(st.integers(100, 599), st.binary(max_size=200))
def test_any_answer_ends_in_an_outcome(status: int, body: bytes) -> None:
    outcome = read_answer(answer(status, body), one_total(), NOW)
    assert outcome.kind.delivered or outcome.messages


_NAMES = st.sampled_from(["errors", "message", "code", "field"])
_PLAIN = st.none() | st.booleans() | st.integers() | st.text()


@given(st.recursive(_PLAIN, lambda inner: st.lists(inner) | st.dictionaries(_NAMES, inner), max_leaves=8))
def test_any_json_can_be_read(found: Any) -> None:
    outcome = read_answer(answer(422, msgspec.json.encode(found)), one_total(), NOW)
    assert outcome.kind is OutcomeKind.REFUSED or outcome.kind is OutcomeKind.UNMATCHED
