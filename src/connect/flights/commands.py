"""What people change on a flight in Connect. It stays here: the schedule of record is the operator's, and its next
update replaces what was changed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction

from connect.clock import Clock, utc_now
from connect.errors import Invalid, Refused
from connect.flights.models import Flight
from connect.flights.queries import flight as flight_of
from connect.parties.models import Organisation
from connect.parties.rights import Act, Actor, Module
from connect.sync.mailing import tell_handlers
from connect.sync.reconcile import reschedule
from connect.sync.store import load, save


class FlightEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What may be adjusted."""

    std: datetime
    sta: datetime
    pax: int | None = None
    crew: int | None = None
    flight_type: str = ""
    mission: str = ""


@transaction.atomic
def change_flight(actor: Actor, flight_id: int, edit: FlightEdit, now: Clock = utc_now) -> Flight:
    """Adjust the flight here; its orders follow by the same rules as for a change in the schedule."""
    actor.need_kind(Organisation.OPERATOR, "The flight")
    actor.need(Module.FLIGHTS, Act.MODIFY)
    flight = Flight.objects.select_for_update().get(id=flight_of(actor, flight_id).id)
    if flight.state != Flight.SYNCHRONISED:
        raise Refused("The flight is not synchronised, so it cannot be changed here.")
    if flight.sta <= now():
        raise Refused("The flight has arrived. Only flights in the future can be changed.")
    if edit.std >= edit.sta:
        raise Invalid(("sta", "The arrival must be after the departure."))
    before = load(flight)
    facts = msgspec.structs.replace(before.facts, **msgspec.structs.asdict(edit))
    flight.changed_here = True
    after = reschedule(before, facts)
    saved = save(flight, before, after, actor.name, now())
    tell_handlers(saved, before, after)
    return saved
