"""Lines of the audit trail in the words of the people who read them. Pure; the log itself keeps values as they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from airstair.changes.queries import ChangeRow
from airstair.records.fleet.snapshots import AircraftFacts

_MINUTE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ")
_HIDDEN = frozenset({"event_id", "trip_id", "duty_id"})  # they name the thing itself, which the line does already


@dataclass(frozen=True)
class Field:
    """One field of a change. `was` is empty for something new."""

    name: str
    was: str
    now: str


@dataclass(frozen=True)
class Told:
    """A line with its fields."""

    line: ChangeRow
    fields: tuple[Field, ...]


def told(lines: Iterable[ChangeRow], fleet: Iterable[AircraftFacts]) -> list[Told]:
    """Each line with what changed in it; aircraft by registration."""
    registrations = {one.id: one.registration for one in fleet}
    return [Told(line, tuple(_fields(line, registrations))) for line in lines]


def _fields(line: ChangeRow, registrations: Mapping[int, str]) -> Iterable[Field]:
    was, now = line.before or {}, line.after or {}
    new = line.before is None
    for name in now if now else was:
        if name in _HIDDEN or (new and now[name] in (None, "", [], {}, 0, False)):
            continue
        before = "" if new else written(was.get(name), name, registrations)
        yield Field(_named(name), before, written(now.get(name), name, registrations))


def _named(name: str) -> str:
    """`empty_leg.verified_by` as `Empty leg: verified by`."""
    if name in _TERMS:
        return name.upper()
    words = name.removesuffix("_id").replace(".", ": ").replace("_", " ")
    return words if words.isupper() else words[:1].upper() + words[1:]


# Written in capitals wherever dispatchers write them.
_TERMS = frozenset({"adep", "ades", "altn", "altn2", "std", "sta"})


def written(value: Any, name: str = "", registrations: Mapping[int, str] | None = None) -> str:
    """A value as people write it."""
    if value in (None, "", [], {}):
        return "–"
    if name == "aircraft_id" and registrations and value in registrations:
        return registrations[value]
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return _MINUTE.sub(_moment, value)
    if isinstance(value, dict):
        return ", ".join(f"{k} {written(v)}" for k, v in value.items() if v not in (None, ""))
    if isinstance(value, list):
        return "; ".join(_entry(entry) for entry in value)
    return json.dumps(value, ensure_ascii=False)


def _entry(entry: Any) -> str:
    """An entry of a list: a service or passenger by what it says, without the names of its fields."""
    if isinstance(entry, dict):
        return " ".join(written(v) for v in entry.values() if v not in (None, "", "ALL", "PROPRIETARY"))
    return written(entry)


def _moment(found: re.Match[str]) -> str:
    try:
        return f"{datetime.fromisoformat(found[0]):%-d %b %Y %H:%MZ}"
    except ValueError:
        return found[0]
