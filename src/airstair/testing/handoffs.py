"""The part of the contract about handing people over: off, they are told whom to ask; on, no secret is on a page."""

from __future__ import annotations

from typing import Any

import pytest

from airstair.hub.calls import call, calls
from airstair.hub.doors.handing import NotIntegrated, hand_over
from airstair.hub.setting import secret_names
from airstair.hub.visits import Contact, Handoff, HandoffPlace
from airstair.testing.common import Common
from airstair.testing.stage import Stage

_SOMEBODY = Contact(name="Ann Admin", email="ann@test.example")


class HandoffContract(Common):
    """What holds for links to the partner's pages."""

    async def handed_over(self, house: Stage, handoff: Handoff, flight: Any) -> str:
        about = None if handoff.place is HandoffPlace.MENU else flight.id
        return await house.do(hand_over, house.actor, self.addon.key, handoff.key, about, _SOMEBODY, clock=house.clock)

    async def test_off_a_link_says_whom_to_ask(self, house: Stage, handoff: Handoff) -> None:
        (flight, _) = (await self.scene(house)).flights
        with pytest.raises(NotIntegrated, match="administrator"):
            await self.handed_over(house, handoff, flight)

    async def test_on_it_leads_to_the_partner_and_leaves_no_secret_behind(self, house: Stage, handoff: Handoff) -> None:
        (flight, _) = (await self.scene(house)).flights
        await self.connected(house)
        address = await self.handed_over(house, handoff, flight)
        assert address == await self.handed_over(house, handoff, flight), "the same flight, the same address"
        assert address.startswith(house.sandbox.url), "for_sandbox: the address leads to the imitation"
        line = (await house.do(calls, house.operator.id, inward=True))[0]
        detail = await house.do(call, house.operator.id, line.id)
        assert (detail.direction, line.flow) == ("handoff", handoff.key)
        assert self.addon.for_sandbox is not None
        given = self.addon.for_sandbox(house.sandbox.url)
        secrets = [str(given[name]) for name in secret_names(self.addon.settings) if given.get(name)]
        places = dict(await house.do(lambda: list(self.calls_and_pages(house))))
        places["the address itself"] = address
        assert [place for place, text in places.items() if any(secret in text for secret in secrets)] == []
