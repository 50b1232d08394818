"""What only the whole way shows: edits, ticks and switches here, what brokers see there."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from airstair.addons.marketplaces.addon import ADDONS
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.commands import (
    EmptyLegInput,
    FlightEdit,
    cancel_flight,
    change_flight,
    delete_flight,
    mark_empty_leg,
)
from airstair.testing.common import Common
from airstair.testing.stage import Stage

_BY_KEY = {one.key: one for one in ADDONS}
NOBODY = "http://127.0.0.1:1/api"  # nothing listens at the first port


def shown(stage: Stage, key: str = "victor") -> dict[str, list[str]]:
    """What brokers see: registration → kinds of record."""
    feeds = stage.sandbox.partner(key).state()["held"]["feeds"].values()
    return {one["aircraft"]["registration"]: [record["kind"] for record in one["records"]] for one in feeds}


class TestThroughTheHub(Common):
    """One marketplace."""

    addon = _BY_KEY["victor"]
    values = {"service": "full schedule"}

    @pytest.mark.req("MKT-03")
    async def test_sending_starts_at_once(self, stage: Stage) -> None:
        await self.scene(stage)
        await stage.start()
        await self.connected(stage)
        await stage.settle()
        assert shown(stage) == {"N1AA": ["FLIGHT"], "N2AA": ["FLIGHT"]}

    async def test_what_is_cancelled_or_deleted_vanishes(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        await stage.start()
        await self.connected(stage)
        await stage.settle()
        await stage.do(cancel_flight, stage.actor, scene.flights[0].id)
        await stage.do(delete_flight, stage.actor, scene.flights[1].id)
        await stage.settle()
        assert shown(stage) == {"N1AA": [], "N2AA": []}

    async def test_an_empty_leg_is_shown_as_soon_as_it_is_offered(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        await self.configure(stage, aircraft=scene.aircraft[:1], on=True, values={"service": "empty legs"})
        await stage.start()
        assert shown(stage) == {"N1AA": []}
        await stage.do(
            mark_empty_leg, stage.actor, scene.flights[0].id, EmptyLegInput(price=Decimal(9500), currency="EUR")
        )
        await stage.settle()
        assert shown(stage) == {"N1AA": ["EMPTY_LEG"]}

    async def test_an_aircraft_that_is_not_ticked_any_more_is_taken_away(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        await stage.start()
        await self.connected(stage)
        await stage.settle()
        await self.configure(stage, aircraft=scene.aircraft[:1])
        await stage.settle()
        assert list(shown(stage)) == ["N1AA"]
        await stage.do(change_flight, stage.actor, scene.flights[1].id, FlightEdit(ades="KJFK"))
        await stage.settle()
        assert list(shown(stage)) == ["N1AA"]
        await self.configure(stage, aircraft=scene.aircraft)
        await stage.settle()
        assert list(shown(stage)) == ["N1AA", "N2AA"]

    async def test_what_departs_is_not_on_offer_any_more(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        await stage.do(mark_empty_leg, stage.actor, scene.flights[0].id, EmptyLegInput())
        await self.configure(stage, aircraft=scene.aircraft[:1], on=True, values={"service": "empty legs"})
        await stage.start()
        assert shown(stage) == {"N1AA": ["EMPTY_LEG"]}
        await stage.advance(hours=2, minutes=16, step=timedelta(minutes=4))
        assert shown(stage) == {"N1AA": []}, "nobody changed anything: time alone did"

    @pytest.mark.req("HUB-06")
    async def test_a_wrong_key_is_named_and_not_left_on(self, stage: Stage) -> None:
        await self.scene(stage)
        made = await self.configure(stage, values={"api_key": "wrong-0123456789"}, on=True, aircraft="all")
        assert not made.connection.on
        assert [one.field for one in made.warnings] == ["api_key"]

    @pytest.mark.req("HUB-06")
    async def test_an_address_where_nobody_answers_is_named(self, stage: Stage, settings: Any) -> None:
        settings.ALLOW_PRIVATE_ADDRESSES = True
        await self.scene(stage)
        made = await self.configure(stage, values={"base_url": NOBODY}, on=True, aircraft="all")
        assert [one.field for one in made.warnings] == ["base_url"], made.warnings

    async def test_one_that_fetches_is_not_called(self, stage: Stage) -> None:
        await self.scene(stage)
        await self.configure(stage)
        nothing = {"base_url": "", "api_key": ""}
        made = await self.configure(stage, values=nothing, on=True, aircraft="all")
        await stage.start()
        assert made.connection.on and not stage.partner.calls()

    async def test_an_aircraft_that_it_does_not_know_is_named(self, stage: Stage) -> None:
        await self.scene(stage)
        stage.partner.act("unlist", {"registration": "N2AA"})
        connection = await self.connected(stage)
        await stage.start()
        found = {title: line.outcome for title, line in (await stage.lines(connection)).items()}
        assert found == {"N1AA": OutcomeKind.ACCEPTED, "N2AA": OutcomeKind.UNMATCHED}

    async def test_each_marketplace_has_its_own_state_credentials_and_faults(self, stage: Stage) -> None:
        await self.scene(stage)
        stage.partner.faults.add("status", status=503)
        await self.connected(stage)
        other = await stage.configure("onesky", values={"environment": "sandbox"}, aircraft="all", on=True)
        await stage.start()
        assert other.connection.on
        assert shown(stage) == {}
        assert list(shown(stage, "onesky")) == ["N1AA", "N2AA"]
        keys = {stage.sandbox.partner(one.key).credentials()["api_key"] for one in ADDONS}
        assert len(keys) == len(ADDONS)


class TestGetJet(Common):
    """The one whose box is mandatory."""

    addon = _BY_KEY["getjet"]

    @pytest.mark.req("GJT-01")
    async def test_the_mandatory_box_is_refused_where_it_is_unticked(self, stage: Stage) -> None:
        with pytest.raises(Invalid) as refused:
            await self.configure(stage, on=True, aircraft="all", values={"empty_legs": False, "schedule": True})
        assert [(one.field, "mandatory" in one.sentence) for one in refused.value.problems] == [("empty_legs", True)]

    @pytest.mark.req("GJT-01")
    async def test_the_boxes_add_up(self, stage: Stage) -> None:
        scene = await self.scene(stage)
        await self.configure(stage, on=True, aircraft=scene.aircraft[:1])
        await stage.start()
        seen: list[Any] = [shown(stage, "getjet")]
        for box in ("schedule", "availability"):
            await self.configure(stage, values={box: True})
            await stage.settle()
            seen.append(shown(stage, "getjet"))
        assert [one["N1AA"] for one in seen] == [[], ["FLIGHT"], ["AVAILABILITY", "FLIGHT", "AVAILABILITY"]]
