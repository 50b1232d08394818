"""Reading for many connections at once: what is asked for in one instant is fetched in one statement."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db import InterfaceError, OperationalError, connection

from airstair.hub.engine.shared import Shared
from airstair.hub.engine.turns import Turns
from airstair.hub.together import Together
from airstair.kernel.scope import operator_scope
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.counters import airframe_counters
from airstair.records.flights.pictures import flight_pictures
from airstair.records.flights.schedules import aircraft_schedules

log = logging.getLogger(__name__)

_TO_SHARE_AT_ONCE = 8  # units read in one go where nobody waits for them


class Wanted(NamedTuple):
    """A snapshot that somebody needs."""

    operator_id: int
    unit: Unit
    since: datetime


class Snapshots:
    """Snapshots of units, read by the record's own set-based readers in a few threads of their own.

    What people wait for has a thread of its own: an import, or a clock that is due, may ask for thousands.
    """

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._threads = {
            bulk: ThreadPoolExecutor(max_workers=1, thread_name_prefix="bulk-snapshots" if bulk else "snapshots")
            for bulk in (False, True)
        }
        self.shared: Shared[Wanted] = Shared()
        self._anew: dict[bool, Together[Wanted, Any]] = {
            bulk: Together(partial(self._fetch, threads)) for bulk, threads in self._threads.items()
        }
        self._to_share: dict[bool, Together[Wanted, Any]] = {
            bulk: Together(partial(self._fetch_to_share, bulk), one_at_a_time=True) for bulk in self._threads
        }

    async def get(
        self, operator_id: int, units: Iterable[Unit], since: datetime, *, bulk: bool = False, shared: bool = False
    ) -> dict[Unit, Any]:
        """The snapshot of each unit that exists. `bulk`: nobody waits for them.

        `shared`: one will do that was read for another connection, if no change has been heard of since that names the
        unit. Not for what a clock asks for, nor for what cannot be taken back: nothing would make them send once more.
        """
        wanted = [Wanted(operator_id, unit, since) for unit in units]
        if shared:
            found = self.shared.get(wanted)
            found |= await self._to_share[bulk].get(one for one in wanted if one not in found)
        else:
            self.shared.drop(wanted)
            found = await self._anew[bulk].get(wanted)
        return {one.unit: snapshot for one, snapshot in found.items()}

    @staticmethod
    async def _fetch(threads: ThreadPoolExecutor, wanted: list[Wanted]) -> dict[Wanted, Any]:
        groups: dict[tuple[int, UnitKind, datetime], list[Wanted]] = {}
        for one in wanted:
            groups.setdefault((one.operator_id, one.unit.kind, one.since), []).append(one)
        loop = asyncio.get_running_loop()
        reads = [loop.run_in_executor(threads, _read, *group, ones) for group, ones in groups.items()]
        found: dict[Wanted, Any] = {}
        for part in await asyncio.gather(*reads):
            found.update(part)
        return found

    async def _fetch_to_share(self, bulk: bool, wanted: list[Wanted]) -> dict[Wanted, Any]:
        """What another connection has had read while these waited for their turn is not read again.

        For nobody a few at a time: an aircraft may have hundreds of flights, and who reads them lets nobody else run.
        """
        found = self.shared.get(wanted)
        missing = [one for one in wanted if one not in found]
        self.shared.begin(missing)
        at_once = _TO_SHARE_AT_ONCE if bulk else len(missing) or 1
        for start in range(0, len(missing), at_once):
            if bulk:
                await self._turns.step()
            some = await self._fetch(self._threads[bulk], missing[start : start + at_once])
            for one, snapshot in some.items():
                self.shared.keep(one, snapshot)
            found |= some
        return found

    def close(self) -> None:
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)


class CannotBeRead:
    """Stands for the snapshot of a unit over which the record's reader failed."""


def _read(operator_id: int, kind: UnitKind, since: datetime, wanted: list[Wanted]) -> dict[Wanted, Any]:
    try:
        with operator_scope(operator_id):
            return _read_each(operator_id, kind, since, wanted)
    finally:
        connection.close()  # back to the pool: threads must not sit on connections


def _read_each(operator_id: int, kind: UnitKind, since: datetime, wanted: list[Wanted]) -> dict[Wanted, Any]:
    try:
        found = read_snapshots(operator_id, kind, [one.unit.id for one in wanted], since)
        return {one: found[one.unit.id] for one in wanted if one.unit.id in found}
    except (OperationalError, InterfaceError):
        raise  # the database is away: nobody can be read
    except Exception:  # one unit that cannot be read must not hold up the others that were asked for with it
        if len(wanted) == 1:
            log.exception("%s of operator %s cannot be read.", wanted[0].unit, operator_id)
            return {wanted[0]: CannotBeRead()}
    found_alone: dict[Wanted, Any] = {}
    for one in wanted:
        found_alone |= _read_each(operator_id, kind, since, [one])
    return found_alone


# The set-based reader of each kind of unit that mirrors keep.
_READERS: dict[UnitKind, Callable[..., Mapping[int, Any]]] = {
    UnitKind.AIRCRAFT: aircraft_schedules,
    UnitKind.FLIGHT: flight_pictures,
    UnitKind.COUNTERS: airframe_counters,
}


def read_snapshots(operator_id: int, kind: UnitKind, ids: Sequence[int], since: datetime) -> Mapping[int, Any]:
    """The snapshots of these units, by id: what mirrors are made from. A fixed number of statements."""
    return _READERS[kind](operator_id, ids, since=since)
