"""The handlers' directory. Right: PHONEBOOK_EDIT. A handler is retired, never removed: flights name it."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.checklist.commands.inputs import HandlerInput
from airstair.records.checklist.models import Handler
from airstair.records.checklist.queries import flights_with_handler, handler
from airstair.records.checklist.rules import SERVICE_KINDS
from airstair.records.checklist.snapshots import HandlerFacts
from airstair.records.operators.rules import Right
from airstair.records.places.queries import resolver

_FIELDS = ("name", "airports", "email", "phone", "phone_after_hours", "frequency", "services", "notes")
_MOST_AIRPORTS = 200


def add_handler(actor: Actor, wanted: HandlerInput) -> HandlerFacts:
    """Add a handler. Raises `Invalid`."""
    actor.require(Right.PHONEBOOK_EDIT, "add handlers")
    with transaction.atomic():
        values = _tidy(actor.operator_id, wanted)
        id_ = next_ids(1)[0]
        Handler.objects.create(operator_id=actor.operator_id, id=id_, **values)
        _record(actor, "handler.created", id_, values["name"], None, values)
    return handler(actor.operator_id, id_)


def change_handler(actor: Actor, handler_id: int, wanted: HandlerInput) -> HandlerFacts:
    """Change a handler as a whole. Raises `NotFound`, `Invalid`."""
    actor.require(Right.PHONEBOOK_EDIT, "change handlers")
    with transaction.atomic():
        before = _locked(actor, handler_id)
        values = _tidy(actor.operator_id, wanted)
        after = Handler(operator_id=actor.operator_id, id=handler_id, **values)
        was, now = difference(before, after, _FIELDS)
        if now:
            _rows(actor, handler_id).update(**values)
            _record(actor, "handler.changed", handler_id, values["name"], was, now)
    return handler(actor.operator_id, handler_id)


def retire_handler(actor: Actor, handler_id: int) -> HandlerFacts:
    """Offer it for no flight any more. Again changes nothing. Raises `NotFound`."""
    actor.require(Right.PHONEBOOK_EDIT, "retire handlers")
    return _set_retired(actor, handler_id, True)


def reinstate_handler(actor: Actor, handler_id: int) -> HandlerFacts:
    """Offer a retired one again. Raises `NotFound`."""
    actor.require(Right.PHONEBOOK_EDIT, "reinstate handlers")
    return _set_retired(actor, handler_id, False)


def _set_retired(actor: Actor, handler_id: int, retired: bool) -> HandlerFacts:
    with transaction.atomic():
        before = _locked(actor, handler_id)
        if before.retired != retired:
            _rows(actor, handler_id).update(retired=retired)
            kind = "handler.retired" if retired else "handler.reinstated"
            _record(actor, kind, handler_id, before.name, {"retired": not retired}, {"retired": retired})
    return handler(actor.operator_id, handler_id)


def _rows(actor: Actor, handler_id: int) -> Any:
    return Handler.objects.filter(operator_id=actor.operator_id, id=handler_id)


def _locked(actor: Actor, handler_id: int) -> Handler:
    found: Handler | None = _rows(actor, handler_id).select_for_update(no_key=True).first()
    if found is None:
        raise NotFound("This handler")
    return found


def _record(actor: Actor, kind: str, id_: int, name: str, before: dict[str, Any] | None, after: dict[str, Any]) -> None:
    """Touches the flights that it handles, so that applications hear of another address."""
    unit = Unit(UnitKind.HANDLER, id_)
    flights = (Unit(UnitKind.FLIGHT, flight_id) for flight_id in flights_with_handler(actor.operator_id, id_))
    told = {name: plain(value) for name, value in after.items()}
    record(actor, [NewChange(kind=kind, subject=unit, title=name, units=(unit, *flights), before=before, after=told)])


def _tidy(operator_id: int, wanted: HandlerInput) -> dict[str, Any]:
    problems = Problems()
    places = resolver(operator_id)
    airports: dict[str, None] = {}
    for code in wanted.airports[:_MOST_AIRPORTS]:
        try:
            airports[places.resolve(code, "airports").code] = None
        except Invalid as refusal:
            checks.take(problems, refusal)
    for kind in wanted.services:
        if kind not in SERVICE_KINDS:
            problems.add("services", f"“{checks.shown(kind)}” is not a service. Choose from the list.")
    if len(wanted.airports) > _MOST_AIRPORTS:
        problems.add("airports", f"There are {len(wanted.airports)}. Keep at most {_MOST_AIRPORTS}.")
    values = {
        "name": checks.text(problems, "name", wanted.name, longest=120, needed=True),
        "airports": list(airports),
        "email": checks.email(problems, "email", wanted.email),
        "phone": checks.text(problems, "phone", wanted.phone, longest=40),
        "phone_after_hours": checks.text(problems, "phone_after_hours", wanted.phone_after_hours, longest=40),
        "frequency": checks.text(problems, "frequency", wanted.frequency, longest=20),
        "services": [kind for kind in SERVICE_KINDS if kind in wanted.services],
        "notes": checks.text(problems, "notes", wanted.notes, longest=checks.LONGEST_NOTE),
    }
    problems.refuse()
    return values
