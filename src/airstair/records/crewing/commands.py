"""Duties and publishing: the only writers of both. Each names the crew members that it touches in its change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from django.db import transaction
from msgspec import UNSET, UnsetType

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, Invalid, NotFound, Problems
from airstair.kernel.units import Unit, UnitKind
from airstair.records import checks
from airstair.records.crewing.models import Duty, Roster
from airstair.records.crewing.queries import crew_flights, duties, duty, roster
from airstair.records.crewing.rules import LONGEST_DUTY, DutyKind, PublishedBy, last_published
from airstair.records.crewing.snapshots import DutyFacts, RosterFacts
from airstair.records.operators.rows import given, lock_operator
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_by_code, crew_members
from airstair.records.places import queries as places

_EDIT = "plan crew duties"
_FURTHEST_PUBLISHED = timedelta(days=366)  # from today; further is a wrong year


class DutyInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new duty. Only a positioning needs airports; elsewhere an end that is empty is where it starts."""

    crew_member_id: int
    kind: str
    start: datetime
    end: datetime
    start_airport: str = ""
    end_airport: str = ""
    title: str = ""
    notes: str = ""


class DutyEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New values of a duty; what is not set stays."""

    crew_member_id: int | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    start: datetime | UnsetType = UNSET
    end: datetime | UnsetType = UNSET
    start_airport: str | UnsetType = UNSET
    end_airport: str | UnsetType = UNSET
    title: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET


_FIELDS = DutyInput.__struct_fields__


def add_duty(actor: Actor, wanted: DutyInput) -> DutyFacts:
    """Give a crew member something to do. Right: ROSTER_EDIT. Raises `Invalid` with every wrong field."""
    actor.require(Right.ROSTER_EDIT, _EDIT)
    tidy = _tidy(actor.operator_id, wanted)
    with transaction.atomic():
        duty_id = next_ids(1)[0]
        values = msgspec.structs.asdict(tidy)
        Duty.objects.create(operator_id=actor.operator_id, id=duty_id, **values)
        after = {field: plain(value) for field, value in values.items()}
        record(actor, [_change("duty.created", duty_id, tidy, None, after)])
    return duty(actor.operator_id, duty_id)


def change_duty(actor: Actor, duty_id: int, edit: DutyEdit) -> DutyFacts:
    """Change a duty, also whose it is. Right: ROSTER_EDIT. Raises `NotFound`, `Conflict`, `Invalid`."""
    actor.require(Right.ROSTER_EDIT, _EDIT)
    with transaction.atomic():
        row = _locked(actor, duty_id)
        if row.deleted:
            raise Conflict("This duty has been deleted meanwhile. Add a new one.")
        before = _input_of(row)
        after = _tidy(actor.operator_id, msgspec.structs.replace(before, **given(edit)))
        was, now = difference(before, after, _FIELDS)
        if now:
            rows = Duty.objects.filter(operator_id=actor.operator_id, id=duty_id)
            rows.update(**{field: getattr(after, field) for field in now})
            record(actor, [_change("duty.changed", duty_id, after, was, now, before.crew_member_id)])
    return duty(actor.operator_id, duty_id)


def delete_duty(actor: Actor, duty_id: int) -> None:
    """Take a duty off the roster; the trail keeps it. Right: ROSTER_EDIT. Again changes nothing."""
    actor.require(Right.ROSTER_EDIT, _EDIT)
    with transaction.atomic():
        row = _locked(actor, duty_id)
        before = _input_of(row)
        if not row.deleted:
            Duty.objects.filter(operator_id=actor.operator_id, id=duty_id).update(deleted=True)
            was = {field: plain(getattr(before, field)) for field in _FIELDS}
            record(actor, [_change("duty.deleted", duty_id, before, was, None)])


def publish_roster(actor: Actor, up_to: date, by: str = PublishedBy.DAY, *, clock: Clock | None = None) -> RosterFacts:
    """Move the roster's effective date to `up_to`, or to the end of its month; also back. Right: ROSTER_EDIT.

    The change names every crew member who has a flight or a duty in the days that it is moved over.
    """
    actor.require(Right.ROSTER_EDIT, "publish the roster")
    now = (clock or SystemClock()).now()
    problems = Problems()
    way = checks.word(problems, "by", by, PublishedBy)
    if abs(up_to - now.date()) > _FURTHEST_PUBLISHED:
        problems.add("up_to", f"{up_to} is more than a year from today. Choose a nearer day; check the year.")
    problems.refuse()
    with transaction.atomic():
        lock_operator(actor.operator_id)
        before, effective = roster(actor.operator_id), last_published(up_to, way)
        if before.effective_date == effective:
            return before
        values = {"publisher": actor.label[:200], "published_at": now, "published_by": way.value}
        Roster.objects.update_or_create(
            operator_id=actor.operator_id, id=actor.operator_id, defaults={"effective_date": effective, **values}
        )
        record(actor, [_published(actor, before.effective_date, effective, way, now.date())])
    return roster(actor.operator_id)


def _published(actor: Actor, before: date | None, after: date, by: PublishedBy, today: date) -> NewChange:
    first, last = sorted((before or min(today, after), after))
    members = _busy(actor.operator_id, first, last + timedelta(days=1))
    operator = Unit(UnitKind.OPERATOR, actor.operator_id)
    return NewChange(
        kind="roster.published",
        subject=operator,
        title=f"Roster published up to {after:%d %b %Y}",
        units=(operator, *(Unit(UnitKind.CREW_MEMBER, one) for one in sorted(members))),
        before=None if before is None else {"effective_date": plain(before)},
        after={"effective_date": plain(after), "by": by.value},
    )


def _busy(operator_id: int, first: date, until: date) -> set[int]:
    """Who has anything to do from midnight of `first` to midnight of `until`, UTC."""
    start, end = (datetime.combine(day, time(), UTC) for day in (first, until))
    flying = {part.code for part in crew_flights(operator_id, start, end)}
    members = {one.id for one in crew_by_code(operator_id, flying).values()}
    return members | {one.crew_member_id for one in duties(operator_id, start, end)}


def _locked(actor: Actor, duty_id: int) -> Duty:
    rows = Duty.objects.select_for_update(no_key=True)
    row = rows.filter(operator_id=actor.operator_id, id=duty_id).first()
    if row is None:
        raise NotFound("This duty")
    return row


def _input_of(row: Duty) -> DutyInput:
    return DutyInput(**{field: getattr(row, field) for field in _FIELDS})


def _tidy(operator_id: int, wanted: DutyInput) -> DutyInput:
    problems = Problems()
    if wanted.crew_member_id not in {one.id for one in crew_members(operator_id)}:
        problems.add("crew_member_id", "There is no such crew member. Choose one, or add them to the crew list.")
    kind = checks.word(problems, "kind", wanted.kind, DutyKind)
    start, end = checks.moment(problems, "start", wanted.start), checks.moment(problems, "end", wanted.end)
    if start is not None and end is not None:
        _check_span(problems, start, end)
    begins = _airport(operator_id, problems, "start_airport", wanted.start_airport)
    ends = _airport(operator_id, problems, "end_airport", wanted.end_airport) or begins
    if kind is DutyKind.POSITIONING and not problems.found:
        for field, airport in (("start_airport", begins), ("end_airport", wanted.end_airport)):
            if not airport:
                problems.add(field, "A positioning goes from one airport to another. Fill it in.")
    tidy = msgspec.structs.replace(
        wanted,
        kind=kind.value,
        start=start or wanted.start,
        end=end or wanted.end,
        start_airport=begins,
        end_airport=ends,
        title=checks.text(problems, "title", wanted.title, longest=120),
        notes=checks.text(problems, "notes", wanted.notes, longest=checks.LONGEST_NOTE),
    )
    problems.refuse()
    return tidy


def _check_span(problems: Problems, start: datetime, end: datetime) -> None:
    if end <= start:
        problems.add("end", f"It ends {end:%d %b %H:%M}Z, not after its start {start:%d %b %H:%M}Z. Correct one.")
    elif end - start > LONGEST_DUTY:
        problems.add("end", "It lasts longer than three months. Correct the end; check the month.")


def _airport(operator_id: int, problems: Problems, field: str, typed: str) -> str:
    if not typed.strip():
        return ""
    try:
        return places.resolver(operator_id).resolve(typed, field).code
    except Invalid as refusal:
        checks.take(problems, refusal)
        return ""


def _change(
    kind: str,
    duty_id: int,
    one: DutyInput,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    whose_before: int | None = None,
) -> NewChange:
    """The subject is the crew member; `duty_id` tells their duties apart."""
    named = {"duty_id": duty_id}
    return NewChange(
        kind=kind,
        subject=Unit(UnitKind.CREW_MEMBER, one.crew_member_id),
        title=f"{one.kind.replace('_', ' ')} {one.title} {one.start:%d %b %Y}".replace("  ", " "),
        units=tuple(_units(one.crew_member_id, whose_before)),
        before=None if before is None else named | before,
        after=None if after is None else named | after,
    )


def _units(*crew_member_ids: int | None) -> Iterable[Unit]:
    return (Unit(UnitKind.CREW_MEMBER, one) for one in sorted({one for one in crew_member_ids if one is not None}))
