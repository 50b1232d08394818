"""How the body clock follows somebody to other hours: when the model's wave peaks, minute by minute. Pure.

The paper has the peak drift towards where the middle of the time awake has moved: about a day for each hour westward,
a day and a half for each hour eastward, and up to 2.6 times as long while the sleep is in daylight. Averages and
speeds are those of the model's technical report (DTIC ADA452991) and of US application 2011/0071873, as others quote
them. Their table goes by the share of a sleep that falls in daylight; here a sleep at local night counts as its first
row and any other as its last.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from airstair.records.crewing.fatigue.model import ACROPHASE, MINUTES_OF_DAY, Floats

AFTER_MIDDAY = 3.0  # hours from the middle of the time awake to the peak: 15:00 and 18:00 for who sleeps 23:00 to 07:00
WEIGHTS = (0.33, 0.67, 1.0)  # the day before yesterday, yesterday, today; their sum is 2
MAIN_SLEEP = 180  # minutes: a shorter one is a nap, and does not end the day
# Minutes for one hour of drift: when the sleep is at night, and when it is not.
LATER, EARLIER = (1440, 3845), (2160, 5767)


def acrophases(sleeps: Sequence[tuple[int, int]], nights: Sequence[bool], minutes: int, clock_minute: int) -> Floats:
    """The hour of the home clock at which the wave peaks, for each minute of the run, starting at 18.

    `nights` says of each sleep whether it was night where it was slept.
    """
    main = [
        (start, end, night) for (start, end), night in zip(sleeps, nights, strict=True) if end - start >= MAIN_SLEEP
    ]
    peaks = np.full(minutes, ACROPHASE)
    peak, offsets, woke = ACROPHASE, [0.0, 0.0], 0
    for at, (start, end, night) in enumerate(main):
        middle = (clock_minute + (woke + start) / 2) % MINUTES_OF_DAY / 60
        offsets.append(_nearest(middle + AFTER_MIDDAY - ACROPHASE, offsets[-1]))
        goal = ACROPHASE + sum(w * o for w, o in zip(WEIGHTS, offsets[-3:], strict=True)) / 2
        until = main[at + 1][0] if at + 1 < len(main) else minutes
        speeds = LATER if goal > peak else EARLIER
        moved = np.arange(1, until - start + 1) / speeds[0 if night else 1]
        peaks[start:until] = peak + np.sign(goal - peak) * np.minimum(moved, abs(goal - peak))
        peak, woke = float(peaks[until - 1]), end
    return peaks


def _nearest(hours: float, to: float) -> float:
    """The same hour of the clock, on the turn nearest to `to`: the shorter way round."""
    return to + (hours - to + 12) % 24 - 12
