"""The marketplace: mapping table, availability, empty legs, freshness."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.addons.avinode.sandbox.airports import flight_minutes, passes_near, resolve
from airstair.addons.avinode.sandbox.availability import Reading
from airstair.addons.avinode.sandbox.model import EQUIVALENTS, Activity, MappingRow
from airstair.sandbox.partner import Refusal

NOW = datetime(2027, 5, 11, 9, 0, tzinfo=UTC)


def read(partner: Any, tail: str = "N1") -> list[tuple[str, str | None, str | None]]:
    """The interpreted availability: (state, from airport, start as HH:MM of the day)."""
    intervals = partner.ask("availability", {"tail": tail})["intervals"]
    return [(i["state"], i["start_airport"], i["start"] and i["start"][11:16]) for i in intervals]


class TestMapping:
    @pytest.mark.req("AVI-41")
    async def test_new_types_appear_as_occupied_and_black(self, client: Any, avinode: Any, activity: Any) -> None:
        avinode.act("set-mapping", {"type": "PAX", "equivalent": "Flight Occupied", "colour": "#1F6FEB"})
        reply = await client.put(
            "N1", activity("1", "PAX", "KTEB", "KBOS", 1, 2), activity("2", "Odd ", "KBOS", "KTEB", 3, 4)
        )
        assert reply.json["meta"] == {"errors": [], "warnings": [], "infos": []}
        companies = avinode.state()["companies"]
        assert companies["demo"]["mapping"] == {
            "PAX": {"equivalent": "Flight Occupied", "colour": "#1f6feb"},
            "Odd ": {"equivalent": "Occupied", "colour": "#000000"},
        }
        assert companies["other"]["mapping"] == {}

    @pytest.mark.req("AVI-41")
    async def test_a_changed_mapping_changes_availability_without_a_call(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        await client.put("N1", activity("1", "ODD", "KTEB", "KBOS", 1, 2))
        assert read(avinode)[1] == ("occupied", "KTEB", "10:00")
        for equivalent, state in (("Ferry Availability", "available"), ("Flight Occupied", "occupied")):
            avinode.act("set-mapping", {"type": "ODD", "equivalent": equivalent})
            assert read(avinode)[1] == (state, "KTEB", "10:00")
        avinode.act("set-mapping", {"type": "ODD", "equivalent": "Option Availability"})
        assert read(avinode) == [("available", "KTEB", None), ("ignored", "KTEB", "10:00")]
        assert len(avinode.calls()) == 1

    @pytest.mark.parametrize(
        ("wish", "field"),
        [
            ({"type": "", "equivalent": "Occupied"}, "type"),
            ({"type": "x" * 21}, "type"),
            ({"type": "A", "equivalent": "Busy"}, "equivalent"),
            ({"type": "A", "colour": "red"}, "colour"),
            ({"type": "A", "company": "nobody"}, "company"),
        ],
    )
    async def test_wrong_mappings_are_refused(self, avinode: Any, wish: dict[str, str], field: str) -> None:
        with pytest.raises(Refusal, match=f"'{field}'"):
            avinode.act("set-mapping", wish)


@pytest.mark.usefixtures("mapped")
class TestAvailability:
    @pytest.mark.req("AVI-42")
    async def test_gaps_are_on_ground_where_the_earlier_activity_ended(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        await client.put(
            "N1",
            activity("2", "MX", "KMIA", "KMIA", 5, 6),
            activity("1", "PAX", "KTEB", "KBOS", 1, 2),
            activity("3", "PAX", "KMIA", "KTEB", 6, 8),
        )
        assert read(avinode) == [
            ("available", "KTEB", None),
            ("occupied", "KTEB", "10:00"),
            ("available", "KBOS", "11:00"),
            ("occupied", "KMIA", "14:00"),
            ("occupied", "KMIA", "15:00"),
            ("available", "KTEB", "17:00"),
        ]

    @pytest.mark.req("AVI-42")
    async def test_an_option_changes_neither_position_nor_availability(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        flight = activity("1", "PAX", "KTEB", "KBOS", 1, 2)
        await client.put("N1", flight)
        without = read(avinode)
        await client.put("N1", flight, activity("2", "OPTION", "KBOS", "KMIA", 3, 6))
        assert read(avinode)[:-1] == without
        assert read(avinode)[-1] == ("ignored", "KBOS", "12:00")

    @pytest.mark.req("AVI-42")
    async def test_a_ferry_leaves_time_for_the_following_passenger_leg(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        ferry, leg = activity("1", "FERRY", "KTEB", "KMIA", 1, 4), activity("2", "PAX", "KMIA", "KBOS", 5, 8)
        await client.put("N1", ferry, leg)
        interval = avinode.ask("availability", {"tail": "N1"})["intervals"][1]
        assert (interval["state"], interval["why"]) == ("available", "FERRY is mapped to Ferry Availability.")
        ahead = interval["next_commitment"]
        assert (ahead["airport"], ahead["by"], ahead["activity_id"]) == ("KMIA", "2027-05-11T14:00:00Z", "2")
        assert "2027-05-11T10:30" < ahead["latest_departure"] < "2027-05-11T11:30"

        def can(start: str, end: str, at: str) -> tuple[bool, str]:
            answer = avinode.ask("can-fly", {"tail": "N1", "from": start, "to": end, "at": at})
            return answer["possible"], answer["why"]

        assert can("KTEB", "KMIA", "2027-05-11T10:15Z")[0], "instead of the ferry, in time for the leg"
        assert not can("KTEB", "KORD", "2027-05-11T10:15Z")[0], "too far away to be back for the leg"
        assert "in time for PAX" in can("KTEB", "KORD", "2027-05-11T10:15Z")[1]
        assert "Occupied by PAX" in can("KMIA", "KBOS", "2027-05-11T14:30Z")[1]
        assert can("KBOS", "KTEB", "2027-05-11T18:00Z")[0]
        await client.put("N1", ferry)
        assert can("KTEB", "KSEA", "2027-05-11T10:15Z")[0], "no leg follows any more"

    @pytest.mark.req("AVI-42")
    async def test_a_ferry_too_late_for_its_leg_says_so(self, client: Any, avinode: Any, activity: Any) -> None:
        await client.put("N1", activity("1", "FERRY", "KTEB", "KMIA", 1, 2), activity("2", "PAX", "KMIA", "KBOS", 2, 5))
        interval = avinode.ask("availability", {"tail": "N1"})["intervals"][1]
        assert interval["next_commitment"]["reachable"] is False
        assert "Too late for the following leg from KMIA" in interval["why"]

    async def test_ground_availability_is_priced_from_where_it_is(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        await client.put("N1", activity("1", "GROUND", "KMIA", "KMIA", 1, 4))
        assert read(avinode)[1:] == [("available", "KMIA", "10:00"), ("available", "KMIA", "13:00")]

    async def test_in_overlaps_the_occupied_activity_wins(self, client: Any, avinode: Any, activity: Any) -> None:
        await client.put("N1", activity("1", "FERRY", "KTEB", "KBOS", 1, 3), activity("2", "MX", "KTEB", "KTEB", 2, 4))
        states = [(state, start) for state, _, start in read(avinode)]
        assert states[1:4] == [("available", "10:00"), ("occupied", "11:00"), ("occupied", "12:00")]

    async def test_an_aircraft_without_activities_is_at_home(self, client: Any, avinode: Any) -> None:
        assert read(avinode, "SBX-7001") == [("available", "KTEB", None)]

    @pytest.mark.parametrize(
        ("name", "wish"),
        [
            ("nonsense", {"tail": "SBX-7001"}),
            ("availability", {"tail": "N404"}),
            ("can-fly", {"tail": "SBX-7001", "from": "QQQQ", "to": "KTEB", "at": "2027-05-11T10:00Z"}),
            ("can-fly", {"tail": "SBX-7001", "from": "KBOS", "to": "KTEB", "at": "noon"}),
        ],
    )
    async def test_wrong_questions(self, avinode: Any, name: str, wish: dict[str, str]) -> None:
        with pytest.raises(Refusal):
            avinode.ask(name, wish)


AIRPORTS = ("KTEB", "KBOS", "KMIA")
made_activities = st.lists(
    st.tuples(
        st.sampled_from(EQUIVALENTS),
        st.integers(0, 50),
        st.integers(0, 9),
        st.sampled_from(AIRPORTS),
        st.sampled_from(AIRPORTS),
    ),
    max_size=9,
)


@pytest.mark.req("AVI-42")
@given(made_activities)
def test_every_schedule_reads_as_unbroken_time(drawn: list[tuple[str, int, int, str, str]]) -> None:
    activities = [
        Activity(
            str(n), kind, NOW + timedelta(hours=begin), NOW + timedelta(hours=begin + long), start, end, start, end
        )
        for n, (kind, begin, long, start, end) in enumerate(drawn)
    ]
    reading = Reading(activities, {kind: MappingRow(kind) for kind in EQUIVALENTS}, "KTEB")
    counted = [interval for interval in reading.intervals() if interval.state != "ignored"]
    assert counted[0].start is None and counted[-1].end is None
    assert all(one.end == other.start for one, other in itertools.pairwise(counted))
    for interval in counted:
        inside = (interval.start or NOW - timedelta(days=1)) + timedelta(minutes=1)
        blocked = any(
            a.activity_type in ("Occupied", "Flight Occupied") and a.start <= inside < a.end for a in activities
        )
        assert (interval.state == "occupied") == blocked


@pytest.mark.usefixtures("mapped")
class TestEmptyLegs:
    def shown(self, partner: Any) -> list[str]:
        return [leg["activityId"] for leg in partner.state()["emptyLegs"]]

    def withheld(self, partner: Any) -> dict[str, str]:
        return {leg["activityId"]: leg["reason"] for leg in partner.state()["withheldEmptyLegs"]}

    def leg(self, activity: Any, name: str, start: str, end: str, window: tuple[float, float], **more: Any) -> Any:
        written = [(NOW + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%MZ") for hours in window]
        dates = {"marketingStartDateTime": written[0], "marketingEndDateTime": written[1]}
        return activity(name, "EMPTY", start, end, window[1] - 1, window[1], **dates, **more)

    @pytest.mark.req("AVI-44")
    @pytest.mark.parametrize(("hours", "on_offer"), [(120, True), (120.1, False)])
    async def test_a_window_of_more_than_five_days_is_not_shown(
        self, client: Any, avinode: Any, activity: Any, hours: float, on_offer: bool
    ) -> None:
        assert (await client.put("N1", self.leg(activity, "e", "KTEB", "KBOS", (1, 1 + hours)))).errors == []
        assert (self.shown(avinode) == ["e"]) is on_offer
        assert ("five days" in self.withheld(avinode).get("e", "")) is not on_offer

    @pytest.mark.req("AVI-44")
    async def test_of_two_overlapping_ones_of_an_aircraft_only_one_is_shown(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        a, b = self.leg(activity, "a", "KTEB", "KBOS", (1, 20)), self.leg(activity, "b", "KBOS", "KMIA", (19, 40))
        touching = self.leg(activity, "c", "KMIA", "KTEB", (40, 50))
        await client.put("N1", b, a, touching)
        await client.put("N2", self.leg(activity, "d", "KTEB", "KBOS", (1, 20)))
        assert self.shown(avinode) == ["a", "d", "c"]
        assert self.withheld(avinode) == {"b": "Its window overlaps that of a."}
        await client.put("N1", {**b, "marketingVerified": True}, a, touching)
        assert sorted(self.shown(avinode)) == ["b", "c", "d"]

    @pytest.mark.req("AVI-44")
    async def test_verified_ones_rank_first(self, client: Any, avinode: Any, activity: Any) -> None:
        await client.put("N1", self.leg(activity, "early", "KTEB", "KBOS", (1, 5)))
        await client.put("N2", self.leg(activity, "late", "KTEB", "KBOS", (20, 25), marketingVerified=True))
        await client.put("N3", self.leg(activity, "later", "KTEB", "KBOS", (30, 35), marketingVerified=True))
        assert self.shown(avinode) == ["late", "later", "early"]
        found = (
            await client.call("POST", "/emptylegs/search", {"date": "2027-05-12", "numberOfDaysFlexibility": "1"})
        ).json
        assert [leg["sellerVerified"] for leg in found["data"]] == [True, True, False]

    async def test_consecutive_windows_of_one_route_do_not_get_round_the_limit(
        self, client: Any, avinode: Any, activity: Any
    ) -> None:
        await client.put(
            "N1",
            self.leg(activity, "1", "KTEB", "KBOS", (1, 101)),
            self.leg(activity, "2", "KTEB", "KBOS", (101, 200)),
            self.leg(activity, "3", "KTEB", "KMIA", (201, 300)),
            self.leg(activity, "4", "KTEB", "KBOS", (300, 310)),
        )
        assert self.shown(avinode) == ["1", "3", "4"]
        assert "same route" in self.withheld(avinode)["2"]

    async def test_only_what_is_mapped_so_is_offered_and_only_until_it_is_over(
        self, client: Any, avinode: Any, activity: Any, clock: Any
    ) -> None:
        await client.put("N1", activity("p", "PAX", "KTEB", "KBOS", 1, 2), activity("e", "EMPTY", "KBOS", "KTEB", 3, 4))
        assert self.shown(avinode) == ["e"]
        avinode.act("set-mapping", {"type": "PAX", "equivalent": "Empty Leg Availability"})
        assert self.shown(avinode) == ["p", "e"]
        avinode.act("set-aircraft", {"tail": "N1", "status": "Inactive"})
        assert self.shown(avinode) == []
        avinode.act("set-aircraft", {"tail": "N1", "status": "Fully Active"})
        clock.advance(timedelta(hours=5))
        assert self.withheld(avinode) == {"p": "It is over.", "e": "It is over."}

    @pytest.mark.parametrize(
        ("wanted", "found"),
        [
            ({"date": "2027-05-12"}, True),
            ({"date": "2027-05-13"}, False),
            ({"date": "2027-05-13", "numberOfDaysFlexibility": "1"}, True),
            ({"date": "2027-05-12", "startAirport": {"icao": "KTEB"}, "endAirport": {"iata": "MIA"}}, True),
            ({"date": "2027-05-12", "startAirport": {"icao": "KRIC"}}, True),
            ({"date": "2027-05-12", "startAirport": {"icao": "KSEA"}}, False),
            ({"date": "2027-05-12", "endAirport": {"icao": "EGLF"}, "passengers": "4"}, False),
        ],
    )
    async def test_searching(self, client: Any, activity: Any, wanted: dict[str, Any], found: bool) -> None:
        more = {"price": 7400, "currency": "USD", "marketingMessage": "One way"}
        await client.put("N1", self.leg(activity, "e", "KTEB", "KMIA", (20, 26), **more))
        reply = await client.call("POST", "/emptylegs/search", wanted)
        assert reply.status == 200 and bool(reply.json["data"]) is found
        if found:
            leg = reply.json["data"][0]
            assert (leg["type"], leg["lift"], leg["sellerMessage"]) == ("emptylegs", {"aircraftTail": "N1"}, "One way")
            again = await client.call("GET", f"/emptylegs/{leg['id']}")
            assert again.json["data"] == leg
            assert leg["href"].startswith(client.partner.url)

    @pytest.mark.parametrize(
        "wanted",
        [
            {},
            {"date": "soon"},
            {"date": "2027-05-12", "startAirport": "QQQQ"},
            {"date": "2027-05-12", "numberOfDaysFlexibility": "-1"},
            b"{",
        ],
    )
    async def test_wrong_searches(self, client: Any, wanted: Any) -> None:
        assert (await client.call("POST", "/emptylegs/search", wanted)).status == 400


@pytest.mark.req("AVI-45")
async def test_it_shows_how_fresh_each_schedule_is(client: Any, avinode: Any, activity: Any, clock: Any) -> None:
    flight = activity("1", "PAX", "KTEB", "KBOS", -5, -4)
    await client.put("N1", flight)
    seen = []
    for minutes in (0, 31, 24 * 60):
        clock.advance(timedelta(minutes=minutes))
        held = client.held("N1")
        seen.append((held["ageSeconds"], held["freshness"]))
    assert seen == [(0.0, "fresh"), (31 * 60.0, "ageing"), (31 * 60.0 + 86400, "stale")]
    assert client.held("SBX-7001")["freshness"] == "never sent"
    assert (await client.put("N1", activity("1", "", "KTEB", "KBOS", -5, -4))).status == 400
    assert client.held("N1")["freshness"] == "stale", "a refused upload does not freshen"
    await client.put("N1", flight)
    assert client.held("N1")["freshness"] == "fresh"


async def test_switching_to_integrated_clears_the_schedule(client: Any, avinode: Any, activity: Any) -> None:
    await client.put("SBX-7001", activity("1", "PAX", "KTEB", "KBOS", -5, -4))
    avinode.act("set-aircraft", {"tail": "SBX-7001", "update_type": "Manual"})
    assert len(client.held("SBX-7001")["activities"]) == 1
    avinode.act("set-aircraft", {"tail": "SBX-7001", "update_type": "Integrated"})
    assert client.held("SBX-7001")["activities"] == []


@pytest.mark.parametrize(
    "wish",
    [
        {},
        {"tail": "-"},
        {"tail": "N1", "status": "x"},
        {"tail": "N1", "update_type": "x"},
        {"tail": "N1", "home_base": "QQQQ"},
    ],
)
async def test_wrong_aircraft_settings(avinode: Any, wish: dict[str, str]) -> None:
    with pytest.raises(Refusal):
        avinode.act("set-aircraft", wish)
    assert "N1" not in avinode.state()["aircraft"]


async def test_reading_schedules(client: Any, activity: Any) -> None:
    await client.put("N1", activity("1", "PAX", "KTEB", "KBOS", -5, -4), activity("2", "PAX", "KBOS", "KTEB", 5, 6))
    whole = (await client.call("GET", "/schedules")).json["data"]
    assert "SBX-8001" not in {schedule["lift"]["aircraftTail"] for schedule in whole}
    window = "/schedules/search?tail=N1&startts=2027-05-11T09:00Z&endts=2027-05-11T23:00:00%2B00:00"
    found = (await client.call("GET", window)).json["data"]
    assert [held["activityId"] for held in found[0]["activities"]] == ["2"]
    assert found[0]["interpretation"][1]["state"] == "occupied"
    assert (await client.call("GET", "/schedules/search")).codes == ["ERR_INPUT_MISSING"]
    assert (await client.call("GET", "/schedules?startts=x")).codes == ["ERR_INPUT_GENERIC_INVALID"]


async def test_searching_airports(client: Any) -> None:
    first = (await client.call("GET", "/airports/search?filter=teterboro&page[size]=1")).json
    assert first["data"][0]["icao"] == "KTEB"
    assert first["meta"]["pagination"]["pageNumber"] == 0
    exact = (await client.call("GET", "/airports/search?filter=WAW&filterMatchType=starts_with")).json
    assert exact["data"][0]["icao"] == "EPWA"
    assert (await client.call("GET", "/airports/KTEB")).json["data"]["faa"] == "TEB"
    assert (await client.call("GET", "/airports/QQQQ")).status == 404
    for wrong in ("", "?filter=a&page[number]=-1", "?filter=a&filterMatchType=x", "?filter=a&page[size]=0"):
        assert (await client.call("GET", f"/airports/search{wrong}")).status == 400


def test_airport_arithmetic() -> None:
    assert resolve({"faa": "teb"}) == ("KTEB", "TEB")
    assert resolve({"icao": "TEB"}) == (None, "TEB"), "an IATA code called an ICAO code is invalid"
    assert resolve(7) == (None, "") == resolve(None) == resolve({}) == resolve({"icao": 5})
    minutes = flight_minutes("KTEB", "KMIA")
    assert minutes is not None and 120 < minutes < 220
    assert flight_minutes("KTEB", "KTEB") == 0 and flight_minutes("KTEB", None) is None
    assert passes_near("KTEB", "KMIA", "KRIC", 100) and not passes_near("KTEB", "KMIA", "KORD", 100)
    assert not passes_near("KTEB", "KBOS", "KMIA", 100), "behind the start is not on the way"
