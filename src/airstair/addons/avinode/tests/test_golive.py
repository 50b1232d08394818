"""The checklist: all of it passes on good evidence, and each item fails on evidence that is bad for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from airstair.addons.avinode import client
from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.golive import checklist
from airstair.addons.avinode.golive.schedules import Schedules
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.addons.avinode.tests.schedules import DAY, FLOW, HOUR, NOW, event, flight, mapped, past, schedule
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.flows import Backoff, Call, UnitDocument
from airstair.hub.golive import GoLiveSources, UnitFacts
from airstair.hub.golive.received import ReceivedCall
from airstair.hub.health import LedgerLine
from airstair.hub.http import HttpPool, PartnerHttp
from airstair.hub.verdicts import GoLiveItem, Verdict
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Conflict
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.snapshots import ActualTimes, EmptyLegOffer, ServiceOrder
from airstair.sandbox.running import running

pytestmark = pytest.mark.req("AVI-50")

MINUTE = timedelta(minutes=1)
OK = '{"meta":{"errors":[],"warnings":[],"infos":[]},"data":{}}'
SERVICE = ServiceOrder(
    airport="LFMN", kind="FUEL", served="ALL", provider_id="F-1", provider_name="Fuel", source="PROPRIETARY"
)
OFFER = EmptyLegOffer(verified_by="Ann Lee", verified_at=NOW)
ACTUAL = ActualTimes(book="journey_log", off_block=NOW - 2 * DAY + 7 * MINUTE)
PICTURE = schedule(
    msgspec.structs.replace(past(), start=NOW - 2 * DAY + 7 * MINUTE, actual=(ACTUAL,)),
    flight(2, "EPWA-LFMN", NOW + HOUR, booked_from=("avinode:arfq-7",), regulation="PART_CAT", services=(SERVICE,)),
    flight(3, "LFMN-EPWA", NOW + DAY, ferry=True, empty_leg=OFFER),
    flight(4, "EPWA-LFMN", NOW + 2 * DAY, ferry=True, empty_leg=EmptyLegOffer()),
    event(5, "LFMN", NOW + 3 * DAY),
)
SETTINGS = AvinodeSettings(authorization_key="company-key-ABCD", share_services=True)


def call(minutes_ago: float, picture: Any = PICTURE, **changed: Any) -> ReceivedCall:
    given = {
        "at": NOW - minutes_ago * MINUTE,
        "method": "PUT",
        "path": "/api/schedules",
        "headers": {"x-avinode-product": client.PRODUCT, "authorization": "Bearer …ABCD"},
        "body": mapped(picture, NOW - minutes_ago * MINUTE, share_services=True).body.decode(),
        "aircraft": "SPKXA",
        "status": 200,
        "answer": OK,
    } | changed
    return ReceivedCall(**given)


def line(at: datetime = NOW - MINUTE, status: int = 200, *messages: PartnerMessage, errors: bool = False) -> LedgerLine:
    """What users are shown of the aircraft."""
    outcome = OutcomeKind.ACCEPTED_WITH_ERRORS if errors else OutcomeKind.ACCEPTED
    return LedgerLine(
        unit=Unit(UnitKind.AIRCRAFT, 81), title="SP-KXA", flow="schedule", last_attempt=at, outcome=outcome,
        http_status=status, messages=messages,
    )  # fmt: skip


def connection(settings: AvinodeSettings, id: int = 1, **aircraft: Any) -> LiveConnection:
    given = {"aircraft": {81: "SP-KXA"}, "addon": ADDON} | aircraft
    settings = msgspec.structs.replace(settings, environment="sandbox")
    return LiveConnection(operator_id=7, id=id, name="", settings=settings, account="", **given)


def sources(
    one: LiveConnection,
    *,
    default: LiveConnection | None = None,
    picture: Any = PICTURE,
    shown: Any = None,
    url: str = "",
) -> GoLiveSources:
    """One connection with one aircraft; it is the default one unless another is given."""
    (flow,) = one.addon.mirrors
    units = [
        UnitFacts(flow=flow, unit=Unit(flow.unit, id_), title=title, connection=one, snapshot=picture, line=shown)
        for id_, title in one.aircraft.items()
    ]
    return GoLiveSources(
        now=NOW if not url else NOW + MINUTE,
        addon=one.addon,
        connections=(one,),
        default=default or one,
        units=tuple(units),
        sandbox_url=url,
    )


def evidence(*calls: ReceivedCall, audit: Any = None, settings: Any = SETTINGS, **changed: Any) -> Schedules:
    one = changed.pop("one", None) or connection(settings)
    given = {"shown": line()} | changed
    return Schedules(sources(one, **given), calls or (call(16), call(11), call(6), call(1)), audit)


def silent(**changed: Any) -> Schedules:
    """Nothing was received."""
    return Schedules(sources(connection(SETTINGS), **changed))


def items_of(given: Schedules) -> list[GoLiveItem]:
    return asyncio.run(checklist(given))


def item(number: int, given: Schedules) -> GoLiveItem:
    items = items_of(given)
    assert [one.number for one in items] == list(range(1, 21))
    return items[number - 1]


def with_flow(**changed: Any) -> LiveConnection:
    """Of an add-on whose flow says something else."""
    return connection(SETTINGS, addon=replace(ADDON, flows=(replace(FLOW, **changed),)))


def edited(change: Callable[[dict[str, Any]], Any], *, id: str = "f-2", minutes_ago: float = 1) -> ReceivedCall:
    """The latest call, with one activity changed on its way."""
    body = msgspec.json.decode(call(minutes_ago).body)
    change(next(a for a in body["activities"] if a["activityId"] == id))
    return call(minutes_ago, body=msgspec.json.encode(body).decode())


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    return lambda activity: [activity.pop(name, None) for name in names] and None


def set_to(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda activity: activity.update(fields)


def latest(one: ReceivedCall) -> Schedules:
    return evidence(call(16), call(11), call(6), one)


def test_good_evidence_passes_and_people_confirm_the_rest() -> None:
    items = items_of(evidence())

    assert {one.number for one in items if one.verdict is Verdict.PERSON} == {1, 16}
    assert [(one.number, one.evidence) for one in items if one.verdict is Verdict.FAIL] == []
    assert all(one.evidence and one.title for one in items)


def test_without_any_call_nothing_that_calls_show_passes() -> None:
    items = items_of(silent())

    failed = {one.number for one in items if one.verdict is Verdict.FAIL}
    assert failed == {2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14, 15, 18, 20}


def body_of(*activities: dict[str, Any]) -> str:
    return msgspec.json.encode({"lift": {"aircraftTail": "SP-KXA"}, "activities": list(activities)}).decode()


def plain(id: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    return {"activityId": id, "activityType": "PAX FLIGHT", "startDateTime": start, "endDateTime": end, **more}


ELDERLY = plain("f-9", "2027-02-15T06:00Z", "2027-02-15T08:00Z", externalTripId="T-1")
RECENT = plain("f-8", "2027-03-13T06:00Z", "2027-03-13T08:00Z", externalTripId="T-1")
COMING = plain("f-7", "2027-03-20T06:00Z", "2027-03-20T08:00Z", externalTripId="T-1")
ITS_OWN = connection(msgspec.structs.replace(SETTINGS, authorization_key="aircraft-key-WXYZ"), id=2)
SHARED = connection(SETTINGS, aircraft={})
AIRPORT_ERROR = '{"meta":{"errors":[{"title":"Invalid start airport","code":"X"}]},"data":{}}'


@pytest.mark.parametrize(
    ("number", "given", "words"),
    [
        (2, latest(call(1, body=body_of(ELDERLY, RECENT))), "f-9"),
        (2, latest(call(1, body="{")), "no readable schedule"),
        (3, latest(call(1, body=body_of(COMING))), "no activity had ended"),
        (3, latest(call(1, body=body_of())), "no activity had ended"),
        (4, evidence(call(6), call(1)), "2 times"),
        (4, evidence(call(30), call(11), call(6), call(1)), "was not sent for 19 minutes"),
        (4, evidence(call(60), call(55), call(50)), "was not sent for 50 minutes"),
        (4, evidence(settings=msgspec.structs.replace(SETTINGS, export_automatically=False)), "Switch on"),
        (4, evidence(one=connection(SETTINGS, aircraft={})), "No aircraft"),
        (5, evidence(call(16), call(11), call(3), call(1)), "120 s after"),
        (5, evidence(one=with_flow(floor=None)), "allows two calls"),
        (5, evidence(settings=AvinodeSettings(interval_minutes=4)), "4 minutes"),
        (17, evidence(one=with_flow(retry=Backoff())), "repeats failed calls"),
        (6, latest(edited(set_to(activityId="f-99"))), "f-2 came back as f-99"),
        (6, latest(edited(set_to(activityId=""))), "missing or used twice"),
        (6, latest(edited(set_to(activityId="f-3"))), "missing or used twice"),
        (7, latest(edited(set_to(startDateTime="2027-03-15T10:12"))), "startDateTime"),
        (7, latest(edited(set_to(endDateTime="2027-03-15T13:12+01:00"))), "endDateTime"),
        (7, latest(edited(set_to(marketingEndDateTime="tomorrow"), id="f-3")), "marketingEndDateTime"),
        (8, latest(edited(set_to(startDateTime="2027-03-15T10:22Z"))), "the block time is 2027-03-15T10:12Z"),
        (8, latest(edited(set_to(startDateTime="2027-03-13T09:12Z"), id="f-1")), "2027-03-13T09:19Z"),
        (9, latest(edited(without("externalTripId"))), "f-2"),
        (9, latest(edited(set_to(externalTripId="T-9"))), "T-9"),
        (10, latest(edited(without("tripId"))), "arfq-7"),
        (10, latest(edited(set_to(tripId="arfq-77"))), "arfq-77"),
        (11, latest(edited(without("services"))), "1 services; 0 were sent"),
        (11, latest(edited(set_to(services=[{"serviceType": "FUEL"}]))), "lacks serviceProviderId"),
        (11, evidence(settings=AvinodeSettings()), "switched off"),
        (12, latest(edited(without("flightRegulations"))), "PART_CAT"),
        (13, latest(edited(set_to(marketingMessage="Buy me"))), "marketingMessage"),
        (13, latest(edited(set_to(marketingVerified=False), id="e-5")), "MAINTENANCE"),
        (14, latest(edited(set_to(marketingVerified=True), id="f-4")), "nobody marked it"),
        (14, latest(edited(set_to(marketingVerified=True), id="f-2")), "nobody marked it"),
        (15, evidence(settings=AvinodeSettings()), "no authorization key"),
        (15, latest(call(1, headers={"authorization": "Bearer …WXYZ"})), "WXYZ"),
        (16, evidence(one=ITS_OWN, default=SHARED), "ABCD"),
        (17, evidence(call(16), call(11), call(2, status=500), call(1)), "which had failed"),
        (17, evidence(call(16), call(11), call(2, status=None), call(1)), "which had failed"),
        (18, evidence(shown=None), "no call is shown"),
        (
            18,
            evidence(shown=line(NOW - 6 * MINUTE)),
            "older",
        ),
        (18, latest(call(1, status=500)), "answered 500, but 200"),
        (18, latest(call(1, answer=AIRPORT_ERROR)), "Invalid start airport"),
        (
            19,
            evidence(shown=line(NOW, 500)),
            "an answer 500 is shown as",
        ),
        (20, latest(call(1, headers={})), "names “”"),
        (20, latest(call(1, headers={"X-Avinode-Product": "Other/1"})), "Other/1"),
    ],
)
def test_bad_evidence_fails_its_item(number: int, given: Schedules, words: str) -> None:
    found = item(number, given)

    assert found.verdict is Verdict.FAIL
    assert words in " ".join(found.evidence)


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        (2, "activity-older-than-a-month"),
        (3, "no-ended-activity"),
        (5, "interval-under-five-minutes"),
        (6, "activity-id-changed"),
        (6, "activity-id-missing"),
        (7, "times-not-utc"),
        (9, "external-trip-id-missing"),
        (13, "marketing-on-other-activity"),
        (17, "retry-after-failure"),
        (20, "product-header-missing"),
    ],
)
@pytest.mark.parametrize(("tail", "verdict"), [("SPKXA", Verdict.FAIL), ("SP-XYZ", Verdict.PASS)])
def test_what_the_sandbox_objects_to_fails_the_item_of_that_aircraft(
    number: int, rule: str, tail: str, verdict: Verdict
) -> None:
    objection = {"count": 3, "evidence": [{"text": "There it is."}]}
    audit = {"aircraft": {tail: {"objections": {rule: objection}}}}

    found = item(number, evidence(audit=audit))

    assert found.verdict is verdict
    assert (verdict is Verdict.FAIL) == ("3 × " in " ".join(found.evidence))


@pytest.mark.parametrize(
    ("number", "broken"),
    [
        (10, {"trip_id": ""}),
        (11, {"services": msgspec.UNSET}),
        (12, {"flight_regulations": ""}),
        (14, {"marketing_verified": True}),
    ],
)
def test_a_mapping_that_cannot_do_it_fails_by_its_specimen(
    monkeypatch: pytest.MonkeyPatch, number: int, broken: dict[str, Any]
) -> None:
    from airstair.addons.avinode import wire

    nothing_live = schedule(past())
    calls = [call(minutes, nothing_live) for minutes in (16, 11, 6, 1)]
    good = evidence(*calls, picture=nothing_live)
    assert item(number, good).verdict is Verdict.PASS

    encode = wire.encode

    def spoiled(body: wire.PutSchedule) -> bytes:
        activities = [msgspec.structs.replace(one, **broken) for one in body.activities]
        return encode(msgspec.structs.replace(body, activities=activities))

    monkeypatch.setattr(wire, "encode", spoiled)
    assert item(number, good).verdict is Verdict.FAIL


def test_a_client_that_misreads_errors_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    read = client.read_answer
    monkeypatch.setattr(
        client,
        "read_answer",
        lambda *given: msgspec.structs.replace(read(*given), kind=OutcomeKind.ACCEPTED),
    )

    assert item(19, evidence()).verdict is Verdict.FAIL


def test_all_empty_legs_verified_is_for_a_person() -> None:
    legs = [flight(n, "EPWA-LFMN", NOW + n * DAY, ferry=True, empty_leg=OFFER) for n in (2, 3)]
    picture = schedule(past(), *legs)
    given = evidence(call(11, picture), call(6, picture), call(1, picture), picture=picture)

    found = item(14, given)

    assert found.verdict is Verdict.PERSON
    assert "f-2 by Ann Lee" in found.evidence[0]


def test_an_aircraft_with_its_own_key_passes() -> None:
    own = {"authorization": "Bearer …WXYZ", "x-avinode-product": client.PRODUCT}
    given = evidence(call(1, headers=own), one=ITS_OWN, default=SHARED)

    assert item(16, given).verdict is Verdict.PASS


def test_keys_that_are_hidden_are_for_a_person() -> None:
    assert item(15, latest(call(1, headers={"authorization": "(hidden)"}))).verdict is Verdict.PERSON


def test_a_failed_call_that_waited_its_interval_is_no_retry() -> None:
    given = evidence(call(11), call(6, status=503), call(1))

    assert item(17, given).verdict is Verdict.PASS
    assert "after 1 failed calls" in item(17, given).evidence[0]


def test_messages_that_are_shown_pass() -> None:
    message = PartnerMessage(level="error", text="Invalid start airport (sent: ZZZZ)")
    given = evidence(call(11), call(6), call(1, answer=AIRPORT_ERROR), shown=line(NOW, 200, message, errors=True))

    assert item(18, given).verdict is Verdict.PASS


def test_calls_of_others_and_other_operations_do_not_count() -> None:
    others = (
        call(1, aircraft="SP-XYZ", body="{"),
        call(1, method="GET", body=""),
        call(1, path="/api/aircraft", body=""),
    )

    with_others = items_of(evidence(call(16), call(11), call(6), call(1), *others))

    assert [one.verdict for one in with_others] == [one.verdict for one in items_of(evidence())]


# -- the whole way, with the sandbox ------------------------------------------------------------------------------


@pytest.mark.parametrize("too_soon", [False, True])
async def test_a_quarter_of_an_hour_with_the_sandbox(too_soon: bool) -> None:
    clock = ManualClock(NOW - 15 * MINUTE)
    async with running(clock=clock) as sandbox:
        assert ADDON.for_sandbox is not None
        settings = AvinodeSettings(environment="sandbox", share_services=True, **ADDON.for_sandbox(sandbox.url))
        pool = HttpPool(allow_private=True)
        for minute in [0, 5, 10, *([11] if too_soon else []), 15]:
            clock.set(NOW - (15 - minute) * MINUTE)
            document = FLOW.document(PICTURE, settings, clock.now())
            assert document is not None
            one = UnitDocument(unit=Unit(UnitKind.AIRCRAFT, 81), title="SP-KXA", document=document)
            http = PartnerHttp(pool, clock, deadline=MINUTE)
            await FLOW.send(Call(http=http, settings=settings, documents=[one], now=clock.now()))
        await pool.close()

        assert ADDON.golive is not None
        items = await ADDON.golive(sources(connection(settings), shown=line(NOW), url=sandbox.url))

    failed = {one.number: one.evidence for one in items if one.verdict is Verdict.FAIL}
    assert set(failed) == ({5} if too_soon else set())
    assert {one.number for one in items if one.verdict is Verdict.PERSON} == {1, 16}
    assert len(items) == 20


async def test_without_a_sandbox_it_says_what_to_do() -> None:
    assert ADDON.golive is not None
    with pytest.raises(Conflict, match="environment=sandbox"):
        await ADDON.golive(sources(connection(SETTINGS)))
    with pytest.raises(Conflict, match="airstair sandbox"):
        await ADDON.golive(sources(connection(SETTINGS), url="http://127.0.0.1:1"))
