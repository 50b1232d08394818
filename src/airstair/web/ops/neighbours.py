"""Whether a flight or event fits its aircraft's schedule, as stored or as somebody is just typing it."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from airstair.records.flights import queries as flights
from airstair.records.flights.facts import TripFacts
from airstair.records.flights.rules import Status, schedule_warnings
from airstair.records.flights.snapshots import Activity, ActivityKind
from airstair.web.ops.looks import look_of

_AROUND = timedelta(days=10)


def warnings_of(operator_id: int, aircraft_id: int, key: str, start: datetime, end: datetime) -> list[str]:
    """Sentences about the stored activity of that key. Seven statements."""
    board = flights.board(operator_id, start - timedelta(days=1), end + timedelta(days=1), aircraft_ids=[aircraft_id])
    names = {a.key: _name(a) for a in board.activities.get(aircraft_id, ())}
    return [
        w.sentence if w.second == key else _from_the_first(w.kind, names.get(w.second, "The next one"), w.sentence)
        for w in board.warnings.get(aircraft_id, ())
        if key in (w.first, w.second)
    ]


def warnings_of_trip(trip: TripFacts) -> dict[int, list[str]]:
    """Sentences about each flight of a trip, by its id. Seven statements, however many flights."""
    if not trip.flights:
        return {}
    start, end = min(f.std for f in trip.flights), max(f.sta for f in trip.flights)
    around = timedelta(days=1)
    aircraft = {f.aircraft_id for f in trip.flights}
    board = flights.board(trip.operator_id, start - around, end + around, aircraft_ids=aircraft)
    said: dict[str, list[str]] = {}
    for warnings in board.warnings.values():
        for warning in warnings:
            said.setdefault(warning.second, []).append(warning.sentence)
    return {f.id: said[f"flight:{f.id}"] for f in trip.flights if f"flight:{f.id}" in said}


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A flight or event that is not stored, or not like this. `key` is its own, empty for a new one."""

    key: str
    start_airport: str
    end_airport: str
    start: datetime
    end: datetime


def warnings_for(operator_id: int, aircraft_id: int, draft: Draft, status: str = Status.CONFIRMED) -> list[str]:
    """What would be marked on the timeline if the draft were saved. Seven statements; none when nothing would be."""
    if status != Status.CONFIRMED or draft.end <= draft.start:
        return []
    board = flights.board(operator_id, draft.start - _AROUND, draft.end + _AROUND, aircraft_ids=[aircraft_id])
    others = [a for a in board.activities.get(aircraft_id, ()) if a.moves_the_aircraft and a.key != draft.key]
    names = {a.key: _name(a) for a in others}
    mine = msgspec.structs.replace(draft, key=draft.key or "new")
    return [
        w.sentence if w.second == mine.key else _from_the_first(w.kind, names.get(w.second, "The next one"), w.sentence)
        for w in schedule_warnings([*others, mine])
        if mine.key in (w.first, w.second)
    ]


def _name(activity: Activity) -> str:
    if activity.kind is ActivityKind.FLIGHT:
        return f"{activity.number} {activity.start_airport}–{activity.end_airport}"
    return f"{look_of(activity).name} at {activity.start_airport}"


def _from_the_first(kind: str, name: str, sentence: str) -> str:
    """The same warning told from the earlier of the two."""
    return f"{name} after it: {sentence[:1].lower()}{sentence[1:]}" if kind != "marketing" else sentence
