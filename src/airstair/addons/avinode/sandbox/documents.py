"""Reads the body of an uploaded schedule, generously, and says what the real marketplace would refuse in it.

Nothing is stored here and no airport is looked up: airports that do not exist are not a reason to refuse
(Avinode: Schedule upload, "Invalid airport codes handling"), so the marketplace replaces them later.

The complete list of checks of the real service is not public: each rule below says how it is known. Accepted beyond
what is documented: seconds and offsets in times, numbers where ids are text, numbers written as text, airports as
bare codes, a bare registration as `lift`, null for absent, and properties nobody has heard of.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import msgspec

MISSING = "ERR_INPUT_MISSING"
INVALID = "ERR_INPUT_GENERIC_INVALID"

LONGEST_TYPE = 20  # documented: Schedule upload, "Activity types"
# Assumed: lengths other than the activity type's are not public.
LONGEST = {
    "activityId": 64,
    "externalTripId": 64,
    "tripId": 64,
    "flightNumber": 20,
    "note": 1000,
    "marketingMessage": 1000,
    "flightRegulations": 32,
    "flightRegulationsDescription": 1000,
}
REQUIRED_TIMES = ("startDateTime", "endDateTime")
MARKETING_TIMES = ("marketingStartDateTime", "marketingEndDateTime")
# Documented: Schedule upload, "Empty leg marketing". Nothing else may carry any of them.
MARKETING = ("price", "currency", *MARKETING_TIMES, "marketingVerified", "marketingMessage")
KNOWN = frozenset(LONGEST) | {
    "activityType",
    "startAirport",
    "endAirport",
    "paxCount",
    "services",
    *REQUIRED_TIMES,
    *MARKETING,
}
YEARS = range(1970, 2200)  # assumed: years in which nobody flies charter are typing errors
_TIME = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII,
)
# How a time says of itself that it is UTC: as in the examples (documented), or with a zero offset (assumed).
_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|\+00:?00)", re.ASCII)


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of an answer's `meta.errors` (documented: Error handling guide)."""

    title: str
    code: str
    path: str | None = None


class SentTime(msgspec.Struct, frozen=True):
    """A time as read: the instant, and whether it says of itself that it is UTC."""

    at: datetime
    is_utc: bool


class SentActivity(msgspec.Struct, frozen=True):
    """One activity as sent, read but with airports untouched."""

    texts: dict[str, str]
    activity_type: str
    start: SentTime
    end: SentTime
    start_airport: Any
    end_airport: Any
    pax_count: int | None
    price: float | None
    currency: str
    marketing_start: SentTime | None
    marketing_end: SentTime | None
    marketing_verified: bool | None
    services: list[dict[str, Any]]
    marketing: list[str]
    """Which properties of `MARKETING` it has, whatever stands in them."""
    unknown_properties: list[str]


class Document(msgspec.Struct, frozen=True):
    """An upload that could be read as JSON.

    `activities`: those whose start and end could be read; all there are, and as they were meant, only when `errors` is
    empty. `not_utc`: of each activity that has times that are not in UTC, its id and their names.
    """

    tail: str | None
    activities: list[SentActivity]
    not_utc: list[tuple[str, list[str]]]
    deltas: bool
    errors: list[Message]
    status: int
    """What the errors amount to: 400 where something is missing or malformed, else 422; 200 without errors."""


class Unreadable(ValueError):
    """A body that is not a JSON object; `message` is what the service answers with 400."""

    def __init__(self, message: Message) -> None:
        super().__init__(message.title)
        self.message = message


def read_time(value: object) -> SentTime | None:
    """A time such as 2027-05-11T06:00Z, also with seconds, fraction or offset; without any zone it is taken as UTC."""
    written = value.strip() if isinstance(value, str) else ""
    found = _TIME.fullmatch(written)
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    if int(year) not in YEARS:
        return None
    try:
        offset = _offset(zone)
        micro = int((fraction or "0").ljust(6, "0")[:6])
        local = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro, timezone(offset)
        )
        return SentTime(local.astimezone(UTC), _is_utc(value))
    except ValueError:
        return None


def _is_utc(value: object) -> bool:
    return isinstance(value, str) and _UTC.fullmatch(value) is not None


def _offset(zone: str | None) -> timedelta:
    if zone is None or zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "").ljust(4, "0")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if zone[0] == "-" else offset


def tail_in(body: bytes) -> str | None:
    """The registration a body names, or None; for bodies of any kind, valid or not."""
    try:
        sent = msgspec.json.decode(body, type=_TailOnly)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return _tail(sent.lift)


class _TailOnly(msgspec.Struct):
    lift: Any = None


def _tail(lift: object) -> str | None:
    named = lift.get("aircraftTail") if isinstance(lift, dict) else lift
    return named.strip().upper() if isinstance(named, str) and named.strip() else None


def read_document(body: bytes) -> Document:
    """Read an upload. Raises `Unreadable` when the body is empty, not JSON, or not an object."""
    if not body.strip():
        raise Unreadable(Message("The request body is required", MISSING))
    try:
        sent = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Documented: Error handling guide, "HTTP 400": unable to process the request due to invalid syntax.
        raise Unreadable(Message("The request body is not valid JSON", INVALID)) from None
    if not isinstance(sent, dict):
        raise Unreadable(Message("The request body must be a JSON object", INVALID))
    reader = _Reader()
    tail = reader.tail(sent.get("lift"))
    deltas = reader.flag(sent.get("deltas"), "deltas") or False
    activities = sent.get("activities")
    if activities is not None and not isinstance(activities, list):
        reader.refuse("activities must be a list", INVALID, "activities")
        activities = []
    read = [reader.activity(item, f"activities[{index}]") for index, item in enumerate(activities or [])]
    kept = [activity for activity in read if activity is not None]
    return Document(tail, kept, reader.not_utc, deltas, reader.errors or reader.order_errors, reader.status())


class _Reader:
    """Reads one document and gathers everything wrong with it, so that one answer names it all."""

    def __init__(self) -> None:
        self.errors: list[Message] = []
        self.order_errors: list[Message] = []
        self.not_utc: list[tuple[str, list[str]]] = []

    def status(self) -> int:
        if self.errors:
            return 400
        return 422 if self.order_errors else 200

    def refuse(self, title: str, code: str, path: str) -> None:
        self.errors.append(Message(title, code, path))

    def tail(self, lift: object) -> str | None:
        named = lift.get("aircraftTail") if isinstance(lift, dict) else lift
        if named is None or (isinstance(named, str) and not named.strip()):
            self.refuse("lift.aircraftTail is required", MISSING, "lift.aircraftTail")
            return None
        if not isinstance(named, str):
            self.refuse("lift.aircraftTail must be text", INVALID, "lift.aircraftTail")
            return None
        if len(named.strip()) > 16 or re.search(r"[^0-9A-Za-z \-]", named.strip()):
            self.refuse("lift.aircraftTail is not a registration", INVALID, "lift.aircraftTail")
            return None
        return named.strip().upper()

    def activity(self, item: object, path: str) -> SentActivity | None:
        if not isinstance(item, dict):
            self.refuse("An activity must be an object", INVALID, path)
            return None
        self._look_at_zones(item)
        kind = self._type(item.get("activityType"), f"{path}.activityType")
        start = self._required_time(item, "startDateTime", path)
        end = self._required_time(item, "endDateTime", path)
        marketing_start = self._optional_time(item, "marketingStartDateTime", path)
        marketing_end = self._optional_time(item, "marketingEndDateTime", path)
        texts = {name: self._text(item.get(name), name, path) for name in LONGEST}
        pax = self._count(item.get("paxCount"), f"{path}.paxCount")
        price = self._amount(item.get("price"), f"{path}.price")
        currency = self._currency(item.get("currency"), f"{path}.currency")
        verified = self.flag(item.get("marketingVerified"), f"{path}.marketingVerified")
        services = self._services(item.get("services"), f"{path}.services")
        if start is None or end is None:
            return None
        self._in_order(start, end, f"{path}.endDateTime")
        self._in_order(marketing_start, marketing_end, f"{path}.marketingEndDateTime")
        return SentActivity(
            texts=texts,
            activity_type=kind,
            start=start,
            end=end,
            start_airport=item.get("startAirport"),
            end_airport=item.get("endAirport"),
            pax_count=pax,
            price=price,
            currency=currency,
            marketing_start=marketing_start,
            marketing_end=marketing_end,
            marketing_verified=verified,
            services=services,
            marketing=[name for name in MARKETING if name in item],
            unknown_properties=sorted(str(name) for name in item if name not in KNOWN),
        )

    def _type(self, value: object, path: str) -> str:
        if value is None or (isinstance(value, str) and not value.strip()):
            self.refuse("activityType is required", MISSING, path)
            return ""
        if not isinstance(value, str):
            self.refuse("activityType must be text", INVALID, path)
            return ""
        if len(value) > LONGEST_TYPE:
            self.refuse(f"activityType is longer than {LONGEST_TYPE} characters", INVALID, path)
        return value

    def _look_at_zones(self, item: dict[str, Any]) -> None:
        times = (*REQUIRED_TIMES, *(name for name in MARKETING_TIMES if name in item))
        wrong = [name for name in times if not _is_utc(item.get(name))]
        if wrong:
            self.not_utc.append((str(item.get("activityId") or "(no id)"), wrong))

    def _required_time(self, item: dict[str, Any], name: str, path: str) -> SentTime | None:
        if item.get(name) in (None, ""):
            self.refuse(f"{name} is required", MISSING, f"{path}.{name}")
            return None
        return self._optional_time(item, name, path)

    def _optional_time(self, item: dict[str, Any], name: str, path: str) -> SentTime | None:
        if item.get(name) in (None, ""):
            return None
        read = read_time(item[name])
        if read is None:
            self.refuse(f"{name} is not a time such as 2027-05-11T06:00Z", INVALID, f"{path}.{name}")
        return read

    def _in_order(self, start: SentTime | None, end: SentTime | None, path: str) -> None:
        # Assumed: 422 for well-formed values that contradict each other.
        if start is not None and end is not None and end.at < start.at:
            self.order_errors.append(Message("The end is before the start", INVALID, path))

    def _text(self, value: object, name: str, path: str) -> str:
        if value is None:
            return ""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self.refuse(f"{name} must be text", INVALID, f"{path}.{name}")
            return ""
        written = str(value)
        if len(written) > LONGEST[name]:
            self.refuse(f"{name} is longer than {LONGEST[name]} characters", INVALID, f"{path}.{name}")
        return written

    def _count(self, value: object, path: str) -> int | None:
        if value is None or value == "":
            return None
        number = _number(value)
        if number is None or number != int(number) or not 0 <= number <= 10_000:
            self.refuse("paxCount must be a whole number, 0 or more", INVALID, path)
            return None
        return int(number)

    def _amount(self, value: object, path: str) -> float | None:
        if value is None or value == "":
            return None
        number = _number(value)
        if number is None or number < 0:
            self.refuse("price must be a number, 0 or more", INVALID, path)
            return None
        return number

    def _currency(self, value: object, path: str) -> str:
        if value is None or value == "":
            return ""
        if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z]{3}", value.strip()):
            self.refuse("currency must be an ISO 4217 code", INVALID, path)
            return ""
        return value.strip().upper()

    def flag(self, value: object, path: str) -> bool | None:
        """A boolean, also written as text."""
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        if not isinstance(value, bool):
            self.refuse(f"{path.rpartition('.')[2]} must be true or false", INVALID, path)
            return None
        return value

    def _services(self, value: object, path: str) -> list[dict[str, Any]]:
        if value is None:
            return []
        if not isinstance(value, list):
            self.refuse("services must be a list", INVALID, path)
            return []
        for index, service in enumerate(value):
            if not isinstance(service, dict):
                self.refuse("A service must be an object", INVALID, f"{path}[{index}]")
        return [service for service in value if isinstance(service, dict)]


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
