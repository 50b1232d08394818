"""Settings > API keys: a key is made and shown once, listed with its use, and revoked."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.api.conftest import program
from tests.records.conftest import PASSWORD

from airstair.records.access.queries import api_keys


@pytest.fixture
def browser(world) -> Client:
    client = Client()
    assert client.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD}).status_code == 302
    return client


@pytest.mark.req("API-01")
def test_an_admin_makes_a_key_sees_it_once_and_revokes_it(world, browser) -> None:
    wanted = {"name": "Roster", "reads": ["Aircraft", "Crew"], "writes": ["Flights"]}
    page = browser.post("/settings/keys/", wanted)
    (token,) = re.findall(r"askey_[0-9]+_[0-9]+_[\w-]{43}", page.content.decode())
    assert page.headers["Cache-Control"] == "private, no-store"
    called = Client().get("/api/v1/flights", headers={"Authorization": f"Bearer {token}"}, REMOTE_ADDR="192.0.2.7")
    assert called.status_code == 200
    text = browser.get("/settings/keys/").content.decode()
    assert token not in text and "192.0.2.7" in text and "Ada Admin" in text
    (key,) = api_keys(world.id)
    assert (key.reads, key.writes) == (("Aircraft", "Flights", "Crew"), ("Flights",))
    assert browser.post(f"/settings/keys/{key.id}/revoke").status_code == 302
    assert "Revoked" in browser.get("/settings/keys/").content.decode()
    assert Client().get("/api/v1/flights", headers={"Authorization": f"Bearer {token}"}).status_code == 401


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [({}, "It is missing"), ({"name": "K"}, "The key could do nothing"), ({"name": "K", "reads": ["?"]}, "not one of")],
)
def test_what_does_not_fit_is_said_at_the_form(world, browser, wanted, sentence) -> None:
    page = browser.post("/settings/keys/", wanted)
    assert page.status_code == 422 and sentence in page.content.decode()
    assert api_keys(world.id) == []


def test_a_name_is_taken_while_the_key_is_valid(world, browser) -> None:
    program(world)
    page = browser.post("/settings/keys/", {"name": "roster", "reads": ["Crew"]})
    assert page.status_code == 422 and "There is already a key" in page.content.decode()


def test_others_do_not_see_keys(world, other) -> None:
    ask, client = program(other), Client()
    client.post("/sign-in", {"email": "ops@kxa.example", "password": PASSWORD})
    assert client.get("/settings/keys/").status_code == 403
    assert "/settings/keys/" not in client.get("/settings/airports/").content.decode()
    admin = Client()
    admin.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD})
    assert admin.post(f"/settings/keys/{ask.facts.id}/revoke").status_code == 404
    assert ask.get("/flights")["items"] == []
