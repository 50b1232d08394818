"""A marketplace that fetches what has changed since a time, through the door. By the wall's clock: the database writes
changes by it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from airstair.addons.marketplaces.addon import ADDONS
from airstair.hub.connections.commands import ALL_AIRCRAFT
from airstair.kernel.utc import parse_utc
from airstair.records.fleet.commands import AircraftEdit, change_aircraft
from airstair.records.flights.commands import FlightEdit, change_flight, delete_flight
from airstair.testing.common import Common
from airstair.testing.stage import Stage
from airstair.testing.visits import HERE, Visitor, carry


class TestSince(Common):
    """One marketplace. Two aircraft with a flight each."""

    addon = next(one for one in ADDONS if one.key == "victor")
    values = {"service": "full schedule", "base_url": "", "api_key": ""}

    async def visitor(self, stage: Stage, aircraft: Any = ALL_AIRCRAFT) -> Visitor:
        """Whoever fetches, and the imitation told the way."""
        stage.partner.carried_by(carry)
        visitor = Visitor((await self.configure(stage, aircraft=aircraft, on=True)).issued)
        way = {"address": HERE + visitor.issued.path, "login": visitor.issued.login, "key": visitor.issued.key}
        await stage.partner.go("connect", way)
        return visitor

    async def pair(self, stage: Stage) -> tuple[list[int], list[Any]]:
        aircraft = await stage.aircraft("N1AA", "N2AA")
        soon = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
        numbered = zip(aircraft, ("TST1", "TST2"), strict=True)
        return aircraft, [await stage.flight(one, soon, number=number) for one, number in numbered]

    async def now(self, stage: Stage) -> str:
        ((now,),) = await stage.sql("SELECT clock_timestamp()")
        return f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

    async def fetched(self, stage: Stage, visitor: Visitor, since: str) -> Any:
        answer = await stage.do(visitor.come, "GET", f"/feed?updated_since={since}")
        assert answer.status_code == 200, answer.content
        return answer.json()

    async def come(self, stage: Stage, visitor: Visitor, since: str) -> list[str]:
        return [one["aircraft"]["registration"] for one in (await self.fetched(stage, visitor, since))["feeds"]]

    @pytest.mark.req("MKT-04")
    async def test_only_what_has_changed_comes_and_what_is_gone_goes(self, house: Stage) -> None:
        aircraft, (flight, other) = await self.pair(house)
        await self.visitor(house)

        async def told(since: str = "") -> dict[str, list[str]]:
            await house.partner.go("changes", {"since": since})
            assert house.partner.state()["answers"][-1]["status"] == 200
            feeds = house.partner.state()["held"]["feeds"]
            return {registration: [one["id"] for one in feed["records"]] for registration, feed in feeds.items()}

        both = {"N1AA": [f"f-{flight.id}"], "N2AA": [f"f-{other.id}"]}
        assert await told() == both
        await house.do(delete_flight, house.actor, flight.id)
        assert await told() == {**both, "N1AA": []}, "since the time that it was told"
        since = await self.now(house)
        await house.do(change_aircraft, house.actor, aircraft[1], AircraftEdit(registration="N3AA"))
        assert await told(since) == {"N1AA": [], "N3AA": both["N2AA"]}
        await self.configure(house, aircraft=aircraft[:1])
        assert await told() == {"N1AA": []}

    async def test_since_when_who_comes_and_until_when_it_is_complete(self, house: Stage) -> None:
        _, (flight, other) = await self.pair(house)
        visitor = await self.visitor(house)
        first = await self.now(house)
        assert await self.come(house, visitor, first) == []
        await house.do(change_flight, house.actor, flight.id, FlightEdit(ades="KJFK"))
        second = await self.now(house)
        await house.do(change_flight, house.actor, other.id, FlightEdit(ades="KJFK"))
        assert await self.come(house, visitor, second) == ["N2AA"]
        assert await self.come(house, visitor, first) == ["N1AA", "N2AA"]
        assert await self.come(house, visitor, "2020-02-29T10:00Z") == ["N1AA", "N2AA"]
        answer = await self.fetched(house, visitor, await self.now(house))
        assert (answer["feeds"], answer["aircraft"]) == ([], ["N1AA", "N2AA"])
        until = parse_utc(answer["completeUntil"])
        assert timedelta(0) < datetime.now(UTC) - until < timedelta(minutes=1)
        whole = (await house.do(visitor.come, "GET", "/feed")).json()
        assert whole["version"] == answer["version"] and "completeUntil" not in whole

    async def test_another_configuration_brings_everything(self, house: Stage) -> None:
        await self.pair(house)
        visitor = await self.visitor(house)
        since = await self.now(house)
        await self.configure(house, values={"contact_name": "Desk"})
        assert await self.come(house, visitor, since) == ["N1AA", "N2AA"]

    @pytest.mark.parametrize(
        ("path", "since", "says"),
        [
            ("/feed", "yesterday", "“yesterday” is not a time"),
            ("/feed", "", "is not a time"),
            ("/feed", "2026-11-20T10:00", "is not a time with its zone"),
            ("/feed", "2026-11-20T10:00+01:00", "is not a time"),  # a plus sign that was not escaped is a blank
            ("/feed", "2026-02-30T10:00Z", "is not a time"),
            ("/feed", "%00%ff" + "x" * 900, "is not a time"),
            ("/feed", "2999-01-01T00:00Z", "in the future"),
            ("/feed.ics", "2026-11-20T10:00Z", "always whole"),
            ("/feed.csv", "2026-11-20T10:00Z", "always whole"),
        ],
    )
    async def test_a_wrong_time_is_refused_by_its_name(self, house: Stage, path: str, since: str, says: str) -> None:
        visitor = await self.visitor(house)
        answer = await house.do(visitor.come, "GET", f"{path}?updated_since={since}")
        (problem,) = answer.json()["errors"]
        assert (answer.status_code, problem["field"]) == (422, "updated_since")
        assert says in problem["detail"] and "2026-11-20T10:00Z" in problem["detail"]
        assert "leave" in problem["detail"].lower() and len(problem["detail"]) < 250

    async def test_it_costs_two_statements_more_however_much_has_changed(self, house: Stage) -> None:
        _, flights = await self.pair(house)
        visitor = await self.visitor(house)
        since = await self.now(house)

        def statements(path: str) -> int:
            with CaptureQueriesContext(connection) as made:
                assert visitor.come("GET", path).status_code == 200
            return len(made)

        await house.do(statements, "/feed")  # the first visit of a connection is noted otherwise
        whole = await house.do(statements, "/feed")
        assert await house.do(statements, f"/feed?updated_since={since}") == whole + 2
        for flight in flights:
            await house.do(change_flight, house.actor, flight.id, FlightEdit(ades="KJFK"))
        assert await house.do(statements, f"/feed?updated_since={since}") == whole + 2
