"""What the go-live check looks at: calls as Avinode's side received them, the record, and what users are shown.

Only shapes and reading; the judging is in the other `golive_*` modules.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import msgspec

from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.flows import Mirror
from airstair.hub.verdicts import Verdict
from airstair.kernel.codes import same_registration
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.utc import parse_utc
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule


class ReceivedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it arrived. `status` is `None` when no answer was given; header names in any case."""

    at: datetime
    method: str
    path: str
    headers: dict[str, str]
    body: str
    seq: int = 0
    aircraft: str | None = None
    status: int | None = None
    answer: str = ""

    @property
    def succeeded(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def header(self, name: str) -> str:
        """The value of a header; empty when it is absent."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")


class ShownCall(msgspec.Struct, frozen=True, kw_only=True):
    """The latest call of an aircraft, as its users are shown it."""

    at: datetime
    outcome: OutcomeKind
    http_status: int | None
    messages: tuple[PartnerMessage, ...] = ()


class GoLiveEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the check needs. Mappings are by registration, and hold every ticked aircraft.

    `calls`: what was received for these aircraft, oldest first; from the sandbox's journal, or from the call log.
    `audit`: the sandbox's own objections; empty when there is no sandbox. `settings`: the effective ones of each
    aircraft; `own_connection`: those that have a connection of their own instead of the default.
    """

    now: datetime
    flow: Mirror
    default: AvinodeSettings
    schedules: Mapping[str, AircraftSchedule]
    settings: Mapping[str, AvinodeSettings]
    shown: Mapping[str, ShownCall]
    calls: tuple[ReceivedCall, ...]
    own_connection: frozenset[str] = frozenset()
    audit: Mapping[str, Any] = {}


class SentActivity:
    """One activity as it was received: read only as far as its words go."""

    def __init__(self, upload: Upload, fields: Mapping[str, Any]) -> None:
        self.upload = upload
        self._fields = fields

    def text(self, name: str) -> str:
        """The field as text; empty when it is absent."""
        value = self._fields.get(name)
        return "" if value is None else str(value)

    def get(self, name: str) -> Any:
        return self._fields.get(name)

    def has(self, name: str) -> bool:
        return name in self._fields

    def airport(self, side: str) -> str:
        value = self._fields.get(f"{side}Airport")
        return str(value.get("icao", "")) if isinstance(value, dict) else ""

    def time(self, side: str) -> datetime | None:
        """`startDateTime` or `endDateTime`; `None` when it cannot be read."""
        try:
            return parse_utc(self.text(f"{side}DateTime"))
        except Invalid:
            return None

    @property
    def id(self) -> str:
        return self.text("activityId")

    @property
    def named(self) -> str:
        """For evidence: which activity, of which aircraft, in which call."""
        return f"{self.upload.registration} {self.id or '(no id)'} in the call of {self.upload.call.at:%d %b %H:%M}Z"


class Upload:
    """One received call with the schedule in it. `activities` is `None` when the body cannot be read."""

    def __init__(self, registration: str, call: ReceivedCall) -> None:
        self.registration = registration
        self.call = call

    @cached_property
    def activities(self) -> tuple[SentActivity, ...] | None:
        try:
            body = msgspec.json.decode(self.call.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        listed = body.get("activities") if isinstance(body, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            return None
        return tuple(SentActivity(self, one) for one in listed)


class Case:
    """The evidence, put in order by aircraft."""

    def __init__(self, evidence: GoLiveEvidence) -> None:
        self.evidence = evidence
        self.uploads: dict[str, list[Upload]] = {registration: [] for registration in evidence.schedules}
        for call in sorted(evidence.calls, key=lambda c: (c.at, c.seq)):
            registration = self._of(call.aircraft or "")
            if registration and call.method == "PUT" and call.path.partition("?")[0].rstrip("/").endswith("/schedules"):
                self.uploads[registration].append(Upload(registration, call))

    def _of(self, written: str) -> str:
        return next((one for one in self.evidence.schedules if same_registration(one, written)), "")

    @property
    def every_upload(self) -> Iterator[Upload]:
        for uploads in self.uploads.values():
            yield from uploads

    @property
    def every_activity(self) -> Iterator[SentActivity]:
        for upload in self.every_upload:
            yield from upload.activities or ()

    @property
    def latest(self) -> Iterator[Upload]:
        """The latest upload of each aircraft that has one."""
        for uploads in self.uploads.values():
            if uploads:
                yield uploads[-1]

    @property
    def matched(self) -> Iterator[tuple[SentActivity, Activity]]:
        """What was sent last, beside what the record says of the same thing."""
        for upload in self.latest:
            known = {_id_of(one): one for one in self.evidence.schedules[upload.registration].activities}
            for sent in upload.activities or ():
                if sent.id in known:
                    yield sent, known[sent.id]

    def audited(self, *rules: str) -> list[str]:
        """What the sandbox itself objects to under these rules, about these aircraft."""
        found = []
        for tail, trail in self.evidence.audit.get("aircraft", {}).items():
            for rule in rules:
                objection = trail.get("objections", {}).get(rule)
                if objection and self._of(tail):
                    first = next((item.get("text", "") for item in objection.get("evidence", [])), rule)
                    found.append(f"{tail}: {objection.get('count', 1)} × {rule}: {first}")
        return found


def _id_of(activity: Activity) -> str:
    return f"{'f' if activity.kind is ActivityKind.FLIGHT else 'e'}-{activity.id}"


_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+]00:?00)")


def written_in_utc(text: str) -> bool:
    return bool(_UTC.fullmatch(text))


def judged(wrong: Iterable[str], well: str) -> tuple[Verdict, tuple[str, ...]]:
    """Failed with what is wrong, at most ten of it, else passed with what shows it."""
    found = list(wrong)
    if not found:
        return Verdict.PASS, (well,)
    more = (f"… and {len(found) - 10} more.",) if len(found) > 10 else ()
    return Verdict.FAIL, (*found[:10], *more)
