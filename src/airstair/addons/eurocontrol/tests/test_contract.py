"""What holds for every add-on, of what the Network Manager tells."""

from __future__ import annotations

from collections.abc import Mapping

from airstair.addons.eurocontrol.addon import ADDON
from airstair.sandbox.running import RunningPartner
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ("flightState",)
    values = {"passengers": False}

    def fill(self, partner: RunningPartner) -> None:
        partner.act("clear", {})
        for registration, sign, way in (("N1AA", "TST101", ("KEWR", "KBOS")), ("N2AA", "TST202", ("KTEB", "KDCA"))):
            flight = {"registration": registration, "call_sign": sign, "adep": way[0], "ades": way[1]}
            partner.act("add-flight", flight | {"eobt": "2027-03-04T14:00Z", "eta": "2027-03-04T15:05Z", "eet": "0052"})

    def odd_answer(self, headers: Mapping[str, str], body: bytes) -> bytes:
        return body.replace(b"</flight>", b"<addedByThePartner><later>1</later></addedByThePartner></flight>")

    def odd_words(self, headers: Mapping[str, str], body: bytes) -> bytes:
        return body.replace(b">FILED<", b">OTHER:SOMETHING_NEW<")
