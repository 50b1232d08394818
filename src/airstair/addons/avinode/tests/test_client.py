"""The calls, against the imitation of Avinode and against answers written by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair import __version__
from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.client import headers, read_answer
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.addons.avinode.tests.schedules import FLOW, HOUR, NOW, flight, mapped, past, schedule
from airstair.hub.engine.calling import ask_whether_it_works
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, HttpPool, PartnerHttp
from airstair.kernel.clock import ManualClock
from airstair.kernel.outcome import Outcome, OutcomeKind, WhoActs
from airstair.kernel.units import Unit, UnitKind
from airstair.sandbox.running import RunningPartner, running

PICTURE = schedule(past(), flight(2, "EPWA-LFMN", NOW + HOUR), flight(3, "LFMN-ZZZZ", NOW + 5 * HOUR))
UNIT = Unit(UnitKind.AIRCRAFT, 81)


def prepared(picture: Any = PICTURE) -> UnitDocument:
    return UnitDocument(unit=UNIT, title=picture.aircraft.registration, document=mapped(picture))


ONE = prepared()


class Bench:
    """The add-on on one side, the imitation on the other, and a clock for both."""

    def __init__(self, partner: RunningPartner, pool: HttpPool, clock: ManualClock, url: str) -> None:
        self.partner = partner
        self.clock = clock
        self._pool = pool
        assert ADDON.for_sandbox is not None
        self.settings = AvinodeSettings(environment="sandbox", **ADDON.for_sandbox(url))
        self.http = self.fresh_http()

    def fresh_http(self, seconds: float = 30) -> PartnerHttp:
        self.http = PartnerHttp(
            self._pool,
            self.clock,
            deadline=timedelta(seconds=seconds),
            secrets=[self.settings.authorization_key],
            shown=ADDON.shown_headers,
        )
        return self.http

    def using(self, **changed: Any) -> Bench:
        self.settings = msgspec.structs.replace(self.settings, **changed)
        return self

    async def send(self, one: UnitDocument = ONE, seconds: float = 30) -> Outcome:
        http = self.fresh_http(seconds)
        call = Call(http=http, settings=self.settings, documents=[one], now=self.clock.now())
        (outcome,) = await FLOW.send(call)
        assert len(http.exchanges) == 1  # whatever came back, it was one call
        return outcome

    async def check(self) -> Outcome:
        return await ask_whether_it_works(ADDON, self.fresh_http(), self.settings)


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    clock = ManualClock(NOW)
    async with running(clock=clock) as sandbox:
        pool = HttpPool(allow_private=True)
        try:
            yield Bench(sandbox.partner("avinode"), pool, clock, sandbox.url)
        finally:
            await pool.close()


# -- against the imitation ----------------------------------------------------------------------------------------


async def test_a_schedule_arrives_whole(bench: Bench) -> None:
    outcome = await bench.send(prepared(schedule(past(), flight(2, "EPWA-LFMN", NOW + HOUR))))

    assert (outcome.kind, outcome.sent, outcome.http_status, outcome.messages) == (OutcomeKind.ACCEPTED, 2, 200, ())
    (call,) = bench.partner.calls("SP-KXA")
    assert call.method == "PUT"
    assert call.path.endswith("/schedules")
    held = bench.partner.ask("availability", {"tail": "SP-KXA"})["intervals"]
    assert {"f-1", "f-2"} <= {id for interval in held for id in interval["activity_ids"]}


@pytest.mark.req("AVI-04")
async def test_every_call_carries_the_headers_that_avinode_requires(bench: Bench) -> None:
    await bench.using(act_as_account="ann.lee").send()
    await bench.check()

    for call in bench.partner.calls():
        assert call.headers["x-avinode-product"] == f"Airstair/{__version__}"
        assert call.headers["x-avinode-senttimestamp"] == "2027-03-15T09:12:30.000Z"
        assert call.headers["x-avinode-actasaccount"] == "ann.lee"
        assert call.status == 200  # so the token and the key were good
    assert len(bench.partner.calls()) == 2


@pytest.mark.req("AVI-04")
def test_the_account_is_named_only_if_it_is_set() -> None:
    settings = AvinodeSettings(authorization_key="key", api_token="token")

    assert headers(settings, NOW) == {
        "Accept": "application/json",
        "Authorization": "Bearer key",
        "X-Avinode-ApiToken": "token",
        "X-Avinode-SentTimestamp": "2027-03-15T09:12:30.000Z",
        "X-Avinode-Product": f"Airstair/{__version__}",
    }


@pytest.mark.req("AVI-24")
async def test_a_replaced_airport_leads_to_its_activity_and_code(bench: Bench) -> None:
    outcome = await bench.send()

    assert outcome.kind is OutcomeKind.ACCEPTED_WITH_ERRORS
    assert outcome.http_status == 200
    (message,) = outcome.messages
    assert (message.level, message.about, message.field) == ("error", "flight:3", "endAirport")
    assert message.code == "END_AIRPORT_INVALID"
    assert "ZZZZ" in message.text


@pytest.mark.req("AVI-25")
@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ({"kind": "status", "status": 400}, OutcomeKind.REFUSED),
        ({"kind": "status", "status": 401}, OutcomeKind.UNAUTHORISED),
        ({"kind": "status", "status": 403}, OutcomeKind.MISCONFIGURED),
        ({"kind": "status", "status": 404}, OutcomeKind.MISCONFIGURED),
        ({"kind": "rate_limit", "retry_after": 90}, OutcomeKind.THROTTLED),
        ({"kind": "status", "status": 500}, OutcomeKind.UNAVAILABLE),
        ({"kind": "status", "status": 503}, OutcomeKind.UNAVAILABLE),
        ({"kind": "html"}, OutcomeKind.UNREADABLE),
        ({"kind": "html", "status": 503}, OutcomeKind.UNAVAILABLE),
        ({"kind": "half_body"}, OutcomeKind.UNKNOWN),
        ({"kind": "malformed_json"}, OutcomeKind.UNREADABLE),
        ({"kind": "drop_before"}, OutcomeKind.UNKNOWN),
        ({"kind": "drop_after"}, OutcomeKind.UNKNOWN),
        ({"kind": "expired_credentials"}, OutcomeKind.UNAUTHORISED),
    ],
    ids=str,
)
async def test_a_failed_call_has_its_outcome_and_is_not_repeated(
    bench: Bench, fault: dict[str, Any], kind: OutcomeKind
) -> None:
    bench.partner.faults.add(**fault)

    outcome = await bench.send()

    assert outcome.kind is kind
    assert outcome.sent == 3
    assert outcome.messages
    assert outcome.messages[0].text
    assert len(bench.partner.calls()) == 1
    if kind is OutcomeKind.THROTTLED:
        assert outcome.retry_after == NOW + timedelta(seconds=90)


@pytest.mark.req("AVI-25")
async def test_silence_ends_at_the_deadline(bench: Bench) -> None:
    bench.partner.faults.add("hang")

    outcome = await bench.send(seconds=0.3)

    assert outcome.kind is OutcomeKind.UNKNOWN
    assert "may or may not" in outcome.sentence


async def test_an_aircraft_that_avinode_does_not_integrate_is_unmatched(bench: Bench) -> None:
    for tail in ("SBX-7002", "SBX-7003", "SBX-8001"):
        outcome = await bench.send(prepared(schedule(past(), registration=tail)))

        assert outcome.kind is OutcomeKind.UNMATCHED
        assert tail in outcome.sentence
        assert (outcome.messages[0].about, outcome.messages[0].field) == ("aircraft:81", "lift.aircraftTail")
        assert "Integrated" in outcome.messages[-1].text


async def test_a_key_that_may_not_upload_is_for_the_admin(bench: Bench) -> None:
    outcome = await bench.using(authorization_key=bench.partner.credentials()["read_only_authorization_key"]).send()

    assert outcome.kind is OutcomeKind.MISCONFIGURED
    assert outcome.kind.who_acts is WhoActs.ADMIN
    assert "permission" in outcome.sentence


@pytest.mark.parametrize(
    ("changed", "kind", "field"),
    [
        ({}, OutcomeKind.ACCEPTED, None),
        ({"authorization_key": "wrong"}, OutcomeKind.UNAUTHORISED, "authorization_key"),
        ({"api_token": "wrong"}, OutcomeKind.UNAUTHORISED, "api_token"),
        ({"base_url": "{url}/api/nowhere"}, OutcomeKind.MISCONFIGURED, "base_url"),
        ({"base_url": "http://127.0.0.1:1/api"}, OutcomeKind.UNAVAILABLE, "base_url"),
        ({"base_url": "not an address"}, OutcomeKind.MISCONFIGURED, "base_url"),
    ],
    ids=str,
)
async def test_the_check_names_the_wrong_setting(
    bench: Bench, changed: dict[str, str], kind: OutcomeKind, field: str | None
) -> None:
    bench.using(**{name: value.format(url=bench.partner.url) for name, value in changed.items()})

    outcome = await bench.check()

    assert outcome.kind is kind
    assert [m.field for m in outcome.messages[:1]] == ([] if field is None else [field])
    assert all(call.method == "GET" for call in bench.partner.calls())


async def test_the_check_knows_an_inactive_key(bench: Bench) -> None:
    outcome = await bench.using(authorization_key=bench.partner.credentials()["inactive_authorization_key"]).check()

    assert (outcome.kind, outcome.messages[0].field) == (OutcomeKind.UNAUTHORISED, "authorization_key")
    assert "not active" in outcome.sentence


async def test_the_check_takes_a_key_that_is_for_uploads_alone(bench: Bench) -> None:
    bench.partner.faults.add("status", status=403)

    outcome = await bench.check()

    assert (outcome.kind, outcome.messages[0].level) == (OutcomeKind.ACCEPTED, "warning")


async def test_a_clock_that_is_wrong_is_named(bench: Bench) -> None:
    sent_late = Call(http=bench.http, settings=bench.settings, documents=[ONE], now=NOW - HOUR)

    (outcome,) = await FLOW.send(sent_late)

    assert outcome.kind is OutcomeKind.MISCONFIGURED
    assert "clock" in outcome.messages[-1].text


# -- answers written by hand --------------------------------------------------------------------------------------


def answered(status: int, body: Any, **more: str) -> Outcome:
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return read_answer(Answer(status=status, headers={"content-type": "application/json"} | named, body=raw), ONE, NOW)


def envelope(*errors: Any, **rest: Any) -> dict[str, Any]:
    return {"meta": {"errors": list(errors), "warnings": [], "infos": [], **rest}, "data": {}}


def told(title: str, code: str = "", path: str = "") -> dict[str, str]:
    return {"title": title, "code": code, "path": path}


AIRCRAFT_403 = told("Aircraft SP-KXA is not configured", "AUTHORIZATION_PERMISSIONS")


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, envelope(), OutcomeKind.ACCEPTED),
        (200, {"meta": {}, "data": None, "new": 1}, OutcomeKind.ACCEPTED),
        (200, {"meta": {"errors": None}}, OutcomeKind.ACCEPTED),
        (201, envelope(), OutcomeKind.ACCEPTED),
        (200, envelope("odd"), OutcomeKind.ACCEPTED_WITH_ERRORS),
        (200, envelope({"title": 7, "code": None, "path": []}), OutcomeKind.ACCEPTED_WITH_ERRORS),
        (200, {}, OutcomeKind.UNREADABLE),
        (200, [], OutcomeKind.UNREADABLE),
        (200, {"meta": []}, OutcomeKind.UNREADABLE),
        (200, {"meta": {"errors": "x"}}, OutcomeKind.UNREADABLE),
        (200, b"", OutcomeKind.UNREADABLE),
        (200, b"\xff\xfe", OutcomeKind.UNREADABLE),
        (200, b"[" * 100_000, OutcomeKind.UNREADABLE),
        (204, b"", OutcomeKind.UNREADABLE),
        (302, b"", OutcomeKind.MISCONFIGURED),
        (400, envelope(told("activityType is required", "ERR_INPUT_MISSING")), OutcomeKind.REFUSED),
        (400, envelope(told("The header 'X-Avinode-ApiToken' is required")), OutcomeKind.UNAUTHORISED),
        (400, envelope(told("The header 'X-Avinode-SentTimestamp' is required")), OutcomeKind.MISCONFIGURED),
        (400, envelope(told("The header 'X-Avinode-ActAsAccount' is required")), OutcomeKind.MISCONFIGURED),
        (401, {"error": "invalid_client"}, OutcomeKind.UNAUTHORISED),
        (403, envelope(AIRCRAFT_403), OutcomeKind.UNMATCHED),
        (403, envelope(told("No", "NOT_AUTHORIZED", "lift.aircraftTail")), OutcomeKind.UNMATCHED),
        (403, envelope(told("Other company", "AUTHENTICATION_COMPANY_ACCESS")), OutcomeKind.UNAUTHORISED),
        (403, envelope(told("Not permitted", "AUTHORIZATION_PERMISSIONS")), OutcomeKind.MISCONFIGURED),
        (403, b"<html>blocked</html>", OutcomeKind.MISCONFIGURED),
        (404, envelope(told("Not found", "NOT_FOUND")), OutcomeKind.MISCONFIGURED),
        (404, envelope(told("Unknown aircraft", "NOT_FOUND")), OutcomeKind.UNMATCHED),
        (405, envelope(), OutcomeKind.MISCONFIGURED),
        (409, envelope(told("Updated at the same time")), OutcomeKind.UNAVAILABLE),
        (423, envelope(told("Locked")), OutcomeKind.UNAVAILABLE),
        (413, b"too large", OutcomeKind.REFUSED),
        (422, envelope(told("The end is before the start", "X", "activities[1].endDateTime")), OutcomeKind.REFUSED),
        (429, b"", OutcomeKind.THROTTLED),
        (502, b"<html>", OutcomeKind.UNAVAILABLE),
    ],
)
def test_what_an_answer_is_taken_for(status: int, body: Any, kind: OutcomeKind) -> None:
    outcome = answered(status, body)

    assert outcome.kind is kind
    assert outcome.http_status == status
    assert (outcome.messages == ()) == (kind is OutcomeKind.ACCEPTED)
    assert all(message.text for message in outcome.messages)


@pytest.mark.req("AVI-24")
def test_warnings_and_infos_are_kept_and_do_not_make_it_wrong() -> None:
    outcome = answered(200, envelope(warnings=[told("Gap", "G", "activities[1]")], infos=[told("Stored")]))

    assert outcome.kind is OutcomeKind.ACCEPTED
    assert [(m.level, m.text, m.about) for m in outcome.messages] == [
        ("warning", "Gap", "flight:2"),
        ("info", "Stored", "aircraft:81"),
    ]


@pytest.mark.req("AVI-24")
@pytest.mark.parametrize(
    ("path", "about", "field", "text"),
    [
        ("activities[2].endAirport", "flight:3", "endAirport", "Invalid (sent: ZZZZ)"),
        ("activities[2].endAirport.icao", "flight:3", "endAirport.icao", "Invalid (sent: ZZZZ)"),
        ("activities[0]", "flight:1", "", "Invalid"),
        ("activities[99].endAirport", "aircraft:81", "activities[99].endAirport", "Invalid"),
        ("lift.aircraftTail", "aircraft:81", "lift.aircraftTail", "Invalid"),
        ("", "aircraft:81", "", "Invalid"),
    ],
)
def test_a_path_leads_to_the_activity(path: str, about: str, field: str, text: str) -> None:
    (message,) = answered(200, envelope(told("Invalid", "C", path))).messages

    assert (message.about, message.field, message.text, message.path) == (about, field, text, path)


@pytest.mark.parametrize(
    ("more", "seconds"),
    [
        ({"retry_after": "90"}, 90),
        ({"x_rate_limit_reset": "120"}, 120),
        ({"retry_after": "90", "x_rate_limit_reset": "120"}, 120),
        ({"retry_after": "Mon, 15 Mar 2027 09:20:30 GMT"}, 480),
        ({"retry_after": "Mon, 15 Mar 2027 09:00:00 GMT"}, 0),
        ({"retry_after": "9" * 40}, 24 * 3600),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "-5"}, None),
        ({"retry_after": "²"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait(more: dict[str, str], seconds: int | None) -> None:
    expected = None if seconds is None else NOW + timedelta(seconds=seconds)

    assert answered(429, b"", **more).retry_after == expected


def test_a_healthy_answer_asks_for_no_wait() -> None:
    assert answered(200, envelope(), x_rate_limit_reset="3000").retry_after is None
    assert answered(503, b"", x_rate_limit_reset="3000", retry_after="30").retry_after == NOW + timedelta(seconds=30)


@given(status=st.integers(200, 599), body=st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_no_answer_breaks_the_reader(status: int, body: bytes) -> None:
    outcome = answered(status, body)

    assert outcome.kind.delivered is False or 200 <= status < 300


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["title", "code", "path", "x"]), inner),
    max_leaves=8,
)


@given(status=st.sampled_from([200, 400, 403, 429, 500]), errors=st.lists(_json, max_size=4))
def test_odd_messages_are_shown_and_never_break(status: int, errors: list[Any]) -> None:
    outcome = answered(status, envelope(*errors))

    assert outcome.kind is not OutcomeKind.UNREADABLE
    assert (outcome.kind is OutcomeKind.ACCEPTED) == (status == 200 and not errors)
