"""Sends a mirror of flights. There is no list of them: what is to be done about each is judged from its snapshot and
the ledger (`reach.py`), whenever a change names it, and in looks at all of them.

Each call is written down before it is made: what a dead worker was sending is known to be in doubt, and nothing else.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine import statements
from airstair.hub.engine.calling import CannotBeMade, make_document
from airstair.hub.engine.judging import DOUBTFUL
from airstair.hub.engine.reach import Reach, may_be_there, reach_of
from airstair.hub.engine.reading import CannotBeRead
from airstair.hub.engine.results import Holding, Known, Result
from airstair.hub.engine.sender import Prepared, Sender, fingerprint_of
from airstair.hub.engine.standing import Standing
from airstair.hub.engine.threads import in_thread
from airstair.hub.flows import Document, Mirror, OnChange, Removal, UnitDocument
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.pictures import flights_departing

log = logging.getLogger(__name__)


class FlightSender(Sender):
    """The ordered sender of one flow about flights through one leased connection."""

    def __init__(self, leased: Standing, flow: Mirror) -> None:
        super().__init__(leased, flow)
        assert isinstance(flow.trigger, OnChange)
        self._look_every = timedelta(minutes=flow.trigger.look_minutes)
        self._latest = 0  # the newest reading heard of
        self._look: int | None = None  # all flights are to be looked at, says that reading
        self._looking: int | None = None  # that look is being made
        self._people_wait = False  # for that look
        self._look_at: datetime | None = None  # when those that time has brought are looked for
        self._seen = (leased.connection.aircraft, leased.connection.elsewhere)

    # ── What is to be done ──────────────────────────────────────────────────────────────────────

    @property
    def claims(self) -> bool:
        return True

    @property
    def generations(self) -> set[int]:
        return super().generations | {one for one in (self._look, self._looking) if one is not None}

    def is_ours(self, unit: Unit) -> bool:
        """Any flight may be: its snapshot tells."""
        return unit.kind is self.flow.unit

    def set_units(self, units: Mapping[Unit, str], stored: Mapping[Unit, Known], now: datetime) -> None:
        """While nobody served the connection, time may have brought flights into the horizon."""
        if self._look_at is None:
            self._look_at = now

    def drop_others(self, units: Mapping[Unit, str]) -> None:
        """What waits is judged when its turn comes, by the aircraft that are ticked then."""

    def changed(self, unit: Unit, generation: int, *, bulk: bool, at: datetime | None = None) -> None:
        self._latest = max(self._latest, generation)
        if not self.is_ours(unit):
            return
        if at is not None:
            self.stale.changed(unit, at)
        self._wait(unit, generation, bulk=bulk)

    def all_may_be_stale(self, generation: int) -> None:
        self._latest = max(self._latest, generation)
        self._look = generation if self._look is None else min(generation, self._look)

    def asked(self, generation: int) -> None:
        for known in self._known.values():
            known.asked_at = known.asked_at or self._now()
        self._people_wait = True
        self.all_may_be_stale(generation)

    def look_again(self, generation: int, had: set[Unit], *, everything: bool, asked: bool) -> None:
        seen = (self.leased.connection.aircraft, self.leased.connection.elsewhere)
        if asked:
            self.asked(generation)
        # What flights show of their aircraft may be other than it was, whoever changed what.
        self._people_wait = self._people_wait or everything or seen != self._seen
        self.all_may_be_stale(generation)
        self._seen = seen

    def _first(self, now: datetime) -> datetime | None:
        looks = now if self._look is not None else self._look_at
        return min((when for when in (super()._first(now), looks) if when is not None), default=None)

    # ── Looking at all ──────────────────────────────────────────────────────────────────────────

    async def _find(self) -> None:
        now = self._now()
        everything = self._look is not None
        if not everything and (self._look_at is None or self._look_at > now):
            return
        self._looking, self._look = self._look, None
        people, self._people_wait = self._people_wait, False
        try:
            units = await self._in_reach(now, everything=everything)
        except BaseException:
            if self._looking is not None:
                self.all_may_be_stale(self._looking)
            self._people_wait = self._people_wait or people
            self._looking = None
            raise
        generation = self._latest if self._looking is None else self._looking
        for unit in units:
            self._wait(unit, generation, bulk=not people)
        if people:
            self._rounds.at_once()
        self._looking, self._look_at = None, now + self._look_every

    async def _in_reach(self, now: datetime, *, everything: bool) -> list[Unit]:
        """The flights in the horizon; with `everything` also those that the partner holds and perhaps should not."""
        connection, horizon, store = self.leased.connection, self.flow.horizon, self.leased.services.store
        start, end = now - horizon.back, None if horizon.ahead is None else now + horizon.ahead
        found = await self._departing(list(connection.aircraft), start, end)
        if everything:
            names = [str(unit) for unit in await self._departing(None, start, None)]
            held = await store.read(statements.HELD, [*self.key, names])
            found += [Unit.read(row[0]) for row in held]
            found += await store.undelivered(*self.key)
        return list(dict.fromkeys(found))

    async def _departing(self, aircraft: list[int] | None, start: datetime, end: datetime | None) -> list[Unit]:
        operator_id = self.key[0]
        executor = self.leased.services.absorbing
        ids = await in_thread(executor, operator_id, flights_departing, operator_id, aircraft, start, end)
        return [Unit(UnitKind.FLIGHT, id_) for id_ in ids]

    # ── Preparing ───────────────────────────────────────────────────────────────────────────────

    async def _made(self, units: Sequence[Unit], since: datetime, now: datetime) -> list[Prepared]:
        if not units:
            return []
        services, connection = self.leased.services, self.leased.connection
        bulk = all(self.waiting.is_bulk(unit) for unit in units)
        ready = []
        with services.turns.somebody_waits(not bulk):
            snapshots = await services.snapshots.get(connection.operator_id, units, since, bulk=bulk, shared=bulk)
        async with services.turns.work(bulk=bulk) as stretch:
            for unit in units:
                await stretch.breathe()
                flight = snapshots.get(unit)
                title = str(getattr(flight, "title", unit))
                try:
                    one = self._judged(unit, title, flight, connection, now)
                except CannotBeMade:
                    self._could_not_be_made(unit, title, now)
                    continue
                if one is not None and (one.document.removes or one.fingerprint != self.known(unit).fingerprint):
                    ready.append(one)
                elif one is not None:
                    self._unchanged(one)
        return ready

    def _judged(
        self, unit: Unit, title: str, flight: Any, connection: LiveConnection, now: datetime
    ) -> Prepared | None:
        """What the flight asks for; `None` when everything stays as it is, which settles it. Raises `CannotBeMade`."""
        if isinstance(flight, CannotBeRead):
            raise CannotBeMade
        known = self.known(unit)
        there = may_be_there(known)
        reach = self._reach(flight, connection, now, there=there)
        document = None
        if reach is Reach.KEEP:
            document = make_document(self.flow, connection, flight, now)
            reach = Reach.REMOVE if document is None and there else reach
        handed_over = reach is Reach.REMOVE and self._goes_elsewhere(flight, connection)
        removes = reach is Reach.REMOVE and not handed_over
        if removes:
            document = self._gone(flight, connection, now)
        words = UnitDocument(
            unit=unit,
            title=title,
            document=document or Document(body=b""),
            remote_id=known.remote_id,
            removes=removes,
        )
        if document is not None:
            return Prepared(words, fingerprint_of(document), connection.settings, connection)
        if handed_over:
            known.fingerprint = b""
            self.remember(unit, known)
        self._unchanged(Prepared(words, b"", connection.settings), write_down=handed_over)
        return None

    def _reach(self, flight: Any, connection: LiveConnection, now: datetime, *, there: bool) -> Reach:
        return reach_of(flight, connection.aircraft, self.flow.horizon, now, there=there)

    def _goes_elsewhere(self, flight: Any, connection: LiveConnection) -> bool:
        """Whether another connection to the same account sends the flight: then it must not be taken away there."""
        return flight is not None and not flight.deleted and flight.aircraft_id in connection.elsewhere

    def _gone(self, flight: Any, connection: LiveConnection, now: datetime) -> Document | None:
        """The document that takes the flight away; `None` when the partner need not be told."""
        if self.flow.gone is None:
            return None
        try:
            return self.flow.gone(flight, connection.settings, now)
        except Exception as fault:  # a fault in one add-on's mapping must not hold up its other units
            log.exception("The add-on %s could not take a unit away.", connection.addon.key)
            raise CannotBeMade from fault

    def _still_good(self, one: Prepared, had_to_wait: bool) -> bool:
        """Not if aircraft were ticked or unticked while it waited."""
        was, now = one.made_for, self.leased.connection
        if was is not None and was is not now and (was.aircraft, was.elsewhere) != (now.aircraft, now.elsewhere):
            return False
        return super()._still_good(one, had_to_wait)

    # ── What has been done ──────────────────────────────────────────────────────────────────────

    def _holds_after(self, one: Prepared, outcome: Outcome, known: Known) -> tuple[bytes | None, str]:
        if one.document.removes and outcome.kind.delivered:
            deleted = self.flow.removal is Removal.DELETE
            return b"", "" if deleted else outcome.remote_id or known.remote_id
        if not may_be_there(known) and (not one.fingerprint or _certainly_not_taken(outcome)):
            return b"", outcome.remote_id or known.remote_id
        return super()._holds_after(one, outcome, known)

    def _line(
        self, one: Prepared, outcome: Outcome, at: datetime, changed: bool, tries: int, next_due: datetime | None
    ) -> Result:
        known = self.known(one.unit)
        held = known.fingerprint if may_be_there(known) else b""
        line = super()._line(one, outcome, at, changed, tries, next_due)
        return msgspec.structs.replace(line, holding=Holding(held, known.remote_id))


def _certainly_not_taken(outcome: Outcome) -> bool:
    return not outcome.kind.delivered and outcome.kind not in DOUBTFUL
