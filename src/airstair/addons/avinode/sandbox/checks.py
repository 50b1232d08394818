"""The rules of the audit that look into a document, and the table of all the audit's rules.

Avinode: Schedule upload, "Go Live! Implementation checklist" and the paragraphs it stands on (documented), where a
rule does not say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from airstair.addons.avinode.sandbox.airports import resolve
from airstair.addons.avinode.sandbox.documents import Document, SentActivity
from airstair.addons.avinode.sandbox.emptylegs import LONGEST_WINDOW
from airstair.addons.avinode.sandbox.model import EMPTY_LEG, FERRY, FLIGHT_OCCUPIED, OCCUPIED, OPTION

# Documented: Schedule upload, "Scheduled services": all of them are demanded.
SERVICE_FIELDS = ("serviceProviderId", "serviceProviderName", "airport", "serviceType", "serviceFor", "dataSource")
VIOLATION, WARNING, INFORMATION = "violation", "warning", "information"


class Rule(msgspec.Struct, frozen=True):
    """One rule of the audit. Every violation fails the go-live check."""

    title: str
    severity: str
    source: str


class Finding(msgspec.Struct, frozen=True):
    rule: str
    text: str


_CHECKLIST = "documented: Schedule upload, implementation checklist"
RULES: dict[str, Rule] = {
    "interval-under-five-minutes": Rule("Two calls for one aircraft within five minutes", VIOLATION, _CHECKLIST),
    "retry-after-failure": Rule("A failed call was repeated within five minutes", VIOLATION, _CHECKLIST),
    "product-header-missing": Rule("X-Avinode-Product is missing", VIOLATION, _CHECKLIST),
    "activity-older-than-a-month": Rule("An activity ended more than a calendar month ago", VIOLATION, _CHECKLIST),
    "no-ended-activity": Rule("No activity ends in the past, so the position is unknown", VIOLATION, _CHECKLIST),
    "activity-id-changed": Rule("The same activity came with another activity id", VIOLATION, _CHECKLIST),
    "activity-id-missing": Rule("An activity has no activity id, or shares it", VIOLATION, _CHECKLIST),
    "times-not-utc": Rule("A time was not sent as UTC", VIOLATION, _CHECKLIST),
    "external-trip-id-missing": Rule("A flight has no externalTripId", VIOLATION, _CHECKLIST),
    "external-trip-id-missing-on-empty-flight": Rule(
        "A positioning flight has no externalTripId: right only if it belongs to no trip", WARNING, _CHECKLIST
    ),
    "marketing-on-other-activity": Rule("Marketing information on what is no empty leg", VIOLATION, _CHECKLIST),
    "marketing-window-over-five-days": Rule(
        "A marketing window is longer than five days",
        VIOLATION,
        "documented: Schedule upload, empty leg marketing times",
    ),
    "service-incomplete": Rule(
        "A service lacks one of its six fields", VIOLATION, "documented: Schedule upload, scheduled services"
    ),
    "all-empty-legs-verified": Rule(
        "All empty legs are verified: right only if a person marked each", WARNING, "documented: marketing verified"
    ),
    "regulations-missing": Rule("Activities without flight regulation", INFORMATION, _CHECKLIST),
}


def check_document(document: Document, at: datetime, equivalent: Callable[[str], str]) -> list[Finding]:
    """What is wrong with a document that arrived at `at`."""
    findings = [
        Finding("times-not-utc", f"Activity {activity_id}: {' and '.join(names)} not written as UTC.")
        for activity_id, names in document.not_utc
    ]
    if not any(activity.end.is_utc and activity.end.at <= at for activity in document.activities):
        findings.append(
            Finding("no-ended-activity", f"None of {len(document.activities)} activities ends in the past.")
        )
    seen: set[str] = set()
    for activity in document.activities:
        activity_id = activity.texts["activityId"]
        if not activity_id or activity_id in seen:
            why = "is used twice" if activity_id else "is missing"
            findings.append(Finding("activity-id-missing", f"{_named(activity)}: the activity id {why}."))
        seen.add(activity_id)
        findings += _check_activity(activity, at, equivalent(activity.activity_type))
    return findings


def _check_activity(activity: SentActivity, at: datetime, equivalent: str) -> list[Finding]:
    findings: list[Finding] = []
    if activity.end.at < _month_before(at):
        findings.append(Finding("activity-older-than-a-month", f"{_named(activity)} ended {activity.end.at:%Y-%m-%d}."))
    if not activity.texts["externalTripId"]:
        findings += _trip_findings(activity, equivalent)
    if activity.marketing and not _is_empty_leg(activity, equivalent):
        text = f"{_named(activity)} carries {', '.join(activity.marketing)}, but is mapped to {equivalent}."
        findings.append(Finding("marketing-on-other-activity", text))
    start, end = activity.marketing_start, activity.marketing_end
    if start is not None and end is not None and end.at - start.at > LONGEST_WINDOW:
        text = f"{_named(activity)} is marketed from {start.at:%Y-%m-%dT%H:%MZ} to {end.at:%Y-%m-%dT%H:%MZ}."
        findings.append(Finding("marketing-window-over-five-days", text))
    lacking = sorted({name for service in activity.services for name in SERVICE_FIELDS if not service.get(name)})
    if lacking:
        findings.append(Finding("service-incomplete", f"{_named(activity)}: a service lacks {', '.join(lacking)}."))
    return findings


def _month_before(when: datetime) -> datetime:
    """The same time one calendar month earlier; the month's last day where there is no such day (assumed)."""
    last_of_month = when.replace(day=1) - timedelta(days=1)
    return last_of_month.replace(day=min(when.day, last_of_month.day))


def _trip_findings(activity: SentActivity, equivalent: str) -> list[Finding]:
    """Assumed: what has passengers or moves the aircraft is a flight, and a flight that carries belongs to a trip."""
    moves = resolve(activity.start_airport) != resolve(activity.end_airport)
    if not moves and not activity.pax_count and equivalent != FLIGHT_OCCUPIED:
        return []
    if equivalent == OPTION or _looks_like(activity, "OPTION|OPPORTUNITY|RESERVATION"):
        return []
    empty = not activity.pax_count and (equivalent in (EMPTY_LEG, FERRY) or _looks_like(activity, "EMPTY|FERRY|POS"))
    rule = "external-trip-id-missing-on-empty-flight" if empty else "external-trip-id-missing"
    return [Finding(rule, f"{_named(activity)} has no externalTripId.")]


def _is_empty_leg(activity: SentActivity, equivalent: str) -> bool:
    """By its mapping, or by its name as long as nobody has mapped that type."""
    return equivalent == EMPTY_LEG or (equivalent == OCCUPIED and _looks_like(activity, r"EMPTY|\bEL\b"))


def _looks_like(activity: SentActivity, words: str) -> bool:
    return re.search(words, activity.activity_type.upper()) is not None


def _named(activity: SentActivity) -> str:
    label = activity.texts["activityId"] or "(no id)"
    return f"Activity {label} ({activity.activity_type}, {activity.start.at:%Y-%m-%dT%H:%MZ})"


def check_identity(before: dict[str, str], document: Document) -> tuple[dict[str, str], list[Finding]]:
    """Activities by id as times, route and type, and those that changed their id since `before`.

    An activity counts as the same when all of these are; it changed its id when the old id is gone and it has another,
    be that a new one or one that meant something else before. Of two that are alike in all of it, one may go.
    """
    now = {a.texts["activityId"]: _identity(a) for a in document.activities if a.texts["activityId"]}
    old_ids = {identity: activity_id for activity_id, identity in before.items() if activity_id not in now}
    findings = [
        Finding("activity-id-changed", f"Activity {old_ids[identity]} came back as {activity_id}.")
        for activity_id, identity in now.items()
        if before.get(activity_id) != identity and identity in old_ids
    ]
    return now, findings


def _identity(activity: SentActivity) -> str:
    where = "-".join(str(resolve(airport)) for airport in (activity.start_airport, activity.end_airport))
    return f"{activity.activity_type}|{activity.start.at.isoformat()}|{activity.end.at.isoformat()}|{where}"
