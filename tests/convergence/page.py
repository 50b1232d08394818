"""A person who edits through the pages, over HTTP, signed in, whether or not there are pages at the moment.

They edit flights of their own, which nobody else touches: so that what became of an edit whose answer was lost can be
seen in the flight, once nothing is under way there any more.
"""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import aiohttp
from django.db import transaction

from airstair.records.flights.models import Flight

from .book import Noted, Version
from .outages import when_it_is_back
from .world import AIRPORTS, World

_ANSWERED = (302, 403, 409, 422)  # everything else leaves open what became of it


class Page:
    """One person at a browser without a screen."""

    def __init__(self, world: World, address: str, email: str, password: str, flights: list[int]) -> None:
        self._world = world
        self._address = address
        self._who = {"email": email, "password": password}
        self._flights = flights
        self._session = aiohttp.ClientSession(
            cookie_jar=aiohttp.CookieJar(unsafe=True), timeout=aiohttp.ClientTimeout(total=30)
        )

    async def sign_in(self) -> None:
        """A session lives in the database, so once is enough for all that is killed later."""
        form = await self._form("/sign-in")
        status = await self._post("/sign-in", form | self._who)
        assert status == 302, f"Signing in was answered with {status}."

    async def close(self) -> None:
        await self._session.close()

    async def edit(self, chance: random.Random) -> None:
        """One edit, of whatever kind; noted in the book if it was made."""
        flight = chance.choice(self._flights)
        try:
            if chance.random() < 0.75:
                await self._save_form(flight, chance)
            else:
                await self._press_a_button(flight)
        except (aiohttp.ClientError, TimeoutError):
            await asyncio.sleep(0.2)  # there are no pages now; nothing was sent that could change something

    async def _save_form(self, flight: int, chance: random.Random) -> None:
        """Open the editor, change something, save. The notes hold the version, as everywhere in this test."""
        path = f"/ops/flights/{flight}/edit"
        form = await self._form(path)
        number = self._world.book.number()
        start = self._world.noon + timedelta(hours=chance.randint(-24, 48))
        form |= {"notes": str(number), "ades": chance.choice(AIRPORTS[1:]), "adep": AIRPORTS[0]}
        for name, when in (("std", start), ("sta", start + timedelta(hours=2))):
            form |= {f"{name}_0": f"{when:%Y-%m-%d}", f"{name}_1": f"{when:%H%M}"}
        form |= {"aircraft_id": str(chance.choice(self._world.fleet[:5]))}

        def note(row: Flight) -> Noted | None:
            if row.notes != str(number):
                return None
            return Noted([("flight", flight)], [(flight, Version(number, row.aircraft_id, row.deleted))])

        await self._send(path, form, flight, note)

    async def _press_a_button(self, flight: int) -> None:
        """Cancel, or restore what is cancelled."""
        form = await self._form(f"/ops/flights/{flight}/edit")
        before = await self._as_it_is(flight)
        action, after = ("restore", None) if before.status == "CANCELLED" else ("cancel", "CANCELLED")

        def note(row: Flight) -> Noted | None:
            changed = row.status == after if after else row.status != "CANCELLED"
            return Noted([("flight", flight)]) if changed else None

        token = {"csrfmiddlewaretoken": form["csrfmiddlewaretoken"]}
        await self._send(f"/ops/flights/{flight}/{action}", token, flight, note)

    async def _send(self, path: str, form: dict[str, str], flight: int, note: Any) -> None:
        try:
            status = await self._post(path, form)
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        row = await self._as_it_is(flight)
        noted = note(row)
        if noted is not None:
            self._world.book.take(noted)
            self._world.tally.page_edits += 1
        elif status == 302:
            self._world.complaints.append(f"A page said that {path} was saved, and it was not.")
        elif status in _ANSWERED:
            self._world.tally.refused += 1
        else:
            self._world.tally.interrupted += 1

    async def _as_it_is(self, flight: int) -> Flight:
        """Waits for a transaction that may still hold it: its session may outlive the process that asked."""
        return await self._world.do(lambda: when_it_is_back(lambda: _locked(self._world.operator.id, flight)))

    async def _post(self, path: str, form: dict[str, str]) -> int:
        headers = {"Referer": self._address + path}
        async with self._session.post(self._address + path, data=form, headers=headers, allow_redirects=False) as said:
            await said.read()
            return said.status

    async def _form(self, path: str) -> dict[str, str]:
        """What the form on that page would send if nothing was typed."""
        async with self._session.get(self._address + path) as answer:
            text = await answer.text()
            if answer.status >= 400 or "csrfmiddlewaretoken" not in text:
                raise aiohttp.ClientPayloadError(f"{path} is answered with {answer.status}")
        reader = _Form()
        reader.feed(text)
        return reader.fields


def _locked(operator_id: int, flight: int) -> Flight:
    with transaction.atomic():
        return Flight.objects.select_for_update().get(operator_id=operator_id, id=flight)


class _Form(HTMLParser):
    """The fields of a page's forms, by name."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._in = ""  # the select or textarea that is open

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        facts = dict(attributes)
        name = facts.get("name") or ""
        if tag in ("select", "textarea"):
            self._in = name
            self.fields.setdefault(name, "")
        elif tag == "option" and self._in and "selected" in facts:
            self.fields[self._in] = facts.get("value") or ""
        elif tag == "input" and name and (facts.get("type") not in ("checkbox", "radio") or "checked" in facts):
            self.fields[name] = facts.get("value") or ""

    def handle_data(self, text: str) -> None:
        if self._in and self.lasttag == "textarea":
            self.fields[self._in] += text

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self._in = ""
