"""IFS, imitated: pilots complete a log on its page, and it posts it, as often as one likes.

It shares no code with the add-on. What it sends is our proposal of its notation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airstair.sandbox.client import ClientImitation
from airstair.sandbox.markup import Html, el, table
from airstair.sandbox.partner import Partner, Refusal

_TEXTS = (
    ("uniqueId", "Unique id"), ("flightNumber", "Flight"), ("date", "Date"), ("registration", "Registration"),
    ("adep", "ADEP"), ("ades", "ADES"), ("blockOff", "BLOFF"), ("takeOff", "T/O"), ("landing", "LDG"),
    ("blockOn", "BLON"), ("delayCode", "Delay code"), ("pilotFlying", "Pilot flying"),
)  # fmt: skip
_NUMBERS = (
    ("pax", "PAX"), ("uplift", "Uplift"), ("blockFuel", "Block fuel"), ("remainingFuel", "Remaining fuel"),
    ("delayTime", "Delay, minutes"), ("landings", "Landings"),
)  # fmt: skip
_EXAMPLES = {"date": "2027-03-04", "blockOff": "2027-03-04T14:05:00Z"}


class Ifs(ClientImitation):
    """The logs that it posted, by unique id, with what became of each."""

    key = "ifs"

    def errand(self, name: str, wish: Mapping[str, Any]) -> tuple[str, str, Any] | None:
        if name != "post-log":
            return None
        log = {field: value for field, value in wish.items() if value not in ("", None)}
        for field, label in _NUMBERS:
            if isinstance(log.get(field), str):
                try:
                    log[field] = json.loads(log[field])
                except ValueError:
                    raise Refusal(f"{label} is a number.") from None
        self._latest = log
        return "POST", "/logs", log

    def learned(self, name: str, status: int, said: Any) -> None:
        log = self._latest
        self.held = {**self.held, str(log.get("uniqueId", "")): {"log": log, "status": status, "said": said}}

    _latest: Mapping[str, Any] = {}

    def forms(self) -> list[Html]:
        fields = [self.field(label, name, size=len(_EXAMPLES.get(name, "")) or 10) for name, label in _TEXTS]
        fields += [self.field(label, name, size=6) for name, label in _NUMBERS]
        note = f"Dates as {_EXAMPLES['date']}, times as {_EXAMPLES['blockOff']}. What is left empty is not sent."
        return [el("p", note, class_="note"), self.form("post-log", "Post this log", *fields)]

    def holdings(self) -> Html:
        heads = ["Unique id", "Flight", "Date", "Registration", "Status", "Answer"]
        rows: list[list[object]] = [
            [id_, one["log"].get("flightNumber"), one["log"].get("date"), one["log"].get("registration"),
             el("span", one["status"], class_=f"mark {'good' if one['status'] == 200 else 'bad'}"),
             el("pre", json.dumps(one["said"], indent=1))]
            for id_, one in self.held.items()
        ]  # fmt: skip
        return table(heads, rows, empty="It has posted nothing yet.")


PARTNER = Partner(key="ifs", name="IFS", about="Electronic flight logs, posted to Airstair when you say so.", start=Ifs)
