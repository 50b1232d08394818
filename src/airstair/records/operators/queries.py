"""Reading operators, their people, and who acts with which rights. Each reader says its number of statements."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import QuerySet

from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import NotFound
from airstair.records.operators.models import Membership, Operator, Subsidiary, User
from airstair.records.operators.rules import Right, Role
from airstair.records.operators.snapshots import MemberFacts, OperatorFacts, PlaceOfWork, SubsidiaryFacts

OPERATOR_FIELDS = OperatorFacts.__struct_fields__
# What no automatism may hold, whoever made it: the mark that a person looked at this very leg.
_ONLY_FOR_PERSONS = frozenset({Right.EMPTY_LEG_VERIFY})


def operator(operator_id: int) -> OperatorFacts:
    """One statement. Raises `NotFound`."""
    return _one_operator(Operator.objects.filter(id=operator_id), "The operator")


def operator_by_code(code: str) -> OperatorFacts:
    """The operator that the command line calls `code`, in any case. One statement. Raises `NotFound`."""
    return _one_operator(Operator.objects.filter(code=code.strip().upper()), f"Operator “{code}”")


def operators() -> list[OperatorFacts]:
    """All operators of this installation, by code. One statement."""
    return [OperatorFacts(**row) for row in Operator.objects.order_by("code").values(*OPERATOR_FIELDS)]


def _one_operator(rows: QuerySet[Operator], what: str) -> OperatorFacts:
    row = rows.values(*OPERATOR_FIELDS).first()
    if row is None:
        raise NotFound(what)
    return OperatorFacts(**row)


def subsidiaries(operator_id: int) -> list[SubsidiaryFacts]:
    """By name. One statement."""
    rows = Subsidiary.objects.filter(operator_id=operator_id).order_by("name")
    return [SubsidiaryFacts(id=row.id, name=row.name) for row in rows]


def members(operator_id: int, *, active_only: bool = False) -> list[MemberFacts]:
    """Everybody who has, or had, a place at the operator, by name. Two statements."""
    rows = Membership.objects.filter(operator_id=operator_id)
    return sorted(_members(rows.filter(active=True) if active_only else rows), key=lambda m: (m.name.lower(), m.code))


def member(operator_id: int, membership_id: int) -> MemberFacts:
    """Two statements. Raises `NotFound`."""
    for found in _members(Membership.objects.filter(operator_id=operator_id, id=membership_id)):
        return found
    raise NotFound("This user")


def members_matching(operator_id: int, text: str) -> list[MemberFacts]:
    """Active members whose code is `text`, or whose name or a part of it starts with it. Two statements.

    The one with that code comes first, as when recipients are typed by code or first letters of the name.
    """
    typed = text.strip().lower()
    if not typed:
        return []
    found = [m for m in members(operator_id, active_only=True) if _fits(m, typed)]
    return sorted(found, key=lambda m: (m.code.lower() != typed, m.name.lower()))


def _fits(member: MemberFacts, typed: str) -> bool:
    name = member.name.lower()
    return member.code.lower() == typed or any(part.startswith(typed) for part in (name, *name.split()))


def memberships_of_user(user_id: int) -> list[PlaceOfWork]:
    """The operators that a person can act for now, by code. None for a person who is switched off. Three statements."""
    if not User.objects.filter(id=user_id, is_active=True).exists():
        return []
    rows = list(Membership.objects.filter(user_id=user_id, active=True))
    places = Operator.objects.in_bulk([row.operator_id for row in rows])
    found = [
        PlaceOfWork(
            operator_id=row.operator_id,
            operator_code=places[row.operator_id].code,
            operator_name=places[row.operator_id].name,
            membership_id=row.id,
            code=row.code,
            role=Role(row.role),
        )
        for row in rows
    ]
    return sorted(found, key=lambda place: place.operator_code)


def _members(rows: QuerySet[Membership]) -> list[MemberFacts]:
    memberships = list(rows)
    people = User.objects.in_bulk([m.user_id for m in memberships])
    return [member_facts(m, people[m.user_id]) for m in memberships]


def member_facts(row: Membership, person: User) -> MemberFacts:
    """The picture of one membership and its person."""
    return MemberFacts(
        membership_id=row.id,
        operator_id=row.operator_id,
        user_id=row.user_id,
        email=person.email,
        name=person.name,
        code=row.code,
        role=Role(row.role),
        granted=tuple(row.granted),
        refused=tuple(row.refused),
        aircraft_ids=tuple(row.aircraft_ids),
        active=row.active and person.is_active,
        since=row.since,
    )


def actor_for_user(user_id: int, operator_id: int) -> Actor:
    """The person as an actor for the operator. Two statements.

    Raises `NotFound` when the person has no active place there: their session may outlive it.
    """
    for found in _members(Membership.objects.filter(operator_id=operator_id, user_id=user_id, active=True)):
        if found.active:
            return Actor(
                operator_id=operator_id,
                kind=ActorKind.PERSON,
                key=str(user_id),
                label=found.name,
                rights=found.rights,
            )
    raise NotFound("Your place at this operator")


def system_actor(operator_id: int, label: str) -> Actor:
    """The system itself doing `label`: everything but what only a person may do. No statement."""
    return _automatic(operator_id, ActorKind.SYSTEM, "system", label, Right)


def cli_actor(operator_id: int) -> Actor:
    """Whoever may run commands on the machine: everything but what only a person may do. No statement."""
    return _automatic(operator_id, ActorKind.SYSTEM, "command-line", "Command line", Right)


def import_actor(operator_id: int, file_name: str, rights: Iterable[str] = (Right.IMPORT_RUN,)) -> Actor:
    """A file being imported, with the rights of whoever runs it, less what only a person may do. No statement."""
    return _automatic(operator_id, ActorKind.IMPORT, file_name[:200], file_name[:200], rights)


def _automatic(operator_id: int, kind: ActorKind, key: str, label: str, rights: Iterable[str]) -> Actor:
    allowed = frozenset(str(right) for right in rights) - {str(right) for right in _ONLY_FOR_PERSONS}
    return Actor(operator_id=operator_id, kind=kind, key=key, label=label, rights=allowed)
