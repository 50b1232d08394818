"""What an application is asked for on a flight: its module on the list, and submitting it. Right: CHECKLIST_EDIT."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.db.models.functions import Now

from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.checklist import applications
from airstair.records.checklist.commands.inputs import Submission
from airstair.records.checklist.commands.rows import Touched, held, module_row
from airstair.records.checklist.models import Definition, Handler, Item, KeptModule, Module
from airstair.records.checklist.queries import available_services, module
from airstair.records.checklist.rules import ADEP, ADES, FALL_BACKS, PENDING, SERVICES, is_available, nearest
from airstair.records.checklist.snapshots import ModuleFacts
from airstair.records.flights.models import Flight
from airstair.records.flights.rules import Status
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right


def add_module(actor: Actor, flight_id: int, application_id: int) -> ModuleFacts:
    """Put an application's module on a flight's list. Again changes nothing. Raises `NotFound`."""
    actor.require(Right.CHECKLIST_EDIT, "add modules to the checklist")
    with transaction.atomic():
        flight, definitions = held(actor, flight_id)
        touched = Touched(actor, flight, definitions)
        stored = module_row(flight, application_id)
        touched.module(stored, application_id, _name(actor, stored, application_id)).removed = False
        touched.write("checklist.module")
    return module(actor.operator_id, flight_id, application_id)


def remove_module(actor: Actor, flight_id: int, application_id: int) -> None:
    """Take a module off a flight's list. What was submitted is not cancelled and goes on. Raises `NotFound`."""
    actor.require(Right.CHECKLIST_EDIT, "take modules off the checklist")
    with transaction.atomic():
        flight, definitions = held(actor, flight_id)
        touched = Touched(actor, flight, definitions)
        stored = module_row(flight, application_id)
        touched.module(stored, application_id, _name(actor, stored, application_id)).removed = True
        touched.write("checklist.module")


def keep_module(actor: Actor, application_id: int, kept: bool) -> None:
    """Keep an application's module on the list of every flight, or no more. Right: OPERATOR_EDIT. Raises `NotFound`."""
    actor.require(Right.OPERATOR_EDIT, "decide what stands on every checklist")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        rows = KeptModule.objects.filter(operator_id=actor.operator_id, application_id=application_id)
        stored = rows.first()
        name = stored.application_name if stored else _offered_name(actor, application_id)
        if kept == (stored is not None):
            return
        if kept:
            KeptModule.objects.create(
                operator_id=actor.operator_id, application_id=application_id, application_name=name[:120]
            )
        else:
            rows.delete()
        record_change(actor, "checklist.deck", f"Checklist, {name}", {"kept": not kept}, {"kept": kept})


def submit(actor: Actor, flight_id: int, application_id: int, wanted: Submission) -> ModuleFacts:
    """Ask an application for exactly these services. Raises `NotFound`, `Invalid`, `Conflict`.

    What is newly asked, or no longer, stands as pending until the application answers. Nothing ticked cancels what it
    was asked for. Submitting the same again asks again.
    """
    actor.require(Right.CHECKLIST_EDIT, "submit requests")
    with transaction.atomic():
        flight, definitions = held(actor, flight_id)
        stored = module_row(flight, application_id)
        name = _name(actor, stored, application_id)
        if not applications.active(actor.operator_id, application_id):
            raise Invalid.one(
                "application",
                f"Integration with {name} is not active. An admin connects it from {name}, and sees how it stands"
                " under Settings > Connected applications.",
            )
        touched = Touched(actor, flight, definitions)
        row = touched.module(stored, application_id, name)
        services = _services(flight, wanted, definitions, row)
        _refuse_unavailable(flight, name, application_id, services, touched)
        changed_sides = _take_handlers(actor, flight, row, wanted)
        for key, details in services.items():
            _ask(touched.item(key), definitions[key], application_id, details, _again(row, key, changed_sides))
        for key, item in touched.items.items():
            if item.ticked and item.application_id == application_id and key not in services:
                item.ticked = False
                _pend(item, definitions[key])
        row.submission += 1
        row.removed = False
        if row.status == "CANCELLED":
            row.status = row.note = ""
        touched.write("checklist.submitted")
        Module.objects.filter(operator_id=actor.operator_id, id=row.id).update(submitted_at=Now())
    return module(actor.operator_id, flight_id, application_id)


def _name(actor: Actor, stored: Module | None, application_id: int) -> str:
    return stored.application_name if stored else _offered_name(actor, application_id)


def _offered_name(actor: Actor, application_id: int) -> str:
    for one in applications.offered(actor.operator_id):
        if one.id == application_id:
            return one.name
    raise NotFound("This application")


def _services(flight: Flight, wanted: Submission, definitions: Mapping[str, Definition], row: Module) -> dict[str, str]:
    problems, found = Problems(), {}
    for key, details in wanted.services.items():
        if key not in SERVICES:
            problems.add("services", f"“{checks.shown(key)}” is not a service. Choose from the list.")
        elif not definitions[key].enabled:
            problems.add(key, f"“{definitions[key].label}” is switched off. Switch it on under Settings > Checklist.")
        else:
            found[key] = checks.text(problems, key, details, longest=2000)
    if not wanted.services and not row.submission:
        problems.add("services", "Nothing is ticked. Tick what is needed, then submit.")
    problems.refuse()
    if found and flight.status == Status.CANCELLED:
        raise Conflict("The flight is cancelled. Restore it first, then ask for services.")
    return found


def _refuse_unavailable(
    flight: Flight, name: str, application_id: int, services: Mapping[str, str], touched: Touched
) -> None:
    """Nothing new is asked where the application does not offer it. What is asked for already stays."""
    problems, lists = Problems(), available_services(flight.operator_id, application_id)
    for key in services:
        airport = flight.ades if SERVICES[key].side == ADES else flight.adep
        item = touched.items.get(key)
        asked = item is not None and item.ticked and item.application_id == application_id
        if not asked and not is_available(lists, airport, key):
            problems.add(key, f"{name} does not offer “{SERVICES[key].label}” at {airport}. Arrange it otherwise.")
    problems.refuse()


def _take_handlers(actor: Actor, flight: Flight, row: Module, wanted: Submission) -> set[str]:
    """Set both handlers. Answers the sides that have another one than before."""
    problems, changed = Problems(), set()
    for side, airport in ((ADEP, flight.adep), (ADES, flight.ades)):
        field = f"{side.lower()}_handler_id"
        handler_id = getattr(wanted, field)
        if handler_id == getattr(row, field):
            continue
        changed.add(side)
        setattr(row, field, handler_id)
        if handler_id is None:
            continue
        handler = Handler.objects.filter(operator_id=actor.operator_id, id=handler_id).first()
        if handler is None:
            raise NotFound("This handler")
        if handler.retired:
            problems.add(field, f"{handler.name} is retired. Choose another, or reinstate it first.")
        elif handler.airports and airport not in handler.airports:
            problems.add(field, f"{handler.name} is not at {airport}. Choose another, or add the airport to it.")
    problems.refuse()
    return changed


def _again(row: Module, key: str, changed_sides: set[str]) -> bool:
    """Whether a service that is asked for already is asked for anew."""
    return row.status == "CANCELLED" or SERVICES[key].side in changed_sides


def _ask(item: Item, definition: Definition, application_id: int, details: str, again: bool) -> None:
    if item.ticked and item.application_id != application_id:
        raise Conflict(f"“{definition.label}” is asked of another application. Untick it there and submit first.")
    if not item.ticked or again:
        _pend(item, definition)
        item.note = ""
    item.application_id, item.ticked, item.details, item.removed = application_id, True, details, False


def _pend(item: Item, definition: Definition) -> None:
    """The application's last answer stands no longer; it is about to give another."""
    item.status, item.designation = nearest(FALL_BACKS["handler"].via or PENDING, definition.statuses), ""
