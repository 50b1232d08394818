"""The inspector: pages that show what each partner received, what it now holds, and its fault switches.

The shell's frame and the pages all partners share are here; a partner's own pages come from its imitation. Pages are
plain HTML that also works without script; a small script renews the live parts every few seconds.
"""

from __future__ import annotations

import json
from datetime import UTC
from importlib import resources
from urllib.parse import quote, urlencode

from aiohttp import web

from airstair.sandbox.faults import KINDS, STATUSES, WrongFault, read_fault
from airstair.sandbox.host import Host
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.keys import HOSTS, host_named
from airstair.sandbox.markup import Html, el, join, options, table
from airstair.sandbox.partner import Refusal

SHOWN_CALLS = 200
LONGEST_SHOWN = 200_000
_STATIC = {"inspector.css": "text/css", "inspector.js": "text/javascript"}


def add_routes(app: web.Application) -> None:
    """Put the inspector's pages on the sandbox's application."""
    at = "/inspect/{key}"
    app.router.add_get("/", _to_front)
    app.router.add_get("/inspect", _to_front)
    app.router.add_get("/inspect/", _front)
    app.router.add_get("/static/{name}", _static)
    app.router.add_get(f"{at}/calls", _calls)
    app.router.add_get(f"{at}/calls/{{seq}}", _call)
    app.router.add_get(f"{at}/faults", _faults)
    app.router.add_post(f"{at}/faults", _add_fault)
    app.router.add_post(f"{at}/faults/off", _fault_off)
    app.router.add_post(f"{at}/reset", _reset)
    app.router.add_post(f"{at}/act/{{name}}", _act)
    app.router.add_get(f"{at}/{{path:.*}}", _partner_page)
    app.router.add_get("/inspect/{key}", _to_partner)


async def _to_front(request: web.Request) -> web.Response:
    raise web.HTTPFound("/inspect/")


async def _to_partner(request: web.Request) -> web.Response:
    raise web.HTTPFound(f"/inspect/{quote(request.match_info['key'])}/")


async def _static(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in _STATIC:
        raise web.HTTPNotFound(text="There is no such file.")
    body = resources.files("airstair.sandbox").joinpath(name).read_bytes()
    return web.Response(body=body, content_type=_STATIC[name], charset="utf-8")


def _host(request: web.Request) -> Host:
    host = host_named(request)
    if host is None:
        raise web.HTTPNotFound(text="No such partner is imitated here. Start at /inspect/.")
    return host


# -- the frame -------------------------------------------------------------------------------------------------------


def _page(request: web.Request, title: str, body: Html, host: Host | None = None, here: str = "") -> web.Response:
    message = request.query.get("message")
    wrong = request.query.get("wrong")
    now = (host.clock if host else next(iter(request.app[HOSTS].values())).clock).now()
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", f"{title} · sandbox"),
        el("link", rel="stylesheet", href="/static/inspector.css"),
        el("script", src="/static/inspector.js", defer=True),
    )
    bar = el(
        "header",
        el("a", "Sandbox", href="/inspect/", class_="home"),
        el("strong", host.partner.name) if host else None,
        el("span", f"{now:%Y-%m-%d %H:%M:%SZ}", class_="clock", id="clock", data_live=True),
    )
    notice = [
        el("p", wrong, class_="notice wrong", role="alert") if wrong else None,
        el("p", message, class_="notice", role="status") if message else None,
    ]
    content = el("main", el("h1", title), *notice, body)
    whole = el("html", head, el("body", bar, _tabs(host, here) if host else None, content), lang="en")
    return web.Response(text=f"<!DOCTYPE html>{whole}", content_type="text/html")


def _tabs(host: Host, here: str) -> Html:
    shared = [("calls", f"Calls {len(host.journal)}"), ("faults", f"Faults {len(host.faults.all()) or ''}")]
    links = [
        el("a", label, href=f"/inspect/{host.key}/{path}", aria_current="page" if path == here else None)
        for path, label in [*host.imitation.pages(), *shared]
    ]
    return el("nav", *links, aria_label="Pages", id="tabs", data_live=True)


async def _front(request: web.Request) -> web.Response:
    rows: list[list[object]] = []
    for key, host in request.app[HOSTS].items():
        link = el("a", host.partner.name, href=f"/inspect/{key}/")
        faults = len(host.faults.all())
        rows.append([link, host.partner.about, el("code", f"/{key}"), len(host.journal), faults or "none"])
    body = el(
        "div",
        table(["Partner", "What", "Mounted at", "Calls", "Faults"], rows, empty="No partner."),
        id="l",
        data_live=True,
    )
    return _page(request, "Partners imitated here", body)


# -- pages all partners share ----------------------------------------------------------------------------------------


def call_rows(host: Host, calls: list[CallRecord]) -> Html:
    """Calls as a table, latest first."""
    rows: list[list[object]] = []
    for record in reversed(calls):
        rows.append(
            [
                el("a", record.seq, href=f"/inspect/{host.key}/calls/{record.seq}"),
                f"{record.at:%m-%d %H:%M:%S}",
                el("code", f"{record.method} {record.path[:80]}"),
                record.aircraft or "",
                status_mark(record),
                record.fault or "",
                f"{record.duration_ms:g} ms",
                record.caller or "",
            ]
        )
    heads = ["#", "UTC", "Call", "Aircraft", "Answer", "Fault", "Took", "As"]
    return table(heads, rows, empty="No calls yet.")


def status_mark(record: CallRecord) -> Html:
    """The answer's status with its weight in words and colour."""
    if record.status is None:
        return el("span", "no answer", class_="mark bad")
    soft = record.succeeded and '"code":' in record.answer
    kind = "bad" if not record.succeeded else "warn" if soft else "good"
    return el("span", f"{record.status}{' + errors' if soft else ''}", class_=f"mark {kind}")


async def _calls(request: web.Request) -> web.Response:
    host = _host(request)
    aircraft = request.query.get("aircraft") or None
    calls = host.calls(aircraft, limit=SHOWN_CALLS)
    asked = el(
        "form",
        el("label", "Aircraft ", el("input", name="aircraft", value=aircraft or "", size=10)),
        el("button", "Show"),
        class_="row",
    )
    note = el("p", f"The latest {SHOWN_CALLS} at most. Secrets are masked.", class_="note")
    body = join([asked, note, el("div", call_rows(host, calls), id="calls", data_live=True)])
    return _page(request, "Calls received", body, host, "calls")


async def _call(request: web.Request) -> web.Response:
    host = _host(request)
    written = request.match_info["seq"]
    known = written.isascii() and written.isdigit() and len(written) < 13
    record = host.journal.find(int(written)) if known else None
    if record is None:
        raise web.HTTPNotFound(text="No such call is kept. The journal keeps the latest calls only.")
    facts: list[list[object]] = [
        ["Arrived", record.at.astimezone(UTC).isoformat(timespec="milliseconds")],
        ["Call", el("code", f"{record.method} {record.path}")],
        ["Aircraft", record.aircraft or "none named"],
        ["Recognised as", record.caller or "nobody"],
        ["Answer", status_mark(record)],
        ["Fault", record.fault or "none"],
        ["Took", f"{record.duration_ms:g} ms"],
    ]
    parts = [
        table(["", ""], facts, empty="", class_="facts"),
        el("h2", "Headers received"),
        table(
            ["Header", "Value"], [[el("code", name), value] for name, value in record.headers.items()], empty="None."
        ),
        el("h2", "Body received"),
        el("pre", _indented(record.body), tabindex=0),
        el("h2", "Answer given"),
        el(
            "pre",
            "\n".join(f"{name}: {value}" for name, value in record.answer_headers.items()) or "no headers of note",
        ),
        el("pre", _indented(record.answer), tabindex=0),
    ]
    return _page(request, f"Call {record.seq}", join(parts), host, "calls")


def _indented(written: str) -> str:
    """JSON made readable; anything else as it came; the enormous cut."""
    if not written:
        return "(empty)"
    try:
        shown = json.dumps(json.loads(written), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        shown = written
    return shown if len(shown) <= LONGEST_SHOWN else shown[:LONGEST_SHOWN] + "\n… cut"


async def _faults(request: web.Request) -> web.Response:
    host = _host(request)
    rows: list[list[object]] = [
        [fault.id, fault.sentence(), _button(f"/inspect/{host.key}/faults/off", "Switch off", id=fault.id)]
        for fault in host.faults.all()
    ]
    on = el("div", table(["#", "Fault", ""], rows, empty="All is well: no fault is on."), id="on", data_live=True)
    kinds = table(["Kind", "What it does"], [[el("code", kind), what] for kind, what in KINDS.items()], empty="")
    body = join(
        [
            on,
            el("h2", "Switch one on"),
            _fault_form(host),
            el("details", el("summary", "The kinds"), kinds),
            el("h2", "Start over"),
            el(
                "p",
                "The partner's first day again, as after a weekly rebuild: what it holds, its calls, its faults.",
                class_="note",
            ),
            el(
                "div",
                _button(f"/inspect/{host.key}/faults/off", "Switch all off", id="all"),
                _button(f"/inspect/{host.key}/reset", "Reset everything", class_="danger"),
                class_="row",
            ),
        ]
    )
    return _page(request, "Fault switches", body, host, "faults")


def _fault_form(host: Host) -> Html:
    fields = [
        el("label", "Kind ", el("select", *options(list(KINDS), "status"), name="kind")),
        el("label", "Status ", el("select", *options(["", *map(str, STATUSES)], "503"), name="status")),
        el("label", "Seconds ", el("input", name="seconds", inputmode="decimal", size=5, placeholder="5")),
        el("label", "Retry-After ", el("input", name="retry_after", inputmode="numeric", size=5, placeholder="60")),
        el("label", "Next calls ", el("input", name="count", inputmode="numeric", size=5, placeholder="all")),
        el("label", "Aircraft ", el("input", name="aircraft", size=10, placeholder="all")),
        el("label", "Path has ", el("input", name="path", size=12, placeholder="any")),
    ]
    return el(
        "form", *fields, el("button", "Switch on"), method="post", action=f"/inspect/{host.key}/faults", class_="row"
    )


def _button(action: str, label: str, class_: str | None = None, **fields: object) -> Html:
    hidden = [el("input", type="hidden", name=name, value=value) for name, value in fields.items()]
    return el("form", *hidden, el("button", label, class_=class_), method="post", action=action, class_="inline")


# -- what the forms do -----------------------------------------------------------------------------------------------


def _back(request: web.Request, to: str, **said: str) -> web.HTTPException:
    """Back to the page the form was on: one of this partner's own, whatever the form says."""
    key = request.match_info["key"]
    page = to if to.startswith(f"/inspect/{key}/") and "//" not in to and "\\" not in to else f"/inspect/{key}/"
    return web.HTTPSeeOther(f"{page.partition('?')[0]}?{urlencode(said)}")


async def _form(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


async def _add_fault(request: web.Request) -> web.Response:
    host = _host(request)
    to = f"/inspect/{host.key}/faults"
    form = await _form(request)
    if form.get("kind") not in ("status", "html"):
        form.pop("status", None)
    try:
        fault = host.faults.add(read_fault(form))
    except WrongFault as wrong:
        raise _back(request, to, wrong=str(wrong)) from None
    host.touched()
    raise _back(request, to, message=f"On: {fault.sentence()}.")


async def _fault_off(request: web.Request) -> web.Response:
    host = _host(request)
    which = (await _form(request)).get("id", "all")
    if which.isascii() and which.isdigit() and len(which) < 12:
        host.faults.remove(int(which))
    else:
        host.faults.clear()
    host.touched()
    raise _back(request, f"/inspect/{host.key}/faults", message="Switched off.")


async def _reset(request: web.Request) -> web.Response:
    host = _host(request)
    host.reset()
    raise _back(request, f"/inspect/{host.key}/faults", message="It is the first day again.")


async def _act(request: web.Request) -> web.Response:
    host = _host(request)
    form = await _form(request)
    to = form.pop("next", f"/inspect/{host.key}/")
    try:
        host.act(request.match_info["name"], dict(form))
        await host.run_errands()
    except Refusal as refusal:
        raise _back(request, to, wrong=str(refusal)) from None
    raise _back(request, to, message="Saved.")


async def _partner_page(request: web.Request) -> web.Response:
    host = _host(request)
    path = request.match_info["path"].rstrip("/")
    page = host.imitation.page(path, lambda aircraft: host.calls(aircraft, limit=10))
    if page is None:
        raise web.HTTPNotFound(text="There is no such page. Start at /inspect/.")
    return _page(request, page.title, page.body, host, path)
