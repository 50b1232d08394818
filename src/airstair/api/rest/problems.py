"""What a caller is told when something is wrong: problem documents (RFC 9457), naming each wrong field."""

from __future__ import annotations

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from ninja.errors import HttpError, ValidationError

from airstair.kernel.errors import AirstairError, Conflict, Forbidden, Invalid, NotFound, Problem
from airstair.records.access.rules import Resource
from airstair.records.access.snapshots import Answer

MEDIA = "application/problem+json"
_KIND = "urn:airstair:problem:"
_MAKE_ANOTHER = "An admin can make a key that may, under Settings > API keys."
_ASK_FOR_MORE = "Ask for its scopes too, and have an admin agree anew."


class MissingResource(Exception):
    """The key or token is valid, and does not open what is asked for."""

    def __init__(self, resource: Resource, access: str, application: str = "") -> None:
        self.resource, self.access, self.application = resource, access, application
        super().__init__(f"{application or 'This key'} may not {access} {resource.value}.")


def document(status: int, kind: str, detail: str, **more: Any) -> Answer:
    said = {"type": _KIND + kind, "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    return Answer(status=status, body=json.dumps(said), media=MEDIA)


def sent(answer: Answer) -> HttpResponse:
    """An answer as a response."""
    if answer.status == HTTPStatus.NO_CONTENT:
        return HttpResponse(status=204)
    response = HttpResponse(answer.body, status=answer.status, content_type=answer.media)
    if answer.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Bearer realm="airstair"'
    return response


def of_error(error: AirstairError) -> Answer:
    """What the record refused."""
    match error:
        case Invalid():
            return _wrong(error.problems)
        case NotFound():
            return document(404, "not-found", str(error))
        case Conflict():
            return document(409, "changed-in-between", str(error))
        case Forbidden():
            return document(403, "forbidden", f"A key cannot do this: it needs “{error.right}”.")
        case _:
            return document(422, "refused", str(error))


def of_validation(error: ValidationError) -> Answer:
    """What does not fit the description."""
    return _wrong(Problem(_name(one["loc"]), _sentence(one)) for one in error.errors)


def of_missing(error: MissingResource) -> Answer:
    return document(
        403,
        "missing-resource",
        f"{error} {_ASK_FOR_MORE if error.application else _MAKE_ANOTHER}",
        missing={"resource": error.resource.value, "access": error.access},
    )


def of_http(error: HttpError) -> Answer:
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return document(401, "no-valid-key", "Send a valid key: “Authorization: Bearer askey_…”.")
    return document(error.status_code, "unreadable", str(error))


def as_problem(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """A refusal from elsewhere (no such address, wrong method, unreadable request) in the same form."""
    if response.status_code < 400 or response.headers.get("Content-Type", "").startswith(MEDIA):
        return response
    details = {
        400: "The request cannot be read.",
        404: "There is nothing at this address. /api/v1/openapi.json lists what there is.",
        405: f"This address does not take {request.method}. It takes {response.headers.get('Allow', 'nothing')}.",
    }
    said = details.get(response.status_code, "Something broke. The fault is ours, and is in the log.")
    other = sent(document(response.status_code, "refused", said))
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            other.headers[name] = response.headers[name]
    return other


def _wrong(problems: Iterable[Problem]) -> Answer:
    errors = [{"field": one.field, "detail": one.sentence} for one in problems]
    detail = " ".join(f"{one['field']}: {one['detail']}" if one["field"] else one["detail"] for one in errors)
    return document(422, "wrong-fields", detail, errors=errors)


def _name(place: Iterable[Any]) -> str:
    """`flights.0.adep` from the path that the validation names: where it came in, the parameter, the field."""
    parts = [str(part) for part in place]
    where, inner = parts[0], parts[1:]
    return ".".join(inner[1:] if where == "body" and len(inner) > 1 else inner) or where


def _sentence(error: dict[str, Any]) -> str:
    said = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{said[:1].upper()}{said[1:]}."
