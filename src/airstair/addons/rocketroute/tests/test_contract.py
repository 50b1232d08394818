"""What holds for every add-on."""

from __future__ import annotations

from airstair.addons.rocketroute.addon import ADDON
from airstair.sandbox.running import RunningPartner
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ("registration", "crew_code")
    values = {"autosend": True}

    def fill(self, partner: RunningPartner) -> None:
        for registration in self.registrations:
            partner.act("add-aircraft", {"registration": registration})
