"""ForeFlight Dispatch, imitated: the part of its API by which other systems put flights there.

What it does: the key, flights created, updated, listed and deleted, crew and aircraft lists, a limit of calls. What it
does not do: routes, performance, filing, releasing through the API, files, quotes, webhooks. One convenience the real
one lacks: the organisation `demo` *adopts* unknown aircraft at their first flight (action `set-adoption` switches it
off; then they are refused, as is assumed of the real one). It shares no code with the add-on that it checks.

Actions (`POST /control/foreflight/actions/<name>`): set-adoption (on), set-crew (username, crewCode, fullname),
delete-flight, release-flight (flightId), set-rate-limit (calls), clear-audit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from airstair.addons.foreflight.sandbox import pages
from airstair.addons.foreflight.sandbox.model import (
    DEMO_API_KEY,
    ORGANISATIONS,
    OTHER_API_KEY,
    Dispatch,
    Held,
    Person,
    complaints,
    first_day,
    kept_fields,
    read_time,
)
from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.kept import KeptImitation, RateLimit, number_in, switch_in, text_in
from airstair.sandbox.partner import Answer, Call, Page, Partner, Refusal, json_bytes

API = "/public/api"
_TITLES = {
    400: "Bad Request",
    401: "The API key is not valid.",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Payload Too Large",
    429: "Too many requests.",
    500: "An error occurred while processing your request.",
    503: "Service Unavailable",
}


def answered(status: int, content: object, **rest: Any) -> Answer:
    return Answer(status, json_bytes(content), **rest)


def problem(status: int, title: str = "", errors: Mapping[str, list[str]] | None = None) -> Answer:
    """The look of ASP.NET's problem details (assumed from how others read errors)."""
    content: dict[str, Any] = {"title": title or _TITLES.get(status, "Error"), "status": status}
    return answered(status, content | ({"errors": errors} if errors else {}))


class ForeFlight(KeptImitation[Dispatch]):
    """The imitated ForeFlight Dispatch."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._limit = RateLimit()

    def first_day(self) -> Dispatch:
        return first_day()

    # -- calls ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        organisation = ORGANISATIONS.get(call.headers.get("x-api-key", ""))
        if organisation is None:  # observed: the key travels in x-api-key; the status is assumed
            return problem(401)
        most = self.held.calls_an_hour
        left = self._limit.take(organisation, call.received_at, most)
        headers = {"x-ratelimit-limit": str(most), "x-ratelimit-remaining": str(left or 0)}  # observed
        if left is None:
            wait = self._limit.seconds_to_wait(organisation, call.received_at)
            headers |= {"x-ratelimit-reset": str(wait), "Retry-After": str(wait)}
            found = problem(429)
        else:
            found = self._route(call, organisation)
        return Answer(found.status, found.body, headers, found.content_type, organisation)

    def _route(self, call: Call, organisation: str) -> Answer:
        """Observed: the case of a path does not matter."""
        path = call.path.rstrip("/")
        if not path.lower().startswith(f"{API}/"):
            return problem(404)
        parts = [part for part in path[len(API) :].split("/") if part]
        where = parts[0].lower()
        if len(parts) == 1 and (where, call.method) in _PLAIN:
            return _PLAIN[where, call.method](self, call, organisation)
        if where == "flights" and len(parts) == 2:
            if parts[1].lower() == "flights" and call.method == "GET":
                return self._list(call, organisation)
            return self._one(call, organisation, parts[1])
        return problem(405 if where in {name for name, _ in _PLAIN} else 404)

    def _key(self, call: Call, organisation: str) -> Answer:
        return answered(200, [{"organisationUUID": f"org-{organisation}", "organisationName": organisation.title()}])

    def _aircraft(self, call: Call, organisation: str) -> Answer:
        mine = [one for one in self.held.planes.values() if one.organisation == organisation]
        return answered(
            200,
            [
                {"aircraftRegistration": one.registration, "aircraftModelCode": one.model, "cruiseProfiles": []}
                for one in mine
            ],
        )

    def _crew(self, call: Call, organisation: str) -> Answer:
        people = self.held.people if organisation == "demo" else []
        return answered(
            200, [{"username": one.username, "fullname": one.fullname, "crewCode": one.crew_code} for one in people]
        )

    def _list(self, call: Call, organisation: str) -> Answer:
        """Observed: from and to, a date alone being its first moment; narrowed by tags and by words."""
        start, end = (read_time(_day(call.query.get(name, [""])[0])) for name in ("fromDate", "toDate"))
        if start is None or end is None:
            return problem(400, errors={"fromDate": ["fromDate and toDate are required."]})
        tags = {tag for written in call.query.get("tags", []) for tag in written.split(",") if tag}
        listed = []
        for one in self._living(organisation):
            departs = read_time(one.flight.get("scheduledTimeOfDeparture"))
            if departs and start <= departs < end and (not tags or tags & set(one.flight.get("tags", []))):
                listed.append(_item(one))
        return answered(200, {"flights": listed, "warnings": []})

    def _create(self, call: Call, organisation: str) -> Answer:
        flight = _flight_in(call.body)
        if flight is None:
            return problem(
                400, "One or more validation errors occurred.", {"flight": ["The flight field is required."]}
            )
        wrong = complaints(flight, self.held, organisation)
        if wrong:
            return problem(400, "One or more validation errors occurred.", wrong)
        self._object_to_twins(flight, organisation)
        flight_id = f"ff-{self.held.next_number}"
        self.held.next_number += 1
        now = call.received_at
        self.held.flights[flight_id] = Held(flight_id, organisation, kept_fields(flight), now, now)
        return answered(200, {"flightId": flight_id, "warnings": []})

    def _object_to_twins(self, flight: Mapping[str, Any], organisation: str) -> None:
        """Nothing recognises a repeated create (observed); whoever plans there sees two of one flight."""
        names = ("aircraftRegistration", "departure", "destination", "scheduledTimeOfDeparture")
        for one in self._living(organisation):
            if all(one.flight.get(name) == flight.get(name) for name in names):
                self.held.objected("created-twice", f"{one.flight_id} is there again: {flight.get('callsign')}.")

    def _one(self, call: Call, organisation: str, flight_id: str) -> Answer:
        one = self.held.flights.get(flight_id)
        if one is None or one.deleted or one.organisation != organisation:
            return problem(404, "The flight was not found.")
        if call.method == "GET":
            return answered(200, {"flightId": flight_id, "flightData": one.flight, "releaseStatus": one.released})
        if call.method == "DELETE":
            one.deleted, one.updated_at = True, call.received_at
            return Answer(200)
        return self._update(call, one) if call.method == "POST" else problem(405)

    def _update(self, call: Call, one: Held) -> Answer:
        """What is not named stays (assumed). A released flight takes no update that is not forced (assumed)."""
        if one.released and call.query.get("forceUpdate", ["false"])[0].lower() != "true":
            return problem(409, "The flight has been released.")
        flight = _flight_in(call.body)
        if flight is None:
            return problem(
                400, "One or more validation errors occurred.", {"flight": ["The flight field is required."]}
            )
        merged = one.flight | kept_fields(flight)
        wrong = complaints(merged, self.held, one.organisation)
        if wrong:
            return problem(400, "One or more validation errors occurred.", wrong)
        one.flight, one.updated_at = merged, call.received_at
        return answered(200, {"flightId": one.flight_id, "warnings": []})

    def _living(self, organisation: str) -> list[Held]:
        return [one for one in self.held.flights.values() if one.organisation == organisation and not one.deleted]

    def aircraft_of(self, call: Call) -> str | None:
        flight = _flight_in(call.body) if call.method == "POST" else None
        if flight is not None:
            return str(flight.get("aircraftRegistration") or "") or None
        one = self.held.flights.get(call.path.rstrip("/").rpartition("/")[2])
        return None if one is None else str(one.flight.get("aircraftRegistration"))

    def failure(self, status: int, title: str) -> Answer:
        return problem(status, title)

    def expired_credentials(self) -> Answer:
        return problem(401, "The API key has been revoked.")

    # -- people, and what it shows ---------------------------------------------------------------------------------

    def audit(self) -> dict[str, Any]:
        rules = [
            {"rule": rule, "title": title, "severity": "violation", "count": len(found), "evidence": found[-3:]}
            for rule, title in (("created-twice", "No flight is created twice"),)
            for found in (self.held.objections.get(rule, []),)
        ]
        return {"ok": not any(rule["count"] for rule in rules), "rules": rules}

    def credentials(self) -> dict[str, str]:
        return {"api_key": DEMO_API_KEY, "other_organisation_api_key": OTHER_API_KEY}

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        match name:
            case "set-adoption":
                self.held.adopts = switch_in(wish, "on")
            case "set-crew":
                self._set_crew(
                    text_in(wish, "username"), str(wish.get("fullname") or ""), str(wish.get("crewCode") or "")
                )
            case "delete-flight":
                self._flight(wish).deleted = True
            case "release-flight":
                self._flight(wish).released = True
            case "set-rate-limit":
                self.held.calls_an_hour = number_in(wish, "calls", 1, 1_000_000)
            case "clear-audit":
                self.held.objections = {}
            case _:
                raise Refusal(f"There is no action {name!r}. Use set-adoption, set-crew, delete-flight, release-flight,"
                              " set-rate-limit or clear-audit.")  # fmt: skip

    def _set_crew(self, username: str, fullname: str, code: str) -> None:
        self.held.people = [one for one in self.held.people if one.username.lower() != username.lower()]
        self.held.people.append(Person(username, fullname or username, code.upper()))

    def _flight(self, wish: Mapping[str, Any]) -> Held:
        one = self.held.flights.get(text_in(wish, "flightId"))
        if one is None or one.deleted:
            raise Refusal("Field 'flightId' must be a flight that is held here.")
        return one

    def pages(self) -> list[tuple[str, str]]:
        return pages.PAGES

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        return pages.page(path, self.held)


_PLAIN: dict[tuple[str, str], Callable[[ForeFlight, Call, str], Answer]] = {
    ("apikeyinfo", "GET"): ForeFlight._key,
    ("aircraft", "GET"): ForeFlight._aircraft,
    ("crew", "GET"): ForeFlight._crew,
    ("flights", "POST"): ForeFlight._create,
}


def _item(one: Held) -> dict[str, Any]:
    """A flight as the list shows it (observed)."""
    flight, departs = one.flight, one.flight.get("scheduledTimeOfDeparture")
    return {
        "flightId": one.flight_id,
        "departure": flight.get("departure"),
        "destination": flight.get("destination"),
        "aircraftRegistration": flight.get("aircraftRegistration"),
        "departureTime": departs,
        "arrivalTime": flight.get("scheduledTimeOfArrival"),
        "callSign": flight.get("callsign"),
        "filingStatus": "None",
        "released": one.released,
        "crew": flight.get("crew", []),
        "load": flight.get("load", {}),
        "tags": flight.get("tags", []),
        "timeUpdated": (one.updated_at + timedelta()).isoformat(),
    }


def _flight_in(body: bytes) -> dict[str, Any] | None:
    """The flight of a create or an update: `{"flight": {…}}` (observed)."""
    try:
        flight = json.loads(body)["flight"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return flight if isinstance(flight, dict) else None


def _day(written: str) -> str:
    """Observed: `2026-10-01Z` is 00:00Z of that day."""
    return f"{written[:-1]}T00:00:00Z" if len(written) == 11 and written.endswith("Z") else written


PARTNER = Partner(
    key="foreflight",
    name="ForeFlight Dispatch",
    about="Flight planning: flights in, one by one, to be planned there.",
    start=ForeFlight,
)
