"""What holds for every add-on, for TRAXXALL."""

from __future__ import annotations

from typing import Any

from airstair.addons.traxxall.addon import ADDON
from airstair.sandbox.running import RunningPartner
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ("status", "kind", "code")

    def taken_away(self, partner: RunningPartner, flight: Any) -> bool:
        held = partner.state()["flights"].get(f"airstair-{flight.id}")
        return held is None or held["flight"]["status"] == "CANCELLED"
