"""The view at /api/graphql/: reads the request, knows who asks, has it carried out, writes the answer.

401 for a token that is not, or no longer, valid; 400 for what cannot be carried out at all; 429 with `Retry-After` for
too many requests; otherwise 200, with `errors` for what was refused. Never 500.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from airstair.api.leon import building
from airstair.api.leon.asking import Asking
from airstair.api.leon.execution import carry_out
from airstair.api.leon.limits import MOST_BYTES
from airstair.kernel.about import also_about
from airstair.kernel.clock import SystemClock
from airstair.kernel.scope import operator_scope
from airstair.records.access.commands import let_in_token
from airstair.records.budgets import rules as budgets
from airstair.records.budgets.commands import count_request

CLOCK = SystemClock()
log = logging.getLogger(__name__)
_NO_SLASH = "<!doctype html><title>Not found</title><p>The address ends with a slash: <code>/api/graphql/</code></p>\n"


class Unreadable(Exception):
    """The body is no GraphQL request; the sentence says what one is."""


@csrf_exempt  # a token opens it, and no cookie does
def graphql(request: HttpRequest) -> HttpResponse:
    """`POST /api/graphql/`."""
    try:
        return _answered(request)
    except (OperationalError, InterfaceError):
        log.exception("A GraphQL request found no database.")
        return _errors(503, "The database cannot be reached just now. Ask again in a moment.", **{"Retry-After": "5"})


def _answered(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _errors(405, 'Send the query by POST, as JSON: {"query": "..."}.', Allow="POST")
    caller = let_in_token(_token(request), request.META.get("REMOTE_ADDR", ""))
    if caller is None:
        return _errors(401, "The access token is missing, wrong or expired. Fetch a new one with your refresh token.",
                       **{"WWW-Authenticate": 'Bearer realm="airstair", error="invalid_token"'})  # fmt: skip
    also_about(operator=caller.operator_id, caller=caller.actor_key)
    with operator_scope(caller.operator_id):
        now = CLOCK.now()
        asked = count_request(caller.operator_id, caller.actor_key, now)
        full = budgets.too_many(asked, now, budgets.MOST)
        if full is not None:
            return _too_many(full, now)
        try:
            wanted = _wanted(request)
        except Unreadable as unreadable:
            return _errors(400, str(unreadable))
        return _sent(*carry_out(Asking(caller, CLOCK), wanted))


def _too_many(full: budgets.Asked, now: datetime) -> HttpResponse:
    wait = budgets.wait(full, now)
    return _errors(
        429,
        f"More than {budgets.MOST[full.seconds]} requests in {full.seconds} seconds. Ask again in {wait} seconds.",
        **{"Retry-After": str(wait)},
    )


@csrf_exempt
def without_slash(request: HttpRequest) -> HttpResponse:
    """`/api/graphql`: as clients know it, nothing is there; and the page says where it is."""
    return HttpResponse(_NO_SLASH, status=404)


def schema_file(request: HttpRequest) -> HttpResponse:
    """The schema in SDL. Of no operator's, so for everybody."""
    return HttpResponse(building.as_sdl(), content_type="text/plain; charset=utf-8")


def schema_json(request: HttpRequest) -> HttpResponse:
    """The schema as introspection answers it."""
    return HttpResponse(building.as_json(), content_type="application/json")


def _token(request: HttpRequest) -> str:
    kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").strip().partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _wanted(request: HttpRequest) -> dict[str, Any]:
    """Query, variables and operation name, of a body in any of the forms that clients send."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Unreadable(f"The body is larger than {MOST_BYTES // 1024} KiB. Ask in several requests.")
    media = request.META.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
    try:
        text = body.decode("utf-8-sig").strip()  # some end their body with a space
    except UnicodeDecodeError:
        raise Unreadable("The body is not UTF-8.") from None
    if media == "application/graphql":
        found: Any = {"query": text}
    elif media == "application/x-www-form-urlencoded" and not text.startswith("{"):
        found = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=20))
    else:
        found = _json(text, "body")
    if not isinstance(found, dict):
        raise Unreadable('The body must be one JSON object: {"query": "...", "variables": {...}}.')
    return _checked(found)


def _checked(found: dict[str, Any]) -> dict[str, Any]:
    query, variables, name = found.get("query"), found.get("variables"), found.get("operationName")
    if not isinstance(query, str) or not query.strip():
        raise Unreadable('There is no query. Send {"query": "..."}.')
    if isinstance(variables, str):  # some send them as text
        variables = _json(variables, "variables") if variables.strip() else None
    if variables is None or variables == []:  # what some languages make of an empty object
        variables = {}
    if not isinstance(variables, dict):
        raise Unreadable("`variables` must be an object.")
    if name is not None and not isinstance(name, str):
        raise Unreadable("`operationName` must be a text.")
    try:
        json.dumps([query, variables, name], ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise Unreadable("The body has half a character: an escape such as \\ud800 without its other half.") from None
    return {"query": query, "variables": variables, "name": name or None}


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f'The {what} is not JSON. Send {{"query": "..."}}.') from None


def _sent(status: int, answer: dict[str, Any], **headers: str) -> HttpResponse:
    response = HttpResponse(json.dumps(answer), status=status, content_type="application/json")
    response.headers["Cache-Control"] = "private, no-store"
    for name, value in headers.items():
        response.headers[name] = value
    return response


def _errors(status: int, message: str, **headers: str) -> HttpResponse:
    return _sent(status, {"errors": [{"message": message, "extensions": {"category": "request"}}]}, **headers)
