"""Avinode's messages as types, in Avinode's own words: strict in what is sent, tolerant in what is read.

Sources: [PUT] is Avinode's reference page of PUT /schedules, [UPLOAD] its guide “Schedule upload”, [ERRORS] its
“Error handling guide”. Nothing here decides what is sent; that is `mapping`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from airstair.hub.answers import read_body

# Documented [UPLOAD]: an activity type is at most 20 characters. No other length is public; the ones below are
# our assumption of what is surely taken, and nothing longer is sent.
LONGEST_TYPE = 20
LONGEST_ID = 64
LONGEST_TEXT = 1000

Id = Annotated[str, Meta(max_length=LONGEST_ID)]
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
# Documented by its example [PUT]: minutes and a literal Z.
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$")]


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, gc=False):
    """Base of what is sent. A field that holds its default is left out."""


class Airport(Sent, frozen=True):
    """An airport by its ICAO code [PUT]. Avinode also takes `iata` and `faa`; one is enough."""

    icao: str


class Service(Sent, frozen=True):
    """A service arranged for one end of an activity; all six fields are demanded [UPLOAD, Scheduled services]."""

    service_provider_id: Id
    service_provider_name: Annotated[str, Meta(max_length=120)]
    airport: Airport
    service_type: Annotated[str, Meta(max_length=20)]
    service_for: Annotated[str, Meta(max_length=20)]
    data_source: Annotated[str, Meta(max_length=40)]


class Activity(Sent, frozen=True):
    """One thing that the aircraft does [PUT]. `pax_count` is always sent: 0 on ferries, empty legs, maintenance."""

    activity_id: Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
    activity_type: Annotated[str, Meta(min_length=1, max_length=LONGEST_TYPE)]
    start_airport: Airport
    end_airport: Airport
    start_date_time: Time  # block off, UTC [UPLOAD, Block time]
    end_date_time: Time  # block on, UTC
    pax_count: Annotated[int, Meta(ge=0)]
    external_trip_id: Id = ""
    trip_id: Id = ""  # the seller-lift or RFQ id that it was booked from
    flight_number: Annotated[str, Meta(max_length=20)] = ""
    note: Text = ""
    flight_regulations: Annotated[str, Meta(max_length=32)] = ""
    services: list[Service] | UnsetType = UNSET
    # The rest is marketing: on empty legs alone [UPLOAD, Empty leg marketing].
    price: Decimal | UnsetType = UNSET
    currency: Annotated[str, Meta(max_length=3)] = ""
    marketing_start_date_time: Time | UnsetType = UNSET
    marketing_end_date_time: Time | UnsetType = UNSET
    marketing_verified: bool | UnsetType = UNSET
    marketing_message: Text = ""


class Lift(Sent, frozen=True):
    """Which aircraft; only the tail is supported today [PUT]."""

    aircraft_tail: str


class PutSchedule(Sent, frozen=True):
    """The body of PUT /schedules: one aircraft's complete schedule [PUT]. `deltas` stays out: always complete."""

    lift: Lift
    activities: list[Activity]


_encoder = msgspec.json.Encoder(decimal_format="number")
encode = _encoder.encode


class AnswerMeta(msgspec.Struct, frozen=True):
    """What Avinode says about a call [ERRORS]. Items are read one by one, so that an odd one spoils no other."""

    errors: list[Any] | None = None
    warnings: list[Any] | None = None
    infos: list[Any] | None = None


class Envelope(msgspec.Struct, frozen=True):
    """What we read of every answer [ERRORS]. One without `meta` is not Avinode's: nothing is concluded from it."""

    meta: AnswerMeta


_envelopes = msgspec.json.Decoder(Envelope)


def read_envelope(body: bytes) -> Envelope | None:
    """The answer's envelope; `None` when the body is not one: HTML, half a body, another's JSON."""
    return read_body(body, _envelopes)
