"""Operations that write: trips, flights, actual times, what occupies aircraft. Commands do it, acting as the key."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse

from airstair.api.rest.bookschemas import LogIn, WatchIn, log_input, watch_input
from airstair.api.rest.entrance import ApiKey, ApiRequest
from airstair.api.rest.listing import WRITING, Id
from airstair.api.rest.pictures import flight_input, flight_out, given, trip_out
from airstair.api.rest.reach import reach_aircraft, reach_event, reach_flight, reach_trip
from airstair.api.rest.reading import router  # one for all: an address has one set of methods
from airstair.api.rest.schemas import (
    EventEditIn,
    EventIn,
    EventOut,
    FlightEditIn,
    FlightIn,
    FlightOut,
    TimesIn,
    TripEditIn,
    TripIn,
    TripOut,
)
from airstair.api.rest.writing import IdempotencyKey, carry_out
from airstair.kernel.errors import Invalid, Problem
from airstair.records.access.rules import Resource
from airstair.records.flights import commands
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import TIME_NAMES, Book

_FLIGHTS = ApiKey(Resource.FLIGHTS, write=True)
_AVAILABILITY = ApiKey(Resource.AVAILABILITY, write=True)


@router.post("/trips", response={201: TripOut, **WRITING}, auth=_FLIGHTS, tags=["Trips"])
def create_trip(request: ApiRequest, body: TripIn, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Make a trip with its flights: all of it, or nothing."""
    caller = request.auth
    for at, one in enumerate(body.flights):
        reach_aircraft(caller, one.aircraft_id, f"flights.{at}.aircraft_id")
    flights = tuple(flight_input(caller, one) for one in body.flights)
    wanted = commands.TripInput(
        number=body.number, status=body.status, client=body.client, notes=body.notes, flights=flights
    )
    actor = caller.actor(Resource.FLIGHTS)
    return carry_out(
        request, idempotency_key, 201, lambda: trip_out(caller, commands.create_trip(actor, wanted))
    )  # fmt: skip


@router.patch("/trips/{trip_id}", response={200: TripOut, **WRITING}, auth=_FLIGHTS, tags=["Trips"])
def change_trip(
    request: ApiRequest, trip_id: Id, body: TripEditIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Change a trip's client or notes."""
    caller = request.auth
    reach_trip(caller, trip_id)
    edit, actor = commands.TripEdit(**given(caller, body)), caller.actor(Resource.FLIGHTS)
    return carry_out(
        request, idempotency_key, 200, lambda: trip_out(caller, commands.change_trip(actor, trip_id, edit))
    )  # fmt: skip


@router.post("/trips/{trip_id}/flights", response={201: FlightOut, **WRITING}, auth=_FLIGHTS, tags=["Flights"])
def add_flight(
    request: ApiRequest, trip_id: Id, body: FlightIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Add a flight to a trip."""
    caller = request.auth
    reach_trip(caller, trip_id)
    reach_aircraft(caller, body.aircraft_id)
    wanted, actor = flight_input(caller, body), caller.actor(Resource.FLIGHTS)
    return carry_out(
        request, idempotency_key, 201, lambda: flight_out(caller, commands.add_flight(actor, trip_id, wanted))
    )  # fmt: skip


@router.patch("/flights/{flight_id}", response={200: FlightOut, **WRITING}, auth=_FLIGHTS, tags=["Flights"])
def change_flight(
    request: ApiRequest, flight_id: Id, body: FlightEditIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Change a flight: times, route, aircraft, status and the rest."""
    caller = request.auth
    reach_flight(caller, flight_id)
    reach_aircraft(caller, body.aircraft_id)
    values = given(caller, body)
    as_of = values.pop("as_of", None)
    edit, actor = commands.FlightEdit(**values), caller.actor(Resource.FLIGHTS)

    def work() -> FlightOut:
        return flight_out(caller, commands.change_flight(actor, flight_id, edit, as_of=as_of))

    return carry_out(request, idempotency_key, 200, work)


@router.post("/flights/{flight_id}/cancel", response={200: FlightOut, **WRITING}, auth=_FLIGHTS, tags=["Flights"])
def cancel_flight(request: ApiRequest, flight_id: Id, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Cancel a flight. It stays in sight."""
    caller = request.auth
    reach_flight(caller, flight_id)
    actor = caller.actor(Resource.FLIGHTS)
    return carry_out(
        request, idempotency_key, 200, lambda: flight_out(caller, commands.cancel_flight(actor, flight_id))
    )  # fmt: skip


@router.delete("/flights/{flight_id}", response={204: None, **WRITING}, auth=_FLIGHTS, tags=["Flights"])
def delete_flight(request: ApiRequest, flight_id: Id, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Cancel a flight and take it out of sight. Again changes nothing."""
    reach_flight(request.auth, flight_id)
    actor = request.auth.actor(Resource.FLIGHTS)
    return carry_out(request, idempotency_key, 204, lambda: commands.delete_flight(actor, flight_id))


@router.patch(
    "/flights/{flight_id}/times/{book}", response={200: FlightOut, **WRITING}, tags=["Journey log"],
    auth=ApiKey(Resource.JOURNEY_LOG, write=True),
)  # fmt: skip
def set_times(
    request: ApiRequest, flight_id: Id, book: Book, body: TimesIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Enter, correct or clear a flight's actual times in one book."""
    caller = request.auth
    reach_flight(caller, flight_id)
    wanted, actor = commands.TimesInput(**given(caller, body)), caller.actor(Resource.JOURNEY_LOG)

    def work() -> FlightOut:
        return flight_out(caller, _named(lambda: commands.set_times(actor, flight_id, book.value, wanted)))

    return carry_out(request, idempotency_key, 200, work)


@router.patch(
    "/flights/{flight_id}/watch", response={200: FlightOut, **WRITING}, tags=["Journey log"],
    auth=ApiKey(Resource.JOURNEY_LOG, write=True),
)  # fmt: skip
def watch_flight(
    request: ApiRequest, flight_id: Id, body: WatchIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Write in flight watch: times, estimates, slot, PAX, delays."""
    caller = request.auth
    reach_flight(caller, flight_id)
    wanted, actor = watch_input(body), caller.actor(Resource.JOURNEY_LOG)

    def work() -> FlightOut:
        return flight_out(caller, _named(lambda: commands.watch_flight(actor, flight_id, wanted)))

    return carry_out(request, idempotency_key, 200, work)


@router.patch(
    "/flights/{flight_id}/log", response={200: FlightOut, **WRITING}, tags=["Journey log"],
    auth=ApiKey(Resource.JOURNEY_LOG, write=True),
)  # fmt: skip
def log_flight(request: ApiRequest, flight_id: Id, body: LogIn, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Write in the journey log: times, PAX, landings, fuel, delays, APU. Hours and cycles are counted from it."""
    caller = request.auth
    reach_flight(caller, flight_id)
    wanted, actor = log_input(body), caller.actor(Resource.JOURNEY_LOG)

    def work() -> FlightOut:
        return flight_out(caller, _named(lambda: commands.log_flight(actor, flight_id, wanted)))

    return carry_out(request, idempotency_key, 200, work)


def _named(command: Callable[[], FlightFacts]) -> FlightFacts:
    """Pages call the times by short names; here the fields are called as they are sent."""
    fields = {short: field for field, short in TIME_NAMES.items()}
    try:
        return command()
    except Invalid as refusal:
        problems = [Problem(fields.get(one.field, one.field), one.sentence) for one in refusal.problems]
        raise Invalid(problems) from None


@router.post("/events", response={201: EventOut, **WRITING}, auth=_AVAILABILITY, tags=["Availability"])
def add_event(request: ApiRequest, body: EventIn, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Occupy an aircraft."""
    reach_aircraft(request.auth, body.aircraft_id)
    wanted = commands.EventInput(**given(request.auth, body))
    actor = request.auth.actor(Resource.AVAILABILITY)
    return carry_out(
        request, idempotency_key, 201, lambda: EventOut.model_validate(commands.add_event(actor, wanted))
    )  # fmt: skip


@router.patch("/events/{event_id}", response={200: EventOut, **WRITING}, auth=_AVAILABILITY, tags=["Availability"])
def change_event(
    request: ApiRequest, event_id: Id, body: EventEditIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Change what occupies an aircraft."""
    reach_event(request.auth, event_id)
    reach_aircraft(request.auth, body.aircraft_id)
    edit, actor = commands.EventEdit(**given(request.auth, body)), request.auth.actor(Resource.AVAILABILITY)
    return carry_out(
        request, idempotency_key, 200, lambda: EventOut.model_validate(commands.change_event(actor, event_id, edit))
    )  # fmt: skip


@router.delete("/events/{event_id}", response={204: None, **WRITING}, auth=_AVAILABILITY, tags=["Availability"])
def delete_event(request: ApiRequest, event_id: Id, idempotency_key: IdempotencyKey = None) -> HttpResponse:
    """Take an event off the schedule. Again changes nothing."""
    reach_event(request.auth, event_id)
    actor = request.auth.actor(Resource.AVAILABILITY)
    return carry_out(request, idempotency_key, 204, lambda: commands.delete_event(actor, event_id))
