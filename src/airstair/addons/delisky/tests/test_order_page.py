"""The link to DeliSky's order page: what it carries, and what the imitation makes of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
from django.contrib.auth import get_user_model
from django.db import connection as database
from django.test import Client

from airstair.addons.delisky.addon import ADDON
from airstair.hub.calls import call, calls
from airstair.records.flights.commands import ServiceInput, cancel_flight, set_services
from airstair.testing.stage import Stage, staged


class Desk:
    """The operator's admin, with a browser."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    async def get(self, path: str) -> Any:
        return await asyncio.to_thread(self._get, path)

    def _get(self, path: str) -> Any:
        try:
            client = Client()
            client.force_login(get_user_model().objects.get(email="admin@test.example"))
            session = client.session
            session["operator_id"] = self.stage.operator.id
            session.save()
            return client.get(path)
        finally:
            database.close()

    async def link(self, flight: Any) -> str:
        answer = await self.get(f"/addons/delisky/handoff/catering/{flight.id}")
        assert answer.status_code == 302, answer.content.decode()
        return str(answer.headers["Location"])

    async def opened(self, address: str, **form: str) -> tuple[int, str]:
        async with aiohttp.ClientSession() as session:
            method = "POST" if form else "GET"
            async with session.request(method, address, data=form or None) as answer:
                return answer.status, await answer.text()


@pytest.fixture
async def desk(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Desk]:
    async with staged(settings, ADDON.key, Stage) as stage:
        monkeypatch.setattr("airstair.web.addons.times.CLOCK", stage.clock)
        (aircraft,) = await stage.aircraft("N1AA")
        stage.one = aircraft  # type: ignore[attr-defined]
        yield Desk(stage)


async def a_flight(desk: Desk, route: str = "KEWR-KBOS", **more: Any) -> Any:
    return await desk.stage.flight(desk.stage.one, route=route, **more)  # type: ignore[attr-defined]


async def on(desk: Desk, **values: Any) -> None:
    await desk.stage.configure(ADDON.key, values={"environment": "sandbox", **values}, on=True)


@pytest.mark.req("DLS-01")
async def test_the_catering_item_of_a_flight_leads_to_the_order_page(desk: Desk) -> None:
    flight = await a_flight(desk)
    page = (await desk.get(f"/ops/flights/{flight.id}")).content.decode()
    assert "CATERING" in page and f"/addons/delisky/handoff/catering/{flight.id}" in page
    assert "delisky-sandbox" not in page


@pytest.mark.req("DLS-01")
async def test_delivery_and_flight_details_are_handed_over(desk: Desk) -> None:
    flight = await a_flight(desk, number="TST9", pax_count=4, crew={"CPT": "ABC", "FA1": "DEF"})
    await desk.stage.do(set_services, desk.stage.actor, flight.id, (
        ServiceInput(airport="KEWR", kind="FBO", provider_id="1", provider_name="Signature"),))  # fmt: skip
    await on(desk, group="East")
    sent = {name: values[0] for name, values in parse_qs(urlsplit(await desk.link(flight)).query).items()}
    token = sent.pop("authToken")
    assert len(token) == 64 and "delisky-sandbox-only" not in token
    assert sent == {
        "apiKey": "delisky-sandbox", "reference": f"AS-{desk.stage.operator.id}-{flight.id}", "icao": "KEWR",
        "contactName": "Ann Admin", "contactEmail": "admin@test.example", "handling": "Signature",
        "deliveryDateTime": "2027-03-04T13:00", "flightTime": "01:00", "typeOfFlight": "domestic", "faOnBoard": "true",
        "numOfPax": "4", "acRegistration": "N1AA", "flightNumber": "TST9", "group": "East",
    }  # fmt: skip


@pytest.mark.req("DLS-01")
async def test_where_it_is_served_caterers_menu_and_free_text_are_offered(desk: Desk) -> None:
    flight = await a_flight(desk)
    await on(desk)
    address = await desk.link(flight)
    status, page = await desk.opened(address)
    assert status == 200
    assert all(words in page for words in ("Caterer", "Liberty Kitchen", "Order from menu", "Free text order"))
    status, page = await desk.opened(address, caterer="Liberty Kitchen", text="Soup for four")
    assert status == 200 and "Thank you" in page
    assert await desk.link(flight) == address, "the same flight opens the same order again"
    (order,) = desk.stage.partner.state()["orders"].values()
    assert (order["state"], order["details"]["deliveryDateTime"]) == ("ordered", "2027-03-04T13:00")


@pytest.mark.req("DLS-01")
async def test_where_it_is_not_served_the_airport_is_not_found(desk: Desk) -> None:
    flight = await a_flight(desk, route="KDCA-KBOS")
    await on(desk)
    status, page = await desk.opened(await desk.link(flight))
    assert (status, "Airport not found" in page) == (404, True)


@pytest.mark.req("DLS-01")
async def test_while_it_is_off_the_link_says_to_contact_the_administrator(desk: Desk) -> None:
    flight = await a_flight(desk)
    answer = await desk.get(f"/addons/delisky/handoff/catering/{flight.id}")
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "not integrated with DeliSky" in text and "Contact your administrator" in text


async def test_wrong_credentials_are_refused_by_the_page_itself(desk: Desk) -> None:
    flight = await a_flight(desk)
    await on(desk)
    await on(desk, user_key="another")
    assert (await desk.opened(await desk.link(flight)))[0] == 401
    await on(desk, login="nobody")
    status, page = await desk.opened(await desk.link(flight))
    assert (status, "not integrated" in page) == (403, True)


async def test_who_went_there_is_in_the_call_log_without_secrets(desk: Desk) -> None:
    flight = await a_flight(desk)
    await on(desk)
    address = await desk.link(flight)
    (line,) = await desk.stage.do(calls, desk.stage.operator.id)
    detail = await desk.stage.do(call, desk.stage.operator.id, line.id)
    assert (detail.direction, detail.units, line.title) == ("handoff", (f"flight:{flight.id}",), flight.title)
    token = parse_qs(urlsplit(address).query)["authToken"][0]
    assert token not in str(detail) and "delisky-sandbox" not in str(detail) and "icao=KEWR" in detail.url
    assert "Ann Admin opened it" in line.messages[0].text
    page = (await desk.get("/addons/delisky/activity")).content.decode()
    assert "Handed over" in page and flight.number in page and token not in page


@pytest.mark.parametrize("how", ["cancelled", "departed"])
async def test_a_flight_that_is_not_catered_is_told_why(desk: Desk, how: str) -> None:
    flight = await a_flight(desk)
    await on(desk)
    if how == "cancelled":
        await desk.stage.do(cancel_flight, desk.stage.actor, flight.id)
    else:
        await desk.stage.advance(hours=3)
    answer = await desk.get(f"/addons/delisky/handoff/catering/{flight.id}")
    assert answer.status_code == 409
    assert {"cancelled": "Restore it", "departed": "too late"}[how] in answer.content.decode()
