"""IFS keeps the contract of all add-ons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airstair.addons.ifs.addon import ADDON
from airstair.addons.ifs.tests.logs import log_of
from airstair.testing.contract import AddonContract, Scene


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ()

    def errands(self, scene: Scene) -> Sequence[tuple[str, Mapping[str, Any]]]:
        return [("post-log", log_of(flight)) for flight in scene.flights]
