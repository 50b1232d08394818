"""Legs of a period as dated flights in UTC.

Days and period count where the flight leaves its first station. UTC is local time less the variation that the line
carries, so no database of time zones is asked; the line is split where the clocks change.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from airstair.records.flights.imports.ssim.records import Leg, Note, SsimFile

_DAY = timedelta(days=1)
_REACH = timedelta(days=10)  # a later leg leaves at most nine days after the first, and the earth turns once


class DatedLeg(msgspec.Struct, frozen=True, kw_only=True):
    """One flight on one day. `day` is the local day of departure; times are aware UTC."""

    airline: str
    number: str
    suffix: str
    day: date
    adep: str  # IATA
    ades: str
    std: datetime
    sta: datetime
    equipment: str = ""  # IATA type, or a registration where the system that wrote it knows one
    service: str = ""

    @property
    def designator(self) -> str:
        """`XX401`."""
        return f"{self.airline}{self.number}{self.suffix}"

    @property
    def title(self) -> str:
        """`XX401 WAW–LTN 02 Mar 2026`."""
        return f"{self.designator} {self.adep}–{self.ades} {self.std:%d %b %Y}"


def dated_legs(file: SsimFile, first: date, last: date) -> tuple[list[DatedLeg], list[Note]]:
    """The flights that leave, in UTC, on these days (both included); and what could not be dated, with the reason."""
    found: list[DatedLeg] = []
    notes = list(file.notes)
    for block in file.blocks:
        utc = block.carrier.time_mode == "U"
        for leg in block.legs:
            if not utc and (leg.adep_offset is None or leg.ades_offset is None):
                reason = "Its times are local, and it does not say how far they are from UTC (columns 48 and 66)."
                notes.append(Note(0, leg.title, reason))
                continue
            found += (one for one in _dates(leg, first, last, utc=utc) if first <= one.std.date() <= last)
    return sorted(found, key=lambda one: (one.std, one.designator, one.adep)), notes


def _dates(leg: Leg, first: date, last: date, *, utc: bool) -> Iterator[DatedLeg]:
    day = max(leg.period_from, first - _REACH)
    end = min(leg.period_to or date.max, last + _REACH)
    while day <= end:
        weeks = (day - leg.period_from).days // 7
        if day.isoweekday() in leg.weekdays and not (leg.fortnightly == "2" and weeks % 2):
            yield _on(leg, day, utc=utc)
        day += _DAY


def _on(leg: Leg, day: date, *, utc: bool) -> DatedLeg:
    there, here = (leg.adep_offset or timedelta(0)), (leg.ades_offset or timedelta(0))
    std = _at(day, leg.std, leg.std_shift or 0) - (timedelta(0) if utc else there)
    sta = _at(day, leg.sta, leg.sta_shift or 0) - (timedelta(0) if utc else here)
    while leg.sta_shift is None and sta - std > _DAY:  # not said: the next time that the clock there shows it
        sta -= _DAY
    while sta <= std:
        sta += _DAY
    local = (std + there).date()
    return DatedLeg(
        airline=leg.airline,
        number=leg.number.lstrip("0") or "0",
        suffix=leg.suffix,
        day=local,
        adep=leg.adep,
        ades=leg.ades,
        std=std,
        sta=sta,
        equipment=leg.equipment,
        service=leg.service,
    )


def _at(day: date, minutes: int, shift: int) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC) + timedelta(days=shift, minutes=minutes)
