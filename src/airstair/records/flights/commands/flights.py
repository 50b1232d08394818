"""Making, changing, cancelling and deleting single flights.

A deleted flight is a cancelled one out of sight: partners hear of it, and its trail stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.models import Change
from airstair.changes.record import difference, plain, record
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Conflict, Problems
from airstair.kernel.units import UnitKind
from airstair.records.flights.commands.drafts import (
    ALL_FIELDS,
    DRAFT_FIELDS,
    FlightDraft,
    Surroundings,
    draft_of,
    tidy_flight,
    values_of,
)
from airstair.records.flights.commands.inputs import FlightEdit, FlightInput, given
from airstair.records.flights.commands.rows import (
    UNVERIFIED,
    flight_changed,
    flight_created,
    lapsed,
    locked_empty_leg,
    locked_flight,
    locked_trip,
    verification_lapses,
)
from airstair.records.flights.commands.times import refuse_leaving_times_behind
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.models import EmptyLeg, Flight
from airstair.records.flights.queries import flight
from airstair.records.flights.rules import Status
from airstair.records.operators.rules import Right


def add_flight(actor: Actor, trip_id: int, wanted: FlightInput) -> FlightFacts:
    """Add a flight to a trip. Right: SCHEDULE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.SCHEDULE_EDIT, "add flights")
    with transaction.atomic():
        trip = locked_trip(actor, trip_id)
        draft = _tidied(Problems(), values_of(wanted, trip.status), Surroundings.of(actor.operator_id))
        flight_id = next_ids(1)[0]
        values = msgspec.structs.asdict(draft)
        Flight.objects.create(operator_id=actor.operator_id, id=flight_id, trip_id=trip_id, **values)
        record(actor, [flight_created(flight_id, trip_id, draft)])
    return flight(actor.operator_id, flight_id)


def change_flight(actor: Actor, flight_id: int, edit: FlightEdit, *, as_of: int | None = None) -> FlightFacts:
    """Change a flight. Right: SCHEDULE_EDIT. Raises `NotFound`, `Invalid`, `Conflict`.

    `as_of` is the revision that the person saw. What others changed since and this person left alone is kept; a
    field that both changed, to different values, is a `Conflict` naming who, what and when. A change of route,
    times or aircraft ends the verification of an empty leg, in the same transaction.
    """
    actor.require(Right.SCHEDULE_EDIT, "change flights")
    with transaction.atomic():
        row = locked_flight(actor, flight_id)
        _apply(actor, row, given(edit), as_of=as_of)
    return flight(actor.operator_id, flight_id)


def cancel_flight(actor: Actor, flight_id: int) -> FlightFacts:
    """Cancel a flight; it stays in sight. Right: SCHEDULE_EDIT."""
    actor.require(Right.SCHEDULE_EDIT, "cancel flights")
    with transaction.atomic():
        row = locked_flight(actor, flight_id)
        _apply(actor, row, {"status": Status.CANCELLED.value}, kind="flight.cancelled")
    return flight(actor.operator_id, flight_id)


def delete_flight(actor: Actor, flight_id: int) -> None:
    """Cancel a flight and take it out of sight. Right: SCHEDULE_EDIT. Once is enough: again changes nothing.

    Partners are told of the cancellation; the audit trail keeps everything.
    """
    actor.require(Right.SCHEDULE_EDIT, "delete flights")
    with transaction.atomic():
        row = locked_flight(actor, flight_id, deleted_too=True)
        if not row.deleted:
            _apply(actor, row, {"status": Status.CANCELLED.value}, kind="flight.deleted", deleted=True)


def restore_flight(actor: Actor, flight_id: int) -> FlightFacts:
    """Take back a cancellation or deletion: the flight has the status it had before. Right: SCHEDULE_EDIT."""
    actor.require(Right.SCHEDULE_EDIT, "restore flights")
    with transaction.atomic():
        row = locked_flight(actor, flight_id, deleted_too=True)
        if row.status == Status.CANCELLED:
            status = _status_before_cancelling(row)
            _apply(actor, row, {"status": status}, kind="flight.restored", deleted=False)
    return flight(actor.operator_id, flight_id)


def _status_before_cancelling(row: Flight) -> str:
    cancellations = Change.objects.filter(
        operator_id=row.operator_id,
        subject_kind=UnitKind.FLIGHT.value,
        subject_id=row.id,
        after__status=Status.CANCELLED.value,
        before__status__isnull=False,
    )
    last = cancellations.order_by("-seq").first()
    before = (last.before or {}).get("status") if last else None
    return str(before) if before else Status.CONFIRMED.value


def _apply(
    actor: Actor,
    row: Flight,
    wanted: Mapping[str, Any],
    *,
    kind: str = "flight.changed",
    as_of: int | None = None,
    deleted: bool | None = None,
) -> None:
    """Write the wanted values over a locked flight. `deleted` sets that mark too."""
    before = draft_of(row)
    around = Surroundings.of(actor.operator_id)
    if as_of is not None:
        wanted = _merged(actor, row, before, wanted, around, as_of)
    # Only what differs is looked up again: a form hands back everything, also what has been retired since.
    touched = frozenset(name for name, value in wanted.items() if value != getattr(before, name))
    problems = Problems()
    after = _tidied(problems, {**msgspec.structs.asdict(before), **wanted}, around, touched)
    if (before.std, before.sta) != (after.std, after.sta):
        refuse_leaving_times_behind(problems, actor, row.id, (after.std, after.sta))
        problems.refuse()
    more: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    if deleted is not None and deleted != row.deleted:
        more = {"deleted": row.deleted}, {"deleted": deleted}
    changed = frozenset(difference(before, after, DRAFT_FIELDS)[1])
    leg = locked_empty_leg(actor, row.id)
    if leg is not None and verification_lapses(leg, changed):
        was, now = lapsed(leg)
        more = {**more[0], **was}, {**more[1], **now}
        EmptyLeg.objects.filter(operator_id=actor.operator_id, id=row.id).update(**UNVERIFIED)
    change = flight_changed(kind, row.id, row.trip_id, before, after, more)
    if change is None:
        return
    values = {field: getattr(after, field) for field in changed}
    if "deleted" in more[1]:
        values["deleted"] = deleted
    if values:
        Flight.objects.filter(operator_id=actor.operator_id, id=row.id).update(**values)
    record(actor, [change])


def _tidied(
    problems: Problems,
    values: Mapping[str, Any],
    around: Surroundings,
    changed: frozenset[str] = ALL_FIELDS,
) -> FlightDraft:
    draft = tidy_flight(problems, values, around, changed)
    problems.refuse()
    if draft is None:
        raise AssertionError("A draft is refused only together with a problem that says why.")
    return draft


def _merged(
    actor: Actor, row: Flight, before: FlightDraft, wanted: Mapping[str, Any], around: Surroundings, as_of: int
) -> dict[str, Any]:
    """What the person really wants, who saw the flight as it was at `as_of`.

    Compared with what they saw then: a field that they left alone follows what others did since.
    """
    later = _changes_since(row, as_of)
    if not later:
        return dict(wanted)
    seen: dict[str, Any] = {}
    others: dict[str, Change] = {}
    for change in later:
        for field, value in (change.before or {}).items():
            seen.setdefault(field, value)
            if (change.actor_kind, change.actor_key) != (actor.kind.value, actor.key):
                others[field] = change
    # In stored form, so that “ewr” and KEWR compare as one; what is wrong with it is said when it is written.
    draft = tidy_flight(Problems(), {**msgspec.structs.asdict(before), **wanted}, around)
    kept = dict(wanted)
    for field in wanted:
        if field not in seen:
            continue
        value = plain(getattr(draft, field)) if draft else plain(wanted[field])
        if value == plain(getattr(before, field)):
            continue
        if value == seen[field]:
            del kept[field]
        elif field in others:
            raise _conflict(field, others[field])
    return kept


def _changes_since(row: Flight, as_of: int) -> list[Change]:
    changes = Change.objects.filter(
        operator_id=row.operator_id, subject_kind=UnitKind.FLIGHT.value, subject_id=row.id, seq__gt=as_of
    )
    return list(changes.order_by("seq"))


def _conflict(field: str, change: Change) -> Conflict:
    value = (change.after or {}).get(field)
    return Conflict(
        f"{change.actor_label} changed {field} to {value} on {change.at:%d %b %Y at %H:%M}Z, while you were editing."
        " Load the flight again, look at the change, and make yours anew."
    )
