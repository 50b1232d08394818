"""Fetches through one flow of one leased connection, page by page, and has each page written with its cursor.

A run that ends anywhere, by a crash too, goes on from the cursor of the last page kept. Runs beside everything else
that its worker does: calls wait in the event loop, pages are written in threads of their own.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg

from airstair.hub.choosing import Days
from airstair.hub.engine.absorbing import NotOurs, absorb_page, stage_page
from airstair.hub.engine.calling import ask_for_page
from airstair.hub.engine.judging import CONNECTION_TROUBLE, backoff
from airstair.hub.engine.messages import fingerprint
from airstair.hub.engine.results import CallMade, Result
from airstair.hub.engine.standing import Standing
from airstair.hub.engine.threads import in_thread
from airstair.hub.flows import Backoff, Document, Every, Fetched, Pull
from airstair.hub.http import PartnerHttp
from airstair.hub.triggers import DailyAt, next_at
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind

log = logging.getLogger(__name__)

_EMPTY = Document(body=b"")
_NOT_KEPT = "A page could not be written down, and nothing of it was. It is fetched again with the next run."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Runs of a worker that died: their counts stand, what they had not kept is fetched again.
_END_LOST = """
UPDATE hub_pull_run
   SET ended_at = %(now)s, outcome = 'unknown',
       messages = '[{"level": "warning", "text": "Airstair was stopped during this run. The next one goes on from the'
                  ' last page that was kept."}]'
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s) AND ended_at IS NULL
"""
# Whoever else still writes a page for this connection has lost its lease: without its run it moves no cursor.
_TAKE = """
INSERT INTO hub_pull AS was (operator_id, connection_id, flow, asked_by, failures)
VALUES (%(operator)s, %(connection)s, %(flow)s, '', 0)
    ON CONFLICT (operator_id, connection_id, flow)
    DO UPDATE SET run_id = NULL, next_due = CASE WHEN was.run_id IS NULL THEN was.next_due ELSE %(now)s END
"""
_STATE = """
SELECT cursor, begun_at, next_due, asked_at, asked_by, failures, first_day, last_day FROM hub_pull
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s)
"""
# Written before the first call, so that a floor holds through a crash.
_START = """
WITH run AS (
     INSERT INTO hub_pull_run (operator_id, id, connection_id, flow, asked_by, started_at, pages, fetched, new, updated,
                               unchanged, skipped, reasons, outcome, messages)
     SELECT %(operator)s, nextval('airstair_id'), %(connection)s, %(flow)s, %(asked_by)s, %(now)s, 0, 0, 0, 0, 0, 0,
            '[]', '', '[]'
      WHERE EXISTS (SELECT FROM hub_connection WHERE operator_id = %(operator)s AND id = %(connection)s AND "on")
     RETURNING id)
UPDATE hub_pull SET run_id = run.id, begun_at = %(now)s,
       asked_at = CASE WHEN asked_at > %(asked_at)s THEN asked_at END
  FROM run WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s)
RETURNING run.id
"""
_END = """
WITH run AS (
     UPDATE hub_pull_run SET ended_at = %(now)s, outcome = %(outcome)s, http_status = %(status)s,
            messages = %(messages)s
      WHERE (operator_id, id) = (%(operator)s, %(run)s))
UPDATE hub_pull SET run_id = NULL, next_due = %(next_due)s, failures = %(failures)s,
       last_success = CASE WHEN %(failures)s = 0 THEN %(now)s ELSE last_success END
 WHERE (operator_id, connection_id, flow) = (%(operator)s, %(connection)s, %(flow)s) AND run_id = %(run)s
"""
_TELL = "SELECT pg_notify('airstair_ledger', %(operator)s || ':' || %(connection)s)"


class State(msgspec.Struct, kw_only=True):
    """What the table has."""

    cursor: str | None = None
    begun_at: datetime | None = None
    next_due: datetime | None = None
    asked_at: datetime | None = None
    asked_by: str = ""
    failures: int = 0
    first_day: date | None = None  # those that a person chose, of a staged pull
    last_day: date | None = None

    @property
    def days(self) -> Days | None:
        return Days(self.first_day, self.last_day) if self.first_day and self.last_day else None


class Puller:
    """The fetcher of one flow through one leased connection. One run at a time."""

    def __init__(self, leased: Standing, flow: Pull) -> None:
        self.leased = leased
        self.flow = flow
        connection = leased.connection
        self._of: dict[str, Any] = {"operator": connection.operator_id, "connection": connection.id, "flow": flow.key}
        self._me = Unit(UnitKind.CONNECTION, connection.id)
        self._state = State()
        self._due: datetime | None = None
        self._not_before: datetime | None = None  # the partner wants to be left alone
        self._look = False  # somebody asked, or it was configured: the table knows better
        self._begun = False
        self._task: asyncio.Task[None] | None = None

    def _now(self) -> datetime:
        return self.leased.services.clock.now()

    # ── When ────────────────────────────────────────────────────────────────────────────────────

    async def begin(self) -> None:
        """The lease is new: a run that a dead worker began is over, and goes on from its cursor."""
        async with self.leased.services.store.writing() as connection:
            await connection.execute(_TAKE, self._of | {"now": self._now()})
            await connection.execute(_END_LOST, self._of | {"now": self._now()})
        await self._read_state()
        self._begun = True

    async def _read_state(self) -> None:
        self._look = False
        found = await self.leased.services.store.read(_STATE, self._of)
        if found:
            self._state = State(**dict(zip(State.__struct_fields__, found[0], strict=True)))
        self._due = self._next(self._now())

    def _by_clock(self, begun_at: datetime | None, now: datetime) -> datetime | None:
        """When the clock begins the run after the one that began then; the first at once. `None`: it begins none."""
        trigger, settings = self.flow.trigger, self.leased.connection.settings
        if isinstance(trigger, Every) and (minutes := trigger.minutes(settings)) is not None:
            return now if begun_at is None else begun_at + timedelta(minutes=minutes)
        if isinstance(trigger, DailyAt) and (at := trigger.at(settings)) is not None:
            return now if begun_at is None else next_at(at, begun_at)
        return None

    def _next(self, now: datetime) -> datetime | None:
        """When the next run begins: when somebody asked, else by the clock; never sooner than the floor allows."""
        state = self._state
        soonest = state.begun_at + (self.flow.floor or timedelta(0)) if state.begun_at else now
        if state.asked_at is not None:
            return max(state.asked_at, soonest, self._not_before or soonest)
        regular = self._by_clock(state.begun_at, now)
        due = state.next_due or regular
        if due is not None and regular is not None and not state.failures:
            due = min(due, regular)  # the interval is shorter than it was
        return None if due is None else max(due, soonest)

    def changed(self, unit: Unit, generation: int, *, bulk: bool, at: datetime | None = None) -> None:
        """Only changes of the connection itself matter: it was configured, or somebody asked."""
        if unit == self._me:
            self._look = True

    def next_time(self) -> datetime | None:
        return self._due if self._begun and not self._running else None

    @property
    def _running(self) -> bool:
        return self._task is not None and not self._task.done()

    def _something_to_do(self, now: datetime) -> bool:
        if not self._begun or self.leased.closed:
            return False
        return self._look or (self._due is not None and self._due <= now)

    def busy(self, now: datetime) -> bool:
        return self._running or not self._begun or self._something_to_do(now)

    # ── Working ─────────────────────────────────────────────────────────────────────────────────

    def kick(self) -> None:
        if not self._running and self._something_to_do(self._now()):
            self._task = self.leased.begin_task(self._work())

    async def stop(self) -> None:
        """The page under way is the last; the run is taken up from there by whoever serves the connection next."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    def cut_off(self) -> None:
        if self._task is not None:
            self._task.cancel()

    async def _work(self) -> None:
        while self._something_to_do(self._now()):
            if self._look:
                await self._read_state()
                continue
            granted_later = await self._over_budget()
            if granted_later is not None:
                self._due = granted_later
                return
            run_id = await self._start()
            if run_id is None:
                self._due = None  # it is being switched off
                return
            await self._run(run_id)

    async def _over_budget(self) -> datetime | None:
        """When the account may be called again, if not now."""
        services, connection = self.leased.services, self.leased.connection
        if connection.addon.budget is None:
            return None
        granted = await services.limits.take(connection.account, connection.addon.budget, 1, self._now())
        return None if granted.calls else granted.again_at

    async def _start(self) -> int | None:
        state, now = self._state, self._now()
        asked_by = state.asked_by if state.asked_at is not None else ""
        values = {"now": now, "asked_by": asked_by, "asked_at": state.asked_at or _EPOCH}
        found = await self.leased.services.store.write(_START, self._of | values)
        if found:
            state.begun_at, state.asked_at = now, None
        return found[0][0] if found else None

    async def _run(self, run_id: int) -> None:
        """Page after page until there is no more, something is wrong, or the connection is given up."""
        services, state = self.leased.services, self._state
        if self.flow.staged is not None:
            state.cursor = None  # what is looked at is whole, or it is not there
        while True:
            connection = self.leased.connection
            asked = (state.cursor, services.pool, services.clock, state.days)
            found, http = await ask_for_page(self.flow, connection, *asked)
            outcome = found if isinstance(found, Outcome) else _accepted(found, http)
            self._log(outcome, http)
            if isinstance(found, Outcome):
                await self._end(run_id, found)
                return
            if not await self._kept(run_id, found):
                return
            state.cursor = found.cursor
            if not found.more:
                await self._end(run_id, outcome)
                return
            if self.leased.closed:
                await self._end(run_id, outcome, goes_on=self._now())
                return
            granted_later = await self._over_budget()
            if granted_later is not None:
                await self._end(run_id, outcome, goes_on=granted_later)
                return

    async def _kept(self, run_id: int, page: Fetched) -> bool:
        """Whether the page is in the record, and its cursor with it. If not, the run has ended."""
        services, connection = self.leased.services, self.leased.connection
        try:
            page_of_run = (self.flow, connection, run_id, page, self._now())
            keep = absorb_page if self.flow.staged is None else stage_page
            await in_thread(services.absorbing, connection.operator_id, keep, *page_of_run)
        except NotOurs:
            log.info("%r: another worker fetches %s by now.", connection, self.flow.key)
            await self._read_state()
            return False
        except Exception:  # whatever kept the page from being written must not leave a run that never ends
            log.exception("%r: a page of %s could not be kept.", connection, self.flow.key)
            await self._end(run_id, Outcome.failed(OutcomeKind.UNREADABLE, _NOT_KEPT))
            return False
        return True

    async def _end(self, run_id: int, outcome: Outcome, *, goes_on: datetime | None = None) -> None:
        """`goes_on`: there is more, and it is fetched from then on."""
        now, state = self._now(), self._state
        state.failures = 0 if outcome.kind.delivered else state.failures + 1
        self.leased.heard(outcome, now)
        state.next_due = goes_on or self._after(outcome, now)
        values = {"now": now, "run": run_id, "outcome": outcome.kind.value, "status": outcome.http_status}
        values |= {"failures": state.failures, "next_due": state.next_due, "messages": _words(outcome)}
        async with self.leased.services.store.writing() as connection:
            await connection.execute(_END, self._of | values)
            await connection.execute(_TELL, self._of)
        if outcome.retry_after is not None:
            await self._leave_alone(outcome.retry_after)
        await self._read_state()
        self.leased.services.wake()

    def _after(self, outcome: Outcome, now: datetime) -> datetime | None:
        """When the next run is due: by the clock, or sooner where the partner's trouble may be over by then."""
        assert self._state.begun_at is not None
        regular = self._by_clock(self._state.begun_at, now)
        if regular is not None:
            regular = max(regular, outcome.retry_after or now)
        rule, failures = self.flow.retry, self._state.failures
        if outcome.kind not in CONNECTION_TROUBLE or not isinstance(rule, Backoff) or failures >= rule.tries:
            return regular
        again = max(outcome.retry_after or now, now + backoff(rule, failures))
        return again if regular is None else min(regular, again)

    async def _leave_alone(self, until: datetime) -> None:
        self._not_before = until
        try:
            await self.leased.services.limits.block(self.leased.connection.account, until)
        except psycopg.Error as lost:
            log.warning("That %s asked for a pause could not be shared (%s).", self.leased.connection, lost)

    def _log(self, outcome: Outcome, http: PartnerHttp) -> None:
        """The page's last request, for the call log."""
        connection, now = self.leased.connection, self._now()
        result = Result(
            connection_id=connection.id,
            operator_id=connection.operator_id,
            flow=self.flow.key,
            unit=self._me,
            title=self.flow.title,
            document=_EMPTY,
            fingerprint=fingerprint(_EMPTY),
            outcome=outcome,
            at=now,
            changed=False,
            tries=0,
            next_due=None,
            in_ledger=False,
        )
        exchange = http.exchanges[-1] if http.exchanges else None
        made = CallMade(addon=connection.addon.key, exchange=exchange, outcome=outcome, results=(result,))
        self.leased.services.saver.call(made)


def _accepted(page: Fetched, http: PartnerHttp) -> Outcome:
    status = http.exchanges[-1].status if http.exchanges else None
    return Outcome(kind=OutcomeKind.ACCEPTED, sent=len(page.items), http_status=status)


def _words(outcome: Outcome) -> str:
    kept = [{n: str(getattr(m, n))[:2000].replace("\x00", "�") for n in m.__struct_fields__} for m in outcome.messages]
    return msgspec.json.encode(kept[:100]).decode("utf-8", "replace")
