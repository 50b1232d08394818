"""The conditions of the checklist that are about calls: how often, with what headers, and what users see of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import msgspec

from airstair.addons.avinode import client
from airstair.addons.avinode.golive.documents import NOTHING_SENT, Judgement
from airstair.addons.avinode.golive.evidence import Case, Upload, judged
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.flows import Document, NextTick, Part, UnitDocument
from airstair.hub.http import Answer
from airstair.hub.setting import read_settings
from airstair.hub.verdicts import Verdict
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind

SHORTEST = timedelta(minutes=5)
_GRACE = timedelta(seconds=1)  # two calls never travel equally long
_SAME_CALL = timedelta(seconds=60)  # between the stamps that we and the receiver put on one call
_CALLS_FOR_AN_INTERVAL = 3


def basic_conditions(case: Case) -> Judgement:
    return Verdict.PERSON, (
        "Avinode's basic conditions for every application are not public. Ask Avinode for the list, and go through it.",
    )


def regular_interval(case: Case) -> Judgement:
    wrong = []
    for registration, uploads in case.uploads.items():
        settings = case.evidence.settings[registration]
        if not settings.export_automatically:
            wrong.append(f"{registration} is not exported automatically. Switch on Export automatically.")
        elif len(uploads) < _CALLS_FOR_AN_INTERVAL:
            wrong.append(f"{registration} was sent {len(uploads)} times; {_CALLS_FOR_AN_INTERVAL} show an interval.")
        else:
            wrong += _irregular(case, registration, uploads[-4:], timedelta(minutes=settings.interval_minutes))
    if not case.uploads:
        wrong.append("No aircraft is ticked.")
    return judged(wrong, f"Each of {len(case.uploads)} aircraft was sent at its interval in its latest calls.")


def _irregular(case: Case, registration: str, latest: list[Upload], interval: timedelta) -> Iterator[str]:
    late = interval + max(timedelta(minutes=1), interval / 2)
    times = [upload.call.at for upload in latest] + [case.evidence.now]
    for one, other in pairwise(times):
        if other - one > late:
            minutes = (other - one) // timedelta(minutes=1)
            yield f"{registration} was not sent for {minutes} minutes after {one:%d %b %H:%M}Z."


def never_under_five_minutes(case: Case) -> Judgement:
    wrong = case.audited("interval-under-five-minutes")
    for typed in (4, 1, 0, -5, "4"):
        try:
            read_settings(AvinodeSettings, {"interval_minutes": typed})
        except Invalid as refusal:
            if all(problem.field != "interval_minutes" for problem in refusal.problems):
                wrong.append(f"An interval of {typed} minutes is refused without naming the field.")
        else:
            wrong.append(f"An interval of {typed} minutes is taken.")
    floor = case.evidence.flow.floor
    if floor is None or floor < SHORTEST:
        wrong.append(f"The flow allows two calls for one aircraft within {floor or 'no time'}.")
    for registration, settings in case.evidence.settings.items():
        if settings.interval_minutes < 5:
            wrong.append(f"{registration} is set to {settings.interval_minutes} minutes.")
    wrong += _too_soon(case, after_failure_only=False)
    return judged(wrong, "Intervals under 5 minutes are refused, and no two calls for an aircraft were closer.")


def _too_soon(case: Case, *, after_failure_only: bool) -> Iterator[str]:
    for registration, uploads in case.uploads.items():
        for one, other in pairwise(uploads):
            gap = other.call.at - one.call.at
            if gap < SHORTEST - _GRACE and not (after_failure_only and one.call.succeeded):
                how = "" if one.call.succeeded else ", which had failed"
                seconds = gap.total_seconds()
                yield f"{registration}: {seconds:.0f} s after the call of {one.call.at:%d %b %H:%M:%S}Z{how}."


def no_retries(case: Case) -> Judgement:
    wrong = case.audited("retry-after-failure") + list(_too_soon(case, after_failure_only=True))
    if not isinstance(case.evidence.flow.retry, NextTick):
        wrong.append("The flow repeats failed calls.")
    failed = sum(not upload.call.succeeded for upload in case.every_upload)
    return judged(wrong, f"The flow knows no retry; after {failed} failed calls, the next came with its interval.")


def company_connection(case: Case) -> Judgement:
    default = case.evidence.default
    if not default.authorization_key:
        return Verdict.FAIL, ("The company's connection has no authorization key. Enter it in the configuration.",)
    return _keys(case, [r for r in case.uploads if r not in case.evidence.own_connection], "the company's own key")


def aircraft_connection(case: Case) -> Judgement:
    own = sorted(case.evidence.own_connection & set(case.uploads))
    if not own:
        return Verdict.PERSON, (
            "No ticked aircraft has a connection of its own, so no call could show one."
            " Give one aircraft its own key in the configuration, let it be sent, and check again.",
        )
    return _keys(case, own, "the aircraft's own key")


def _keys(case: Case, registrations: list[str], whose: str) -> Judgement:
    """Whether these aircraft were last sent with the key that is set for them; the receiver keeps a key's end only."""
    wrong, seen, hidden = [], 0, 0
    for registration in registrations:
        uploads = case.uploads[registration]
        expected = case.evidence.settings[registration].authorization_key
        if not uploads:
            wrong.append(f"{registration} was not sent yet.")
            continue
        carried = uploads[-1].call.header("Authorization")
        if len(carried) < 4 or not carried[-4:].isascii() or carried.endswith("(hidden)"):
            hidden += 1
        elif not expected or not expected.endswith(carried[-4:]):
            wrong.append(f"{registration} was sent with a key that ends in {carried[-4:]}, which is not {whose}.")
        else:
            seen += 1
    if hidden and not wrong:
        return Verdict.PERSON, (f"The keys of {hidden} calls are hidden here. Look them up where they were received.",)
    if not wrong and not seen:
        return Verdict.FAIL, (NOTHING_SENT,)
    return judged(wrong, f"{seen} aircraft were last sent with {whose}.")


def users_see_the_latest_call(case: Case) -> Judgement:
    wrong = [] if any(case.uploads.values()) else [NOTHING_SENT]
    for upload in case.latest:
        shown = case.evidence.shown.get(upload.registration)
        if shown is None:
            wrong.append(
                f"{upload.registration}: no call is shown, but one was received {upload.call.at:%d %b %H:%M}Z."
            )
        elif shown.at < upload.call.at - _SAME_CALL:
            wrong.append(
                f"{upload.registration}: the call shown is older than the one of {upload.call.at:%d %b %H:%M}Z."
            )
        elif shown.at <= upload.call.at + _SAME_CALL:
            wrong += _hidden_from_users(upload, shown)
    return judged(wrong, f"{len(list(case.latest))} aircraft show their latest call with every message of its answer.")


def _hidden_from_users(upload: Upload, shown: Any) -> Iterator[str]:
    if shown.http_status != upload.call.status and upload.call.status is not None:
        yield f"{upload.registration}: answered {upload.call.status}, but {shown.http_status} is shown."
    for title in _titles(upload.call.answer):
        if not any(title in message.text for message in shown.messages):
            yield f"{upload.registration}: Avinode's words “{title}” are not shown."


def _titles(answer: str) -> list[str]:
    try:
        meta = msgspec.json.decode(answer or "{}").get("meta", {})
        return [str(item["title"]) for items in meta.values() if isinstance(items, list) for item in items]
    except (msgspec.DecodeError, AttributeError, KeyError, TypeError):
        return []  # no envelope, no words


def product_named(case: Case) -> Judgement:
    wrong = ([] if any(case.uploads.values()) else [NOTHING_SENT]) + case.audited("product-header-missing")
    for upload in case.every_upload:
        if not upload.call.header("X-Avinode-Product").startswith("Airstair/"):
            named = upload.call.header("X-Avinode-Product")
            wrong.append(f"{upload.registration}: the call of {upload.call.at:%d %b %H:%M}Z names “{named}”.")
    return judged(wrong, f"Every call says X-Avinode-Product: {client.PRODUCT}.")


# Avinode's error handling guide, as answers: status, body, what it must be taken for, and by whom it must be seen.
_GUIDE = (
    (
        200,
        ("START_AIRPORT_INVALID", "Invalid start airport", "activities[0].startAirport"),
        OutcomeKind.ACCEPTED_WITH_ERRORS,
    ),
    (400, ("ERR_INPUT_MISSING", "activityType is required", "activities[0].activityType"), OutcomeKind.REFUSED),
    (401, ("ERR_INPUT_GENERIC_INVALID", "Invalid value for header 'Authorization'", ""), OutcomeKind.UNAUTHORISED),
    (403, ("AUTHORIZATION_PERMISSIONS", "The aircraft is not configured", "lift.aircraftTail"), OutcomeKind.UNMATCHED),
    (403, ("AUTHORIZATION_PERMISSIONS", "Not permitted", ""), OutcomeKind.MISCONFIGURED),
    (429, ("RATE_LIMIT", "Rate limit exceeded", ""), OutcomeKind.THROTTLED),
    (500, ("ERR_INTERNAL_CRITICAL", "An unexpected error occurred", ""), OutcomeKind.UNAVAILABLE),
    (503, ("ERR_SERVICE_UNAVAILABLE", "Temporarily unavailable", ""), OutcomeKind.UNAVAILABLE),
)


def errors_are_handled(case: Case) -> Judgement:
    wrong = []
    part = Part("flight:1", "XX1 EPWA–LFMN")
    one = UnitDocument(
        unit=Unit(UnitKind.AIRCRAFT, 1), title="SP-XXX", document=Document(body=b'{"activities":[{}]}', parts=(part,))
    )
    for status, (code, title, path), kind in _GUIDE:
        item = {"title": title, "code": code, **({"path": path} if path else {})}
        body = msgspec.json.encode({"meta": {"errors": [item], "warnings": [], "infos": []}, "data": {}})
        answer = Answer(status=status, headers={"content-type": "application/json"}, body=body)
        outcome = client.read_answer(answer, one, case.evidence.now)
        if outcome.kind is not kind or all(title not in message.text for message in outcome.messages):
            wrong.append(f"An answer {status} {code} is taken for “{outcome.kind.label}”, not “{kind.label}”.")
        if path.startswith("activities[0]") and outcome.messages[0].about != part.key:
            wrong.append(f"An answer {status} {code} about an activity does not lead to it.")
    page = Answer(status=200, headers={"content-type": "text/html"}, body=b"<html></html>")
    if client.read_answer(page, one, case.evidence.now).kind.delivered:
        wrong.append("A page instead of an answer is taken for success.")
    for registration, shown in case.evidence.shown.items():
        failed = shown.http_status is not None and not 200 <= shown.http_status < 300
        if failed and shown.outcome.delivered:
            wrong.append(f"{registration}: an answer {shown.http_status} is shown as “{shown.outcome.label}”.")
    return judged(wrong, f"{len(_GUIDE) + 1} answers of the error guide are told apart and shown in Avinode's words.")
