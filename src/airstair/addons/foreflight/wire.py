"""ForeFlight's messages as types, in its own words: strict in what is sent, tolerant in what is read.

Sources: [NOTES] is ForeFlight's page of release notes of the Dispatch API, [CLIENTS] the public code of others who call
it. The counts in `Load` besides `people` are in neither: they are our assumption. Nothing here decides what is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from airstair.hub.answers import read_body

LONGEST_CALLSIGN = 7  # [CLIENTS]
LONGEST_TRIP_ID = 64  # [NOTES]

# [CLIENTS]: ISO 8601 with a literal Z.
Time = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]
Airport = Annotated[str, Meta(min_length=3, max_length=4)]
Count = Annotated[int, Meta(ge=0)]


class Sent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of what is sent. Every field goes out, the empty ones too: an update leaves alone what is absent."""


class Load(Sent, frozen=True):
    """Who is on board [CLIENTS: `people`]; the counts by category are assumed."""

    people: Count
    male: Count
    female: Count
    child: Count
    infant: Count


class CrewMember(Sent, frozen=True):
    """One crew member [CLIENTS]: `crew_id` is a crew code or the e-mail that is the ForeFlight user's name."""

    position: str
    crew_id: str


class Flight(Sent, frozen=True):
    """A flight as it is created and updated [CLIENTS]; trip id and tags [NOTES]."""

    departure: Airport
    destination: Airport
    scheduled_time_of_departure: Time
    scheduled_time_of_arrival: Time
    aircraft_registration: str
    callsign: Annotated[str, Meta(max_length=LONGEST_CALLSIGN)]
    load: Load
    crew: list[CrewMember]
    trip_id: Annotated[str, Meta(max_length=LONGEST_TRIP_ID)]
    tags: list[str]


class FlightRequest(Sent, frozen=True):
    """The body of a create and of an update [CLIENTS].

    `emails` is ours and does not go out: the work e-mails of crew codes that ForeFlight may not know.
    """

    flight: Flight
    emails: dict[str, str] = {}


_encode = msgspec.json.Encoder(order="deterministic").encode


def encode(request: FlightRequest) -> bytes:
    """With the e-mails: what a document is made of."""
    return _encode(request)


def decode(body: bytes) -> FlightRequest:
    return msgspec.json.decode(body, type=FlightRequest)


def encode_to_send(request: FlightRequest) -> bytes:
    """What goes on the wire."""
    return _encode({"flight": request.flight})


def flight_tag(flight_id: int) -> str:
    """The tag that finds a flight again whose answer was lost: made of our id, the same whatever is edited."""
    return f"airstair-{flight_id}"


# -- what is read -------------------------------------------------------------------------------------------------


class CrewRecord(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the people ForeFlight knows [CLIENTS]."""

    username: str = ""
    crew_code: str = ""


_ANYTHING = msgspec.json.Decoder()


def read_json(body: bytes) -> Any:
    """Whatever JSON it is; `None` for what is none."""
    return read_body(body, _ANYTHING)


def read_crew(found: Any) -> list[CrewRecord]:
    """The crew list; entries that are none are passed over."""
    listed = found.get("crew") if isinstance(found, Mapping) else found
    return [CrewRecord(username=_text(one, "username"), crew_code=_text(one, "crewCode")) for one in _objects(listed)]


def read_flight_ids(found: Any, tag: str) -> list[str]:
    """The ids of the listed flights that carry the tag, the first made first."""
    listed = found.get("flights") if isinstance(found, Mapping) else found
    tagged = [one for one in _objects(listed) if isinstance(one.get("tags"), list) and tag in one["tags"]]
    return [id_ for one in tagged if (id_ := _text(one, "flightId"))]


def read_flight_id(found: Any) -> str:
    return _text(found, "flightId") if isinstance(found, Mapping) else ""


def read_words(found: Any) -> list[tuple[str, str]]:
    """What an answer complains about, as (field, words): `message`, `error` or `title`, and `errors` by field."""
    if not isinstance(found, Mapping):
        return []
    errors = found.get("errors")
    said = []
    if isinstance(errors, Mapping):
        for field, words in errors.items():
            said += [(str(field), str(each)) for each in (words if isinstance(words, list) else [words])]
    if said:
        return said
    text = next((one for name in ("message", "error", "detail", "title") if (one := _text(found, name))), "")
    return [("", text)] if text else []


def _objects(listed: Any) -> list[Mapping[str, Any]]:
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
