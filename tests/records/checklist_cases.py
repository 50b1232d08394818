"""How to call the commands and readers of checklists, and one of each thing that they are about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from airstair.records.access import commands as access
from airstair.records.access.commands.tokens import first_tokens
from airstair.records.access.models import Application
from airstair.records.checklist import commands as checklist
from airstair.records.checklist import queries
from airstair.records.operators.rules import Right

SCOPE = "INTEGRATION_FLIGHT_SUPPORT"
LATER = datetime(2027, 3, 1, 7, tzinfo=UTC)


class ChecklistThings:
    """A flight with handlers, a document, a mail, and an application that was asked and has answered."""

    def __init__(self, world: Any) -> None:
        code = world.code
        # Applications are of the installation: every operator's checklist names the same ones.
        self.application, self.unused = _application("Flight Desk"), _application("Fuel Desk")
        granted = access.grant_application(
            world.admin, access.GrantInput(application_id=self.application, scopes=(SCOPE,), all_aircraft=True)
        )
        with transaction.atomic():
            first_tokens(granted, datetime.now(UTC))
        self.flight = world.flight(pax_count=2)
        self.handler = checklist.add_handler(
            world.ops, checklist.HandlerInput(name=f"Handler of {code}", airports=("KEWR",), email=f"h@{code}.example")
        )
        gone = checklist.add_handler(world.ops, checklist.HandlerInput(name=f"Gone from {code}"))
        self.gone = checklist.retire_handler(world.ops, gone.id)
        flight = self.flight.id
        documented = checklist.add_file(
            world.ops, flight, "PPR_ADEP", f"{code}.txt", "text/plain", f"T {code}".encode()
        )
        self.file = documented.files[0]
        edit = checklist.ItemEdit(handler_id=self.handler.id, details=f"Details of {code}")
        checklist.set_item(world.ops, flight, "HANDLING_ADEP", edit)
        checklist.send_handling_request(world.ops, flight, "ADEP")
        checklist.submit(world.ops, flight, self.application, submission(self, f"Slot of {code}"))
        answer = checklist.ServiceAnswer(service="SLOT_ADEP", designation="PENDING", note=f"Asked for {code}")
        checklist.answer_services(world.admin, self.application, flight, [answer])
        checklist.message(world.admin, self.application, flight, f"Hello {code}")
        checklist.propose_times(world.admin, self.application, flight, std=LATER)
        permit = checklist.PermitInput(kind="LANDING", designation="PENDING", country="PL", number=f"No. {code}")
        checklist.set_permits(world.admin, self.application, flight, [permit])
        checklist.set_available_services(world.admin, self.application, [lists()])
        checklist.keep_module(world.admin, self.application, True)
        checklist.set_test_address(world.admin, f"test@{code.lower()}.example")
        kind = checklist.DefinitionInput(label=f"Own item of {code}")
        self.definition = checklist.add_checklist_definition(world.admin, kind)


def _application(name: str) -> int:
    known = Application.objects.filter(name=name).values_list("id", flat=True).first()
    wanted = access.ApplicationInput(name=name, redirect_uris=("https://desk.example/back",), scopes=(SCOPE,))
    return known or access.register_application(wanted).facts.id


def submission(things: ChecklistThings, details: str = "", **given: Any) -> checklist.Submission:
    return checklist.Submission(**{"adep_handler_id": things.handler.id, "services": {"SLOT_ADEP": details}, **given})


def lists(*more: str) -> checklist.AirportServices:
    return checklist.AirportServices(airport="EWR", services=("SLOT_ADEP", "HANDLING_ADEP", *more))


def _permits(country: str) -> list[checklist.PermitInput]:
    return [checklist.PermitInput(kind="OVERFLIGHT", designation="CONFIRMED", country=country)]


def _answers(designation: str) -> list[checklist.ServiceAnswer]:
    return [checklist.ServiceAnswer(service="SLOT_ADEP", designation=designation)]


def checklist_cases(case: Any) -> dict[str, Any]:
    edit, support = (Right.CHECKLIST_EDIT,), (Right.SUPPORT_ANSWER,)
    whose, directory = (Right.OPERATOR_EDIT,), (Right.PHONEBOOK_EDIT,)
    flight: Callable[[Any], int] = lambda t: t.checklist.flight.id  # noqa: E731 (said often below)
    app: Callable[[Any], int] = lambda t: t.checklist.application  # noqa: E731
    item, kind, handler = checklist.ItemEdit, checklist.DefinitionInput, checklist.HandlerInput
    return {
        "add_item": case(edit, lambda t: (flight(t), "HOTEL_ADES")),
        "set_item": case(
            edit,
            lambda t: (flight(t), "FUEL_ADEP", item(status="RQS")),
            lambda t: (flight(t), "FUEL_ADEP", item(status="RQS", confirmation="x" * 99)),
        ),
        "remove_item": case(edit, lambda t: (flight(t), "FUEL_ADEP")),
        "add_file": case(
            edit,
            lambda t: (flight(t), "FUEL_ADEP", "a.txt", "text/plain", b"1"),
            lambda t: (flight(t), "FUEL_ADEP", "", "text/html", b""),
        ),
        "remove_file": case(edit, lambda t: (flight(t), t.checklist.file.id)),
        "add_module": case(edit, lambda t: (flight(t), t.checklist.unused)),
        "remove_module": case(edit, lambda t: (flight(t), app(t))),
        "submit": case(
            edit,
            lambda t: (flight(t), app(t), submission(t.checklist)),
            lambda t: (flight(t), app(t), submission(t.checklist, services={"DANCING": ""})),
        ),
        "send_handling_request": case(edit, lambda t: (flight(t), "ADEP"), lambda t: (flight(t), "ETOPS")),
        "dismiss_proposal": case(edit, lambda t: (flight(t), app(t))),
        "accept_proposal": case((Right.SCHEDULE_EDIT,), lambda t: (flight(t), app(t))),
        "answer_services": case(
            support, lambda t: (app(t), flight(t), _answers("CONFIRMED")), lambda t: (app(t), flight(t), _answers("?"))
        ),
        "message": case(support, lambda t: (app(t), flight(t), "News"), lambda t: (app(t), flight(t), " ")),
        "set_permits": case(
            support, lambda t: (app(t), flight(t), _permits("DE")), lambda t: (app(t), flight(t), _permits(""))
        ),
        "set_available_services": case(
            support,
            lambda t: (app(t), [lists("FUEL_ADEP")]),
            lambda t: (app(t), [lists("DANCING")]),
            owned=False,
        ),
        "propose_times": case(
            support,
            lambda t: (app(t), flight(t), LATER + timedelta(hours=1)),
            lambda t: (app(t), flight(t), LATER.replace(tzinfo=None)),
        ),
        "keep_module": case(whose, lambda t: (t.checklist.application, False), owned=False),
        "set_test_address": case(whose, lambda t: ("you@test.example",), lambda t: ("?",), owned=False),
        "add_checklist_definition": case(
            whose, lambda t: (kind(label="New"),), lambda t: (kind(label=""),), owned=False
        ),
        "change_checklist_definition": case(
            whose,
            lambda t: (t.checklist.definition.key, kind(label="Other")),
            lambda t: (t.checklist.definition.key, kind(label="Other", side="?")),
        ),
        "move_checklist_definition": case(
            whose, lambda t: (t.checklist.definition.key, 1), lambda t: (t.checklist.definition.key, 0)
        ),
        "add_handler": case(directory, lambda t: (handler(name="N"),), lambda t: (handler(name=""),), owned=False),
        "change_handler": case(
            directory,
            lambda t: (t.checklist.handler.id, handler(name="N")),
            lambda t: (t.checklist.handler.id, handler(name="N", email="?")),
        ),
        "retire_handler": case(directory, lambda t: (t.checklist.handler.id,)),
        "reinstate_handler": case(directory, lambda t: (t.checklist.gone.id,)),
    }


NOT_FOUND: dict[str, Callable[[Any, int], object]] = {
    "checklist": lambda t, who: queries.checklist(who, t.checklist.flight.id),
    "item": lambda t, who: queries.item(who, t.checklist.flight.id, "FUEL_ADEP"),
    "module": lambda t, who: queries.module(who, t.checklist.flight.id, t.checklist.application),
    "definition_by_key": lambda t, who: queries.definition_by_key(who, t.checklist.definition.key),
    "handler": lambda t, who: queries.handler(who, t.checklist.handler.id),
    "file": lambda t, who: queries.file(who, t.checklist.flight.id, t.checklist.file.id),
}
EMPTY: dict[str, Callable[[Any, int], object]] = {
    "checklists": lambda t, who: queries.checklists(who, [t.checklist.flight.id]),
    "handlers": lambda t, who: queries.handlers(who),
    "flights_with_handler": lambda t, who: queries.flights_with_handler(who, t.checklist.handler.id),
    "kept_modules": lambda t, who: queries.kept_modules(who),
    "available_services": lambda t, who: queries.available_services(who, t.checklist.application),
    "test_address": lambda t, who: queries.test_address(who),
    "history": lambda t, who: queries.history(who, t.checklist.flight.id),
    "support_flights": lambda t, who: queries.support_flights(who, t.checklist.application, None),
}
