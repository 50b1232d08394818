"""Flights as callers send them, as the commands take them: kinds, codes, notes. Nothing is written here."""

from __future__ import annotations

from typing import Any

from ariadne import ScalarType

from airstair.api.leon.asking import Asking
from airstair.api.leon.errors import Refused
from airstair.api.leon.kinds import Kind, kind_of
from airstair.api.leon.lines import SALES, SALESFORCE
from airstair.api.leon.writes.grasp import aircraft, lines_kept, no_such, with_line
from airstair.records.flights.commands import FlightEdit, FlightInput
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import FlightType, SalesType

UNKNOWN = "???"  # a flight number that is not known yet

_PLAIN = Kind(FlightType.COMMERCIAL, SalesType.PAX, False)
_REPOSITIONING = Kind(FlightType.FERRY, SalesType.FERRY, True)
_KINDS = {
    "pax": _PLAIN,
    "regular_pax_transport": _PLAIN,
    "mission": _PLAIN,
    "frequent_flyer": _PLAIN,
    "state": _PLAIN,
    "head": _PLAIN,
    "cargo": Kind(FlightType.CARGO, SalesType.CARGO, False),
    "ambulance": Kind(FlightType.AMBULANCE, SalesType.MEDICAL, False),
    "owner_flight": Kind(FlightType.PRIVATE, SalesType.OWNER, False),
    "owner_charter": Kind(FlightType.COMMERCIAL, SalesType.OWNER, False),
    "training": Kind(FlightType.TRAINING, SalesType.OTHER, False),
    "technical": Kind(FlightType.TEST, SalesType.OTHER, False),
    "other": Kind(FlightType.COMMERCIAL, SalesType.OTHER, False),
    "aircraft_repositioning": _REPOSITIONING,
}
_TEXTS = {
    "adepCode": "adep", "adesCode": "ades", "altAirport": "altn", "altAirport2": "altn2", "startTimeUTC": "std",
    "endTimeUTC": "sta", "paxNumber": "pax_count",
}  # fmt: skip


def trip_type(value: Any) -> str:
    """A trip's type in small letters. Raises `ValueError` for a word that there is not."""
    word = str(value).strip().lower()
    if word not in _KINDS:
        raise ValueError(f"{value!r} is no type of trip. Use one of {', '.join(_KINDS)}.")
    return word


def kind_wanted(kind: Kind, *, empty: bool | None, icao: str | None, commercial: bool | None) -> Kind:
    """The kind, narrowed by what else was said. “General aviation” is not flown for money."""
    pays = commercial if commercial is not None else {"G": False, "N": True, "S": True}.get(icao or "")
    flight_type = kind.flight_type
    if pays is False and flight_type == FlightType.COMMERCIAL:
        flight_type = FlightType.PRIVATE
    elif pays is True and flight_type == FlightType.PRIVATE:
        flight_type = FlightType.COMMERCIAL
    return Kind(flight_type, kind.sales_type, kind.ferry if empty is None else empty)


def kind_called(word: str | None) -> Kind:
    return _KINDS[word or "pax"]


def new_flight(asking: Asking, sent: dict[str, Any], kind: Kind, commercial: bool | None) -> FlightInput:
    """A flight as `createTrip` and `flightCreate` send it."""
    _looked_at(sent)
    if (sent.get("aircraftNid") is None) == (sent.get("virtualAircraftNid") is None):
        raise Refused("Required aircraftNid or virtualAircraftNid, only one field")
    no_such("virtual aircraft", sent.get("virtualAircraftNid"))
    # “aircraft_repositioning” is a trip's type; a leg of it that carries somebody says so.
    empty = sent.get("isEmptyLeg") if not kind.ferry or sent.get("paxNumber") else True
    wanted = kind_wanted(kind, empty=bool(empty), icao=sent.get("icaoType"), commercial=commercial)
    values = _plain(asking, sent)
    values.setdefault("number", "")
    return FlightInput(**{**values, **wanted._asdict(), "notes": _notes("", sent)})


def flight_edit(asking: Asking, facts: FlightFacts, sent: dict[str, Any]) -> FlightEdit:
    """What `flightListUpdate` sends about a flight."""
    _looked_at(sent)
    no_such("virtual aircraft", sent.get("virtualAircraftNid"))
    if sent.get("unsetAircraft"):
        raise Refused("A flight cannot be without an aircraft. Send the aircraftNid that is to fly it.")
    values = _plain(asking, sent)
    now = kind_of(facts)
    wanted = kind_wanted(now, empty=sent.get("isEmptyLeg"), icao=sent.get("icaoType"), commercial=None)
    values |= {name: new for name, new in wanted._asdict().items() if new != getattr(now, name)}
    if (notes := _notes(facts.notes, sent)) != facts.notes:
        values["notes"] = notes
    return FlightEdit(**values)


def kind_edit(facts: FlightFacts, word: str | None, commercial: bool | None) -> FlightEdit:
    """What a trip's new type makes of one of its flights. An empty leg stays one."""
    now = kind_of(facts)
    base = kind_called(word) if word else now
    wanted = kind_wanted(base, empty=now.ferry or base.ferry, icao=None, commercial=commercial)
    return FlightEdit(**{name: new for name, new in wanted._asdict().items() if new != getattr(now, name)})


def _plain(asking: Asking, sent: dict[str, Any]) -> dict[str, Any]:
    values = {name: sent[word] for word, name in _TEXTS.items() if sent.get(word) is not None}
    if sent.get("aircraftNid") is not None:
        values["aircraft_id"] = aircraft(asking, sent["aircraftNid"]).id
    number = next((one for word in ("flightNo", "arcid") if (one := sent.get(word)) and one != UNKNOWN), None)
    if number is not None and (sent.get("flightNo") or sent.get("flightNid") is None):
        values["number"] = number
    return values


def _looked_at(sent: dict[str, Any]) -> None:
    """What is taken and not kept must make sense all the same."""
    if (sent.get("distance") or 0) < 0:
        raise Refused("distance: it is less than 0. Send nautical miles, or leave it out.")
    no_such("tag", sent.get("tags"))
    no_such("AOC", sent.get("aoc"))


def _notes(now: str, sent: dict[str, Any]) -> str:
    ops = sent.get("opsNotes")
    notes = now if ops is None else lines_kept(now, ops, (SALES, SALESFORCE))
    notes = with_line(notes, SALES, sent.get("salesNotes"))
    return with_line(notes, SALESFORCE, (sent.get("externalId") or {}).get("salesforceId"))


BINDABLES = [ScalarType("TripTypeWord", serializer=str, value_parser=trip_type)]
