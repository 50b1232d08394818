"""Every marketplace of the table, imitated by one program: each has its own key, its own state, its own refusals.

What it demands of a feed is our own reading of the assumed shape. It shares no code with the add-on that it checks.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from importlib import resources
from typing import Any
from urllib.parse import quote

from airstair.kernel.clock import Clock
from airstair.sandbox.client import ClientImitation
from airstair.sandbox.journal import CallRecord, same_registration
from airstair.sandbox.markup import Html, table
from airstair.sandbox.partner import Answer, Call, Page, Partner, Refusal, json_bytes

_KINDS = ("FLIGHT", "EMPTY_LEG", "RESERVATION", "MAINTENANCE", "AVAILABILITY", "OPPORTUNITY")
_ON_OFFER = ("EMPTY_LEG", "OPPORTUNITY")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ")
_FEED = re.compile(r"/api/feeds/(\d{1,18})")
_WORDS = "id kind from to startUtc endUtc paxCount flexibleFrom flexibleTo price verified note"
_FIELDS = frozenset(_WORDS.split(" "))


def _says(status: int, word: str, remarks: list[dict[str, str]] | None = None, caller: str | None = None) -> Answer:
    return Answer(status, json_bytes({"status": word, "remarks": remarks or []}), caller=caller)


def _remark(text: str, code: str, record: str = "", field: str = "") -> dict[str, str]:
    return {"text": text, "code": code, "record": record, "field": field}


class Marketplace(ClientImitation):
    """One marketplace: the feeds that it shows, by their number, and the registrations that it does not know.

    It is sent feeds, or fetches them: its pages take the way to Airstair.
    """

    def __init__(self, clock: Clock, *, key: str) -> None:
        super().__init__(clock)
        self.key = key
        self._opens = f"{key}-sandbox-only"

    def _empty(self) -> None:
        super()._empty()
        self.held = {"feeds": {}, "unknown": []}

    @property
    def _feeds(self) -> dict[str, dict[str, Any]]:
        feeds: dict[str, dict[str, Any]] = self.held["feeds"]
        return feeds

    # -- its API -------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != f"Bearer {self._opens}":
            return self.expired_credentials()
        if (call.method, call.path) == ("GET", "/api/account"):
            return _says(200, "ok", caller="the operator")
        found = _FEED.fullmatch(call.path)
        if found is None:
            return _says(404, "error", [_remark("There is nothing here.", "NOT_FOUND")])
        if call.method == "PUT":
            return self._put(found[1], call.body)
        if call.method == "DELETE":
            return self._delete(found[1])
        return _says(405, "error", [_remark("A feed is put or deleted.", "METHOD")])

    def _put(self, number: str, body: bytes) -> Answer:
        feed = _read(body)
        if feed is None:
            return _says(422, "error", [_remark("A feed has an aircraft and a list of records.", "NO_FEED")])
        registration = feed["aircraft"]["registration"]
        if same_registration(registration) in self.held["unknown"]:
            return _says(422, "error", [_remark(f"{registration} is not listed here.", "UNKNOWN_AIRCRAFT")])
        ids = [one.get("id") for one in feed["records"] if isinstance(one, dict)]
        if len(set(map(str, ids))) != len(feed["records"]):
            return _says(422, "error", [_remark("Each record needs an id of its own.", "IDS")])
        self._feeds[number], remarks = _shown(feed)
        self._changed = True
        return _says(200, "ok" if not remarks else "partly", remarks, caller="the operator")

    def _delete(self, number: str) -> Answer:
        if self._feeds.pop(number, None) is None:
            return _says(404, "error", [_remark("There is no such feed.", "NOT_FOUND")])
        self._changed = True
        return _says(200, "ok", caller="the operator")

    def aircraft_of(self, call: Call) -> str | None:
        found = _FEED.fullmatch(call.path)
        feed = (_read(call.body) or self._feeds.get(found[1])) if found else None
        return str(feed["aircraft"]["registration"]) if feed else None

    def failure(self, status: int, title: str) -> Answer:
        return _says(status, "error", [_remark(title or f"Something is wrong here ({status}).", "FAILURE")])

    def expired_credentials(self) -> Answer:
        return _says(401, "error", [_remark("This key opens nothing.", "KEY")])

    # -- what it holds -------------------------------------------------------------------------------------------

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        """`unlist` and `list` (registration): whether its staff know the aircraft. The rest is about fetching."""
        if name not in ("unlist", "list"):
            super().act(name, wish)
            return
        known = same_registration(str(wish.get("registration", "")))
        if not known:
            raise Refusal("Its staff can 'unlist' or 'list' a 'registration'.")
        self.held["unknown"] = [*({*self.held["unknown"]} - {known}), *([known] if name == "unlist" else [])]
        self._changed = True

    def credentials(self) -> dict[str, str]:
        return {"api_key": self._opens}

    # -- fetching ------------------------------------------------------------------------------------------------

    def errand(self, name: str, wish: Mapping[str, Any]) -> tuple[str, str, Any] | None:
        """`changes` (since): what has changed since then, else since what it was told last, else ever."""
        if name not in _ERRANDS:
            return None
        path = _ERRANDS[name][0]
        if name == "changes":
            path += quote(str(wish.get("since") or self.held.get("until") or _EVER), safe=":")
        return ("GET", path, None)

    def learned(self, name: str, status: int, said: Any) -> None:
        """What it fetched replaces all that it shows, or the aircraft that have changed, and those gone are gone.

        It does not understand calendars and tables.
        """
        if status != 200 or not isinstance(said, dict):
            return
        read = [_read(json_bytes(one)) for one in said.get("feeds", [])]
        feeds = {one["aircraft"]["registration"]: _shown(one)[0] for one in read if one is not None}
        if name == "changes":
            self.held["until"] = said["completeUntil"]
            feeds = {one: feed for one, feed in (self._feeds | feeds).items() if one in said["aircraft"]}
        self.held["feeds"] = feeds

    def forms(self) -> list[Html]:
        return [self.form(name, label) for name, (_, label) in _ERRANDS.items()]

    # -- its pages -----------------------------------------------------------------------------------------------

    def pages(self) -> list[tuple[str, str]]:
        return [("", "What brokers see"), ("errands", "Fetching")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        if path == "errands":
            return super().page("", calls)
        return Page("What brokers see", self.holdings()) if path == "" else None

    def holdings(self) -> Html:
        heads = ["Aircraft", "Record", "Route", "From", "Until", "Price", "Verified"]
        rows = [_row(feed["aircraft"], one) for feed in self._feeds.values() for one in feed["records"]]
        return table(heads, rows, empty="Nothing is shown yet: switch the add-on on, in the environment sandbox.")


_EVER = "2000-01-01T00:00Z"
_ERRANDS = {
    "pull": ("/feed", "Fetch the feed"),
    "changes": ("/feed?updated_since=", "Fetch what has changed"),
    "calendar": ("/feed.ics", "Fetch it as a calendar"),
    "table": ("/feed.csv", "Fetch it as a table"),
}


def _row(aircraft: dict[str, Any], one: dict[str, Any]) -> list[object]:
    price = one.get("price")
    return [
        aircraft["registration"],
        one["kind"],
        f"{one['from']['icao']}–{one['to']['icao']}" if "to" in one else one["from"]["icao"],
        one["startUtc"],
        one["endUtc"],
        f"{price['amount']} {price['currency']}" if price else "",
        "yes" if one.get("verified") else "",
    ]


# -- what it demands of a feed ----------------------------------------------------------------------------------------


def _read(body: bytes) -> dict[str, Any] | None:
    """A feed as far as it can be told what it is of; `None` for what is none."""
    try:
        feed = json.loads(body)
    except ValueError:
        return None
    if not isinstance(feed, dict) or not isinstance(feed.get("records"), list):
        return None
    aircraft = feed.get("aircraft")
    named = isinstance(aircraft, dict) and isinstance(aircraft.get("registration"), str)
    return feed if named and all(isinstance(one, dict) for one in feed["records"]) else None


def _shown(feed: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """The feed without the records that are wrong, and what is wrong with them."""
    remarks = [remark for one in feed["records"] for remark in _wrong_in(one)]
    spoiled = {remark["record"] for remark in remarks}
    return {**feed, "records": [one for one in feed["records"] if str(one.get("id")) not in spoiled]}, remarks


def _wrong_in(one: dict[str, Any]) -> Iterator[dict[str, str]]:
    """What is wrong with a record: it is not shown, and the rest of the feed is."""
    number = str(one.get("id"))
    for field in sorted(set(one) - _FIELDS):
        yield _remark(f"{field} is not a property of a record.", "PROPERTY", number, field)
    kind = one.get("kind")
    if kind not in _KINDS:
        yield _remark(f"{kind} is not a kind of record.", "KIND", number, "kind")
    for field in ("from", "to"):
        if not _is_airport(one.get(field)) and not (field == "to" and field not in one and kind == "AVAILABILITY"):
            yield _remark(f"{field} is not an airport.", "AIRPORT", number, field)
    times = [str(one.get(field)) for field in ("startUtc", "endUtc")]
    if not all(_TIME.fullmatch(when) for when in times) or times[0] >= times[1]:
        yield _remark("startUtc and endUtc are UTC times in this order.", "TIMES", number, "startUtc")
    if kind == "EMPTY_LEG" and one.get("paxCount") != 0:
        yield _remark("An empty leg carries nobody.", "PAX", number, "paxCount")
    price = one.get("price")
    if price is not None and not (isinstance(price, dict) and price.get("amount") and price.get("currency")):
        yield _remark("A price has an amount and a currency.", "PRICE", number, "price")
    if kind in _KINDS and kind not in _ON_OFFER and {"price", "verified", "flexibleFrom"} & set(one):
        yield _remark("Only what is on offer has a price.", "OFFER", number, "price")


def _is_airport(found: Any) -> bool:
    return isinstance(found, dict) and bool(re.fullmatch("[A-Z][A-Z0-9]{3}", str(found.get("icao"))))


def _names() -> Iterator[tuple[str, str]]:
    for file in resources.files(__package__).joinpath("members").iterdir():
        if file.name.endswith(".toml"):
            yield file.name.removesuffix(".toml"), tomllib.loads(file.read_text(encoding="utf-8"))["name"]


PARTNERS = tuple(
    Partner(
        key=key, name=name, about="Feeds of aircraft in; what brokers see out.", start=partial(Marketplace, key=key)
    )
    for key, name in sorted(_names())
)
