"""What holds for every add-on, and what is special about a fetched schedule."""

from __future__ import annotations

from typing import Any

from airstair.addons.aerocrs.addon import ADDON
from airstair.sandbox.running import RunningPartner
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ("accode",)
    values = {"form": "json", "aircraft_by_type": "ER4=N1AA, CR7=N2AA"}

    def fill(self, partner: RunningPartner) -> None:
        partner.act("clear", {})
        for number, way, kind in (
            ("XY401", ("EWR", "BOS"), "ER4"),
            ("XY402", ("BOS", "EWR"), "ER4"),
            ("XY501", ("TEB", "DCA"), "CR7"),
        ):
            flight: dict[str, Any] = {"number": number, "from": way[0], "to": way[1], "std": "14:00", "sta": "15:20"}
            partner.act(
                "add-flight", flight | {"days": "1234567", "type": kind, "first": "2027/03/01", "last": "2027/12/31"}
            )
