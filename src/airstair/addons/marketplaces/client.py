"""The three calls to a marketplace: put an aircraft's feed, take it away, ask whether the key works.

It reads answers into outcomes. It never calls twice, holds no rule about when to call, and knows no database.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from airstair.addons.marketplaces import wire
from airstair.addons.marketplaces.mapping import key_of
from airstair.addons.marketplaces.settings import FeedSettings
from airstair.hub.answers import each, kind_of, ours, outcome_of
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage


async def put_feeds(call: Call) -> list[Outcome]:
    """Put each aircraft's feed, or take it away; an outcome for each, in order."""
    return await each(call, _put)


async def _put(call: Call, one: UnitDocument) -> Outcome:
    settings: FeedSettings = call.settings
    # By our own id of the aircraft: it keeps its place there when its registration changes.
    url = f"{_base(settings)}/feeds/{one.unit.id}"
    if one.removes:
        answer = await call.http.request("DELETE", url, headers=_headers(settings))
        if answer.status == 404 and wire.read_said(answer.body) is not None:
            return Outcome(kind=OutcomeKind.ACCEPTED, http_status=404)  # nothing there to take away
        return _outcome(answer, call.now)
    answer = await call.http.request("PUT", url, headers=_headers(settings), body=one.document.body)
    return _outcome(answer, call.now, one)


async def check(http: PartnerHttp, settings: FeedSettings) -> Outcome:
    """Whether the address and the key work; changes nothing there. Nobody is asked where the marketplace fetches."""
    if not settings.pushes:
        return Outcome(kind=OutcomeKind.ACCEPTED)
    answer = await http.request("GET", f"{_base(settings)}/account", headers=_headers(settings))
    return _outcome(answer, http.now())


def _base(settings: FeedSettings) -> str:
    return settings.base_url.rstrip("/")


def _headers(settings: FeedSettings) -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.api_key}", "Content-Type": "application/json"}


# ── Reading an answer ───────────────────────────────────────────────────────────────────────────────

_WRONG_SETTING = {401: "api_key", 403: "api_key", 404: "base_url", 405: "base_url"}


def _outcome(answer: Answer, now: datetime, one: UnitDocument | None = None) -> Outcome:
    """What an answer means. One that is not the marketplace's own is no success, whatever its status."""
    said = wire.read_said(answer.body)
    kind = _kind(answer.status, said)
    messages = tuple(_messages(said, kind, answer.status))
    if not messages and kind is not OutcomeKind.ACCEPTED:
        text = f"The marketplace answered {answer.status} without words of its own."
        field = _WRONG_SETTING.get(answer.status, "base_url" if kind is OutcomeKind.MISCONFIGURED else "")
        messages = (ours(text, field=field),)
    return outcome_of(answer, kind, messages, now, one=one)


def _kind(status: int, said: wire.Said | None) -> OutcomeKind:
    if 400 <= status < 500 and said is not None and any(one.code == "UNKNOWN_AIRCRAFT" for one in said.remarks):
        return OutcomeKind.UNMATCHED
    kind = OutcomeKind.MISCONFIGURED if status == 403 else kind_of(status)
    if kind is not OutcomeKind.ACCEPTED or said is None:
        return OutcomeKind.UNREADABLE if kind is OutcomeKind.ACCEPTED else kind
    return OutcomeKind.ACCEPTED_WITH_ERRORS if said.remarks else OutcomeKind.ACCEPTED


def _messages(said: wire.Said | None, kind: OutcomeKind, status: int) -> Iterator[PartnerMessage]:
    for remark in said.remarks if said is not None else ():
        yield PartnerMessage(
            level="error",
            text=remark.text or remark.code or "It said that something is wrong, but not what.",
            code=remark.code,
            about=key_of(remark.record) if remark.record else "",
            field=remark.field or ("" if kind.delivered else _WRONG_SETTING.get(status, "")),
        )
