"""When to ask a schedule system what is new: by the clock, and at once when it has called; never more than it allows.

Pure: seconds are of any one clock that does not go back.

A system answers 150 calls a minute, 4,500 an hour, 54,000 a day. Every call draws on a stock that is filled up as fast
as a day allows; while it is empty they are followed as often as the clock alone would ask. So whatever calls come, what
they cause stays within all three, and leaves room for answers.
"""

from __future__ import annotations

from collections import deque

BY_CLOCK_WHEN_CALLED = 5.0
"""Seconds, while the schedule system is known to call."""
BETWEEN = 0.5
"""Seconds from one asking to the next, however often it calls."""
MOST_IN_A_MINUTE = 120
STOCK = 300.0
FILLED = 51_000 / 86_400
"""Calls a second: once in 1.7 s."""


class Pace:
    """Of one connection."""

    def __init__(self, every: float, stock: float, at: float) -> None:
        """`every`: seconds from one asking by the clock to the next, while nobody is known to call. `stock`: of calls,
        at this time.
        """
        self._every = every
        self._stock, self._filled_at = min(stock, STOCK), at
        self._calls: deque[float] = deque()
        self._asked = float("-inf")
        self._is_called = False
        self.registered = False
        """Whether the schedule system has our address."""
        self.waiting = False
        """Whether it has called since it was last asked."""

    def called_on(self) -> None:
        """The schedule system called: so its calls do arrive."""
        self.waiting = self._is_called = True

    def missed(self) -> None:
        """The clock found what no call had told of. Until the next call the clock is relied upon."""
        self._is_called = False

    def asking(self, at: float) -> bool:
        """It is asked now. Whether that is because it called."""
        self._asked, because, self.waiting = at, self.waiting, False
        return because

    def count(self, at: float) -> None:
        """One more call of ours, of whatever kind."""
        self._fill(at)
        self._stock -= 1
        self._calls.append(at)

    def next_at(self, at: float) -> float:
        """When to ask next, as it looks at this time."""
        relied_on = self.registered and self._is_called
        by_clock = self._asked + (max(self._every, BY_CLOCK_WHEN_CALLED) if relied_on else self._every)
        return min(by_clock, self._soonest(at)) if self.waiting else by_clock

    def _soonest(self, at: float) -> float:
        """When a call of theirs may be followed."""
        self._fill(at)
        soonest = max(at, self._asked + BETWEEN)
        if self._stock < 1:  # then no sooner than the clock would ask if nobody called, and no later
            soonest = max(soonest, min(at + (1 - self._stock) / FILLED, self._asked + self._every))
        if len(self._calls) >= MOST_IN_A_MINUTE:
            soonest = max(soonest, self._calls[-MOST_IN_A_MINUTE] + 60)
        return soonest

    def _fill(self, at: float) -> None:
        self._stock = min(STOCK, self._stock + max(0.0, at - self._filled_at) * FILLED)
        self._filled_at = max(self._filled_at, at)
        while self._calls and self._calls[0] <= at - 60:
            self._calls.popleft()
