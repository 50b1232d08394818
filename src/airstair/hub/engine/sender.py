"""Sends one flow of one connection: snapshot → document → compare with the ledger → call → outcome → ledger.

One unit is never in two calls at once, so the partner gets its states in order. Knows the flow's facts and
nothing of the partner. While nothing waits it costs nothing: its task ends and is started again when needed.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airstair.hub.engine.judging import judge, worst
from airstair.hub.engine.results import CallMade, Known, Result
from airstair.hub.engine.waiting import DueTimes, Waiting
from airstair.hub.flows import Call, Document, Every, Mirror, UnitDocument
from airstair.hub.http import CallFailed, PartnerHttp
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit

if TYPE_CHECKING:
    from airstair.hub.engine.leased import Leased

log = logging.getLogger(__name__)

_CHUNK = 64  # units prepared at once: one read, one claim
_REMEMBERED = 20_000  # fingerprints kept at hand
_BACKLOG = 1_000  # unsaved calls at which senders wait for the database

_Ready = tuple[UnitDocument, bytes]  # a document and its fingerprint


class Sender:
    """The ordered sender of one flow through one leased connection."""

    def __init__(self, leased: Leased, flow: Mirror) -> None:
        self.leased = leased
        self.flow = flow
        self.waiting = Waiting()
        self.due = DueTimes()
        self._sending: set[Unit] = set()  # clock flows: units in a call
        self._known: OrderedDict[Unit, Known] = OrderedDict()
        self._slots = asyncio.Semaphore(flow.calls_at_once)
        self._task: asyncio.Task[None] | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self._not_before: datetime | None = None  # the account's budget is spent until then
        self._titles: dict[Unit, str] = {}

    # ── What is to be done ──────────────────────────────────────────────────────────────────────

    @property
    def by_clock(self) -> bool:
        return isinstance(self.flow.trigger, Every)

    @property
    def interval(self) -> timedelta | None:
        """How often the clock sends; `None` when only asked for."""
        assert isinstance(self.flow.trigger, Every)
        minutes = self.flow.trigger.minutes(self.leased.connection.settings)
        if minutes is None:
            return None
        return max(timedelta(minutes=minutes), self.flow.floor or timedelta(0))

    def set_units(self, units: Mapping[Unit, str], known: Mapping[Unit, Known], now: datetime) -> None:
        """The units that are ours to send from now on. For clock flows `known` is the whole ledger."""
        self._titles = dict(units)
        self.waiting.keep_only(lambda unit: unit in self._titles)
        if not self.by_clock:
            return
        for gone in [unit for unit in self.due if unit not in self._titles]:
            self.due.set(gone, None)
        for unit in units:
            if unit not in self._sending:
                self._remember(unit, known.get(unit, Known()))
                self.due.set(unit, self._due_time(self._known[unit], now))

    def _due_time(self, known: Known, now: datetime) -> datetime | None:
        """Due when somebody asked, else an interval after the last call; never sooner than the floor allows."""
        interval = self.interval
        floor = known.last_attempt + (self.flow.floor or timedelta(0)) if known.last_attempt else now
        if known.asked_at is not None:
            return max(known.asked_at, floor)
        if interval is None:
            return None
        return known.last_attempt + interval if known.last_attempt else now

    def changed(self, unit: Unit, generation: int, *, bulk: bool) -> None:
        """A change names the unit; its document may be stale."""
        if not self.by_clock and unit in self._titles:
            self.waiting.put(unit, generation, bulk=bulk)

    @property
    def units(self) -> set[Unit]:
        """What is ours to send."""
        return set(self._titles)

    def all_may_be_stale(self, generation: int) -> None:
        """Compare everything: a new connection, or the slow proof that nothing was lost."""
        for unit in self._titles:
            self.changed(unit, generation, bulk=True)

    def next_time(self) -> datetime | None:
        """When to look again, if nothing happens before."""
        if self.by_clock:
            first = self.due.next_time()
        elif not len(self.waiting):
            first = None
        else:
            first = self.leased.paused_until or self._floor_passes()
        later = [when for when in (first, self._not_before) if when is not None]
        return max(later) if later and (first is not None or len(self.waiting)) else None

    def busy(self, now: datetime) -> bool:
        """Whether something is under way, or could be."""
        if self._sending or self.waiting.under_way or (self._task is not None and not self._task.done()):
            return True
        return self._something_to_do(now)

    def _something_to_do(self, now: datetime) -> bool:
        if self._not_before is not None and self._not_before > now:
            return False
        if self.by_clock:
            first = self.due.next_time()
            return first is not None and first <= now
        if not len(self.waiting) or self.leased.paused(now):
            return False
        passes = self._floor_passes()
        return passes is None or passes <= now

    # ── Doing it ────────────────────────────────────────────────────────────────────────────────

    def kick(self) -> None:
        """Start working if there is something to do and nobody is."""
        if (self._task is None or self._task.done()) and self._something_to_do(self._now()):
            self._task = asyncio.get_running_loop().create_task(self._work())
            self._task.add_done_callback(_say_why_it_ended)

    async def stop(self) -> None:
        """No call begins once the connection is closed; those under way end by themselves, within their deadline."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.gather(*self._calls, return_exceptions=True)

    def _now(self) -> datetime:
        return self.leased.services.clock.now()

    async def _work(self) -> None:
        while not self.leased.closed and self._something_to_do(self._now()):
            units = self._take()
            if not units:
                return
            try:
                ready = await self._prepare(units)
                ready = await self._within_budget(ready)
                allowed = await self._claimed(ready)
            except BaseException:
                self._give_back(units)
                raise
            await self._send_all(allowed)

    async def _send_all(self, allowed: list[_Ready]) -> None:
        unsent: list[Unit] = []
        for batch in _batches(allowed, self.flow.units_per_call):
            await self._slots.acquire()
            # Switched off or unticked meanwhile: what is queued is not sent.
            if self.leased.closed or any(document.unit not in self._titles for document, _ in batch):
                self._slots.release()
                unsent += [document.unit for document, _ in batch]
                continue
            call = asyncio.get_running_loop().create_task(self._one_call(batch))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)
        if unsent:
            self._give_back(unsent)
            if self.flow.floor is not None:
                connection = self.leased.connection
                await self.leased.services.store.unclaim(connection.operator_id, connection.id, self.flow.key, unsent)

    def _take(self) -> list[Unit]:
        now = self._now()
        # While the partner is in trouble one unit is enough to find out whether it is back.
        most = 1 if self.leased.failures and not self.by_clock else _CHUNK
        if self.by_clock:
            units = self.due.take(now, most)
            self._sending.update(units)
            return units
        return self.waiting.take(most, lambda unit: self._floor_has_passed(unit, now))

    def _floor_has_passed(self, unit: Unit, now: datetime) -> bool:
        if self.flow.floor is None:
            return True
        known = self._known.get(unit)
        return known is None or known.last_attempt is None or known.last_attempt + self.flow.floor <= now

    def _floor_passes(self) -> datetime | None:
        """When the first waiting unit may be sent again, where the flow has a floor; `None`: one may be now."""
        if self.flow.floor is None:
            return None
        times = []
        for unit in self.waiting:
            known = self._known.get(unit)
            if known is None or known.last_attempt is None:
                return None
            times.append(known.last_attempt + self.flow.floor)
        return min(times, default=None)

    def _give_back(self, units: Sequence[Unit]) -> None:
        for unit in units:
            if self.by_clock:
                if unit in self._sending:
                    self._sending.discard(unit)
                    self.due.set(unit, self._now() if unit in self._titles else None)
            else:
                self.waiting.back(unit)

    async def _prepare(self, units: Sequence[Unit]) -> list[_Ready]:
        """Documents of the units, less those that the partner holds already."""
        services, connection, now = self.leased.services, self.leased.connection, self._now()
        since = (now - self.flow.horizon.back).replace(hour=0, minute=0, second=0, microsecond=0)
        await self._learn(units)
        snapshots = await services.snapshots.get(connection.operator_id, units, since)
        ready: list[_Ready] = []
        for unit in units:
            document = self._document(snapshots.get(unit), unit, now)
            if document is None:
                continue
            fingerprint = hashlib.blake2b(document.body, digest_size=16).digest()
            if not self.by_clock and fingerprint == self._known[unit].fingerprint:
                self._unchanged(unit, document, fingerprint)
                continue
            ready.append((UnitDocument(unit=unit, title=self._titles[unit], document=document), fingerprint))
        return ready

    def _document(self, snapshot: object, unit: Unit, now: datetime) -> Document | None:
        """The unit's document; `None` when there is nothing to send of it, which settles the unit."""
        document = None
        if snapshot is not None and unit in self._titles:
            try:
                document = self.flow.document(snapshot, self.leased.connection.settings, now)
            except Exception:  # a fault in one add-on's mapping must not hold up its other units
                log.exception("The add-on %s could not make its document.", self.leased.connection.addon.key)
                self._could_not_be_made(unit, now)
                return None
        if document is None:
            self._settled(unit)
        return document

    def _could_not_be_made(self, unit: Unit, now: datetime) -> None:
        empty = UnitDocument(unit=unit, title=self._titles[unit], document=Document(body=b""))
        outcome = Outcome.failed(
            OutcomeKind.UNREADABLE,
            "Airstair could not put this into the partner's form. This is a fault of the add-on; its developers find it"
            " in the log.",
        )
        result = self._result((empty, b""), outcome, now)
        key = self.leased.connection.addon.key
        self.leased.services.saver.call(CallMade(addon=key, exchange=None, outcome=outcome, results=(result,)))

    async def _learn(self, units: Sequence[Unit]) -> None:
        """Have at hand what the ledger knows of the units."""
        key = (self.leased.connection.operator_id, self.leased.connection.id, self.flow.key)
        missing = [unit for unit in units if unit not in self._known]
        if not missing:
            return
        found = await self.leased.services.known.get((*key, str(unit)) for unit in missing)
        for unit in missing:
            self._remember(unit, found.get((*key, str(unit)), Known()))

    def _remember(self, unit: Unit, known: Known) -> None:
        self._known[unit] = known
        self._known.move_to_end(unit)
        while not self.by_clock and len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    async def _within_budget(self, ready: list[_Ready]) -> list[_Ready]:
        """As many as the partner's account may be called for now; the others wait until it may again."""
        budget = self.leased.connection.addon.budget
        if budget is None or not ready:
            return ready
        services, now = self.leased.services, self._now()
        calls = -(-len(ready) // self.flow.units_per_call)
        granted = await services.limits.take(self.leased.connection.account, budget, calls, now)
        self._not_before = granted.again_at
        within, without = (
            ready[: granted.calls * self.flow.units_per_call],
            ready[granted.calls * self.flow.units_per_call :],
        )
        self._give_back([document.unit for document, _ in without])
        return within

    async def _claimed(self, ready: list[_Ready]) -> list[_Ready]:
        """Where a floor must hold even through a crash, write down what is about to be sent before it is."""
        if self.flow.floor is None or not ready:
            return ready
        connection = self.leased.connection
        titles = {document.unit: document.title for document, _ in ready}
        claimed = await self.leased.services.store.claim(
            connection.operator_id, connection.id, self.flow.key, titles, self._now()
        )
        self._give_back([document.unit for document, _ in ready if document.unit not in claimed])
        return [one for one in ready if one[0].unit in claimed]

    async def _one_call(self, batch: Sequence[_Ready]) -> None:
        services, connection = self.leased.services, self.leased.connection
        http = PartnerHttp(
            services.pool,
            services.clock,
            deadline=self.flow.deadline,
            secrets=connection.secrets,
            sandbox=connection.to_sandbox,
            shown=connection.addon.shown_headers,
        )
        documents = [document for document, _ in batch]
        try:
            while services.saver.backlog > _BACKLOG:
                await asyncio.sleep(0.005)
            outcomes = await self._ask(http, documents)
        finally:
            self._slots.release()
        await self._ended(batch, http, outcomes)
        self.kick()

    async def _ask(self, http: PartnerHttp, documents: Sequence[UnitDocument]) -> Sequence[Outcome]:
        call = Call(http=http, settings=self.leased.connection.settings, documents=documents, now=self._now())
        try:
            return await self.flow.send(call)
        except CallFailed as failed:
            outcome = Outcome.failed(failed.kind, str(failed))
        except Exception:  # a fault in one add-on must stop neither the others nor this one's next call
            log.exception("The add-on %s failed in its own code.", self.leased.connection.addon.key)
            outcome = Outcome.failed(
                OutcomeKind.UNREADABLE,
                "Airstair could not read the answer. This is a fault of the add-on; its developers find it in the log.",
            )
        return [outcome] * len(documents)

    async def _ended(self, batch: Sequence[_Ready], http: PartnerHttp, outcomes: Sequence[Outcome]) -> None:
        ended = self._now()
        overall = worst(list(outcomes))
        if overall.kind is OutcomeKind.THROTTLED:
            until = overall.retry_after or ended + timedelta(minutes=1)
            await self.leased.services.limits.block(self.leased.connection.account, until)
            self._not_before = max(until, self._not_before or until)
        self.leased.heard(overall, ended, self.flow)
        results = tuple(self._result(ready, outcome, ended) for ready, outcome in zip(batch, outcomes, strict=True))
        exchange = http.exchanges[-1] if http.exchanges else None
        made = CallMade(addon=self.leased.connection.addon.key, exchange=exchange, outcome=overall, results=results)
        self.leased.services.saver.call(made)

    def _result(self, ready: _Ready, outcome: Outcome, ended: datetime) -> Result:
        (document, fingerprint), unit = ready, ready[0].unit
        known = self._known.get(unit) or Known()
        delivered = outcome.kind.delivered
        tries = 0 if delivered else known.tries + 1
        verdict = judge(
            self.flow,
            outcome,
            tries=tries,
            failures=max(1, self.leased.failures),
            interval=self.interval if self.by_clock else None,
            ended=ended,
        )
        changed = delivered and fingerprint != known.fingerprint
        held = fingerprint if delivered else (None if outcome.kind is OutcomeKind.UNKNOWN else known.fingerprint)
        remote_id = outcome.remote_id or known.remote_id
        self._remember(unit, Known(fingerprint=held, remote_id=remote_id, last_attempt=ended, tries=tries))
        if verdict.pause_until is not None:
            self.leased.pause(verdict.pause_until)
        self._settled(unit, next_due=verdict.next_due, again=verdict.again)
        return self._line(unit, document, fingerprint, outcome, ended, changed, tries, verdict.next_due)

    def _line(
        self,
        unit: Unit,
        document: UnitDocument,
        fingerprint: bytes,
        outcome: Outcome,
        at: datetime,
        changed: bool,
        tries: int,
        next_due: datetime | None,
    ) -> Result:
        return Result(
            connection_id=self.leased.connection.id,
            operator_id=self.leased.connection.operator_id,
            flow=self.flow.key,
            unit=unit,
            title=document.title,
            document=document.document,
            fingerprint=fingerprint,
            outcome=outcome,
            at=at,
            changed=changed,
            tries=tries,
            next_due=next_due,
        )

    def _settled(self, unit: Unit, *, next_due: datetime | None = None, again: bool = False) -> None:
        """The unit is out of this sender's hands, until it is due or changes again."""
        if self.by_clock:
            self._sending.discard(unit)
            self.due.set(unit, next_due if unit in self._titles else None)
        elif again:
            self.waiting.back(unit)
        else:
            self.waiting.done(unit)

    def _unchanged(self, unit: Unit, document: Document, fingerprint: bytes) -> None:
        """No difference, no call. Only a unit that was in trouble has something to write down."""
        if self._known[unit].tries:
            self._known[unit].tries = 0
            words = UnitDocument(unit=unit, title=self._titles[unit], document=document)
            outcome = Outcome(kind=OutcomeKind.UNCHANGED, sent=len(document.parts))
            self.leased.services.saver.unchanged(
                self._line(unit, words, fingerprint, outcome, self._now(), False, 0, None)
            )
        self._settled(unit)


def _say_why_it_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        log.error("A sender stopped: %s. The dispatcher starts it again.", problem)


def _batches(ready: Sequence[_Ready], size: int) -> list[Sequence[_Ready]]:
    return [ready[start : start + size] for start in range(0, len(ready), size)]
