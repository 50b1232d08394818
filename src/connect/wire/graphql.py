"""The Flight Support API of a schedule system, as a client: what is new, and answering it. Stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from connect.sync.answers import Answer
from connect.wire.problems import NotAnswering, NotLetIn, NotTaken, TooMany
from connect.wire.reading import Entry, entry_from

SECONDS = 20.0
MOST_BYTES = 20 * 1024 * 1024
LISTS = ("getCreatedFlightServiceList", "getModifiedFlightServiceList", "getModifiedFlightScheduleList")
_NEIGHBOUR = "{ flightNid flightNo adep ades startTimeUTC endTimeUTC status }"
_HANDLER = "{ handlerNid name email telephone airport }"
_FLIGHT = f"""
fragment Whole on FlightSupportFlight {{
  flightNid flightNo tripNid tripNumber registration callSign aircraftIcaoType adep ades startTimeUTC endTimeUTC
  paxCount crewCount flightType mission status isCnl submission editStatus editNote
  adepHandler {_HANDLER} adesHandler {_HANDLER} previousFlight {_NEIGHBOUR} nextFlight {_NEIGHBOUR}
  serviceList {{ service isRequested details note status }}
}}
"""
WHAT_IS_NEW = (
    "query WhatIsNew($created: String, $services: String, $schedule: String) { integration { flightSupport { "
    + " ".join(
        f"{name}(cursor: ${cursor}) {{ flightList {{ ...Whole }} cursor more }}"
        for name, cursor in zip(LISTS, ("created", "services", "schedule"), strict=True)
    )
    + " } } }"
    + _FLIGHT
)


def set_status(number: int) -> str:
    """The mutation that answers for so many flights at once: calls are counted."""
    flights = range(number)
    given = ", ".join(f"$flight{n}: FlightNid!, $services{n}: [FlightSupportServiceInput!]!" for n in flights)
    fields = " ".join(f"f{n}: setServiceStatus(flightNid: $flight{n}, services: $services{n})" for n in flights)
    return f"mutation Answer({given}) {{ integration {{ flightSupport {{ {fields} }} }} }}"


SET_SLOT = {
    side: f"mutation Slot($flight: FlightNid!, $time: DateTime!) {{ integration {{ flightSupport {{ {field}(flightNid: "
    "$flight, time: $time) } } }"
    for side, field in (("ADEP", "setSlotAdepTime"), ("ADES", "setSlotAdesTime"))
}


class News:
    """What one request brought: whole states by flight, the cursors to go on from, whether there is more at once."""

    def __init__(self, entries: dict[int, Entry], cursors: dict[str, str], more: bool) -> None:
        self.entries, self.cursors, self.more = entries, cursors, more


class Api:
    """One operator's API, with one access token. Raises `WireProblem`s."""

    def __init__(self, base_url: str, access: str, transport: httpx.BaseTransport | None = None) -> None:
        self._http = httpx.Client(
            base_url=base_url,
            transport=transport,
            timeout=SECONDS,
            headers={"Authorization": f"Bearer {access}", "Accept": "application/json"},
        )

    def close(self) -> None:
        self._http.close()

    def what_is_new(self, cursors: Mapping[str, str]) -> News:
        """The three lists in one request. Without cursors everything that is submitted."""
        names = ("created", "services", "schedule")
        answer = self._ask(WHAT_IS_NEW, {name: cursors.get(name) for name in names})
        support = _at(answer, "integration", "flightSupport")
        entries: dict[int, Entry] = {}
        after = dict(cursors)
        more = False
        for name, field in zip(names, LISTS, strict=True):
            found = support.get(field) or {}
            for one in found.get("flightList") or []:
                if (entry := entry_from(one)) is not None:
                    entries[entry.heard.nid] = entry
            after[name] = found.get("cursor") or after.get(name, "")
            more = more or bool(found.get("more"))
        return News(entries, after, more)

    def answer(self, flights: Mapping[int, Mapping[str, Answer]]) -> None:
        """How these flights and their services stand, in one call. `NotTaken`: not all of them were taken."""
        variables: dict[str, Any] = {}
        for number, (nid, answers) in enumerate(flights.items()):
            variables[f"flight{number}"] = nid
            variables[f"services{number}"] = [
                {"service": service, "status": one.designation.value, "note": one.note}
                for service, one in answers.items()
            ]
        self._ask(set_status(len(flights)), variables)

    def propose_time(self, nid: int, side: str, moment: datetime) -> None:
        """The time that the operator accepted in Connect."""
        self._ask(SET_SLOT[side], {"flight": nid, "time": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")})

    def rest(self, method: str, path: str, sent: dict[str, Any] | None = None) -> tuple[int, Any]:
        """Status and document of a call beside GraphQL; None where it is no JSON. What it says of us is not judged."""
        response = self._send(method, path, sent)
        try:
            return response.status_code, response.json()
        except ValueError:
            return response.status_code, None

    def _send(self, method: str, path: str, sent: dict[str, Any] | None) -> httpx.Response:
        try:
            response = self._http.request(method, path, json=sent)
        except httpx.HTTPError as problem:
            raise NotAnswering(f"The schedule system does not answer: {type(problem).__name__}.") from problem
        if response.status_code == 401:
            raise NotLetIn("The access token is not taken.")
        if response.status_code == 429:
            after = response.headers.get("Retry-After", "")
            raise TooMany(int(after) if after.isdecimal() else 5)
        if response.status_code >= 500:
            raise NotAnswering(f"The schedule system answers {response.status_code}.")
        if len(response.content) > MOST_BYTES:
            raise NotAnswering("The schedule system answers more than can be read.")
        return response

    def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        response = self._send("POST", "/api/graphql/", {"query": query, "variables": variables})
        try:
            body = response.json()
        except ValueError as problem:
            raise NotAnswering(f"The schedule system answers {response.status_code}, and no JSON.") from problem
        if not isinstance(body, dict):
            raise NotAnswering("The schedule system answers something else than GraphQL.")
        if body.get("errors") or response.status_code != 200:
            raise NotTaken(_words(body.get("errors")) or f"The schedule system answers {response.status_code}.")
        return _at(body, "data")


def _at(found: Any, *names: str) -> dict[str, Any]:
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _words(errors: Any) -> str:
    """What it said, for the page of the connection."""
    said = [str(one.get("message", "")) for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return " ".join(said)[:300]
