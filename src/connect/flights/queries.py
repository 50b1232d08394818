"""Readers of flights. An operator's people find those of the main organisation and its subsidiaries; a subsidiary's
people only its own. Handlers see a flight only through their orders.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from connect.errors import NotFound
from connect.flights.models import Flight
from connect.parties.models import Organisation
from connect.parties.rights import Act, Actor, Module


def of_operator(actor: Actor, through: str = "") -> Q:
    """Which flights are the actor's. `through` leads from another table, as `flight__`."""
    if actor.kind != Organisation.OPERATOR:
        return Q(pk__in=[])
    if actor.organisation_id == actor.main_id:
        return Q(**{f"{through}operator_id": actor.main_id})
    return Q(**{f"{through}organisation_id": actor.organisation_id})


def flights(actor: Actor, since: datetime | None, until: datetime | None, search: str = "") -> list[Flight]:
    """Flights that are or were synchronised, by departure, with their orders at hand."""
    actor.need(Module.FLIGHTS, Act.VIEW)
    found = Flight.objects.filter(of_operator(actor)).select_related("organisation", "operator")
    if since:
        found = found.filter(std__gte=since)
    if until:
        found = found.filter(std__lt=until)
    if search:
        words = Q(flight_no__icontains=search) | Q(registration__icontains=search) | Q(trip_number__icontains=search)
        found = found.filter(words | Q(adep__iexact=search) | Q(ades__iexact=search))
    return list(found.prefetch_related("orders__handler").order_by("std", "nid", "generation")[:500])


def newest(actor: Actor, one: Flight) -> Flight:
    """The flight that is synchronised now under the same id: itself, or the one that was made anew after it."""
    found = Flight.objects.filter(of_operator(actor), operator_id=one.operator_id, nid=one.nid)
    return found.order_by("-generation").first() or one


def flight(actor: Actor, flight_id: int) -> Flight:
    """One flight."""
    actor.need(Module.FLIGHTS, Act.VIEW)
    found = Flight.objects.filter(of_operator(actor), id=flight_id).select_related("organisation", "operator").first()
    if found is None:
        raise NotFound("The flight")
    return found
