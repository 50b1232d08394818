"""Operators, their subsidiaries, and who may do what for them."""

from __future__ import annotations

import msgspec
import pytest
from django.contrib.auth.hashers import check_password

from airstair.changes.models import Change
from airstair.changes.queries import trail
from airstair.kernel.actor import ActorKind
from airstair.kernel.errors import Forbidden, Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights import commands as flights
from airstair.records.flights.commands import FlightEdit, TimesInput
from airstair.records.operators import queries
from airstair.records.operators.commands import (
    MembershipEdit,
    OperatorEdit,
    add_subsidiary,
    change_membership,
    change_operator,
    change_own_password,
    create_operator,
    deactivate_member,
    invite_user,
    reactivate_member,
    remove_subsidiary,
    rename_subsidiary,
    reset_password,
)
from airstair.records.operators.models import Membership, User
from airstair.records.operators.rules import RIGHTS_OF_ROLE, Right, Role

PASSWORD = "correct horse battery"
SETTINGS = {
    "name": "Kx Air",
    "icao_code": "KXA",
    "iata_code": "K8",
    "base_time_zone": "Europe/Warsaw",
    "trip_prefix": "PNR",
    "ops_email": "ops@kx.example",
    "sales_email": "sales@kx.example",
    "phone": "+48 22 000 00 00",
    "address": "1 Apron Street\nWarsaw",
    "main_organisation": "Kx Group",
}


@pytest.mark.req("OPS-01")
def test_an_operator_has_all_its_settings_from_the_start_or_later(world):
    made = create_operator(code="new1", admin_email="a@new.example", **SETTINGS)
    for name, value in SETTINGS.items():
        assert getattr(made, name) == value
    assert queries.operator_by_code("New1") == made == queries.operator(made.id)
    changed = change_operator(world.admin, OperatorEdit(**SETTINGS))
    assert queries.operator(world.id) == changed
    for name, value in SETTINGS.items():
        assert getattr(changed, name) == value
    assert world.trip().number == "PNR00001"
    change = trail(world.id, subject=Unit(UnitKind.OPERATOR, world.id))[0]
    assert change.kind == "operator.changed" and change.after == SETTINGS


_WRONG = [
    ({"name": ""}, "name"),
    ({"name": "x" * 121}, "name"),
    ({"icao_code": "KX"}, "icao_code"),
    ({"iata_code": "KXA"}, "iata_code"),
    ({"base_time_zone": "Warsaw"}, "base_time_zone"),
    ({"trip_prefix": ""}, "trip_prefix"),
    ({"trip_prefix": "TOO-LONG"}, "trip_prefix"),
    ({"ops_email": "ops"}, "ops_email"),
    ({"sales_email": "@"}, "sales_email"),
    ({"phone": "x" * 41}, "phone"),
    ({"address": "\x00"}, "address"),
    ({"main_organisation": "x" * 121}, "main_organisation"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG)
def test_wrong_settings_are_refused_by_field(world, all_rows, wrong, field):
    before = all_rows()
    for attempt in (
        lambda: change_operator(world.admin, OperatorEdit(**wrong)),
        lambda: create_operator(code="NEW1", admin_email="a@new.example", **{**SETTINGS, **wrong}),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert [problem.field for problem in refusal.value.problems] == [field]
    assert all_rows() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"code": "K"}, "code"),
        ({"code": "KXA"}, "code"),
        ({"code": "WITH BLANK"}, "code"),
        ({"admin_email": "nobody"}, "admin_email"),
        ({"admin_password": "short"}, "admin_password"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_wrong_new_operator_leaves_nothing_behind(world, all_rows, wrong, field):
    before = all_rows()
    with pytest.raises(Invalid) as refusal:
        create_operator(**{"code": "NEW1", "name": "New", "admin_email": "a@new.example", **wrong})
    assert [problem.field for problem in refusal.value.problems] == [field]
    assert all_rows() == before


@pytest.mark.req("OPS-01")
def test_subsidiaries_come_and_go_but_not_while_they_own_aircraft(world):
    second = add_subsidiary(world.admin, "Kx Malta")
    assert [s.name for s in queries.subsidiaries(world.id)] == ["Kx Malta", "Sister Company"]
    assert rename_subsidiary(world.admin, second.id, "Kx Malta Ltd").name == "Kx Malta Ltd"
    for wrong in ("sister company", "", "x" * 121):
        with pytest.raises(Invalid):
            rename_subsidiary(world.admin, second.id, wrong)
        with pytest.raises(Invalid):
            add_subsidiary(world.admin, wrong)
    change_aircraft(world.admin, world.aircraft[0].id, AircraftEdit(subsidiary_id=second.id))
    with pytest.raises(Invalid, match="owns N14923"):
        remove_subsidiary(world.admin, second.id)
    remove_subsidiary(world.admin, world.subsidiary.id)
    assert [s.id for s in queries.subsidiaries(world.id)] == [second.id]


# --- roles and rights ------------------------------------------------------------------------------------------

# Written out once more, so that a slip in the table of rights is seen here: who may do what.
_MAY = {
    Right.SCHEDULE_VIEW: set(Role),
    Right.SCHEDULE_EDIT: {Role.ADMIN, Role.OPS, Role.SALES},
    Right.TIMES_EDIT: {Role.ADMIN, Role.OPS, Role.CREW_CONTROL},
    Right.EMPTY_LEG_VERIFY: {Role.ADMIN, Role.OPS, Role.SALES},
    Right.FLEET_EDIT: {Role.ADMIN, Role.MAINTENANCE},
    Right.MAINTENANCE_EDIT: {Role.ADMIN, Role.MAINTENANCE},
    Right.PLACES_EDIT: {Role.ADMIN, Role.OPS},
    Right.IMPORT_RUN: {Role.ADMIN, Role.OPS},
    Right.USERS_MANAGE: {Role.ADMIN},
    Right.OPERATOR_EDIT: {Role.ADMIN},
    Right.ADDONS_MANAGE: {Role.ADMIN},
}


@pytest.mark.req("OPS-08")
@pytest.mark.parametrize("right", _MAY)
def test_each_role_has_its_rights_and_no_others(world, right):
    assert {role for role in Role if world.actors[role].may(right)} == _MAY[right]
    assert {role for role in Role if right in RIGHTS_OF_ROLE[role]} == _MAY[right]


@pytest.mark.req("OPS-08")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_decides_what_its_people_can_do(world, role):
    actor, flight = world.actors[role], world.flight()
    attempts = {
        Right.SCHEDULE_EDIT: lambda: flights.change_flight(actor, flight.id, FlightEdit(notes=f"by {role}")),
        Right.TIMES_EDIT: lambda: flights.set_times(actor, flight.id, "journey_log", TimesInput(off_block=flight.std)),
        Right.FLEET_EDIT: lambda: change_aircraft(actor, flight.aircraft_id, AircraftEdit(seats=7)),
        Right.OPERATOR_EDIT: lambda: change_operator(actor, OperatorEdit(phone="1")),
    }
    for right, attempt in attempts.items():
        if role in _MAY[right]:
            attempt()
        else:
            with pytest.raises(Forbidden, match=right.value):
                attempt()


@pytest.mark.req("OPS-08")
def test_single_rights_are_granted_and_refused_to_persons(world):
    place = world.members[Role.READ_ONLY]
    change_membership(world.admin, place.membership_id, MembershipEdit(granted=(Right.TIMES_EDIT,)))
    actor = queries.actor_for_user(place.user_id, world.id)
    flight = world.flight()
    flights.set_times(actor, flight.id, "flight_watch", TimesInput(off_block=flight.std))
    with pytest.raises(Forbidden):
        flights.cancel_flight(actor, flight.id)

    ops = world.members[Role.OPS]
    change_membership(world.admin, ops.membership_id, MembershipEdit(refused=(Right.EMPTY_LEG_VERIFY,)))
    actor = queries.actor_for_user(ops.user_id, world.id)
    assert not actor.may(Right.EMPTY_LEG_VERIFY) and actor.may(Right.SCHEDULE_EDIT)
    change = Change.objects.filter(kind="member.changed").latest("seq")
    assert (change.before, change.after) == ({"refused": []}, {"refused": ["emptyleg.verify"]})


def test_an_actor_is_a_person_with_the_rights_of_now(world):
    place = world.members[Role.SALES]
    actor = queries.actor_for_user(place.user_id, world.id)
    assert (actor.kind, actor.key, actor.label) == (ActorKind.PERSON, str(place.user_id), "Sales Person")
    change_membership(world.admin, place.membership_id, MembershipEdit(role="read_only"))
    assert queries.actor_for_user(place.user_id, world.id).rights == {Right.SCHEDULE_VIEW, Right.CREW_VIEW}
    deactivate_member(world.admin, place.membership_id)
    with pytest.raises(NotFound):
        queries.actor_for_user(place.user_id, world.id)
    assert queries.memberships_of_user(place.user_id) == []
    reactivate_member(world.admin, place.membership_id)
    assert [p.operator_code for p in queries.memberships_of_user(place.user_id)] == ["KXA"]
    User.objects.filter(id=place.user_id).update(is_active=False)
    assert queries.memberships_of_user(place.user_id) == []
    with pytest.raises(NotFound):
        queries.actor_for_user(place.user_id, world.id)


def test_what_acts_by_itself_may_do_all_but_what_only_a_person_may(world):
    for actor in (queries.cli_actor(world.id), queries.system_actor(world.id, "Rule")):
        assert actor.rights == frozenset(Right) - {Right.EMPTY_LEG_VERIFY}
        assert actor.kind is not ActorKind.PERSON
    assert queries.import_actor(world.id, "f.csv").rights == {Right.IMPORT_RUN}
    assert Right.EMPTY_LEG_VERIFY not in queries.import_actor(world.id, "f.csv", Right).rights


# --- people ----------------------------------------------------------------------------------------------------


def test_the_last_admin_stays(world, all_rows):
    place = world.members[Role.ADMIN]
    before = all_rows()
    for attempt in (
        lambda: change_membership(world.admin, place.membership_id, MembershipEdit(role="ops")),
        lambda: change_membership(world.admin, place.membership_id, MembershipEdit(refused=(Right.USERS_MANAGE,))),
        lambda: deactivate_member(world.admin, place.membership_id),
    ):
        with pytest.raises(Invalid, match="last admin"):
            attempt()
    assert all_rows() == before
    second = world.members[Role.OPS]
    change_membership(world.admin, second.membership_id, MembershipEdit(role="admin"))
    deactivate_member(world.admin, place.membership_id)
    with pytest.raises(Invalid, match="last admin"):
        deactivate_member(queries.actor_for_user(second.user_id, world.id), second.membership_id)


_WRONG_INVITATIONS = [
    ({"email": "nobody"}, "email"),
    ({"email": "OPS@kxa.example"}, "email"),
    ({"name": ""}, "name"),
    ({"code": "A"}, "code"),
    ({"code": "p1x"}, "code"),
    ({"role": "boss"}, "role"),
    ({"password": "short"}, "password"),
    ({"password": "password1234"}, "password"),
    ({"granted": ("fly.anything",)}, "granted"),
    ({"granted": ("times.edit",), "refused": ("times.edit",)}, "refused"),
    ({"aircraft_ids": (1,)}, "aircraft_ids"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG_INVITATIONS)
def test_wrong_invitations_are_refused_by_field(world, all_rows, wrong, field):
    before = all_rows()
    good = {"email": "new@kxa.example", "name": "New", "code": "NEW", "role": "ops", "password": PASSWORD}
    with pytest.raises(Invalid) as refusal:
        invite_user(world.admin, **{**good, **wrong})
    assert [problem.field for problem in refusal.value.problems] == [field]
    assert all_rows() == before


def test_somebody_with_an_account_keeps_it_when_invited_elsewhere(world, other):
    known = world.members[Role.SALES]
    place = invite_user(other.admin, known.email.upper(), "Another Name", "SSX", "ops", "another password 1")
    assert (place.user_id, place.name, place.email) == (known.user_id, known.name, known.email)
    assert check_password(PASSWORD, User.objects.get(id=known.user_id).password)
    assert [p.operator_code for p in queries.memberships_of_user(known.user_id)] == ["KXA", "ZZT"]
    # And neither of the two companies can change it.
    for actor, membership in ((other.admin, place.membership_id), (world.admin, known.membership_id)):
        with pytest.raises(Invalid, match="another operator"):
            reset_password(actor, membership, "a third password 1")


def test_passwords_are_changed_by_knowing_them_or_by_the_admin(world):
    place, actor = world.members[Role.OPS], world.ops
    for current, new, field in (("wrong", "next password 11", "current"), (PASSWORD, "short", "new")):
        with pytest.raises(Invalid) as refusal:
            change_own_password(actor, current, new)
        assert [problem.field for problem in refusal.value.problems] == [field]
    change_own_password(actor, PASSWORD, "next password 11")
    assert check_password("next password 11", User.objects.get(id=place.user_id).password)
    reset_password(world.admin, place.membership_id, "third password 11")
    assert check_password("third password 11", User.objects.get(id=place.user_id).password)
    for change in Change.objects.filter(kind="member.password_changed"):
        assert (change.before, change.after) == (None, None), "a password never gets into the log"
    for kind in (ActorKind.API, ActorKind.PARTNER, ActorKind.IMPORT, ActorKind.SYSTEM):
        with pytest.raises(Forbidden):
            change_own_password(msgspec.structs.replace(actor, kind=kind), "third password 11", "fourth password 1")


def test_without_a_password_nobody_can_sign_in(world):
    place = invite_user(world.admin, "new@kxa.example", "New", "NEW", "ops")
    assert not User.objects.get(id=place.user_id).has_usable_password()


def test_recipients_are_found_by_code_or_first_letters_of_the_name(world, other):
    ops, sales = world.members[Role.OPS], world.members[Role.SALES]
    assert queries.members_matching(world.id, ops.code.lower())[0] == ops
    assert queries.members_matching(world.id, "sal") == [sales]
    assert len(queries.members_matching(world.id, "pers")) == len(Role) - 1  # “… Person”
    assert queries.members_matching(world.id, "ales") == queries.members_matching(world.id, " ") == []
    deactivate_member(world.admin, sales.membership_id)
    assert queries.members_matching(world.id, "sal") == []


def test_the_same_terms_again_change_nothing(world, all_rows):
    place = world.members[Role.OPS]
    before = all_rows()
    change_membership(world.admin, place.membership_id, MembershipEdit(code=place.code.lower(), role="ops"))
    reactivate_member(world.admin, place.membership_id)
    change_operator(world.admin, OperatorEdit(name=world.operator.name))
    rename_subsidiary(world.admin, world.subsidiary.id, " Sister Company ")
    assert all_rows() == before
    assert Membership.objects.filter(operator_id=world.id).count() == len(Role)
