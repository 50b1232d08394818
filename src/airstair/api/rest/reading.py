"""Operations that read: aircraft, trips, flights, what occupies aircraft, and the log of changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from ninja import Query, Router

from airstair.api.rest import places
from airstair.api.rest.entrance import ApiKey, ApiRequest
from airstair.api.rest.listing import (
    PROBLEMS,
    ChangedSince,
    Cursor,
    Id,
    Limit,
    MaybeId,
    WindowEnd,
    WindowStart,
    page,
)
from airstair.api.rest.pictures import flight_out, trip_out
from airstair.api.rest.schemas import AircraftOut, ChangeOut, Changes, EventOut, FlightOut, Page, TripOut
from airstair.changes import since
from airstair.changes.since import Line, Place
from airstair.kernel.errors import NotFound
from airstair.records.access.rules import Resource
from airstair.records.fleet import queries as fleet
from airstair.records.flights import listing, queries
from airstair.records.flights.rules import Status

router = Router()


@router.get("/aircraft", response={200: Page[AircraftOut], **PROBLEMS}, auth=ApiKey(Resource.AIRCRAFT), tags=["Fleet"])
def list_aircraft(
    request: ApiRequest, limit: Limit = 100, cursor: Cursor = None, changed_since: ChangedSince = None
) -> Page[AircraftOut]:
    """The fleet, retired aircraft too."""
    caller = request.auth
    everything = {one.id: one for one in fleet.fleet(caller.operator_id) if caller.sees(one.id)}

    def ids_after(last: int, count: int) -> list[int]:
        return sorted(one for one in everything if one > last)[:count]

    def fetch(ids: Sequence[int]) -> list[AircraftOut]:
        return [AircraftOut.model_validate(everything[one]) for one in ids if one in everything]

    return page(caller, "aircraft", limit, cursor, changed_since, ids_after, fetch)


@router.get(
    "/aircraft/{aircraft_id}", response={200: AircraftOut, **PROBLEMS}, auth=ApiKey(Resource.AIRCRAFT), tags=["Fleet"]
)
def get_aircraft(request: ApiRequest, aircraft_id: Id) -> AircraftOut:
    """One aircraft."""
    if not request.auth.sees(aircraft_id):
        raise NotFound("This aircraft")
    return AircraftOut.model_validate(fleet.aircraft(request.auth.operator_id, aircraft_id))


@router.get("/flights", response={200: Page[FlightOut], **PROBLEMS}, auth=ApiKey(Resource.FLIGHTS), tags=["Flights"])
def list_flights(
    request: ApiRequest, window_start: WindowStart = None, window_end: WindowEnd = None, aircraft_id: MaybeId = None,
    status: Annotated[Status | None, Query(description="Only flights of this status.")] = None,
    limit: Limit = 100, cursor: Cursor = None, changed_since: ChangedSince = None,
) -> Page[FlightOut]:  # fmt: skip
    """Flights on the schedule, cancelled ones too; or those that changed."""
    caller = request.auth

    def ids_after(last: int, count: int) -> list[int]:
        return listing.flight_ids_after(
            caller.operator_id, last, count, start=window_start, end=window_end,
            aircraft_id=aircraft_id, status=status, aircraft_ids=caller.aircraft,
        )  # fmt: skip

    def fetch(ids: Sequence[int]) -> list[FlightOut]:
        found = queries.flights(caller.operator_id, ids, aircraft_ids=caller.aircraft)
        return [flight_out(caller, one) for one in found]

    return page(caller, "flight", limit, cursor, changed_since, ids_after, fetch)


@router.get(
    "/flights/{flight_id}", response={200: FlightOut, **PROBLEMS}, auth=ApiKey(Resource.FLIGHTS), tags=["Flights"]
)
def get_flight(request: ApiRequest, flight_id: Id) -> FlightOut:
    """One flight, deleted or not."""
    caller = request.auth
    return flight_out(caller, queries.flight(caller.operator_id, flight_id, aircraft_ids=caller.aircraft))


@router.get("/trips", response={200: Page[TripOut], **PROBLEMS}, auth=ApiKey(Resource.FLIGHTS), tags=["Trips"])
def list_trips(
    request: ApiRequest, window_start: WindowStart = None, window_end: WindowEnd = None,
    limit: Limit = 100, cursor: Cursor = None, changed_since: ChangedSince = None,
) -> Page[TripOut]:  # fmt: skip
    """Trips with their flights; a window chooses those that fly in it. A trip changes when one of its flights does."""
    caller = request.auth

    def ids_after(last: int, count: int) -> list[int]:
        return listing.trip_ids_after(
            caller.operator_id, last, count, start=window_start, end=window_end, aircraft_ids=caller.aircraft
        )

    def fetch(ids: Sequence[int]) -> list[TripOut]:
        found = [trip_out(caller, one) for one in listing.trips(caller.operator_id, ids)]
        return found if caller.aircraft is None else [one for one in found if one.flights]

    return page(caller, "trip", limit, cursor, changed_since, ids_after, fetch)


@router.get("/trips/{trip_id}", response={200: TripOut, **PROBLEMS}, auth=ApiKey(Resource.FLIGHTS), tags=["Trips"])
def get_trip(request: ApiRequest, trip_id: Id) -> TripOut:
    """One trip with its flights."""
    caller = request.auth
    return trip_out(caller, queries.trip(caller.operator_id, trip_id, aircraft_ids=caller.aircraft))


@router.get(
    "/events", response={200: Page[EventOut], **PROBLEMS}, auth=ApiKey(Resource.AVAILABILITY), tags=["Availability"]
)
def list_events(
    request: ApiRequest, window_start: WindowStart = None, window_end: WindowEnd = None, aircraft_id: MaybeId = None,
    limit: Limit = 100, cursor: Cursor = None, changed_since: ChangedSince = None,
) -> Page[EventOut]:  # fmt: skip
    """Reservations, maintenance and groundings; or those that changed."""
    caller = request.auth

    def ids_after(last: int, count: int) -> list[int]:
        return listing.event_ids_after(
            caller.operator_id, last, count, start=window_start, end=window_end, aircraft_id=aircraft_id,
            aircraft_ids=caller.aircraft,
        )  # fmt: skip

    def fetch(ids: Sequence[int]) -> list[EventOut]:
        found = listing.events(caller.operator_id, ids)
        return [EventOut.model_validate(one) for one in found if caller.sees(one.aircraft_id)]

    return page(caller, "event", limit, cursor, changed_since, ids_after, fetch)


@router.get(
    "/events/{event_id}", response={200: EventOut, **PROBLEMS}, auth=ApiKey(Resource.AVAILABILITY),
    tags=["Availability"],
)  # fmt: skip
def get_event(request: ApiRequest, event_id: Id) -> EventOut:
    """One event, deleted or not."""
    caller = request.auth
    return EventOut.model_validate(queries.event(caller.operator_id, event_id, aircraft_ids=caller.aircraft))


_KINDS = {
    Resource.AIRCRAFT: ("aircraft",),
    Resource.AVAILABILITY: ("event",),
    Resource.FLIGHTS: ("flight", "trip", "emptyleg"),
}


@router.get("/changes", response={200: Changes, **PROBLEMS}, auth=ApiKey(), tags=["Changes"])
def list_changes(request: ApiRequest, limit: Limit = 100, changed_since: ChangedSince = None) -> Changes:
    """Every change of what the key may read, each exactly once. Without `changed_since`: where to begin."""
    caller = request.auth
    if changed_since is None:
        return Changes(items=[], changed_since=places.written(since.now()), more=False)
    kinds = [kind for resource, some in _KINDS.items() if resource in caller.reads for kind in some]
    place = places.read(changed_since, Place, "changed_since")
    found = since.changes_since(caller.operator_id, kinds, place, limit, aircraft=caller.aircraft)
    items = [_change(caller.actor_key, line) for line in found.lines]
    return Changes(items=items, changed_since=places.written(found.place), more=found.more)


def _change(key: str, line: Line) -> ChangeOut:
    return ChangeOut(
        seq=line.seq,
        at=line.at,
        kind=line.kind,
        thing=line.subject_kind if line.event_id is None else "event",
        id=line.subject_id if line.event_id is None else line.event_id,
        by=line.actor_kind,
        own=(line.actor_kind, line.actor_key) == ("api", key),
    )
