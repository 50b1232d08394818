"""The control API: what tests, commands and scripts read of the sandbox, and how they make a partner misbehave.

All of it is JSON, on the sandbox's own port, for this machine only (see `guard`). Wrong input gets 400 and
`{"error": "<sentence>"}`, an unknown partner 404.

    GET    /control/                            the partners: key, name, address, pages
    GET    /control/<key>/state                 what the partner holds
    GET    /control/<key>/audit                 what the partner's people would object to, with evidence
    GET    /control/<key>/calls                 calls received, oldest first; filters: aircraft=, since= (ISO 8601),
                                                after= (sequence number), limit= (the latest so many, 200 unless given)
    GET    /control/<key>/calls/<seq>           one call
    GET    /control/<key>/credentials           credentials that work here, and only here
    GET    /control/<key>/faults                switches that are on, and the kinds there are
    POST   /control/<key>/faults                switch one on: {"kind": ..., "status":, "seconds":, "retry_after":,
                                                "count": next so many calls, "aircraft":, "path": part of the path}
    PUT    /control/<key>/faults                exactly these: a list of the same
    DELETE /control/<key>/faults[/<id>]         switch all (or one) off
    POST   /control/<key>/reset                 the partner's first day again, as after its weekly rebuild
    POST   /control/<key>/actions/<name>        what the partner's own users and staff do there; a JSON object
    GET    /control/<key>/questions/<name>      what its API does not tell; parameters in the query
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiohttp import web

from airstair.sandbox.faults import KINDS, WrongFault, read_fault
from airstair.sandbox.host import Host
from airstair.sandbox.keys import HOSTS, host_named
from airstair.sandbox.partner import Refusal

DEFAULT_LIMIT = 200


def add_routes(app: web.Application) -> None:
    """Put the control API on the sandbox's application."""
    at = "/control/{key}"
    app.router.add_get("/control", _partners)
    app.router.add_get("/control/", _partners)
    app.router.add_get(f"{at}/state", _state)
    app.router.add_get(f"{at}/audit", _audit)
    app.router.add_get(f"{at}/calls", _calls)
    app.router.add_get(f"{at}/calls/{{seq}}", _call)
    app.router.add_get(f"{at}/credentials", _credentials)
    app.router.add_get(f"{at}/faults", _faults)
    app.router.add_post(f"{at}/faults", _add_fault)
    app.router.add_put(f"{at}/faults", _set_faults)
    app.router.add_delete(f"{at}/faults", _clear_faults)
    app.router.add_delete(f"{at}/faults/{{id}}", _remove_fault)
    app.router.add_post(f"{at}/reset", _reset)
    app.router.add_post(f"{at}/actions/{{name}}", _act)
    app.router.add_get(f"{at}/questions/{{name}}", _ask)
    app.router.add_route("*", "/control/{path:.*}", _unknown)


def _refuse(sentence: str, status: int = 400) -> web.HTTPException:
    kinds = {400: web.HTTPBadRequest, 404: web.HTTPNotFound}
    return kinds[status](text=json.dumps({"error": sentence}), content_type="application/json")


def _host(request: web.Request) -> Host:
    host = host_named(request)
    if host is None:
        known: list[str] = list(request.app[HOSTS].keys())
        raise _refuse(f"No such partner. There are: {', '.join(known)}.", 404)
    return host


def _json(value: object, status: int = 200) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


async def _body(request: web.Request, kind: type[Any], what: str) -> Any:
    """The request's JSON, which must be of `kind`; an empty body is an empty one."""
    raw = await request.read()
    try:
        value = json.loads(raw) if raw.strip() else kind()
    except ValueError as failure:
        raise _refuse(f"The body is not JSON ({failure}). Send {what}.") from None
    if not isinstance(value, kind):
        raise _refuse(f"The body must be {what}.")
    return value


async def _partners(request: web.Request) -> web.Response:
    base = f"{request.scheme}://{request.host}"
    hosts = request.app[HOSTS]
    names = {key: host.partner.name for key, host in hosts.items()}
    return _json(
        [
            {"key": key, "name": name, "url": f"{base}/{key}", "pages": f"{base}/inspect/{key}/"}
            for key, name in names.items()
        ]
    )


async def _state(request: web.Request) -> web.Response:
    return _json(_host(request).state())


async def _audit(request: web.Request) -> web.Response:
    return _json(_host(request).audit())


async def _credentials(request: web.Request) -> web.Response:
    return _json(_host(request).imitation.credentials())


async def _calls(request: web.Request) -> web.Response:
    host = _host(request)
    unknown = set(request.query) - {"aircraft", "since", "after", "limit"}
    if unknown:
        raise _refuse(f"Filter {sorted(unknown)[0]!r} is unknown. Use aircraft, since, after or limit.")
    since = request.query.get("since")
    found = host.calls(
        aircraft=request.query.get("aircraft"),
        since=_time(since) if since is not None else None,
        after_seq=_number(request.query.get("after", "0"), "after"),
        limit=_number(request.query.get("limit", str(DEFAULT_LIMIT)), "limit"),
    )
    return _json(found)


def _time(written: str) -> datetime:
    try:
        # A plus sign left unescaped in a query arrives as a space.
        when = datetime.fromisoformat(written.replace(" ", "+"))
    except ValueError:
        raise _refuse("'since' must be an ISO 8601 time such as 2027-03-04T09:12:00Z.") from None
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _number(written: str, name: str) -> int:
    if not (written.isascii() and written.isdigit() and len(written) <= 12):
        raise _refuse(f"{name!r} must be a whole number.")
    return int(written)


async def _call(request: web.Request) -> web.Response:
    record = _host(request).journal.find(_number(request.match_info["seq"], "seq"))
    if record is None:
        raise _refuse("No such call is kept. The journal keeps the latest calls only.", 404)
    return _json(record)


async def _faults(request: web.Request) -> web.Response:
    return _json({"faults": _host(request).faults.all(), "kinds": KINDS})


async def _add_fault(request: web.Request) -> web.Response:
    host = _host(request)
    wish = await _body(request, dict, 'a JSON object such as {"kind": "status", "status": 503}')
    try:
        fault = host.faults.add(read_fault(wish))
    except WrongFault as wrong:
        raise _refuse(str(wrong)) from None
    host.touched()
    return _json(fault, status=201)


async def _set_faults(request: web.Request) -> web.Response:
    host = _host(request)
    wishes = await _body(request, list, "a JSON list of faults")
    if not all(isinstance(wish, dict) for wish in wishes):
        raise _refuse("Each fault must be a JSON object.")
    try:
        # Ids are given by the board: a list that was read here may be sent back as it is.
        host.faults.replace([read_fault({n: v for n, v in w.items() if n not in ("id", "processed")}) for w in wishes])
    except WrongFault as wrong:
        raise _refuse(str(wrong)) from None
    host.touched()
    return await _faults(request)


async def _clear_faults(request: web.Request) -> web.Response:
    host = _host(request)
    host.faults.clear()
    host.touched()
    return await _faults(request)


async def _remove_fault(request: web.Request) -> web.Response:
    host = _host(request)
    if not host.faults.remove(_number(request.match_info["id"], "id")):
        raise _refuse("No such fault is on.", 404)
    host.touched()
    return await _faults(request)


async def _reset(request: web.Request) -> web.Response:
    _host(request).reset()
    return _json({"reset": True})


async def _act(request: web.Request) -> web.Response:
    host = _host(request)
    wish = await _body(request, dict, "a JSON object")
    try:
        host.act(request.match_info["name"], wish)
        await host.run_errands()
    except Refusal as refusal:
        raise _refuse(str(refusal)) from None
    return _json({"done": True})


async def _ask(request: web.Request) -> web.Response:
    try:
        return _json(_host(request).imitation.ask(request.match_info["name"], dict(request.query)))
    except Refusal as refusal:
        raise _refuse(str(refusal)) from None


async def _unknown(request: web.Request) -> web.Response:
    raise _refuse("The control API has no such address. Start at /control/.", 404)
