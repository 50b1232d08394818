"""The pages of partners that come to us: credentials once, how they are passed on, and the visits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.web_addons.conftest import Desk

from airstair.hub import registry
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import Horizon
from airstair.hub.setting import Settings
from airstair.hub.visits import Handoff, HandoffPlace, Reply, Resource, Serve
from airstair.kernel.units import UnitKind
from airstair.records.operators.rules import Role
from airstair.testing.visits import as_basic, come


@pytest.fixture
def reader() -> Iterator[Addon]:
    """A partner of the tests' own that reads."""
    one = Addon(
        key="reader",
        name="Reader",
        category=Category.SERVICES,
        purpose="It reads.",
        settings=Settings,
        flows=(
            Serve(
                key="flights",
                title="Flights",
                unit=UnitKind.FLIGHT,
                horizon=Horizon(back=timedelta(days=1)),
                resources=(Resource("/flights", "All", lambda flights, visit: Reply.json(len(flights), title="Read")),),
            ),
        ),
        facts=(),
    )
    registry.register(one)
    yield one
    registry._extra.pop(one.key, None)


def saved(admin: Client, **form: str) -> Any:
    return admin.post("/addons/reader/configuration", {"here": "on", "connection": "", **form})


def issued_on(page: str) -> dict[str, str]:
    return dict(re.findall(r'id="issued-(address|login|key)">([^<]+)<', page))


def test_switched_on_the_credentials_are_shown_once(desk: Desk, reader: Addon) -> None:
    admin = desk.client()
    answer = saved(admin, on="on")
    assert answer.status_code == 200 and "no-store" in answer.headers["Cache-Control"]
    issued = issued_on(answer.content.decode())
    assert issued["address"] == f"http://testserver/partners/reader/{issued['login']}"
    for address in ("/addons/reader/configuration", "/addons/reader/activity", "/addons/"):
        page = admin.get(address).content.decode()
        assert issued["key"] not in page
    assert issued["login"] in admin.get("/addons/reader/configuration").content.decode()
    assert issued["key"] not in str(dict(admin.session))


def test_issued_again_the_old_ones_open_nothing_and_visits_are_seen(desk: Desk, reader: Addon) -> None:
    admin = desk.client()
    first = issued_on(saved(admin, on="on").content.decode())
    connection = first["login"].partition("-")[2]
    again = admin.post(f"/addons/reader/connections/{connection}/credentials")
    second = issued_on(again.content.decode())
    path = first["address"].removeprefix("http://testserver") + "/flights"
    assert come(path, authorization=as_basic(first["login"], first["key"])).status_code == 401
    assert come(path, authorization=as_basic(second["login"], second["key"])).status_code == 200
    page = admin.get("/addons/reader/activity").content.decode()
    assert "Visits" in page and "Read" in page and "127.0.0.1" in page
    assert "latest visit went well" in admin.get("/addons/").content.decode()


def test_only_who_manages_add_ons_issues(desk: Desk, reader: Addon) -> None:
    admin = desk.client()
    first = issued_on(saved(admin, on="on").content.decode())
    connection = first["login"].partition("-")[2]
    assert desk.client(Role.OPS).post(f"/addons/reader/connections/{connection}/credentials").status_code == 403
    path = first["address"].removeprefix("http://testserver") + "/flights"
    assert come(path, authorization=as_basic(first["login"], first["key"])).status_code == 200


def test_off_the_page_says_that_they_are_revoked(desk: Desk, reader: Addon) -> None:
    admin = desk.client()
    connection = issued_on(saved(admin, on="on").content.decode())["login"].partition("-")[2]
    admin.post("/addons/reader/configuration", {"here": "on", "connection": connection})
    assert "Revoked" in admin.get("/addons/reader/configuration").content.decode()


@pytest.mark.req("CTK-01")
@pytest.mark.parametrize("embedded", [True, False])
def test_a_partners_page_stands_inside_ours_or_in_its_place(desk: Desk, embedded: bool) -> None:
    theirs = "https://air.training.example/"
    one = Addon(
        key="reader",
        name="Reader",
        category=Category.SERVICES,
        purpose="It is read.",
        settings=Settings,
        flows=(
            Handoff(
                key="login",
                title="READER",
                place=HandoffPlace.MENU,
                link=lambda snapshot, settings, who, now: theirs,
                embedded=embedded,
            ),
        ),
        facts=(),
        choose_aircraft=False,
    )
    registry.register(one)
    try:
        admin = desk.client()
        saved(admin, on="on")
        menu = re.search(r'<a href="(/addons/reader/handoff/login)"([^>]*)>READER', admin.get("/ops/").content.decode())
        assert menu and ("_blank" in menu[2]) is not embedded
        answer = admin.get(menu[1])
        if not embedded:
            assert (answer.status_code, answer.headers["Location"]) == (302, theirs)
            return
        assert f'<iframe class="embedded-frame" src="{theirs}"' in answer.content.decode()
        assert "frame-src https://air.training.example;" in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert admin.get(f"{menu[1]}?own=1").headers["Location"] == theirs
    finally:
        registry._extra.pop(one.key, None)
