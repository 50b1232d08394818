"""How a dispatcher is doing at this moment: what probes and metrics read. Looks only; nothing is decided by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from airstair.hub.engine.leased import Leased
from airstair.hub.engine.sender import Sender
from airstair.hub.flows import Budget
from airstair.hub.limits import Limits, filled_up
from airstair.hub.metrics import Left, Level, seconds_since

_ROUND_SECONDS = 60.0  # it looks at what is due every 30 s at least
_TURN_SECONDS = 15.0  # it looks at who is alive every second


@dataclass(frozen=True, slots=True)
class Vitals:
    """`round_ago`, `turn_ago`: seconds since it last looked at what is due and at who is alive."""

    held: Sequence[Leased]
    limits: Limits | None
    now: datetime
    round_ago: float | None
    turn_ago: float | None

    @property
    def trouble(self) -> str:
        """What keeps it from serving as it promises; empty when nothing does."""
        if self.round_ago is None or self.turn_ago is None:
            return "The dispatcher is starting, or waits for the database."
        if self.round_ago > _ROUND_SECONDS:
            return f"The dispatcher has not looked at what is due for {self.round_ago:.0f} s."
        if self.turn_ago > _TURN_SECONDS:
            return f"The dispatcher has not looked at its leases for {self.turn_ago:.0f} s."
        return ""

    @property
    def says(self) -> str:
        count = len(self.held)
        return self.trouble or f"The dispatcher serves {count} connection{'s' if count != 1 else ''}."

    def levels(self) -> dict[str, Level]:
        """How it stands by partner."""
        by_partner: dict[str, list[Leased]] = {}
        for leased in self.held:
            by_partner.setdefault(leased.connection.addon.key, []).append(leased)
        return {partner: self._level(leased) for partner, leased in by_partner.items()}

    def _level(self, held: Iterable[Leased]) -> Level:
        held = list(held)
        senders = [sender for leased in held for sender in leased.senders.values()]
        oldest = [when for sender in senders if (when := self._oldest(sender)) is not None and when <= self.now]
        return Level(
            held=len(held),
            waiting=sum(sender.under_way + self._ready_to_send(sender) for sender in senders),
            oldest=min(oldest, default=None),
            paused=sum(leased.paused(self.now) for leased in held),
        )

    def _ready_to_send(self, sender: Sender) -> int:
        return sender.due.overdue(self.now) if sender.by_clock else len(sender.waiting)

    @staticmethod
    def _oldest(sender: Sender) -> datetime | None:
        return sender.due.next_time() if sender.by_clock else sender.stale.oldest

    async def budgets(self) -> list[Left]:
        """What is left of the budgets of the accounts that are served here, whoever else calls them."""
        budgets: dict[str, tuple[str, Budget]] = {}
        for leased in self.held:
            connection = leased.connection
            if connection.addon.budget is not None:
                budgets[connection.account] = (connection.addon.key, connection.addon.budget)
        if self.limits is None or not budgets:
            return []
        rows = {row[0]: row[1:] for row in await self.limits.left(sorted(budgets))}
        found = []
        for account, (partner, budget) in sorted(budgets.items()):
            tokens, at, blocked_until = rows.get(account, (float(budget.burst), self.now, None))
            left = filled_up(budget, tokens, at, self.now)
            blocked = seconds_since(self.now, blocked_until) if blocked_until is not None else 0.0
            found.append(Left(partner=partner, account=account, calls=left, blocked_seconds=blocked))
        return found
