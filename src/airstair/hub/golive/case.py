"""A case: what the hub knows and what the sandbox received, put in order by aircraft, for a list to judge.

A list is titles with conditions, each a function of the case that answers a verdict with its evidence.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from inspect import isawaitable
from typing import Any, TypeVar

import msgspec

from airstair.hub.calls import CallLine
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.contract import Addon
from airstair.hub.flows import Mirror
from airstair.hub.golive.gathering import CALLS_LOOKED_AT, GoLiveSources, UnitFacts
from airstair.hub.golive.received import ReceivedCall, Upload, received
from airstair.hub.promises import LedgerLine
from airstair.hub.verdicts import GoLiveItem, Judgement
from airstair.kernel.codes import same_registration
from airstair.kernel.errors import Conflict
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import UnitKind
from airstair.kernel.utc import parse_utc

NOTHING_SENT = "Nothing was sent yet. Switch the add-on on, tick the aircraft, and let it run for a quarter of an hour."

_NO_SANDBOX = (
    "The checklist looks at what the sandbox received, and no connection goes there."
    " Set environment=sandbox, let it run for a quarter of an hour, and check again."
)


class ShownCall(msgspec.Struct, frozen=True, kw_only=True):
    """The latest call of a unit, as its users are shown it."""

    at: datetime
    outcome: OutcomeKind
    http_status: int | None
    messages: tuple[PartnerMessage, ...]


class Case:
    """What a list is judged by. An add-on that knows more of its partner's calls says so in a case of its own.

    `calls`: what the sandbox received; `audit`: what the imitation objects to. `unseen`: why neither is known, in a
    sentence with the next step; empty when they are. `uploads`: by the registration of each aircraft that is ticked
    for the sandbox, the calls about it, oldest first.
    """

    def __init__(
        self,
        sources: GoLiveSources,
        calls: Iterable[ReceivedCall] = (),
        audit: Mapping[str, Any] | None = None,
        *,
        unseen: str = "",
    ) -> None:
        self.sources = sources
        self.audit = audit or {}
        self.unseen = unseen
        self.connection_of: dict[str, LiveConnection] = {
            title: one for one in sources.connections if one.to_sandbox for title in one.aircraft.values()
        }
        self.uploads: dict[str, list[Upload]] = {registration: [] for registration in self.connection_of}
        for call in sorted(calls, key=lambda call: (call.at, call.seq)):
            registration = self.registration_of(call.aircraft or "")
            if registration and self.is_upload(call):
                self.uploads[registration].append(Upload(registration, call))

    # -- what a partner's own case may know better -----------------------------------------------------------------

    def is_upload(self, call: ReceivedCall) -> bool:
        """Whether a call about an aircraft carries a document."""
        return call.writes

    def words_in(self, answer: str) -> list[str] | None:
        """The partner's words in an answer that users must be shown; `None`: it is not known which those are."""
        return None

    # -- in order --------------------------------------------------------------------------------------------------

    @property
    def addon(self) -> Addon:
        return self.sources.addon

    @property
    def flow(self) -> Mirror:
        """The add-on's first mirror, which lists are about."""
        return self.addon.mirrors[0]

    @cached_property
    def units(self) -> dict[str, UnitFacts]:
        """The units of that mirror that go to the sandbox, by title."""
        of_flow = (one for one in self.sources.units if one.flow.key == self.flow.key)
        return {one.title: one for one in of_flow if one.connection.to_sandbox}

    @property
    def every_upload(self) -> Iterator[Upload]:
        for uploads in self.uploads.values():
            yield from uploads

    @property
    def latest(self) -> list[Upload]:
        """The latest upload of each aircraft that has one."""
        return [uploads[-1] for uploads in self.uploads.values() if uploads]

    @property
    def counted(self) -> str:
        """How much was received: `180 calls of 60 aircraft`."""
        return f"{sum(1 for _ in self.every_upload)} calls of {len(self.latest)} aircraft"

    @property
    def shown_by_log(self) -> bool:
        """Whether users find a call in the log: flights come and go, and have no line that stays."""
        return self.flow.unit is UnitKind.FLIGHT

    @property
    def within_reach(self) -> list[Upload]:
        """Those of the latest uploads that are not older than all that was read of the log."""
        log = self.sources.log
        if not self.shown_by_log or len(log) < CALLS_LOOKED_AT:
            return self.latest
        return [upload for upload in self.latest if upload.call.at >= log[-1].at]

    def shown(self, registration: str) -> list[ShownCall]:
        """What users are shown of the aircraft: its latest call, or all calls where they are found in the log."""
        if self.shown_by_log:
            return [_shown(one.at, one.outcome, one) for one in self.sources.log]
        unit = self.units.get(registration)
        line = unit.line if unit is not None else None
        if line is None or line.last_attempt is None or line.outcome is None:
            return []
        return [_shown(line.last_attempt, line.outcome, line)]

    def failures_shown_as_success(self) -> list[str]:
        """What is wrong where an answer that says no is shown as a success."""
        return [
            f"{registration}: an answer {one.http_status} is shown as “{one.outcome.label}”."
            for registration in self.uploads
            for one in self.shown(registration)
            if one.http_status is not None and not 200 <= one.http_status < 300 and one.outcome.delivered
        ]

    def settings_of(self, upload: Upload) -> Any:
        """The typed settings by which it was sent."""
        return self.connection_of[upload.registration].settings

    def nothing_sent(self) -> list[str]:
        """What is wrong when nothing was received at all; else nothing is."""
        return [] if self.latest else [NOTHING_SENT]

    def amiss(self, *rules: str) -> list[str]:
        """What is wrong before a condition looks at anything itself; `rules` are those of the imitation's audit."""
        return self.nothing_sent() + self.audited(*rules)

    def registration_of(self, written: str) -> str:
        """The aircraft as it is called here, of those ticked for the sandbox; empty for another."""
        return next((one for one in self.connection_of if same_registration(one, written)), "")

    def audited(self, *rules: str) -> list[str]:
        """What the imitation objects to under these rules of its own, about these aircraft.

        A rule that it does not know is wrong too: nobody has looked for what the rule is about.
        """
        known = {rule.get("rule") for rule in self.audit.get("rules", [])}
        found = [f"The imitation does not look for “{rule}”." for rule in rules if rule not in known]
        for tail, trail in self.audit.get("aircraft", {}).items():
            registration = self.registration_of(tail)
            for rule in rules:
                objection = trail.get("objections", {}).get(rule)
                if objection and registration:
                    found.append(f"{registration}: {objection.get('count', 1)} × {rule}: {_first(objection, rule)}")
        return found


def _first(objection: Mapping[str, Any], rule: str) -> str:
    """The words of its first evidence, and when that call came."""
    first: Mapping[str, Any] = next(iter(objection.get("evidence", [])), {})
    at = f" ({parse_utc(first['at']):%d %b %H:%M}Z)" if "at" in first else ""
    return f"{first.get('text', rule)}{at}"


def _shown(at: datetime, outcome: OutcomeKind, kept: LedgerLine | CallLine) -> ShownCall:
    return ShownCall(at=at, outcome=outcome, http_status=kept.http_status, messages=kept.messages)


OneCase = TypeVar("OneCase", bound=Case)
Condition = Callable[[OneCase], Judgement | Awaitable[Judgement]]


async def judge(case: OneCase, conditions: Sequence[tuple[str, Condition[OneCase]]]) -> list[GoLiveItem]:
    """Each condition in the order of the list. One that tries the add-on's own calls is awaited."""
    items = []
    for number, (title, condition) in enumerate(conditions, 1):
        judgement = condition(case)
        verdict, shown = await judgement if isawaitable(judgement) else judgement
        items.append(GoLiveItem(number=number, title=title, verdict=verdict, evidence=shown))
    return items


def own_list(
    case_of: type[OneCase], conditions: Sequence[tuple[str, Condition[OneCase]]]
) -> Callable[[GoLiveSources], Coroutine[Any, Any, list[GoLiveItem]]]:
    """A partner's own list, for `Addon.golive`: judged by what the hub knows and by what the sandbox received.

    It raises `Conflict` when no connection goes to the sandbox, or the sandbox does not answer.
    """

    async def examine(sources: GoLiveSources) -> list[GoLiveItem]:
        if not sources.sandbox_url:
            raise Conflict(_NO_SANDBOX)
        return await judge(case_of(sources, *await received(sources.sandbox_url, sources.addon.key)), conditions)

    return examine
