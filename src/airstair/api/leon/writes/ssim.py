"""`updateSchedFlightsBySsim`: a schedule as an SSIM file, written as a list of flights is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from ariadne import ObjectType

from airstair.api.leon.asking import Info
from airstair.api.leon.limits import OutOfBounds, interval
from airstair.api.leon.writes.sched import MOST, refuse, version_named, write_version
from airstair.api.leon.writes.trips import may_plan
from airstair.kernel.errors import Invalid, Problem
from airstair.records.flights.imports.ssim.expanding import DatedLeg, dated_legs
from airstair.records.flights.imports.ssim.reading import read_ssim
from airstair.records.flights.imports.ssim.records import Leg, Note, SsimFile

LONGEST = timedelta(days=366)
# Service types of the manual, in the words for kinds of trip.
_KINDS = dict.fromkeys("FVHM", "cargo") | dict.fromkeys("PT", "aircraft_repositioning")

schedule = ObjectType("ScheduleMutation")


@schedule.field("updateSchedFlightsBySsim")
def _update(
    _: object, info: Info, versionName: str, ssim: str, timeInterval: dict[str, datetime] | None = None
) -> dict[str, Any]:
    asking = info.context
    may_plan(asking)
    version = version_named(versionName)
    start = timeInterval["start"] if timeInterval else asking.now()
    end = timeInterval["end"] if timeInterval else start + LONGEST
    interval(start, end, LONGEST, "timeInterval: it is longer than a year. Send the file once for each year.")
    legs = _flights(_file(ssim), start.date(), end.date())
    places = [f"ssim.{one.title}" for one in legs]
    return write_version(asking, version, [_sent(one) for one in legs], places, remove=False)


def _file(text: str) -> SsimFile:
    """Raises `Invalid`: for no such file, and for lines that cannot be read."""
    try:
        file = read_ssim(text)
    except Invalid as wrong:
        raise Invalid(Problem("ssim", one.sentence) for one in wrong.problems) from None
    refuse(_problems(file.notes))
    return file


def _problems(notes: Iterable[Note]) -> list[Problem]:
    return [Problem(f"ssim.line {one.line}" if one.line else f"ssim.{one.title}", one.reason) for one in notes]


def _flights(file: SsimFile, first: date, last: date) -> list[DatedLeg]:
    """Raises `OutOfBounds`, before they are all made, for more than are taken at once."""
    legs = [leg for block in file.blocks for leg in block.legs]
    least = sum(_at_least(leg, first, last) for leg in legs)
    if len(legs) <= MOST and least <= MOST:
        found, notes = dated_legs(file, first, last)
        refuse(_problems(notes))
        if len(found) <= MOST:
            return found
        least = len(found)
    raise OutOfBounds(
        f"ssim: it has {len(legs)} legs and, in the interval, {least} flights or more; {MOST} of each is the most."
        " Send it in parts, or for a shorter timeInterval."
    )


def _at_least(leg: Leg, first: date, last: date) -> int:
    """On so many days, or more, it flies in the whole weeks between these."""
    days = (min(leg.period_to or last, last) - max(leg.period_from, first)).days - 1  # the clocks may take one off each
    weeks = max(0, days) // 7
    return (weeks // 2 if leg.fortnightly == "2" else weeks) * len(leg.weekdays)


def _sent(leg: DatedLeg) -> dict[str, Any]:
    """As `createSchedFlightList` would be sent it."""
    kind = {"tripType": _KINDS[leg.service]} if leg.service in _KINDS else {}
    return {
        "flightNumber": leg.designator, "adep": leg.adep, "ades": leg.ades, "std": leg.std, "sta": leg.sta,
        "aircraftTypeIata": leg.equipment, **kind,
    }  # fmt: skip


BINDABLES = [schedule]
