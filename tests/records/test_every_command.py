"""What holds for every command and every reader, whatever it does.

The commands are found in the modules, so a new one fails here until it has a line in the table.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from types import ModuleType
from typing import Any

import msgspec
import pytest
from tests.records import checklist_cases, crewing_cases
from tests.records.people_cases import PeopleThings, people_cases

from airstair.changes.models import Change
from airstair.kernel.actor import ActorKind
from airstair.kernel.errors import Forbidden, Invalid, NotFound
from airstair.records.access import commands as access
from airstair.records.checklist import commands as checklist
from airstair.records.checklist import queries as checklist_queries
from airstair.records.crewing import commands as crewing
from airstair.records.crewing import queries as crewing_queries
from airstair.records.endorsements import commands as endorsements
from airstair.records.endorsements import queries as endorsement_queries
from airstair.records.fleet import commands as fleet
from airstair.records.fleet import queries as fleet_queries
from airstair.records.flights import commands as flights
from airstair.records.flights import queries as flight_queries
from airstair.records.operators import commands as operators
from airstair.records.operators import queries as operator_queries
from airstair.records.operators.rules import Right, Role
from airstair.records.people import commands as people
from airstair.records.people import queries as people_queries
from airstair.records.places import commands as places
from airstair.records.places import queries as place_queries

MODULES = (operators, access, places, fleet, flights, people, endorsements, crewing, checklist)


def commands_of(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The public functions whose first argument is the actor."""
    return {
        name: member
        for name, member in inspect.getmembers(module, inspect.isfunction)
        if name in getattr(module, "__all__", dir(module))
        and not name.startswith("_")
        and member.__module__.startswith(module.__name__.removesuffix(".commands"))
        and next(iter(inspect.signature(member).parameters), "") == "actor"
    }


COMMANDS = {name: command for module in MODULES for name, command in commands_of(module).items()}


class Things:
    """One of everything that a command can be about, all of one operator."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.flight = world.flight()
        self.gone = world.flight()
        flights.delete_flight(world.ops, self.gone.id)
        self.offered = world.flight()
        flights.mark_empty_leg(world.ops, self.offered.id, flights.EmptyLegInput())
        self.verified = world.flight()
        flights.mark_empty_leg(world.ops, self.verified.id, flights.EmptyLegInput())
        flights.verify_empty_leg(world.ops, self.verified.id)
        self.event = world.event()
        self.aircraft = world.aircraft[0]
        fleet.set_cam(world.admin, self.aircraft.id, _CAM)
        self.engine = fleet.add_engine(world.admin, self.aircraft.id, _engine(1)).engines[0]
        flights.watch_flight(world.ops, self.verified.id, flights.WatchInput(pax=3))
        flights.log_flight(world.ops, self.verified.id, flights.LogInput(pilot_flying=f"Pilot of {world.code}"))
        self.retired = fleet.retire_aircraft(world.admin, world.aircraft[1].id)
        self.member = world.members[Role.SALES]
        self.inactive = operators.deactivate_member(world.admin, world.members[Role.MAINTENANCE].membership_id)
        self.subsidiary = world.subsidiary
        self.key = access.create_api_key(world.admin, _key("Roster")).facts
        self.application = access.register_application(_application(f"Orders of {world.code}")).facts
        self.grant = access.grant_application(world.admin, _granted(self, self.aircraft.id))
        places.set_airport_override(world.admin, places.AirportEdit(code="XOLD", name="Old", latitude=0, longitude=0))
        self.people = PeopleThings(world)
        self.crewing = crewing_cases.CrewingThings(world, self.people.crew)

    @cached_property
    def checklist(self) -> checklist_cases.ChecklistThings:
        """Made when something asks: most tests here are about something else, and each makes its things anew."""
        return checklist_cases.ChecklistThings(self.world)


@dataclass(frozen=True)
class Case:
    """How to call a command: `args` from the things of an operator; `wrong` ones, if its input can be wrong."""

    rights: tuple[Right, ...]  # any one of them is enough
    args: Callable[[Things], tuple[Any, ...]]
    wrong: Callable[[Things], tuple[Any, ...]] | None = None
    owned: bool = True  # whether it names a thing by id or code that another operator could own


_CAM = fleet.CamInput(start_date=date(2027, 1, 1), start_minutes=6000, start_cycles=50)


def _engine(position: int) -> fleet.EngineInput:
    values = {"start_date": date(2027, 1, 1), "start_minutes": 600, "start_cycles": 5}
    return fleet.EngineInput(position=position, serial=f"PCE-{position}", **values)


def _row(things: Things, **given: Any) -> flights.FlightRow:
    return flights.FlightRow(import_key="k", flight=things.world.leg(**given), times=None, source="")


EDIT, PLAN = Right.SCHEDULE_EDIT, flights.FlightEdit
CASES: dict[str, Case] = {
    # operators
    "change_operator": Case(
        (Right.OPERATOR_EDIT,),
        lambda t: (operators.OperatorEdit(phone="1"),),
        lambda t: (operators.OperatorEdit(ops_email="?"),),
        owned=False,
    ),
    "add_subsidiary": Case((Right.OPERATOR_EDIT,), lambda t: ("New",), lambda t: ("",), owned=False),
    "rename_subsidiary": Case(
        (Right.OPERATOR_EDIT,), lambda t: (t.subsidiary.id, "Other"), lambda t: (t.subsidiary.id, "")
    ),
    "remove_subsidiary": Case((Right.OPERATOR_EDIT,), lambda t: (t.subsidiary.id,)),
    "invite_user": Case(
        (Right.USERS_MANAGE,),
        lambda t: ("x@y.example", "X", "XYZ", "ops"),
        lambda t: ("x", "X", "XYZ", "ops"),
        owned=False,
    ),
    "change_membership": Case(
        (Right.USERS_MANAGE,),
        lambda t: (t.member.membership_id, operators.MembershipEdit(role="ops")),
        lambda t: (t.member.membership_id, operators.MembershipEdit(role="boss")),
    ),
    "deactivate_member": Case((Right.USERS_MANAGE,), lambda t: (t.member.membership_id,)),
    "reactivate_member": Case((Right.USERS_MANAGE,), lambda t: (t.inactive.membership_id,)),
    "reset_password": Case(
        (Right.USERS_MANAGE,),
        lambda t: (t.member.membership_id, "a new password 1"),
        lambda t: (t.member.membership_id, "short"),
    ),
    # access
    "grant_application": Case(
        (Right.APPLICATIONS_MANAGE,), lambda t: (_granted(t),), lambda t: (_granted(t, 1),), owned=False
    ),
    "change_grant": Case(
        (Right.APPLICATIONS_MANAGE,),
        lambda t: (t.grant.id, access.GrantEdit(all_aircraft=True)),
        lambda t: (t.grant.id, access.GrantEdit(aircraft=(1,))),
    ),
    "withdraw_grant": Case((Right.APPLICATIONS_MANAGE,), lambda t: (t.grant.id,)),
    "create_api_key": Case((Right.KEYS_MANAGE,), lambda t: (_key("Q"),), lambda t: (_key(""),), owned=False),
    "revoke_api_key": Case((Right.KEYS_MANAGE,), lambda t: (t.key.id,)),
    # places
    "set_airport_override": Case(
        (Right.PLACES_EDIT,),
        lambda t: (places.AirportEdit(code="KTEB", name="T"),),
        lambda t: (places.AirportEdit(code="KTEB", latitude=99),),
        owned=False,
    ),
    "remove_airport_override": Case((Right.PLACES_EDIT,), lambda t: ("XOLD",)),
    # fleet
    "add_aircraft": Case(
        (Right.FLEET_EDIT,),
        lambda t: (fleet.AircraftInput(registration="N5", home_base="TEB"),),
        lambda t: (fleet.AircraftInput(registration="N5", home_base="?"),),
        owned=False,
    ),
    "change_aircraft": Case(
        (Right.FLEET_EDIT,),
        lambda t: (t.aircraft.id, fleet.AircraftEdit(seats=4)),
        lambda t: (t.aircraft.id, fleet.AircraftEdit(seats=-4)),
    ),
    "set_cam": Case(
        (Right.MAINTENANCE_EDIT,),
        lambda t: (t.aircraft.id, msgspec.structs.replace(_CAM, start_cycles=51)),
        lambda t: (t.aircraft.id, msgspec.structs.replace(_CAM, start_cycles=-1)),
    ),
    "add_engine": Case(
        (Right.MAINTENANCE_EDIT,), lambda t: (t.aircraft.id, _engine(2)), lambda t: (t.aircraft.id, _engine(1))
    ),
    "change_engine": Case(
        (Right.MAINTENANCE_EDIT,),
        lambda t: (t.engine.id, fleet.EngineEdit(serial="PCE-9")),
        lambda t: (t.engine.id, fleet.EngineEdit(serial="")),
    ),
    "drop_engine": Case((Right.MAINTENANCE_EDIT,), lambda t: (t.engine.id,)),
    "retire_aircraft": Case((Right.FLEET_EDIT,), lambda t: (t.aircraft.id,)),
    "reinstate_aircraft": Case((Right.FLEET_EDIT,), lambda t: (t.retired.id,)),
    # flights
    "create_trip": Case(
        (EDIT,),
        lambda t: (flights.TripInput(flights=(t.world.leg(),)),),
        lambda t: (flights.TripInput(flights=(t.world.leg(), t.world.leg(ades="?"))),),
        owned=False,
    ),
    "change_trip": Case(
        (EDIT,),
        lambda t: (t.flight.trip_id, flights.TripEdit(client="C")),
        lambda t: (t.flight.trip_id, flights.TripEdit(client="C" * 200)),
    ),
    "set_trip_status": Case((EDIT,), lambda t: (t.flight.trip_id, "OPTION"), lambda t: (t.flight.trip_id, "?")),
    "add_flight": Case(
        (EDIT,),
        lambda t: (t.flight.trip_id, t.world.leg()),
        lambda t: (t.flight.trip_id, t.world.leg(number="?")),
    ),
    "change_flight": Case(
        (EDIT,), lambda t: (t.flight.id, PLAN(notes="n")), lambda t: (t.flight.id, PLAN(notes="n", adep="?"))
    ),
    "move_flight": Case((EDIT,), lambda t: (t.flight.id, t.offered.trip_id)),
    "cancel_flight": Case((EDIT,), lambda t: (t.flight.id,)),
    "delete_flight": Case((EDIT,), lambda t: (t.flight.id,)),
    "restore_flight": Case((EDIT,), lambda t: (t.gone.id,)),
    "add_event": Case(
        (EDIT, Right.MAINTENANCE_EDIT),
        lambda t: (_event(t),),
        lambda t: (msgspec.structs.replace(_event(t), airport="?"),),
        owned=False,
    ),
    "change_event": Case(
        (EDIT, Right.MAINTENANCE_EDIT),
        lambda t: (t.event.id, flights.EventEdit(title="T")),
        lambda t: (t.event.id, flights.EventEdit(title="T", end=t.event.start)),
    ),
    "delete_event": Case((EDIT, Right.MAINTENANCE_EDIT), lambda t: (t.event.id,)),
    "mark_empty_leg": Case(
        (EDIT,),
        lambda t: (t.flight.id, flights.EmptyLegInput()),
        lambda t: (t.flight.id, flights.EmptyLegInput(currency="?")),
    ),
    "change_empty_leg": Case(
        (EDIT,),
        lambda t: (t.offered.id, flights.EmptyLegEdit(message="m")),
        lambda t: (t.offered.id, flights.EmptyLegEdit(message="m" * 2000)),
    ),
    "unmark_empty_leg": Case((EDIT,), lambda t: (t.offered.id,)),
    "verify_empty_leg": Case((Right.EMPTY_LEG_VERIFY,), lambda t: (t.offered.id,)),
    "unverify_empty_leg": Case((Right.EMPTY_LEG_VERIFY,), lambda t: (t.verified.id,)),
    "watch_flight": Case(
        (Right.TIMES_EDIT,),
        lambda t: (t.flight.id, flights.WatchInput(ctot=t.flight.std)),
        lambda t: (t.flight.id, flights.WatchInput(ctot=t.flight.std, pax=-1)),
    ),
    "log_flight": Case(
        (Right.TIMES_EDIT,),
        lambda t: (t.flight.id, flights.LogInput(landings=1)),
        lambda t: (t.flight.id, flights.LogInput(landings=1, take_off=t.flight.sta, landing=t.flight.std)),
    ),
    "set_times": Case(
        (Right.TIMES_EDIT,),
        lambda t: (t.flight.id, "journey_log", flights.TimesInput(off_block=t.flight.std)),
        lambda t: (t.flight.id, "journey_log", flights.TimesInput(off_block=t.flight.sta, on_block=t.flight.std)),
    ),
    "set_services": Case(
        (EDIT,),
        lambda t: (t.flight.id, (_service("KEWR"),)),
        lambda t: (t.flight.id, (_service("KEWR"), _service("KMIA"))),
    ),
    "write_flights": Case((Right.IMPORT_RUN,), lambda t: ([_row(t)],), lambda t: ([_row(t), _row(t)],), owned=False),
    **people_cases(Case),
    **crewing_cases.crewing_cases(Case),
    **checklist_cases.checklist_cases(Case),
}
# Walked together, in tests/checklist: a database for each of them takes longer than what is tried in it.
ONE_BY_ONE = [name for name in CASES if name not in checklist_cases.checklist_cases(Case)]
# Needs no right: everybody may change their own password, knowing it.
WITHOUT_RIGHT = {"change_own_password"}
# Writes only what an operator has not got yet, which these have: tried in tests/checklist.
ONLY_ONCE = {"ensure_definitions"}


def _key(name: str) -> access.ApiKeyInput:
    return access.ApiKeyInput(name=name, reads=("Crew",), writes=("Flights",))


def _application(name: str) -> access.ApplicationInput:
    return access.ApplicationInput(name=name, redirect_uris=("https://orders.example/",), scopes=("GRAPHQL_FLIGHT",))


def _granted(things: Things, *aircraft: int) -> access.GrantInput:
    return access.GrantInput(application_id=things.application.id, scopes=("GRAPHQL_FLIGHT",), aircraft=aircraft)


def _event(things: Things) -> flights.EventInput:
    start = things.event.end
    return flights.EventInput(
        aircraft_id=things.aircraft.id, kind="AOG", airport="KEWR", start=start, end=start + timedelta(hours=1)
    )


def _service(airport: str) -> flights.ServiceInput:
    return flights.ServiceInput(airport=airport, kind="FUEL", provider_id="1", provider_name="Fuel Co")


@pytest.fixture
def things(world) -> Things:
    return Things(world)


def test_every_command_has_a_line_here():
    assert set(CASES) | WITHOUT_RIGHT | ONLY_ONCE == set(COMMANDS)
    assert len(COMMANDS) > 30


@pytest.mark.req("HUB-29")
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_it_works_for_whoever_has_the_right_and_leaves_a_change(things, name):
    case, person = CASES[name], things.world.admin
    last = Change.objects.latest("seq").seq
    COMMANDS[name](person, *case.args(things))
    written = list(Change.objects.filter(seq__gt=last))
    assert written, "who, when, from, to"
    for change in written:
        assert (change.actor_kind, change.actor_key, change.actor_label) == ("person", person.key, "Ada Admin")
        assert change.operator_id == things.world.id and change.at and change.title and change.units
        assert change.before != change.after or name == "reset_password"
        subject = f"{change.subject_kind}:{change.subject_id}"
        assert subject in change.units


@pytest.mark.req("OPS-08")
@pytest.mark.parametrize("name", ONE_BY_ONE)
def test_it_is_refused_without_its_right_and_needs_no_other(things, all_rows, name):
    case, before = CASES[name], all_rows()
    lacking = frozenset(Right) - set(case.rights)
    with pytest.raises(Forbidden) as refusal:
        COMMANDS[name](msgspec.structs.replace(things.world.admin, rights=lacking), *case.args(things))
    assert refusal.value.right in case.rights
    assert all_rows() == before
    for right in case.rights:
        COMMANDS[name](msgspec.structs.replace(things.world.admin, rights=frozenset({right})), *case.args(things))


@pytest.mark.parametrize("name", [name for name in ONE_BY_ONE if CASES[name].owned])
def test_what_another_operator_owns_is_not_found(things, other, all_rows, name):
    case, before = CASES[name], all_rows()
    with pytest.raises(NotFound):
        COMMANDS[name](other.admin, *case.args(things))
    assert all_rows() == before


@pytest.mark.parametrize("name", [name for name in ONE_BY_ONE if CASES[name].wrong])
def test_wrong_input_leaves_nothing_half_written(things, all_rows, name):
    case, before = CASES[name], all_rows()
    assert case.wrong is not None
    with pytest.raises(Invalid) as refusal:
        COMMANDS[name](things.world.admin, *case.wrong(things))
    assert all(problem.field and problem.sentence.endswith((".", "…")) for problem in refusal.value.problems)
    assert all_rows() == before


@pytest.mark.req("HUB-29")
def test_partners_imports_and_the_system_are_named_as_what_they_are(things):
    for kind in ActorKind:
        actor = msgspec.structs.replace(things.world.admin, kind=kind, key=f"key-{kind}", label=f"Name of {kind}")
        flights.change_flight(actor, things.flight.id, PLAN(notes=f"by {kind}"))
        change = Change.objects.latest("seq")
        assert (change.actor_kind, change.actor_key, change.actor_label) == (kind, f"key-{kind}", f"Name of {kind}")
        assert change.after == {"notes": f"by {kind}"} and set(change.before or {}) == {"notes"}


# --- inputs that name another operator's things ----------------------------------------------------------------


@pytest.mark.parametrize(
    "attempt",
    [
        lambda w, o: flights.create_trip(w.ops, flights.TripInput(flights=(w.leg(aircraft_id=o.aircraft[0].id),))),
        lambda w, o: flights.add_flight(w.ops, w.trip().id, w.leg(aircraft_id=o.aircraft[0].id)),
        lambda w, o: flights.change_flight(w.ops, w.flight().id, PLAN(aircraft_id=o.aircraft[0].id)),
        lambda w, o: w.event(aircraft_id=o.aircraft[0].id),
        lambda w, o: flights.change_event(w.ops, w.event().id, flights.EventEdit(aircraft_id=o.aircraft[0].id)),
        lambda w, o: fleet.change_aircraft(
            w.admin, w.aircraft[0].id, fleet.AircraftEdit(subsidiary_id=o.subsidiary.id)
        ),
        lambda w, o: operators.invite_user(
            w.admin, "q@q.example", "Q", "QQQ", "aircraft_owner", aircraft_ids=(o.aircraft[0].id,)
        ),
        lambda w, o: operators.change_membership(
            w.admin,
            w.members[Role.AIRCRAFT_OWNER].membership_id,
            operators.MembershipEdit(aircraft_ids=(o.aircraft[0].id,)),
        ),
    ],
)
def test_another_operators_things_cannot_be_named_in_an_input(world, other, attempt):
    with pytest.raises(Invalid) as refusal:
        attempt(world, other)
    (problem,) = refusal.value.problems
    assert problem.field.rpartition(".")[2] in ("aircraft_id", "subsidiary_id", "aircraft_ids")
    assert other.aircraft[0].registration not in str(refusal.value)


def test_an_import_row_for_another_operators_aircraft_is_refused(world, other):
    row = flights.FlightRow(import_key="k", flight=world.leg(aircraft_id=other.aircraft[0].id), times=None, source="")
    assert list(flights.write_flights(world.ops, [row]).refused) == ["k"]


# --- readers ---------------------------------------------------------------------------------------------------

NOT_FOUND: dict[str, Callable[[Things, int], object]] = {
    "aircraft": lambda t, who: fleet_queries.aircraft(who, t.aircraft.id),
    "engine": lambda t, who: fleet_queries.engine(who, t.engine.id),
    "flight": lambda t, who: flight_queries.flight(who, t.flight.id),
    "trip": lambda t, who: flight_queries.trip(who, t.flight.trip_id),
    "event": lambda t, who: flight_queries.event(who, t.event.id),
    "member": lambda t, who: operator_queries.member(who, t.member.membership_id),
    "actor_for_user": lambda t, who: operator_queries.actor_for_user(t.member.user_id, who),
    "override": lambda t, who: place_queries.override(who, "XOLD"),
    "crew_member": lambda t, who: people_queries.crew_member(who, t.people.crew.id),
    "crew_member_sensitive": lambda t, who: people_queries.crew_member_sensitive(who, t.people.crew.id),
    "passenger": lambda t, who: people_queries.passenger(who, t.people.passenger.id),
    "passenger_sensitive": lambda t, who: people_queries.passenger_sensitive(who, t.people.passenger.id),
    "contact": lambda t, who: people_queries.contact(who, t.people.contact.id),
    "company": lambda t, who: people_queries.company(who, t.people.company.id),
    "document": lambda t, who: people_queries.document(who, t.people.passport.id),
    "definition": lambda t, who: endorsement_queries.definition(who, t.people.kind.id),
    "endorsement": lambda t, who: endorsement_queries.endorsement(who, t.people.endorsement.id),
    "scan": lambda t, who: endorsement_queries.scan(who, t.people.scanned.id),
    **crewing_cases.NOT_FOUND,
    **checklist_cases.NOT_FOUND,
}
FAR_AHEAD = date(2099, 1, 1)  # everything that can expire has expired
QUERIES = (
    operator_queries,
    place_queries,
    fleet_queries,
    flight_queries,
    people_queries,
    endorsement_queries,
    crewing_queries,
    checklist_queries,
)
EMPTY: dict[str, Callable[[Things, int], object]] = {
    "flights": lambda t, who: flight_queries.flights(who, [t.flight.id]),
    "flights_in": lambda t, who: flight_queries.flights_in(who, t.flight.std, t.flight.sta),
    "last_flight_id": lambda t, who: flight_queries.last_flight_id(who, t.flight.std, t.flight.sta, adep=t.flight.adep),
    "flight_history": lambda t, who: flight_queries.flight_history(who, [t.flight.id], 9),
    "cam": lambda t, who: fleet_queries.cam(who, t.aircraft.id).engines,
    "aircraft_schedules": lambda t, who: flight_queries.aircraft_schedules(who, [t.aircraft.id], since=t.flight.std),
    "by_registrations": lambda t, who: fleet_queries.by_registrations(who, [t.aircraft.registration]),
    "fleet": lambda t, who: [a for a in fleet_queries.fleet(who) if a.id == t.aircraft.id],
    "members": lambda t, who: [m for m in operator_queries.members(who) if m.user_id == t.member.user_id],
    "members_matching": lambda t, who: [m for m in operator_queries.members_matching(who, "sales") if m == t.member],
    "subsidiaries": lambda t, who: [s for s in operator_queries.subsidiaries(who) if s.id == t.subsidiary.id],
    "overrides": lambda t, who: [a for a in place_queries.overrides(who) if a.code == "XOLD"],
    "find": lambda t, who: [a for a in place_queries.find(who, "XOLD") if a.code == "XOLD"],
    "crew_members": lambda t, who: people_queries.crew_members(who),
    "crew_by_code": lambda t, who: people_queries.crew_by_code(who, [t.people.crew.code]),
    "crew_by_email": lambda t, who: people_queries.crew_by_email(who, [t.people.crew.email]),
    "passengers": lambda t, who: people_queries.passengers(who),
    "contacts": lambda t, who: people_queries.contacts(who),
    "companies": lambda t, who: people_queries.companies(who),
    "documents_of": lambda t, who: people_queries.documents_of(who, t.people.crew.id),
    "definitions": lambda t, who: endorsement_queries.definitions(who),
    "endorsements": lambda t, who: endorsement_queries.endorsements(who, [t.people.crew.id]),
    "unmatched_people": lambda t, who: endorsement_queries.unmatched_people(who),
    "grounded_on": lambda t, who: endorsement_queries.grounded_on(who, FAR_AHEAD),
    **crewing_cases.EMPTY,
    **checklist_cases.EMPTY,
}
# Readers that are not about one operator's rows, or are made of those above.
OF_NO_OPERATOR = {"operator", "operators", "operator_by_code", "memberships_of_user", "distance_nm", "block_minutes"}
OF_NO_OPERATOR |= {"system_actor", "cli_actor", "import_actor", "member_facts", "visible_aircraft", "visible_to"}
PURE = {"published", "searchable", "searchable_text"}  # of the published list
PURE |= {
    "watch_values",
    "log_values",
    "document_facts",
    "handler_facts",
    "unseal_born",
    "unseal_text",
}  # of a row that was read
BY_CODE = {"resolve", "resolver", "trip_by_number", "board"}  # tested by name below, or in test_places


def test_every_reader_has_a_line_here():
    found = {
        name
        for module in QUERIES
        for name, member in inspect.getmembers(module, inspect.isfunction)
        if not name.startswith("_") and member.__module__.startswith(module.__name__.rpartition(".")[0] + ".")
    }
    assert found - PURE == set(NOT_FOUND) | set(EMPTY) | OF_NO_OPERATOR | BY_CODE


@pytest.mark.parametrize("name", [name for name in NOT_FOUND if name not in checklist_cases.NOT_FOUND])
def test_a_reader_does_not_find_another_operators_thing(things, other, name):
    assert NOT_FOUND[name](things, things.world.id)
    with pytest.raises(NotFound):
        NOT_FOUND[name](things, other.id)


@pytest.mark.parametrize("name", [name for name in EMPTY if name not in checklist_cases.EMPTY])
def test_a_list_never_holds_another_operators_things(things, other, name):
    assert EMPTY[name](things, things.world.id)
    assert not EMPTY[name](things, other.id)


def test_numbers_and_the_board_are_of_one_operator(things, other):
    number = things.flight.trip_number
    assert flight_queries.trip_by_number(things.world.id, number).id == things.flight.trip_id
    theirs = other.trip()
    assert theirs.number == number and flight_queries.trip_by_number(other.id, number).id == theirs.id
    week = things.flight.std - timedelta(days=3), things.flight.std + timedelta(days=4)
    board = flight_queries.board(other.id, *week, aircraft_ids=[things.aircraft.id])
    assert (board.aircraft, board.activities, board.warnings) == ((), {}, {})
    assert flight_queries.board(things.world.id, *week).activities[things.aircraft.id]


# --- owners see their own --------------------------------------------------------------------------------------


@pytest.mark.req("OPS-08")
def test_what_flies_on_other_aircraft_does_not_exist_for_an_owner(world):
    mine, theirs = world.flight(), world.flight(aircraft_id=world.aircraft[1].id)
    event = world.event(aircraft_id=world.aircraft[1].id)
    allowed = fleet_queries.visible_aircraft(world.actors[Role.AIRCRAFT_OWNER])
    assert flight_queries.flight(world.id, mine.id, aircraft_ids=allowed).id == mine.id
    assert flight_queries.trip(world.id, mine.trip_id, aircraft_ids=allowed).id == mine.trip_id
    for read in (
        lambda: flight_queries.flight(world.id, theirs.id, aircraft_ids=allowed),
        lambda: flight_queries.trip(world.id, theirs.trip_id, aircraft_ids=allowed),
        lambda: flight_queries.trip_by_number(world.id, theirs.trip_number, aircraft_ids=allowed),
        lambda: flight_queries.event(world.id, event.id, aircraft_ids=allowed),
    ):
        with pytest.raises(NotFound):
            read()
    board = flight_queries.board(world.id, mine.std, mine.std + timedelta(days=9), aircraft_ids=allowed)
    assert list(board.activities) == [world.aircraft[0].id]
    assert flight_queries.flights(world.id, [mine.id, theirs.id], aircraft_ids=frozenset()) == []
