"""The one call to AeroCRS: its schedule. It never calls twice, holds no rule about when to call, knows no database."""

from __future__ import annotations

import re
from datetime import datetime

from airstair.addons.aerocrs import mapping, wire
from airstair.addons.aerocrs.settings import AerocrsSettings
from airstair.hub.answers import kind_of, ours, outcome_of
from airstair.hub.choosing import Days
from airstair.hub.flows import Call, Fetched
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import Outcome, OutcomeKind

_ABOUT_CREDENTIALS = re.compile(r"credential|auth|password|not allowed|permission|access denied", re.IGNORECASE)


async def fetch(call: Call, cursor: str | None) -> Fetched | Outcome:
    """The schedule of the days that the person chose, whole; or the outcome that kept it from being had."""
    settings: AerocrsSettings = call.settings
    assert call.days is not None
    answer = await _get_schedule(call.http, settings, call.days)
    read = wire.read_answer(answer.body)
    outcome = _outcome(answer, read, call.now)
    if read is None or not outcome.kind.delivered:
        return outcome
    try:
        return Fetched(items=mapping.items(read.flight, call.days))
    except Invalid as why:
        return Outcome.failed(OutcomeKind.UNREADABLE, f"AeroCRS's answer holds no schedule. {mapping.refusal(why)}")


async def check(http: PartnerHttp, settings: AerocrsSettings) -> Outcome:
    """Whether the credentials open the schedule: asks for today's. Changes nothing there."""
    today = http.now().date()
    answer = await _get_schedule(http, settings, Days(today, today))
    return _outcome(answer, wire.read_answer(answer.body), http.now())


async def _get_schedule(http: PartnerHttp, settings: AerocrsSettings, days: Days) -> Answer:
    headers = {
        "auth_id": settings.auth_id,
        "auth_password": settings.auth_password,
        "Content-Type": "application/json",
        "Accept": "application/json",
    }
    url = f"{settings.base_url.rstrip('/')}/getSchedule"
    return await http.request("POST", url, headers=headers, body=wire.body(mapping.parms(days, settings)))


def _outcome(answer: Answer, read: wire.Answer | None, now: datetime) -> Outcome:
    """What an answer means. A failure comes with 200 as well as with 4xx (documented): the words decide."""
    said = " ".join(read.details) if read is not None else ""
    kind = _kind(answer.status, read, said)
    if kind.delivered:
        return Outcome(kind=kind, http_status=answer.status)
    field = {OutcomeKind.UNAUTHORISED: "auth_password", OutcomeKind.MISCONFIGURED: "base_url"}.get(kind, "")
    text = said or f"AeroCRS answered {answer.status} with something that is not its usual answer."
    if kind is OutcomeKind.UNAUTHORISED:
        text = f"{text.rstrip('.')}. Enter the ID and password that AeroCRS gave you, under Configuration."
    return outcome_of(answer, kind, [ours(text, field=field)], now)


def _kind(status: int, read: wire.Answer | None, said: str) -> OutcomeKind:
    kind = kind_of(status)
    if read is not None and not read.success and _ABOUT_CREDENTIALS.search(said) and status < 500:
        return OutcomeKind.UNAUTHORISED
    if kind is not OutcomeKind.ACCEPTED:
        return kind
    if read is None:
        return OutcomeKind.UNREADABLE
    return OutcomeKind.ACCEPTED if read.success else OutcomeKind.REFUSED
