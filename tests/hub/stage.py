"""The stage of the hub's tests: the one of `airstair.testing`, with Avinode and partners of the tests' own on it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from airstair.hub.connections.commands import ALL_AIRCRAFT, Configured
from airstair.testing import stage as shared
from airstair.testing.stage import NOON

from .own_partner import values_for

__all__ = ["NOON", "Stage", "staged"]


class Stage(shared.Stage):
    """What a test of the hub works with."""

    async def switch_on(self, aircraft: Any = ALL_AIRCRAFT, name: str = "", **values: Any) -> Configured:
        """Avinode in the sandbox."""
        return await self.configure(
            "avinode", values={"environment": "sandbox", **values}, aircraft=aircraft, on=True, name=name
        )

    async def connect(self, receiver: Any, key: str = "own", aircraft: Any = ALL_AIRCRAFT, **values: Any) -> int:
        """A partner of the tests' own; answers the connection's id."""
        made = await self.configure(key, values=values_for(receiver, **values), aircraft=aircraft, on=True)
        return made.connection.id


@contextlib.asynccontextmanager
async def staged(settings: Any) -> AsyncIterator[Stage]:
    async with shared.staged(settings, "avinode", Stage) as made:
        yield made
