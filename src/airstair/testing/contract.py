"""The contract that every add-on's `tests/test_contract.py` inherits.

    class TestContract(AddonContract):
        addon = ADDON
        enumerations = ("status",)

The tests ask the description which of them apply, and run against the add-on's own imitation through the real hub. What
is special about a partner stays in tests beside it.
"""

from __future__ import annotations

from airstair.testing.books import BooksContract
from airstair.testing.common import Common, Scene
from airstair.testing.computing import ComputingContract
from airstair.testing.description import DescriptionContract
from airstair.testing.handoffs import HandoffContract
from airstair.testing.mirrors import MirrorsContract
from airstair.testing.traffic import TrafficContract
from airstair.testing.visits import VisitsContract

__all__ = ["AddonContract", "Common", "Scene"]


class AddonContract(
    DescriptionContract,
    TrafficContract,
    BooksContract,
    MirrorsContract,
    VisitsContract,
    HandoffContract,
    ComputingContract,
):
    """What holds for every add-on."""
