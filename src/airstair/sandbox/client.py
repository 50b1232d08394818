"""What imitations of partners share that come to Airstair: where they go, with which credentials, what they were told.

Such a partner answers nothing itself. Its page takes the address and the credentials that Airstair issued, has a button
for each of its errands, and shows the answers. What it makes of an answer is its own.
"""

from __future__ import annotations

import base64
import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord, readable
from airstair.sandbox.markup import Html, el, join, table
from airstair.sandbox.partner import Answer, Call, Errand, Imitation, Page, Refusal, Returned, json_bytes

_KEPT = 50  # answers
_DOCUMENT = "client.json"


class ClientImitation(Imitation):
    """A partner that comes to Airstair. `act("connect", …)` tells it the way; its other acts are errands.

    Subclasses say their errands in `errand`, take what they learn in `learned`, and show it in `holdings`.
    """

    key: str  # the partner's, for the addresses of its forms

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._empty()
        self._changed = False

    def _empty(self) -> None:
        self.address, self._login, self._key = "", "", ""
        self.answers: list[dict[str, Any]] = []
        self.held: Any = {}
        self._waiting: list[Errand] = []

    # ── What a partner of this kind says ────────────────────────────────────────────────────────────

    @abstractmethod
    def errand(self, name: str, wish: Mapping[str, Any]) -> tuple[str, str, Any] | None:
        """Method, path below the address, and JSON body of an errand; `None`: there is no such. Raises `Refusal`."""

    @abstractmethod
    def learned(self, name: str, status: int, said: Any) -> None:
        """What it makes of an answer; `said` is its JSON, or `None`."""

    @abstractmethod
    def forms(self) -> list[Html]:
        """A form for each errand."""

    @abstractmethod
    def holdings(self) -> Html:
        """What it now holds."""

    # ── Errands ─────────────────────────────────────────────────────────────────────────────────────

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        if name == "connect":
            self._connect(wish)
            return
        found = self.errand(name, wish)
        if found is None:
            raise Refusal(f"Nobody can do {name!r} here.")
        if not self.address:
            raise Refusal("Enter the address and the credentials that Airstair issued first.")
        method, path, said = found
        together = base64.b64encode(f"{self._login}:{self._key}".encode()).decode()
        headers = {"Authorization": f"Basic {together}", "Accept": "application/json"}
        body = b"" if said is None else json_bytes(said)
        if body:
            headers["Content-Type"] = "application/json"
        self._waiting.append(Errand(name, method, self.address + path, headers, body))

    def _connect(self, wish: Mapping[str, Any]) -> None:
        address, login, key = (str(wish.get(name, "")).strip() for name in ("address", "login", "key"))
        if urlsplit(address).scheme not in ("http", "https") or not login or not key:
            raise Refusal("Give the address, beginning with http, and both halves of the credentials.")
        self.address, self._login, self._key = address.rstrip("/"), login, key
        self._changed = True

    def errands(self) -> list[Errand]:
        waiting, self._waiting = self._waiting, []
        return waiting

    def came_back(self, returned: Returned) -> None:
        self._changed = True
        try:
            said = json.loads(returned.body)
        except ValueError:
            said = None
        self.answers.append(
            {
                "at": f"{returned.at:%Y-%m-%d %H:%M:%S}Z",
                "errand": returned.errand.name,
                "sent": f"{returned.errand.method} {urlsplit(returned.errand.url).path}",
                "body": readable(returned.errand.body),
                "status": returned.status,
                "said": returned.failure or readable(returned.body),
            }
        )
        del self.answers[:-_KEPT]
        if returned.status is not None:
            self.learned(returned.errand.name, returned.status, said)

    # ── What the shell asks ─────────────────────────────────────────────────────────────────────────

    def answer(self, call: Call) -> Answer:
        return Answer(404, json_bytes({"error": "This partner calls; it is not called. Its page is under /inspect."}))

    def aircraft_of(self, call: Call) -> str | None:
        return None

    def failure(self, status: int, title: str) -> Answer:
        return Answer(status, json_bytes({"error": title}))

    def expired_credentials(self) -> Answer:
        return Answer(401, json_bytes({"error": "This partner calls; it is not called."}))

    def state(self) -> dict[str, Any]:
        return {"address": self.address, "login": self._login, "held": self.held, "answers": self.answers}

    def audit(self) -> dict[str, Any]:
        return {"rules": []}

    def reset(self) -> None:
        self._empty()
        self._changed = True

    def changed_documents(self) -> dict[str, bytes | None]:
        changed, self._changed = self._changed, False
        way = {"address": self.address, "login": self._login, "key": self._key}
        return {_DOCUMENT: json_bytes({**way, "held": self.held, "answers": self.answers})} if changed else {}

    def restore(self, documents: Mapping[str, bytes]) -> None:
        if _DOCUMENT in documents:
            kept = json.loads(documents[_DOCUMENT])
            self.address, self._login, self._key = kept["address"], kept["login"], kept["key"]
            self.held, self.answers = kept["held"], kept["answers"]

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        raise Refusal(f"There is no question {name!r}.")

    def credentials(self) -> dict[str, str]:
        return {}

    # ── Its pages ───────────────────────────────────────────────────────────────────────────────────

    def pages(self) -> list[tuple[str, str]]:
        return [("", "Errands"), ("held", "What it holds")]

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        if path == "held":
            return Page("What it holds", self.holdings())
        return Page("Errands", self._front()) if path == "" else None

    def form(self, action: str, label: str, *fields: Html) -> Html:
        """A form for one errand, with its button."""
        return el(
            "form",
            *fields,
            el("button", label),
            method="post",
            action=f"/inspect/{self.key}/act/{action}",
            class_="row",
        )

    @staticmethod
    def field(label: str, name: str, value: str = "", *, size: int = 12, kind: str = "text") -> Html:
        return el("label", f"{label} ", el("input", name=name, value=value, size=size, type=kind, autocomplete="off"))

    def _front(self) -> Html:
        known = "The way is known; a new one replaces it." if self.address else "It does not know the way yet."
        connect = self.form(
            "connect",
            "Keep",
            self.field("Address", "address", self.address, size=60),
            self.field("Login", "login", self._login, size=20),
            self.field("Key", "key", size=50, kind="password"),
        )
        heads = ["When", "Errand", "Sent", "Status", "Answer"]
        rows: list[list[object]] = [
            [one["at"], one["errand"], _sent(one), one["status"] or "none", el("pre", one["said"])]
            for one in reversed(self.answers)
        ]  # fmt: skip
        return join(
            [
                el("h2", "The way to Airstair"),
                el("p", known, " Airstair shows address and credentials once, when its add-on is switched on.",
                   class_="note"),
                connect,
                el("h2", "Errands"),
                *self.forms(),
                el("h2", "Answers"),
                table(heads, rows, empty="It has not gone yet."),
            ]
        )  # fmt: skip


def _sent(answer: Mapping[str, Any]) -> Html:
    return el("div", el("code", answer["sent"]), el("pre", answer["body"]) if answer["body"] else None)
