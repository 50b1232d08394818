"""What holds for every add-on, for the marketplaces: all of it for one, for each what a row of the table can spoil."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airstair.addons.marketplaces.addon import ADDONS
from airstair.testing.contract import AddonContract, Scene
from airstair.testing.family import FamilyContract

_BY_KEY = {one.key: one for one in ADDONS}


class TestContract(AddonContract):
    """A marketplace that gets one of three services. It fetches in three forms."""

    def errands(self, scene: Scene) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return [("pull", {}), ("calendar", {}), ("table", {})]

    addon = _BY_KEY["avimall"]
    enumerations = ("status", "code")
    values = {"service": "full schedule"}


class TestFamily(FamilyContract):
    """Each of them."""

    addons = ADDONS
    enumerations = ("status", "code")
