"""RocketRoute, imitated: log-in, the two lists, and plans, of which each one sent is another one.

Observed: paths, the version header, the envelope with success and message, and that failures come with 200. Documented
(by a vendor that sends to it): no plan is ever replaced. It shares no code with the add-on that it checks.

Actions: add-aircraft (registration), add-crew (crew_code, email, name), clear.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.markup import el
from airstair.sandbox.partner import Answer, Call, Imitation, Page, Partner, Refusal, json_bytes

APP_KEY = "rocketroute-sandbox-app-key"
EMAIL, PASSWORD = "dispatch@sandbox.example", "rocketroute-sandbox-only"
_TOKEN = "rocketroute-sandbox-token"  # noqa: S105 - opens the sandbox and nothing else
_WORDS = {429: "Too many requests", 500: "Internal error", 503: "Service unavailable"}
_FIELDS = {
    "adep",
    "ades",
    "rules",
    "flight_type",
    "flight_no",
    "route",
    "eobt",
    "eet",
    "aircraft_id",
    "crew",
    "fl",
    "pic",
}
_FLEET = ("N711MQ", "N14923", "N16571", "N14542", "N759EV", "N16559", "N16911", "N19554", "N12564", "N15973", "N737MQ")
_CREW = (
    ("MAR", "maria.r@operator.example", "Maria Rossi"),
    ("JON", "jon.k@operator.example", "Jon Kovac"),
    ("LEE", "ann.l@operator.example", "Ann Lee"),
)


def _good(data: Any, warnings: list[str] | None = None) -> Answer:
    return Answer(
        200, json_bytes({"status": {"success": True, "message": "", "warnings": warnings or []}, "data": data})
    )


def _bad(status: int, message: str) -> Answer:
    return Answer(status, json_bytes({"status": {"success": False, "message": message, "warnings": []}, "data": None}))


class Rocketroute(Imitation):
    """Its own tables of aircraft and crew, and the plans that came."""

    def __init__(self, clock: Clock) -> None:
        self._start()
        self._changed = False

    def _start(self) -> None:
        self._held: dict[str, list[dict[str, Any]]] = {
            "aircraft": [{"id": 101 + at, "registration": one, "reference": ""} for at, one in enumerate(_FLEET)],
            "crew": [
                {"id": 7 + at, "crew_code": code, "email": email, "name": name}
                for at, (code, email, name) in enumerate(_CREW)
            ],
            "plans": [],
        }

    def answer(self, call: Call) -> Answer:
        if not call.headers.get("x-api-version"):
            return _bad(400, "X-API-Version is missing")
        path = call.path.removeprefix("/api")
        if path == "/login":
            return self._log_in(call)
        if call.headers.get("authorization") != f"Bearer {_TOKEN}":
            return self.expired_credentials()
        match call.method, path:
            case "GET", "/aircraft/list" | "/data/aircraft/list":
                return _good(self._held["aircraft"])
            case "GET" | "POST", "/crew/list":
                return _good(self._held["crew"])
            case "POST", "/plan/list":
                return _good(self._held["plans"])
            case "POST", "/plan/edit":
                return self._edit(call)
        return _bad(404, "Unknown method")

    def _log_in(self, call: Call) -> Answer:
        try:
            given = json.loads(call.body)
        except ValueError:
            return _bad(400, "Not JSON")
        known = (given.get("email"), given.get("password")) == (EMAIL, PASSWORD) if isinstance(given, dict) else False
        if call.headers.get("authorization") != f"AppKey {APP_KEY}" or not known:
            return self.expired_credentials()
        return _good({"access_token": _TOKEN, "refresh_token": "none"})

    def _edit(self, call: Call) -> Answer:
        try:
            plan = json.loads(call.body)
        except ValueError:
            return _bad(400, "Not JSON")
        wrong = self._wrong(plan)
        if wrong:
            return _bad(200, wrong)
        plan = {"id": 1 + len(self._held["plans"]), **plan}
        self._held["plans"].append(plan)  # documented: never replaced
        self._changed = True
        return _good({"id": plan["id"]}, [] if plan["crew"]["pic_id"] else ["No pilot in command"])

    def _wrong(self, plan: Any) -> str:
        if not isinstance(plan, dict) or set(plan) - _FIELDS:
            return "Unknown field"
        if not re.fullmatch(r"[A-Z0-9]{2,7}", str(plan.get("flight_no"))):
            return "Invalid flight_no"
        if not re.fullmatch(r"[0-9]{4}", str(plan.get("eet"))) or plan.get("rules") not in ("I", "V"):
            return "Invalid eet or rules"
        if plan.get("aircraft_id") not in [one["id"] for one in self._held["aircraft"]]:
            return "Invalid aircraft_id"
        known = [0, *(one["id"] for one in self._held["crew"])]
        crew = plan.get("crew")
        if not isinstance(crew, dict) or set(crew) - {"pic_id", "fo_id", "tic_id"}:
            return "Invalid crew"
        bad = [seat for seat, id_ in crew.items() if id_ not in known]
        return f"Invalid {bad[0]}" if bad else ""

    def aircraft_of(self, call: Call) -> str | None:
        try:
            plan = json.loads(call.body) if call.path.endswith("/plan/edit") else {}
        except ValueError:
            return None
        wanted = plan.get("aircraft_id") if isinstance(plan, dict) else None
        return next((one["registration"] for one in self._held["aircraft"] if one["id"] == wanted), None)

    def failure(self, status: int, title: str) -> Answer:
        return _bad(status, title or _WORDS.get(status, "Error"))

    def expired_credentials(self) -> Answer:
        return _bad(401, "Access denied")

    def state(self) -> dict[str, Any]:
        return dict(self._held)

    def audit(self) -> dict[str, Any]:
        return {"rules": []}

    def reset(self) -> None:
        self._start()
        self._changed = True

    def changed_documents(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, False
        return {"held.json": json_bytes(self._held)} if changed else {}

    def restore(self, documents: Mapping[str, bytes]) -> None:
        if "held.json" in documents:
            self._held = json.loads(documents["held.json"])

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        if name == "clear":
            self._held["plans"] = []
        elif name in ("add-aircraft", "add-crew"):
            table = self._held["aircraft" if name == "add-aircraft" else "crew"]
            table.append({"id": max((one["id"] for one in table), default=0) + 1, **wish})
        else:
            raise Refusal(f"Nobody can do {name!r} here. Use add-aircraft, add-crew or clear.")
        self._changed = True

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        raise Refusal(f"There is no question {name!r}.")

    def credentials(self) -> dict[str, str]:
        return {"app_key": APP_KEY, "email": EMAIL, "password": PASSWORD}

    def pages(self) -> list[tuple[str, str]]:
        return [("", "Plans")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        return Page("Plans", el("pre", json.dumps(self._held, indent=1))) if path == "" else None


PARTNER = Partner(
    key="rocketroute", name="RocketRoute", about="Flight planning: each flight sent makes a plan.", start=Rocketroute
)
