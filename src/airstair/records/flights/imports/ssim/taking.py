"""Dated flights of a reservation system as flights of the record: matched to aircraft and airports, or told why not.

A flight is known by its designator, its local day and the airport that it leaves from, whichever system or file told
of it: so the same flight from two sources is one flight. What the source says of it is written over what people
changed here; what the source does not know (passengers, crew, notes …) stays as people left it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from airstair.kernel.actor import Actor
from airstair.records.fleet.queries import fleet
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.commands.bulk import BulkResult, FlightRow, write_flights
from airstair.records.flights.commands.inputs import FlightInput
from airstair.records.flights.imports.ssim.expanding import DatedLeg
from airstair.records.flights.imports.ssim.records import Note
from airstair.records.flights.rules import FlightType
from airstair.records.places.queries import Resolver, resolver
from airstair.records.places.snapshots import AirportFacts

# What the source is the master of.
OVERWRITTEN = ("number", "adep", "ades", "std", "sta", "aircraft_id", "status")
_CHUNK = 2_000  # flights written at once
_CARGO, _POSITIONING = frozenset("FVHM"), frozenset("PT")


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One flight of a source, or the reason why it is none. `local`: its times are local, for want of better."""

    leg: DatedLeg | None = None
    local: bool = False
    title: str = ""
    reason: str = ""


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one. `kind`: new, updated, unchanged or skipped."""

    kind: str
    title: str
    reason: str = ""


def found_of(legs: Iterable[DatedLeg], notes: Iterable[Note]) -> list[Found]:
    """As they are handed on: the flights, then what could not be read."""
    bad = (Found(title=f"Line {n.line}: {n.title}" if n.line else n.title, reason=n.reason) for n in notes)
    return [*(Found(leg=leg) for leg in legs), *bad]


def take(
    actor: Actor, wanted: Sequence[Found], aircraft_ids: Collection[int], by_type: Mapping[str, str]
) -> list[Taken]:
    """Write the flights; what became of each, in order. Right: IMPORT_RUN.

    `aircraft_ids`: those that the source may fly. `by_type`: which registration flies an IATA type that several have.
    """
    matcher = _Matcher(actor.operator_id, aircraft_ids, by_type)
    rows: list[tuple[FlightRow | None, Taken]] = [matcher.row(one) for one in wanted]
    often = Counter(row.import_key for row, _ in rows if row is not None)
    seen: set[str] = set()
    writable: list[FlightRow] = []
    for at, (row, taken) in enumerate(rows):
        if row is None:
            continue
        if row.import_key in seen:
            reason = f"It comes {often[row.import_key]} times, and only the first is taken. Correct it at the source."
            rows[at] = None, Taken(kind="skipped", title=taken.title, reason=reason)
            continue
        seen.add(row.import_key)
        writable.append(row)
    done = _written(actor, writable)
    return [taken if row is None else _became(row.import_key, taken.title, done) for row, taken in rows]


def _written(actor: Actor, rows: Sequence[FlightRow]) -> dict[str, tuple[str, str]]:
    """Kind and reason by key."""
    done: dict[str, tuple[str, str]] = {}
    for start in range(0, len(rows), _CHUNK):
        result: BulkResult = write_flights(actor, rows[start : start + _CHUNK], overwrite=OVERWRITTEN)
        for kind, keys in (("new", result.created), ("updated", result.updated), ("unchanged", result.unchanged)):
            done |= dict.fromkeys(keys, (kind, ""))
        for key, problems in result.refused.items():
            done[key] = ("skipped", " ".join(problem.sentence for problem in problems))
    return done


def _became(key: str, title: str, done: Mapping[str, tuple[str, str]]) -> Taken:
    kind, reason = done[key]
    return Taken(kind=kind, title=title, reason=reason)


class _Matcher:
    """The operator's aircraft and airports, asked once."""

    def __init__(self, operator_id: int, aircraft_ids: Collection[int], by_type: Mapping[str, str]) -> None:
        self._airports: Resolver = resolver(operator_id)
        everything = [one for one in fleet(operator_id) if one.active]
        self._own = {_bare(one.registration): one for one in everything}
        self._allowed = frozenset(aircraft_ids)
        self._by_type = {code.upper(): registration for code, registration in by_type.items()}
        self._of_type: dict[str, list[AircraftFacts]] = defaultdict(list)
        for one in everything:
            if one.iata_type:
                self._of_type[one.iata_type.upper()].append(one)

    def row(self, found: Found) -> tuple[FlightRow | None, Taken]:
        """The row to write, or why there is none."""
        leg = found.leg
        if leg is None:
            return None, Taken(kind="skipped", title=found.title, reason=found.reason)
        adep, ades = self._airports.get(leg.adep), self._airports.get(leg.ades)
        reasons = [*_said(leg), *self._unknown("departure", leg.adep, adep), *self._unknown("arrival", leg.ades, ades)]
        aircraft, why = self._aircraft(leg.equipment)
        reasons += [why] if why else []
        if reasons or adep is None or ades is None or aircraft is None:
            return None, Taken(kind="skipped", title=leg.title, reason=" ".join(reasons))
        if found.local:
            leg = _in_utc(leg, adep, ades)
        title = f"{leg.designator} {leg.adep}–{leg.ades} {leg.std:%a %d %b %H:%MZ} {aircraft.registration}"
        key = f"schedule/{leg.designator}/{leg.day.isoformat()}/{leg.adep}"
        return FlightRow(import_key=key, flight=_flight(leg, aircraft)), Taken(kind="", title=title)

    @staticmethod
    def _unknown(end: str, code: str, known: AirportFacts | None) -> list[str]:
        if known is not None:
            return []
        if not code:
            return [f"The IATA code of the {end} airport is missing."]
        return [f"The {end} airport “{code}” is not known here. Add it under Settings > Airports."]

    def _aircraft(self, equipment: str) -> tuple[AircraftFacts | None, str]:
        """By registration where the source knows one, else by IATA type; or the reason why there is none."""
        code = equipment.strip().upper()
        if not code:
            return None, "Its aircraft type is missing."
        named = self._own.get(_bare(self._by_type.get(code, code)))
        fits = [named] if named is not None else self._of_type.get(code, [])
        may = [one for one in fits if one.id in self._allowed]
        if len(may) == 1:
            return may[0], ""
        if may:
            names = ", ".join(sorted(one.registration for one in may)[:6])
            return None, f"Several aircraft are of type {code} ({names}). Say in the configuration which one flies it."
        if fits:
            names = ", ".join(sorted(one.registration for one in fits)[:6])
            return None, f"{names} is not ticked for this import. Tick it in the configuration."
        return None, f"No aircraft of type {code} is in the fleet. Enter the IATA type of yours under Fleet."


def _said(leg: DatedLeg) -> list[str]:
    missing = "The flight number is missing."
    return [] if leg.number.strip("0 ") else [missing]


def _flight(leg: DatedLeg, aircraft: AircraftFacts) -> FlightInput:
    positioning = leg.service in _POSITIONING
    kind = FlightType.FERRY if positioning else FlightType.CARGO if leg.service in _CARGO else FlightType.COMMERCIAL
    return FlightInput(
        aircraft_id=aircraft.id,
        number=leg.designator,
        adep=leg.adep,
        ades=leg.ades,
        std=leg.std,
        sta=leg.sta,
        flight_type=kind,
        ferry=positioning,
    )


def _in_utc(leg: DatedLeg, adep: AirportFacts, ades: AirportFacts) -> DatedLeg:
    """Its local times, by the airports' own clocks."""
    std, sta = (
        when.replace(tzinfo=ZoneInfo(airport.time_zone)).astimezone(leg.std.tzinfo)
        for when, airport in ((leg.std, adep), (leg.sta, ades))
    )
    while sta - std > timedelta(days=1):
        sta -= timedelta(days=1)
    while sta <= std:
        sta += timedelta(days=1)
    return msgspec.structs.replace(leg, std=std, sta=sta)


def _bare(registration: str) -> str:
    return registration.strip().upper().replace("-", "").replace(" ", "")
