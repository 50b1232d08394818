"""What a go-live list is judged by: calls as the sandbox keeps them, what users are shown, the imitation's audit."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from airstair.addons.avinode import client
from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.golive import LIST
from airstair.addons.avinode.golive.schedules import Schedules
from airstair.addons.avinode.sandbox.audit import Auditor
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.addons.avinode.tests.schedules import DAY, HOUR, NOW, event, flight, mapped, past, schedule
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.golive import GoLiveSources, UnitFacts
from airstair.hub.golive.case import judge
from airstair.hub.golive.received import ReceivedCall
from airstair.hub.health import LedgerLine
from airstair.hub.verdicts import GoLiveItem
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.snapshots import ActualTimes, EmptyLegOffer, ServiceOrder
from airstair.sandbox.journal import CallRecord

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
    """`audit`: the imitation's own, of these calls, unless it is given."""
    one = changed.pop("one", None) or connection(settings)
    given = {"shown": line()} | changed
    received = calls or (call(16), call(11), call(6), call(1))
    return Schedules(sources(one, **given), received, audit or audited(received))


def audited(calls: Iterable[ReceivedCall]) -> dict[str, Any]:
    """What the imitation objects to, while nobody has mapped an activity type."""
    auditor = Auditor(lambda tail, activity_type: "Occupied")
    for one in calls:
        if one.method == "PUT" and one.path == "/api/schedules":
            auditor.observe(CallRecord(**msgspec.structs.asdict(one), caller="demo", duration_ms=1))
    return auditor.report(NOW)


def silent(**changed: Any) -> Schedules:
    """Nothing was received."""
    return Schedules(sources(connection(SETTINGS), **changed), audit=audited(()))


def items_of(given: Schedules) -> list[GoLiveItem]:
    return asyncio.run(judge(given, LIST))


def item(number: int, given: Schedules) -> GoLiveItem:
    items = items_of(given)
    assert [one.number for one in items] == list(range(1, 21))
    return items[number - 1]
