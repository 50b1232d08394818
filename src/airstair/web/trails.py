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
from airstair.records.people.snapshots import CrewMemberFacts

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


# By the name of the field that holds an id: what people call each.
Names = Mapping[str, Mapping[int, str]]


def told(
    lines: Iterable[ChangeRow], fleet: Iterable[AircraftFacts], crew: Iterable[CrewMemberFacts] = ()
) -> list[Told]:
    """Each line with what changed in it; aircraft by registration, crew members by code."""
    names = {
        "aircraft_id": {one.id: one.registration for one in fleet},
        "crew_member_id": {one.id: one.code for one in crew},
    }
    return [Told(line, tuple(_fields(line, names))) for line in lines]


def names_crew(lines: Iterable[ChangeRow]) -> bool:
    """Whether a line can only be read by who knows the crew's codes."""
    return any("crew_member_id" in (side or {}) for line in lines for side in (line.before, line.after))


def _fields(line: ChangeRow, names: Names) -> Iterable[Field]:
    was, now = line.before or {}, line.after or {}
    new = line.before is None
    for name in now if now else was:
        if name in _HIDDEN or (new and now[name] in (None, "", [], {}, 0, False)):
            continue
        before = "" if new else written(was.get(name), name, names)
        yield Field(_named(name), before, written(now.get(name), name, names))


def _named(name: str) -> str:
    """`empty_leg.verified_by` as `Empty leg: verified by`."""
    if name in _TERMS:
        return name.upper()
    words = name.removesuffix("_id").replace(".", ": ").replace("_", " ")
    return words if words.isupper() else words[:1].upper() + words[1:]


# Written in capitals wherever dispatchers write them.
_TERMS = frozenset({"adep", "ades", "altn", "altn2", "std", "sta"})


def written(value: Any, name: str = "", names: Names | None = None) -> str:
    """A value as people write it."""
    if value in (None, "", [], {}):
        return "–"
    if names and name in names and value in names[name]:
        return names[name][value]
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
