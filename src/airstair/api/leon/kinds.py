"""What the record's kinds of flight are called here, and which kinds of the record a word means. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import NamedTuple

from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import FlightType, SalesType, Status

_COMMERCIAL = frozenset({FlightType.COMMERCIAL, FlightType.AMBULANCE, FlightType.CARGO})
_OF_TYPE = {
    FlightType.FERRY: "AIRCRAFT_REPOSITIONING",
    FlightType.TRAINING: "TRAINING",
    FlightType.TEST: "TECHNICAL",
    FlightType.AMBULANCE: "AMBULANCE",
    FlightType.CARGO: "CARGO",
    FlightType.PRIVATE: "OWNER_FLIGHT",
}
_OF_SALES = {
    SalesType.OWNER: "OWNER_CHARTER",
    SalesType.CARGO: "CARGO",
    SalesType.MEDICAL: "AMBULANCE",
    SalesType.FERRY: "AIRCRAFT_REPOSITIONING",
    SalesType.OTHER: "OTHER",
}


class Kind(NamedTuple):
    """What the record keeps of a flight's kind."""

    flight_type: str
    sales_type: str
    ferry: bool


KINDS = tuple(Kind(*one) for one in product(FlightType, SalesType, (False, True)))


def kind_of(flight: FlightFacts) -> Kind:
    return Kind(flight.flight_type, flight.sales_type, flight.ferry)


def flight_type(kind: Kind) -> str:
    """One of the SDL's `FlightType`."""
    if kind.ferry:
        return "AIRCRAFT_REPOSITIONING"
    return _OF_TYPE.get(FlightType(kind.flight_type)) or _OF_SALES.get(SalesType(kind.sales_type), "PAX")


def icao_type(kind: Kind) -> str:
    """Non-scheduled air service where somebody pays, else general aviation."""
    return "N" if is_commercial(kind) else "G"


def is_commercial(kind: Kind) -> bool:
    return kind.flight_type in _COMMERCIAL


def kinds_called(flight_types: Iterable[str] | None, icao_types: Iterable[str] | None) -> frozenset[Kind] | None:
    """The record's kinds that have one of the names; `None` when all do. Nothing and an empty list do not narrow."""
    types, icao = set(flight_types or ()), set(icao_types or ())
    if not types and not icao:
        return None
    return frozenset(
        one for one in KINDS if (not types or flight_type(one) in types) and (not icao or icao_type(one) in icao)
    )


def status(of_record: Status) -> str:
    """A cancelled flight is called confirmed: `isCnl` says that it is not flown."""
    return "CONFIRMED" if of_record is Status.CANCELLED else of_record.value


def statuses_called(words: Iterable[str] | None) -> frozenset[Status] | None:
    """The record's statuses that have one of the names; `None` when all do."""
    wanted = set(words or ())
    return frozenset(one for one in Status if status(one) in wanted) if wanted else None
