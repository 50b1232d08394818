"""What a kind of webhook says for itself: what it hears, what its bodies are, how a call is signed.

The hub's own kind is in `own.py`; rooms above register theirs when Django is made ready. Everything else (reading the
log, order, retries, the delivery log) is the same for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from airstair.hub.webhooks.rules import Event, Heard, Owner
from airstair.records.access.snapshots import Caller


class Heeding(msgspec.Struct, frozen=True, kw_only=True):
    """A subscription as its kind sees it. `secret` is there while a call is signed, and empty otherwise."""

    operator_id: int
    id: int
    url: str
    hears: tuple[str, ...]
    more: Mapping[str, Any]
    owner: Owner
    secret: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery about to be made: its id, and the change that it tells of."""

    id: int
    event: str
    line: str  # the thing that it is about: `flight:81`
    at: datetime
    units: tuple[str, ...]
    heard: tuple[str, ...]


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of webhook.

    `hear`: whether a subscription is to hear of an event; pure. `body`: what is sent, made once, before the first try;
    `None` when there is nothing (left) to tell. `written` makes the body with the event at hand instead, where it needs
    nothing else. `headers`: those of one try, in which the delivery's id should stand.
    """

    key: str
    label: str
    hear: Callable[[Heeding, Event, Caller], Heard | None]
    headers: Callable[[Heeding, Told, bytes, datetime], Mapping[str, str]]
    written: Callable[[Heeding, Event, Heard, Caller, int], bytes] | None = None
    body: Callable[[Heeding, Told, Caller], bytes | None] | None = None


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to this process. Again replaces it."""
    _KINDS[kind.key] = kind


def kind_of(key: str) -> Kind:
    return _KINDS[key]


def kinds() -> tuple[Kind, ...]:
    return tuple(_KINDS.values())
