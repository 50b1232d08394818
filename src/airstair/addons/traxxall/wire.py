"""TRAXXALL's messages as types: strict in what is sent, tolerant in what is read.

TRAXXALL publishes no description of its interface. Known from another scheduling system's add-on are the two
credentials, that changes of planned flights and of the journey log are sent with hours and cycles, and that serial
numbers must match. Everything else here (addresses, names, shapes) is our assumption, kept in this file and in
`client`, so that the first real account changes two files.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from airstair.hub.answers import read_body

PLANNED, ACTUAL, CANCELLED = "PLANNED", "ACTUAL", "CANCELLED"

Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$")]
Count = Annotated[int, Meta(ge=0)]
Hours = Decimal  # airframe's and engines' with one decimal, as technical logs have them; the APU's as it was read


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what is sent. Every field goes out: null is “not known”."""


class Flight(Sent, frozen=True):
    """One flight: as planned, and with the journey log's times as far as they are known."""

    serial_number: str  # the aircraft's
    registration: str
    flight_number: str
    from_: Annotated[str, Meta(max_length=4)] = msgspec.field(name="from")
    to: Annotated[str, Meta(max_length=4)]
    planned_off: Time
    planned_on: Time
    block_off: Time | None
    take_off: Time | None
    landing: Time | None
    block_on: Time | None
    flight_hours: Hours | None  # take-off to landing
    landings: Count | None
    status: str


class Cancellation(Sent, frozen=True):
    """All that has to be said of a flight that will not be flown."""

    status: str = CANCELLED


class Airframe(Sent, frozen=True):
    """Time and cycles since new."""

    hours: Hours
    cycles: Count


class Engine(Sent, frozen=True):
    """An engine on the wing, by its serial number; position 1 is the leftmost."""

    position: int
    serial_number: str
    hours: Hours
    cycles: Count


class Apu(Sent, frozen=True):
    """The APU's own counter, as it was read last."""

    hours: Hours


class Totals(Sent, frozen=True):
    """What an aircraft and its engines have flown, all told."""

    serial_number: str
    registration: str
    as_of: Time
    airframe: Airframe
    engines: list[Engine]
    apu: Apu | None


encode = msgspec.json.Encoder(order="deterministic", decimal_format="number").encode


def decode_totals(body: bytes) -> Totals:
    return msgspec.json.decode(body, type=Totals)


def serial_in(body: bytes) -> str:
    """The aircraft's serial number in a document of ours; empty where it is not said."""
    found = msgspec.json.decode(body)
    return str(found.get("serialNumber", ""))


def external_id(flight_id: int) -> str:
    """What a flight is called there: made of our id, the same whatever is edited."""
    return f"airstair-{flight_id}"


# -- what is read -------------------------------------------------------------------------------------------------


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an answer complains about."""

    text: str
    code: str = ""
    field: str = ""


_ANYTHING = msgspec.json.Decoder()


def read_json(body: bytes) -> Any:
    """Whatever JSON it is; `None` for what is none."""
    return read_body(body, _ANYTHING)


def read_words(found: Any) -> list[Said]:
    """What an answer complains about: `{"errors": [{"code", "message", "field"}]}`, or one `message`."""
    if not isinstance(found, Mapping):
        return []
    errors = found.get("errors")
    listed = [one for one in errors if isinstance(one, Mapping)] if isinstance(errors, list) else []
    said = [_said(one) for one in listed or [found]]
    return [one for one in said if one.text]


def _said(one: Mapping[str, Any]) -> Said:
    text, code, field = (
        value if isinstance(value := one.get(name), str) else "" for name in ("message", "code", "field")
    )
    return Said(text=text or code, code=code, field=field)
