"""The two calls to Avinode: one that uploads a schedule, one that shows whether the settings work.

It reads answers into outcomes. It never calls twice, holds no rule about when to call, and knows no database.
Sources: Avinode's “API basics” (headers), “Error handling guide” (envelope and statuses), and what integrators
have observed where those say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from airstair import __version__
from airstair.addons.avinode import wire
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.answers import Ending, each, in_words, kind_of, ours, told
from airstair.hub.flows import Call, UnitDocument
from airstair.hub.http import Answer, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage

PRODUCT = f"Airstair/{__version__}"
_PATH = re.compile(r"activities\[(\d{1,6})\](?:\.(.+))?")
# Documented for 403: the connection lacks a permission, or the aircraft is not set up for it. Both carry the same code
# (observed), so only the path or the words tell which.
_ABOUT_THE_AIRCRAFT = re.compile(r"\b(aircraft|tail|lift)\b|aircraftTail", re.IGNORECASE)


def headers(settings: AvinodeSettings, now: datetime) -> dict[str, str]:
    """What every call carries (documented: API basics; the product name: go-live checklist)."""
    sent = now.astimezone(UTC)
    carried = {
        "Accept": "application/json",
        "Authorization": f"Bearer {settings.authorization_key}",
        "X-Avinode-ApiToken": settings.api_token,
        "X-Avinode-SentTimestamp": sent.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "X-Avinode-Product": PRODUCT,
    }
    if settings.act_as_account:
        carried["X-Avinode-ActAsAccount"] = settings.act_as_account
    return carried


async def put_schedules(call: Call) -> list[Outcome]:
    """Upload each document with one PUT; an outcome for each, in order. A failed one is never sent again."""
    return await each(call, _put_schedule)


async def _put_schedule(call: Call, one: UnitDocument) -> Outcome:
    settings: AvinodeSettings = call.settings
    url = f"{settings.base_url.rstrip('/')}/schedules"
    carried = headers(settings, call.now) | {"Content-Type": "application/json"}
    answer = await call.http.request("PUT", url, headers=carried, body=one.document.body)
    return read_answer(answer, one, call.now)


async def check(http: PartnerHttp, settings: AvinodeSettings) -> Outcome:
    """Whether Avinode knows the credentials, by asking for the aircraft that they open. Changes nothing there."""
    now = http.now()
    answer = await http.request("GET", f"{settings.base_url.rstrip('/')}/aircraft", headers=headers(settings, now))
    outcome = read_answer(answer, None, now)
    if answer.status == 403 and outcome.kind is OutcomeKind.MISCONFIGURED and wire.read_envelope(answer.body):
        # Known, but not allowed to list aircraft: a connection for uploads alone. What was asked is answered.
        text = "Avinode knows the key, but does not let it list aircraft. The first export shows whether it may upload."
        return msgspec.structs.replace(outcome, kind=OutcomeKind.ACCEPTED, messages=(ours(text, level="warning"),))
    return outcome


# -- reading an answer --------------------------------------------------------------------------------------------


def read_answer(answer: Answer, one: UnitDocument | None, now: datetime) -> Outcome:
    """What an answer means. `one` is the document that was sent, if one was."""
    envelope = wire.read_envelope(answer.body)
    said = () if envelope is None else tuple(_messages(envelope.meta, one))
    return told("Avinode", answer, _judge(answer, envelope, said), said, now, "x-rate-limit-reset", one=one)


def _judge(answer: Answer, envelope: wire.Envelope | None, said: tuple[PartnerMessage, ...]) -> Ending:
    status = answer.status
    if status >= 400:
        return _refused(status, " ".join(f"{m.text} {m.code} {m.path}" for m in said))
    if not 200 <= status < 300:
        where = answer.headers.get("location", "elsewhere")
        hint = f"The address answers {status} and points to {where}. Correct the address; redirects are not followed."
        return Ending(OutcomeKind.MISCONFIGURED, "base_url", hint)
    if envelope is None:
        hint = f"Avinode answered {in_words(answer)}. Whether it took the call is not known."
        return Ending(OutcomeKind.UNREADABLE, hint=hint)
    # Documented: 200 with errors means stored, but not as sent.
    return Ending(OutcomeKind.ACCEPTED_WITH_ERRORS if envelope.meta.errors else OutcomeKind.ACCEPTED)


def _refused(status: int, words: str) -> Ending:
    """What an answer of 400 and above means, with all its words in one line."""
    match status:
        case 400:
            return _malformed(words)
        case 401:
            return Ending(OutcomeKind.UNAUTHORISED, _credential_in(words) or "authorization_key")
        case 403:
            return _forbidden(words)
        case 404 | 405 if _ABOUT_THE_AIRCRAFT.search(words):
            return Ending(OutcomeKind.UNMATCHED)
        case 404 | 405:
            hint = f"There is no such operation here ({status}). Check that the address ends as Avinode gave it: /api."
            return Ending(OutcomeKind.MISCONFIGURED, "base_url", hint)
    return Ending(kind_of(status))  # 5xx, 422, and whatever else says that it passes or that the document is wrong


def _malformed(words: str) -> Ending:
    """400 is the document's fault, unless it names a header: those come from the settings and the clock."""
    setting = _credential_in(words)
    if setting:
        return Ending(OutcomeKind.UNAUTHORISED, setting)
    if "senttimestamp" in words.lower():
        hint = "Avinode compares the time of each call with its own. Check the clock of this machine."
        return Ending(OutcomeKind.MISCONFIGURED, hint=hint)
    if "actasaccount" in words.lower():
        return Ending(OutcomeKind.MISCONFIGURED, "act_as_account")
    return Ending(OutcomeKind.REFUSED)


def _credential_in(words: str) -> str:
    """The setting whose header the answer names, if it names one."""
    lower = words.lower()
    if "apitoken" in lower:
        return "api_token"
    return "authorization_key" if re.search(r"header '?authorization", lower) else ""


def _forbidden(words: str) -> Ending:
    """403 has two documented causes, and one that was observed; each is another person's to mend.

    The aircraft is not set up for this company: nothing is wrong with the settings, so it is unmatched. The key is
    another company's (observed code): unauthorised. The key is good but may not do this: Avinode must allow it,
    and asking for another key would not help: misconfigured. A page that is not Avinode's comes from something
    in between: misconfigured, the address.
    """
    if _ABOUT_THE_AIRCRAFT.search(words):
        hint = (
            "Avinode takes schedules only for an aircraft that this key's company markets, that is Fully Active,"
            " and whose schedule update type is Integrated. Ask support@avinode.com, or give the aircraft its own key."
        )
        return Ending(OutcomeKind.UNMATCHED, hint=hint)
    if "AUTHENTICATION_" in words:
        return Ending(OutcomeKind.UNAUTHORISED, "authorization_key")
    if not words:
        return Ending(OutcomeKind.MISCONFIGURED, "base_url")
    hint = "Ask Avinode to give this API connection the permission to upload schedules."
    return Ending(OutcomeKind.MISCONFIGURED, "authorization_key", hint)


def _messages(meta: wire.AnswerMeta, one: UnitDocument | None) -> Iterator[PartnerMessage]:
    for level, items in (("error", meta.errors), ("warning", meta.warnings), ("info", meta.infos)):
        for item in items or ():
            yield _message(level, item, one)


def _message(level: str, item: Any, one: UnitDocument | None) -> PartnerMessage:
    """One item of the envelope, whatever it is made of, tied to the activity that its path names."""
    fields = item if isinstance(item, dict) else {"title": item}
    text, code, path = (str(fields.get(name) or "") for name in ("title", "code", "path"))
    about, field, value = _place(path, one)
    text = text or code or "Avinode said that something is wrong, but not what."
    if value and value not in text:
        text = f"{text} (sent: {value})"
    return PartnerMessage(level=level, text=text, code=code, path=path, about=about, field=field)


def _place(path: str, one: UnitDocument | None) -> tuple[str, str, str]:
    """Our name of what a path leads to, the field in it as Avinode calls it, and the value that we sent there."""
    if one is None:
        return "", "", ""
    found = _PATH.fullmatch(path)
    parts = one.document.parts
    if found is None or int(found[1]) >= len(parts):
        return str(one.unit), path, ""
    index, field = int(found[1]), found[2] or ""
    return parts[index].key, field, _sent_value(one.document.body, index, field)


def _sent_value(body: bytes, index: int, field: str) -> str:
    """What was sent in that field, where it is short: the airport code or the time that Avinode objects to."""
    value: Any = msgspec.json.decode(body)["activities"][index].get(field.partition(".")[0], "")
    if isinstance(value, dict):
        value = value.get("icao", "")
    return str(value) if isinstance(value, str | int | float) and len(str(value)) <= 40 else ""
