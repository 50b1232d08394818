"""What people typed, as values: texts without what no database takes, UTC moments, amounts. Refuses with sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from connect.errors import Invalid

_TIME = re.compile(r"([01]?\d|2[0-3]):?([0-5]\d)Z?", re.IGNORECASE | re.ASCII)
_FIRST, _LAST = date(2000, 1, 1), date(2100, 1, 1)
_MOST = Decimal("9999999.99")


def text(given: Mapping[str, str], name: str, most: int = 200) -> str:
    """Without control characters and lone surrogates, and not longer than `most`."""
    found = str(given.get(name, "")).encode("utf-8", "ignore").decode()
    return "".join(one for one in found if one.isprintable() or one == "\n")[:most].strip()


def row_id(given: Mapping[str, str], name: str) -> int:
    """A row's id; 0 if it is none, which no row has."""
    found = text(given, name, 20)
    return int(found) if re.fullmatch(r"\d{1,18}", found, re.ASCII) else 0


def day(given: Mapping[str, str], name: str) -> date | None:
    """A day of this century; none if nothing was typed."""
    written = text(given, name, 20)
    if not written:
        return None
    try:
        found = date.fromisoformat(written)
    except ValueError:
        found = date.min
    if not _FIRST <= found <= _LAST:
        raise Invalid((name, f"“{written}” is not a day. Write it as 2031-04-07."))
    return found


def moment(given: Mapping[str, str], day_name: str, time_name: str) -> datetime:
    """A UTC time on a day."""
    found, written = day(given, day_name), text(given, time_name, 20)
    if found is None:
        raise Invalid((day_name, "Name the day, as 2031-04-07."))
    fits = _TIME.fullmatch(written)
    if fits is None:
        raise Invalid((time_name, f"“{written}” is not a time. Write it as 08:15, in UTC."))
    return datetime.combine(found, time(int(fits[1]), int(fits[2])), UTC)


def amount(given: Mapping[str, str], name: str, what: str) -> Decimal:
    """A price or a quantity, with a point or a comma; nothing typed is nought."""
    written = text(given, name, 30).replace(" ", "").replace("\u202f", "").replace(",", ".")
    try:
        found = Decimal(written or "0")
    except InvalidOperation:
        found = Decimal(-1)
    if not found.is_finite() or not 0 <= found <= _MOST:
        raise Invalid((name, f"{what}: “{written}” is not an amount. Write it as 120.50."))
    return found.quantize(Decimal("0.01"))


def count(given: Mapping[str, str], name: str) -> int | None:
    """People on board; none if nothing was typed."""
    written = text(given, name, 20)
    if written and not re.fullmatch(r"\d{1,3}", written, re.ASCII):
        raise Invalid((name, f"“{written}” is not a number of people. Write it as 4, or leave it empty."))
    return int(written) if written else None
