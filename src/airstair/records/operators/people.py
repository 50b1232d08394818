"""Changing who works for an operator, and what they may do. The only writer of accounts and memberships.

Nobody can be left without an admin, and nobody's password is changed from another company.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import difference, plain
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import Forbidden, Invalid, Problems
from airstair.kernel.scope import all_operators
from airstair.records import checks
from airstair.records.fleet.models import Aircraft
from airstair.records.operators.models import Membership, User
from airstair.records.operators.queries import member, member_facts
from airstair.records.operators.rows import given, lock_operator, record_change
from airstair.records.operators.rules import Right, Role
from airstair.records.operators.snapshots import MemberFacts


class MembershipEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New terms of somebody's place; what is not set stays."""

    code: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    granted: tuple[str, ...] | UnsetType = UNSET
    refused: tuple[str, ...] | UnsetType = UNSET
    aircraft_ids: tuple[int, ...] | UnsetType = UNSET


def invite_user(
    actor: Actor,
    email: str,
    name: str,
    code: str,
    role: str,
    password: str | None = None,
    granted: Iterable[str] = (),
    refused: Iterable[str] = (),
    aircraft_ids: Iterable[int] = (),
) -> MemberFacts:
    """Give a person a place at the operator, making their account when they have none. Right: USERS_MANAGE.

    Somebody who has an account already keeps its name and password: an admin of one company must not be able to
    change the account that a person also uses at another.
    """
    actor.require(Right.USERS_MANAGE, "invite users")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        return add_member(actor, email, name, code, role, password, tuple(granted), tuple(refused), tuple(aircraft_ids))


def change_membership(actor: Actor, membership_id: int, edit: MembershipEdit) -> MemberFacts:
    """Change somebody's code, role, rights or aircraft. Right: USERS_MANAGE. The last admin stays one."""
    actor.require(Right.USERS_MANAGE, "change users")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = member(actor.operator_id, membership_id)
        problems = Problems()
        after = _tidy_member(problems, actor.operator_id, msgspec.structs.replace(before, **given(edit)))
        problems.refuse()
        _keep_an_admin(before, after)
        _write_member(actor, "member.changed", before, after)
    return after


def deactivate_member(actor: Actor, membership_id: int) -> MemberFacts:
    """End somebody's place here; what they did stays in the trail. Right: USERS_MANAGE. Not the last admin's."""
    actor.require(Right.USERS_MANAGE, "deactivate users")
    return _set_active(actor, membership_id, active=False)


def reactivate_member(actor: Actor, membership_id: int) -> MemberFacts:
    """Give somebody their place back. Right: USERS_MANAGE."""
    actor.require(Right.USERS_MANAGE, "reactivate users")
    return _set_active(actor, membership_id, active=True)


def _set_active(actor: Actor, membership_id: int, *, active: bool) -> MemberFacts:
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = member(actor.operator_id, membership_id)
        after = msgspec.structs.replace(before, active=active)
        _keep_an_admin(before, after)
        _write_member(actor, "member.reactivated" if active else "member.deactivated", before, after)
    return after


def change_own_password(actor: Actor, current: str, new: str) -> None:
    """A person changes their own password, knowing the current one. Raises `Invalid`. No right is needed."""
    person = None
    if actor.kind is ActorKind.PERSON and actor.key.isdecimal():
        person = User.objects.filter(id=int(actor.key)).first()
    if person is None:
        raise Forbidden("a person's session", "change your own password")
    problems = Problems()
    if not person.check_password(current):
        problems.add("current", "This is not your current password. Type it again.")
    _check_password(problems, "new", new, person)
    problems.refuse()
    _store_password(actor, person, new)


def reset_password(actor: Actor, membership_id: int, new: str) -> None:
    """Give a colleague a new password. Right: USERS_MANAGE.

    Refused for a person who also works for another operator: that would open the other company's door.
    """
    actor.require(Right.USERS_MANAGE, "reset passwords")
    found = member(actor.operator_id, membership_id)
    person = User.objects.get(id=found.user_id)
    with all_operators():  # only here: what the others are is not asked
        elsewhere = Membership.objects.filter(user_id=found.user_id).exclude(operator_id=actor.operator_id).exists()
    if elsewhere:
        raise Invalid.one("user", f"{found.name} has a place at another operator too. Only they can change it.")
    problems = Problems()
    _check_password(problems, "new", new, person)
    problems.refuse()
    _store_password(actor, person, new)


def _store_password(actor: Actor, person: User, new: str) -> None:
    person.set_password(new)
    with transaction.atomic():
        User.objects.filter(id=person.id).update(password=person.password)
        record_change(actor, "member.password_changed", person.name, None, None)


def add_member(
    actor: Actor,
    email: str,
    name: str,
    code: str,
    role: str,
    password: str | None,
    granted: tuple[str, ...] = (),
    refused: tuple[str, ...] = (),
    aircraft_ids: tuple[int, ...] = (),
    prefix: str = "",
) -> MemberFacts:
    """Inside the caller's transaction. `prefix` goes before the names of fields in refusals."""
    problems = Problems()
    email = checks.email(problems, f"{prefix}email", email, needed=True)
    person = User.objects.filter(email__iexact=email).first()
    new_account = person is None
    if person is None:
        person = User(email=email, name=checks.text(problems, f"{prefix}name", name, longest=120, needed=True))
        if password is None:
            person.set_unusable_password()
        else:
            _check_password(problems, f"{prefix}password", password, person)
            person.set_password(password)
    elif Membership.objects.filter(operator_id=actor.operator_id, user_id=person.id).exists():
        problems.add(f"{prefix}email", f"{email} has a place here already. Change that one instead.")
    row = Membership(
        operator_id=actor.operator_id, id=next_ids(1)[0], user_id=person.id or 0, code=code, role=role,
        granted=list(granted), refused=list(refused), aircraft_ids=list(aircraft_ids),
    )  # fmt: skip
    tidy = _tidy_role(problems, actor.operator_id, row)
    problems.refuse()
    if new_account:
        person.save(force_insert=True)
    tidy.user_id = person.id
    tidy.save(force_insert=True)
    tidy.refresh_from_db(fields=["since"])
    facts = member_facts(tidy, person)
    after = {field: plain(getattr(facts, field)) for field in _MEMBER_FIELDS}
    record_change(actor, "member.created", f"{facts.name} ({facts.code})", None, {"email": email, **after})
    return facts


_MEMBER_FIELDS = ("code", "role", "granted", "refused", "aircraft_ids", "active")


def _tidy_role(problems: Problems, operator_id: int, row: Membership) -> Membership:
    """The row with its words checked; what the pictures cannot hold is noted first."""
    row.role = checks.word(problems, "role", row.role, Role).value
    row.code, row.granted, row.refused, row.aircraft_ids = _terms(
        problems, operator_id, row.id, row.code, row.granted, row.refused, row.aircraft_ids
    )
    return row


def _tidy_member(problems: Problems, operator_id: int, facts: MemberFacts) -> MemberFacts:
    code, granted, refused, aircraft_ids = _terms(
        problems, operator_id, facts.membership_id, facts.code, facts.granted, facts.refused, facts.aircraft_ids
    )
    return msgspec.structs.replace(
        facts,
        role=checks.word(problems, "role", facts.role, Role),
        code=code,
        granted=tuple(granted),
        refused=tuple(refused),
        aircraft_ids=tuple(aircraft_ids),
    )


def _terms(
    problems: Problems,
    operator_id: int,
    membership_id: int,
    code: str,
    granted: Iterable[str],
    refused: Iterable[str],
    aircraft_ids: Iterable[int],
) -> tuple[str, list[str], list[str], list[int]]:
    """Code, rights and aircraft of a place, looked at and in a fixed order."""
    code = checks.pattern(problems, "code", code, r"[A-Z0-9]{2,8}", "Use two to eight letters or digits.", blank=False)
    if Membership.objects.filter(operator_id=operator_id, code=code).exclude(id=membership_id).exists():
        problems.add("code", f"A colleague has the code {code}. Choose another.")
    rights = {
        field: sorted({checks.word(problems, field, right, Right).value for right in wanted})
        for field, wanted in (("granted", granted), ("refused", refused))
    }
    if both := set(rights["granted"]) & set(rights["refused"]):
        problems.add("refused", f"{checks.listed(sorted(both))} is both granted and refused. Choose one.")
    wanted_aircraft = sorted(set(aircraft_ids))
    known = Aircraft.objects.filter(operator_id=operator_id, id__in=wanted_aircraft).count()
    if known != len(wanted_aircraft):
        problems.add("aircraft_ids", "An aircraft in the list is not in the fleet. Choose from the fleet.")
    return code, rights["granted"], rights["refused"], wanted_aircraft


def _keep_an_admin(before: MemberFacts, after: MemberFacts) -> None:
    """Refuse what would leave the operator without anybody who can manage its users."""

    def manages(facts: MemberFacts) -> bool:
        return facts.active and facts.role is Role.ADMIN and Right.USERS_MANAGE in facts.rights

    if not manages(before) or manages(after):
        return
    others = Membership.objects.filter(operator_id=before.operator_id, active=True, role=Role.ADMIN.value)
    others = others.exclude(id=before.membership_id).exclude(refused__contains=[Right.USERS_MANAGE.value])
    if not User.objects.filter(id__in=others.values("user_id"), is_active=True).exists():
        raise Invalid.one("role", f"{before.name} is the last admin. Make somebody else an admin first.")


def _write_member(actor: Actor, kind: str, before: MemberFacts, after: MemberFacts) -> None:
    was, now = difference(before, after, _MEMBER_FIELDS)
    if now:
        fields = {name: list(value) if isinstance(value, tuple) else value for name, value in now.items()}
        Membership.objects.filter(operator_id=before.operator_id, id=before.membership_id).update(**fields)
        record_change(actor, kind, f"{after.name} ({after.code})", was, now)


def _check_password(problems: Problems, field: str, password: str, person: User) -> None:
    try:
        validate_password(password, person)
    except ValidationError as refusal:
        problems.add(field, " ".join(refusal.messages))
