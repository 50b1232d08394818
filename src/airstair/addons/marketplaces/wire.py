"""The common feed as types. Strict out, tolerant in.

No marketplace publishes its interface. The shape is our own, of what comparable public interfaces have in common
(assumed); where a real account differs, this file and `client` change.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from airstair.hub.answers import read_body

LONGEST_NOTE = 1000

# Times are UTC to the minute, with a literal Z.
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$")]
Moment = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]


class Kind(StrEnum):
    """What a record is about."""

    FLIGHT = "FLIGHT"
    EMPTY_LEG = "EMPTY_LEG"
    RESERVATION = "RESERVATION"
    MAINTENANCE = "MAINTENANCE"
    AVAILABILITY = "AVAILABILITY"
    OPPORTUNITY = "OPPORTUNITY"


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Base of what is sent. A field that holds its default is left out."""


class Airport(Sent, frozen=True, kw_only=True):
    """An airport by its ICAO code, with the IATA code where it has one."""

    icao: str
    iata: str = ""


class Price(Sent, frozen=True, kw_only=True):
    """Never an amount without its currency."""

    amount: Decimal
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class Record(Sent, frozen=True, kw_only=True):
    """One thing that the aircraft does or can do.

    An availability begins at `from` and must end at `to`, where the aircraft is needed next; without `to`, anywhere.
    `flexible_from` and `flexible_to`: an empty leg may depart at any time between.
    """

    id: str  # ours, and the same for as long as the thing exists, whatever is edited
    kind: Kind
    from_: Airport = msgspec.field(name="from")
    to: Airport | UnsetType = UNSET
    start_utc: Time
    end_utc: Time
    pax_count: int | UnsetType = UNSET
    flexible_from: Time | UnsetType = UNSET
    flexible_to: Time | UnsetType = UNSET
    price: Price | UnsetType = UNSET
    verified: bool = False  # a person has marked this very empty leg as sellable
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""  # the offer's own words for brokers


class Aircraft(Sent, frozen=True, kw_only=True):
    """Which aircraft the records are of."""

    registration: str
    type_icao: str = ""
    type_name: str = ""
    seats: int = 0
    home_base: Airport | UnsetType = UNSET


class Contact(Sent, frozen=True, kw_only=True):
    """Whom brokers ask: the operator's desk, as the settings have it."""

    name: str = ""
    email: str = ""
    phone: str = ""


class Feed(Sent, frozen=True, kw_only=True):
    """All that the marketplace shows of one aircraft. It replaces what was there: what is not in it is gone."""

    aircraft: Aircraft
    contact: Contact | UnsetType = UNSET
    records: list[Record]


class Feeds(Sent, frozen=True, kw_only=True):
    """All feeds at once, for a marketplace that fetches. Equal content, equal version."""

    version: str
    feeds: list[Feed]


class Changes(Sent, frozen=True, kw_only=True):
    """The feeds that may be other than at a time that was named, each whole, for a marketplace that fetches.

    An aircraft that is not in `aircraft` is shown no more. `version` is that of all feeds.
    """

    version: str
    complete_until: Moment  # what was changed before is in it: from when to ask next
    aircraft: list[str]  # the registrations of all that is shown, changed or not
    feeds: list[Feed]


_encoder = msgspec.json.Encoder(decimal_format="string")
encode = _encoder.encode


class Remark(msgspec.Struct, frozen=True):
    """What the marketplace says about one record, or about the whole."""

    text: str = ""
    code: str = ""
    record: str = ""
    field: str = ""


class Said(msgspec.Struct, frozen=True):
    """The body of every answer. One without `status` is not the marketplace's own."""

    status: str
    remarks: tuple[Remark, ...] = ()


_said = msgspec.json.Decoder(Said)


def read_said(body: bytes) -> Said | None:
    """The answer; `None` for what is not one: HTML, half a body, another's JSON."""
    return read_body(body, _said)
