"""What a visit claims and what it is for: addresses, credentials, operations. Pure; no database, no framework."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from airstair.hub.visits import Operation, Receive, Resource, Serve

PREFIX = "/partners/"
# Operator and connection: they say where to look; only the secret opens.
_LOGIN = re.compile(r"([1-9][0-9]{0,17})-([1-9][0-9]{0,17})")
_LONGEST_HEADER = 2_000  # characters of credentials; ours are a hundred


class Presented(NamedTuple):
    """What a visitor shows at the door. `login` is empty where only the key was sent."""

    login: str
    key: str


class Found(NamedTuple):
    """The operation that a visit is for, and what stood where its path has {names}."""

    flow: Serve | Receive
    operation: Resource | Operation
    places: dict[str, str]


def login_of(operator_id: int, connection_id: int) -> str:
    """The public half of a connection's credentials. It stands in the connection's address too."""
    return f"{operator_id}-{connection_id}"


def read_login(text: str) -> tuple[int, int] | None:
    """Operator and connection; `None` for what is no login of ours."""
    parts = _LOGIN.fullmatch(text)
    return (int(parts[1]), int(parts[2])) if parts else None


def presented(headers: Mapping[str, str]) -> Presented:
    """The credentials among the headers (names in lower case): Basic, Bearer or X-Api-Key. Never raises."""
    written = headers.get("authorization", "")[:_LONGEST_HEADER]
    kind, _, rest = written.partition(" ")
    match kind.lower():
        case "bearer":
            return Presented("", rest.strip())
        case "basic":
            try:
                login, _, key = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
            except (binascii.Error, ValueError):
                return Presented("", "")
            return Presented(login, key)
    return Presented("", headers.get("x-api-key", "")[:_LONGEST_HEADER].strip())


def found_at(flows: Iterable[Serve | Receive], path: str) -> dict[str, Found]:
    """What is at the path, by method. Empty: there is nothing."""
    found: dict[str, Found] = {}
    for flow in flows:
        operations: tuple[Resource | Operation, ...]
        operations = flow.resources if isinstance(flow, Serve) else flow.operations
        for one in operations:
            places = _places(one.path, path)
            if places is not None:
                found.setdefault(one.method if isinstance(one, Operation) else "GET", Found(flow, one, places))
    return found


def _places(template: str, path: str) -> dict[str, str] | None:
    wanted, given = template.strip("/").split("/"), path.strip("/").split("/")
    if len(wanted) != len(given):
        return None
    places = {}
    for name, value in zip(wanted, given, strict=True):
        if name.startswith("{"):
            if not value:
                return None
            places[name[1:-1]] = value
        elif name != value:
            return None
    return places
