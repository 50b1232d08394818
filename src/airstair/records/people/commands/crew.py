"""Crew members: adding, changing, leaving. Nobody is deleted: flights of the past name them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, record
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Invalid, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.operators.rows import given, lock_operator
from airstair.records.operators.rules import Right
from airstair.records.people.commands import inputs
from airstair.records.people.models import CrewMember
from airstair.records.people.queries import CREW_FIELDS, crew_member
from airstair.records.people.rules import CODE, POSITION, Sex, in_order
from airstair.records.people.sealing import seal_born, unseal_born
from airstair.records.people.snapshots import CrewMemberFacts
from airstair.records.places.queries import resolver

_HIDDEN = ("born",)
_MOST_POSITIONS = 12
# Whoever is told of a flight is told of its crew by these.
_SEEN_ON_FLIGHTS = frozenset({"code", "first_name", "last_name", "email", "phone", "sex"})
_FLIGHTS_SINCE = timedelta(days=3)
_FLIGHTS = """
SELECT id FROM flights_flight
 WHERE operator_id = %s AND std >= %s AND NOT deleted
   AND EXISTS (SELECT FROM jsonb_each_text(crew) AS who WHERE who.value = ANY(%s))
"""


class CrewMemberInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new crew member. Field meanings as in the table."""

    code: str
    first_name: str
    last_name: str
    email: str = ""
    phone: str = ""
    sex: str = ""
    positions: tuple[str, ...] = ()
    home_base: str = ""
    nationality: str = ""
    born: date | None = None
    notes: str = ""

    def __repr__(self) -> str:
        """Without what is sensitive."""
        return f"<CrewMemberInput {self.code}>"


class CrewMemberEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New facts of a crew member; what is not set stays."""

    code: str | UnsetType = UNSET
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone: str | UnsetType = UNSET
    sex: str | UnsetType = UNSET
    positions: tuple[str, ...] | UnsetType = UNSET
    home_base: str | UnsetType = UNSET
    nationality: str | UnsetType = UNSET
    born: date | UnsetType | None = UNSET
    notes: str | UnsetType = UNSET

    def __repr__(self) -> str:
        return "<CrewMemberEdit>"


def add_crew_member(actor: Actor, wanted: CrewMemberInput, *, clock: Clock | None = None) -> CrewMemberFacts:
    """Add somebody to the crew. Right: CREW_EDIT. Raises `Invalid`.

    Flights may name them by their code already, from an import: these are touched by it.
    """
    actor.require(Right.CREW_EDIT, "add crew members")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        values = _tidy(
            actor.operator_id, 0, msgspec.structs.asdict(wanted), changed=frozenset(wanted.__struct_fields__)
        )
        id_ = next_ids(1)[0]
        CrewMember.objects.create(operator_id=actor.operator_id, id=id_, **_stored(actor.operator_id, values))
        after = crew_member(actor.operator_id, id_)
        flights = _flights(actor.operator_id, [after.code], clock or SystemClock())
        _record(actor, "crew.added", after, None, inputs.shown(values, _HIDDEN), flights)
    return after


def change_crew_member(
    actor: Actor, crew_member_id: int, edit: CrewMemberEdit, *, clock: Clock | None = None
) -> CrewMemberFacts:
    """Change what is known of a crew member. Right: CREW_EDIT. Raises `NotFound`, `Invalid`.

    Flights name crew members by their code: a new code does not change what stands on them.
    """
    actor.require(Right.CREW_EDIT, "change crew members")
    with transaction.atomic():
        lock_operator(actor.operator_id)
        facts = crew_member(actor.operator_id, crew_member_id)
        before = _values(facts)
        new = {**before, **given(edit)}
        changed = frozenset(name for name in new if new[name] != before[name])
        after = {**before, **_tidy(actor.operator_id, crew_member_id, new, changed=changed)}
        was, now = inputs.differing(before, after, _HIDDEN)
        if not now:
            return facts
        rows = CrewMember.objects.filter(operator_id=actor.operator_id, id=crew_member_id)
        rows.update(**_stored(actor.operator_id, {name: after[name] for name in now}))
        member = crew_member(actor.operator_id, crew_member_id)
        codes = [facts.code, member.code] if _SEEN_ON_FLIGHTS & now.keys() else []
        _record(actor, "crew.changed", member, was, now, _flights(actor.operator_id, codes, clock or SystemClock()))
    return member


def retire_crew_member(actor: Actor, crew_member_id: int) -> CrewMemberFacts:
    """They have left: they are planned and matched no more. Right: CREW_EDIT. Raises `NotFound`."""
    actor.require(Right.CREW_EDIT, "retire crew members")
    return _set_active(actor, crew_member_id, active=False)


def reinstate_crew_member(actor: Actor, crew_member_id: int) -> CrewMemberFacts:
    """They are back. Right: CREW_EDIT. Raises `NotFound`."""
    actor.require(Right.CREW_EDIT, "reinstate crew members")
    return _set_active(actor, crew_member_id, active=True)


def _set_active(actor: Actor, crew_member_id: int, *, active: bool) -> CrewMemberFacts:
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before = crew_member(actor.operator_id, crew_member_id)
        if before.active == active:
            return before
        CrewMember.objects.filter(operator_id=actor.operator_id, id=crew_member_id).update(active=active)
        after = msgspec.structs.replace(before, active=active)
        kind = "crew.reinstated" if active else "crew.retired"
        _record(actor, kind, after, {"active": before.active}, {"active": active})
    return after


def _values(facts: CrewMemberFacts) -> dict[str, Any]:
    row = CrewMember.objects.get(operator_id=facts.operator_id, id=facts.id)
    values = {name: getattr(facts, name) for name in CREW_FIELDS if name not in ("id", "operator_id", "active")}
    return {**values, "born": unseal_born(facts.operator_id, row.born_sealed).born}


def _stored(operator_id: int, values: dict[str, Any]) -> dict[str, Any]:
    """The values as the table has them."""
    stored = {name: value for name, value in values.items() if name != "born"}
    if "positions" in stored:
        stored["positions"] = list(stored["positions"])
    if "born" in values:
        stored["born_sealed"] = seal_born(operator_id, values["born"])
    return stored


def _tidy(operator_id: int, id_: int, values: dict[str, Any], *, changed: frozenset[str]) -> dict[str, Any]:
    """The values in their written form. Look-ups are made for changed fields only: an old one must not stop an edit."""
    problems = Problems()
    tidy = {
        "code": checks.pattern(
            problems, "code", values["code"], CODE, "Use two to eight letters and digits, such as ABE.", blank=False
        ),
        "first_name": inputs.name(problems, "first_name", values["first_name"]),
        "last_name": inputs.name(problems, "last_name", values["last_name"]),
        "email": checks.email(problems, "email", values["email"]),
        "phone": checks.text(problems, "phone", values["phone"], longest=40),
        "sex": checks.word(problems, "sex", values["sex"], Sex).value if values["sex"] else "",
        "positions": _positions(problems, values["positions"]),
        "home_base": _home_base(problems, operator_id, values["home_base"], changed),
        "nationality": checks.country(problems, "nationality", values["nationality"]),
        "born": inputs.day(problems, "born", values["born"]),
        "notes": checks.text(problems, "notes", values["notes"], longest=checks.LONGEST_NOTE),
    }
    others = CrewMember.objects.filter(operator_id=operator_id).exclude(operator_id=operator_id, id=id_)
    if "code" in changed and others.filter(code=tidy["code"]).exists():
        problems.add("code", f"{tidy['code']} is somebody else's code. Choose another.")
    if "email" in changed and tidy["email"] and (other := others.filter(email__iexact=tidy["email"]).first()):
        problems.add("email", f"It is {other.code}'s address already. Partners match people by it: use another.")
    problems.refuse()
    return tidy


def _positions(problems: Problems, positions: tuple[str, ...]) -> tuple[str, ...]:
    remedy = "Use positions such as CPT, FO, SP or FA1."
    if len(positions) > _MOST_POSITIONS:
        problems.add("positions", f"These are {len(positions)} positions. Leave at most {_MOST_POSITIONS}.")
    return in_order(
        tuple(checks.pattern(problems, "positions", one, POSITION, remedy, blank=False) for one in positions)
    )


def _home_base(problems: Problems, operator_id: int, typed: str, changed: frozenset[str]) -> str:
    if not typed.strip() or "home_base" not in changed:
        return typed.strip()
    try:
        return resolver(operator_id).resolve(typed, "home_base").code
    except Invalid as refusal:
        checks.take(problems, refusal)
        return ""


def _flights(operator_id: int, codes: list[str], clock: Clock) -> list[Unit]:
    """The flights of today and later, and of the last days, that name somebody by one of these codes."""
    if not codes:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_FLIGHTS, [operator_id, clock.now() - _FLIGHTS_SINCE, codes])
        return [Unit(UnitKind.FLIGHT, row[0]) for row in cursor.fetchall()]


def _record(
    actor: Actor,
    kind: str,
    facts: CrewMemberFacts,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    flights: list[Unit] | None = None,
) -> None:
    unit = Unit(UnitKind.CREW_MEMBER, facts.id)
    units = (unit, *(flights or ()))
    title = f"{facts.code} {facts.name}"
    record(actor, [NewChange(kind=kind, subject=unit, title=title, units=units, before=before, after=after)])
