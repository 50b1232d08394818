"""The units of one flow of one connection: which are ours, what is known of each, and when each is to be sent.

Holds no task and makes no call: `Sender` does the work.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from airstair.hub.engine.gathering import Gathering
from airstair.hub.engine.judging import Verdict
from airstair.hub.engine.results import Known
from airstair.hub.engine.staleness import Staleness
from airstair.hub.engine.standing import Standing
from airstair.hub.engine.waiting import DueTimes, Waiting
from airstair.hub.flows import Every, Mirror
from airstair.kernel.units import Unit, UnitKind

_REMEMBERED = 20_000  # fingerprints kept at hand
_NONE = timedelta(0)


class Units:
    """What is to be sent through one flow of one leased connection, and when."""

    def __init__(self, leased: Standing, flow: Mirror) -> None:
        self.leased = leased
        self.flow = flow
        self.key = (leased.connection.operator_id, leased.connection.id, flow.key)
        self.waiting = Waiting()
        self.due: DueTimes[Unit] = DueTimes()
        self.stale = Staleness()
        self._titles: dict[Unit, str] = {}
        self._known: OrderedDict[Unit, Known] = OrderedDict()
        self._sending: dict[Unit, datetime] = {}  # clock flows: what is being prepared or sent, since when
        self._asked_again: set[Unit] = set()  # asked for while it was under way
        self._again_at: dict[Unit, datetime] = {}  # those that failed: not before then
        self._not_before: datetime | None = None  # the account's budget is spent, or the partner wants to be left alone
        self._rounds = Gathering()
        # Whatever an aircraft does may be in its hours and cycles.
        self._names_aircraft = flow.unit is UnitKind.COUNTERS

    @property
    def by_clock(self) -> bool:
        return isinstance(self.flow.trigger, Every)

    @property
    def interval(self) -> timedelta | None:
        """How often the clock sends; `None` when only asked for, and for flows that send on change."""
        if not isinstance(self.flow.trigger, Every):
            return None
        minutes = self.flow.trigger.minutes(self.leased.connection.settings)
        return None if minutes is None else max(timedelta(minutes=minutes), self.flow.floor or _NONE)

    @property
    def _round_every(self) -> timedelta | None:
        """How often gathered changes go out; `None` when each goes out at once."""
        gather = None if isinstance(self.flow.trigger, Every) else self.flow.trigger.gather
        minutes = None if gather is None else gather(self.leased.connection.settings)
        return None if minutes is None else timedelta(minutes=minutes)

    @property
    def claims(self) -> bool:
        """Whether each call is written down before it is made: a crash then leaves no doubt but about these."""
        return self.flow.floor is not None or self.flow.ask_first is not None

    @property
    def generations(self) -> set[int]:
        """The readings in which something was heard of that has not reached the ledger."""
        return self.waiting.generations

    @property
    def units(self) -> set[Unit]:
        """What is ours to send."""
        return set(self._titles)

    @property
    def under_way(self) -> int:
        return len(self._sending) + self.waiting.under_way

    def is_ours(self, unit: Unit) -> bool:
        return unit in self._titles

    def title(self, unit: Unit) -> str:
        return self._titles.get(unit, str(unit))

    def _now(self) -> datetime:
        return self.leased.services.clock.now()

    # ── What is known ───────────────────────────────────────────────────────────────────────────

    def is_known(self, unit: Unit) -> bool:
        return unit in self._known

    def known(self, unit: Unit) -> Known:
        return self._known.get(unit) or Known()

    def remember(self, unit: Unit, known: Known) -> None:
        self._known[unit] = known
        self._known.move_to_end(unit)
        while not self.by_clock and len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def set_units(self, units: Mapping[Unit, str], stored: Mapping[Unit, Known], now: datetime) -> None:
        """The units that are ours to send from now on. For clock flows `stored` is the whole ledger."""
        self._titles = dict(units)
        self._forget_others()
        if not self.by_clock:
            return
        for gone in [unit for unit in self._known if unit not in self._titles and unit not in self._sending]:
            self.due.set(gone, None)
            del self._known[gone]
        for unit in units:
            known = stored.get(unit, Known())
            taken_at = self._sending.get(unit)
            if taken_at is None:
                self.remember(unit, self._newer(unit, known))
                self.due.set(unit, self._due_time(self._known[unit], now))
            elif known.asked_at is not None and known.asked_at > taken_at:
                self._asked_again.add(unit)

    def drop_others(self, units: Mapping[Unit, str]) -> None:
        """Only these are still ours: what else waits is not sent."""
        self._titles = {unit: units[unit] for unit in self._titles if unit in units}
        self._forget_others()
        for gone in [unit for unit in self.due if unit not in self._titles]:
            self.due.set(gone, None)
        if not self.by_clock:  # should one come back, another connection may have sent it meanwhile
            for gone in [unit for unit in self._known if unit not in self._titles]:
                del self._known[gone]

    def _forget_others(self) -> None:
        self.waiting.keep_only(self.is_ours)
        self.stale.keep_only(self.is_ours)
        self._again_at = {unit: when for unit, when in self._again_at.items() if self.is_ours(unit)}

    def _newer(self, unit: Unit, stored: Known) -> Known:
        """What is true of the unit: a call that has just ended may not be in the ledger yet."""
        mine = self._known.get(unit)
        if mine is None or mine.last_attempt is None or mine.taken_at is None:
            return stored
        if stored.last_attempt is not None and stored.last_attempt >= mine.last_attempt:
            return stored
        still_asked = stored.asked_at is not None and stored.asked_at > mine.taken_at
        mine.asked_at = stored.asked_at if still_asked else None
        return mine

    def _due_time(self, known: Known, now: datetime) -> datetime | None:
        """Due when somebody asked, else an interval after the last call; never sooner than the floor allows."""
        interval = self.interval
        floor = known.last_attempt + (self.flow.floor or _NONE) if known.last_attempt else now
        if known.asked_at is not None:
            return max(known.asked_at, floor)
        if interval is None:
            return None
        return known.last_attempt + interval if known.last_attempt else now

    # ── What is to be done ──────────────────────────────────────────────────────────────────────

    def changed(self, unit: Unit, generation: int, *, bulk: bool, at: datetime | None = None) -> None:
        """A change names the unit; its document may be stale. `at`: when it was written, where that is known."""
        unit = self.meant_by(unit)
        if at is not None and unit in self._titles:
            self.stale.changed(unit, at)
        if self.by_clock:
            self.leased.services.kept.changed(self, unit)
        elif unit in self._titles:
            self._wait(unit, generation, bulk=bulk)

    def meant_by(self, named: Unit) -> Unit:
        """The unit of this flow that may be stale when a change names that one."""
        if self._names_aircraft and named.kind is UnitKind.AIRCRAFT:
            return Unit(UnitKind.COUNTERS, named.id)
        return named

    def _wait(self, unit: Unit, generation: int, *, bulk: bool) -> None:
        if not len(self.waiting) and (every := self._round_every) is not None:
            self._rounds.let_pass(every, self._now())
        if not bulk:
            self._again_at.pop(unit, None)  # it is another document by now
        self.waiting.put(unit, generation, bulk=bulk)

    def asked(self, generation: int) -> None:
        """Somebody wants to have everything looked at now."""
        self._rounds.at_once()
        self._again_at.clear()
        for unit in self._titles:
            known = self._known.get(unit)
            if known is not None:
                known.asked_at = known.asked_at or self._now()
            self.changed(unit, generation, bulk=False)

    def all_may_be_stale(self, generation: int) -> None:
        """Compare everything: a new connection, or the slow proof that nothing was lost."""
        for unit in self._titles:
            self.changed(unit, generation, bulk=True)

    def look_again(self, generation: int, had: set[Unit], *, everything: bool, asked: bool) -> None:
        """The connection was configured: compare what is ours only now; all when its settings are new, or on demand."""
        if asked:
            self.asked(generation)
        for unit in self.units if everything else self.units - had:
            self.changed(unit, generation, bulk=False)
        if everything:
            self._rounds.at_once()

    def wait_until(self, when: datetime | None) -> None:
        """Nothing is sent before then."""
        if when is not None and (self._not_before is None or when > self._not_before):
            self._not_before = when
            self.leased.services.wake()

    def must_wait(self, now: datetime) -> bool:
        """Whether the account or the partner wants no call now."""
        if self._not_before is not None and self._not_before > now:
            return True
        return not self.by_clock and self.leased.paused(now)

    def something_to_do(self, now: datetime) -> bool:
        if self.must_wait(now):
            return False
        first = self._first(now)
        return first is not None and first <= now

    def next_time(self) -> datetime | None:
        """When to look again, if nothing happens before."""
        first = self._first(self._now())
        if first is None:
            return None
        paused = None if self.by_clock else self.leased.paused_until
        return max(when for when in (first, self._not_before, paused) if when is not None)

    def _first(self, now: datetime) -> datetime | None:
        """When the first unit may be sent, as far as units go; `None`: there is none to send."""
        if self.by_clock:
            return self.due.next_time()
        if not len(self.waiting):
            return None
        every = self._round_every
        if every is not None:
            self._rounds.turn(every, self.waiting, now)
        elif self.flow.floor is None and any(unit not in self._again_at for unit in self.waiting):
            return now  # one of them at least has not failed
        return min(self._may_go(unit, every, now) for unit in self.waiting)

    def _may_go(self, unit: Unit, round_every: timedelta | None, now: datetime) -> datetime:
        """When the unit may go out, as far as its floor and its round go."""
        passes = max(self._floor_passes(unit) or now, self._again_at.get(unit, now))
        if round_every is None or unit in self._rounds:
            return passes
        return max(passes, self._rounds.next_at or now)

    def _floor_passes(self, unit: Unit) -> datetime | None:
        """When the unit may be sent again; `None` where nothing is known against sending it now."""
        known = self._known.get(unit)
        if self.flow.floor is None or known is None or known.last_attempt is None:
            return None
        return known.last_attempt + self.flow.floor

    def floor_has_passed(self, unit: Unit, now: datetime) -> bool:
        passes = self._floor_passes(unit)
        return passes is None or passes <= now

    def take(self, most: int) -> list[Unit]:
        """Up to `most` units to send now. They are under way until `settled`, `attempted` or `give_back`."""
        now = self._now()
        if not self.by_clock:
            every = self._round_every
            if every is not None:
                self._rounds.turn(every, self.waiting, now)
            units = self.waiting.take(most, lambda unit: self._may_go(unit, every, now) <= now)
        else:
            units = self.due.take(now, most)
            self._sending.update(dict.fromkeys(units, now))
        self.stale.taken(units)
        for unit in units if self._again_at else ():
            self._again_at.pop(unit, None)
        return units

    # ── What has been done ──────────────────────────────────────────────────────────────────────

    def give_back(self, units: Iterable[Unit]) -> None:
        """These were not sent after all; they are as due as they were."""
        for unit in units:
            if not self.by_clock:
                self.waiting.back(unit)
            elif self._sending.pop(unit, None) is not None:
                self.due.set(unit, self._now() if unit in self._titles else None)

    def sent_meanwhile(self, unit: Unit, at: datetime) -> None:
        """The partner got the unit then, through another connection: its floor counts from there."""
        known = self.known(unit)
        known.last_attempt = at
        self.remember(unit, known)
        if not self.by_clock:
            self.waiting.back(unit)
        elif self._sending.pop(unit, None) is not None:
            self.due.set(unit, at + (self.flow.floor or _NONE) if unit in self._titles else None)

    def settled(self, unit: Unit, *, next_due: datetime | None = None) -> None:
        """The unit is out of this sender's hands, until it is due or changes again."""
        if self.by_clock:
            self._sending.pop(unit, None)
            self.due.set(unit, next_due if unit in self._titles else None)
        else:
            self.waiting.done(unit)
            self._rounds.done(unit)

    def attempted(self, unit: Unit, verdict: Verdict, known: Known) -> datetime | None:
        """The unit's call ended; answers when the next one is due."""
        next_due = verdict.next_due
        known.taken_at = self._sending.get(unit)
        if unit in self._asked_again and known.last_attempt is not None:
            self._asked_again.discard(unit)
            soonest = known.last_attempt + (self.flow.floor or _NONE)
            next_due = min(next_due, soonest) if next_due is not None else soonest
        self.remember(unit, known)
        if verdict.not_before is not None:
            self._again_at[unit] = next_due or verdict.not_before
        if verdict.again and not self.by_clock:
            self.waiting.back(unit, bulk=True)  # behind the others: it may be the one that the partner chokes on
        else:
            self.settled(unit, next_due=next_due)
        return next_due
