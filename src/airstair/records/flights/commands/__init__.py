"""Changing the schedule: trips, flights, events, empty legs, actual times, services, and many flights at once.

The only writers of these tables. Each command takes who acts, checks the right, looks at all of its input, writes
the rows and their changes in one transaction, and writes nothing at all when nothing would change.
"""

from airstair.records.flights.commands.books import log_flight, set_times, watch_flight
from airstair.records.flights.commands.bulk import BulkResult, FlightRow, write_flights
from airstair.records.flights.commands.emptylegs import (
    change_empty_leg,
    mark_empty_leg,
    unmark_empty_leg,
    unverify_empty_leg,
    verify_empty_leg,
)
from airstair.records.flights.commands.events import add_event, change_event, delete_event
from airstair.records.flights.commands.flights import (
    add_flight,
    cancel_flight,
    change_flight,
    delete_flight,
    restore_flight,
)
from airstair.records.flights.commands.inputs import (
    EmptyLegEdit,
    EmptyLegInput,
    EventEdit,
    EventInput,
    FlightEdit,
    FlightInput,
    LogInput,
    Passenger,
    ServiceInput,
    TimesInput,
    TripEdit,
    TripInput,
    WatchInput,
)
from airstair.records.flights.commands.services import set_services
from airstair.records.flights.commands.trips import change_trip, create_trip, move_flight, set_trip_status

__all__ = [
    "BulkResult",
    "EmptyLegEdit",
    "EmptyLegInput",
    "EventEdit",
    "EventInput",
    "FlightEdit",
    "FlightInput",
    "FlightRow",
    "LogInput",
    "Passenger",
    "ServiceInput",
    "TimesInput",
    "TripEdit",
    "TripInput",
    "WatchInput",
    "add_event",
    "add_flight",
    "cancel_flight",
    "change_empty_leg",
    "change_event",
    "change_flight",
    "change_trip",
    "create_trip",
    "delete_event",
    "delete_flight",
    "log_flight",
    "mark_empty_leg",
    "move_flight",
    "restore_flight",
    "set_services",
    "set_times",
    "set_trip_status",
    "unmark_empty_leg",
    "unverify_empty_leg",
    "verify_empty_leg",
    "watch_flight",
    "write_flights",
]
