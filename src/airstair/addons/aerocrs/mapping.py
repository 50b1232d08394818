"""AeroCRS's schedule as dated flights, and those as flights of the record. Nothing here makes a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec

from airstair.addons.aerocrs import wire
from airstair.addons.aerocrs.settings import AerocrsSettings, by_type
from airstair.hub.choosing import Days
from airstair.hub.flows import Absorbed, AbsorbedAs, Absorbing
from airstair.kernel.errors import Invalid
from airstair.records.flights.imports.ssim.expanding import DatedLeg, dated_legs
from airstair.records.flights.imports.ssim.reading import read_ssim
from airstair.records.flights.imports.ssim.taking import Found, found_of, take

_DAY = timedelta(days=1)
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DESIGNATOR = re.compile(r"([A-Z0-9]{2}|[A-Z]{3})\s*([0-9]{1,4})([A-Z]?)")
_CLOCK = re.compile(r"([0-9]{1,2}):?([0-9]{2})(?::[0-9]{2})?")


def parms(days: Days, settings: AerocrsSettings) -> wire.Parms:
    """The request for these days. A day more at each end: AeroCRS counts local days, the window is in UTC."""
    return wire.Parms(
        fltsFROMperiod=f"{days.first - _DAY:%Y/%m/%d}",
        fltsTOperiod=f"{days.last + _DAY:%Y/%m/%d}",
        codeformat="IATA",
        companycode=settings.company_code,
        soldonline=False,
        ssim=settings.form == "ssim",
    )


def items(flight: str | list[Any] | None, days: Days) -> list[bytes]:
    """The answer's flights on these days, one item each. Raises `Invalid` for a text that is no schedule."""
    if isinstance(flight, list):
        found = [one for record in flight for one in _dated(record, days)]
    else:
        found = _of_text(flight, days) if flight and flight.strip() else []
    return [msgspec.json.encode(one) for one in found]


def read_file(content: bytes, days: Days, settings: AerocrsSettings) -> list[bytes]:
    """The flights of a handed-in SSIM file on these days. Raises `Invalid` for what is no such file."""
    return [msgspec.json.encode(one) for one in _of_text(content.decode("latin-1"), days)]


def _of_text(text: str, days: Days) -> list[Found]:
    return found_of(*dated_legs(read_ssim(text), days.first, days.last))


# ── The JSON form ───────────────────────────────────────────────────────────────────────────────────


def _dated(record: Any, days: Days) -> list[Found]:
    """One record's flights; or the reason why it has none, in place of them."""
    try:
        one = msgspec.convert(record, wire.Flight, strict=False)
        number = str(one.fltnumber).strip().upper()
        title = " ".join(f"{number} {one.fromdestination}–{one.todestination}".split())
    except msgspec.ValidationError as odd:
        return [Found(title=str(record)[:60], reason=f"AeroCRS's record cannot be read: {odd}.")]
    try:
        start, end = _day(one.fltsfromperiod), _day(one.fltstoperiod)
        std, sta = _clock(one.std), _clock(one.sta)
    except ValueError as why:
        return [Found(title=title, reason=str(why))]
    designator = _DESIGNATOR.fullmatch(number)
    if designator is None:
        return [
            Found(title=title, reason="The flight number is missing, or is none: an airline and up to four figures.")
        ]
    first, last = max(start, days.first), min(end, days.last)
    flown = [first + _DAY * n for n in range((last - first).days + 1)]
    return [
        Found(leg=_leg(one, designator, day, std, sta), local=True)
        for day in flown
        if getattr(one, f"weekday{_WEEKDAYS[day.weekday()]}")
    ]


def _leg(one: wire.Flight, designator: re.Match[str], day: date, std: time, sta: time) -> DatedLeg:
    """Its times are local still: the airports' clocks are asked when it is taken in."""
    return DatedLeg(
        airline=designator[1],
        number=designator[2].lstrip("0") or "0",
        suffix=designator[3],
        day=day,
        adep=one.fromdestination.strip().upper(),
        ades=one.todestination.strip().upper(),
        std=datetime.combine(day, std, tzinfo=UTC),
        sta=datetime.combine(day, sta, tzinfo=UTC),
        equipment=(one.accode or "").strip().upper(),
    )


def _day(written: str) -> date:
    try:
        return datetime.strptime(written.strip(), "%Y/%m/%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ValueError(f"Its period has a day that cannot be read: “{written[:20]}”.") from None


def _clock(written: str) -> time:
    found = _CLOCK.fullmatch(written.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"Its time “{written[:20]}” cannot be read.")
    return time(int(found[1]), int(found[2]))


# ── Into the record ─────────────────────────────────────────────────────────────────────────────────


def absorb_together(items: Sequence[Any], context: Absorbing) -> list[Absorbed]:
    """All flights of an import: what became of each, in order."""
    wanted = [msgspec.json.decode(item, type=Found) for item in items]
    taken = take(context.actor, wanted, context.aircraft, by_type(context.settings))
    return [Absorbed(kind=AbsorbedAs(one.kind), title=one.title, reason=one.reason) for one in taken]


def absorb(item: Any, context: Absorbing) -> Absorbed:
    """One flight."""
    return absorb_together([item], context)[0]


def item_title(item: Any) -> str:
    """What a person calls an item that could not be absorbed."""
    found = msgspec.json.decode(item, type=Found)
    return found.leg.title if found.leg is not None else found.title


def refusal(invalid: Invalid) -> str:
    """Why an answer is no schedule."""
    return " ".join(problem.sentence for problem in invalid.problems)
