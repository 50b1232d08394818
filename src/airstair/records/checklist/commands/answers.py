"""What an application answers: statuses, notes, messages, permits, proposed times. Right: SUPPORT_ANSWER.

And what people say to a proposal. Commands of applications work on cancelled and deleted flights too: that is when they
have to say that they have cancelled.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from msgspec import structs

from airstair.changes.record import record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, NotFound, Problems
from airstair.records import checks
from airstair.records.checklist.commands.inputs import PermitInput, ServiceAnswer
from airstair.records.checklist.commands.permits import tidy_permits
from airstair.records.checklist.commands.rows import Touched, held, module_row
from airstair.records.checklist.models import Definition, Item, Message, Module, Permit
from airstair.records.checklist.queries import checklist, module
from airstair.records.checklist.rules import DESIGNATIONS, EDIT, SERVICES, STATUSES, proposed_times, status_for
from airstair.records.checklist.snapshots import ModuleFacts, PermitFacts
from airstair.records.flights.commands import FlightEdit, change_flight
from airstair.records.flights.commands.rows import about_flight
from airstair.records.flights.models import Flight
from airstair.records.operators.rules import Right

MOST_ANSWERS = 100


def answer_services(actor: Actor, application_id: int, flight_id: int, answers: Sequence[ServiceAnswer]) -> ModuleFacts:
    """Say how it stands with services that were asked for. Raises `NotFound`, `Invalid`. Again changes nothing.

    Each designation becomes the status that the table says. `EDIT` is about the flight as a whole.
    """
    actor.require(Right.SUPPORT_ANSWER, "answer for services")
    with transaction.atomic():
        flight, definitions, stored = _asked(actor, application_id, flight_id)
        touched = Touched(actor, flight, definitions)
        row = touched.module(stored, application_id, stored.application_name)
        problems = Problems()
        if len(answers) > MOST_ANSWERS:
            problems.add("services", f"There are {len(answers)}. Answer at most {MOST_ANSWERS} at a time.")
            problems.refuse()
        for at, answer in enumerate(answers):
            note = answer.note and checks.text(
                problems, f"services.{at}.note", answer.note, longest=checks.LONGEST_NOTE
            )
            if answer.service != EDIT and answer.service not in SERVICES:
                sentence = f"“{checks.shown(answer.service)}” is not a service. Use one of the list, or EDIT."
                problems.add(f"services.{at}.service", sentence)
            elif answer.designation not in DESIGNATIONS:
                sentence = (
                    f"“{checks.shown(answer.designation)}” is not one of them. Use {checks.listed(DESIGNATIONS)}."
                )
                problems.add(f"services.{at}.status", sentence)
            elif answer.service == EDIT:
                row.status = answer.designation
                row.note = row.note if note is None else note
            else:
                item, definition = touched.item(answer.service), definitions[answer.service]
                _refuse_others(problems, f"services.{at}.service", item, application_id)
                _answer(item, definition, application_id, answer.designation, note)
        problems.refuse()
        touched.write("checklist.answered")
    return module(actor.operator_id, flight_id, application_id)


def message(actor: Actor, application_id: int, flight_id: int, content: str, created_by: str = "") -> None:
    """Write to the operator about a flight. The same words again, right after, are one message. Raises `Invalid`."""
    actor.require(Right.SUPPORT_ANSWER, "write to the operator")
    problems = Problems()
    content = checks.text(problems, "content", content, longest=checks.LONGEST_NOTE, needed=True)
    created_by = checks.text(problems, "createdBy", created_by, longest=200)
    problems.refuse()
    with transaction.atomic():
        flight, _, stored = _asked(actor, application_id, flight_id)
        rows = Message.objects.filter(operator_id=actor.operator_id, flight_id=flight_id, application_id=application_id)
        last = rows.order_by("-id").first()
        if last is not None and (last.content, last.created_by) == (content, created_by):
            return
        Message.objects.create(
            operator_id=actor.operator_id, flight_id=flight_id, application_id=application_id, content=content,
            created_by=created_by,
        )  # fmt: skip
        told = {f"{stored.application_name}.message": content[:200]}
        record(actor, [about_flight("checklist.message", flight, None, told)])


def set_permits(
    actor: Actor, application_id: int, flight_id: int, permits: Sequence[PermitInput]
) -> tuple[PermitFacts, ...]:
    """Say which permits a flight has or is to get; these replace the application's earlier ones.

    Raises `NotFound`, `Invalid`. The same again changes nothing.
    """
    actor.require(Right.SUPPORT_ANSWER, "tell of permits")
    with transaction.atomic():
        flight, _, stored = _asked(actor, application_id, flight_id)
        wanted = tidy_permits(actor.operator_id, application_id, permits)
        known = checklist(actor.operator_id, flight_id).permits
        before = tuple(one for one in known if one.application_id == application_id)
        if before != wanted:
            rows = Permit.objects.filter(operator_id=actor.operator_id, flight_id=flight_id)
            rows.filter(application_id=application_id).delete()
            Permit.objects.bulk_create(
                Permit(operator_id=actor.operator_id, flight_id=flight_id, **structs.asdict(one)) for one in wanted
            )
            field = f"{stored.application_name}.permits"
            was, now = ("; ".join(one.title for one in some) for some in (before, wanted))
            record(actor, [about_flight("checklist.permits", flight, {field: was}, {field: now})])
    return wanted


def propose_times(
    actor: Actor, application_id: int, flight_id: int, std: datetime | None = None, sta: datetime | None = None
) -> ModuleFacts:
    """Propose another departure or arrival; people accept or dismiss it. Raises `NotFound`, `Invalid`.

    A time that the flight has already takes an earlier proposal of it back.
    """
    actor.require(Right.SUPPORT_ANSWER, "propose times")
    problems = Problems()
    wanted = {
        name: checks.moment(problems, name, when) for name, when in (("std", std), ("sta", sta)) if when is not None
    }
    if std is None and sta is None:
        problems.add("time", "It is missing. Give the time that is proposed.")
    problems.refuse()
    with transaction.atomic():
        flight, definitions, stored = _asked(actor, application_id, flight_id)
        touched = Touched(actor, flight, definitions)
        row = touched.module(stored, application_id, stored.application_name)
        for name, when in wanted.items():
            setattr(row, f"proposed_{name}", None if when == getattr(flight, name) else when)
        row.proposed_by = actor.label[:200] if row.proposed_std or row.proposed_sta else ""
        touched.write("checklist.proposed")
    return module(actor.operator_id, flight_id, application_id)


def accept_proposal(actor: Actor, flight_id: int, application_id: int) -> ModuleFacts:
    """Re-time the flight as proposed; a time that was not proposed moves along. Right: SCHEDULE_EDIT.

    Raises `NotFound`, `Invalid`; `Conflict` when the proposal has gone.
    """
    actor.require(Right.SCHEDULE_EDIT, "re-time flights")
    with transaction.atomic():
        flight, row, touched = _proposal(actor, flight_id, application_id)
        std, sta = proposed_times(flight.std, flight.sta, row.proposed_std, row.proposed_sta)
        row.proposed_std, row.proposed_sta, row.proposed_by = None, None, ""
        touched.write("checklist.proposal_accepted")
        change_flight(actor, flight_id, FlightEdit(std=std, sta=sta))
    return module(actor.operator_id, flight_id, application_id)


def dismiss_proposal(actor: Actor, flight_id: int, application_id: int) -> ModuleFacts:
    """Leave the flight's times as they are. Right: CHECKLIST_EDIT. Raises `NotFound`, `Conflict`."""
    actor.require(Right.CHECKLIST_EDIT, "dismiss proposals")
    with transaction.atomic():
        _, row, touched = _proposal(actor, flight_id, application_id)
        row.proposed_std, row.proposed_sta, row.proposed_by = None, None, ""
        touched.write("checklist.proposal_dismissed")
    return module(actor.operator_id, flight_id, application_id)


def _proposal(actor: Actor, flight_id: int, application_id: int) -> tuple[Flight, Module, Touched]:
    flight, definitions = held(actor, flight_id)
    stored = module_row(flight, application_id)
    if stored is None:
        raise NotFound("This module of the checklist")
    if stored.proposed_std is None and stored.proposed_sta is None:
        raise Conflict("There is no proposal any more. Look at the flight again.")
    touched = Touched(actor, flight, definitions)
    return flight, touched.module(stored, application_id, stored.application_name), touched


def _asked(actor: Actor, application_id: int, flight_id: int) -> tuple[Flight, dict[str, Definition], Module]:
    """The locked flight, and its module: an application knows only flights that it was asked about."""
    flight, definitions = held(actor, flight_id, deleted_too=True)
    stored = module_row(flight, application_id)
    if stored is None or not stored.submission:
        raise NotFound("This flight")
    return flight, definitions, stored


def _refuse_others(problems: Problems, field: str, item: Item, application_id: int) -> None:
    """An application does not answer for what somebody else arranges."""
    arranged = item.application_id is None and STATUSES[item.status].asked
    if arranged or (item.ticked and item.application_id != application_id):
        problems.add(field, "The operator arranges this service otherwise. Leave it out.")


def _answer(item: Item, definition: Definition, application_id: int, designation: str, note: str | None) -> None:
    item.application_id, item.designation, item.removed = application_id, designation, False
    item.status = status_for(definition.key, designation, definition.statuses)
    if note is not None:
        item.note = note
