"""Partners that come to Airstair: the imitation names its calls, the shell makes them, over a real socket."""

from __future__ import annotations

import base64
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from airstair.sandbox.running import running
from airstair.sandbox.server import listening

_CLIENTS = ("fuelerlinx", "ifs")


async def test_its_page_and_the_control_api_send_it_on_its_way() -> None:
    came: list[Any] = []

    async def airstair(request: web.Request) -> web.Response:
        came.append((request.method, request.path, request.headers["Authorization"]))
        return web.json_response({"success": True, "scheduledTrips": []})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", airstair)
    async with listening(app, "127.0.0.1", 0) as url, running() as sandbox, aiohttp.ClientSession() as browser:
        at = f"{sandbox.url}/control/fuelerlinx"
        way = {"address": f"{url}/partners/fuelerlinx/1-2", "login": "1-2", "key": "k" * 43}
        async with browser.post(f"{at}/actions/pull") as refused:
            assert refused.status == 400 and "credentials" in (await refused.json())["error"]
        async with browser.post(f"{at}/actions/connect", json=way) as done:
            assert done.status == 200
        async with browser.post(f"{at}/actions/pull") as done:
            assert done.status == 200
        async with browser.post(f"{sandbox.url}/inspect/fuelerlinx/act/pull", allow_redirects=True) as page:
            text = await page.text()
        basic = "Basic " + base64.b64encode(f"1-2:{'k' * 43}".encode()).decode()
        assert came == [("GET", "/partners/fuelerlinx/1-2/flights", basic)] * 2
        state = sandbox.partner("fuelerlinx").state()
        assert [one["status"] for one in state["answers"]] == [200, 200]
        assert "k" * 43 not in text + str(state)


async def test_where_nobody_answers_it_says_so() -> None:
    async with running() as sandbox:
        partner = sandbox.partner("fuelerlinx")
        await partner.go("connect", {"address": "http://127.0.0.1:9/x", "login": "1-2", "key": "k"})
        await partner.go("pull")
        (answer,) = partner.state()["answers"]
        assert answer["status"] is None and "No answer" in answer["said"]


@pytest.mark.parametrize("key", _CLIENTS)
async def test_its_pages_are_there_before_and_after(key: str) -> None:
    async with running() as sandbox, aiohttp.ClientSession() as browser:
        for path in ("", "held"):
            async with browser.get(f"{sandbox.url}/inspect/{key}/{path}") as page:
                assert page.status == 200
