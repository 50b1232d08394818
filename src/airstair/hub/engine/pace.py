"""How long a partner's calls take, and so how many documents are worth making ahead of them.

A document that waits for its turn grows old: what is edited meanwhile is not in it.
"""

from __future__ import annotations

from airstair.hub.flows import Mirror

_AHEAD = 0.5  # seconds of calls that documents are made ahead of
_MOST = 64  # units prepared at once: one read, one claim
_FIRST_GUESS = 0.1  # seconds of a call, until one has been made


class Pace:
    """The pace of one sender's calls."""

    def __init__(self, flow: Mirror) -> None:
        self._calls_at_once = flow.calls_at_once
        self._units_per_call = flow.units_per_call
        self._seconds = _FIRST_GUESS

    def took(self, seconds: float) -> None:
        """A call ended."""
        self._seconds += (seconds - self._seconds) * 0.25

    @property
    def units(self) -> int:
        """How many units to prepare at once: those of the next half second's calls, one round of calls at least."""
        rounds = max(1, int(_AHEAD / max(self._seconds, 0.001)))
        most = max(_MOST, self._units_per_call)
        return min(rounds * self._calls_at_once * self._units_per_call, most)
