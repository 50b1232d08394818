"""What holds for every add-on, for Centrik."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from airstair.addons.centrik.addon import ADDON
from airstair.records.people.commands import CrewMemberInput, add_crew_member
from airstair.sandbox.running import RunningPartner
from airstair.testing.contract import AddonContract, Scene
from airstair.testing.stage import Stage


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ()
    values: ClassVar[Mapping[str, Any]] = {"endorsements": True, "shared_login": True}

    def fill(self, partner: RunningPartner) -> None:
        partner.act("remove-user", {"id": "U3"})
        partner.act("remove-endorsement", {"id": "H6"})
        partner.act(
            "put-endorsement",
            {"userId": "U1", "qualificationId": "Q3", "dateOfIssue": "2027-01-01", "expiryDate": "2028-12-31"},
        )

    async def scene(self, stage: Stage) -> Scene:
        """With the crew members that the imitation knows."""
        for code, first, last in (("ABE", "Ada", "Berg"), ("KIM", "Kim", "Lund")):
            email = f"{first}.{last}@airstair.example".lower()
            wanted = CrewMemberInput(code=code, first_name=first, last_name=last, email=email)
            await stage.do(add_crew_member, stage.actor, wanted)
        return await super().scene(stage)
