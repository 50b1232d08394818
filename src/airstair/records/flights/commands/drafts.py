"""A flight as it is about to be stored: input looked at, codes looked up, gaps filled. Writes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET

from airstair.kernel.errors import Invalid, Problems
from airstair.records import checks
from airstair.records.fleet.queries import block_minutes, fleet
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.commands.inputs import FlightInput, given
from airstair.records.flights.models import Flight
from airstair.records.flights.rules import (
    LONGEST_FLIGHT,
    FlightRules,
    FlightType,
    PaxCategory,
    Regulation,
    SalesType,
    Status,
)
from airstair.records.places.queries import Resolver, resolver

_MOST_PAX = 900
_HEAVIEST_KG = 200_000


class FlightDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A flight's columns, in stored form."""

    aircraft_id: int
    number: str
    adep: str
    ades: str
    altn: str
    altn2: str
    std: datetime
    sta: datetime
    status: str
    flight_type: str
    regulation: str
    flight_rules: str
    sales_type: str
    ferry: bool
    pax_count: int
    pax_by_category: dict[str, int]
    pax_list: list[dict[str, str]]
    crew: dict[str, str]
    cargo_kg: int
    catering_kg: int
    notes: str


DRAFT_FIELDS = FlightDraft.__struct_fields__
_WORDS: dict[str, type[StrEnum]] = {
    "status": Status,
    "flight_type": FlightType,
    "regulation": Regulation,
    "flight_rules": FlightRules,
    "sales_type": SalesType,
}
ALL_FIELDS = frozenset(DRAFT_FIELDS)


@dataclass(frozen=True)
class Surroundings:
    """What a flight is looked at against: the operator's airports and aircraft. Two statements to make."""

    places: Resolver
    aircraft: Mapping[int, AircraftFacts]
    retired_too: bool = False  # history may name aircraft that have been sold since

    @classmethod
    def of(cls, operator_id: int, *, retired_too: bool = False) -> Surroundings:
        return cls(resolver(operator_id), {a.id: a for a in fleet(operator_id)}, retired_too)


def draft_of(row: Flight) -> FlightDraft:
    """The flight as it is stored now."""
    return FlightDraft(**{field: getattr(row, field) for field in DRAFT_FIELDS})


def values_of(wanted: FlightInput, status: str) -> dict[str, Any]:
    """A new flight's raw values. `status` is the trip's, for a flight that names none."""
    values = given(wanted)
    values.setdefault("status", status)
    return values


def tidy_flight(
    problems: Problems, values: Mapping[str, Any], around: Surroundings, changed: frozenset[str] = ALL_FIELDS
) -> FlightDraft | None:
    """The draft that the raw values make, or `None` when its times were refused (see `problems`).

    Codes are looked up for `changed` fields only: an airport that has since left the list, or an aircraft sold
    since, must not stop an edit of something else.
    """
    values = {name: value for name, value in values.items() if value is not UNSET}
    aircraft = _aircraft(problems, values["aircraft_id"], around, "aircraft_id" in changed)
    airports = {
        field: _airport(problems, field, values[field], around, field in changed)
        for field in ("adep", "ades", "altn", "altn2")
    }
    number = values["number"].strip() or (aircraft.registration.replace("-", "") if aircraft else "N0")
    columns: dict[str, Any] = {
        "aircraft_id": values["aircraft_id"],
        "number": checks.pattern(problems, "number", number, r"[A-Z0-9-]{1,10}", "Use up to ten letters and digits."),
        **airports,
        "regulation": "",
        **{
            name: checks.word(problems, name, values[name], allowed).value
            for name, allowed in _WORDS.items()
            if values[name] or name != "regulation"
        },
        "ferry": bool(values["ferry"]),
        **_passengers(problems, values),
        "crew": _crew(problems, values["crew"]),
        "cargo_kg": checks.whole(problems, "cargo_kg", values["cargo_kg"], 0, _HEAVIEST_KG),
        "catering_kg": checks.whole(problems, "catering_kg", values["catering_kg"], 0, _HEAVIEST_KG),
        "notes": checks.text(problems, "notes", values["notes"], longest=checks.LONGEST_NOTE),
    }
    times = _times(problems, values, airports, aircraft, around)
    return FlightDraft(**columns, std=times[0], sta=times[1]) if times else None


def _aircraft(problems: Problems, aircraft_id: int, around: Surroundings, changed: bool) -> AircraftFacts | None:
    found = around.aircraft.get(aircraft_id)
    if found is None:
        problems.add("aircraft_id", "There is no such aircraft in the fleet. Choose one, or add it under Fleet.")
    elif changed and not found.active and not around.retired_too:
        problems.add("aircraft_id", f"{found.registration} is retired. Choose another, or reinstate it under Fleet.")
    return found


def _airport(problems: Problems, field: str, code: str, around: Surroundings, changed: bool) -> str:
    if not changed or (not code.strip() and field in ("altn", "altn2")):
        return code.strip()
    try:
        return around.places.resolve(code, field).code
    except Invalid as refusal:
        checks.take(problems, refusal)
        return ""


def _times(
    problems: Problems,
    values: Mapping[str, Any],
    airports: Mapping[str, str],
    aircraft: AircraftFacts | None,
    around: Surroundings,
) -> tuple[datetime, datetime] | None:
    std = checks.moment(problems, "std", values["std"])
    if values.get("sta") is None:
        return None if std is None else _estimated(problems, std, airports, aircraft, around)
    sta = checks.moment(problems, "sta", values["sta"])
    if std is None or sta is None:
        return None
    if sta <= std:
        problems.add("sta", f"STA {sta:%d %b %H:%M}Z is not after STD {std:%d %b %H:%M}Z. Correct one of the two.")
        return None
    if sta - std > LONGEST_FLIGHT:
        problems.add("sta", "The flight takes longer than 24 hours. Correct STD or STA; check the day.")
        return None
    return std, sta


def _estimated(
    problems: Problems,
    std: datetime,
    airports: Mapping[str, str],
    aircraft: AircraftFacts | None,
    around: Surroundings,
) -> tuple[datetime, datetime] | None:
    """STA from the aircraft's own performance."""
    adep, ades = around.places.get(airports["adep"]), around.places.get(airports["ades"])
    if aircraft is None or adep is None or ades is None:
        return None  # said already
    minutes = block_minutes(aircraft, adep, ades)
    if minutes is None:
        problems.add(
            "sta", f"STA is missing, and {aircraft.registration} has no cruise speed to estimate it. Fill one in."
        )
        return None
    if timedelta(minutes=minutes) > LONGEST_FLIGHT:
        problems.add("sta", f"{aircraft.registration} would need longer than 24 hours. Check the route.")
        return None
    return std, std + timedelta(minutes=minutes)


def _passengers(problems: Problems, values: Mapping[str, Any]) -> dict[str, Any]:
    """Count, categories and names that fit together. A ferry flight carries nobody; its type stays what it is."""
    if values["ferry"]:
        return {"pax_count": 0, "pax_by_category": {}, "pax_list": []}
    categories: dict[str, int] = {}
    for name, count in values["pax_by_category"].items():
        category = checks.word(problems, "pax_by_category", name, PaxCategory)
        if checks.whole(problems, f"pax_by_category.{category}", count, 0, _MOST_PAX):
            categories[category.value] = count
    names = [_passenger(problems, at, entry) for at, entry in enumerate(values["pax_list"])]
    known = max(sum(categories.values()), len(names))
    wanted = values.get("pax_count")
    count = known if wanted is None else checks.whole(problems, "pax_count", wanted, 0, _MOST_PAX)
    if count < known:
        problems.add("pax_count", f"It is {count}, but the list or the categories have {known}. Correct one of them.")
    return {"pax_count": count, "pax_by_category": dict(sorted(categories.items())), "pax_list": names}


def _passenger(problems: Problems, at: int, entry: Any) -> dict[str, str]:
    """From a `Passenger`, or from the stored form."""
    name, category = (entry["name"], entry["category"]) if isinstance(entry, dict) else (entry.name, entry.category)
    field = f"pax_list.{at}"
    return {
        "name": checks.text(problems, f"{field}.name", name, longest=120, needed=True),
        "category": category and checks.word(problems, f"{field}.category", category, PaxCategory).value,
    }


def _crew(problems: Problems, crew: Mapping[str, str]) -> dict[str, str]:
    tidy = {}
    for position, code in crew.items():
        place = checks.pattern(
            problems, "crew", position, r"[A-Z0-9]{2,6}", "Use a position such as CPT, FO or FA1.", blank=False
        )
        if person := checks.pattern(problems, f"crew.{place}", code, r"[A-Z0-9]{2,8}", "Use the crew member's code."):
            tidy[place] = person
    return dict(sorted(tidy.items()))
