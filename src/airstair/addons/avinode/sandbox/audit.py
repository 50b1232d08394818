"""What Avinode's people would object to in the uploads so far: the go-live checklist, as far as calls can show it.

Avinode: Schedule upload, "Go Live! Implementation checklist" (documented). Every upload is looked at once, as it
arrives, whether it was accepted, refused or struck by a fault; so nothing depends on how long calls are kept. Of one
that is not as the API demands, what can be read is looked at. Of each objection to each aircraft the count is exact
and a few pieces of evidence are kept.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from airstair.addons.avinode.sandbox.checks import RULES, check_document, check_identity
from airstair.addons.avinode.sandbox.documents import Document, Unreadable, read_document
from airstair.addons.avinode.sandbox.model import EMPTY_LEG
from airstair.sandbox.journal import CallRecord, same_registration

SHORTEST_INTERVAL = timedelta(minutes=5)  # documented
# Assumed: a second's grace, because the journey of two calls never takes equally long.
GRACE = timedelta(seconds=1)
KEPT_EVIDENCE = 5


class Evidence(msgspec.Struct, frozen=True):
    """One call that an objection rests on."""

    seq: int
    at: datetime
    aircraft: str | None
    text: str


class Objection(msgspec.Struct):
    """How often one rule was broken by one aircraft's calls, and the first and latest evidence."""

    count: int = 0
    evidence: list[Evidence] = []

    def add(self, evidence: Evidence) -> None:
        self.count += 1
        if len(self.evidence) >= KEPT_EVIDENCE:
            del self.evidence[1]
        self.evidence.append(evidence)


class Trail(msgspec.Struct):
    """What was seen of one aircraft's uploads."""

    aircraft: str
    calls: int = 0
    accepted: int = 0
    accepted_with_errors: int = 0
    failed: int = 0
    first_call: datetime | None = None
    last_call: datetime | None = None
    last_status: int | None = None
    last_failed: bool = False
    longest_gap_seconds: float | None = None
    shortest_gap_seconds: float | None = None
    callers: list[str] = []
    products: list[str] = []
    identities: dict[str, str] = {}
    empty_legs: int = 0
    verified_empty_legs: int = 0
    activities: int = 0
    with_regulations: int = 0
    with_services: int = 0
    with_trip_id: int = 0
    with_external_trip_id: int = 0
    objections: dict[str, Objection] = {}


class Auditor:
    """Looks at every upload. `equivalent` tells how an aircraft's activity type is mapped now."""

    def __init__(self, equivalent: Callable[[str, str], str]) -> None:
        self._equivalent = equivalent
        self.trails: dict[str, Trail] = {}
        self.changed: set[str] = set()

    # -- looking at a call ---------------------------------------------------------------------------------------

    def observe(self, record: CallRecord) -> None:
        """Take one PUT /schedules into account."""
        key = same_registration(record.aircraft or "") or "-"
        trail = self.trails.setdefault(key, Trail(record.aircraft or "(no registration)"))
        for rule, text in self._interval_findings(trail, record):
            self._object(trail, record, rule, text)
        if not _header(record, "x-avinode-product").strip():
            self._object(trail, record, "product-header-missing", "The header X-Avinode-Product is missing.")
        self._count(trail, record)
        document = _document(record)
        if document is not None and document.tail is not None:
            self._look_at(trail, record, document)
        self.changed.add(key)

    def _interval_findings(self, trail: Trail, record: CallRecord) -> list[tuple[str, str]]:
        """Without a registration in it, a call belongs to no aircraft, and no interval can be told."""
        if trail.last_call is None or record.aircraft is None:
            return []
        gap = record.at - trail.last_call
        if gap >= SHORTEST_INTERVAL - GRACE:
            return []
        text = f"Sent {gap.total_seconds():.0f} s after the call before it."
        findings = [("interval-under-five-minutes", text)]
        if trail.last_failed:
            findings.append(("retry-after-failure", f"The call before it failed. {text}"))
        return findings

    def _count(self, trail: Trail, record: CallRecord) -> None:
        if trail.last_call is not None:
            gap = (record.at - trail.last_call).total_seconds()
            trail.longest_gap_seconds = max(gap, trail.longest_gap_seconds or 0.0)
            trail.shortest_gap_seconds = (
                gap if trail.shortest_gap_seconds is None else min(gap, trail.shortest_gap_seconds)
            )
        trail.calls += 1
        trail.first_call = trail.first_call or record.at
        trail.last_call = record.at
        trail.last_status = record.status
        trail.last_failed = not record.succeeded
        trail.failed += trail.last_failed
        trail.accepted += record.succeeded
        trail.accepted_with_errors += record.succeeded and '"errors":[]' not in record.answer
        for seen, value in ((trail.callers, record.caller), (trail.products, _header(record, "x-avinode-product"))):
            if value and value not in seen and len(seen) < 10:
                seen.append(value)

    def _look_at(self, trail: Trail, record: CallRecord, document: Document) -> None:
        tail = document.tail or ""
        findings = check_document(document, record.at, lambda activity_type: self._equivalent(tail, activity_type))
        identities, changed = check_identity(trail.identities, document)
        for finding in findings + changed:
            self._object(trail, record, finding.rule, finding.text)
        trail.identities = identities
        legs = [a for a in document.activities if self._equivalent(tail, a.activity_type) == EMPTY_LEG]
        trail.empty_legs = len(legs)
        trail.verified_empty_legs = sum(leg.marketing_verified is True for leg in legs)
        trail.activities = len(document.activities)
        trail.with_regulations = sum(bool(a.texts["flightRegulations"]) for a in document.activities)
        trail.with_services = sum(bool(a.services) for a in document.activities)
        trail.with_trip_id = sum(bool(a.texts["tripId"]) for a in document.activities)
        trail.with_external_trip_id = sum(bool(a.texts["externalTripId"]) for a in document.activities)

    def _object(self, trail: Trail, record: CallRecord, rule: str, text: str) -> None:
        evidence = Evidence(record.seq, record.at, record.aircraft, text)
        trail.objections.setdefault(rule, Objection()).add(evidence)

    # -- the report ----------------------------------------------------------------------------------------------

    def report(self, now: datetime) -> dict[str, Any]:
        """The whole audit as JSON.

        `ok`: no rule of severity `violation` was broken. `rules`: every rule with severity, count and evidence, also
        those never broken. `aircraft`: per registration the calls, gaps in seconds, and its objections by rule.
        """
        rules = [self._rule(name) for name in RULES]
        trails = [trail for _, trail in sorted(self.trails.items())]
        times = [time for trail in trails for time in (trail.first_call, trail.last_call) if time is not None]
        violations = sum(rule["count"] for rule in rules if rule["severity"] == "violation")
        return {
            "at": now.isoformat(),
            "ok": violations == 0,
            "violations": violations,
            "warnings": sum(rule["count"] for rule in rules if rule["severity"] == "warning"),
            "calls": {
                "total": sum(trail.calls for trail in trails),
                "accepted": sum(trail.accepted for trail in trails),
                "acceptedWithErrors": sum(trail.accepted_with_errors for trail in trails),
                "failed": sum(trail.failed for trail in trails),
                "first": min(times).isoformat() if times else None,
                "last": max(times).isoformat() if times else None,
                "longestGapSeconds": max((t.longest_gap_seconds or 0.0 for t in trails), default=None),
            },
            "rules": rules,
            "aircraft": {trail.aircraft: _trail_json(trail, now) for trail in trails},
        }

    def _rule(self, name: str) -> dict[str, Any]:
        rule = RULES[name]
        if name == "all-empty-legs-verified":
            return {"rule": name, **msgspec.to_builtins(rule), **self._all_verified()}
        if name == "regulations-missing":
            without = sum(trail.activities - trail.with_regulations for trail in self.trails.values())
            text = (
                f"{without} activities of the latest uploads name no flight regulation; it is unknown if they have one."
            )
            return {
                "rule": name,
                **msgspec.to_builtins(rule),
                "count": without,
                "evidence": [{"text": text}] if without else [],
            }
        found = [trail.objections[name] for trail in self.trails.values() if name in trail.objections]
        evidence = sorted((item for objection in found for item in objection.evidence), key=lambda item: item.seq)
        count = sum(objection.count for objection in found)
        kept = msgspec.to_builtins(evidence[:20])
        return {"rule": name, **msgspec.to_builtins(rule), "count": count, "evidence": kept}

    def _all_verified(self) -> dict[str, Any]:
        legs = sum(trail.empty_legs for trail in self.trails.values())
        verified = sum(trail.verified_empty_legs for trail in self.trails.values())
        suspicious = legs >= 2 and legs == verified
        text = f"All {legs} empty legs of the latest uploads are marked verified."
        return {"count": int(suspicious), "evidence": [{"text": text}] if suspicious else []}

    # -- keeping -------------------------------------------------------------------------------------------------

    def clear(self) -> None:
        """Begin a new audit: nothing before now counts."""
        self.changed |= set(self.trails)
        self.trails = {}

    def kept_names(self) -> list[str]:
        return list(self.trails)

    def document(self, name: str) -> bytes | None:
        trail = self.trails.get(name)
        return None if trail is None else msgspec.msgpack.encode(trail)

    def restore(self, name: str, body: bytes) -> None:
        self.trails[name] = msgspec.msgpack.decode(body, type=Trail)


def _header(record: CallRecord, name: str) -> str:
    return record.headers.get(name, "")


def _document(record: CallRecord) -> Document | None:
    try:
        return read_document(record.body.encode())
    except Unreadable:
        return None


def _trail_json(trail: Trail, now: datetime) -> dict[str, Any]:
    shown: dict[str, Any] = msgspec.to_builtins(trail)
    del shown["identities"]
    shown["seconds_since_last_call"] = (now - trail.last_call).total_seconds() if trail.last_call else None
    return shown
