"""What a person does to bring a pull in: asks for days, hands in a file, and says that what was seen is imported.

Nothing is fetched from here: a wish is written down, and the worker makes the call.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.keys import next_ids
from airstair.changes.record import NewChange, record
from airstair.hub.choosing import Days
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.contract import Addon
from airstair.hub.engine.absorbing import MOST_REASONS, absorb_items, reasons_of
from airstair.hub.flows import AbsorbedAs, Pull
from airstair.hub.models import PullRun, PullState
from airstair.hub.pulls import ASKED, RunLine, run_line
from airstair.hub.staging.models import PullStage
from airstair.hub.staging.queries import DOING, items_of, staged_flow
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, Invalid, Problems
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

HANDED_IN, IMPORTED = "pull.handed_in", "pull.imported"
LARGEST_FILE = 20 * 1024 * 1024  # bytes: a year of an airline's schedule is a tenth of it
_YEARS = range(2000, 2100)
_KEEP = timedelta(days=1)


def ask_for_days(
    actor: Actor,
    connection_id: int,
    flow_key: str,
    first: date | None,
    last: date | None,
    *,
    clock: Clock | None = None,
) -> datetime:
    """Wish for what the partner has of these days; answers when the wish was made. Right: IMPORT_RUN.

    Raises `Invalid` for days that cannot be, `Forbidden`, `NotFound`, `Conflict` (the connection is off).
    """
    actor.require(Right.IMPORT_RUN, DOING)
    one, live, flow = staged_flow(actor.operator_id, connection_id, flow_key)
    days = _days(flow, first, last)
    now = (clock or SystemClock()).now()
    of: dict[str, Any] = {"operator_id": actor.operator_id, "connection_id": live.id, "flow": flow.key}
    wish = {"asked_at": now, "asked_by": actor.label, "first_day": days.first, "last_day": days.last}
    with transaction.atomic():
        PullState.objects.bulk_create(
            [PullState(**of, **wish)], update_conflicts=True, unique_fields=list(of), update_fields=list(wish)
        )
        _record(actor, one, live, ASKED, {"flow": flow.key, "first": days.first, "last": days.last})
    return now


def hand_in(
    actor: Actor,
    connection_id: int,
    flow_key: str,
    days: tuple[date | None, date | None],
    file: tuple[str, bytes],
    *,
    clock: Clock | None = None,
) -> RunLine:
    """Keep what a file (name, content) has of these days, to be looked at. Right: IMPORT_RUN. No call is made.

    Raises `Invalid` for days that cannot be and for a file that is none, `Forbidden`, `NotFound`, `Conflict`.
    """
    actor.require(Right.IMPORT_RUN, DOING)
    one, live, flow = staged_flow(actor.operator_id, connection_id, flow_key)
    assert flow.staged is not None
    chosen = _days(flow, *days)
    name, content = file[0][:200], file[1]
    if flow.staged.read_file is None:
        raise Invalid.one("file", f"{one.name} takes no file. Choose the days, then fetch.")
    if not content or len(content) > LARGEST_FILE:
        what = "larger than 20 MB" if content else "empty"
        raise Invalid.one("file", f"The file is {what}. Choose another one.")
    items = list(flow.staged.read_file(content, chosen, live.settings))
    now = (clock or SystemClock()).now()
    with transaction.atomic():
        row = PullRun(
            operator_id=actor.operator_id, id=next_ids(1)[0], connection_id=live.id, flow=flow.key,
            asked_by=actor.label, started_at=now, ended_at=now, outcome=OutcomeKind.ACCEPTED.value,
        )  # fmt: skip
        row.save(force_insert=True)
        stage = PullStage(
            operator_id=actor.operator_id, run_id=row.id, first_day=chosen.first, last_day=chosen.last,
            file=name, complete=True, items=msgspec.msgpack.encode(items),
        )  # fmt: skip
        stage.save(force_insert=True)
        after = {"flow": flow.key, "file": name, "first": chosen.first, "last": chosen.last}
        _record(actor, one, live, HANDED_IN, after)
    return run_line(row)


def take_in(actor: Actor, connection_id: int, flow_key: str, run_id: int, *, clock: Clock | None = None) -> RunLine:
    """Import what was looked at, all of it in one transaction. Right: IMPORT_RUN.

    The partner is who writes; that this person said so stands beside it. Raises `Forbidden`, `NotFound`, `Conflict`
    (it was imported or replaced meanwhile).
    """
    actor.require(Right.IMPORT_RUN, DOING)
    one, live, flow = staged_flow(actor.operator_id, connection_id, flow_key)
    now = (clock or SystemClock()).now()
    of: dict[str, Any] = {"operator_id": actor.operator_id, "connection_id": live.id, "flow": flow.key}
    with transaction.atomic():
        row = PullRun.objects.select_for_update(no_key=True).filter(**of, id=run_id).first()
        stage = PullStage.objects.filter(operator_id=actor.operator_id, run_id=run_id, complete=True).first()
        if row is None or stage is None:
            raise Conflict(
                "It was imported already, or replaced by a later one. Look at the schedule, then fetch anew."
            )
        absorbed = absorb_items(flow, live, items_of(stage), now)
        counts = Counter(one.kind for one in absorbed)
        row.fetched = len(absorbed)
        row.new, row.updated = counts[AbsorbedAs.NEW], counts[AbsorbedAs.UPDATED]
        row.unchanged, row.skipped = counts[AbsorbedAs.UNCHANGED], counts[AbsorbedAs.SKIPPED]
        row.reasons = reasons_of(absorbed)[:MOST_REASONS]
        row.save(update_fields=["fetched", "new", "updated", "unchanged", "skipped", "reasons"])
        PullStage.objects.filter(operator_id=actor.operator_id, run_id=run_id).delete()
        after = {"flow": flow.key, "first": stage.first_day, "last": stage.last_day, "file": stage.file}
        after |= {kind.value: counts[kind] for kind in AbsorbedAs}
        _record(actor, one, live, IMPORTED, after)
    return run_line(row)


def forget_old_stages(now: datetime) -> int:
    """Remove what nobody has taken in within a day; answers how many."""
    old = PullRun.objects.filter(started_at__lt=now - _KEEP).values("id")
    return int(PullStage.objects.filter(run_id__in=old).delete()[0])


def _days(flow: Pull, first: date | None, last: date | None) -> Days:
    assert flow.staged is not None
    problems = Problems()
    for field, day in (("first", first), ("last", last)):
        if day is None:
            problems.add(field, "The day is missing. Choose one.")
        elif day.year not in _YEARS:
            problems.add(field, f"Year {day.year} is out of range. Use one from {_YEARS.start} to {_YEARS.stop - 1}.")
    problems.refuse()
    assert first is not None
    assert last is not None
    days = Days(first, last)
    if days.count < 1:
        raise Invalid.one("last", "The last day is before the first. Turn them round.")
    if days.count > flow.staged.most_days:
        most = flow.staged.most_days
        raise Invalid.one("last", f"These are {days.count} days. At most {most} are imported at once: choose fewer.")
    return days


def _record(actor: Actor, one: Addon, live: LiveConnection, kind: str, after: dict[str, Any]) -> None:
    me = Unit(UnitKind.CONNECTION, live.id)
    said = {name: value.isoformat() if isinstance(value, date) else value for name, value in after.items()}
    said = {name: value for name, value in said.items() if value != ""}
    record(actor, [NewChange(kind=kind, subject=me, title=one.name, units=(me,), after=said)])
