"""A partner of the tests' own: an add-on that needs no folder, and a receiver that can be told to let us down."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Annotated, Any

from aiohttp import web

from airstair.hub.contract import Addon, Category
from airstair.hub.flows import (
    Backoff,
    Call,
    Document,
    Horizon,
    Mirror,
    OnChange,
    Part,
    UnitDocument,
)
from airstair.hub.http import Answer, PartnerHttp
from airstair.hub.registry import register
from airstair.hub.setting import Settings, setting
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.kernel.units import UnitKind

KEY = "open-sesame & more"  # with characters that addresses spell in another way


class OwnSettings(Settings):
    """What reaches the receiver."""

    base_url: Annotated[str, setting("Address")] = ""
    key: Annotated[str, setting("Key", secret=True)] = ""
    minutes: Annotated[int | None, setting("Interval", least=1)] = 5
    flavour: Annotated[str, setting("Flavour")] = "plain"
    people: Annotated[tuple[str, ...], setting("Recipients", people=True)] = ()


@dataclass
class Got:
    """One call as the receiver saw it. `at` is the sender's time."""

    at: datetime
    tails: list[str]
    bodies: list[dict[str, Any]]
    began: float
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None

    @property
    def body(self) -> dict[str, Any]:
        return self.bodies[0]


class Receiver:
    """Takes documents by PUT. `mode` is how it behaves to everything, `modes` to single aircraft.

    Modes: ok, a status, drop_before, drop_after, half, html, echo (200, and repeats our key), hold (until `release`),
    odd (200 with what databases choke on), 429:30 and 503:30 (Retry-After).
    """

    def __init__(self) -> None:
        self.mode = "ok"
        self.modes: dict[str, str] = {}
        self.calls: list[Got] = []
        self.held: dict[str, dict[str, Any]] = {}  # what it shows now, by tail
        self.checks = 0
        self.at_once = 0
        self.most_at_once = 0
        self.url = ""
        self._gate = asyncio.Event()
        self._gate.set()

    def hold(self) -> None:
        """Answer nothing until `release`."""
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    def tails(self) -> list[str]:
        """The aircraft of every call, in order."""
        return [tail for call in self.calls for tail in call.tails]

    def of(self, tail: str) -> list[Got]:
        return [call for call in self.calls if tail in call.tails]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if request.method == "GET":
            self.checks += 1
            wrong = request.headers.get("X-Key") != KEY
            return web.json_response({"says": "wrong key" if wrong else "hello"}, status=401 if wrong else 200)
        bodies = json.loads(await request.read())
        bodies = bodies if isinstance(bodies, list) else [bodies]
        at = parsedate_to_datetime(request.headers["X-At"]) if "X-At" in request.headers else datetime.now(UTC)
        got = Got(at, [b["tail"] for b in bodies], bodies, asyncio.get_running_loop().time(), dict(request.headers))
        self.calls.append(got)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await self._gate.wait()
            return await self._as_told(request, got)
        finally:
            self.at_once -= 1

    async def _as_told(self, request: web.Request, got: Got) -> web.StreamResponse:
        mode = next((self.modes[tail] for tail in got.tails if tail in self.modes), self.mode)
        if mode == "drop_before":
            return _drop(request)
        if mode[:3].isdigit():
            got.status = int(mode[:3])
            wait = {"Retry-After": mode[4:]} if mode[3:] else {}
            return web.json_response({"says": "no"}, status=got.status, headers=wait)
        self.held.update({body["tail"]: body for body in got.bodies})
        if mode == "drop_after":
            return _drop(request)
        got.status = 200
        if mode == "html":
            return web.Response(text="<html>Welcome</html>", content_type="text/html")
        if mode == "half":
            response = web.StreamResponse(headers={"Content-Length": "100", "Content-Type": "application/json"})
            await response.prepare(request)
            await response.write(b'{"says": ')
            return _drop(request)
        if mode == "echo":
            return web.json_response({"says": f"your key {request.headers.get('X-Key')} is old"})
        if mode == "odd":
            return web.Response(body=b'{"says": "\\u0000 and \x01"}', content_type="application/json", headers={})
        return web.json_response({"says": "thanks"})


def _drop(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver that is listening."""
    receiver = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    receiver.url = f"http://{host}:{port}/api"
    try:
        yield receiver
    finally:
        receiver.release()
        await runner.cleanup()


def legs_document(snapshot: Any, settings: OwnSettings, now: datetime) -> Document:
    """Tail and legs; nothing of notes or crew, so that there are edits which it does not show."""
    shown = [a for a in snapshot.activities if a.status != "CANCELLED"]
    legs = [[a.key, a.start_airport, a.end_airport, a.start.isoformat()] for a in shown]
    body = {"tail": snapshot.aircraft.registration, "legs": legs, "flavour": settings.flavour}
    return Document(body=json.dumps(body).encode(), parts=tuple(Part(key=a.key, title=a.number) for a in shown))


async def put(call: Call) -> list[Outcome]:
    """One PUT for all documents of the call."""
    documents = call.documents
    body = documents[0].document.body if len(documents) == 1 else _together(documents)
    headers = {"X-Key": call.settings.key, "X-At": call.now.strftime("%a, %d %b %Y %H:%M:%S GMT")}
    address = f"{call.settings.base_url}/units"
    answer = await call.http.request("PUT", address, headers=headers, body=body)
    return [read(answer, call.now) for _ in documents]


def _together(documents: Sequence[UnitDocument]) -> bytes:
    return b"[" + b",".join(one.document.body for one in documents) + b"]"


_KINDS = {401: OutcomeKind.UNAUTHORISED, 429: OutcomeKind.THROTTLED, 404: OutcomeKind.UNMATCHED}


def read(answer: Answer, now: datetime) -> Outcome:
    """What an answer of the receiver means."""
    kind = OutcomeKind.ACCEPTED
    if answer.status >= 500:
        kind = OutcomeKind.UNAVAILABLE
    elif answer.status >= 400:
        kind = _KINDS.get(answer.status, OutcomeKind.REFUSED)
    elif not answer.is_json:
        kind = OutcomeKind.UNREADABLE
    wait = answer.headers.get("retry-after")
    said = json.loads(answer.body, strict=False)["says"] if answer.is_json else "no JSON"
    return Outcome(
        kind=kind,
        http_status=answer.status,
        messages=() if said == "thanks" else (PartnerMessage(level="info", text=said),),
        retry_after=now + timedelta(seconds=int(wait)) if wait else None,
    )


async def check(http: PartnerHttp, settings: OwnSettings) -> Outcome:
    """Whether the key opens."""
    answer = await http.request("GET", settings.base_url, headers={"X-Key": settings.key})
    outcome = read(answer, datetime.now(UTC))
    if outcome.kind is OutcomeKind.UNAUTHORISED:
        words = (PartnerMessage(level="error", text="The key is wrong.", field="key"),)
        return Outcome(kind=outcome.kind, messages=words, http_status=401)
    return Outcome(kind=outcome.kind, http_status=answer.status)


def own_addon(key: str = "own", **facts: Any) -> Addon:
    """An add-on that sends legs on change, with backoff, unless `facts` of its mirror or the add-on say otherwise."""
    of_addon = {name: facts.pop(name) for name in ("budget", "check", "account", "recipients") if name in facts}
    mirror: dict[str, Any] = {
        "key": "legs",
        "title": "Legs",
        "unit": UnitKind.AIRCRAFT,
        "trigger": OnChange(),
        "horizon": Horizon(back=timedelta(days=2)),
        "document": legs_document,
        "send": put,
        "retry": Backoff(first=timedelta(seconds=5), longest=timedelta(minutes=15), tries=4),
        "deadline": timedelta(seconds=5),
    }
    made = Addon(
        key=key,
        name=key.capitalize(),
        package=__name__,
        category=Category.SERVICES,
        purpose="For tests.",
        settings=OwnSettings,
        flows=(Mirror(**{**mirror, **facts}),),
        facts=(),
        **{"account": lambda settings: settings.key, **of_addon},
    )
    register(made)
    return made


def values_for(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {"base_url": receiver.url, "key": KEY, **more}
