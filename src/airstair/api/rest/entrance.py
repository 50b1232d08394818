"""Who calls, for which operator, and whether the key opens what is asked for.

`ApiEntrance` runs around every request under /api: it looks the key up and opens the operator's scope. `ApiKey` stands
at each operation and names the resource.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from django.http import HttpRequest, HttpResponseBase
from ninja.errors import AuthenticationError
from ninja.security import HttpBearer

from airstair.api.rest.problems import MissingResource, as_problem
from airstair.kernel.about import also_about
from airstair.kernel.scope import operator_scope
from airstair.records.access.commands import let_in_token
from airstair.records.access.rules import Resource
from airstair.records.access.snapshots import Caller

PREFIX = "/api/"
ELSEWHERE = "/api/graphql"  # lets its callers in itself, and refuses in its own form


class ApiRequest(HttpRequest):
    """A request as operations get it: a valid key stands behind it."""

    auth: Caller


class ApiEntrance:
    """Middleware, after `OperatorScope`: a browser's session opens nothing here, only a key does."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIX) or request.path_info.startswith(ELSEWHERE):
            return self.get_response(request)
        kind, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        address = request.META.get("REMOTE_ADDR", "")
        caller = let_in_token(token.strip(), address) if kind.lower() == "bearer" else None
        request.caller = caller  # type: ignore[attr-defined]
        if caller is not None:
            also_about(operator=caller.operator_id, caller=caller.actor_key)
        with operator_scope(caller.operator_id) if caller is not None else nullcontext():
            response = as_problem(request, self.get_response(request))
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class ApiKey(HttpBearer):
    """A valid key that opens the resource; without a resource, any valid key."""

    def __init__(self, resource: Resource | None = None, *, write: bool = False) -> None:
        super().__init__()
        self.resource, self.write = resource, write

    def __call__(self, request: HttpRequest) -> Caller:
        caller: Caller | None = getattr(request, "caller", None)
        if caller is None:
            raise AuthenticationError
        if self.resource is not None:
            require(caller, self.resource, write=self.write)
        return caller

    def authenticate(self, request: HttpRequest, token: str) -> Caller:
        """Ninja's way in; ours has looked the key up already."""
        return self(request)


def require(caller: Caller, resource: Resource, *, write: bool = False) -> None:
    """Raise `MissingResource` unless the key opens it."""
    if resource not in (caller.writes if write else caller.reads):
        raise MissingResource(resource, "write" if write else "read", caller.application_name)
