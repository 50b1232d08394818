"""One request under way: who asks, what they may, and what was read for them so far. The context of every resolver."""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from graphql import GraphQLResolveInfo

from airstair.api.leon.errors import ACCESS, Refused
from airstair.api.leon.loaders import Loaders
from airstair.kernel.clock import Clock
from airstair.records.access.snapshots import Caller

MOST_FLIGHTS = 20_000  # handed out in one answer, each as often as it stands there


class Asking:
    """`info.context` of every resolver."""

    def __init__(self, caller: Caller, clock: Clock) -> None:
        self.caller = caller
        self.operator_id = caller.operator_id
        self.clock = clock
        self.load = Loaders(caller.operator_id, caller.aircraft)
        self._handed_out = 0

    def now(self) -> datetime:
        return self.clock.now()

    def has(self, scope: str) -> bool:
        return scope in self.caller.scopes

    def require(self, scope: str, *or_else: str) -> None:
        """Raise `Refused` unless the token has the scope, or one of the others that open the same thing."""
        if not any(self.has(one) for one in (scope, *or_else)):
            raise Refused(
                f"Logged user has no privileges to '{scope}' resource for operator {self.operator_id}", ACCESS
            )

    def require_oauth(self) -> None:
        """Raise `Refused` unless an application asks that was connected by OAuth."""
        self.require_identity("OAuth application", allowed=self.caller.identity == "oauth")

    def require_identity(self, *wanted: str, allowed: bool = False) -> None:
        """Raise `Refused` unless `allowed`; the message names the kinds of identity that are."""
        if not allowed:
            mine = "OAuth application" if self.caller.identity == "oauth" else "API key"
            raise Refused(
                f"Identity type {mine} is not allowed, use one of the following identity types: {', '.join(wanted)}",
                ACCESS,
            )

    def sees(self, aircraft_id: int) -> bool:
        """Whether the aircraft is among those that the token was given."""
        return self.caller.aircraft is None or aircraft_id in self.caller.aircraft

    def hand_out(self, flights: int) -> None:
        """Count flights of an answer; raise `Refused` when it grows out of bounds, as circles in a query make it."""
        self._handed_out += flights
        if self._handed_out > MOST_FLIGHTS:
            raise Refused(f"The answer would hold more than {MOST_FLIGHTS} flights. Ask for a shorter interval.")

    def wrote(self) -> None:
        """A mutation has written: what was read before is old."""
        self.load = Loaders(self.operator_id, self.caller.aircraft)


Info: TypeAlias = GraphQLResolveInfo[Asking]
