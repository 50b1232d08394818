"""Writes one fetched page into the record: its items by the add-on's `absorb`, and the cursor after it, together.

Runs in a thread, over Django's own connection. A worker that has lost its lease writes nothing: the cursor moves only
for the run that the table names, and the page goes with it.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError, transaction
from django.db import connection as database

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.flows import Absorbed, AbsorbedAs, Absorbing, Fetched, Pull
from airstair.hub.models import PullState
from airstair.hub.staging.models import PullStage
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.errors import AirstairError

log = logging.getLogger(__name__)

MOST_REASONS = 300  # kept of one run
_LONGEST_REASON, _LONGEST_TITLE = 500, 160  # characters
_NOT_READ = "Airstair could not take it in. This is a fault of the add-on; its developers find it in the log."
_ANEW = frozenset({"40P01", "40001", "55P03"})  # deadlock, serialization, lock not to be had: the same page once more
_TRIES = 3

_MOVE = """
UPDATE hub_pull SET cursor = %(cursor)s
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s) AND run_id = %(run)s
"""
_COUNT = """
UPDATE hub_pull_run
   SET pages = pages + 1, fetched = fetched + %(fetched)s, new = new + %(new)s, updated = updated + %(updated)s,
       unchanged = unchanged + %(unchanged)s, skipped = skipped + %(skipped)s, reasons = %(reasons)s
 WHERE (operator_id, id) = (%(operator)s, %(run)s)
RETURNING fetched
"""
# So that open pages show how far a long run is.
_TELL = "SELECT pg_notify('airstair_ledger', %(operator)s || ':' || %(connection)s)"
_REASONS = "SELECT reasons FROM hub_pull_run WHERE (operator_id, id) = (%(operator)s, %(run)s)"


class NotOurs(Exception):
    """Another worker fetches through this connection by now; nothing of the page was kept."""


def partner_actor(flow: Pull, connection: LiveConnection) -> Actor:
    """The partner, as commands and the audit trail know it, with what the flow says that it may do."""
    return Actor(
        operator_id=connection.operator_id,
        kind=ActorKind.PARTNER,
        key=connection.addon.key,
        label=connection.addon.name,
        rights=frozenset(right.value for right in flow.rights),
    )


def absorb_page(flow: Pull, connection: LiveConnection, run_id: int, page: Fetched, now: datetime) -> None:
    """Keep the page and its cursor, or neither. Raises `NotOurs`, and what the database raises."""
    for left in reversed(range(_TRIES)):
        try:
            with transaction.atomic():
                _absorb_page(flow, connection, run_id, page, now)
            return
        except OperationalError as problem:
            again = getattr(problem.__cause__, "sqlstate", None) in _ANEW
            if not again or not left:
                raise


def _absorb_page(flow: Pull, connection: LiveConnection, run_id: int, page: Fetched, now: datetime) -> None:
    absorbed = absorb_items(flow, connection, page.items, now)
    if flow.finish is not None and not page.more:
        flow.finish(page.cursor, absorbing_of(flow, connection, now))
    _keep(flow, connection, run_id, page, Counter(one.kind for one in absorbed), reasons_of(absorbed))


def absorb_items(flow: Pull, connection: LiveConnection, items: Sequence[Any], now: datetime) -> list[Absorbed]:
    """What became of each item, in order. Inside the caller's transaction, which decides whether it stays written."""
    context = absorbing_of(flow, connection, now)
    together = _together(flow, items, context)
    return [_absorbed(flow, item, context) for item in items] if together is None else together


def absorbing_of(flow: Pull, connection: LiveConnection, now: datetime) -> Absorbing:
    """What items of this connection are absorbed with."""
    actor = partner_actor(flow, connection)
    return Absorbing(actor=actor, settings=connection.settings, now=now, aircraft=connection.aircraft)


def reasons_of(absorbed: Sequence[Absorbed]) -> list[list[str]]:
    """Title and reason of what was skipped, as the run keeps them."""
    return [
        [_plain(one.title, _LONGEST_TITLE), _plain(one.reason, _LONGEST_REASON)]
        for one in absorbed
        if one.kind is AbsorbedAs.SKIPPED
    ]


def stage_page(flow: Pull, connection: LiveConnection, run_id: int, page: Fetched, now: datetime) -> None:
    """Keep the page for a person to look at. Raises `NotOurs`, and what the database raises."""
    of = {"operator_id": connection.operator_id, "connection_id": connection.id, "flow": flow.key}
    with transaction.atomic():
        state = PullState.objects.select_for_update(no_key=True).filter(**of, run_id=run_id).first()
        if state is None or state.first_day is None or state.last_day is None:
            raise NotOurs
        stage = PullStage.objects.filter(operator_id=connection.operator_id, run_id=run_id).first()
        if stage is None:
            stage = PullStage(
                operator_id=connection.operator_id, run_id=run_id, first_day=state.first_day, last_day=state.last_day
            )
        before = msgspec.msgpack.decode(stage.items, type=list[bytes]) if stage.items else []
        stage.items = msgspec.msgpack.encode([*before, *page.items])
        stage.complete = not page.more
        stage.save()


def _together(flow: Pull, items: Sequence[Any], context: Absorbing) -> list[Absorbed] | None:
    """What became of them all, where the add-on takes them at once and did not stumble."""
    if flow.absorb_together is None or not items:
        return None
    try:
        with transaction.atomic():
            absorbed = list(flow.absorb_together(items, context))
            if len(absorbed) != len(items) or not all(isinstance(one, Absorbed) for one in absorbed):
                raise TypeError(f"absorb_together() gave {len(absorbed)} answers for {len(items)} items.")
    except (OperationalError, InterfaceError):
        raise  # the database is away, or wants the page once more
    except Exception:  # one by one it shows which of them the add-on stumbles over
        log.exception("The add-on %s could not absorb %s items at once.", context.actor.key, len(items))
        return None
    return absorbed


def _absorbed(flow: Pull, item: Any, context: Absorbing) -> Absorbed:
    """What became of the item. It is written as a whole or not at all."""
    try:
        with transaction.atomic():
            absorbed = flow.absorb(item, context)
            if not isinstance(absorbed, Absorbed):
                raise TypeError(f"absorb() answered {type(absorbed).__name__}.")
    except AirstairError as refusal:
        absorbed = Absorbed.skipped(str(refusal))
    except (OperationalError, InterfaceError):
        raise  # the database is away, or wants the page once more
    except Exception:  # one item that the add-on stumbles over must not keep the others from being taken in
        log.exception("The add-on %s could not absorb an item.", context.actor.key)
        absorbed = Absorbed.skipped(_NOT_READ)
    if absorbed.title or absorbed.kind is not AbsorbedAs.SKIPPED:
        return absorbed
    return msgspec.structs.replace(absorbed, title=_title(flow, item))


def _title(flow: Pull, item: Any) -> str:
    try:
        return str(flow.item_title(item))
    except Exception:  # noqa: BLE001 - an item so odd that it cannot even be named
        return type(item).__name__


def _keep(
    flow: Pull,
    connection: LiveConnection,
    run_id: int,
    page: Fetched,
    counts: Counter[AbsorbedAs],
    reasons: Sequence[list[str]],
) -> None:
    values: dict[str, Any] = {"operator": connection.operator_id, "connection": connection.id, "flow": flow.key}
    values |= {"run": run_id, "cursor": page.cursor, "fetched": len(page.items)}
    values |= {kind.value: counts[kind] for kind in AbsorbedAs}
    with database.cursor() as cursor:
        cursor.execute(_MOVE, values)
        if cursor.rowcount != 1:
            raise NotOurs
        cursor.execute(_REASONS, values)
        stored = cursor.fetchone()[0]
        before = msgspec.json.decode(stored) if isinstance(stored, str) else stored
        values["reasons"] = msgspec.json.encode([*before, *reasons][:MOST_REASONS]).decode()
        cursor.execute(_COUNT, values)
        cursor.execute(_TELL, values)


def _plain(text: str, longest: int) -> str:
    """As PostgreSQL takes it."""
    return text.replace("\x00", "�").encode("utf-8", "replace").decode()[:longest]
