"""Going live: a list of conditions, checked against what really went out and what the partner really received.

Every add-on has the standard list (`standard.py`), and may bring its partner's own instead (`Addon.golive`), with the
hub's conditions (`conditions.py`) among its own. Nothing here changes anything.
"""

from __future__ import annotations

import asyncio

from airstair.hub.contract import Addon
from airstair.hub.golive import standard
from airstair.hub.golive.gathering import GoLiveSources, UnitFacts, gather
from airstair.hub.verdicts import GoLiveItem
from airstair.kernel.clock import Clock
from airstair.kernel.errors import Conflict

__all__ = ["GoLiveSources", "UnitFacts", "examine", "gather"]


def examine(operator_id: int, addon: Addon, *, clock: Clock | None = None) -> list[GoLiveItem]:
    """The partner's own list, else the standard one, judged. Raises `Conflict` when there is nothing to look at."""
    if addon.stays_inside:
        raise Conflict(f"{addon.name} runs inside Airstair: there is no partner to go live with.")
    judging = addon.golive or standard.examine
    return asyncio.run(judging(gather(operator_id, addon, clock=clock)))
