"""The fatigue model against published and computed numbers; the body clock's drift; sleep estimated from work."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from airstair.records.crewing.fatigue.analysis import LEAD_IN, LONGEST_PERIOD, Question, analyse
from airstair.records.crewing.fatigue.model import CAPACITY, ORIGINAL, REVISED, Constants, Run, circadian, simulate
from airstair.records.crewing.fatigue.phase import acrophases
from airstair.records.crewing.fatigue.sleep import Habits, Work, estimate

TOLERANCE = 0.05
DAY, HOUR = 1440, 60
BOTH = pytest.mark.parametrize("constants", [ORIGINAL, REVISED], ids=["original", "revised"])


def nightly(hours_awake: float, hours: float, days: int) -> list[tuple[int, int]]:
    """The same sleep each day, for who wakes at the run's start and at the same hour of the clock ever after."""
    asleep = round(hours_awake * HOUR)
    return [(day * DAY + asleep, day * DAY + asleep + round(hours * HOUR)) for day in range(days)]


# ── Numbers that a run of the equations must give ───────────────────────────────────────────────────

WAVE = (0, -.5088, -.9330, -1.2071, -1.2990, -1.2159, -1.0000, -.7159, -.4330, -.2071, -.0670, -.0088,
        0, .0088, .0670, .2071, .4330, .7159, 1.0000, 1.2159, 1.2990, 1.2071, .9330, .5088)  # fmt: skip


@pytest.mark.req("SFT-03")
def test_the_body_clocks_wave_at_each_hour() -> None:
    assert circadian(np.arange(24.0)) == pytest.approx(WAVE, abs=0.00005)
    fine = circadian(np.arange(DAY) / 60)
    assert (fine.argmax() / 60, fine.argmin() / 60) == (20, 4), "most awake at 20:00, least at 04:00"


@pytest.mark.req("SFT-03")
@pytest.mark.parametrize(
    ("hours", "level", "effectiveness"),
    [
        (0, 2880, 98.23), (5, 2730, 98.03), (9, 2610, 97.06), (13, 2490, 99.72), (17, 2370, 85.10), (21, 2250, 69.92),
        (24, 2160, 71.45), (36, 1800, 75.79), (48, 1440, 44.67), (72, 720, 17.89),
    ],
)  # fmt: skip
def test_nobody_sleeps_for_three_days(hours: int, level: float, effectiveness: float) -> None:
    """Awake at 07:00. After 21 h effectiveness is about 70, about as with 0.08 % alcohol."""
    run = simulate([[]], minutes=73 * HOUR, clock_minute=7 * HOUR)
    assert run.level[0, hours * HOUR] == pytest.approx(level, abs=TOLERANCE)
    assert run.effectiveness[0, hours * HOUR] == pytest.approx(effectiveness, abs=TOLERANCE)


STEADY = [
    ("07:00", 93.06), ("07:15", 97.34), ("07:30", 98.48), ("08:00", 99.17), ("10:00", 99.69), ("12:00", 98.03),
    ("14:00", 96.38), ("16:00", 97.06), ("18:00", 99.39), ("19:00", 100.07), ("20:00", 99.72), ("22:00", 94.76),
    ("23:00", 90.30),
]  # fmt: skip


@BOTH
@pytest.mark.req("SFT-03")
@pytest.mark.parametrize(("clock", "effectiveness"), STEADY)
def test_the_day_of_who_sleeps_from_23_to_07(constants: Constants, clock: str, effectiveness: float) -> None:
    run = simulate([nightly(16, 8, 15)], minutes=15 * DAY, clock_minute=7 * HOUR, constants=constants)
    hour, minute = map(int, clock.split(":"))
    assert run.effectiveness[0, 14 * DAY + (hour - 7) * HOUR + minute] == pytest.approx(effectiveness, abs=TOLERANCE)


@pytest.mark.req("SFT-03")
@pytest.mark.parametrize(
    ("constants", "levels"),
    [(ORIGINAL, (2400, 2528.8, 2677.0, 2804.3, 2880)), (REVISED, (2400, 2540.7, 2685.7, 2806.6, 2880))],
    ids=["original", "revised"],
)
def test_the_reservoir_of_who_sleeps_from_23_to_07(constants: Constants, levels: Sequence[float]) -> None:
    run = simulate([nightly(16, 8, 15)], minutes=15 * DAY + 1, clock_minute=7 * HOUR, constants=constants)
    at = [14 * DAY + (hour - 7) * HOUR for hour in (23, 25, 27, 29)] + [15 * DAY]
    assert [float(run.level[0, minute]) for minute in at] == pytest.approx(levels, abs=TOLERANCE)


def lowest_awake(run: Run, sleep: float, day: int) -> float:
    """On the day after so many short nights, which begins at waking."""
    awake = run.effectiveness[0, day * DAY : day * DAY + round((24 - sleep) * HOUR)]
    return float(awake.min())


@pytest.mark.req("SFT-03")
def test_the_published_lowest_of_who_sleeps_from_midnight_to_eight() -> None:
    """86 per cent in the paper."""
    run = simulate([nightly(16, 8, 15)], minutes=15 * DAY, clock_minute=8 * HOUR, constants=ORIGINAL)
    assert lowest_awake(run, 8, 14) == pytest.approx(86.25, abs=TOLERANCE)


@pytest.mark.req("SFT-03")
@pytest.mark.parametrize(("sleep", "published"), [(4, 64.2), (2, 19.2)])
def test_the_published_lowest_after_seven_short_nights(sleep: int, published: float) -> None:
    """About 64 and about 19 in the paper, which does not say when its people went to bed; midnight fits."""
    run = simulate([nightly(24 - sleep, sleep, 9)], minutes=9 * DAY, clock_minute=sleep * HOUR, constants=ORIGINAL)
    assert lowest_awake(run, sleep, 7) == pytest.approx(published, abs=TOLERANCE)


def test_who_sleeps_at_noon_is_lowest_before_five() -> None:
    """Asleep 12:00 to 20:00. The paper says 66 near 05:00 and 100 at 20:00, and not with which set of constants: the
    hour agrees; of the level we hold ours to what the original set gives, which is 71.5 and 101.
    """
    run = simulate([nightly(16, 8, 15)], minutes=15 * DAY, clock_minute=20 * HOUR, constants=ORIGINAL)
    awake = run.effectiveness[0, 7 * DAY : 7 * DAY + 16 * HOUR]
    assert float(awake.min()) == pytest.approx(71.5, abs=TOLERANCE)
    assert float(awake.max()) == pytest.approx(101.1, abs=TOLERANCE)
    assert 4.8 <= (20 + int(awake.argmin()) / HOUR) % 24 <= 4.9
    revised = simulate([nightly(16, 8, 15)], minutes=15 * DAY, clock_minute=20 * HOUR)
    assert lowest_awake(revised, 8, 6) == pytest.approx(66.0, abs=TOLERANCE), "the seventh day, with the revised set"


def test_three_hours_a_night_reach_an_equilibrium_and_two_do_not() -> None:
    lows = {}
    for sleep in (2, 3):
        run = simulate(
            [nightly(24 - sleep, sleep, 15)], minutes=15 * DAY, clock_minute=sleep * HOUR, constants=ORIGINAL
        )
        lows[sleep] = [lowest_awake(run, sleep, day) for day in (8, 12, 14)]
    assert lows[3][1] == pytest.approx(48.5, abs=TOLERANCE), "on the thirteenth day"
    assert lows[3][1] - lows[3][2] < 0.1, "and there it stays"
    assert lows[2][0] - lows[2][1] > 12


@pytest.mark.parametrize(("hours", "effectiveness"), [(18.5, 77.42), (21, 69.92)])
def test_the_published_hours_awake_at_which_alcohol_does_as_much(hours: float, effectiveness: float) -> None:
    run = simulate([nightly(16, 8, 14)], minutes=15 * DAY + 8 * HOUR, clock_minute=7 * HOUR)
    rested = simulate([[]], minutes=22 * HOUR, clock_minute=7 * HOUR)
    assert run.level[0, 14 * DAY] == CAPACITY, "so an ordinary night is followed by the same hours as no history at all"
    assert rested.effectiveness[0, round(hours * HOUR)] == pytest.approx(effectiveness, abs=TOLERANCE)


# ── What holds for every run ────────────────────────────────────────────────────────────────────────

spans = st.lists(st.integers(0, 3 * DAY), min_size=0, max_size=10, unique=True).map(
    lambda cuts: list(zip(sorted(cuts)[::2], sorted(cuts)[1::2], strict=False))
)


@settings(max_examples=30, deadline=None)
@given(st.lists(spans, min_size=2, max_size=5), st.integers(0, DAY - 1))
def test_many_together_get_what_each_gets_alone(crew: list[list[tuple[int, int]]], clock: int) -> None:
    together = simulate(crew, minutes=3 * DAY, clock_minute=clock)
    for row, sleeps in enumerate(crew):
        alone = simulate([sleeps], minutes=3 * DAY, clock_minute=clock)
        assert np.allclose(together.effectiveness[row], alone.effectiveness[0], atol=1e-3)
        assert np.allclose(together.level[row], alone.level[0], atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(spans, st.sampled_from([ORIGINAL, REVISED]), st.integers(0, 2880))
def test_the_reservoir_stays_between_empty_and_full(
    sleeps: list[tuple[int, int]], constants: Constants, start: int
) -> None:
    run = simulate([sleeps], minutes=3 * DAY, reservoir=start, constants=constants)
    assert run.level.min() >= 0 and run.level.max() <= CAPACITY
    assert run.reservoir.min() >= 0 and run.reservoir.max() <= 100.001


def test_waking_up_takes_two_hours_at_most() -> None:
    asleep = (0, 8 * HOUR)
    run = simulate([[asleep]], minutes=DAY, clock_minute=23 * HOUR, reservoir=2400)
    settled = simulate([[asleep]], minutes=DAY, clock_minute=23 * HOUR, reservoir=2400, constants=_without_inertia())
    lost = settled.effectiveness[0] - run.effectiveness[0]
    assert lost[8 * HOUR] == pytest.approx(5 / 0.967, abs=0.001)
    assert lost[10 * HOUR + 1] == 0 and lost[: 8 * HOUR].max() == 0


def _without_inertia() -> Constants:
    return Constants(feedback=0.00312, most_intense=3.4, k1=0.22, k2=0.5, k3=0.0015, inertia=0.0)


@pytest.mark.parametrize("sleeps", [[(10, 10)], [(10, 5)], [(10, 20), (15, 30)], [(10, 20000)], [(-5, 5)]])
def test_sleeps_out_of_order_are_refused(sleeps: list[tuple[int, int]]) -> None:
    with pytest.raises(ValueError, match="does not come after"):
        simulate([sleeps], minutes=DAY)


# ── The body clock follows ──────────────────────────────────────────────────────────────────────────


def shifted(hours: float, days: int) -> list[tuple[int, int]]:
    """Sleep from 23 to 07, and from the third night on at hours shifted eastward (earlier) or westward (later)."""
    plain = nightly(16, 8, days)
    return [
        (s - round(hours * HOUR), e - round(hours * HOUR)) if at >= 2 else (s, e) for at, (s, e) in enumerate(plain)
    ]


@pytest.mark.req("SFT-03")
@pytest.mark.parametrize(
    ("hours", "days_needed"), [(6, 9.0), (-6, 6.0), (3, 4.5)], ids=["6 h east", "6 h west", "3 h east"]
)
def test_it_takes_a_day_and_a_half_for_each_hour_eastward_and_a_day_westward(hours: float, days_needed: float) -> None:
    """Six hours eastward are complete in nine days, says the paper."""
    sleeps = shifted(hours, 20)
    peaks = acrophases(sleeps, [True] * len(sleeps), 20 * DAY, 7 * HOUR)
    there = np.flatnonzero(np.abs(peaks - (18 - hours)) < 0.05)[0] / DAY
    assert there - 2.5 == pytest.approx(days_needed, abs=0.8)
    assert peaks[-1] == pytest.approx(18 - hours, abs=0.01)


def test_it_stays_where_it_is_while_the_nights_stay_and_is_slow_by_daylight() -> None:
    sleeps = nightly(16, 8, 20)
    assert acrophases(sleeps, [True] * 20, 20 * DAY, 7 * HOUR) == pytest.approx(18.0, abs=1e-9)
    moved = shifted(6, 12)
    at_night, by_day = (acrophases(moved, [night] * 12, 12 * DAY, 7 * HOUR) for night in (True, False))
    assert (18 - at_night[6 * DAY]) / (18 - by_day[6 * DAY]) == pytest.approx(2.67, abs=0.02)


# ── Sleep, estimated ────────────────────────────────────────────────────────────────────────────────

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
HOME = Habits(home_base="EPWA", home_zone="UTC")


def at(day: int, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def work(day: int, start: str, hours: float, to: str = "", zone: str = "") -> Work:
    begin = at(day, start)
    return Work(
        key=f"duty:{day}", title="x", start=begin, end=begin + timedelta(hours=hours), end_airport=to, end_zone=zone
    )


@pytest.mark.req("SFT-03")
@pytest.mark.parametrize(
    ("works", "expected"),
    [
        pytest.param([], ["0 23:00-1 07:00"], id="a day off"),
        pytest.param([work(0, "08:00", 8)], ["0 23:00-1 07:00"], id="a day at work"),
        pytest.param([work(0, "15:00", 8.5)], ["1 00:30-1 08:30"], id="home after bedtime: at once"),
        pytest.param([work(1, "05:00", 5)], ["0 23:00-1 04:00"], id="up early: an hour on the way"),
        pytest.param(
            [work(1, "00:30", 5)], ["0 14:00-0 16:00", "1 06:30-1 12:00"], id="a night ahead, a nap before it"
        ),
        pytest.param(
            [work(0, "18:00", 16)], ["0 14:00-0 16:00", "1 11:00-1 12:00"], id="home late in the morning: until noon"
        ),
        pytest.param([work(0, "08:00", 2)], ["0 23:00-1 07:00"], id="home in the morning, not tired: not to bed"),
        pytest.param(
            [work(0, "22:00", 4), work(1, "04:00", 4)], ["0 14:00-0 16:00", "1 09:00-1 12:00"], id="a short sit"
        ),
    ],
)
def test_when_people_probably_sleep(works: list[Work], expected: list[str]) -> None:
    found = estimate(works, at(0, "07:00"), at(1, "14:00"), HOME)
    told = [f"{_day(one.start)} {one.start:%H:%M}-{_day(one.end)} {one.end:%H:%M}" for one in found]
    assert told == expected


def _day(when: datetime) -> int:
    return (when - MONDAY).days


def test_away_they_sleep_by_the_clock_there_and_the_way_is_shorter() -> None:
    found = estimate([work(0, "10:00", 12, "KTEB", "America/New_York")], at(0, "07:00"), at(2, "07:00"), HOME)
    # 23:00 in New York is 04:00 UTC.
    assert [(one.start, one.end) for one in found] == [
        (at(1, "04:00"), at(1, "12:00")),
        (at(2, "04:00"), at(2, "07:00")),
    ]
    assert all(one.night for one in found)


def week(rows: list[tuple[int, int]]) -> list[Work]:
    """Work that begins and lasts so many quarters of an hour; every other one ends in Tokyo."""
    return [
        Work(
            key=f"duty:{at}",
            title="x",
            start=MONDAY + timedelta(minutes=15 * start),
            end=MONDAY + timedelta(minutes=15 * (start + length)),
            end_zone=("Asia/Tokyo", "")[at % 2],
            end_airport=("RJTT", "")[at % 2],
            report_minutes=60,
            release_minutes=30,
        )
        for at, (start, length) in enumerate(rows)
    ]


works_in_a_week = st.lists(st.tuples(st.integers(0, 7 * 24 * 4), st.integers(1, 60)), max_size=12).map(week)


@settings(max_examples=30, deadline=None)
@given(works_in_a_week)
def test_nobody_sleeps_at_work_or_twice_at_once(works: list[Work]) -> None:
    found = estimate(works, at(0, "07:00"), at(8, "07:00"), HOME)
    for one in found:
        assert timedelta(hours=1) <= one.end - one.start <= timedelta(hours=8)
        for other in works:
            assert one.end <= other.start or one.start >= other.end, f"{one} during {other}"
    assert all(before.end <= after.start for before, after in itertools.pairwise(found))


# ── The table ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("SFT-01")
def test_the_table_tells_start_end_and_share_below_the_criterion() -> None:
    night = [work(day, "22:00", 8) for day in range(5)]
    found = analyse(Question(works=night, start=at(0, "00:00"), end=at(5, "00:00"), habits=HOME))
    first, *_, last = found.judged
    assert first.effectiveness_start > first.effectiveness_end and first.reservoir_start > first.reservoir_end
    assert 0 < first.below < last.below < 100
    assert last.lowest < first.lowest, "each night at work leaves less"
    assert found.lowest == min(one.lowest for one in found.judged)
    assert len(found.course) > 300 and found.course[0].at == found.start


def test_what_was_worked_before_the_period_counts() -> None:
    flight = work(0, "14:00", 4)
    fresh, tired = (
        analyse(Question(works=[*before, flight], start=at(0, "00:00"), end=at(1, "00:00"), habits=HOME)).judged[-1]
        for before in ([], [work(day, "20:00", 13) for day in range(-5, 0)])
    )
    assert tired.effectiveness_start < fresh.effectiveness_start - 3


def test_the_criterion_decides_what_is_below() -> None:
    flight = work(0, "22:00", 8)
    shares = [
        analyse(Question(works=[flight], start=at(0, "00:00"), end=at(2, "00:00"), habits=HOME, criterion=c))
        .judged[0]
        .below
        for c in (40.0, 77.0, 95.0)
    ]
    assert shares[0] == 0 and shares[0] <= shares[1] <= shares[2] and shares[2] > 50


def test_the_end_of_the_period_is_no_alarm_clock() -> None:
    """Nobody takes a nap because the days that are looked at end at midnight."""
    found = analyse(Question(works=[], start=at(0, "00:00"), end=at(3, "00:00"), habits=HOME))
    assert [f"{one.start:%H:%M}" for one in found.sleeps] == ["23:00"] * 4


def test_a_day_without_work_has_an_empty_table_and_a_course() -> None:
    found = analyse(Question(works=[], start=at(0, "00:00"), end=at(1, "00:00"), habits=HOME))
    assert found.judged == () and found.lowest is None and found.sleeps and found.course


@pytest.mark.parametrize("length", [timedelta(0), -timedelta(days=1), LONGEST_PERIOD + timedelta(minutes=1)])
def test_a_period_that_cannot_be_is_refused(length: timedelta) -> None:
    with pytest.raises(ValueError, match="at most 62 days"):
        analyse(Question(works=[], start=at(0, "00:00"), end=at(0, "00:00") + length, habits=HOME))


def test_it_begins_a_week_before() -> None:
    assert timedelta(days=7) == LEAD_IN
