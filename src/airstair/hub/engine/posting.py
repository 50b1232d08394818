"""Sends messages that cannot be taken back, through one flow of one leased connection, each at most once.

    snapshot → message → what may go out (`once.py`) → written down as going out → call → outcome → written down

Every arrow to the table is committed before the next step, so that a crash anywhere leaves either a message that has
not gone out, or one that a person is asked about. Knows the flow's facts and nothing of the partner.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import psycopg

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine.calling import ask_partner
from airstair.hub.engine.messages import Made, fingerprint, make_message
from airstair.hub.engine.once import Step, after
from airstair.hub.engine.outbox import Outbox, UnitMessages, Wanted
from airstair.hub.engine.results import CallMade, MessageEnd, Result
from airstair.hub.engine.standing import Standing
from airstair.hub.engine.threads import in_thread
from airstair.hub.engine.waiting import Waiting
from airstair.hub.flows import Document, Every, MessageState, OnChange, Post, UnitDocument
from airstair.hub.http import PartnerHttp
from airstair.kernel.about import about_later
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.pictures import flights_departing

log = logging.getLogger(__name__)

_MOST = 64  # units looked at together
_ASK_AGAIN = timedelta(seconds=1)  # where something else is just being done about a unit
_THROTTLED = timedelta(minutes=1)  # the wait where a partner asks for one without saying how long


class Ready(NamedTuple):
    """A message that may go out, as the record is now."""

    id: int
    unit: Unit
    title: str
    document: Document
    identity: str
    connection: LiveConnection  # as it was configured when the message was made


class Poster:
    """The sender of one flow's messages through one leased connection."""

    def __init__(self, leased: Standing, flow: Post) -> None:
        self.leased = leased
        self.flow = flow
        self.key = (leased.connection.operator_id, leased.connection.id, flow.key)
        self.waiting = Waiting()  # units to be looked at
        self._outbox = Outbox(leased.services.store, self.key)
        self._later: set[Unit] = set()  # their messages are ready, and wait for the partner or the account
        self._latest = 0  # the newest reading heard of
        self._look: int | None = None  # all units are to be looked at, says that reading
        self._looked_at: set[Unit] = set()  # by the clock; what only changed waits for the next look
        self._look_at: datetime | None = None  # when they are looked at by the clock
        self._not_before: datetime | None = None  # the account's budget is spent, or the partner wants to be left alone
        self._begun = False
        self._slots = asyncio.Semaphore(flow.calls_at_once)
        self._task: asyncio.Task[None] | None = None
        self._calls: set[asyncio.Task[None]] = set()

    # ── What is to be done ──────────────────────────────────────────────────────────────────────

    async def begin(self) -> None:
        """The lease is new: what a dead worker was sending waits for a person, what it had not yet sent goes on."""
        await self._outbox.doubt_lost(self._now())
        self._later.update(await self._outbox.waiting_units())
        self._look_at = self._now() if self._interval is not None else None
        self._begun = True

    @property
    def by_clock(self) -> bool:
        """Whether no change of the record makes a message."""
        return not isinstance(self.flow.trigger, OnChange)

    @property
    def generations(self) -> set[int]:
        return self.waiting.generations | ({self._look} if self._look is not None else set())

    def changed(self, unit: Unit, generation: int, *, bulk: bool, at: datetime | None = None) -> None:
        """A change names the unit: its message may be another one now, or a person asked for one."""
        self._latest = max(self._latest, generation)
        if unit.kind is self.flow.unit:
            self.waiting.put(unit, generation, bulk=bulk)

    def all_may_be_stale(self, generation: int) -> None:
        """Look at all: a new connection, other settings, or the slow proof that nothing was lost."""
        self._latest = max(self._latest, generation)
        if isinstance(self.flow.trigger, OnChange):
            self._look = generation if self._look is None else min(generation, self._look)
        elif self._interval is not None:
            self._look_at = self._now()

    async def partner_is_well(self) -> None:
        """It came back, or has been configured anew: what was given up because of its trouble goes out."""
        self._later.update(await self._outbox.revive())

    @property
    def _interval(self) -> timedelta | None:
        if not isinstance(self.flow.trigger, Every):
            return None
        minutes = self.flow.trigger.minutes(self.leased.connection.settings)
        return None if minutes is None else timedelta(minutes=minutes)

    def _now(self) -> datetime:
        return self.leased.services.clock.now()

    def _must_wait(self, now: datetime) -> bool:
        """Whether the account or the partner wants no call now."""
        if self._not_before is not None and self._not_before > now:
            return True
        return self.leased.paused(now)

    def _something_to_do(self, now: datetime) -> bool:
        if not self._begun or self.leased.closed:
            return False
        looks = self._look is not None or (self._look_at is not None and self._look_at <= now)
        return looks or bool(len(self.waiting)) or (bool(self._later) and not self._must_wait(now))

    def next_time(self) -> datetime | None:
        """When to look again, if nothing happens before."""
        if not self._begun:
            return None
        times = [self._look_at]
        if self._later:
            times.append(max([t for t in (self._not_before, self.leased.paused_until) if t] or [self._now()]))
        return min((t for t in times if t is not None), default=None)

    def busy(self, now: datetime) -> bool:
        """Whether something is under way, or could be."""
        working = self._task is not None and not self._task.done()
        return working or bool(self._calls) or not self._begun or self._something_to_do(now)

    # ── Working ─────────────────────────────────────────────────────────────────────────────────

    def kick(self) -> None:
        """Start working if there is something to do and nobody is."""
        if (self._task is None or self._task.done()) and self._something_to_do(self._now()):
            self._task = self.leased.begin_task(self._work())

    async def stop(self) -> None:
        """No call begins once the connection is closed; those under way end by themselves, within their deadline."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*self._calls, return_exceptions=True)

    def cut_off(self) -> None:
        """Leave everything as it is: what it came to cannot be written down any more."""
        for task in (self._task, *self._calls):
            if task is not None:
                task.cancel()

    async def _work(self) -> None:
        while self._something_to_do(self._now()):
            await self._look_at_all()
            if not self._must_wait(self._now()):
                later, self._later = self._later, set()
                for unit in later:
                    self.waiting.put(unit, self._latest, bulk=True)
            units = self.waiting.take(_MOST)
            if not units:
                return
            try:
                ready = await self._reconciled(units)
            except BaseException:
                self._give_back(units)
                raise
            for one in ready:
                await self._send_or_keep(one)

    async def _look_at_all(self) -> None:
        now = self._now()
        by_clock = self._look_at is not None and self._look_at <= now
        if self._look is None and not by_clock:
            return
        units = await self._units_in_reach(now)
        generation = self._latest if self._look is None else self._look
        for unit in units:
            self.waiting.put(unit, generation, bulk=True)
        self._looked_at.update(units if self.by_clock else ())
        self._look = None
        interval = self._interval
        self._look_at = None if interval is None else (now + interval if by_clock else self._look_at)

    async def _units_in_reach(self, now: datetime) -> list[Unit]:
        connection, horizon = self.leased.connection, self.flow.horizon
        if self.flow.unit is UnitKind.AIRCRAFT:
            return list(connection.units(UnitKind.AIRCRAFT))
        if self.flow.unit is not UnitKind.FLIGHT:
            raise NotImplementedError(f"No message is sent about a {self.flow.unit.value} yet.")
        end = None if horizon.ahead is None else now + horizon.ahead
        start, aircraft, operator_id = now - horizon.back, list(connection.aircraft), connection.operator_id
        executor = self.leased.services.absorbing
        ids = await in_thread(executor, operator_id, flights_departing, operator_id, aircraft, start, end)
        return [Unit(UnitKind.FLIGHT, id_) for id_ in ids]

    def _give_back(self, units: Iterable[Unit]) -> None:
        for unit in units:
            self.waiting.back(unit)

    # ── Deciding ────────────────────────────────────────────────────────────────────────────────

    async def _reconciled(self, units: Sequence[Unit]) -> list[Ready]:
        """The table says what the record wants; answers what may go out now. The units of those stay under way."""
        now, connection = self._now(), self.leased.connection
        held = await self._outbox.held(units)
        if self.by_clock:  # what neither a person nor the clock asked for need not even be read
            asked = {unit for unit in units if unit in held and held[unit].waiting is not None} | self._looked_at
            wanted = [unit for unit in units if unit in asked]
            for unit in set(units) - set(wanted):
                self.waiting.done(unit)
            units = wanted
        made = await self._made(connection, units, held, now)
        wishes = [self._wish(unit, made[unit], held.get(unit)) for unit in units]
        done = await self._outbox.reconcile(wishes, now) if wishes else {}
        ready = []
        for unit in units:
            step, message_id = done[unit]
            if step is Step.WAIT:
                self._look_later(unit)  # somebody has just asked for it, or it is in a call through another connection
                self.waiting.done(unit)
            elif message_id is None:
                self.waiting.done(unit)
            elif (one := await self._sendable(connection, message_id, unit, made[unit], now)) is not None:
                ready.append(one)
        self._looked_at.difference_update(units)
        return ready

    async def _made(
        self, connection: LiveConnection, units: Sequence[Unit], held: dict[Unit, UnitMessages], now: datetime
    ) -> dict[Unit, Made]:
        since = (now - self.flow.horizon.back).replace(hour=0, minute=0, second=0, microsecond=0)
        snapshots = await self.leased.services.snapshots.get(connection.operator_id, units, since)
        made = {}
        for unit in units:
            mine = held.get(unit) or UnitMessages()
            asked = mine.asked_at is not None
            snapshot = snapshots.get(unit)
            made[unit] = make_message(self.flow, connection, unit, snapshot, now, asked=asked, choices=mine.choices)
        return made

    @staticmethod
    def _wish(unit: Unit, made: Made, held: UnitMessages | None) -> Wanted:
        asked_at = held.asked_at if held is not None else None
        return Wanted(unit=unit, identity=made.identity, title=made.title, asked_at=asked_at)

    async def _sendable(
        self, connection: LiveConnection, message_id: int, unit: Unit, made: Made, now: datetime
    ) -> Ready | None:
        if made.document is not None and made.identity is not None:
            return Ready(message_id, unit, made.title, made.document, made.identity, connection)
        words = msgspec.json.encode(made.outcome.messages).decode()
        await self._outbox.refuse(message_id, made.outcome.kind.value, words, now)
        self.waiting.done(unit)
        return None

    # ── Sending ─────────────────────────────────────────────────────────────────────────────────

    async def _send_or_keep(self, one: Ready) -> None:
        """Begin the call, or leave the message in the table for when the partner or the account allows it."""
        try:
            began = await self._begin_call(one)
        except BaseException:
            self.waiting.back(one.unit)
            raise
        if not began:
            self.waiting.done(one.unit)

    async def _begin_call(self, one: Ready) -> bool:
        if (
            self.leased.failures
        ):  # while the partner is in trouble one call at a time finds out whether it is well again
            await asyncio.gather(*self._calls, return_exceptions=True)
        await self._slots.acquire()
        call: asyncio.Task[None] | None = None
        try:
            if not self._still_good(one) or not await self._within_budget():
                self._later.add(one.unit)
                return False
            await self.leased.services.saver.room()
            tries = await self._outbox.claim(one.id, one.unit, one.identity, self._now())
            if tries is None:
                # A person took it back, it goes out through another connection, or this one is being switched off.
                self._look_later(one.unit)
                return False
            call = self.leased.begin_task(self._one_call(one, tries), self._calls)
        finally:
            if call is None:
                self._slots.release()
        return True

    def _still_good(self, one: Ready) -> bool:
        """Not if it was configured or edited while it waited for its turn, or the partner wants to be left alone."""
        if self.leased.closed or self._must_wait(self._now()) or one.unit in self.waiting:
            return False
        mine, now = one.connection, self.leased.connection
        return mine.settings == now.settings and mine.aircraft == now.aircraft

    def _look_later(self, unit: Unit) -> None:
        self._later.add(unit)
        self._wait_until(self._now() + _ASK_AGAIN)

    async def _within_budget(self) -> bool:
        services, connection = self.leased.services, self.leased.connection
        budget = connection.addon.budget
        if budget is None:
            return True
        granted = await services.limits.take(connection.account, budget, 1, self._now())
        self._wait_until(granted.again_at)
        return granted.calls > 0

    def _wait_until(self, when: datetime | None) -> None:
        if when is not None and (self._not_before is None or when > self._not_before):
            self._not_before = when
            self.leased.services.wake()

    async def _one_call(self, one: Ready, tries: int) -> None:
        services = self.leased.services
        words = UnitDocument(unit=one.unit, title=one.title, document=one.document)
        with services.saver.under_way:
            try:
                outcomes, http = await ask_partner(self.flow, one.connection, [words], services.pool, services.clock)
            finally:
                self._slots.release()
            await self._ended(one, tries, outcomes[0], http)
        # Until it is written down, the unit is in nobody else's hands.
        await services.saver.all_saved()
        self.waiting.done(one.unit)
        about_later(None)  # what is begun below is another call's
        self.kick()

    async def _ended(self, one: Ready, tries: int, outcome: Outcome, http: PartnerHttp) -> None:
        ended, leased = self._now(), self.leased
        leased.heard(outcome, ended)
        went_out = bool(http.exchanges)
        follows = after(self.flow, outcome, went_out=went_out, tries=tries, failures=leased.failures, ended=ended)
        if follows.pause_until is not None:
            leased.pause(follows.pause_until)
        if follows.state is MessageState.READY:
            self._later.add(one.unit)
        result = self._result(one, outcome, ended, MessageEnd(one.id, follows.state))
        exchange = http.exchanges[-1] if http.exchanges else None
        addon = leased.connection.addon.key
        leased.services.saver.call(CallMade(addon=addon, exchange=exchange, outcome=outcome, results=(result,)))
        if not outcome.kind.delivered:
            leased.services.wake()  # there is something new to wait for
        until = outcome.retry_after
        if outcome.kind is OutcomeKind.THROTTLED:
            until = max(until or ended, ended + _THROTTLED) if until is None else until
        if until is not None:
            await self._leave_alone(until)

    async def _leave_alone(self, until: datetime) -> None:
        self._wait_until(until)
        try:
            await self.leased.services.limits.block(self.leased.connection.account, until)
        except psycopg.Error as lost:
            log.warning("That %s asked for a pause could not be shared (%s).", self.leased.connection, lost)

    def _result(self, one: Ready, outcome: Outcome, at: datetime, message: MessageEnd) -> Result:
        return Result(
            connection_id=self.leased.connection.id,
            operator_id=self.leased.connection.operator_id,
            flow=self.flow.key,
            unit=one.unit,
            title=one.title,
            document=one.document,
            fingerprint=fingerprint(one.document),
            outcome=outcome,
            at=at,
            changed=outcome.kind.delivered,
            tries=0,
            next_due=None,
            in_ledger=False,
            message=message,
        )
