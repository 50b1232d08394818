"""Airports: the published list, the operator's own, and what is suggested for a wrong code."""

from __future__ import annotations

import random

import msgspec
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from airstair.changes.queries import trail
from airstair.kernel.errors import Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import commands
from airstair.records.places import queries
from airstair.records.places.commands import AirportEdit, remove_airport_override, set_airport_override
from airstair.records.places.published import published
from airstair.records.places.snapshots import AirportFacts


@pytest.mark.req("OPS-07")
def test_published_airports_are_known_by_icao_and_iata_with_their_facts(world):
    newark = queries.resolve(world.id, "KEWR", "adep")
    assert (newark.iata, newark.city, newark.country, newark.time_zone) == ("EWR", "Newark", "US", "America/New_York")
    assert newark.name == "Newark Liberty International Airport" and not newark.own
    assert abs(newark.latitude - 40.69) < 0.01 and abs(newark.longitude + 74.17) < 0.01
    for spelling in ("EWR", "ewr", " kewr "):
        assert queries.resolve(world.id, spelling, "adep") == newark
    assert len(published().by_code) > 20_000


_MISTYPED = [
    ("EGFL", "EGLF"),  # two swapped
    ("LFMNX", "LFMN"),  # one too many
    ("KTEEB", "KTEB"),  # one twice
    ("Newark", "KEWR"),  # the city
    ("Farnborogh", "EGLF"),  # the city, mistyped
    ("KPBI", "KDJT"),  # renamed: only the IATA code stayed
]


@pytest.mark.req("OPS-07")
@pytest.mark.parametrize(("typed", "meant"), _MISTYPED)
def test_an_unknown_code_is_refused_with_the_nearest(world, typed, meant):
    with pytest.raises(Invalid) as refusal:
        queries.resolve(world.id, typed, "ades")
    (problem,) = refusal.value.problems
    assert problem.field == "ades"
    assert f"“{typed}” is not the code of an airport" in problem.sentence
    assert f"{meant} (" in problem.sentence


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(random.Random(7).sample(sorted(published().by_code), 300))), st.randoms(), st.data())
def test_suggestions_are_published_few_and_one_letter_away_when_there_are_such(code, chance, draw):
    at = chance.randrange(4)
    wrong = code[:at] + draw.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ")) + code[at + 1 :]
    found = published().nearest(wrong)
    assert 1 <= len(found) <= 3
    assert all(facts is published().by_code[facts.code] for facts in found)
    assert len({facts.code for facts in found}) == len(found)


@given(st.text(max_size=60))
@settings(max_examples=100, deadline=None)
def test_no_text_whatever_breaks_the_search(text):
    published().nearest(text)
    published().starting(text)
    assert queries.Resolver([]).get(text) is None or text.strip()


@pytest.mark.req("OPS-07")
@pytest.mark.parametrize("code", ["", "  ", "????", "00AA", "\x00", "\ud800", "K" * 500, "ß", "EPWA; DROP"])
def test_what_is_no_code_at_all_is_refused_with_a_sentence(world, code):
    with pytest.raises(Invalid) as refusal:
        queries.resolve(world.id, code, "adep")
    assert len(str(refusal.value)) < 500


@pytest.mark.req("OPS-07")
def test_the_operators_word_goes_before_the_published_one_and_for_it_alone(world, other):
    corrected = set_airport_override(world.ops, AirportEdit(code="kteb", name="Teterboro (own)", iata="QQT"))
    assert corrected.own and corrected.city == "Teterboro" and corrected.time_zone == "America/New_York"
    for spelling in ("KTEB", "TEB", "QQT"):
        assert queries.resolve(world.id, spelling, "adep").name == "Teterboro (own)"
    assert queries.resolve(other.id, "TEB", "adep").name == "Teterboro Airport"
    with pytest.raises(Invalid):
        queries.resolve(other.id, "QQT", "adep")
    with pytest.raises(NotFound):
        remove_airport_override(other.ops, "KTEB")
    remove_airport_override(world.ops, "KTEB")
    assert queries.resolve(world.id, "TEB", "adep").name == "Teterboro Airport"
    kinds = [c.kind for c in trail(world.id, subject=Unit(UnitKind.OPERATOR, world.id)) if "airport" in c.kind]
    assert kinds == ["airport.removed", "airport.created", "airport.created"]


@pytest.mark.req("OPS-07")
def test_a_strip_of_ones_own_can_be_flown_to_and_stays_while_it_is(world):
    flight = world.flight(ades="xfld")
    assert flight.ades == "XFLD"
    with pytest.raises(Invalid, match="used by 1 flight and is not published"):
        remove_airport_override(world.ops, "XFLD")
    commands.delete_flight(world.ops, flight.id)
    remove_airport_override(world.ops, "XFLD")
    with pytest.raises(NotFound):
        remove_airport_override(world.ops, "XFLD")


_WRONG = [
    ({"code": "XF"}, "code"),
    ({"code": "1ABC"}, "code"),
    ({"iata": "X1Y"}, "iata"),
    ({"name": ""}, "name"),
    ({"name": "x" * 121}, "name"),
    ({"latitude": 90.1}, "latitude"),
    ({"latitude": float("nan")}, "latitude"),
    ({"longitude": -181}, "longitude"),
    ({"longitude": float("inf")}, "longitude"),
    ({"time_zone": "Europe/Nowhere"}, "time_zone"),
    ({"country": "POL"}, "country"),
    ({"city": "\x00"}, "city"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG)
def test_wrong_airports_are_refused_by_field(world, all_rows, wrong, field):
    before = all_rows()
    with pytest.raises(Invalid) as refusal:
        set_airport_override(world.ops, AirportEdit(**{"code": "XFLD", **wrong}))
    assert [problem.field for problem in refusal.value.problems] == [field]
    assert all_rows() == before


def test_a_new_strip_needs_a_name_and_a_position_and_its_own_iata_code(world):
    with pytest.raises(Invalid) as refusal:
        set_airport_override(world.ops, AirportEdit(code="XNEW"))
    assert {problem.field for problem in refusal.value.problems} == {"name", "latitude", "longitude"}
    set_airport_override(world.ops, AirportEdit(code="XFLD", iata="XQX"))
    with pytest.raises(Invalid, match="Your own XFLD has the IATA code XQX"):
        set_airport_override(world.ops, AirportEdit(code="KTEB", iata="XQX"))


def test_the_same_again_changes_nothing(world, all_rows):
    before = all_rows()
    set_airport_override(world.ops, AirportEdit(code="XFLD", name=" Own Field "))
    assert all_rows() == before


def test_search_finds_by_code_city_and_name_the_own_first(world):
    set_airport_override(world.ops, AirportEdit(code="XEWR", name="Newark Farm", latitude=1, longitude=1))
    found = [facts.code for facts in queries.find(world.id, "newark")]
    assert found[:2] == ["XEWR", "KEWR"]
    assert queries.find(world.id, "EPW")[0].code == "EPWA"
    assert queries.find(world.id, "waw")[0].code == "EPWA"
    assert queries.find(world.id, "Farnborogh")[0].code == "EGLF"
    assert len(queries.find(world.id, "a", limit=4)) == 4
    assert queries.find(world.id, " ") == queries.find(world.id, "x", limit=0) == []


def test_looking_up_many_codes_costs_one_statement(world):
    with CaptureQueriesContext(connection) as statements:
        places = queries.resolver(world.id)
        for code in ("EWR", "KJAX", "EPWA", "XFLD"):
            places.resolve(code, "adep")
    assert len(statements) == 1


def test_distances_are_over_the_ellipsoid_in_nautical_miles():
    by = published().by_code
    # From the equator ten degrees north are shorter than ten degrees east: the earth is flattened.
    one = AirportFacts(code="XAAA", name="A", latitude=0, longitude=0)
    assert queries.distance_nm(one, msgspec.structs.replace(one, latitude=10)) == pytest.approx(597.1, abs=0.2)
    assert queries.distance_nm(one, msgspec.structs.replace(one, longitude=10)) == pytest.approx(601.1, abs=0.2)
    assert queries.distance_nm(by["EPWA"], by["EPWA"]) == 0
    assert queries.distance_nm(by["KJFK"], by["EGLL"]) == pytest.approx(queries.distance_nm(by["EGLL"], by["KJFK"]))
