"""Forgetting what was fetched from a partner: when its fetching is switched off, or to fetch everything anew.

What is forgotten is the add-on's to say (`Addon.forget`); that no page under way is kept afterwards is seen to here.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import transaction

from airstair.changes.record import NewChange, record
from airstair.hub.connections.queries import connection
from airstair.hub.contract import Addon
from airstair.hub.flows import ByHand, Every, Pull
from airstair.hub.models import PullRun, PullState
from airstair.hub.registry import addon
from airstair.hub.setting import Settings
from airstair.hub.triggers import DailyAt
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

RESET = "pull.reset"
_STOPPED = "What was fetched is removed; this run was stopped."


def fetches(one: Addon, settings: Settings) -> bool:
    """Whether anything is fetched with these settings while the connection is on."""
    return any(_runs(pull, settings) for pull in one.pulls)


def _runs(pull: Pull, settings: Settings) -> bool:
    match pull.trigger:
        case Every() as every:
            return every.minutes(settings) is not None
        case DailyAt() as daily:
            return daily.at(settings) is not None
        case ByHand():
            return True


def forget_fetched(actor: Actor, one: Addon, connection_id: int, now: datetime) -> int:
    """Remove all that was fetched, in the transaction under way; the next run begins at the beginning.

    A run under way keeps no page afterwards: its pages are written under the same lock as what is removed, and only
    while the table still names the run. Answers how much was removed.
    """
    if one.forget is None:
        return 0
    rights = actor.rights | {right.value for pull in one.pulls for right in pull.rights}
    count = one.forget(msgspec.structs.replace(actor, rights=rights))
    of = {"operator_id": actor.operator_id, "connection_id": connection_id}
    states = PullState.objects.filter(**of)
    states.update(run_id=None, cursor=None, next_due=None, asked_at=None, failures=0)
    # Fetching begins at once when it is switched on again, unless the partner has a floor.
    states.filter(flow__in=[pull.key for pull in one.pulls if pull.floor is None]).update(begun_at=None)
    messages = [{"level": "warning", "text": _STOPPED}]
    PullRun.objects.filter(**of, ended_at=None).update(
        ended_at=now, outcome=OutcomeKind.UNKNOWN.value, messages=messages
    )
    return count


def reset_fetched(actor: Actor, connection_id: int, *, clock: Clock | None = None) -> int:
    """Remove all that was fetched, and fetch everything anew, at once. Right: ADDONS_MANAGE.

    Raises `NotFound`; `Conflict`: it is off. Answers how much was removed; the runs show how far it is.
    """
    actor.require(Right.ADDONS_MANAGE, "reset what was fetched from partners")
    facts = connection(actor.operator_id, connection_id)
    one, now = addon(facts.addon), (clock or SystemClock()).now()
    if one.forget is None:
        raise NotFound(f"Anything to reset of {one.name}")
    if not facts.on:
        raise Conflict(f"{one.name} is switched off: nothing of it is here. Switch it on under Configuration.")
    with transaction.atomic():
        count = forget_fetched(actor, one, connection_id, now)
        for pull in one.pulls:
            PullState.objects.bulk_create(
                [
                    PullState(
                        operator_id=actor.operator_id, connection_id=connection_id, flow=pull.key,
                        asked_at=now, asked_by=actor.label,
                    )
                ],
                update_conflicts=True,
                unique_fields=["operator_id", "connection_id", "flow"],
                update_fields=["asked_at", "asked_by"],
            )  # fmt: skip
        me = Unit(UnitKind.CONNECTION, connection_id)
        change = NewChange(kind=RESET, subject=me, title=one.name, units=(me,), after={"removed": count})
        record(actor, [change])
    return count
