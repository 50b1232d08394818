"""Changing operators, their subsidiaries and, through `people`, who works for them. The only writer of these tables."""

from __future__ import annotations

import re

import msgspec
from django.db import transaction
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.fleet.models import Aircraft
from airstair.records.operators.models import Operator, Subsidiary
from airstair.records.operators.people import (
    MembershipEdit,
    add_member,
    change_membership,
    change_own_password,
    deactivate_member,
    invite_user,
    reactivate_member,
    reset_password,
)
from airstair.records.operators.queries import OPERATOR_FIELDS, operator, system_actor
from airstair.records.operators.rows import given, lock_operator, record_change
from airstair.records.operators.rules import Right, Role
from airstair.records.operators.snapshots import OperatorFacts, SubsidiaryFacts

__all__ = [
    "MembershipEdit",
    "OperatorEdit",
    "add_subsidiary",
    "change_membership",
    "change_operator",
    "change_own_password",
    "create_operator",
    "deactivate_member",
    "invite_user",
    "reactivate_member",
    "remove_subsidiary",
    "rename_subsidiary",
    "reset_password",
]


class OperatorEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New settings of an operator; what is not set stays. Its code never changes."""

    name: str | UnsetType = UNSET
    icao_code: str | UnsetType = UNSET
    iata_code: str | UnsetType = UNSET
    base_time_zone: str | UnsetType = UNSET
    trip_prefix: str | UnsetType = UNSET
    ops_email: str | UnsetType = UNSET
    sales_email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    main_organisation: str | UnsetType = UNSET


# --- operators -------------------------------------------------------------------------------------------------


def create_operator(
    *,
    code: str,
    name: str,
    admin_email: str,
    admin_name: str = "",
    admin_password: str | None = None,
    **settings: str,
) -> OperatorFacts:
    """Make a new operator with its first admin. For the machine's owner: there is no actor yet to ask for rights.

    `settings` are those of `OperatorEdit`. Without a password the admin cannot sign in until one is set. Somebody
    who has an account already keeps their password. Raises `Invalid`, also when the code is taken.
    """
    problems = Problems()
    unknown = settings.keys() - set(OperatorEdit.__struct_fields__)
    for setting in sorted(unknown):
        problems.add(setting, "There is no such setting of an operator. Leave it out.")
    code = checks.pattern(
        problems, "code", code, r"[A-Z0-9-]{2,12}", "Use two to twelve letters, digits or hyphens.", blank=False
    )
    facts = OperatorFacts(id=0, code=code, name=name, **{k: v for k, v in settings.items() if k not in unknown})
    facts = _tidy_operator(problems, facts)
    problems.refuse()
    with transaction.atomic():
        if Operator.objects.filter(code=code).exists():
            raise Invalid.one("code", f"There is already an operator “{code}”. Choose another code.")
        facts = msgspec.structs.replace(facts, id=next_ids(1)[0])
        Operator.objects.create(**msgspec.structs.asdict(facts))
        unit = Unit(UnitKind.OPERATOR, facts.id)
        after = {field: plain(getattr(facts, field)) for field in OPERATOR_FIELDS if field != "id"}
        actor = system_actor(facts.id, "Command line")
        record(actor, [NewChange(kind="operator.created", subject=unit, title=facts.name, units=(unit,), after=after)])
        admin = admin_name or admin_email.partition("@")[0]
        add_member(actor, admin_email, admin, _code_from(admin), Role.ADMIN.value, admin_password, prefix="admin_")
    return facts


def change_operator(actor: Actor, edit: OperatorEdit) -> OperatorFacts:
    """Change the settings of the actor's own operator. Right: OPERATOR_EDIT."""
    actor.require(Right.OPERATOR_EDIT, "change the operator's settings")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = operator(actor.operator_id)
        problems = Problems()
        after = _tidy_operator(problems, msgspec.structs.replace(before, **given(edit)))
        problems.refuse()
        was, now = difference(before, after, OPERATOR_FIELDS)
        if now:
            Operator.objects.filter(id=before.id).update(**{field: getattr(after, field) for field in now})
            record_change(actor, "operator.changed", after.name, was, now)
    return after


def _tidy_operator(problems: Problems, facts: OperatorFacts) -> OperatorFacts:
    def capitals(field: str, allowed: str, remedy: str, *, blank: bool = True) -> str:
        return checks.pattern(problems, field, getattr(facts, field), allowed, remedy, blank=blank)

    return msgspec.structs.replace(
        facts,
        name=checks.text(problems, "name", facts.name, longest=120, needed=True),
        icao_code=capitals("icao_code", r"[A-Z]{3}", "Use the operator's three letters, such as KXA."),
        iata_code=capitals("iata_code", r"[A-Z0-9]{2}", "Use the operator's two letters or digits, such as K8."),
        base_time_zone=checks.time_zone(problems, "base_time_zone", facts.base_time_zone),
        trip_prefix=capitals("trip_prefix", r"[A-Z0-9-]{1,4}", "Use one to four letters or digits.", blank=False),
        ops_email=checks.email(problems, "ops_email", facts.ops_email),
        sales_email=checks.email(problems, "sales_email", facts.sales_email),
        phone=checks.text(problems, "phone", facts.phone, longest=40),
        address=checks.text(problems, "address", facts.address, longest=checks.LONGEST_NOTE),
        main_organisation=checks.text(problems, "main_organisation", facts.main_organisation, longest=120),
    )


# --- subsidiaries ----------------------------------------------------------------------------------------------


def add_subsidiary(actor: Actor, name: str) -> SubsidiaryFacts:
    """Add a company of the group. Right: OPERATOR_EDIT."""
    actor.require(Right.OPERATOR_EDIT, "add a subsidiary")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        tidy = _subsidiary_name(actor.operator_id, name)
        subsidiary_id = next_ids(1)[0]
        Subsidiary.objects.create(operator_id=actor.operator_id, id=subsidiary_id, name=tidy)
        record_change(actor, "subsidiary.created", tidy, None, {"name": tidy})
    return SubsidiaryFacts(id=subsidiary_id, name=tidy)


def rename_subsidiary(actor: Actor, subsidiary_id: int, name: str) -> SubsidiaryFacts:
    """Right: OPERATOR_EDIT."""
    actor.require(Right.OPERATOR_EDIT, "rename a subsidiary")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        row = _subsidiary(actor.operator_id, subsidiary_id)
        tidy = _subsidiary_name(actor.operator_id, name, but=subsidiary_id)
        if tidy != row.name:
            Subsidiary.objects.filter(operator_id=actor.operator_id, id=subsidiary_id).update(name=tidy)
            record_change(actor, "subsidiary.changed", tidy, {"name": row.name}, {"name": tidy})
    return SubsidiaryFacts(id=subsidiary_id, name=tidy)


def remove_subsidiary(actor: Actor, subsidiary_id: int) -> None:
    """Remove a company that owns no aircraft. Right: OPERATOR_EDIT."""
    actor.require(Right.OPERATOR_EDIT, "remove a subsidiary")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        row = _subsidiary(actor.operator_id, subsidiary_id)
        owned = Aircraft.objects.filter(operator_id=actor.operator_id, subsidiary_id=subsidiary_id)
        if registrations := list(owned.order_by("registration").values_list("registration", flat=True)[:5]):
            raise Invalid.one(
                "subsidiary", f"{row.name} owns {', '.join(registrations)}. Give its aircraft another owner first."
            )
        Subsidiary.objects.filter(operator_id=actor.operator_id, id=subsidiary_id).delete()
        record_change(actor, "subsidiary.removed", row.name, {"name": row.name}, None)


def _subsidiary(operator_id: int, subsidiary_id: int) -> Subsidiary:
    row = Subsidiary.objects.filter(operator_id=operator_id, id=subsidiary_id).first()
    if row is None:
        raise NotFound("This subsidiary")
    return row


def _subsidiary_name(operator_id: int, name: str, but: int = 0) -> str:
    problems = Problems()
    tidy = checks.text(problems, "name", name, longest=120, needed=True)
    problems.refuse()
    if Subsidiary.objects.filter(operator_id=operator_id, name__iexact=tidy).exclude(id=but).exists():
        raise Invalid.one("name", f"There is already a subsidiary “{tidy}”. Choose another name.")
    return tidy


def _code_from(name: str) -> str:
    """Three letters for the first admin: they can be changed under Settings > Users."""
    return (re.sub(r"[^A-Z0-9]", "", name.upper()) + "ADM")[:3]
