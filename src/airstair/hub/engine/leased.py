"""A connection that this worker serves: what sends and fetches through it, how far it has read, how its partner is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine.aircraft_sender import AircraftSender
from airstair.hub.engine.flight_sender import FlightSender
from airstair.hub.engine.posting import Poster
from airstair.hub.engine.pulling import Puller
from airstair.hub.engine.sender import Sender
from airstair.hub.engine.standing import Services, Standing
from airstair.hub.engine.store import Held
from airstair.hub.flows import Mirror, OnChange
from airstair.kernel.units import Unit, UnitKind

_HELD = datetime(1970, 1, 1, tzinfo=UTC)  # what stands for "not given back" in the table


class Leased(Standing):
    """One connection while this worker holds its lease."""

    def __init__(self, connection: LiveConnection, services: Services, held: Held) -> None:
        super().__init__(connection, services, held)
        self.compared_at = held.compared_at
        self._cursor = held.snapshot  # what is vouched for: everything before has reached the ledger
        self.begins_at = 0  # the reading at which it began to hear of changes; earlier ones its old cursor covers
        self._more_aircraft = False  # since it was configured anew
        self.hears_until: int | None = None  # the last reading that it heard of, once it is being given back
        self.caught_up = False  # what happened before it was leased has been read
        addon = connection.addon
        self.senders = {flow.key: _sender_of(self, flow) for flow in addon.mirrors}
        self.posters = {flow.key: Poster(self, flow) for flow in addon.posts}
        self.pullers = {flow.key: Puller(self, flow) for flow in addon.pulls}
        self._lanes: list[Sender | Poster | Puller] = [
            *self.senders.values(),
            *self.posters.values(),
            *self.pullers.values(),
        ]

    async def begin(self) -> None:
        """The lease is new, and changes are heard of: take up what is written down of messages and pulls."""
        for poster in self.posters.values():
            await poster.begin()
        for puller in self.pullers.values():
            await puller.begin()

    async def partner_is_well(self) -> None:
        """It has come back, or is called in another way from now on."""
        for poster in self.posters.values():
            await poster.partner_is_well()

    def changed(self, unit: Unit, generation: int, *, bulk: bool, at: datetime | None = None) -> None:
        """A change names the unit."""
        self.stir()
        for lane in self._lanes:
            lane.changed(unit, generation, bulk=bulk, at=at)

    def much_has_changed(self) -> None:
        """An import or the like, whose units are named later: what was made before it is not to be sent again."""
        for sender in self.senders.values():
            self.services.kept.drop(sender)

    def all_may_be_stale(self, generation: int) -> None:
        """Look at everything: a new connection, or the slow proof that nothing was lost."""
        self.stir()
        for sender in self.senders.values():
            sender.all_may_be_stale(generation)
        for poster in self.posters.values():
            poster.all_may_be_stale(generation)

    @property
    def units(self) -> dict[str, set[Unit]]:
        """What is ours to send, by flow."""
        return {key: sender.units for key, sender in self.senders.items()}

    def use(self, connection: LiveConnection) -> bool:
        """The connection was configured: stop sending what is no longer ours. Answers whether its settings are new."""
        anew = connection.settings != self.connection.settings
        self._more_aircraft = not connection.aircraft.keys() <= self.connection.aircraft.keys()
        self.connection = connection
        for sender in self.senders.values():
            sender.drop_others(connection.units(sender.flow.unit))
        return anew

    def look_again(self, generation: int, had: Mapping[str, set[Unit]], *, everything: bool, asked: bool) -> None:
        """Compare what is ours only now; all of it when the settings are new or somebody asked."""
        for key, sender in self.senders.items():
            sender.look_again(generation, had[key], everything=everything, asked=asked)
        for poster in self.posters.values() if everything or self._more_aircraft else ():
            poster.all_may_be_stale(generation)

    def kick(self) -> None:
        for lane in self._lanes:
            lane.kick()

    def next_time(self) -> datetime | None:
        return min((t for lane in self._lanes if (t := lane.next_time()) is not None), default=None)

    def busy(self, now: datetime) -> bool:
        return any(lane.busy(now) for lane in self._lanes)

    async def close(self) -> None:
        """Stop sending; returns when no call is under way."""
        self.closed = True
        for lane in self._lanes:
            await lane.stop()

    def cut_off(self) -> None:
        """Stop at once, calls under way included: the database is lost, and with it the lease."""
        self.closed = True
        for lane in self._lanes:
            lane.cut_off()

    @cached_property
    def kinds(self) -> frozenset[UnitKind]:
        """Of which units its lanes hear: those that they keep, what those are counted by, and the connection."""
        addon = self.connection.addon
        kept = {flow.unit for flow in addon.mirrors} | {flow.unit for flow in addon.posts}
        counted = {UnitKind.AIRCRAFT} if UnitKind.COUNTERS in kept else set()
        return frozenset(kept | counted | {UnitKind.CONNECTION})

    @cached_property
    def by_clock_alone(self) -> bool:
        """Whether no flow reads the change log."""
        no_sender = all(sender.by_clock for sender in self.senders.values())
        return no_sender and all(poster.by_clock for poster in self.posters.values())

    @property
    def generations(self) -> set[int]:
        """The generations of what has not reached the ledger yet."""
        of_senders = (sender.generations for sender in self.senders.values())
        return set().union(*of_senders, *(poster.generations for poster in self.posters.values()))

    def cursor_row(
        self, readings: Mapping[int, str], latest: int, *, given_back: datetime | None = None
    ) -> tuple[Any, ...] | None:
        """The cursor that may be saved now, as a row; `None` while nothing may be vouched for.

        `given_back`: when no call was under way any more; `None` while it is held. `readings`: the snapshot of each
        generation read by this worker; `latest`: the last of which it has heard everything. What is outstanding in one
        that is not kept any more, none vouches for.
        """
        if not self.caught_up or self.by_clock_alone:
            return None
        latest = latest if self.hears_until is None else min(latest, self.hears_until)
        safe = min({*self.generations, latest + 1}) - 1
        if safe >= self.begins_at and safe in readings:
            self._cursor = readings[safe]
        if self._cursor is None:
            return None
        return (
            self.connection.operator_id,
            self.connection.id,
            self._cursor,
            given_back or _HELD,
            self.compared_at,
            self.paused_until,
            self.failures,
        )


def _sender_of(leased: Leased, flow: Mirror) -> Sender:
    if flow.unit is UnitKind.FLIGHT:
        return FlightSender(leased, flow)
    removes = flow.unit is UnitKind.AIRCRAFT and flow.gone is not None and isinstance(flow.trigger, OnChange)
    return AircraftSender(leased, flow) if removes else Sender(leased, flow)
