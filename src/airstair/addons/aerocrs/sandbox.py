"""AeroCRS, imitated: one method, getSchedule, with the credentials, the refusals and the two forms that it has.

Documented: headers, envelope, words of a failure. Observed: the parameters, and that the SSIM form carries raw line
ends. Assumed: what a wrong period is answered with. It shares no code with the add-on that it checks: the lines of its
SSIM text are laid out here once more, by the columns.

Actions: add-flight (number, from, to, std, sta, days such as 135, type, first, last, offset_from, offset_to: hours from
UTC), clear.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.markup import el
from airstair.sandbox.partner import Answer, Call, Imitation, Page, Partner, Refusal, json_bytes

AUTH_ID = "0f5e1c2a-0000-4000-8000-5a9db0c0ffee"
AUTH_PASSWORD = "aerocrs-sandbox-only"  # noqa: S105 - opens the sandbox and nothing else
_WORDS = {429: "Too many requests", 500: "Internal error", 503: "Service unavailable"}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_NEEDED = ("number", "from", "to", "std", "sta", "days", "type", "first", "last")


def _failed(status: int, *sentences: str) -> Answer:
    """Documented: success false, and sentences in details.detail; the status may be 200."""
    return Answer(status, json_bytes({"aerocrs": {"success": False, "details": {"detail": list(sentences)}}}))


def _flight(number: str, way: str, times: str, days: str, kind: str, offsets: str = "-5-5") -> dict[str, Any]:
    std, sta = times.split("-")
    return {
        "number": number, "from": way[:3], "to": way[4:], "std": std, "sta": sta, "days": days, "type": kind,
        "first": "2026/01/01", "last": "2030/12/31", "offset_from": offsets[:2], "offset_to": offsets[2:],
    }  # fmt: skip


def _first_day() -> list[dict[str, Any]]:
    """A small airline's week, with the slips that reservation systems have."""
    return [
        _flight("XY401", "EWR-BOS", "07:10-08:25", "12345", "ER4"),
        _flight("XY402", "BOS-EWR", "09:15-10:40", "12345", "ER4"),
        _flight("XY411", "EWR-CLE", "12:00-13:35", "1357", "ER4"),
        _flight("XY412", "CLE-EWR", "22:40-00:10", "1357", "ER4"),
        _flight("XY421", "EWR-QQQ", "15:00-16:10", "246", "ER4"),  # an airport that nobody knows
        _flight("", "EWR-DCA", "17:30-18:45", "67", "ER4"),  # no number
        _flight("XY431", "EWR-IAD", "19:00-20:15", "15", "73H"),  # a type that the fleet does not have
    ]


class Aerocrs(Imitation):
    """Flights of one airline, each with its period, its days of the week and its local times."""

    def __init__(self, clock: Clock) -> None:
        self._flights = _first_day()
        self._changed = False

    def answer(self, call: Call) -> Answer:
        if (call.headers.get("auth_id"), call.headers.get("auth_password")) != (AUTH_ID, AUTH_PASSWORD):
            return self.expired_credentials()
        if call.path != "/v5/getSchedule":
            return _failed(404, "Unknown method")
        if call.method != "POST":
            return _failed(405, "Use POST")
        try:
            parms = json.loads(call.body)["aerocrs"]["parms"]
            first, last = (_read_day(parms[name]) for name in ("fltsFROMperiod", "fltsTOperiod"))
        except (ValueError, KeyError, TypeError):
            return _failed(200, "Missing or wrong parameters")
        if first > last:
            return _failed(200, "fltsFROMperiod is after fltsTOperiod")
        return self._schedule(parms, first, last)

    def _schedule(self, parms: Mapping[str, Any], first: datetime, last: datetime) -> Answer:
        flights = [one for one in self._flights if _read_day(one["first"]) <= last and first <= _read_day(one["last"])]
        if not parms.get("ssim"):
            records = [_record(at, one) for at, one in enumerate(flights)]
            return Answer(200, json_bytes({"aerocrs": {"success": True, "flight": records}}))
        text = "\r\n".join(_ssim(flights)) if flights else ""
        # Observed: the line ends stand in the JSON text as they are, which is why the body is put together by hand.
        raw = '{"aerocrs":{"success":true,"flight":"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"}}'
        return Answer(200, raw.encode())

    def aircraft_of(self, call: Call) -> str | None:
        return None

    def failure(self, status: int, title: str) -> Answer:
        return _failed(status, title or _WORDS.get(status, "Error"))

    def expired_credentials(self) -> Answer:
        return _failed(200, "Wrong credentials")

    def state(self) -> dict[str, Any]:
        return {"flights": self._flights}

    def audit(self) -> dict[str, Any]:
        return {"rules": []}

    def reset(self) -> None:
        self._flights, self._changed = _first_day(), True

    def changed_documents(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, False
        return {"flights.json": json_bytes(self._flights)} if changed else {}

    def restore(self, documents: Mapping[str, bytes]) -> None:
        if "flights.json" in documents:
            self._flights = json.loads(documents["flights.json"])

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        if name == "clear":
            self._flights = []
        elif name == "add-flight":
            missing = [field for field in _NEEDED if field not in wish]
            if missing:
                raise Refusal(f"A flight needs {', '.join(missing)}.")
            self._flights.append({"offset_from": "+0", "offset_to": "+0", **wish})
        else:
            raise Refusal(f"Nobody can do {name!r} here. Use add-flight or clear.")
        self._changed = True

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        raise Refusal(f"There is no question {name!r}.")

    def credentials(self) -> dict[str, str]:
        return {"auth_id": AUTH_ID, "auth_password": AUTH_PASSWORD}

    def pages(self) -> list[tuple[str, str]]:
        return [("", "Schedule")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        return Page("Schedule", el("pre", json.dumps(self._flights, indent=1))) if path == "" else None


def _read_day(written: str) -> datetime:
    return datetime.strptime(written, "%Y/%m/%d")  # noqa: DTZ007 - a day has no zone


def _record(at: int, one: Mapping[str, Any]) -> dict[str, Any]:
    """One flight in the JSON form (observed)."""
    days = {f"weekday{name}": str(n) in one["days"] for n, name in enumerate(_WEEKDAYS, start=1)}
    return {
        "fltnumber": one["number"], "airlinename": "Demo Air", "airlinedesignator": one["number"][:2], "airlineid": 991,
        "fromdestination": one["from"], "todestination": one["to"], "std": one["std"], "sta": one["sta"],
        "accode": one["type"], "fltsfromperiod": one["first"], "fltstoperiod": one["last"], **days,
    }  # fmt: skip


def _ssim(flights: list[dict[str, Any]]) -> list[str]:
    """The same as SSIM chapter 7: a header, a carrier in local time, a line for each flight, a trailer."""
    lines = ["1AIRLINE STANDARD SCHEDULE DATA SET".ljust(191) + "001", _carrier()]
    for one in flights:
        lines.append(_leg(one))
    lines.append("5 " + "XY ".ljust(185) + f"{len(lines):06}E")
    return [f"{line[:194]:<194}{number:06}" for number, line in enumerate(lines, start=1)]


def _carrier() -> str:
    return "2LXY      S26 01JAN2631DEC30".ljust(194)


def _leg(one: Mapping[str, Any]) -> str:
    at: dict[int, str] = {
        1: "3", 3: one["number"][:2] or "XY", 6: one["number"][2:].rjust(4), 10: "0101J",
        15: _ssim_day(one["first"]) + _ssim_day(one["last"]),
        29: "".join(str(n) if str(n) in one["days"] else " " for n in range(1, 8)),
        37: one["from"], 40: _hhmm(one["std"]) * 2 + _offset(one["offset_from"]),
        55: one["to"], 58: _hhmm(one["sta"]) * 2 + _offset(one["offset_to"]), 73: one["type"],
        193: "0" + ("1" if one["sta"] <= one["std"] else "0"),
    }  # fmt: skip
    line = [" "] * 200
    for column, text in at.items():
        line[column - 1 : column - 1 + len(text)] = text
    return "".join(line)


def _ssim_day(written: str) -> str:
    return _read_day(written).strftime("%d%b%y").upper()


def _hhmm(written: str) -> str:
    return written.replace(":", "")


def _offset(hours: str) -> str:
    return f"{hours[0]}{int(hours[1:]):02}00"


PARTNER = Partner(
    key="aerocrs", name="AeroCRS", about="A reservation system: the airline's schedule, to be fetched.", start=Aerocrs
)
