"""Readers of connections to schedule systems, for pages and for the process that serves them."""

from __future__ import annotations

from datetime import datetime

from connect.flights.models import Flight
from connect.flights.queries import of_operator
from connect.parties.rights import Act, Actor, Module
from connect.sync.commands import current_answers
from connect.sync.models import Connection, Told


def connection(actor: Actor) -> Connection | None:
    """The connection of the actor's operator."""
    actor.need_kind("operator", "The connection")
    actor.need(Module.ORGANISATION, Act.VIEW)
    return Connection.objects.filter(operator_id=actor.main_id).first()


def flight_count(actor: Actor) -> int:
    """How many flights are synchronised."""
    return Flight.objects.filter(of_operator(actor), state=Flight.SYNCHRONISED).count()


def waiting_count(actor: Actor) -> int:
    """Of how many flights the schedule system has yet to be told something."""
    return Flight.objects.filter(of_operator(actor), answers_due=True).count()


def answers_told(flight: Flight) -> list[tuple[str, str, str, datetime | None]]:
    """How the flight and its services stand, and when the schedule system accepted exactly this."""
    told = {one.service: one for one in Told.objects.filter(connection__operator=flight.operator_id, nid=flight.nid)}
    made = []
    for service, answer in current_answers(flight).items():
        row = told.get(service)
        same = row is not None and (row.designation, row.note) == (answer.designation.value, answer.note)
        made.append((service, answer.designation.value, answer.note, row.at if same and row else None))
    return made


def served() -> list[int]:
    """The connections that are switched on and granted."""
    found = Connection.objects.filter(enabled=True).exclude(refresh_token="")
    return list(found.values_list("id", flat=True))
