"""Single flights for flows whose unit is a flight: which there are, and the whole picture of each. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
from django.db.models import QuerySet

from airstair.records.fleet.models import Aircraft
from airstair.records.flights.facts import FlightFacts, flight_title
from airstair.records.flights.models import Flight
from airstair.records.flights.queries import flights
from airstair.records.people.queries import crew_by_code


def flight_pictures(operator_id: int, flight_ids: Sequence[int], *, since: datetime) -> Mapping[int, FlightFacts]:
    """Everything about these flights, by id; deleted ones too, for who must hear of it. Eleven statements.

    What partners match on stands in it too: the aircraft's serial number, and the work e-mails of the crew.
    `since` is of no use here: a flight is shown whole, whenever it is.
    """
    found = flights(operator_id, flight_ids)
    of_fleet = Aircraft.objects.filter(operator_id=operator_id, id__in={one.aircraft_id for one in found})
    serials = dict(of_fleet.values_list("id", "serial_number"))
    crew = crew_by_code(operator_id, {code for one in found for code in one.crew.values()})
    emails = {code: member.email for code, member in crew.items() if member.email}
    return {
        one.id: msgspec.structs.replace(
            one,
            aircraft_serial=serials.get(one.aircraft_id, ""),
            crew_emails={code: emails[code] for code in one.crew.values() if code in emails},
        )
        for one in found
    }


def flights_departing(
    operator_id: int, aircraft_ids: Collection[int] | None, start: datetime, end: datetime | None
) -> list[int]:
    """Ids of the flights of these aircraft that are to depart in the time given; deleted ones too. One statement.

    `None` for the aircraft means any.
    """
    return list(_departing(operator_id, aircraft_ids, start, end).values_list("id", flat=True))


class Departure(NamedTuple):
    """When a flight is to depart, and which aircraft flies it."""

    aircraft_id: int
    std: datetime


def departures(operator_id: int, start: datetime) -> dict[int, Departure]:
    """The operator's flights that depart from then on, by id; deleted ones too. One statement."""
    rows = Flight.objects.filter(operator_id=operator_id, std__gte=start)
    return {id_: Departure(aircraft, std) for id_, aircraft, std in rows.values_list("id", "aircraft_id", "std")}


def titles_departing(
    operator_id: int, aircraft_ids: Collection[int], start: datetime, end: datetime | None
) -> dict[int, str]:
    """The same flights as in `flights_departing` but deleted ones, by id, with what people call them. One statement."""
    rows = _departing(operator_id, aircraft_ids, start, end).filter(deleted=False)
    return {row.id: flight_title(row) for row in rows.only("id", "number", "adep", "ades", "std")}


def _departing(
    operator_id: int, aircraft_ids: Collection[int] | None, start: datetime, end: datetime | None
) -> QuerySet[Flight]:
    rows = Flight.objects.filter(operator_id=operator_id, std__gte=start)
    if aircraft_ids is not None:
        rows = rows.filter(aircraft_id__in=list(aircraft_ids))
    return (rows if end is None else rows.filter(std__lt=end)).order_by("std", "id")
