"""TRAXXALL, imitated: flights and totals as maintenance tracking takes them from a scheduling system.

What it does: the two credentials, flights put and cancelled, totals of airframe, engines and APU set, aircraft listed,
serial numbers matched, a limit of calls. What it does not do: due lists, snags, work packages. One convenience the real
one lacks: it *adopts* an unknown aircraft with its engines at the first call (action `set-adoption` switches it off;
then it is refused, as is observed of the real one). It shares no code with the add-on that it checks.

Actions (`POST /control/traxxall/actions/<name>`): set-adoption (on), change-engine (serialNumber, position,
engineSerialNumber), remove-aircraft (serialNumber), set-rate-limit (calls), clear-audit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from airstair.addons.traxxall.sandbox import pages
from airstair.addons.traxxall.sandbox.model import (
    DEMO_KEY,
    DEMO_PASSWORD,
    Assembly,
    Complaint,
    Flown,
    Plane,
    Tracking,
    first_day,
    wrong_in_flight,
    wrong_in_totals,
)
from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.kept import KeptImitation, RateLimit, number_in, switch_in, text_in
from airstair.sandbox.partner import Answer, Call, Page, Partner, Refusal, json_bytes

API = "/api"
_CALLER = "demo"


def answered(status: int, content: object) -> Answer:
    return Answer(status, json_bytes(msgspec.to_builtins(content)))


def refused(status: int, complaints: list[Complaint]) -> Answer:
    """The look of a refusal is assumed."""
    return answered(status, {"errors": complaints})


class Traxxall(KeptImitation[Tracking]):
    """The imitated TRAXXALL."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._limit = RateLimit()

    def first_day(self) -> Tracking:
        return first_day()

    # -- calls ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        if call.headers.get("integration-api-key") != DEMO_KEY:
            return refused(401, [Complaint("UNAUTHORISED", "The Integration-API-Key is not known.")])
        if call.headers.get("integration-api-password") != DEMO_PASSWORD:
            return refused(401, [Complaint("UNAUTHORISED", "The Integration-API-Password is wrong.")])
        if self._limit.take(_CALLER, call.received_at, self.held.calls_an_hour) is None:
            wait = self._limit.seconds_to_wait(_CALLER, call.received_at)
            found = self.failure(429, "")
            return Answer(429, found.body, {"Retry-After": str(wait)}, caller=_CALLER)
        found = self._route(call)
        return Answer(found.status, found.body, found.headers, found.content_type, _CALLER)

    def _route(self, call: Call) -> Answer:
        parts = _parts(call.path)
        if parts[:1] != ["aircraft"]:
            return self.failure(404, "")
        match call.method, parts[1:]:
            case "GET", []:
                return answered(200, [_shown(plane) for plane in self.held.planes.values()])
            case "GET", [serial, "actuals"] if serial in self.held.planes:
                return answered(200, _shown(self.held.planes[serial]))
            case "PUT", [serial, "actuals"]:
                return self._put_totals(call, serial)
            case "PUT", [serial, "flights", external_id]:
                return self._put_flight(call, serial, external_id)
            case _, [] | [_, "actuals"] | [_, "flights", _]:
                return self.failure(405, "")
        return self.failure(404, "")

    def _plane(self, serial: str, registration: object) -> Plane | None:
        """The aircraft of that serial number (observed: it must match); an unknown one is adopted, if that is on."""
        if serial not in self.held.planes and self.held.adopts:
            self.held.planes[serial] = Plane(serial, str(registration or ""), Assembly("AIRFRAME", serial))
        return self.held.planes.get(serial)

    def _put_flight(self, call: Call, serial: str, external_id: str) -> Answer:
        flight = _object_in(call.body)
        wrong = [Complaint("INVALID", "The body must be a JSON object.")] if flight is None else wrong_in_flight(flight)
        if flight is None or wrong:
            return refused(422, wrong)
        known = self.held.flights.get(external_id)
        if flight["status"] == "CANCELLED" and known is None:
            return refused(404, [Complaint("FLIGHT_UNKNOWN", f"There is no flight {external_id}.")])
        if self._plane(serial, flight.get("registration")) is None:
            return refused(422, [_unknown(serial)])
        before = known.flight if known is not None else {}
        self.held.flights[external_id] = Flown(external_id, serial, before | flight, call.received_at)
        return answered(200, {"externalId": external_id, "status": flight["status"]})

    def _put_totals(self, call: Call, serial: str) -> Answer:
        totals = _object_in(call.body)
        if totals is None:
            return refused(422, [Complaint("INVALID", "The body must be a JSON object.")])
        plane = self._plane(serial, totals.get("registration"))
        if plane is None:
            return refused(422, [_unknown(serial)])
        adopting = self.held.adopts and not plane.engines
        wrong = wrong_in_totals(totals, plane, adopting)
        if wrong:
            return refused(422, wrong)
        self._set(plane.airframe, totals["airframe"])
        if adopting:
            plane.engines = [
                Assembly("ENGINE", str(one["serialNumber"]), int(one.get("position") or 0)) for one in totals["engines"]
            ]
        for engine in plane.engines:
            for one in totals.get("engines", []):
                if one["serialNumber"] == engine.serial_number:
                    self._set(engine, one)
        if isinstance(totals.get("apu"), dict):
            plane.apu = Assembly("APU", hours=totals["apu"].get("hours"))
        plane.as_of, plane.heard_at = str(totals.get("asOf") or ""), call.received_at
        return answered(200, _shown(plane))

    def _set(self, assembly: Assembly, totals: Mapping[str, Any]) -> None:
        """Lower totals are taken (assumed) and noted: maintenance is planned by them."""
        title = f"{assembly.kind} {assembly.serial_number}"
        for name in ("hours", "cycles"):
            before = getattr(assembly, name)
            if before is not None and totals[name] < before:
                self.held.lowered.append(f"{title}: {name} from {before} to {totals[name]}")
            setattr(assembly, name, totals[name])

    def aircraft_of(self, call: Call) -> str | None:
        parts = _parts(call.path)
        plane = self.held.planes.get(parts[1]) if len(parts) > 1 else None
        body = _object_in(call.body) or {}
        return plane.registration if plane is not None and plane.registration else body.get("registration")

    def failure(self, status: int, title: str) -> Answer:
        return answered(status, {"message": title or _TITLES.get(status, "Something went wrong.")})

    def expired_credentials(self) -> Answer:
        return refused(401, [Complaint("UNAUTHORISED", "The Integration-API-Key has expired.")])

    # -- people, and what it shows ---------------------------------------------------------------------------------

    def audit(self) -> dict[str, Any]:
        lowered = self.held.lowered
        rule = {
            "rule": "totals-lowered",
            "title": "No total goes down",
            "severity": "warning",
            "count": len(lowered),
            "evidence": lowered[-3:],
        }
        return {"ok": not lowered, "rules": [rule]}

    def credentials(self) -> dict[str, str]:
        return {"integration_api_key": DEMO_KEY, "integration_api_password": DEMO_PASSWORD}

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        match name:
            case "set-adoption":
                self.held.adopts = switch_in(wish, "on")
            case "change-engine":
                plane = self._named(wish)
                position = number_in(wish, "position", 1, 8)
                new = Assembly("ENGINE", text_in(wish, "engineSerialNumber"), position)
                kept = [one for one in plane.engines if one.position != position]
                plane.engines = sorted([*kept, new], key=lambda one: one.position)
            case "remove-aircraft":
                del self.held.planes[self._named(wish).serial_number]
            case "set-rate-limit":
                self.held.calls_an_hour = number_in(wish, "calls", 1, 1_000_000)
            case "clear-audit":
                self.held.lowered = []
            case _:
                known = "set-adoption, change-engine, remove-aircraft, set-rate-limit or clear-audit"
                raise Refusal(f"There is no action {name!r}. Use {known}.")

    def _named(self, wish: Mapping[str, Any]) -> Plane:
        plane = self.held.planes.get(text_in(wish, "serialNumber"))
        if plane is None:
            raise Refusal("Field 'serialNumber' must be an aircraft that is held here.")
        return plane

    def pages(self) -> list[tuple[str, str]]:
        return pages.PAGES

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        return pages.page(path, self.held)


_TITLES = {
    404: "There is nothing at this address.",
    405: "This operation is not offered here.",
    429: "Too many calls.",
    503: "The service is not available.",
}


def _unknown(serial: str) -> Complaint:
    return Complaint("AIRCRAFT_UNKNOWN", f"There is no aircraft with serial number {serial}.", "serialNumber")


def _shown(plane: Plane) -> dict[str, Any]:
    assemblies = [plane.airframe, *plane.engines, *([plane.apu] if plane.apu else [])]
    return {
        "serialNumber": plane.serial_number,
        "registration": plane.registration,
        "assemblies": [msgspec.to_builtins(one) for one in assemblies],
    }


def _parts(path: str) -> list[str]:
    """What an address names, below the API."""
    if not path.startswith(f"{API}/"):
        return []
    return [unquote(part) for part in path.removeprefix(API).split("/") if part]


def _object_in(body: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


PARTNER = Partner(
    key="traxxall",
    name="TRAXXALL",
    about="Maintenance tracking: flights and journey logs in, and the hours and cycles of aircraft and engines.",
    start=Traxxall,
)
