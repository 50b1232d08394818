"""Actual times as the books of a flight hold them: tidied, in a possible order, with who said each. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from airstair.kernel.actor import Actor
from airstair.kernel.errors import Problems
from airstair.records import checks
from airstair.records.flights.commands.inputs import TimesInput, given
from airstair.records.flights.models import BlockTimes
from airstair.records.flights.rules import (
    TIME_NAMES,
    TIMES_IN_ORDER,
    Book,
    times_off_schedule,
    times_out_of_order,
)


def tidy_times(problems: Problems, wanted: TimesInput) -> dict[str, datetime | None]:
    """The times that were given, in UTC, to the minute."""
    return {
        name: None if value is None else checks.moment(problems, TIME_NAMES[name], value)
        for name, value in given(wanted).items()
        if name in TIME_NAMES
    }


def refuse_impossible(
    problems: Problems, times: Mapping[str, datetime | None], scheduled: tuple[datetime, datetime]
) -> None:
    """Note the first pair of times in an impossible order, and the first that is too far from STD and STA."""
    pair = times_out_of_order(dict(times))
    if pair is not None:
        earlier, later = pair
        problems.add(later, f"{later} is before {earlier}. Correct one of the two.")
    far = times_off_schedule(*scheduled, dict(times))
    if far is not None:
        std = f"{scheduled[0]:%d %b %Y %H%M}Z"
        problems.add(far, f"{far} is more than a day from the schedule (STD {std}). Correct it, or re-time the flight.")


def refuse_leaving_times_behind(
    problems: Problems, actor: Actor, flight_id: int, scheduled: tuple[datetime, datetime]
) -> None:
    """Note when the flight's new times would be too far from the actual ones that it has in either book."""
    for page in BlockTimes.objects.filter(operator_id=actor.operator_id, flight_id=flight_id):
        far = times_off_schedule(*scheduled, times_of(page))
        if far is not None:
            book = Book(page.book).value.replace("_", " ")
            problems.add("std", f"The {book} has a {far} more than a day away. Correct or clear that first.")
            return


def times_of(row: BlockTimes | None) -> dict[str, datetime | None]:
    return {name: getattr(row, name) if row else None for name in TIMES_IN_ORDER}


def new_sources(
    row: BlockTimes | None, after: Mapping[str, datetime | None], changed: list[str], source: str
) -> dict[str, str]:
    """Who said each known time, after `source` said the changed ones."""
    known = dict(row.sources) if row else {}
    known |= dict.fromkeys(changed, source[:200])
    return {name: known[name] for name in TIMES_IN_ORDER if after[name] is not None and name in known}
