"""One function for each call to Centrik; no retry, no database, no rule."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec

from airstair.addons.centrik import reading, wire
from airstair.addons.centrik.reading import Reading, Stage
from airstair.addons.centrik.settings import CentrikSettings, root
from airstair.hub.answers import kind_of, ours, outcome_of, read_body
from airstair.hub.flows import Call, Fetched
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind

PAGE = 200  # assumed: how many items a page may have
_LIST, _SAID = msgspec.json.Decoder(list[msgspec.Raw]), msgspec.json.Decoder(wire.Said)
_OFF = "The endorsements synchronisation is switched off. Switch it on under Configuration, then fetch."


class Item(msgspec.Struct, frozen=True):
    """One item of a list, as it came."""

    stage: Stage
    body: msgspec.Raw
    began: datetime


async def fetch_everything(call: Call, cursor: str | None) -> Fetched | Outcome:
    """The next page of a reading of all that Centrik has."""
    return await _fetch(call, cursor, reading.of_everything)


async def fetch_changes(call: Call, cursor: str | None) -> Fetched | Outcome:
    """The next page of a reading of what has changed: all kinds and people, and the endorsements changed since."""
    return await _fetch(call, cursor, reading.of_changes)


async def _fetch(call: Call, cursor: str | None, where: Callable[[str | None, datetime], Reading]) -> Fetched | Outcome:
    settings: CentrikSettings = call.settings
    if not settings.endorsements:
        return Outcome.failed(OutcomeKind.MISCONFIGURED, _OFF)
    now = where(cursor, call.now)
    answer = await call.http.request("GET", _address(settings, now), headers=_headers(settings))
    if answer.status != 200:
        return read_answer(answer, call.now)
    items = _items(answer)
    if items is None:
        return read_answer(answer, call.now)
    after = now.after(more=len(items) >= PAGE)
    found = [Item(now.stage, body, now.began) for body in items]
    return Fetched(items=found, cursor=after.write(), more=after.stage is not Stage.DONE)


async def check(http: PartnerHttp, settings: CentrikSettings) -> Outcome:
    """Whether the login works; changes nothing there. Without the synchronisation there is nothing to ask."""
    if not settings.endorsements:
        return Outcome(kind=OutcomeKind.ACCEPTED)
    address = f"{root(settings)}/apiv1/{Stage.QUALIFICATIONS}?page=1&pageSize=1"
    answer = await http.request("GET", address, headers=_headers(settings))
    if answer.status == 200 and _items(answer) is not None:
        return Outcome(kind=OutcomeKind.ACCEPTED, http_status=200)
    return read_answer(answer, http.now())


def _address(settings: CentrikSettings, now: Reading) -> str:
    query: dict[str, str | int] = {"page": now.page, "pageSize": PAGE}
    if now.stage is Stage.QUALIFICATIONS and settings.category:
        query["filter"] = settings.category
    if now.stage is Stage.HELD and now.since is not None:
        query["modifiedSince"] = now.since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{root(settings)}/apiv1/{now.stage}?{urlencode(query)}"


def _headers(settings: CentrikSettings) -> dict[str, str]:
    """Assumed: HTTP Basic."""
    pair = base64.b64encode(f"{settings.login}:{settings.password}".encode()).decode()
    return {"Authorization": f"Basic {pair}", "Accept": "application/json"}


def _items(answer: Answer) -> list[msgspec.Raw] | None:
    """The items of a list, one by one; `None` where the answer is no list."""
    return read_body(answer.body, _LIST)


_FIELDS = {401: "password", 403: "login", 404: "domain"}


def read_answer(answer: Answer, now: datetime) -> Outcome:
    """What an answer that is no list means. One that is not Centrik's own is no success, whatever its status."""
    said = read_body(answer.body, _SAID)
    kind = OutcomeKind.MISCONFIGURED if answer.status == 403 else kind_of(answer.status)
    if kind is OutcomeKind.ACCEPTED:  # but no list
        kind = OutcomeKind.UNREADABLE
    text = said.words if said is not None else ""
    text = text or f"Centrik answered {answer.status} with something that is no list."
    return outcome_of(answer, kind, [ours(text, field=_FIELDS.get(answer.status, ""))], now)
