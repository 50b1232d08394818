"""The calls to RocketRoute: log in, its lists, and the plan. One after the other, never twice; no rule, no database.

Only the last of them makes a plan. What fails before it has certainly made none, and says so by its outcome.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from airstair.addons.rocketroute import mapping, wire
from airstair.addons.rocketroute.settings import RocketrouteSettings
from airstair.hub.answers import each, kind_of, ours, outcome_of
from airstair.hub.choosing import Choice
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, CallFailed, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.records.flights.facts import FlightFacts

_DENIED = re.compile(
    r"access denied|forbidden|unauthori[sz]ed|credential|password|log ?in|token|expired", re.IGNORECASE
)
_UPDATE = "Update the dispatcher's email and password under Configuration."


class _Ended(Exception):
    """It ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.sentence)


async def send(call: Call) -> list[Outcome]:
    """Make a plan of each document; an outcome for each, in order."""
    return await each(call, _send)


async def _send(call: Call, one: UnitDocument) -> Outcome:
    wanted = wire.read_wanted(one.document.body)
    try:
        session = await _before(_Session.open(call.http, call.settings))
        plan = await _before(_matched(session, wanted))
    except _Ended as ended:
        return ended.outcome
    answer = await session.post("/plan/edit", wire.encode(plan))
    return _outcome(answer, wire.read_answer(answer.body), call.now)


async def _before(step: Any) -> Any:
    """A step before the plan. Whatever becomes of it, no plan was made: it is told as a partner who was not there."""
    try:
        return await step
    except CallFailed as failed:
        kind = OutcomeKind.UNAVAILABLE if failed.kind is OutcomeKind.UNKNOWN else failed.kind
        raise _Ended(Outcome.failed(kind, f"{failed} No plan was made.")) from None
    except _Ended as ended:
        raise _Ended(msgspec.structs.replace(ended.outcome, http_status=None)) from None


async def _matched(session: _Session, wanted: wire.Wanted) -> wire.Plan:
    """The plan with RocketRoute's own ids: as chosen, else the aircraft by registration and the crew by work e-mail."""
    aircraft_id = wanted.aircraft_id
    if aircraft_id is None:
        fleet = await session.aircraft()
        aircraft_id = next((one.id for one in fleet if mapping.bare(one.registration) == wanted.registration), None)
        if aircraft_id is None:
            sentence = f"RocketRoute has no aircraft {wanted.registration}. Add it there, or choose another by hand."
            raise _Ended(Outcome.failed(OutcomeKind.UNMATCHED, sentence))
    seats = dict(wanted.crew_ids)
    to_find = {seat: email for seat, email in wanted.emails.items() if seat not in seats}
    if to_find:
        by_email = {(one.email or "").lower(): one.id for one in await session.crew()}
        seats |= {seat: by_email.get(email, 0) for seat, email in to_find.items()}  # blank when unmatched
    return msgspec.structs.replace(wanted.plan, aircraft_id=aircraft_id, crew=wire.Crew(**seats))


async def choices(call: Call, snapshots: Sequence[FlightFacts]) -> Sequence[Sequence[Choice]] | Outcome:
    """What can be chosen for each flight, from RocketRoute's own lists."""
    try:
        session = await _Session.open(call.http, call.settings)
        fleet, crew = await session.aircraft(), await session.crew()
    except _Ended as ended:
        return ended.outcome
    return [mapping.choices(one, fleet, crew) for one in snapshots]


async def check(http: PartnerHttp, settings: RocketrouteSettings) -> Outcome:
    """Whether RocketRoute knows the credentials, by logging in. Changes nothing there."""
    try:
        await _Session.open(http, settings)
    except _Ended as ended:
        return ended.outcome
    return Outcome(kind=OutcomeKind.ACCEPTED, http_status=200)


class _Session:
    """One log-in, for the calls of one message."""

    def __init__(self, http: PartnerHttp, url: str, token: str) -> None:
        self._http, self._url, self._token = http, url, token

    @classmethod
    async def open(cls, http: PartnerHttp, settings: RocketrouteSettings) -> _Session:
        """Raises `_Ended` where RocketRoute does not let us in, and `CallFailed`."""
        url = settings.base_url.rstrip("/")
        body = msgspec.json.encode({"email": settings.email, "password": settings.password})
        headers = _headers(f"AppKey {settings.app_key}")
        answer = await http.request("POST", f"{url}/login", headers=headers, body=body)
        read = wire.read_answer(answer.body)
        outcome = _outcome(answer, read, http.now(), logging_in=True)
        if not outcome.kind.delivered:
            raise _Ended(outcome)
        token = _token(answer, read)
        if not token:
            raise _Ended(Outcome.failed(OutcomeKind.UNREADABLE, "RocketRoute let us in, but gave no token."))
        return cls(http, url, token)

    async def post(self, path: str, body: bytes) -> Answer:
        return await self._http.request("POST", self._url + path, headers=self._authorised, body=body)

    async def aircraft(self) -> list[wire.Aircraft]:
        return wire.read_list(await self._get("/aircraft/list"), wire.Aircraft)

    async def crew(self) -> list[wire.CrewMember]:
        return wire.read_list(await self._get("/crew/list"), wire.CrewMember)

    async def _get(self, path: str) -> Any:
        answer = await self._http.request("GET", self._url + path, headers=self._authorised)
        read = wire.read_answer(answer.body)
        outcome = _outcome(answer, read, self._http.now())
        if not outcome.kind.delivered:
            raise _Ended(outcome)
        return read.data if read is not None else None

    @property
    def _authorised(self) -> dict[str, str]:
        return _headers(f"Bearer {self._token}")


def _headers(authorization: str) -> dict[str, str]:
    return {
        "Authorization": authorization,
        "X-API-Version": wire.VERSION,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }


def _token(answer: Answer, read: wire.Answer | None) -> str:
    """In the body, and in a header (observed): either will do."""
    data = read.data if read is not None and isinstance(read.data, Mapping) else {}
    found = data.get("access_token") or answer.headers.get("authorization", "").removeprefix("Bearer ")
    return str(found or "").strip()


def _outcome(answer: Answer, read: wire.Answer | None, now: datetime, *, logging_in: bool = False) -> Outcome:
    """What an answer means. Failures come with 200 too (observed): then the words decide."""
    said = (read.status.message or "") if read is not None else ""
    kind = _kind(answer.status, read, said, logging_in=logging_in)
    if kind.delivered:
        warnings = [str(one) for one in (read.status.warnings or ())] if read is not None else []
        data = read.data if read is not None and isinstance(read.data, Mapping) else {}
        return Outcome(
            kind=kind,
            http_status=answer.status,
            messages=tuple(PartnerMessage(level="warning", text=text) for text in warnings),
            remote_id=str(data.get("id") or ""),
        )
    text = said or f"RocketRoute answered {answer.status} with something that is not its usual answer."
    field = "base_url" if kind is OutcomeKind.MISCONFIGURED else ""
    if kind is OutcomeKind.UNAUTHORISED:
        text, field = f"{text.rstrip('.')}. {_UPDATE}", "password"
    return outcome_of(answer, kind, [ours(text, field=field)], now)


def _kind(status: int, read: wire.Answer | None, said: str, *, logging_in: bool) -> OutcomeKind:
    kind = kind_of(status)
    if kind not in (OutcomeKind.ACCEPTED, OutcomeKind.REFUSED):
        return kind
    if read is None:
        return OutcomeKind.UNREADABLE
    if read.status.success and kind is OutcomeKind.ACCEPTED:
        return OutcomeKind.ACCEPTED
    return OutcomeKind.UNAUTHORISED if logging_in or _DENIED.search(said) else OutcomeKind.REFUSED
