"""What the mutations share: getting hold of things that the token reaches, its rights, and refusals in its words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from django.db import transaction
from graphql import GraphQLResolveInfo

from airstair.api.leon.asking import Asking
from airstair.api.leon.errors import Refused
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problem
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import queries
from airstair.records.flights.commands.rows import locked_flight, locked_trip
from airstair.records.flights.facts import FlightFacts, TripFacts
from airstair.records.flights.models import Flight
from airstair.records.operators.rules import Right
from airstair.records.people.queries import companies, contacts

# What the record calls a flight's properties, in the words of the interface.
_WORDS = {
    "aircraft_id": "aircraftNid", "number": "flightNo", "adep": "adepCode", "ades": "adesCode", "altn": "altAirport",
    "altn2": "altAirport2", "std": "startTimeUTC", "sta": "endTimeUTC", "pax_count": "paxNumber", "notes": "opsNotes",
    "client": "clientNid", "pax_list": "passengerContactList",
}  # fmt: skip


def written(resolver: Callable[..., Any]) -> Callable[..., Any]:
    """A mutation: all of it is written, or nothing; what was read before it is forgotten."""

    @wraps(resolver)
    def wrapped(parent: object, info: GraphQLResolveInfo[Asking], **arguments: Any) -> Any:
        with transaction.atomic(), in_its_words():
            return resolver(info.context, **arguments)

    return wrapped


@contextmanager
def in_its_words(prefix: str = "") -> Iterator[None]:
    """Problems name fields as callers sent them: `flights.0.adepCode`."""
    try:
        yield
    except Invalid as refusal:
        raise Invalid(Problem(prefix + _said(one.field), one.sentence) for one in refusal.problems) from None


def _said(field: str) -> str:
    return ".".join(_WORDS.get(part, part) for part in field.split("."))


def actor(asking: Asking, *rights: Right) -> Actor:
    """The token with the rights that its scopes, which were looked at, amount to."""
    return asking.caller.acting(rights or (Right.SCHEDULE_EDIT,))


def held_flight(asking: Asking, nid: int, *, deleted_too: bool = False) -> FlightFacts:
    """The flight, held until the mutation ends. Raises `NotFound`, `Conflict`.

    Of one that the token does not reach nothing is told, not even that it was deleted.
    """
    row = locked_flight(actor(asking), nid, deleted_too=True)
    if not asking.sees(row.aircraft_id):
        raise NotFound("This flight")
    if row.deleted and not deleted_too:
        locked_flight(actor(asking), nid)  # says so
    return queries.flight(asking.operator_id, nid)


def held_trip(asking: Asking, nid: int) -> TripFacts:
    """The trip, held until the mutation ends. One with a flight that the token does not reach is none of its."""
    locked_trip(actor(asking), nid)
    aircraft = Flight.objects.filter(operator_id=asking.operator_id, trip_id=nid).values_list("aircraft_id", flat=True)
    if not all(asking.sees(one) for one in aircraft):
        raise NotFound("This trip")
    return queries.trip(asking.operator_id, nid)


def aircraft(asking: Asking, nid: int) -> AircraftFacts:
    """One that the token was given. Raises `NotFound`."""
    found = asking.load.fleet.get(nid)
    if found is None:
        raise NotFound(f"Aircraft {nid}")
    return found


def contact_name(asking: Asking, nid: int) -> str:
    """What the phonebook calls a company or a contact person. Raises `NotFound`. Two statements."""
    names = {one.id: one.name for one in companies(asking.operator_id)}
    names |= {one.id: one.name for one in contacts(asking.operator_id)}
    if nid not in names:
        raise NotFound(f"Contact {nid}")
    return names[nid]


def no_such(word: str, ids: object) -> None:
    """Refuse ids of what is not kept here, and so has none. Nothing and an empty list are fine."""
    some = ids if isinstance(ids, list) else [] if ids is None else [ids]
    if some:
        raise Refused(f"There is no {word} {some[0]}. Leave it out.", "RESOURCE_NOT_FOUND")


def given(arguments: dict[str, Any]) -> dict[str, Any]:
    """What was sent, without nulls: in an edit, null leaves a thing as it is."""
    return {name: value for name, value in arguments.items() if value is not None}


def with_line(notes: str, label: str, value: str | None) -> str:
    """The notes with one line of them said anew: what has no place of its own in the record stands there."""
    if value is None:
        return notes
    start = f"{label}: "
    kept = [line for line in notes.splitlines() if not line.startswith(start)]
    said = " / ".join(part.strip() for part in value.splitlines() if part.strip())
    return "\n".join([*kept, start + said] if said else kept)


def lines_kept(notes: str, new: str, labels: tuple[str, ...]) -> str:
    """New notes, in which the labelled lines of the old ones stay."""
    starts = tuple(f"{label}: " for label in labels)
    return "\n".join([*filter(None, [new]), *(one for one in notes.splitlines() if one.startswith(starts))])
