"""The calls to TRAXXALL: put one flight, put one aircraft's totals, and ask whether the credentials work.

It reads answers into outcomes. It never calls twice, holds no rule about when to call, and knows no database. Addresses
and shapes are assumed (see `wire`): TRAXXALL publishes none. Both operations are made so that repeating one changes
nothing.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote

import msgspec

from airstair.addons.traxxall import wire
from airstair.addons.traxxall.settings import TraxxallSettings
from airstair.hub.answers import each, in_words, kind_of, ours, outcome_of
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage

_NOT_KNOWN = frozenset({"AIRCRAFT_UNKNOWN", "ENGINE_UNKNOWN"})  # assumed
_MATCHING = "TRAXXALL finds aircraft and engines by serial number: it must be the same there and here."


async def send_flights(call: Call) -> list[Outcome]:
    """Put or cancel each flight; an outcome for each, in order."""
    return await each(call, _send_flight)


async def _send_flight(call: Call, one: UnitDocument) -> Outcome:
    """The serial number under which a flight is held is kept as its remote id: a cancellation needs it."""
    serial = one.remote_id if one.removes else wire.serial_in(one.document.body)
    if one.removes and not serial:
        return Outcome(kind=OutcomeKind.ACCEPTED)  # it is not there
    path = f"/flights/{quote(wire.external_id(one.unit.id), safe='')}"
    outcome = await _put(call, one, serial, path)
    if one.removes and outcome.http_status == 404:
        return Outcome(kind=OutcomeKind.ACCEPTED, http_status=404)
    return msgspec.structs.replace(outcome, remote_id=serial) if outcome.kind.delivered else outcome


async def send_totals(call: Call) -> list[Outcome]:
    """Set the totals of each aircraft; an outcome for each, in order."""
    return await each(call, lambda call, one: _put(call, one, wire.serial_in(one.document.body), "/actuals"))


async def _put(call: Call, one: UnitDocument, serial: str, path: str) -> Outcome:
    settings: TraxxallSettings = call.settings
    if not serial:
        text = "The aircraft has no serial number here. Enter it under MX, Fleet: TRAXXALL finds the aircraft by it."
        message = PartnerMessage(level="error", text=text, about=str(one.unit), field="serial_number")
        return Outcome(kind=OutcomeKind.UNMATCHED, messages=(message,))
    url = f"{settings.base_url.rstrip('/')}/aircraft/{quote(serial, safe='')}{path}"
    headers = _headers(settings) | {"Content-Type": "application/json"}
    return read_answer(await call.http.request("PUT", url, headers=headers, body=one.document.body), one, call.now)


def _headers(settings: TraxxallSettings) -> dict[str, str]:
    """The two credentials are known by these names; that they travel as headers is assumed."""
    return {
        "Accept": "application/json",
        "Integration-API-Key": settings.integration_api_key,
        "Integration-API-Password": settings.integration_api_password,
    }


async def check(http: PartnerHttp, settings: TraxxallSettings) -> Outcome:
    """Whether TRAXXALL knows the credentials, by asking for the aircraft that they open. Changes nothing there."""
    url = f"{settings.base_url.rstrip('/')}/aircraft"
    return read_answer(await http.request("GET", url, headers=_headers(settings)), None, http.now())


def read_answer(answer: Answer, one: UnitDocument | None, now: datetime) -> Outcome:
    """What an answer means. `one` is the document that was sent, if one was."""
    found = wire.read_json(answer.body)
    said = wire.read_words(found) if answer.status >= 400 else []
    kind, setting, hint = _judge(answer, said, found is not None)
    about = str(one.unit) if one is not None else ""
    messages = [
        PartnerMessage(level="error", text=each.text, code=each.code, about=about, field=setting or each.field)
        for each in said
    ]
    if not hint and not messages and not kind.delivered:
        hint = f"TRAXXALL answered {in_words(answer)}."
    if hint:
        messages.append(ours(hint, field=setting))
    return outcome_of(answer, kind, messages, now, one=one)


def _judge(answer: Answer, said: list[wire.Said], readable: bool) -> tuple[OutcomeKind, str, str]:
    """How the call ended; the setting that is wrong; what we add to TRAXXALL's words."""
    kind = kind_of(answer.status)
    if any(each.code in _NOT_KNOWN for each in said):
        return OutcomeKind.UNMATCHED, "", _MATCHING
    match kind:
        case OutcomeKind.ACCEPTED if not readable:
            hint = (
                f"TRAXXALL answered {in_words(answer)} that are not its usual answer. Whether it took it is not known."
            )
            return OutcomeKind.UNREADABLE, "", hint
        case OutcomeKind.UNAUTHORISED:
            password = any("password" in f"{each.field} {each.text}".lower() for each in said)
            return kind, "integration_api_password" if password else "integration_api_key", ""
        case OutcomeKind.MISCONFIGURED:
            hint = f"There is nothing at this address (TRAXXALL answered {in_words(answer)}). Check it."
            return kind, "base_url", hint
    return kind, "", ""
