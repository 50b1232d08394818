"""Finding flights and trips by what programs filter on. Answers ids; `queries` has the pictures.

Each reader says its number of SQL statements.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import msgspec
from django.db.models import Q

from airstair.records.flights.models import EmptyLeg, Flight, Trip
from airstair.records.flights.rules import Status


class FlightsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """A filter. Flights that depart from `start` on and before `end`; `None` and empty do not narrow.

    `kinds` are triples of flight type, sales type and ferry; `number` has * for any letters, and may be a part.
    """

    start: datetime
    end: datetime
    aircraft_ids: Collection[int] | None = None
    kinds: Collection[tuple[str, str, bool]] | None = None
    statuses: Collection[str] | None = None
    cancelled: bool | None = None
    ferry: bool | None = None
    adep: str | None = None
    ades: str | None = None
    number: str = ""
    trip_number: str = ""
    empty_legs: bool = False
    limit: int | None = None


def flights_wanted(operator_id: int, wanted: FlightsWanted) -> list[int]:
    """The flights' ids, by departure; deleted ones are not among them. One statement."""
    rows = Flight.objects.filter(operator_id=operator_id, deleted=False, std__gte=wanted.start, std__lt=wanted.end)
    for condition in _conditions(operator_id, wanted):
        rows = rows.filter(condition)
    return list(rows.order_by("std", "id").values_list("id", flat=True)[: wanted.limit])


def _conditions(operator_id: int, wanted: FlightsWanted) -> list[Q]:
    """Those that narrow."""
    plain = {
        "aircraft_id__in": wanted.aircraft_ids, "status__in": wanted.statuses, "ferry": wanted.ferry,
        "adep": wanted.adep, "ades": wanted.ades, "number__iregex": wildcard(wanted.number) or None,
    }  # fmt: skip
    found = [Q(**{name: value}) for name, value in plain.items() if value is not None]
    if wanted.kinds is not None:
        found.append(_of_kinds(wanted.kinds))
    if wanted.cancelled is not None:
        found.append(Q(status=Status.CANCELLED) if wanted.cancelled else ~Q(status=Status.CANCELLED))
    if wanted.trip_number:
        trips = Trip.objects.filter(operator_id=operator_id, number=_tidy(wanted.trip_number))
        found.append(Q(trip_id__in=trips.values("id")))
    if wanted.empty_legs:
        found.append(Q(id__in=EmptyLeg.objects.filter(operator_id=operator_id).values("id")))
    return found


def trips_like(operator_id: int, text: str, limit: int) -> list[int]:
    """Ids of the newest trips whose number or client has the text, with * for any letters. One statement."""
    like = wildcard(text)
    rows = Trip.objects.filter(operator_id=operator_id).filter(Q(number__iregex=like) | Q(client__iregex=like))
    return list(rows.order_by("-id").values_list("id", flat=True)[:limit])


def trip_id_of_number(operator_id: int, number: str) -> int | None:
    """One statement."""
    return Trip.objects.filter(operator_id=operator_id, number=_tidy(number)).values_list("id", flat=True).first()


def _tidy(number: str) -> str:
    return number.strip().upper().replace("\0", "")


def wildcard(text: str) -> str:
    """A pattern for a part of a text: * and % stand for any letters, nothing else is special."""
    return ".*".join(re.escape(part) for part in re.split(r"[*%]+", text.replace("\0", "").strip()))


def _of_kinds(kinds: Collection[tuple[str, str, bool]]) -> Q:
    sales: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for flight_type, sales_type, ferry in kinds:
        sales[flight_type, ferry].add(sales_type)
    found = Q(pk__in=[])  # no kind, no flight
    for (flight_type, ferry), some in sales.items():
        found |= Q(flight_type=flight_type, ferry=ferry, sales_type__in=some)
    return found
