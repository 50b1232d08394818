"""FuelerLinx, imitated: it pulls flights when told to, and keeps fuel planning's view of them.

It shares no code with the add-on. What it reads is our proposal; it insists on what the partner is known to need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airstair.sandbox.client import ClientImitation
from airstair.sandbox.markup import Html, el, table
from airstair.sandbox.partner import Partner

_NEEDED = (
    "flightId", "tripId", "flightNumber", "tailNumber", "departureIcao", "arrivalIcao", "departureDateTimeZulu",
    "arrivalDateTimeZulu", "paxCount", "cancelled",
)  # fmt: skip


class FuelerLinx(ClientImitation):
    """The latest flights that it read, by their ids, and what it could not read."""

    key = "fuelerlinx"

    def errand(self, name: str, wish: Mapping[str, Any]) -> tuple[str, str, Any] | None:
        return ("GET", "/flights", None) if name == "pull" else None

    def learned(self, name: str, status: int, said: Any) -> None:
        if status != 200 or not isinstance(said, dict) or said.get("success") is not True:
            return
        found, wrong = {}, []
        for one in said.get("scheduledTrips", []):
            missing = [field for field in _NEEDED if field not in one]
            icao = all(len(str(one.get(field, ""))) == 4 for field in ("departureIcao", "arrivalIcao"))
            if missing or not icao:
                wrong.append({"trip": one, "why": f"without {missing}" if missing else "no ICAO code"})
            else:
                found[str(one["flightId"])] = one
        self.held = {"trips": found, "unreadable": wrong}

    def forms(self) -> list[Html]:
        return [self.form("pull", "Pull now")]

    def holdings(self) -> Html:
        heads = ["Trip", "Flight", "Tail", "From", "To", "STD", "STA", "PAX", ""]
        rows: list[list[object]] = [
            [one["tripId"], one["flightNumber"], one["tailNumber"], one["departureIcao"], one["arrivalIcao"],
             one["departureDateTimeZulu"], one["arrivalDateTimeZulu"], one["paxCount"],
             el("span", "cancelled", class_="mark bad") if one["cancelled"] else ""]
            for one in self.held.get("trips", {}).values()
        ]  # fmt: skip
        return table(heads, rows, empty="It has read nothing yet.")


PARTNER = Partner(
    key="fuelerlinx",
    name="FuelerLinx",
    about="Fuel planning that pulls flights from Airstair when you tell it to.",
    start=FuelerLinx,
)
