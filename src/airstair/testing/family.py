"""The contract of a family: one folder, many add-ons that share their code and differ by a row of a table.

    class TestFamily(FamilyContract):
        addons = ADDONS
        enumerations = ("status",)

Every member is held to what the description must say, and goes the whole way once: card, configuration, first delivery.
What its code does in trouble is the same for all: the folder's `AddonContract`, of one member, tests that.
"""

from __future__ import annotations

from typing import ClassVar

import pytest

from airstair.hub.contract import Addon
from airstair.testing.description import DescriptionContract
from airstair.testing.stage import Stage


class FamilyContract(DescriptionContract):
    """What holds for each member of a family."""

    addons: ClassVar[tuple[Addon, ...]]

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "any_flow" in metafunc.fixturenames:
            pairs = [(one, flow) for one in self.addons for flow in one.flows]
            names = [f"{one.key}-{flow.key}" for one, flow in pairs]
            metafunc.parametrize(("member", "any_flow"), pairs, indirect=["member"], ids=names)
        else:
            metafunc.parametrize("member", self.addons, indirect=True, ids=[one.key for one in self.addons])

    @pytest.fixture(autouse=True)
    def member(self, request: pytest.FixtureRequest) -> None:
        """The member that this test is about, in the place where the tests of one add-on look for it."""
        vars(self)["addon"] = request.param

    async def test_each_member_goes_the_whole_way(self, stage: Stage) -> None:
        await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        assert not self.addon.mirrors or self.registrations[0] in str(stage.partner.state())
        pages = await stage.do(lambda: dict(self.calls_and_pages(stage)))
        assert self.addon.name in pages["page /addons"], "it has a card"
        assert self.addon.purpose in pages["page /addons"]
        assert "@" not in self.addon.about.replace("@airstair", ""), "about.md: a word that the member does not say"
