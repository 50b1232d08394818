"""Avinode, imitated: the marketplace's API for schedules as an operator's software meets it.

What it does: the header gate, PUT /schedules with the documented semantics, the mapping table, the interpreted view,
empty legs on offer, fault-free answers in the documented envelope, and an audit of every call. What it does not do
yet: requests for quotes, trips, webhooks. One convenience the real one lacks: company `demo` *adopts* unknown
aircraft at their first call (action `set-adoption` switches it off; then they get 403, as in reality).

Each rule says how it is known: documented (Avinode's developer pages), observed (integrators' public notes) or
assumed. It shares no code with the add-on that it checks.

Actions (`POST /control/avinode/actions/<name>`): set-mapping, set-aircraft, set-adoption, set-connection,
set-rate-limit, clear-audit. Questions (`GET /control/avinode/questions/<name>`): availability (tail),
can-fly (tail, from, to, at).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from airstair.addons.avinode.sandbox import pages, reads, seed
from airstair.addons.avinode.sandbox.airports import resolve
from airstair.addons.avinode.sandbox.audit import Auditor
from airstair.addons.avinode.sandbox.availability import equivalent_of
from airstair.addons.avinode.sandbox.documents import INVALID, Message, Unreadable, read_document, read_time, tail_in
from airstair.addons.avinode.sandbox.gate import Gate, Refused, expired
from airstair.addons.avinode.sandbox.market import Market, NotAllowed
from airstair.addons.avinode.sandbox.model import (
    READ_AIRCRAFT,
    READ_SCHEDULES,
    SEARCH_EMPTY_LEGS,
    UPLOAD_SCHEDULES,
    Aircraft,
    Connection,
)
from airstair.addons.avinode.sandbox.page_parts import View
from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.partner import Answer, Call, Imitation, Page, Partner, Refusal

API = "/api"
_GATE_DOCUMENTS = ("connection/", "issued/", "limit/")
_FAILURES = {
    400: ("??? No message available ???", "ERR_INPUT_MISSING"),
    401: ("Invalid value for header 'Authorization'", INVALID),
    403: ("Not authorized", "NOT_AUTHORIZED"),
    404: ("Not found", "NOT_FOUND"),
    413: ("The request body is too large", INVALID),
    429: ("Rate limit exceeded", "RATE_LIMIT_EXCEEDED"),
    500: ("We are sorry, an unexpected error occurred", "ERR_INTERNAL_CRITICAL"),
    503: ("The service is temporarily unavailable", "ERR_SERVICE_UNAVAILABLE"),
}
"""Titles and codes by status: 400, 404, 500 documented or observed, the others assumed."""

Handler = Callable[["Avinode", Call, Connection], Answer]


def envelope(status: int, content: object = None, errors: list[Message] | None = None, **rest: Any) -> Answer:
    """Every answer's body: meta.errors, meta.warnings, meta.infos, and data (documented)."""
    meta = {"errors": errors or [], "warnings": [], "infos": [], **rest.pop("meta", {})}
    body = msgspec.json.encode({"meta": meta, "data": {} if content is None else content})
    return Answer(status, body, **rest)


class Avinode(Imitation):
    """The imitated Avinode: answers calls, and shows what it made of them."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._start()

    def _start(self) -> None:
        self.market = Market()
        self.gate = Gate()
        self.auditor = Auditor(self._equivalent)

    def _equivalent(self, tail: str, activity_type: str) -> str:
        plane = self.market.find(tail)
        return equivalent_of(self.market.companies[plane.company].mapping if plane else {}, activity_type)

    # -- calls ---------------------------------------------------------------------------------------------------

    def answer(self, call: Call) -> Answer:
        path = call.path.rstrip("/")
        if path == f"{API}/oauth/token":
            return self.gate.issue_token(call) if call.method == "POST" else _wrong_verb(["POST"])
        try:
            connection = self.gate.admit(call)
            handlers = _route(path.removeprefix(API)) if path.startswith(f"{API}/") else None
            rate = self.gate.count(connection, call.received_at)
            answer = self._dispatch(call, connection, handlers)
        except Refused as refused:
            return self._refusal(call, refused)
        return Answer(answer.status, answer.body, {**rate, **answer.headers}, answer.content_type, connection.key)

    def _dispatch(self, call: Call, connection: Connection, routes: dict[str, tuple[str, Handler]] | None) -> Answer:
        if routes is None:
            return self.failure(404, "")
        method = "GET" if call.method == "HEAD" else call.method
        if method not in routes:
            return _wrong_verb(list(routes))
        permission, handler = routes[method]
        self.gate.require(connection, permission)
        return handler(self, call, connection)

    def _refusal(self, call: Call, refused: Refused) -> Answer:
        headers: dict[str, str] = {}
        connection = self.gate.connections.get(refused.caller or "")
        if connection is not None:
            headers = self.gate.rate_headers(connection, call.received_at)
        if refused.status == 429:
            headers["Retry-After"] = headers.get("X-Rate-Limit-Reset", "60")
        return envelope(refused.status, errors=[refused.message], headers=headers, caller=refused.caller)

    def put_schedule(self, call: Call, connection: Connection) -> Answer:
        """PUT /schedules: one aircraft's complete schedule (documented)."""
        try:
            document = read_document(call.body)
        except Unreadable as unreadable:
            return envelope(400, errors=[unreadable.message])
        if document.tail is not None:
            try:
                self.market.permit(connection.company, document.tail)
            except NotAllowed as reason:
                # Documented: 403 also when the aircraft is not configured; the code is observed.
                message = Message(str(reason), "AUTHORIZATION_PERMISSIONS", "lift.aircraftTail")
                return envelope(403, errors=[message])
        if document.errors:
            return envelope(document.status, errors=document.errors)
        if document.deltas:
            # Documented that the flag exists; how a deletion is expressed is not public, so it is not imitated.
            return envelope(
                501, errors=[Message("Uploads of deltas are not imitated here", "NOT_IMPLEMENTED", "deltas")]
            )
        soft = self.market.upload(connection.company, document, call.received_at)
        return envelope(200, errors=soft)

    def aircraft_of(self, call: Call) -> str | None:
        if call.method == "PUT" and call.path.rstrip("/") == f"{API}/schedules":
            return tail_in(call.body)
        tails = call.query.get("tail", [])
        return tails[0].upper() if len(tails) == 1 else None

    def failure(self, status: int, title: str) -> Answer:
        usual, code = _FAILURES.get(status, ("Error", "ERR_INTERNAL_CRITICAL"))
        headers = (
            {"X-Rate-Limit-Limit": str(self.gate.calls_an_hour), "X-Rate-Limit-Remaining": "0"} if status == 429 else {}
        )
        return envelope(status, errors=[Message(title or usual, code)], headers=headers)

    def expired_credentials(self) -> Answer:
        return envelope(401, errors=[expired()])

    # -- what it shows -------------------------------------------------------------------------------------------

    def observe(self, record: CallRecord) -> None:
        if record.method == "PUT" and record.path.partition("?")[0].rstrip("/") == f"{API}/schedules":
            self.auditor.observe(record)

    def audit(self) -> dict[str, Any]:
        return self.auditor.report(self.clock.now())

    def state(self) -> dict[str, Any]:
        return reads.state(self.market, self.gate, self.clock.now())

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        plane = self.market.find(wish.get("tail", ""))
        if name not in ("availability", "can-fly"):
            raise Refusal(f"There is no question {name!r}. Ask availability or can-fly.")
        if plane is None:
            raise Refusal("Field 'tail' must be an aircraft that is held here.")
        if name == "availability":
            return {"tail": plane.tail, "intervals": msgspec.to_builtins(self.market.intervals(plane))}
        return self._can_fly(plane, wish)

    def _can_fly(self, plane: Aircraft, wish: Mapping[str, str]) -> dict[str, Any]:
        (start, _), (end, _) = resolve(wish.get("from")), resolve(wish.get("to"))
        at = read_time(wish.get("at"))
        if start is None or end is None:
            raise Refusal("Fields 'from' and 'to' must be airports, by ICAO, IATA or FAA code.")
        if at is None:
            raise Refusal("Field 'at' must be a time such as 2027-05-11T06:00Z.")
        possible, why = self.market.reading(plane).can_fly(start, end, at.at)
        return {"possible": possible, "why": why}

    def credentials(self) -> dict[str, str]:
        return {
            "authorization_key": seed.DEMO_AUTHORIZATION_KEY,
            "api_token": seed.DEMO_API_TOKEN,
            "client_id": seed.DEMO_CLIENT_ID,
            "client_secret": seed.DEMO_CLIENT_SECRET,
            "other_company_authorization_key": seed.OTHER_AUTHORIZATION_KEY,
            "inactive_authorization_key": seed.INACTIVE_AUTHORIZATION_KEY,
            "read_only_authorization_key": seed.READ_ONLY_AUTHORIZATION_KEY,
        }

    def pages(self) -> list[tuple[str, str]]:
        return pages.PAGES

    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        return pages.page(path, View(self.market, self.gate, self.auditor, self.clock.now()), calls)

    # -- people and keeping --------------------------------------------------------------------------------------

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        if name == "clear-audit":
            self.auditor.clear()
        elif name in ("set-connection", "set-rate-limit"):
            self.gate.act(name, wish)
        else:
            self.market.act(name, wish)

    def reset(self) -> None:
        """Documented: the real sandbox is rebuilt every week and everything in it is gone."""
        gone = {f"aircraft/{key}" for key in self.market.aircraft} | {f"company/{key}" for key in self.market.companies}
        gone |= {f"connection/{key}" for key in self.gate.connections} | {"issued/tokens", "limit/rate"}
        gone |= {f"audit/{key}" for key in self.auditor.kept_names()}
        self._start()
        self.market.changed |= {name for name in gone if name.startswith(("aircraft/", "company/"))}
        self.gate.changed |= {name for name in gone if name.startswith(_GATE_DOCUMENTS)}
        self.auditor.changed |= {name.removeprefix("audit/") for name in gone if name.startswith("audit/")}

    def changed_documents(self) -> dict[str, bytes | None]:
        changed = {name: self.market.document(name) for name in self.market.changed}
        changed |= {name: self.gate.document(name) for name in self.gate.changed}
        changed |= {f"audit/{name}": self.auditor.document(name) for name in self.auditor.changed}
        self.market.changed.clear()
        self.gate.changed.clear()
        self.auditor.changed.clear()
        return changed

    def restore(self, documents: Mapping[str, bytes]) -> None:
        for name, body in documents.items():
            if name.startswith("audit/"):
                self.auditor.restore(name.removeprefix("audit/"), body)
            elif name.startswith(_GATE_DOCUMENTS):
                self.gate.restore(name, body)
            else:
                self.market.restore(name, body)


def _wrong_verb(allowed: list[str]) -> Answer:
    """405 is observed; its code is assumed."""
    allow = ", ".join(sorted(allowed))
    message = Message(f"Method not allowed. Allowed: {allow}", "METHOD_NOT_ALLOWED")
    return envelope(405, errors=[message], headers={"Allow": allow})


def _read(build: Callable[[Market, Call, Connection, datetime], reads.Found]) -> Handler:
    """A handler of a reading operation, which finds an object, a list, or nothing."""

    def handler(avinode: Avinode, call: Call, connection: Connection) -> Answer:
        try:
            found = build(avinode.market, call, connection, avinode.clock.now())
        except reads.WrongQuery as wrong:
            return envelope(400, errors=[wrong.message])
        if found.content is None:
            return avinode.failure(404, "")
        return envelope(200, found.content, meta=found.meta)

    return handler


_ROUTES: dict[str, dict[str, tuple[str, Handler]]] = {
    "/schedules": {
        "PUT": (UPLOAD_SCHEDULES, Avinode.put_schedule),
        "GET": (READ_SCHEDULES, _read(reads.schedules)),
    },
    "/schedules/search": {"GET": (READ_SCHEDULES, _read(reads.schedules_by_tail))},
    "/aircraft": {"GET": (READ_AIRCRAFT, _read(reads.fleet))},
    "/aircraft/search": {"GET": (READ_AIRCRAFT, _read(reads.aircraft_by_tail))},
    "/aircraft/*": {"GET": (READ_AIRCRAFT, _read(reads.one_aircraft))},
    "/airports/search": {"GET": (READ_AIRCRAFT, _read(reads.airports))},
    "/airports/*": {"GET": (READ_AIRCRAFT, _read(reads.one_airport))},
    "/emptylegs/search": {"POST": (SEARCH_EMPTY_LEGS, _read(reads.search_empty_legs))},
    "/emptylegs/*": {"GET": (SEARCH_EMPTY_LEGS, _read(reads.one_empty_leg))},
}


def _route(path: str) -> dict[str, tuple[str, Handler]] | None:
    found = _ROUTES.get(path)
    parts = path.strip("/").split("/")
    return found if found is not None or len(parts) != 2 else _ROUTES.get(f"/{parts[0]}/*")


PARTNER = Partner(
    key="avinode",
    name="Avinode",
    about="The charter marketplace: schedules in, availability and empty legs out.",
    start=Avinode,
)
