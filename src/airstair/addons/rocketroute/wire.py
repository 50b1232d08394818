"""RocketRoute's messages as types, in its own words. Strict in what is sent, tolerant in what is read.

No official text is public: the words are those of a public program that keeps plans in step through this API, and
whose comments cite the vendor's documentation ([SYNC]).
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from airstair.hub.answers import read_body

T = TypeVar("T")
VERSION = "1.18"  # X-API-Version on every call [SYNC]


class Crew(msgspec.Struct, frozen=True, kw_only=True):
    """RocketRoute's own ids; 0 is nobody [SYNC]."""

    pic_id: int = 0
    fo_id: int = 0
    tic_id: int = 0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """The body of POST /plan/edit; without `id` it makes a new plan [SYNC]."""

    adep: str
    ades: str
    rules: str  # I or V
    flight_type: str  # S, G or N
    flight_no: str
    route: str
    eobt: str  # RFC 3339
    eet: str  # HHMM
    aircraft_id: int = 0
    crew: Crew = Crew()


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A plan before RocketRoute's ids are known: who flies it by registration and work e-mail, or as a person chose.

    `None` where nobody chose: it is matched when it is sent.
    """

    plan: Plan
    registration: str
    emails: dict[str, str] = {}  # by field of `Crew`
    aircraft_id: int | None = None
    crew_ids: dict[str, int] = {}  # by field of `Crew`; chosen by a person, 0 is nobody


class Status(msgspec.Struct, frozen=True):
    """How a call went [SYNC]. HTTP 200 comes with failures too."""

    success: bool = False
    message: str | None = ""
    warnings: list[Any] | None = None


class Answer(msgspec.Struct, frozen=True):
    """The body of every answer [SYNC]."""

    status: Status
    data: Any = None


class Aircraft(msgspec.Struct, frozen=True):
    """One line of the aircraft list [SYNC]."""

    id: int
    registration: str = ""
    reference: str | None = ""


class CrewMember(msgspec.Struct, frozen=True):
    """One line of the crew list. `id` and `crew_code` [SYNC]; the others are assumed."""

    id: int
    crew_code: str | None = ""
    email: str | None = ""
    name: str | None = ""


def encode(plan: Plan | Wanted) -> bytes:
    """As bytes; equal meaning, equal bytes."""
    return msgspec.json.encode(plan)


def read_wanted(body: bytes) -> Wanted:
    """Back from the document's body."""
    return msgspec.json.decode(body, type=Wanted)


_ANSWER = msgspec.json.Decoder(Answer, strict=False)


def read_answer(body: bytes) -> Answer | None:
    """The answer; `None` for what is not RocketRoute's: HTML, half a body, another's JSON."""
    return read_body(body, _ANSWER)


def read_list(data: Any, kind: type[T]) -> list[T]:
    """The lines of a list, bare or below one property; a line that cannot be read is left out."""
    if isinstance(data, dict):
        data = next((value for value in data.values() if isinstance(value, list)), [])
    found = []
    for line in data if isinstance(data, list) else []:
        try:
            found.append(msgspec.convert(line, kind, strict=False))
        except msgspec.ValidationError:
            continue
    return found
