"""OPS: table and timeline show what flies, what does not fit, and nothing that is not the person's to see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests.web.conftest import MONDAY

from airstair.records.flights import commands
from airstair.records.flights.rules import Book, Status
from airstair.records.operators.rules import Role

WEEK = "from=2027-03-01&days=7"


def names_of_bars(client: Client, query: str = WEEK) -> list[str]:
    """What a screen reader, the hint and the mouse say of each bar."""
    page = client.get(f"/ops/?{query}").content.decode()
    return re.findall(r'<a class="bar [a-z]+"[^>]*aria-label="([^"]*)"', page)


@pytest.mark.req("OPS-17")
def test_the_timeline_shows_each_kind_in_its_own_shape(house, sign_in) -> None:
    at = MONDAY
    plane = house.aircraft[0].id
    for number, status in (("OPT1", "OPTION"), ("OPP1", "OPPORTUNITY"), ("CNF1", "CONFIRMED"), ("CNL1", "CANCELLED")):
        house.flight(number=number, status=status, std=at)
        at += timedelta(hours=4)
    house.flight(number="FER1", ferry=True, std=at)
    empty = house.flight(number="EMP1", std=at + timedelta(hours=4))
    commands.mark_empty_leg(house.admin, empty.id, commands.EmptyLegInput())
    at += timedelta(hours=8)
    for kind in ("RESERVATION", "MAINTENANCE", "AOG"):
        event = commands.EventInput(
            aircraft_id=plane, kind=kind, airport="KEWR", start=at, end=at + timedelta(hours=6), title=f"{kind} title"
        )
        commands.add_event(house.admin, event)
        at += timedelta(hours=8)
    page = sign_in().get(f"/ops/?{WEEK}").content.decode()
    bars = re.findall(r'<a class="bar ([a-z]+)".*?</a>', page)
    assert sorted(bars) == sorted(["opt", "opp", "flt", "cnl", "fer", "el", "res", "mx", "aog"])
    said = " ".join(names_of_bars(sign_in(Role.READ_ONLY)))
    for word in ("Option", "Opportunity", "Cancelled", "Ferry", "Empty leg", "Reservation", "Maintenance", "ground"):
        assert word in said, "a shape alone tells nothing to who cannot see it"


@pytest.mark.req("OPS-17")
def test_the_table_lists_the_days_and_the_filters_narrow_it(house, sign_in) -> None:
    house.trip(house.leg(number="MON1"), client="Harbour Ltd")
    house.flight(number="WED1", std=MONDAY + timedelta(days=2, hours=9), adep="KJAX", ades="KTEB", status="OPTION")
    house.flight(number="SUN9", std=MONDAY + timedelta(days=13))
    house.flight(number="TUE2", std=MONDAY + timedelta(days=1), aircraft_id=house.aircraft[1].id)
    client = sign_in()

    def numbers(more: str = "") -> set[str]:
        page = client.get(f"/ops/?view=table&{WEEK}{more}").content.decode()
        return set(re.findall(r">([A-Z]{3}\d)</a></td>", page))

    assert numbers() == {"MON1", "WED1", "TUE2"}
    assert numbers("&status=OPTION") == {"WED1"}
    assert numbers(f"&aircraft={house.aircraft[1].id}") == {"TUE2"}
    assert numbers("&airport=TEB") == {"WED1"}, "an IATA code finds what is stored as ICAO"
    assert numbers("&q=harbour") == {"MON1"}
    assert numbers("&q=no-such-thing") == set()
    page = client.get(f"/ops/?view=table&{WEEK}").content.decode()
    assert page.index("Mon 1 Mar") < page.index("Tue 2 Mar") < page.index("Wed 3 Mar")


@pytest.mark.req("OPS-16")
@pytest.mark.parametrize("view", ["timeline", "table"])
def test_overlaps_and_breaks_are_marked_not_refused(house, sign_in, view: str) -> None:
    house.flight(number="ONE")
    house.flight(number="TWO", std=MONDAY + timedelta(hours=8), adep="KJAX", ades="KTEB")
    house.flight(number="THREE", std=MONDAY + timedelta(hours=14), adep="KBOS", ades="KEWR")
    page = sign_in().get(f"/ops/?view={view}&{WEEK}").content.decode()
    assert "before the one before it ends" in page
    assert "Starts at KBOS, but the aircraft is left at KTEB." in page
    if view == "timeline":
        marked = {key: 'class="w' in bar for key, bar in _bars(page).items()}
        assert marked == {"ONE": False, "TWO": True, "THREE": True}
        assert "1 overlap, 1 break" in page


def _bars(page: str) -> dict[str, str]:
    found = re.findall(r'(<a class="bar.*?</a>)', page)
    return {re.search(r'aria-label="[^ ]+ · (\w+) ', bar)[1]: bar for bar in found}  # type: ignore[index]


@pytest.mark.req("OPS-17")
def test_an_owner_sees_no_one_elses_aircraft(house, sign_in) -> None:
    house.flight(number="MINE1")
    hidden = house.flight(number="THEIRS", aircraft_id=house.aircraft[1].id)
    owner = sign_in(Role.AIRCRAFT_OWNER)
    for view in ("timeline", "table"):
        page = owner.get(f"/ops/?view={view}&{WEEK}").content.decode()
        assert "MINE1" in page
        assert "THEIRS" not in page
        assert "N16561" not in page
    assert owner.get(f"/ops/flights/{hidden.id}").status_code == 404
    assert "THEIRS" not in owner.get(f"/ops/rows?{WEEK}&ids={house.aircraft[1].id}").content.decode()


def test_lanes_are_drawn_anew_by_themselves(house, sign_in) -> None:
    house.flight(number="ONE1")
    house.flight(number="TWO1", aircraft_id=house.aircraft[1].id)
    page = sign_in().get(f"/ops/rows?{WEEK}&ids={house.aircraft[0].id},x,-1,99999999999999999999").content.decode()
    assert "ONE1" in page
    assert "TWO1" not in page
    assert page.count('class="tl-row"') == 1


@pytest.mark.req("HUB-30")
def test_actual_times_say_who_said_them_on_the_board(house, sign_in) -> None:
    flight = house.flight()
    late = flight.std + timedelta(minutes=7)
    times = commands.TimesInput(off_block=late)
    commands.set_times(house.admin, flight.id, Book.FLIGHT_WATCH, times)
    client = sign_in()
    (bar,) = names_of_bars(client)
    assert "Off block 06:07Z (flight watch: Ada Admin)" in bar
    table = client.get(f"/ops/?view=table&{WEEK}").content.decode()
    assert re.search(r'title="off block 1 Mar 2027 06:07Z, flight watch: Ada Admin">06:07Z<abbr class="src">W<', table)


@pytest.mark.req("OPS-17")
@pytest.mark.parametrize("view", ["timeline", "table"])
def test_the_number_of_statements_does_not_grow_with_the_flights(house, sign_in, view: str) -> None:
    client = sign_in()

    def statements() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/ops/?view={view}&{WEEK}").status_code == 200
        return len(asked)

    house.flight()
    few = statements()
    legs = [house.leg(std=MONDAY + timedelta(hours=4 * n), aircraft_id=house.aircraft[n % 2].id) for n in range(40)]
    house.trip(*legs)
    for n in range(5):
        house.add_aircraft(f"N2000{n}")
    assert statements() == few
    assert few <= 19  # two ask for open notices; one each for the actions menu and the partners in the main menu


def test_a_filter_by_status_leaves_no_empty_lanes(house, sign_in) -> None:
    house.flight(number="OPT1", status=Status.OPTION)
    page = sign_in().get(f"/ops/?{WEEK}&status=OPTION").content.decode()
    assert page.count('class="tl-row"') == 1
