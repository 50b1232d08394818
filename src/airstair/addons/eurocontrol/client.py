"""The calls to the Network Manager. No retry, no database, no rule about when to call but the order of a run's pages.

A run reads the queue first, where there is a subscription, and then asks: for all flights of the operator, and for the
plans of those that leave soon. What is published comes sooner; what is asked for is the proof that nothing was missed.
"""

from __future__ import annotations

import base64
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from airstair.addons.eurocontrol import wire
from airstair.addons.eurocontrol.settings import EurocontrolSettings, missing_identity
from airstair.hub.answers import kind_of, ours, outcome_of
from airstair.hub.flows import Call, Fetched
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind

NOT_RECOGNISED = "Operator ICAO not recognized by Eurocontrol."
_BACK, _AHEAD = timedelta(hours=6), timedelta(hours=24)
_NARROWEST = timedelta(minutes=30)
_MESSAGES = 200
_PLANS_SOON = timedelta(hours=1)
_PLANS = 20  # in one run
# What a status means (documented words; what to do about each is our inference).
_LATER = frozenset(
    ["SERVICE_UNAVAILABLE", "INTERNAL_ERROR", "RESOURCE_OVERLOAD", "REQUEST_OVERBOOKING_REJECTED", "INVALID_OUTPUT"]
)
_TOO_OFTEN = frozenset(
    ["REQUEST_COUNT_QUOTA_EXCEEDED", "PARALLEL_REQUEST_COUNT_QUOTA_EXCEEDED", "BANDWIDTH_QUOTAS_EXCEEDED"]
)


class Doing(StrEnum):
    """The step of a run that the next page is."""

    SUBSCRIBE = "subscribe"
    RESUME = "resume"
    MESSAGES = "messages"
    FLIGHTS = "flights"
    PLANS = "plans"


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is, and what the next run goes on with."""

    doing: Doing | None = None  # None: the next run begins
    uuid: str = ""
    queue: str = ""
    asked_at: datetime | None = None  # when all flights were last asked for
    wef: datetime | None = None
    minutes: int = 0  # of the window that is asked for at once
    plans: tuple[wire.Named, ...] = ()
    known: tuple[str, ...] = ()  # flights whose plan has been read


async def fetch(call: Call, cursor: str | None) -> Fetched | Outcome:
    """The page after `cursor`, or the outcome that kept it from being had."""
    place = _read(cursor)
    step = place.doing or (Doing.FLIGHTS if not call.settings.subscribe else Doing.MESSAGES)
    if step is Doing.MESSAGES and not place.queue:
        step = Doing.SUBSCRIBE
    match step:
        case Doing.SUBSCRIBE | Doing.RESUME | Doing.MESSAGES:
            return await _published(call, place, step)
        case Doing.FLIGHTS:
            return await _flights(call, place)
        case Doing.PLANS:
            return await _plan(call, place)


async def check(http: PartnerHttp, settings: EurocontrolSettings) -> Outcome:
    """Whether the access works and the operator is known: asks for its flights of this minute. Changes nothing."""
    if missing_identity(settings):
        text = "Enter the certificate and its private key, or the API key and its secret."
        return Outcome(kind=OutcomeKind.UNAUTHORISED, messages=(ours(text, field="certificate"),))
    now = http.now()
    body = wire.flights_of_operator(now, settings.operator_icao, now, now + timedelta(minutes=1))
    answer = await _post(http, settings, body)
    reply = wire.read_reply(answer.body)
    if reply is not None and reply.status == "TOO_MANY_RESULTS":
        return Outcome(kind=OutcomeKind.ACCEPTED, http_status=answer.status)
    return _outcome(answer, reply, now)


# ── Asking ──────────────────────────────────────────────────────────────────────────────────────────


async def _flights(call: Call, place: Place) -> Fetched | Outcome:
    """One window of the operator's flights; where it holds too many, half of it."""
    if call.settings.subscribe and place.wef is None and not _due(call, place.asked_at):
        return _end(place, ())
    wef = place.wef or call.now - _BACK
    end = call.now + _AHEAD
    window = timedelta(minutes=place.minutes) or end - wef
    unt = min(wef + window, end)
    body = wire.flights_of_operator(call.now, call.settings.operator_icao, wef, unt)
    reply = await _asked(call, body)
    if isinstance(reply, Outcome):
        return reply
    if reply.status == "TOO_MANY_RESULTS":
        if window <= _NARROWEST:
            text = f"The Network Manager has more flights of one half hour than it tells ({wef:%d %b %H%M}Z)."
            return Outcome.failed(OutcomeKind.REFUSED, text)
        return _page(place, (), doing=Doing.FLIGHTS, wef=wef, minutes=int(window.total_seconds() // 120))
    found = wire.read_flights(reply.data) if reply.data is not None else []
    plans = place.plans + tuple(_leaving_soon(call, place, found))
    if unt < end:
        return _page(place, found, doing=Doing.FLIGHTS, wef=unt, minutes=int(window.total_seconds() // 60), plans=plans)
    after = msgspec.structs.replace(place, asked_at=call.now, wef=None, minutes=0, plans=plans[:_PLANS])
    return _page(after, found, doing=Doing.PLANS) if after.plans else _end(after, found)


def _due(call: Call, asked_at: datetime | None) -> bool:
    return asked_at is None or asked_at + timedelta(minutes=call.settings.interval_minutes) <= call.now


def _leaving_soon(call: Call, place: Place, found: list[wire.Status]) -> list[wire.Named]:
    if not call.settings.passengers:
        return []
    soon = (one.flight for one in found if call.now <= one.flight.eobt <= call.now + _PLANS_SOON)
    return [one for one in soon if one.ifpl_id and one.ifpl_id not in place.known]


async def _plan(call: Call, place: Place) -> Fetched | Outcome:
    """The plan of the next flight that leaves soon. One that is gone is none."""
    flight, *others = place.plans
    reply = await _asked(call, wire.plan_of(call.now, flight.ifpl_id), gone="OBJECT_NOT_FOUND")
    if isinstance(reply, Outcome):
        return reply
    persons = wire.persons_on_board(reply.data) if reply.data is not None else None
    items = () if persons is None else (wire.OnBoard(flight=flight, persons=persons),)
    known = (*place.known, flight.ifpl_id)[-500:]
    after = msgspec.structs.replace(place, plans=tuple(others), known=known)
    return _page(after, items, doing=Doing.PLANS) if others else _end(after, items)


# ── What is published ───────────────────────────────────────────────────────────────────────────────


async def _published(call: Call, place: Place, step: Doing) -> Fetched | Outcome:
    if step is Doing.SUBSCRIBE:
        if not call.aircraft:
            return _page(place, (), doing=Doing.FLIGHTS)
        reply = await _asked(call, wire.subscription(call.now, call.aircraft.values()))
        if isinstance(reply, Outcome):
            return reply
        made = wire.read_subscription(reply.data)
        if made is None:
            return Outcome.failed(OutcomeKind.UNREADABLE, "The answer to the subscription names no queue.")
        return _page(msgspec.structs.replace(place, uuid=made[0], queue=made[1]), (), doing=Doing.RESUME)
    if step is Doing.RESUME:
        reply = await _asked(call, wire.resume(call.now, place.uuid))
        return reply if isinstance(reply, Outcome) else _page(place, (), doing=Doing.MESSAGES)
    reply = await _asked(call, wire.pull(call.now, place.queue, _MESSAGES), gone="OBJECT_NOT_FOUND")
    if isinstance(reply, Outcome):
        return reply
    if reply.status == "OBJECT_NOT_FOUND":  # it ends with its release, or when nobody reads it for long
        return _page(msgspec.structs.replace(place, uuid="", queue=""), (), doing=Doing.FLIGHTS)
    found = wire.read_messages(reply.data) if reply.data is not None else []
    more = reply.data is not None and (reply.data.findtext("hasMoreMessages") or "").strip() == "true"
    return _page(place, found, doing=Doing.MESSAGES if more else Doing.FLIGHTS)


# ── One call ────────────────────────────────────────────────────────────────────────────────────────


async def _asked(call: Call, body: bytes, gone: str = "") -> wire.Reply | Outcome:
    """The reply, where it is one to work with: `TOO_MANY_RESULTS` and the status `gone` are."""
    answer = await _post(call.http, call.settings, body)
    reply = wire.read_reply(answer.body)
    if reply is not None and answer.status < 300 and reply.status in ("OK", "TOO_MANY_RESULTS", gone):
        return reply
    return _outcome(answer, reply, call.now)


async def _post(http: PartnerHttp, settings: EurocontrolSettings, body: bytes) -> Answer:
    headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": '""', "Accept": "text/xml"}
    if settings.identity is None:
        pair = f"{settings.api_key_id}:{settings.api_key_secret}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    url = f"{settings.base_url.rstrip('/')}/{settings.release}"
    return await http.request("POST", url, headers=headers, body=body, certificate=settings.identity)


def _outcome(answer: Answer, reply: wire.Reply | None, now: datetime) -> Outcome:
    """What an answer means. The status in the body has authority over HTTP's, where there is one."""
    kind = _kind(answer.status, reply)
    if kind.delivered:
        return Outcome(kind=kind, http_status=answer.status)
    said = "; ".join(reply.words) if reply is not None else ""
    text, field = said or (f"The Network Manager answered {reply.status if reply else answer.status}."), ""
    if reply is not None and (reply.status == "NOT_AUTHORISED" or "aircraftOperators" in said):
        text, field = f"{NOT_RECOGNISED} {said}".strip(), "operator_icao"
    elif kind is OutcomeKind.UNAUTHORISED:
        text, field = f"{text} Check the certificate, or the API key and its secret.", "api_key_secret"
    return outcome_of(answer, kind, [ours(text, field=field)], now)


def _kind(status: int, reply: wire.Reply | None) -> OutcomeKind:
    by_status = kind_of(status)
    if reply is None:
        return OutcomeKind.UNREADABLE if by_status.delivered else by_status
    if reply.status in _TOO_OFTEN:
        return OutcomeKind.THROTTLED
    if reply.status in _LATER:
        return OutcomeKind.UNAVAILABLE
    if reply.status == "NOT_AUTHORISED":
        return OutcomeKind.UNAUTHORISED
    return by_status if reply.status == "OK" or not by_status.delivered else OutcomeKind.REFUSED


# ── The place of a run ──────────────────────────────────────────────────────────────────────────────


def _read(cursor: str | None) -> Place:
    try:
        return msgspec.json.decode(cursor, type=Place) if cursor else Place()
    except msgspec.DecodeError:
        return Place()  # of another version: begin anew


def _page(place: Place, items: Any, **at: Any) -> Fetched:
    """These items, and more to be fetched now."""
    after = msgspec.structs.replace(place, **at)
    return Fetched(items=tuple(items), cursor=msgspec.json.encode(after).decode(), more=True)


def _end(place: Place, items: Any) -> Fetched:
    """The last page of a run."""
    after = msgspec.structs.replace(place, doing=None, wef=None, minutes=0, plans=())
    return Fetched(items=tuple(items), cursor=msgspec.json.encode(after).decode())
