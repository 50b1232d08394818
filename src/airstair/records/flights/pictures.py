"""Single flights for flows whose unit is a flight: which there are, and the whole picture of each. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.models import Flight
from airstair.records.flights.queries import flights


def flight_pictures(operator_id: int, flight_ids: Sequence[int], *, since: datetime) -> Mapping[int, FlightFacts]:
    """Everything about these flights, by id; deleted ones too, for who must hear of it. Seven statements.

    `since` is of no use here: a flight is shown whole, whenever it is.
    """
    return {one.id: one for one in flights(operator_id, flight_ids)}


def flights_departing(
    operator_id: int, aircraft_ids: Collection[int], start: datetime, end: datetime | None
) -> list[int]:
    """Ids of the flights of these aircraft that are to depart in the time given; deleted ones too. One statement."""
    rows = Flight.objects.filter(operator_id=operator_id, aircraft_id__in=list(aircraft_ids), std__gte=start)
    if end is not None:
        rows = rows.filter(std__lt=end)
    return list(rows.order_by("std", "id").values_list("id", flat=True))
