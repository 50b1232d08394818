"""The table of marketplaces, and what an admin may fill in."""

from __future__ import annotations

from typing import Any

import pytest

from airstair.addons.marketplaces.addon import ADDONS, marketplace
from airstair.addons.marketplaces.members import members, read_member
from airstair.addons.marketplaces.settings import BoxSettings, ServiceSettings, problems
from airstair.hub.contract import Category
from airstair.hub.setting import settings_of
from airstair.sandbox.discovery import find_partners

FOURTEEN = {
    "AviMall", "Charterpad", "ExecFlyer", "FlightPartner", "HelloJet", "JetClass", "JetSmarter", "Jettly",
    "Jettogether", "Migacore", "OneSky", "PrivateFly", "Returnjet", "Victor",
}  # fmt: skip


@pytest.mark.req("MKT-01")
def test_the_fourteen_are_there_each_with_its_own_imitation() -> None:
    assert {one.name for one in ADDONS} >= FOURTEEN
    assert all(one.category is Category.MARKETPLACES for one in ADDONS)
    partners = find_partners()
    assert all(partners[one.key].name == one.name for one in ADDONS)


@pytest.mark.req("MKT-04")
def test_a_further_one_is_a_file_of_one_line() -> None:
    made = marketplace("skyshare", read_member("skyshare.toml", b'name = "SkyShare"'))
    assert (made.name, made.mirrors[0].key) == ("SkyShare", "feed")
    assert "SkyShare" in made.purpose and "SkyShare" in made.about


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "name"),
        (b"name = 3", "str"),
        (b'name = "X"\nservces = "all"', "servces"),
        (b'name = "X"\nchoice = "some"', "some"),
        (b"name = X", "skyshare.toml"),
        (b'name = "X"\n[[facts]]\nsays = "So."\ncertainty = "guessed"\nsource = "x"', "guessed"),
        (b"\xff", "utf-8"),
    ],
    ids=["empty", "no text", "unknown property", "unknown choice", "not TOML", "unknown certainty", "not UTF-8"],
)
def test_a_file_that_is_wrong_is_named(text: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        read_member("skyshare.toml", text)
    assert "members/skyshare.toml" in str(refused.value)


def test_what_is_known_of_one_stands_with_it() -> None:
    known = members()
    for one in ADDONS:
        own = [fact.says for fact in known[one.key].facts]
        assert [fact.says for fact in one.facts][-len(own) :] == own or not own


@pytest.mark.req("GJT-01")
def test_getjet_has_boxes_of_which_empty_legs_is_mandatory() -> None:
    (getjet,) = (one for one in ADDONS if one.key == "getjet")
    boxes = {one.name: one.default for one in settings_of(getjet.settings) if one.meaning.section == "What is sent"}
    assert boxes == {
        "empty_legs": True, "schedule": False, "availability": False, "send_opportunities": False, "days_ahead": 90
    }  # fmt: skip
    (problem,) = problems(BoxSettings(empty_legs=False, schedule=True))
    assert problem.field == "empty_legs" and "mandatory" in problem.sentence


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, None),
        ({"base_url": "https://api.market.example/v1"}, None),
        ({"base_url": "http://api.market.example", "environment": "sandbox"}, None),
        ({"base_url": "http://api.market.example"}, "base_url"),
        ({"base_url": "market.example"}, "base_url"),
        ({"base_url": "https://me:secret@market.example"}, "base_url"),
        ({"base_url": "https://market.example?x=1"}, "base_url"),
        ({"base_url": "https://[market"}, "base_url"),
        ({"base_url": "https://market.example:port"}, "base_url"),
        ({"api_key": "two words"}, "api_key"),
        ({"api_key": "schlüssel"}, "api_key"),
        ({"contact_email": "sales"}, "contact_email"),
        ({"contact_email": "sales@air.example"}, None),
        ({"base_url": ""}, None),
        ({"api_key": ""}, "api_key"),
        ({"base_url": "", "api_key": ""}, None),
    ],
    ids=str,
)
def test_what_cannot_be_right_is_refused(values: dict[str, Any], field: str | None) -> None:
    right = {"base_url": "https://market.example", "api_key": "key-1"}
    assert [one.field for one in problems(ServiceSettings(**right | values))] == ([field] if field else [])
