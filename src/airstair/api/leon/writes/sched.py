"""Schedules: a list of flights with registrations, taken by the command of imports; and its publication.

A flight is known by the version, its number, its day in UTC and where it departs: sent again, it is that flight.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ariadne import MutationType, ObjectType
from django.db import transaction

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.errors import Refused
from airstair.api.leon.limits import OutOfBounds
from airstair.api.leon.roots import further
from airstair.api.leon.writes.grasp import actor, given
from airstair.api.leon.writes.legs import UNKNOWN, kind_called, kind_wanted
from airstair.api.leon.writes.trips import may_plan
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problem, Problems
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.commands import BulkResult, FlightInput, FlightRow, write_flights
from airstair.records.flights.commands.rows import take_trip_numbers
from airstair.records.flights.models import Flight
from airstair.records.flights.rules import Status
from airstair.records.operators.rules import Right

MOST = 3_000
_MOST_TOLD = 50  # problems of one list
# What a schedule is the master of. What it does not know (passengers, crew, notes …) stays as people left it.
_OVERWRITTEN = ("number", "adep", "ades", "std", "sta", "aircraft_id", "status")
_WORDS = {"number": "flightNumber", "aircraft_id": "aircraftRegistration"}
_VERSION = re.compile(r"[A-Za-z0-9 _.-]{1,40}")

mutation = MutationType()
integrations, common, sched, schedule = (
    ObjectType(name)
    for name in ("IntegrationMutation", "CommonIntegrationMutation", "SchedMutation", "ScheduleMutation")
)
mutation.set_field("schedule", further)
integrations.set_field("common", further)
common.set_field("sched", further)


@sched.field("createSchedFlightList")
def _create(
    _: object, info: Info, versionName: str, flightList: list[dict[str, Any]], removeNotMatchedFlights: bool = False
) -> dict[str, Any]:
    asking = info.context
    may_plan(asking)
    version = version_named(versionName)
    if len(flightList) > MOST:
        raise OutOfBounds(f"flightList: it has {len(flightList)} flights, and {MOST} is the most. Send it in parts.")
    places = [f"flightList.{at}" for at in range(len(flightList))]
    return write_version(asking, version, [given(one) for one in flightList], places, remove=removeNotMatchedFlights)


@schedule.field("publishSchedFlightList")
def _publish(_: object, info: Info, versionName: str) -> bool:
    """What was written stands in the schedule already: only whether there is such a version."""
    asking = info.context
    asking.require("GRAPHQL_SCHEDULE_ORDER_PUBLICATION")
    version = version_named(versionName)
    if not any(asking.sees(row.aircraft_id) for row in _of_version(asking, version).values()):
        raise Refused(f"There is no schedule “{version}”. Send its flights first.", "RESOURCE_NOT_FOUND")
    return True


def version_named(name: str) -> str:
    """A version's name as it is kept. Raises `Refused`."""
    version = name.strip()
    if not _VERSION.fullmatch(version):
        raise Refused("versionName: it is not 1 to 40 letters and digits, with blanks, dots and dashes. Correct it.")
    return version


def write_version(
    asking: Asking, version: str, sent: Sequence[dict[str, Any]], places: Sequence[str], *, remove: bool
) -> dict[str, Any]:
    """The flights, each a `SchedFlightInput` without nulls, written: all of them, or none. A `SchedFlightListResult`.

    `places`: what problems call each. `remove`: the version's other flights, which have not departed, are cancelled.
    A word under `tripType` says what a flight is flown for. Raises `Invalid`, `NotFound`.
    """
    with transaction.atomic():
        # Held to the end: another list of this version would otherwise be compared with half of this one.
        take_trip_numbers(asking.operator_id, 0)
        there = _of_version(asking, version)
        rows = _rows(asking, version, sent, places)
        _reached(asking, (there[key] for key in rows if key in there))
        # What people deleted here stays so, and is no reason to refuse all the rest.
        left = {key for key in rows if key in there and there[key].deleted}
        who = actor(asking, Right.IMPORT_RUN)
        at = dict(zip(rows, places, strict=True))
        done = _written(who, {key: row for key, row in rows.items() if key not in left}, at)
        gone = _gone(asking, there, rows) if remove else {}
        removed = _written(who, gone, {})
    asking.wrote()
    return {
        "versionName": version, "createdCount": len(done.created), "changedCount": len(done.updated),
        "unchangedCount": len(done.unchanged), "deletedHereCount": len(left), "removedCount": len(removed.updated),
    }  # fmt: skip


def _of_version(asking: Asking, version: str) -> dict[str, Flight]:
    """The version's flights by key, whoever's aircraft fly them. One statement."""
    rows = Flight.objects.filter(operator_id=asking.operator_id, import_key__startswith=f"sched/{version}/")
    return {str(row.import_key): row for row in rows}


def _reached(asking: Asking, rows: Iterable[Flight]) -> None:
    """Raise `NotFound` for a flight that people gave to an aircraft out of the token's reach."""
    if not all(asking.sees(row.aircraft_id) for row in rows):
        raise NotFound("A flight of this version")


def _written(who: Actor, rows: Mapping[str, FlightRow], at: Mapping[str, str]) -> BulkResult:
    """All of them, or none: raises `Invalid`. `at`: what problems call each, by key."""
    result = write_flights(who, list(rows.values()), overwrite=_OVERWRITTEN)
    refuse(
        Problem(f"{at.get(key, 'removeNotMatchedFlights')}.{_WORDS.get(one.field, one.field)}", one.sentence)
        for key, problems in result.refused.items()
        for one in problems
    )
    return result


def refuse(problems: Iterable[Problem]) -> None:
    """Raise `Invalid` with the first of them, if there are any."""
    if found := list(problems):
        raise Invalid(found[:_MOST_TOLD])


def _rows(asking: Asking, version: str, sent: Sequence[dict[str, Any]], places: Sequence[str]) -> dict[str, FlightRow]:
    """The flights by key, in the order in which they were sent. Raises `Invalid`."""
    fleet, rows, problems = _Fleet(asking), {}, Problems()
    for place, one in zip(places, sent, strict=True):
        number = next((text for word in ("flightNumber", "arcid") if (text := _number(one.get(word)))), "")
        aircraft, why = fleet.find(one)
        if not number:
            problems.add(f"{place}.flightNumber", "It is missing, and a flight is known by it. Send one.")
        if aircraft is None:
            problems.add(f"{place}.aircraftRegistration", why)
        if not number or aircraft is None:
            continue
        airport = asking.load.airports.get(one["adep"])
        key = f"sched/{version}/{number[:20]}/{one['std']:%Y-%m-%d}/{(airport.code if airport else one['adep'])[:20]}"
        if key in rows:
            problems.add(place, f"{number} departs from {one['adep']} twice on that day. Give one another number.")
        kind = kind_wanted(kind_called(one.get("tripType")), empty=None, icao=one.get("icaoType"), commercial=None)
        times = {name: one[name].replace(second=0, microsecond=0) for name in ("std", "sta")}
        flight = FlightInput(
            aircraft_id=aircraft.id, number=number, adep=one["adep"], ades=one["ades"], **times, **kind._asdict()
        )
        rows[key] = FlightRow(import_key=key, flight=flight)
    refuse(problems.found)
    return rows


def _number(text: str | None) -> str:
    written = (text or "").strip().upper()
    return "" if written == UNKNOWN else written


class _Fleet:
    """The aircraft that the token was given and that fly, by registration and by type."""

    def __init__(self, asking: Asking) -> None:
        active = [one for one in asking.load.fleet.values() if one.active]
        self._named = {_bare(one.registration): one for one in active}
        self._typed: dict[str, list[AircraftFacts]] = defaultdict(list)
        for one in active:
            self._typed[one.iata_type.upper()].append(one)

    def find(self, sent: Mapping[str, Any]) -> tuple[AircraftFacts | None, str]:
        """The aircraft, or why there is none."""
        if name := str(sent.get("aircraftRegistration") or "").strip():
            return self._named.get(_bare(name)), f"There is no aircraft {name[:20]} in the fleet. Correct it."
        code = str(sent.get("aircraftTypeIata") or "").strip().upper()
        fits = self._typed[code] if code else []
        why = f"{len(fits)} aircraft of the fleet are of type {code[:20]}" if code else "It is missing"
        return (fits[0] if len(fits) == 1 else None), f"{why}. Send the registration; createSchedFlightList takes it."


def _bare(registration: str) -> str:
    return registration.upper().replace("-", "").replace(" ", "")


def _gone(asking: Asking, there: Mapping[str, Flight], rows: Mapping[str, FlightRow]) -> dict[str, FlightRow]:
    """The version's flights that are in the list no more, cancelled. What has departed has been flown, and stays."""
    found = {}
    for key, row in there.items():
        stays = key in rows or row.deleted or row.status == Status.CANCELLED or row.std <= asking.now()
        if not stays and asking.sees(row.aircraft_id):
            # As it stands, so that its cancellation is all that is new in it.
            now = {name: getattr(row, name) for name in _OVERWRITTEN}
            said = {name: (row.imported or {})[name] for name in ("flight_type", "sales_type", "ferry", "flight_rules")}
            flight = FlightInput(**{**said, **now, "status": Status.CANCELLED.value})
            found[key] = FlightRow(import_key=key, flight=flight)
    return found


BINDABLES = [mutation, integrations, common, sched, schedule]
