"""What holds for every add-on, for ForeFlight."""

from __future__ import annotations

from typing import Any

from airstair.addons.foreflight.addon import ADDON
from airstair.sandbox.running import RunningPartner
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ("filingStatus", "atcStatus")

    def taken_away(self, partner: RunningPartner, flight: Any) -> bool:
        held = [one for one in partner.state()["flights"].values() if not one["deleted"]]
        return not any(one["flight"]["callsign"] == flight.number for one in held)
