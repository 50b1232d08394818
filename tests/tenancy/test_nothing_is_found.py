"""Every reader, command and page of the code, given another operator's things: nothing comes out, nothing changes.

What is tried is found in the code, so that a new one is tried without being named. The database alone has to hold:
what is called names the owner's own operator and ids, as a query does that has forgotten where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from tests.records.conftest import PASSWORD
from tests.tenancy.things import Things, arguments, functions, marks, state_of, text_of, two

from airstair.kernel.errors import AirstairError
from airstair.kernel.scope import all_operators, no_operator, operator_scope
from airstair.records.operators.rules import Role
from airstair.web import acting
from airstair.web import scope as web_scope

FUNCTIONS = functions()
# About nobody's rows: the published airports, and arithmetic.
OF_NOBODY = {
    "records.fleet.queries.block_minutes", "records.operators.queries.member_facts",
    "records.access.queries.key_facts", "records.access.queries.grant_facts",
    "records.access.queries.applications", "records.access.queries.applications_offering",
    "records.access.queries.application", "records.access.queries.application_of_client",
    "records.access.queries.is_its_secret", "records.access.queries.application_facts",
    "records.checklist.applications.offered",
    "records.places.queries.distance_nm", "records.places.queries.published", "records.places.queries.searchable",
    "records.places.queries.searchable_text", "hub.connections.queries.account_of", "hub.messages.queries.line_of",
    "records.people.queries.document_facts", "records.people.sealing.seal_text", "records.people.sealing.unseal_text",
    "records.people.sealing.seal_born", "records.people.sealing.unseal_born",
    "hub.doors.rules.login_of", "hub.webhooks.queries.facts_of",
    "hub.connections.queries.typed_settings", "hub.connections.secrets.seal", "hub.connections.secrets.unseal",
}  # fmt: skip
# To their owner, too, they say nothing that only one operator's rows say, and change nothing here.
SAY_NOTHING = {
    "changes.since.changes_since": "what this very transaction wrote is in no snapshot yet",
    "changes.lately.times_of": "times of ids that it was told",
    "changes.since.things_changed": "what this very transaction wrote is in no snapshot yet",
    "hub.doors.commands.follow_switch": "no partner comes through the add-on of these things",
    "hub.doors.commands.issue_again": "no partner comes through the add-on of these things",
    "hub.doors.handing.hand_over": "the add-on of these things has no link",
    "hub.doors.handing.in_the_menu": "no add-on with a link in the menu is switched on",
    "hub.forgetting.forget_fetched": "nothing is fetched from the add-on of these things",
    "hub.forgetting.reset_fetched": "nothing is fetched from the add-on of these things",
    "changes.consequences.follow": "what follows from nothing",
    "records.checklist.applications.active": "whether",
    "records.checklist.queries.kept_modules": "applications, which are of the installation",
    "records.checklist.queries.available_services": "airports and services, which both operators have",
    "records.checklist.commands.permits.tidy_permits": "what it was told",
    "records.checklist.commands.definitions.ensure_definitions": "what every operator starts with",
    "records.checklist.commands.rows.starting_definitions": "what every operator starts with",
    "records.endorsements.commands.definitions.last_place": "a number",
    "records.endorsements.commands.definitions.tidy": "what it was given, in its written form",
    "records.people.commands.inputs.company_id": "the id that it was told",
    "hub.inside.model_for": "no model is switched on",
    "hub.golive.examine": "there is no sandbox to examine",
    "hub.health.clocks": "times alone",
    "hub.health.stands": "what it was given, judged",
    "hub.messages.offering.offers": "the add-on of these things has no messages",
    "hub.messages.offering.send_doors": "the add-on of these things has no messages",
    "hub.staging.commands.ask_for_days": "the add-on of these things has no import window",
    "hub.staging.commands.hand_in": "the add-on of these things has no import window",
    "hub.staging.commands.take_in": "the add-on of these things has no import window",
    "hub.staging.queries.import_doors": "the add-on of these things has no import window",
    "hub.staging.queries.import_doors_of": "the add-on of these things has no import window",
    "hub.staging.queries.items_of": "what was fetched, which is nothing",
    "hub.staging.queries.look": "the add-on of these things has no import window",
    "hub.staging.queries.standing": "times and marks alone",
    "hub.staging.queries.staged_flow": "the add-on of these things has no import window",
    "hub.messages.commands.send_by_hand": "no add-on that is installed has messages",
    "hub.pulls.pull_now": "no add-on that is installed fetches",
    "hub.pulls.pulls_of": "no add-on that is installed fetches",
    "hub.traffic.traffic_of": "no add-on that is installed posts or fetches",
    "hub.serving.unread_since": "times alone",
    "records.access.callers.whose_refresh_token": "ids alone, for whoever has the token",
    "hub.watchman.tell_recipients": "nobody is to be told",
    "records.flights.commands.rows.locked_empty_leg": "a row of which only the id, which it was told, differs",
    "records.access.queries.active_application": "whether, and what is said of the application everywhere",
    "records.fleet.queries.visible_aircraft": "an admin sees all of them",
    "records.people.queries.crew_member_sensitive": "what is sealed in its row, and so is no mark",
    "records.people.queries.passenger_sensitive": "what is sealed in its row, and so is no mark",
    "records.flights.commands.times.refuse_leaving_times_behind": "what it finds goes into the problems",
    "records.flights.counters.totals_by_month": "sums alone",
    "records.flights.imports.keys.keys_near": "keys that both operators have",
    "records.operators.queries.actor_for_user": "a name that both operators have",
    "records.operators.queries.cli_actor": "no statement",
    "records.operators.queries.import_actor": "no statement",
    "records.operators.queries.system_actor": "no statement",
}


class Trial(NamedTuple):
    """How a call went. `says`: the marks in its answer, or in its refusal, that the caller had not said itself."""

    says: frozenset[str]
    changed: bool
    answer: str
    refusal: Exception | None


class _Undo(Exception):
    """Takes back what a call has written."""


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def pair(db: None, tmp_path: Path) -> tuple[Things, Things]:
    return two(tmp_path)


def tried(scope: AbstractContextManager[None], name: str, things: Things, found: frozenset[str]) -> Trial:
    """Call it with the operator's things, looking through `scope`. Whatever it writes is taken back."""
    before = state_of(things)
    args, more = arguments(name, FUNCTIONS[name], things)
    told = text_of([*args, *more.values()])
    answer, changed, refusal = "", False, None
    try:
        with transaction.atomic():
            with scope:
                answer = text_of(FUNCTIONS[name](*args, **more))
            changed = state_of(things) != before
            raise _Undo
    except _Undo:
        pass
    except (AirstairError, DatabaseError) as raised:
        answer, changed, refusal = str(raised), state_of(things) != before, raised
    says = frozenset(mark for mark in found if mark in answer and mark.rpartition(":")[2] not in told)
    return Trial(says, changed, answer, refusal)


def test_no_reader_and_no_command_finds_or_changes_another_operators_rows(pair: tuple[Things, Things]) -> None:
    mine, other = pair
    found, wrong = marks(mine, other), []
    for name in sorted(FUNCTIONS.keys() - OF_NOBODY):
        for scope in (operator_scope(other.id), no_operator()):
            trial = tried(scope, name, mine, found)
            if trial.says or trial.changed:
                wrong.append(f"{name} {'changes rows' if trial.changed else f'says {sorted(trial.says)[:5]}'}")
    assert not wrong, "\n".join(wrong)
    assert len(FUNCTIONS) > 80


def test_the_owner_does_and_needs_to_see_nothing_beyond(pair: tuple[Things, Things]) -> None:
    """So the trials above are about something; and no reader and no command needs a wider scope than its operator's."""
    mine, other = pair
    found, wrong = marks(mine, other), []
    for name in sorted(FUNCTIONS.keys() - OF_NOBODY - SAY_NOTHING.keys()):
        trial = tried(operator_scope(mine.id), name, mine, found)
        if isinstance(trial.refusal, DatabaseError) or not (trial.says or trial.changed):
            wrong.append(f"{name}: {trial.refusal!r} {trial.answer[:100]}")
    assert not wrong, "\n".join(wrong)


# --- pages -------------------------------------------------------------------------------------------------------

PATH_WORDS: dict[str, Callable[[Things], Any]] = {
    "flight_id": lambda t: t.flight.id, "trip_id": lambda t: t.flight.trip_id, "key_id": lambda t: t.key.id,
    "webhook_id": lambda t: t.hook.id, "delivery_id": lambda t: t.delivery.id,
    "grant_id": lambda t: t.grant.id, "application_id": lambda t: t.checklist.application,
    "handler_id": lambda t: t.checklist.handler.id, "file_id": lambda t: t.checklist.file.id,
    "definition_key": lambda t: "HANDLING_ADEP",
    "event_id": lambda t: t.event.id, "engine_id": lambda t: t.engine.id, "kind": lambda t: "csv",
    "aircraft_id": lambda t: t.aircraft.id, "membership_id": lambda t: t.member.membership_id,
    "subsidiary_id": lambda t: t.subsidiary.id, "call_id": lambda t: t.call.id, "run_id": lambda t: t.run.id,
    "duty_id": lambda t: t.crewing.duty.id,
    "crew_member_id": lambda t: t.people.crew.id, "endorsement_id": lambda t: t.people.endorsement.id,
    "definition_id": lambda t: t.people.kind.id, "holder_id": lambda t: t.people.crew.id,
    "document_id": lambda t: t.people.licence.id, "shelf": lambda t: "passengers",
    "entry_id": lambda t: t.people.passenger.id,
    "connection_id": lambda t: t.connection.id, "message_id": lambda t: t.message.id, "key": lambda t: "avinode",
    "action": lambda t: "cancel", "book": lambda t: "journey_log", "side": lambda t: "request",
    "decision": lambda t: "arrived", "flow": lambda t: "schedule",
}  # fmt: skip
# They are about the person, or the machine.
NOT_AN_OPERATORS = {"sign-in", "sign-out", "choose-operator"}


def addresses(things: Things, patterns: list[URLPattern | URLResolver], before: str = "/") -> Iterator[str]:
    """Every page's address, about things of the operator."""
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(things, one.url_patterns, route)
        elif one.name not in NOT_AN_OPERATORS:
            for word in one.pattern.converters:
                assert word in PATH_WORDS, f"What is <{word}> of {route}? Say it in PATH_WORDS of {__file__}."
                (start, end) = route.index("<"), route.index(">")
                route = f"{route[:start]}{PATH_WORDS[word](things)}{route[end + 1 :]}"
            yield route


def test_no_page_shows_or_changes_another_operators_rows(
    pair: tuple[Things, Things], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody is signed in to their operator, and the session of the database is another's."""
    mine, other = pair
    client = Client(raise_request_exception=False)
    admin = mine.world.members[Role.ADMIN]
    signed = client.post("/sign-in", {"email": admin.email, "password": PASSWORD})
    assert signed.status_code == 302
    pages = list(addresses(mine, get_resolver().url_patterns))
    assert len(pages) > 50
    found, before = marks(mine, other), state_of(mine)
    texts = [client.get(page).content.decode() for page in pages]
    shown = sum(any(mark in text for mark in found) for text in texts)
    assert shown > 30, "its own operator's pages say something"
    _enter_as_another(monkeypatch, mine, other)
    known = {mine.world.operator.name, mine.world.code, admin.name, admin.email, str(mine.id)}
    for page in pages:
        for answer in (client.get(page), client.post(page, {"aircraft_id": str(mine.aircraft.id)})):
            text = answer.content.decode("utf-8", "replace").replace(page, "")
            leaked = [mark for mark in found - known if mark in text and mark not in page]
            assert not leaked, f"{page} ({answer.status_code}) shows {leaked[:5]}"
            assert state_of(mine) == before, f"{page} changes rows"


def _enter_as_another(monkeypatch: pytest.MonkeyPatch, mine: Things, other: Things) -> None:
    """Who acts, and for whom, is found as ever; from there on the pages look through the other operator's wall."""
    monkeypatch.setattr(web_scope, "operator_scope", lambda operator_id: operator_scope(other.id))
    for name in ("actor_for_user", "operator"):
        real = getattr(acting.operators, name)

        def beyond(*args: Any, _real: Any = real) -> Any:
            with all_operators():
                return _real(*args)

        monkeypatch.setattr(acting.operators, name, beyond)
