"""The two quick ways to write a time, against the slow ones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.kernel.utc import minutes_z, parse_utc, spoken_z

_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_FIRST, _LAST = datetime.fromisoformat("1900-01-01"), datetime.fromisoformat("2200-12-31")
_times = st.datetimes(_FIRST, _LAST, timezones=_zones | st.just(UTC))


@given(_times)
def test_they_say_what_the_calendar_says(when: datetime) -> None:
    assert minutes_z(when) == when.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    assert spoken_z(when) == when.astimezone(UTC).strftime("%d %b %H:%MZ")
    assert parse_utc(minutes_z(when)) == when.astimezone(UTC).replace(second=0, microsecond=0)


@pytest.mark.parametrize(
    ("when", "written", "spoken"),
    [
        (datetime(2027, 5, 11, 6, tzinfo=UTC), "2027-05-11T06:00Z", "11 May 06:00Z"),
        (datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), "2028-02-29T23:59Z", "29 Feb 23:59Z"),
        (datetime(2027, 1, 1, 1, tzinfo=timezone(timedelta(hours=2))), "2026-12-31T23:00Z", "31 Dec 23:00Z"),
    ],
)
def test_as_examples(when: datetime, written: str, spoken: str) -> None:
    assert (minutes_z(when), spoken_z(when)) == (written, spoken)
