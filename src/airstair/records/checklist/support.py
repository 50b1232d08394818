"""What applications see of the flights that they were asked about: four SQL statements, however many flights."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from airstair.kernel.clock import SystemClock
from airstair.records.checklist.models import Handler
from airstair.records.checklist.rules import ADEP, ADES, SERVICES
from airstair.records.checklist.snapshots import SupportFlight, SupportHandler, SupportNeighbour, SupportService

# How long after its arrival a flight is told of without having been asked for by its id.
KEPT_IN_SIGHT = timedelta(days=7)

_FLIGHTS = """
SELECT f.id, f.number, f.trip_id, t.number, f.aircraft_id, a.registration, a.call_sign, a.icao_type, f.adep, f.ades,
       f.std, f.sta, f.pax_count, (SELECT count(*) FROM jsonb_object_keys(f.crew)), f.flight_type, f.sales_type,
       f.status, f.status = 'CANCELLED' OR f.deleted, c.at, m.submission, m.submitted_at, m.status, m.note,
       m.adep_handler_id, m.ades_handler_id
  FROM checklist_module m
  JOIN flights_flight f ON (f.operator_id, f.id) = (m.operator_id, m.flight_id)
  JOIN flights_trip t ON (t.operator_id, t.id) = (f.operator_id, f.trip_id)
  JOIN fleet_aircraft a ON (a.operator_id, a.id) = (f.operator_id, f.aircraft_id)
  LEFT JOIN LATERAL (
       SELECT at FROM changes_change WHERE operator_id = f.operator_id AND subject_kind = 'flight' AND subject_id = f.id
        ORDER BY seq DESC LIMIT 1) c ON true
 WHERE m.operator_id = %(operator)s AND m.application_id = %(application)s AND m.submission > 0
   AND (%(aircraft)s::bigint[] IS NULL OR f.aircraft_id = ANY(%(aircraft)s))
   AND (CASE WHEN %(ids)s::bigint[] IS NULL THEN f.sta >= %(since)s ELSE f.id = ANY(%(ids)s) END)
 ORDER BY f.std, f.id
"""
_SERVICES = """
SELECT i.flight_id, d.key, i.ticked, i.details, i.note, i.designation, i.status
  FROM checklist_item i
  JOIN checklist_definition d ON (d.operator_id, d.id) = (i.operator_id, i.definition_id)
 WHERE i.operator_id = %s AND i.flight_id = ANY(%s) AND i.application_id = %s
 ORDER BY d.place, d.id
"""
# Confirmed flights of the same aircraft next to it, whether or not anything was asked about them. What is continuous
# is judged afterwards: a flight that does not fit is no reason to look further away.
_NEIGHBOURS = """
SELECT f.id, {earlier}, n.id, n.number, n.adep, n.ades, n.std, n.sta, n.status
  FROM flights_flight f
 CROSS JOIN LATERAL (
       SELECT * FROM flights_flight
        WHERE operator_id = f.operator_id AND aircraft_id = f.aircraft_id AND id <> f.id
          AND status = 'CONFIRMED' AND NOT deleted AND {condition}
        ORDER BY {order} LIMIT 1) n
 WHERE f.operator_id = %(operator)s AND f.id = ANY(%(ids)s)
"""
_PREVIOUS = _NEIGHBOURS.format(earlier="true", condition="sta <= f.std", order="sta DESC")
# By arrival, as the index has them.
_NEXT = _NEIGHBOURS.format(earlier="false", condition="sta >= f.sta AND std >= f.sta", order="sta")


def support_flights(
    operator_id: int,
    application_id: int,
    aircraft: Collection[int] | None,
    flight_ids: Iterable[int] | None = None,
    *,
    now: datetime | None = None,
) -> tuple[SupportFlight, ...]:
    """The present state of the flights that this application was asked about, by departure. Four statements.

    `aircraft` is what it may see; `None`: all. Without `flight_ids` those whose arrival is at most seven days past,
    cancelled and deleted ones too; with them those of them that there are, however old.
    """
    ids = None if flight_ids is None else list(flight_ids)
    since = (now or SystemClock().now()) - KEPT_IN_SIGHT
    wanted: dict[str, Any] = {
        "operator": operator_id, "application": application_id, "ids": ids, "since": since,
        "aircraft": None if aircraft is None else list(aircraft),
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_FLIGHTS, wanted)
        rows = cursor.fetchall()
        found = [row[0] for row in rows]
        cursor.execute(_SERVICES, [operator_id, found, application_id])
        services = _services(cursor.fetchall())
        cursor.execute(f"{_PREVIOUS} UNION ALL {_NEXT}", {"operator": operator_id, "ids": found})
        neighbours = {(row[0], row[1]): SupportNeighbour(**dict(zip(_NEIGHBOUR, row[2:], strict=True)))
                      for row in cursor.fetchall()}  # fmt: skip
    named = {row[-1] for row in rows} | {row[-2] for row in rows}
    handlers = {
        row.id: row
        for row in Handler.objects.filter(operator_id=operator_id, id__in=[one for one in named if one is not None])
    }
    return tuple(_flight(row, services.get(row[0], ()), neighbours, handlers) for row in rows)


_NEIGHBOUR = SupportNeighbour.__struct_fields__
_FLIGHT = (
    "flight_id", "number", "trip_id", "trip_number", "aircraft_id", "registration", "call_sign", "aircraft_icao_type",
    "adep", "ades", "std", "sta", "pax_count", "crew_count", "flight_type", "sales_type", "status", "cancelled",
    "modified_at", "submission", "submitted_at", "edit_status", "edit_note",
)  # fmt: skip


def _flight(
    row: tuple[Any, ...],
    services: tuple[SupportService, ...],
    neighbours: dict[tuple[int, bool], SupportNeighbour],
    handlers: dict[int, Handler],
) -> SupportFlight:
    values = dict(zip(_FLIGHT, row, strict=False))
    previous, following = neighbours.get((row[0], True)), neighbours.get((row[0], False))
    # An aircraft that was left elsewhere did not come on that flight.
    if previous is not None and previous.ades != values["adep"]:
        previous = None
    if following is not None and following.adep != values["ades"]:
        following = None
    return SupportFlight(
        **values,
        adep_handler=_handler(handlers.get(row[-2]), values[ADEP.lower()]),
        ades_handler=_handler(handlers.get(row[-1]), values[ADES.lower()]),
        previous=previous,
        next=following,
        services=services,
    )


def _handler(row: Handler | None, airport: str) -> SupportHandler | None:
    if row is None:
        return None
    return SupportHandler(id=row.id, name=row.name, email=row.email, phone=row.phone, airport=airport)


def _services(rows: Iterable[tuple[Any, ...]]) -> dict[int, tuple[SupportService, ...]]:
    grouped: dict[int, list[SupportService]] = {}
    for flight_id, key, ticked, details, note, designation, status in rows:
        if key in SERVICES:
            grouped.setdefault(flight_id, []).append(
                SupportService(
                    service=key, is_requested=ticked, details=details, note=note, designation=designation, status=status
                )
            )
    return {flight_id: tuple(found) for flight_id, found in grouped.items()}
