"""A flight of ours as ForeFlight wants it, and whom its crew are there. Pure.

What goes out is what FFL-03 lists and nothing else: no notes, no names of passengers, no prices.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from airstair.addons.foreflight import wire
from airstair.addons.foreflight.settings import ForeFlightSettings
from airstair.hub.flows import Document, Part
from airstair.kernel.outcome import PartnerMessage
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import FlightType, PaxCategory, Status

# Position here to position there; all others are Other.
POSITIONS = {"CPT": "PIC", "FO": "SIC", "FA1": "CA"}
OTHER = "Other"
_IN_ORDER = ("PIC", "SIC", "CA", OTHER)
# Flight type and status are tags: a flight has no field for them that is publicly known.
DEFAULT, POSITIONING, PAX = "Default", "Positioning", "PAX"
STATUSES = {Status.CONFIRMED: "Planned", Status.CANCELLED: "Cancelled"}


def document(snapshot: FlightFacts, settings: ForeFlightSettings, now: datetime) -> Document | None:
    """The flight in ForeFlight's form; `None` for a deleted one, and for options and opportunities."""
    status = STATUSES.get(snapshot.status)
    if snapshot.deleted or status is None:
        return None
    warnings: list[PartnerMessage] = []
    tags = [flight_type(snapshot), status, wire.flight_tag(snapshot.id)]
    flight = wire.Flight(
        departure=snapshot.adep,
        destination=snapshot.ades,
        scheduled_time_of_departure=_time(snapshot.std),
        scheduled_time_of_arrival=_time(snapshot.sta),
        aircraft_registration=snapshot.registration.replace("-", ""),
        callsign=_callsign(snapshot, warnings),
        load=_load(snapshot),
        crew=_crew(snapshot.crew),
        trip_id=snapshot.trip_number[: wire.LONGEST_TRIP_ID],
        tags=tags,
    )
    codes = {member.crew_id for member in flight.crew}
    emails = {code: email for code, email in snapshot.crew_emails.items() if code in codes and email}
    body = wire.encode(wire.FlightRequest(flight=flight, emails=emails))
    return Document(body=body, parts=(_part(snapshot),), warnings=tuple(warnings))


def gone(snapshot: FlightFacts | None, settings: ForeFlightSettings, now: datetime) -> Document:
    """Takes the flight away there. A deletion has no body: which flight it is stands in its address."""
    return Document(body=b"", parts=(_part(snapshot),) if snapshot is not None else ())


def flight_type(snapshot: FlightFacts) -> str:
    """Positioning for a ferry flight, PAX with passengers, else Default."""
    if snapshot.ferry or snapshot.flight_type == FlightType.FERRY:
        return POSITIONING
    return PAX if snapshot.pax_count else DEFAULT


def matched(
    flight: wire.Flight, emails: dict[str, str], known: Iterable[wire.CrewRecord]
) -> tuple[wire.Flight, tuple[str, ...]]:
    """The flight with its crew as ForeFlight knows them, and the codes of those it does not.

    By crew code, then by work e-mail, whatever the case. Who is not known there is left out: a stranger would have the
    whole flight refused.
    """
    people = list(known)
    by_code = {one.crew_code.upper(): one.crew_code for one in people if one.crew_code}
    by_email = {one.username.lower(): one.username for one in people if one.username}
    crew, strangers = [], []
    for member in flight.crew:
        code = member.crew_id
        found = by_code.get(code.upper()) or by_email.get(emails.get(code, "").lower())
        if found:
            crew.append(msgspec.structs.replace(member, crew_id=found))
        else:
            strangers.append(code)
    return msgspec.structs.replace(flight, crew=crew), tuple(strangers)


def _part(snapshot: FlightFacts) -> Part:
    return Part(f"flight:{snapshot.id}", snapshot.title)


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _callsign(snapshot: FlightFacts, warnings: list[PartnerMessage]) -> str:
    """The flight's number. One that is too long is left out rather than cut: cut, it is another flight's."""
    written = re.sub(r"[^A-Z0-9]", "", snapshot.number.upper())
    if len(written) <= wire.LONGEST_CALLSIGN:
        return written
    text = f"{snapshot.number} is longer than {wire.LONGEST_CALLSIGN} characters: sent without a callsign."
    warnings.append(
        PartnerMessage(level="warning", text=text, code="callsign", about=f"flight:{snapshot.id}", field="number")
    )
    return ""


def _load(snapshot: FlightFacts) -> wire.Load:
    counts = {category.value: snapshot.pax_by_category.get(category.value, 0) for category in PaxCategory}
    return wire.Load(people=snapshot.pax_count, **counts)


def _crew(crew: dict[str, str]) -> list[wire.CrewMember]:
    """PIC, SIC and CA first, then the others by their position here, so that equal crews make equal bytes."""
    members = [
        (_IN_ORDER.index(there), here, wire.CrewMember(position=there, crew_id=code))
        for here, code in crew.items()
        for there in (POSITIONS.get(here, OTHER),)
    ]
    return [member for _, _, member in sorted(members, key=lambda one: one[:2])]
