"""When a schedule system is asked: rules on numbers. Seconds are made up."""

from __future__ import annotations

import itertools

import pytest

from connect.sync.pacing import STOCK, Pace

DAY, HOUR, MINUTE = 86_400, 3_600, 60
MOST = {MINUTE: 150, HOUR: 4_500, DAY: 54_000}


def pace(*, called: bool = False, stock: float = STOCK) -> Pace:
    """As it is after it was asked at 0."""
    made = Pace(1.7, stock, 0.0)
    made.registered = called
    if called:
        made.called_on()
    made.asking(0.0)
    made.count(0.0)
    return made


def test_the_clock_asks_less_often_while_calls_are_known_to_come() -> None:
    assert Pace(1.7, STOCK, 0.0).next_at(0.0) < 0, "at once, when it begins"
    assert pace().next_at(0.1) == 1.7
    registered = pace()
    registered.registered = True
    assert registered.next_at(0.1) == 1.7, "that it was registered does not say that calls arrive"
    called = pace(called=True)
    assert called.next_at(0.1) == 5.0
    called.missed()
    assert called.next_at(0.1) == 1.7, "what no call told of makes the calls doubtful"
    called.called_on()
    assert called.asking(3.0) and called.next_at(3.1) == 8.0
    unregistered = pace(called=True)
    unregistered.registered = False
    assert unregistered.next_at(0.1) == 1.7


def test_a_call_is_followed_at_once_and_many_are_followed_once() -> None:
    one = pace(called=True)
    for _ in range(1000):
        one.called_on()
    assert one.next_at(3.0) == 3.0
    assert one.asking(3.0) and not one.waiting and one.next_at(3.0) == 8.0
    one.called_on()
    assert one.next_at(3.1) == 3.5, "twice a second at the most"
    assert not pace().asking(1.7), "it was the clock"


@pytest.mark.parametrize("stock", [STOCK, 0.0])
@pytest.mark.parametrize("told_every", [40.0, 0.5])
def test_the_limits_hold_whatever_calls_come(stock: float, told_every: float) -> None:
    """Somebody calls without end for a day, while there is much, or little, to tell."""
    one, at, asked = pace(called=True, stock=stock), 0.0, []
    told = [second * told_every for second in range(1, 5_000 if told_every == 40.0 else 40)]
    telling = iter([*told, float("inf")])
    next_told = next(telling)
    while at < DAY:
        one.called_on()
        at = max(at, one.next_at(at))
        while next_told <= at:
            one.count(next_told)
            asked.append(next_told)
            next_told = next(telling)
        if at >= one.next_at(at):
            assert one.asking(at)
            one.count(at)
            asked.append(at)
    for window, most in MOST.items():
        ends = itertools.count()
        first = 0
        for end, moment in zip(ends, asked, strict=False):
            while asked[first] <= moment - window:
                first += 1
            assert end - first + 1 <= most, (window, moment)
    assert len(asked) > 45_000, "and it is asked as often as before all the same"


def test_little_is_saved_up_by_who_has_just_been_asked() -> None:
    poor = pace(called=True, stock=0.0)
    poor.called_on()
    assert poor.next_at(0.6) == 1.7, "as the clock alone would ask, and no later"
    for second in range(40):
        poor.count(second / 100)  # there is much to tell
    assert poor.next_at(0.6) == 1.7 and poor.next_at(2.5) == 2.5
