"""The table of messages as the engine reads and writes it, over the connection that holds the leases.

Everything is committed before a call goes out. Rules are in `once.py`; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from airstair.hub.engine.once import PASSES, Decision, Held, Step, decide, taken_back
from airstair.hub.engine.store import Store
from airstair.hub.flows import MessageState
from airstair.kernel.units import Unit

Key = tuple[int, int, str]  # operator, connection, flow

HELD = """
SELECT unit, id, identity, state, asked_at, decided_by <> '', may_be_there, sent_order, wanted_again_at IS NOT NULL,
       outcome, choices, asked_by, connection_id = %(connection)s
  FROM hub_message
 WHERE operator_id = %(operator)s AND flow = %(flow)s AND unit = ANY(%(units)s)
   AND connection_id IN (SELECT c.id FROM hub_connection me
                           JOIN hub_connection c ON (c.operator_id, c.addon) = (me.operator_id, me.addon)
                          WHERE (me.operator_id, me.id) = (%(operator)s, %(connection)s))
 ORDER BY unit, id
"""
WAITING_UNITS = """
SELECT unit FROM hub_message
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s) AND state = 'ready'
"""
WITHDRAW = """
UPDATE hub_message SET state = %(state)s, wanted_again_at = NULL, ended_at = %(now)s
 WHERE operator_id = %(operator)s AND id = %(id)s
"""
MAKE = """
INSERT INTO hub_message (operator_id, id, connection_id, flow, unit, identity, title, state, made_at, asked_by,
                         asked_at, choices, decided_by, may_be_there, tries, outcome, messages, remote_id)
VALUES (%(operator)s, nextval('airstair_id'), %(connection)s, %(flow)s, %(unit)s, %(identity)s, %(title)s, 'ready',
        %(now)s, %(asked_by)s, %(asked_at)s, %(choices)s, '', false, 0, '', '[]', '')
RETURNING id
"""
READY = """
UPDATE hub_message
   SET state = 'ready', identity = %(identity)s::text, title = %(title)s, wanted_again_at = NULL,
       asked_by = %(asked_by)s, asked_at = %(asked_at)s, choices = %(choices)s,
       made_at = CASE WHEN state = 'ready' AND identity = %(identity)s::text THEN made_at ELSE %(now)s END,
       tries = CASE WHEN state = 'ready' AND identity = %(identity)s::text THEN tries ELSE 0 END
 WHERE operator_id = %(operator)s AND id = %(id)s
RETURNING id
"""
ASK = "UPDATE hub_message SET wanted_again_at = %(now)s WHERE operator_id = %(operator)s AND id = %(id)s"
STOP_ASKING = """
UPDATE hub_message SET wanted_again_at = NULL WHERE operator_id = %(operator)s AND id = ANY(%(ids)s)
"""
# Two workers may serve two connections to one partner, and an aircraft change from one to the other between them: their
# claims of one unit come one after the other.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended(%(operator)s || ' ' || %(flow)s || ' ' || %(unit)s, 0))"
# Before the call. Not if a person took it back meanwhile, or the connection is no longer on.
CLAIM = """
UPDATE hub_message m SET state = 'sending', sent_at = %(now)s, sent_order = nextval('airstair_id'), tries = tries + 1
 WHERE m.operator_id = %(operator)s AND m.id = %(id)s AND m.state = 'ready' AND m.identity = %(identity)s
   AND EXISTS (SELECT FROM hub_connection c WHERE c.operator_id = m.operator_id AND c.id = m.connection_id AND c."on")
   AND NOT EXISTS (SELECT FROM hub_connection me
                     JOIN hub_connection c ON (c.operator_id, c.addon) = (me.operator_id, me.addon) AND c.id <> me.id
                     JOIN hub_message o ON (o.operator_id, o.connection_id, o.flow, o.unit)
                                         = (c.operator_id, c.id, m.flow, m.unit)
                    WHERE (me.operator_id, me.id) = (m.operator_id, m.connection_id)
                      AND (o.state = 'sending' OR m.asked_at IS NULL AND o.may_be_there AND o.identity = m.identity))
RETURNING tries
"""
# The add-on could not put it into the partner's form, or its own rules forbid it: nothing goes out.
REFUSE = """
UPDATE hub_message SET state = 'refused', ended_at = %(now)s, outcome = %(outcome)s, messages = %(messages)s
 WHERE operator_id = %(operator)s AND id = %(id)s AND state = 'ready'
"""
# What a dead worker was sending. It may have gone out, and may have arrived.
DOUBT_LOST = """
UPDATE hub_message
   SET state = 'doubtful', may_be_there = true, ended_at = %(now)s, outcome = 'unknown', http_status = NULL,
       messages = '[{"level": "error", "text": "Airstair was stopped while this call was under way; whether the'
                  ' partner processed it is not known."}]'
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s) AND state = 'sending'
   AND (%(units)s::text[] IS NULL OR unit = ANY(%(units)s))
"""
# The partner, or its credentials, are well again: what was given up because of that goes out after all.
REVIVE = """
UPDATE hub_message m SET state = 'ready', tries = 0
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s) AND state = 'refused'
   AND outcome = ANY(%(passes)s) AND decided_by = ''
   AND NOT EXISTS (SELECT FROM hub_message o
                    WHERE (o.operator_id, o.connection_id, o.flow, o.unit)
                        = (m.operator_id, m.connection_id, m.flow, m.unit) AND o.state IN ('ready', 'sending'))
RETURNING unit
"""


class UnitMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of one unit, and what a person asked for with the one that waits."""

    held: tuple[Held, ...] = ()
    elsewhere: tuple[Held, ...] = ()  # through other connections to the same partner
    asked_at: datetime | None = None
    asked_by: str = ""
    choices: Mapping[str, str] = {}

    @property
    def waiting(self) -> Held | None:
        return next((one for one in self.held if one.state is MessageState.READY), None)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The message that the record wants to be there. `asked_at`: the person's wish that it was made by."""

    unit: Unit
    identity: str | None
    title: str = ""
    asked_at: datetime | None = None


class Outbox:
    """The messages of one flow of one connection."""

    def __init__(self, store: Store, key: Key) -> None:
        self._store = store
        self._of = dict(zip(("operator", "connection", "flow"), key, strict=True))

    async def held(self, units: Iterable[Unit]) -> dict[Unit, UnitMessages]:
        """What the table has of each unit; units without any are absent."""
        names = [str(unit) for unit in units]
        return _by_unit(await self._store.read(HELD, self._of | {"units": names}))

    async def waiting_units(self) -> list[Unit]:
        return [Unit.read(row[0]) for row in await self._store.read(WAITING_UNITS, self._of)]

    async def reconcile(self, wanted: Sequence[Wanted], now: datetime) -> dict[Unit, tuple[Step, int | None]]:
        """Write what follows from the record as it is now; answers for each unit what was done, and to which message.

        One transaction. A unit for which a person has asked meanwhile is to be looked at once more: `WAIT`.

        None of the units may be in a call.
        """
        done: dict[Unit, tuple[Step, int | None]] = {}
        async with self._store.writing() as connection:
            names = [str(one.unit) for one in wanted]
            # None of these units is in a call; what stands as being sent has an answer that could not be written down.
            await connection.execute(DOUBT_LOST, self._of | {"now": now, "units": names})
            rows = await connection.execute(HELD + " FOR UPDATE", self._of | {"units": names})
            held = _by_unit(await rows.fetchall())
            for one in wanted:
                mine = held.get(one.unit) or UnitMessages()
                if mine.asked_at != one.asked_at:
                    done[one.unit] = (Step.WAIT, None)
                    continue
                decision = decide(mine.held, one.identity, mine.elsewhere)
                done[one.unit] = (decision.step, await self._write(connection, one, mine, decision, now))
        return done

    async def _write(
        self, connection: Any, one: Wanted, mine: UnitMessages, decision: Decision, now: datetime
    ) -> int | None:
        values = self._of | {"now": now, "id": decision.id, "unit": str(one.unit), "title": one.title[:160]}
        values |= {"identity": one.identity, "asked_by": mine.asked_by, "asked_at": mine.asked_at}
        values |= {"choices": msgspec.json.encode(mine.choices).decode()}
        for gone in (held for held in mine.held if held.id in decision.withdraw):
            state = taken_back(gone.may_be_there, gone.outcome).value
            await connection.execute(WITHDRAW, values | {"id": gone.id, "state": state})
        if decision.stop_asking:
            await connection.execute(STOP_ASKING, values | {"ids": list(decision.stop_asking)})
        if decision.ask is not None:
            await connection.execute(ASK, values | {"id": decision.ask})
        statement = {Step.MAKE: MAKE, Step.RENAME: READY, Step.READY: READY}.get(decision.step)
        if statement is None:
            return None
        row = await (await connection.execute(statement, values)).fetchone()
        return int(row[0])

    async def claim(self, message_id: int, unit: Unit, identity: str, now: datetime) -> int | None:
        """Write down that this message goes out now; answers its tries, or `None` when it may not any more."""
        values = self._of | {"id": message_id, "unit": str(unit), "identity": identity, "now": now}
        async with self._store.writing() as connection:
            await connection.execute(ONE_AT_A_TIME, values)
            found = await (await connection.execute(CLAIM, values)).fetchone()
        return found[0] if found else None

    async def refuse(self, message_id: int, outcome: str, messages: str, now: datetime) -> None:
        """It cannot go out: our own words say why."""
        values = {"id": message_id, "outcome": outcome, "messages": messages, "now": now}
        await self._store.write(REFUSE, self._of | values)

    async def doubt_lost(self, now: datetime) -> None:
        """Messages that a dead worker was sending wait for a person."""
        await self._store.write(DOUBT_LOST, self._of | {"now": now, "units": None})

    async def revive(self) -> list[Unit]:
        """What was given up because the partner was in trouble may go out now; answers of which units."""
        found = await self._store.write(REVIVE, self._of | {"passes": [kind.value for kind in PASSES]})
        return [Unit.read(row[0]) for row in found]


def _by_unit(rows: Iterable[Sequence[Any]]) -> dict[Unit, UnitMessages]:
    grouped: dict[Unit, list[Sequence[Any]]] = {}
    for row in rows:
        grouped.setdefault(Unit.read(row[0]), []).append(row)
    found = {}
    for unit, every in grouped.items():
        mine = [row for row in every if row[-1]]
        ready = next((row for row in mine if row[3] == MessageState.READY.value), None)
        found[unit] = UnitMessages(
            held=tuple(_held(row) for row in mine),
            elsewhere=tuple(_held(row) for row in every if not row[-1]),
            asked_at=ready[4] if ready else None,
            asked_by=ready[11] if ready else "",
            choices=ready[10] if ready else {},
        )
    return found


def _held(row: Sequence[Any]) -> Held:
    _, id_, identity, state, asked_at, decided, may_be_there, sent_order, wanted_again, outcome, _, _, _ = row
    return Held(
        id=id_,
        identity=identity,
        state=MessageState(state),
        asked_at=asked_at,
        decided=decided,
        may_be_there=may_be_there,
        sent_order=sent_order,
        wanted_again=wanted_again,
        outcome=outcome,
    )
