"""Messages that wait for a person, fetches, visits: what they add to how a connection stands. Reads, and judges."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec

from airstair.hub.connections.queries import ConnectionFacts
from airstair.hub.doors.queries import DoorFacts, doors
from airstair.hub.messages.queries import MessageLine, messages_waiting
from airstair.hub.pulls import PullLine, pulls_of
from airstair.hub.registry import addon
from airstair.kernel.outcome import WhoActs

_FAILING_AFTER = 2  # runs in a row, as for units
_LATE_AFTER = timedelta(minutes=5)


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What one connection has besides its mirrors."""

    waiting: tuple[MessageLine, ...] = ()  # for a person, the oldest first
    pulls: tuple[PullLine, ...] = ()
    door: DoorFacts | None = None  # what its partner comes in by

    @property
    def why_waiting(self) -> str:
        """What a person has to decide, and how; empty when nothing waits."""
        if not self.waiting:
            return ""
        first, count = self.waiting[0], len(self.waiting)
        others = "" if count == 1 else f" and {count - 1} more"
        return f"{first.title}{others}: {first.state.value}. {first.sentence}"

    @property
    def why_failing(self) -> str:
        for pull in self.pulls:
            run = pull.latest
            if run is None or run.outcome is None or not pull.failures:
                continue
            if pull.failures >= _FAILING_AFTER or run.outcome.who_acts is WhoActs.ADMIN:
                says = run.messages[0].text if run.messages else ""
                return f"{run.outcome.label.capitalize()} for {pull.title}. {says}".strip()
        return ""

    def why_late(self, now: datetime) -> str:
        """Fetching at an interval is a promise like sending at one."""
        for pull in self.pulls:
            if pull.next_due is not None and not pull.running and pull.next_due + _LATE_AFTER < now:
                return f"{pull.title} were due at {pull.next_due:%d %b %H:%M}Z and have not been fetched."
        return ""

    @property
    def last_success(self) -> datetime | None:
        done = [pull.last_success for pull in self.pulls]
        done.append(self.door.last_success if self.door is not None else None)
        return max((when for when in done if when), default=None)

    @property
    def oldest_waiting(self) -> datetime | None:
        return self.waiting[0].made_at if self.waiting else None


def traffic_of(operator_id: int, facts: Iterable[ConnectionFacts]) -> dict[int, Traffic]:
    """By connection; absent for those that only keep mirrors. At most four SQL statements, none where all do."""
    facts = list(facts)
    posting = [one.id for one in facts if addon(one.addon).posts]
    waiting: dict[int, list[MessageLine]] = {}
    for line in messages_waiting(operator_id, posting) if posting else ():
        waiting.setdefault(line.connection_id, []).append(line)
    pulls = pulls_of(operator_id, facts)
    visited = [one.id for one in facts if addon(one.addon).inbound]
    known = doors(operator_id, visited) if visited else {}
    return {
        id_: Traffic(waiting=tuple(waiting.get(id_, ())), pulls=tuple(pulls.get(id_, ())), door=known.get(id_))
        for id_ in {*posting, *pulls, *known}
    }
