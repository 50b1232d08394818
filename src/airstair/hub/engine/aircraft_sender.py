"""Sends a mirror of aircraft that takes away what is no longer to be shown: an aircraft that was unticked, for one.

As for flights, what is to be done about each is judged from its snapshot and the ledger, not from the list of those
that are ticked: the ledger knows of those that were.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine import statements
from airstair.hub.engine.flight_sender import FlightSender
from airstair.hub.engine.reach import Reach
from airstair.kernel.units import Unit


class AircraftSender(FlightSender):
    """The ordered sender of one flow about aircraft through one leased connection."""

    async def _in_reach(self, now: datetime, *, everything: bool) -> list[Unit]:
        """The ticked aircraft; with `everything` also those that the partner holds and perhaps should not."""
        connection, store = self.leased.connection, self.leased.services.store
        found = list(connection.units(self.flow.unit))
        if everything:
            held = await store.read(statements.HELD_AT_ALL, [*self.key])
            found += [Unit.read(row[0]) for row in held]
        return list(dict.fromkeys(found))

    def _reach(self, snapshot: Any, connection: LiveConnection, now: datetime, *, there: bool) -> Reach:
        if snapshot is not None and snapshot.aircraft.id in connection.aircraft:
            return Reach.KEEP
        return Reach.REMOVE if there else Reach.LEAVE

    def _goes_elsewhere(self, snapshot: Any, connection: LiveConnection) -> bool:
        return snapshot is not None and snapshot.aircraft.id in connection.elsewhere
