"""Sends one flow of one connection: snapshot → document → compare with the ledger → call → outcome → ledger.

One unit is never in two calls at once, so the partner gets its states in order. Knows the flow's facts and
nothing of the partner. While nothing waits it costs nothing: its task ends and is started again when needed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec
import psycopg

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine.asking import Asker
from airstair.hub.engine.calling import CANNOT_BE_MADE, CannotBeMade, ask_partner, make_document
from airstair.hub.engine.judging import DOUBTFUL, Verdict, asked_to_wait, judge, unsent, worst
from airstair.hub.engine.kept import KeptDocument
from airstair.hub.engine.pace import Pace
from airstair.hub.engine.reading import CannotBeRead
from airstair.hub.engine.results import CallMade, Known, Result, ToClaim
from airstair.hub.engine.standing import Standing
from airstair.hub.engine.units import Units
from airstair.hub.flows import Document, Mirror, UnitDocument
from airstair.hub.http import PartnerHttp
from airstair.hub.setting import Settings
from airstair.kernel.about import about_later
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit

log = logging.getLogger(__name__)

_NEVER_TOO_SOON = timedelta(days=-1)  # the floor of a flow that has none, and writes down its calls all the same
_ASK_AGAIN = timedelta(seconds=1)  # after the database refused a claim: the connection is being switched off


class Prepared(NamedTuple):
    """A document ready to go out, and what it was made by: the settings; the connection where its aircraft count."""

    document: UnitDocument
    fingerprint: bytes
    settings: Settings
    made_for: LiveConnection | None = None

    @property
    def unit(self) -> Unit:
        return self.document.unit


class Sender(Units):
    """The ordered sender of one flow through one leased connection."""

    def __init__(self, leased: Standing, flow: Mirror) -> None:
        super().__init__(leased, flow)
        self._pace = Pace(flow)
        self._slots = asyncio.Semaphore(flow.calls_at_once)
        self._task: asyncio.Task[None] | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self._ahead: asyncio.Task[None] | None = None  # documents that wait for their slots
        self._asker = Asker(leased.services.store, self.key, flow) if flow.ask_first is not None else None

    # ── Working ─────────────────────────────────────────────────────────────────────────────────

    def busy(self, now: datetime) -> bool:
        """Whether something is under way, or could be."""
        if self.under_way or (self._task is not None and not self._task.done()):
            return True
        return self.something_to_do(now)

    def kick(self) -> None:
        """Start working if there is something to do and nobody is."""
        if (self._task is None or self._task.done()) and self.something_to_do(self._now()):
            self._task = self.leased.begin_task(self._work())

    async def stop(self) -> None:
        """No call begins once the connection is closed; those under way end by themselves, within their deadline."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*self._calls, return_exceptions=True)
        self.leased.services.kept.drop(self)

    def cut_off(self) -> None:
        """Leave everything as it is: what it came to cannot be written down any more."""
        for task in (self._task, *self._calls):
            if task is not None:
                task.cancel()

    async def _work(self) -> None:
        try:
            await self._work_off()
        finally:
            ahead, self._ahead = self._ahead, None
            if ahead is not None:
                await ahead

    async def _work_off(self) -> None:
        while True:
            async with self._slots:
                pass  # nothing is prepared before there is a slot to send it through: it would only grow old
            if self.leased.closed or not self.something_to_do(self._now()):
                return
            await self._find()
            units = self.take(1 if self.leased.failures and not self.by_clock else self._pace.units)
            if not units:
                return
            try:
                allowed = await self._claimed(await self._within_budget(await self._prepare(units)))
            except BaseException:
                self.give_back(units)
                raise
            if self._ahead is not None:
                await self._ahead
            if not self.by_clock:
                await self._send_all(allowed)
                continue
            # What a clock asks for grows no older by waiting its turn: the next documents are made meanwhile.
            self._ahead = asyncio.get_running_loop().create_task(self._send_all(allowed))
            self._calls.add(self._ahead)
            self._ahead.add_done_callback(self._calls.discard)

    async def _find(self) -> None:
        """Look for units that no change has named."""

    async def _send_all(self, allowed: Sequence[Prepared]) -> None:
        left: list[Prepared] = []
        had_to_wait = False
        for batch in _batches(allowed, self.flow.units_per_call):
            bulk = all(self.waiting.is_bulk(one.unit) for one in batch)
            had_to_wait = had_to_wait or bulk or self._slots.locked()
            await self._slots.acquire()
            if bulk:
                await self.leased.services.turns.step()
            sendable = [one for one in batch if self._still_good(one, had_to_wait)]
            left += [one for one in batch if one not in sendable]
            if sendable:
                self.leased.begin_task(self._one_call(sendable), self._calls)
            else:
                self._slots.release()
        if left:
            self.give_back([one.unit for one in left])
            if self.claims:
                await self.leased.services.store.unclaim(self.key, [one.unit for one in left])
            if self._asker is not None:
                await self._asker.not_sent([one.document for one in left])

    def _still_good(self, one: Prepared, had_to_wait: bool) -> bool:
        """Not if it was unticked, configured anew or edited while it waited, or the partner wants to be left alone."""
        now = self._now()
        if self.leased.closed or not self.is_ours(one.unit) or self.must_wait(now):
            return False
        if one.settings != self.leased.connection.settings:
            return False
        return not (had_to_wait and one.unit in self.waiting)

    # ── Preparing ───────────────────────────────────────────────────────────────────────────────

    async def _prepare(self, units: Sequence[Unit]) -> list[Prepared]:
        """Documents of the units, less those that the partner holds already."""
        now = self._now()
        since = (now - self.flow.horizon.back).replace(hour=0, minute=0, second=0, microsecond=0)
        await self._learn(units)
        if self._asker is not None:
            await self._asker.learn(units)
        too_soon = [unit for unit in units if not self.by_clock and not self.floor_has_passed(unit, now)]
        self.give_back(too_soon)
        wanted = [unit for unit in units if unit not in too_soon]
        ready = await self._kept(wanted, since, now) if self.by_clock else []
        there = {one.unit for one in ready}
        ready += await self._made([unit for unit in wanted if unit not in there], since, now)
        return ready if self._asker is None else [one for one in ready if not self._is_held(one, self._asker, now)]

    def _is_held(self, one: Prepared, asker: Asker, now: datetime) -> bool:
        """Whether a person must say yes before it goes out; then that is written down, and settles the unit for now."""
        known, interval = self.known(one.unit), self.interval
        try:
            question = asker.question(one.document, one.fingerprint)
        except CannotBeMade:
            self._could_not_be_made(one.unit, one.document.title, now)
            return True
        if question is None:
            return False
        next_due = None if interval is None else now + interval
        if not asker.asks_already(one.unit, one.fingerprint) or known.asked_at is not None:
            known.tries, known.asked_at = 0, None
            self.remember(one.unit, known)
            line = self._line(one, Outcome.failed(OutcomeKind.REFUSED, question), now, False, 0, next_due)
            self.leased.services.saver.unchanged(msgspec.structs.replace(line, asking=asker.held(one.fingerprint)))
        self.stale.delivered(one.unit)
        self.settled(one.unit, next_due=next_due)
        return True

    async def _kept(self, units: Sequence[Unit], since: datetime, now: datetime) -> list[Prepared]:
        """Documents that are still as they were made for an earlier turn."""
        kept, connection = self.leased.services.kept, self.leased.connection
        if not any(kept.has(self, unit) for unit in units):
            return []
        # What was committed before this very moment counts, whether or not the dispatcher has heard of it.
        news = (await self.leased.services.unread.get([connection.operator_id]))[connection.operator_id]
        if news.and_more:
            kept.drop(self)
        for unit in news.units:
            kept.changed(self, self.meant_by(unit))
        found = ((unit, kept.get(self, unit, connection.settings, since, now)) for unit in units if self.is_ours(unit))
        return [self._prepared(unit, one.document, one.fingerprint) for unit, one in found if one is not None]

    async def _made(self, units: Sequence[Unit], since: datetime, now: datetime) -> list[Prepared]:
        """Documents made anew."""
        if not units:
            return []
        services, operator_id = self.leased.services, self.leased.connection.operator_id
        if self.by_clock:
            services.kept.begin(self, units)
        in_slices = not self.by_clock and all(self.waiting.is_bulk(unit) for unit in units)
        bulk, ready = in_slices or self.by_clock, []
        with services.turns.somebody_waits(not bulk):
            snapshots = await services.snapshots.get(operator_id, units, since, bulk=bulk, shared=not self.by_clock)
        async with services.turns.work(bulk=in_slices) as stretch:
            for unit in units:
                await stretch.breathe()
                document = self._document(snapshots.get(unit), unit, now)
                if document is None:
                    continue
                one = self._prepared(unit, document, fingerprint_of(document))
                if not self.by_clock and one.fingerprint == self.known(unit).fingerprint:
                    self._unchanged(one)
                    continue
                ready.append(one)
                services.kept.keep(self, unit, KeptDocument(document, one.fingerprint, one.settings, since))
        return ready

    def _prepared(self, unit: Unit, document: Document, fingerprint: bytes) -> Prepared:
        title, remote_id = self.title(unit), self.known(unit).remote_id
        words = UnitDocument(unit=unit, title=title, document=document, remote_id=remote_id)
        return Prepared(words, fingerprint, self.leased.connection.settings)

    def _document(self, snapshot: object, unit: Unit, now: datetime) -> Document | None:
        """The unit's document; `None` when there is nothing to send of it, which settles the unit."""
        document = None
        if snapshot is not None and self.is_ours(unit):
            try:
                if isinstance(snapshot, CannotBeRead):
                    raise CannotBeMade
                document = make_document(self.flow, self.leased.connection, snapshot, now)
            except CannotBeMade:
                self._could_not_be_made(unit, self.title(unit), now)
                return None
        if document is None:
            self.stale.delivered(unit)
            interval = self.interval
            self.settled(unit, next_due=None if interval is None else now + interval)
        return document

    def _could_not_be_made(self, unit: Unit, title: str, now: datetime) -> None:
        empty = UnitDocument(unit=unit, title=title, document=Document(body=b""))
        outcome, key = Outcome.failed(OutcomeKind.UNREADABLE, CANNOT_BE_MADE), self.leased.connection.addon.key
        one = Prepared(empty, b"", self.leased.connection.settings)
        result = self._result(one, outcome, now, unsent(self.interval, now))
        self.leased.services.saver.call(CallMade(addon=key, exchange=None, outcome=outcome, results=(result,)))

    async def _learn(self, units: Sequence[Unit]) -> None:
        """Have at hand what the ledger knows of the units."""
        missing = [unit for unit in units if not self.is_known(unit)]
        if missing:
            found = await self.leased.services.known.get((*self.key, str(unit)) for unit in missing)
            for unit in missing:
                self.remember(unit, found.get((*self.key, str(unit)), Known()))

    async def _within_budget(self, ready: list[Prepared]) -> list[Prepared]:
        """As many as the partner's account may be called for now; the others wait until it may again."""
        budget = self.leased.connection.addon.budget
        if budget is None or not ready:
            return ready
        per_call = self.flow.units_per_call
        calls = -(-len(ready) // per_call)
        granted = await self.leased.services.limits.take(self.leased.connection.account, budget, calls, self._now())
        self.wait_until(granted.again_at)
        within = ready[: granted.calls * per_call]
        self.give_back([one.unit for one in ready[granted.calls * per_call :]])
        return within

    async def _claimed(self, ready: list[Prepared]) -> list[Prepared]:
        """Where a floor must hold even through a crash, write down what is about to be sent before it is."""
        floor, now = self.flow.floor or _NEVER_TOO_SOON, self._now()
        if not self.claims or not ready:
            return ready
        wanted = {one.unit: ToClaim(*self.key, one.unit, one.document.title, floor, now) for one in ready}
        answers = await self.leased.services.claims.get(wanted.values())
        refused = {unit: answers[to_claim] for unit, to_claim in wanted.items() if not answers[to_claim].granted}
        self.give_back([unit for unit, answer in refused.items() if answer.too_soon is None])
        for unit, answer in refused.items():
            if answer.too_soon is not None:
                self.sent_meanwhile(unit, answer.too_soon)
        if any(answer.too_soon is None for answer in refused.values()):
            self.wait_until(now + _ASK_AGAIN)
        granted = [one for one in ready if one.unit not in refused]
        if self._asker is not None:
            await self._asker.about_to_send([one.document for one in granted])
        return granted

    # ── Calling ─────────────────────────────────────────────────────────────────────────────────

    async def _one_call(self, batch: Sequence[Prepared]) -> None:
        services, connection = self.leased.services, self.leased.connection
        documents = [one.document for one in batch]
        with services.saver.under_way:
            try:
                await services.saver.room()
                began = time.perf_counter()
                outcomes, http = await ask_partner(self.flow, connection, documents, services.pool, services.clock)
                self._pace.took(time.perf_counter() - began)
            finally:
                self._slots.release()
            await self._ended(batch, http, outcomes)
        about_later(None)  # what is begun below is another call's
        self.kick()

    async def _ended(self, batch: Sequence[Prepared], http: PartnerHttp, outcomes: Sequence[Outcome]) -> None:
        ended = self._now()
        overall = worst(list(outcomes))
        until = asked_to_wait(outcomes, ended)
        self.wait_until(until)
        self.leased.heard(overall, ended)
        results = tuple(self._result(one, outcome, ended) for one, outcome in zip(batch, outcomes, strict=True))
        exchange = http.exchanges[-1] if http.exchanges else None
        made = CallMade(addon=self.leased.connection.addon.key, exchange=exchange, outcome=overall, results=results)
        self.leased.services.saver.call(made)
        if not overall.kind.delivered:
            self.leased.services.wake()  # there is something new to wait for
        if until is not None:
            try:
                await self.leased.services.limits.block(self.leased.connection.account, until)
            except psycopg.Error as lost:
                log.warning("That %s asked for a pause could not be shared (%s).", self.leased.connection, lost)

    def _result(self, one: Prepared, outcome: Outcome, ended: datetime, verdict: Verdict | None = None) -> Result:
        unit, known = one.unit, self.known(one.unit)
        delivered = outcome.kind.delivered
        tries = 0 if delivered else known.tries + 1
        failures, interval = max(1, self.leased.failures), self.interval
        verdict = verdict or judge(self.flow, outcome, tries=tries, failures=failures, interval=interval, ended=ended)
        changed = delivered and one.fingerprint != known.fingerprint
        if verdict.pause_until is not None:
            self.leased.pause(verdict.pause_until)
        held, remote_id = self._holds_after(one, outcome, known)
        now_known = Known(fingerprint=held, remote_id=remote_id, last_attempt=ended, tries=tries)
        next_due = self.attempted(unit, verdict, now_known)
        line = self._line(one, outcome, ended, changed, tries, next_due)
        if self._asker is None or not one.fingerprint:
            return line
        return msgspec.structs.replace(line, asking=self._asker.ended(one.document, outcome.kind))

    def _holds_after(self, one: Prepared, outcome: Outcome, known: Known) -> tuple[bytes | None, str]:
        """The fingerprint of what the partner holds after a call, and what it calls it."""
        held = one.fingerprint if outcome.kind.delivered else known.fingerprint
        return (None if outcome.kind in DOUBTFUL else held), outcome.remote_id or known.remote_id

    def _line(
        self, one: Prepared, outcome: Outcome, at: datetime, changed: bool, tries: int, next_due: datetime | None
    ) -> Result:
        return Result(
            connection_id=self.leased.connection.id,
            operator_id=self.leased.connection.operator_id,
            flow=self.flow.key,
            unit=one.unit,
            title=one.document.title,
            document=one.document.document,
            fingerprint=one.fingerprint,
            outcome=outcome,
            at=at,
            changed=changed,
            tries=tries,
            next_due=next_due,
            stale_since=self.stale.delivered(one.unit) if outcome.kind.delivered else None,
        )

    def _unchanged(self, one: Prepared, *, write_down: bool = False) -> None:
        """No difference, no call. Only a unit that was in trouble, or asked for, has something to write down."""
        unit, known = one.unit, self.known(one.unit)
        asking = None if self._asker is None else self._asker.no_more(unit)
        if write_down or known.tries or known.asked_at is not None or asking is not None:
            known.tries, known.asked_at = 0, None
            outcome = Outcome(kind=OutcomeKind.UNCHANGED, sent=len(one.document.document.parts))
            line = self._line(one, outcome, self._now(), False, 0, None)
            self.leased.services.saver.unchanged(msgspec.structs.replace(line, asking=asking))
        self.stale.delivered(unit)
        self.settled(unit)


def fingerprint_of(document: Document) -> bytes:
    return hashlib.blake2b(document.body, digest_size=16).digest()


def _batches(ready: Sequence[Prepared], size: int) -> list[Sequence[Prepared]]:
    return [ready[start : start + size] for start in range(0, len(ready), size)]
