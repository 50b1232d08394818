"""The opaque cursors that callers keep: a place in a list, or in the log of changes, as one text."""

from __future__ import annotations

import base64
import binascii
from typing import TypeVar

import msgspec

from airstair.changes.since import Place
from airstair.kernel.errors import Invalid

_MOST = 2**63 - 1


class ListPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Between two pages of a list: the last id, and where the list began in the log of changes."""

    last: int
    began: Place


Kind = TypeVar("Kind", Place, ListPlace)


def written(place: Place | ListPlace) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(place)).decode().rstrip("=")


def read(text: str, kind: type[Kind], field: str) -> Kind:
    """Raises `Invalid` naming the field."""
    try:
        place = msgspec.json.decode(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True), type=kind)
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        raise _wrong(field) from None
    number = place.last if isinstance(place, ListPlace) else place.after
    if not 0 <= number <= _MOST:
        raise _wrong(field)
    return place


def _wrong(field: str) -> Invalid:
    return Invalid.one(field, "It is not a cursor that was given out here. Leave it out to begin anew.")
