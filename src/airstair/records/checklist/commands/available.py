"""Where an application offers which services. Right: SUPPORT_ANSWER."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import transaction

from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.checklist import applications
from airstair.records.checklist.commands.inputs import AirportServices
from airstair.records.checklist.models import AvailableServices
from airstair.records.checklist.queries import available_services
from airstair.records.checklist.rules import SERVICES
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right
from airstair.records.places.queries import resolver

MOST_LISTS = 2000
_ENOUGH = 20  # things that are wrong, to be told of at once


def set_available_services(
    actor: Actor, application_id: int, lists: Sequence[AirportServices]
) -> Mapping[str, frozenset[str]]:
    """Say where which services can be asked for; these lists replace all earlier ones. Raises `NotFound`, `Invalid`.

    With a list of any airport, services can be asked for at listed airports alone; no list at all lifts that. What is
    asked for already stays so. The same again changes nothing.
    """
    actor.require(Right.SUPPORT_ANSWER, "say where services are available")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        name = _name(actor, application_id)
        wanted = _tidy(actor.operator_id, lists)
        before = available_services(actor.operator_id, application_id)
        others = [code for code in {**before, **wanted} if before.get(code) != wanted.get(code)]
        if others:
            rows = AvailableServices.objects.filter(operator_id=actor.operator_id, application_id=application_id)
            rows.filter(airport__in=others).delete()
            AvailableServices.objects.bulk_create(
                AvailableServices(
                    operator_id=actor.operator_id, application_id=application_id, airport=code,
                    services=_in_order(wanted[code]),
                )
                for code in others if code in wanted
            )  # fmt: skip
            was, now = ({code: _in_order(one[code]) for code in others if code in one} for one in (before, wanted))
            record_change(actor, "checklist.available", f"Checklist, {name}", was, now)
    return wanted


def _name(actor: Actor, application_id: int) -> str:
    for one in applications.offered(actor.operator_id):
        if one.id == application_id:
            return one.name
    raise NotFound("This application")


def _in_order(services: frozenset[str]) -> list[str]:
    return [key for key in SERVICES if key in services]


def _tidy(operator_id: int, lists: Sequence[AirportServices]) -> dict[str, frozenset[str]]:
    problems, found = Problems(), dict[str, frozenset[str]]()
    if len(lists) > MOST_LISTS:
        problems.add("lists", f"There are {len(lists)}. List at most {MOST_LISTS} airports.")
        problems.refuse()
    places = resolver(operator_id)
    for at, one in enumerate(lists):
        if len(problems.found) >= _ENOUGH:  # finding what each code may have meant takes time
            break
        for key in one.services:
            if key not in SERVICES:
                sentence = f"“{checks.shown(key)}” is not a service. Use one of the list, such as FUEL_ADEP."
                problems.add(f"lists.{at}.services", sentence)
        try:
            code = places.resolve(one.airport, f"lists.{at}.airportCode").code
        except Invalid as refusal:
            checks.take(problems, refusal)
            continue
        if code in found:
            problems.add(f"lists.{at}.airportCode", f"{code} is listed twice. Give each airport one list.")
        found[code] = frozenset(one.services)
    problems.refuse()
    return found
