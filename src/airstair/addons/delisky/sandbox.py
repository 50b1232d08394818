"""DeliSky, imitated: the order page that a link opens, with its refusals, and the orders made on it.

It shares no code with the add-on. Parameters and formats: antares.delisky.com/docs, “Access link”.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.markup import Html, el, options, table
from airstair.sandbox.partner import Answer, Call, Imitation, Page, Partner, Refusal, json_bytes

_LOGIN, _USER_KEY = "delisky-sandbox", "delisky-sandbox-only"
# Which airports have caterers, and who cooks from a menu (the others take free text alone).
_SERVED = {
    "KEWR": ["Liberty Kitchen", "Hudson Sky Catering"], "KTEB": ["Hudson Sky Catering"], "KBOS": ["Back Bay Gourmet"],
    "EGGW": ["Luton Galley"], "LFPB": ["Traiteur du Bourget"], "LSZH": ["Zürich Inflight"], "EPWA": ["Kuchnia Lotu"],
    "KVNY": ["Valley Inflight"], "KMIA": ["Biscayne Catering"],
}  # fmt: skip
_MENU = ("Continental breakfast", "Sandwich platter", "Cheese board", "Fruit basket", "Hot meal", "Coffee and tea")
_FORMATS = {
    "deliveryDateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d", "flightTime": r"\d\d:\d\d", "numOfPax": r"\d+",
    "typeOfFlight": r"international|domestic", "faOnBoard": r"true|false",
}  # fmt: skip
_PATHS = ("/a/OrderCatering", "/access-link/order-catering")


class DeliSky(Imitation):
    """Opened order pages and placed orders, by the operator's own reference."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._orders: dict[str, Any] = {}
        self._changed = False

    def answer(self, call: Call) -> Answer:
        if call.path not in _PATHS:
            return self.failure(404, "There is no such page.")
        sent = {name: values[-1] for name, values in call.query.items()}
        refusal = self._refusal(sent)
        if refusal is not None:
            return refusal
        if call.method == "POST":
            return self._place(sent, {k: v[-1] for k, v in parse_qs(call.body.decode(errors="replace")).items()})
        icao = sent.get("icao", "").upper()
        self._orders.setdefault(sent["reference"], {"state": "opened"})["details"] = _without_secrets(sent)
        self._changed = True
        if icao not in _SERVED:
            return _page(404, "Airport not found", el("p", f"No caterer serves {icao or 'this airport'} yet."))
        return _page(200, f"Order catering at {icao}", self._form(sent, icao))

    def _refusal(self, sent: Mapping[str, str]) -> Answer | None:
        if sent.get("apiKey") != _LOGIN:
            return _page(403, "You are not integrated with DeliSky", el("p", "Please contact your administrator."))
        missing = [name for name in ("reference", "authToken") if not sent.get(name)]
        if not (sent.get("icao") or sent.get("iata")):
            missing.append("icao")
        if missing:
            return _page(400, "The link is not complete", el("p", f"Missing: {', '.join(missing)}."))
        right = hmac.new(_USER_KEY.encode(), f"{_LOGIN}:{sent['reference']}".encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(sent["authToken"], right):
            return self.expired_credentials()
        odd = [name for name, form in _FORMATS.items() if name in sent and not re.fullmatch(form, sent[name])]
        return _page(400, "The link cannot be read", el("p", f"Wrong: {', '.join(odd)}.")) if odd else None

    def _form(self, sent: Mapping[str, str], icao: str) -> Html:
        shown = _without_secrets(sent)
        facts: list[list[object]] = [[name, value] for name, value in shown.items()]
        return el(
            "div",
            table(["", ""], facts, empty=""),
            el(
                "form",
                el("label", "Caterer ", el("select", *options(_SERVED[icao], _SERVED[icao][0]), name="caterer")),
                el("fieldset", el("legend", "Order from menu"),
                   *[el("label", el("input", type="checkbox", name="item", value=dish), f" {dish}") for dish in _MENU]),
                el("label", "Free text order ", el("textarea", name="text", rows=4)),
                el("button", "Order"),
                method="post",
            ),
        )  # fmt: skip

    def _place(self, sent: Mapping[str, str], order: Mapping[str, str]) -> Answer:
        if not (order.get("item") or order.get("text")):
            return _page(400, "Nothing is ordered", el("p", "Choose from the menu, or write what you want."))
        self._orders[sent["reference"]] = {"state": "ordered", "details": _without_secrets(sent), "order": dict(order)}
        self._changed = True
        return _page(200, "Thank you", el("p", f"Your order {sent['reference']} is with {order.get('caterer')}."))

    def aircraft_of(self, call: Call) -> str | None:
        return call.query.get("acRegistration", [None])[-1]

    def failure(self, status: int, title: str) -> Answer:
        return _page(status, title or "That did not work", el("p", "Please try again later."))

    def expired_credentials(self) -> Answer:
        return _page(401, "This link is not valid", el("p", "Please open it again from your operations software."))

    def state(self) -> dict[str, Any]:
        return {"orders": self._orders}

    def audit(self) -> dict[str, Any]:
        return {"rules": []}

    def reset(self) -> None:
        self._orders, self._changed = {}, True

    def changed_documents(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, False
        return {"orders.json": json_bytes(self._orders)} if changed else {}

    def restore(self, documents: Mapping[str, bytes]) -> None:
        if "orders.json" in documents:
            self._orders = json.loads(documents["orders.json"])

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        raise Refusal(f"Nobody can do {name!r} here: orders are made on the page that a link opens.")

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        raise Refusal(f"There is no question {name!r}.")

    def credentials(self) -> dict[str, str]:
        return {"login": _LOGIN, "user_key": _USER_KEY}

    def pages(self) -> list[tuple[str, str]]:
        return [("", "Orders")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        if path != "":
            return None
        rows: list[list[object]] = [
            [reference, one["state"], one["details"].get("icao"), one["details"].get("deliveryDateTime"),
             one["details"].get("flightNumber"), el("pre", json.dumps(one.get("order", {}), indent=1))]
            for reference, one in self._orders.items()
        ]  # fmt: skip
        heads = ["Reference", "State", "Airport", "Delivery", "Flight", "Order"]
        return Page("Orders", table(heads, rows, empty="Nobody has opened the order page yet."))


def _without_secrets(sent: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in sent.items() if name not in ("apiKey", "authToken")}


def _page(status: int, title: str, body: Html) -> Answer:
    frame = el("html", el("head", el("title", title)), el("body", el("h1", title), body), lang="en")
    return Answer(status, f"<!doctype html>{frame}".encode(), content_type="text/html")


PARTNER = Partner(
    key="delisky", name="DeliSky", about="Catering: the order page that a link from a flight opens.", start=DeliSky
)
