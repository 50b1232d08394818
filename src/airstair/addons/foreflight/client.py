"""The calls to ForeFlight Dispatch: keep one flight, take one away, and ask whether the key works.

It reads answers into outcomes. It repeats no call that may have been taken, holds no rule about when to call, and knows
no database. Sources: the public code of others who call the API (addresses, headers, ids); the words of its errors are
read tolerantly, because nothing public lists them.

ForeFlight has no key by which a repeated create is recognised (observed). So a flight whose id there is not known is
looked for by its tag before it is created: an answer that was lost makes no second flight.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import msgspec

from airstair.addons.foreflight import wire
from airstair.addons.foreflight.mapping import matched
from airstair.addons.foreflight.settings import ForeFlightSettings
from airstair.hub.answers import Ending, each, in_words, kind_of, told
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage

_RESET_HEADERS = ("x-ratelimit-reset", "ratelimit-reset")  # observed
# Where a flight is looked for: it departed within the horizon when it was first sent, and may have been re-timed since.
_LOOK_BACK, _LOOK_AHEAD = timedelta(days=31), timedelta(days=62)
_ABOUT_THE_AIRCRAFT = re.compile(r"aircraft|registration|tail", re.IGNORECASE)


class _Failed(Exception):
    """A call before the flight's own ended badly; that is how the flight's ends."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(str(answer.status))


class _Desk:
    """What the calls about one document have in common."""

    def __init__(self, http: PartnerHttp, settings: ForeFlightSettings, now: datetime) -> None:
        self._http = http
        self._settings = settings
        self.now = now

    async def call(self, method: str, path: str, body: bytes | None = None) -> Answer:
        headers = {"Accept": "application/json", "x-api-key": self._settings.api_key}
        if self._settings.vendor_id:
            headers["x-vendorId"] = self._settings.vendor_id
        if body is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self._settings.base_url.rstrip('/')}{path}"
        return await self._http.request(method, url, headers=headers, body=body)

    async def read(self, path: str) -> Any:
        """The JSON that is there. Raises `_Failed`."""
        answer = await self.call("GET", path)
        found = wire.read_json(answer.body)
        if not 200 <= answer.status < 300 or found is None:
            raise _Failed(answer)
        return found

    async def find(self, flight_id: int) -> str:
        """The flight's id there, by its tag; empty where there is none."""
        tag = wire.flight_tag(flight_id)
        between = {"fromDate": self.now - _LOOK_BACK, "toDate": self.now + _LOOK_AHEAD}
        query = {name: f"{when:%Y-%m-%dZ}" for name, when in between.items()} | {"tags": tag}
        found = wire.read_flight_ids(await self.read(f"/Flights/flights?{urlencode(query)}"), tag)
        return found[0] if found else ""


async def send_flights(call: Call) -> list[Outcome]:
    """Keep or take away each flight; an outcome for each, in order."""
    return await each(call, _send)


async def _send(call: Call, one: UnitDocument) -> Outcome:
    desk = _Desk(call.http, call.settings, call.now)
    try:
        return await (_take_away(desk, one) if one.removes else _keep(desk, one))
    except _Failed as failed:
        return read_answer(failed.answer, one, call.now, read_only=True)


async def _keep(desk: _Desk, one: UnitDocument) -> Outcome:
    """Update the flight where it is known, else create it. After a 404 it is created anew (observed)."""
    request = wire.decode(one.document.body)
    there = wire.read_crew(await desk.read("/crew")) if request.flight.crew else []
    flight, strangers = matched(request.flight, request.emails, there)
    body = wire.encode_to_send(wire.FlightRequest(flight=flight))
    remote_id = one.remote_id
    answer = await _update(desk, remote_id, body) if remote_id else None
    if answer is None or answer.status == 404:
        remote_id = await desk.find(one.unit.id)
        answer = await (_update(desk, remote_id, body) if remote_id else desk.call("POST", "/Flights", body))
    outcome = read_answer(answer, one, desk.now)
    if not outcome.kind.delivered:
        return outcome
    remote_id = wire.read_flight_id(wire.read_json(answer.body)) or remote_id
    return _with_strangers(msgspec.structs.replace(outcome, remote_id=remote_id), one, strangers)


async def _update(desk: _Desk, remote_id: str, body: bytes) -> Answer:
    return await desk.call("POST", f"/Flights/{quote(remote_id, safe='')}?forceUpdate=true", body)


async def _take_away(desk: _Desk, one: UnitDocument) -> Outcome:
    """Delete the flight there. One that is there no more has nothing to be deleted."""
    remote_id = one.remote_id or await desk.find(one.unit.id)
    if not remote_id:
        return Outcome(kind=OutcomeKind.ACCEPTED)
    answer = await desk.call("DELETE", f"/Flights/{quote(remote_id, safe='')}")
    if answer.status == 404:
        return Outcome(kind=OutcomeKind.ACCEPTED, http_status=404)
    return read_answer(answer, one, desk.now, empty_is_good=True)


def _with_strangers(outcome: Outcome, one: UnitDocument, strangers: tuple[str, ...]) -> Outcome:
    """Sent without them, which the page must say: ForeFlight does not know these crew members."""
    if not strangers:
        return outcome
    said = tuple(
        PartnerMessage(
            level="error",
            text=f"ForeFlight knows no crew member {code}, by code or work e-mail. Enter the crew code there, or the"
            " work e-mail here; until then the flight is there without.",
            code="crew-unmatched",
            about=str(one.unit),
            field="crew",
        )
        for code in strangers
    )
    return msgspec.structs.replace(outcome, kind=OutcomeKind.ACCEPTED_WITH_ERRORS, messages=outcome.messages + said)


async def check(http: PartnerHttp, settings: ForeFlightSettings) -> Outcome:
    """Whether ForeFlight knows the key, by asking whose it is. Changes nothing there."""
    desk = _Desk(http, settings, http.now())
    return read_answer(await desk.call("GET", "/apiKeyInfo"), None, desk.now)


# -- reading an answer --------------------------------------------------------------------------------------------


def read_answer(
    answer: Answer, one: UnitDocument | None, now: datetime, *, read_only: bool = False, empty_is_good: bool = False
) -> Outcome:
    """What an answer means. `one` is the document that was sent, if one was; `read_only`: it was not yet."""
    found = wire.read_json(answer.body)
    kind, setting, hint = kind_of(answer.status), "", ""
    said = wire.read_words(found) if answer.status >= 400 else []
    words = " ".join(f"{field} {text}" for field, text in said)
    if kind is OutcomeKind.ACCEPTED and found is None and not (empty_is_good and not answer.body.strip()):
        kind = OutcomeKind.UNREADABLE
        hint = f"ForeFlight answered {in_words(answer)} that are not its usual answer."
        hint += "" if read_only or one is None else " Whether it took the flight is not known."
    elif kind is OutcomeKind.UNAUTHORISED:
        setting = "api_key"
    elif kind is OutcomeKind.MISCONFIGURED:
        setting = "base_url"
        hint = f"There is nothing at this address (ForeFlight answered {in_words(answer)}). It ends in /public/api."
    elif kind is OutcomeKind.REFUSED and _ABOUT_THE_AIRCRAFT.search(words):
        kind = OutcomeKind.UNMATCHED
        hint = "ForeFlight takes flights only of aircraft that are set up in Dispatch, by registration without hyphens."
    about = str(one.unit) if one is not None else ""
    messages = [
        PartnerMessage(level="error", text=text, path=field, about=about, field=setting or field)
        for field, text in said
    ]
    return told("ForeFlight", answer, Ending(kind, setting, hint), messages, now, *_RESET_HEADERS, one=one)
