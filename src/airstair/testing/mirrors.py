"""The part of the contract about mirrors: clocks that move, what is taken away, and what a person is asked first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airstair.hub.approvals import send_anyway
from airstair.hub.calls import calls
from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.hub.flows import Mirror
from airstair.kernel.errors import Conflict
from airstair.kernel.units import UnitKind
from airstair.records.flights.commands import FlightEdit, change_flight, delete_flight, restore_flight
from airstair.sandbox.running import RunningPartner
from airstair.testing.common import PATIENCE, Common, Scene
from airstair.testing.counting import counts, fly
from airstair.testing.stage import Stage


class MirrorsContract(Common):
    """What holds for what a partner keeps a copy of."""

    def taken_away(self, partner: RunningPartner, flight: Any) -> bool:
        """Whether the imitation holds the flight no more, or as one that will not be flown."""
        pytest.fail("Say in `taken_away` how one sees at the imitation that a flight was deleted or marked.")

    async def less(self, stage: Stage, scene: Scene) -> None:
        """Change the record so that a person has to be asked before the partner hears of it."""
        if not counts(self.addon):
            pytest.fail("Say in `less` what changes when `ask_first` has something to ask.")
        await fly(stage, scene.flights[0], 6)

    async def _more(self, stage: Stage, scene: Scene, mirror: Mirror, minutes: int) -> None:
        """Change what the mirror shows, of every unit of the scene."""
        for flight in scene.flights:
            if mirror.unit is UnitKind.COUNTERS:
                await fly(stage, flight, minutes)
            else:
                await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades=("KJFK", "KPHL")[minutes % 2]))

    async def _line(self, stage: Stage, connection: int, mirror: Mirror) -> Any:
        """The mirror's first unit: the same one each time, whatever its title is by now."""
        lines = [one for one in (await stage.lines(connection)).values() if one.flow == mirror.key]
        return min(lines, key=lambda one: one.unit)

    async def _until_all_of(self, stage: Stage, connection: int, mirror: Mirror, since: Any) -> None:
        give_up = stage.clock.now() + PATIENCE
        await stage.settle()
        while True:
            lines = [one for one in (await stage.lines(connection)).values() if one.flow == mirror.key]
            if lines and all(one.last_success is not None and one.last_success >= since for one in lines):
                return
            assert stage.clock.now() < give_up, lines
            await stage.advance(minutes=1)

    # ── Clocks ──────────────────────────────────────────────────────────────────────────────────────

    async def test_a_mirrors_clocks_move_as_they_should(self, stage: Stage, mirror: Mirror) -> None:
        scene = await self.scene(stage)
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        first = await self._line(stage, connection, mirror)  # its clocks have been set
        assert first.last_attempt == first.last_success == first.last_change
        stage.partner.faults.add("status", status=503)
        await stage.advance(minutes=1)
        await self._more(stage, scene, mirror, 42)
        await stage.advance(minutes=65, step=timedelta(minutes=5))
        failed = await self._line(stage, connection, mirror)
        assert failed.last_attempt > first.last_attempt, "an attempt is one, however it ends"
        assert (failed.last_success, failed.last_change) == (first.last_success, first.last_change)
        stage.partner.faults.clear()
        mended = stage.clock.now()
        await self._more(stage, scene, mirror, 51)
        await self._until_all_of(stage, connection, mirror, mended)
        last = await self._line(stage, connection, mirror)
        assert last.last_change is not None and last.last_change >= mended
        assert last.last_change <= last.last_success <= last.last_attempt <= stage.clock.now()

    # ── Taken away ──────────────────────────────────────────────────────────────────────────────────

    async def test_what_the_partner_should_not_hold_is_taken_away(self, stage: Stage, removing: Mirror) -> None:
        scene = await self.scene(stage)
        one, two = scene.flights
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        await stage.do(delete_flight, stage.actor, one.id)
        await self._until_there(stage, [two], gone=[one])
        await stage.do(restore_flight, stage.actor, one.id)
        await self._until_there(stage, [one, two], gone=[])
        await self.configure(stage, aircraft=scene.aircraft[:1])
        await self._until_there(stage, [one], gone=[two])
        await stage.do(change_flight, stage.actor, one.id, FlightEdit(aircraft_id=scene.aircraft[1]))
        await self._until_there(stage, [], gone=[one, two])
        await self.configure(stage, aircraft=ALL_AIRCRAFT)
        await self._until_there(stage, [one, two], gone=[])

    @pytest.mark.req("HUB-07", "HUB-20")
    async def test_what_was_deleted_in_an_outage_is_taken_away_after_it(self, stage: Stage, removing: Mirror) -> None:
        scene = await self.scene(stage)
        one, two = scene.flights
        began = stage.clock.now()
        connection = await self.connected(stage)
        await stage.start()
        await self.until_done(stage, connection, began)
        stage.partner.faults.add("drop_after", count=1)
        await stage.do(delete_flight, stage.actor, one.id)
        await self._until_there(stage, [two], gone=[one])
        stage.partner.faults.clear()
        await self._until_settled(stage, connection)
        await self.configure(stage, on=False)
        await stage.do(delete_flight, stage.actor, two.id)
        await stage.advance(minutes=20, step=timedelta(minutes=5))
        assert not self.taken_away(stage.partner, two), "nothing is called while it is off"
        await self.configure(stage, on=True)
        await self._until_there(stage, [], gone=[one, two])

    async def _until_there(self, stage: Stage, there: list[Any], *, gone: list[Any]) -> None:
        """Let time pass until the partner holds these and not those."""
        give_up = stage.clock.now() + PATIENCE
        await stage.settle()
        while any(self.taken_away(stage.partner, one) for one in there) or not all(
            self.taken_away(stage.partner, one) for one in gone
        ):
            assert stage.clock.now() < give_up, stage.partner.state()
            await stage.advance(minutes=1)

    async def _until_settled(self, stage: Stage, connection: int) -> None:
        """Let time pass until nothing is in doubt any more."""
        give_up = stage.clock.now() + PATIENCE
        while any(one.outcome and not one.outcome.delivered for one in (await stage.lines(connection)).values()):
            assert stage.clock.now() < give_up, await stage.lines(connection)
            await stage.advance(minutes=1)

    # ── Asked first ─────────────────────────────────────────────────────────────────────────────────

    async def test_a_person_is_asked_first(self, stage: Stage, asking: Mirror) -> None:
        scene = await self.scene(stage)
        connection = await self.connected(stage)
        worker = await stage.start()
        await self._more(stage, scene, asking, 42)
        await self._until_all_of(stage, connection, asking, stage.clock.now())
        made = await self._calls_made(stage, asking)
        await self.less(stage, scene)
        await stage.advance(minutes=20, step=timedelta(minutes=5))
        held = await self._asking(stage, connection, asking)
        assert held.messages and held.messages[0].text, "ask_first: say in a sentence why"
        await stage.end(worker)
        await stage.start()
        await stage.advance(hours=7, step=timedelta(hours=1))  # and everything is compared meanwhile
        assert await self._calls_made(stage, asking) == made, "nothing goes out that nobody has said yes to"
        assert (await self._asking(stage, connection, asking)).question == held.question
        await self._more(stage, scene, asking, 51)
        await self._until_nobody_is_asked(stage, connection, asking)
        assert await self._calls_made(stage, asking) > made, "what no longer asks goes by itself"

    async def test_what_a_person_says_yes_to_goes_out_and_nothing_else(self, stage: Stage, asking: Mirror) -> None:
        scene = await self.scene(stage)
        connection = await self.connected(stage)
        await stage.start()
        await self._more(stage, scene, asking, 42)
        await self._until_all_of(stage, connection, asking, stage.clock.now())
        made = await self._calls_made(stage, asking)
        await self.less(stage, scene)
        await stage.advance(minutes=5)
        held = await self._asking(stage, connection, asking)
        wish = (stage.actor, connection, asking.key, held.unit)
        with pytest.raises(Conflict):
            await stage.do(send_anyway, *wish, "00" * 16, clock=stage.clock)
        await stage.advance(minutes=5)
        assert await self._calls_made(stage, asking) == made
        await stage.do(send_anyway, *wish, held.question, clock=stage.clock)
        await self._until_nobody_is_asked(stage, connection, asking)
        assert await self._calls_made(stage, asking) == made + 1
        await stage.advance(hours=7, step=timedelta(hours=1))
        assert await self._calls_made(stage, asking) == made + 1, (
            "what was accepted is what is compared with from now on"
        )

    async def _asking(self, stage: Stage, connection: int, mirror: Mirror) -> Any:
        lines = [one for one in (await stage.lines(connection)).values() if one.flow == mirror.key]
        (held,) = [one for one in lines if one.question]
        return held

    async def _until_nobody_is_asked(self, stage: Stage, connection: int, mirror: Mirror) -> None:
        give_up = stage.clock.now() + PATIENCE
        await stage.settle()
        while any(one.question for one in (await stage.lines(connection)).values()):
            assert stage.clock.now() < give_up, await stage.lines(connection)
            await stage.advance(minutes=1)

    async def _calls_made(self, stage: Stage, mirror: Mirror) -> int:
        return sum(one.flow == mirror.key for one in await stage.do(calls, stage.operator.id, limit=200))
