"""Reservations, maintenance and groundings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airstair.changes.queries import trail
from airstair.kernel.errors import Conflict, Forbidden, Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import EventEdit
from airstair.records.flights.rules import EventKind
from airstair.records.operators.rules import Role


@pytest.mark.req("OPS-13")
@pytest.mark.parametrize("kind", list(EventKind))
def test_an_aircraft_is_occupied_beside_flights(world, monday, kind):
    flight = world.flight()
    event = world.event(kind=kind, airport="jax", title="Hangar 4", notes="n")
    assert queries.event(world.id, event.id) == event
    assert (event.kind, event.airport, event.title) == (kind, "KJAX", "Hangar 4")
    board = queries.board(world.id, monday, monday + timedelta(days=7))
    assert [a.key for a in board.activities[world.aircraft[0].id]] == [f"flight:{flight.id}", f"event:{event.id}"]
    # It takes part in what fits and what does not: the aircraft is at KJAX, where the event is.
    assert board.warnings == {}
    commands.change_event(world.ops, event.id, EventEdit(start=monday + timedelta(hours=7)))
    (warning,) = queries.board(world.id, monday, monday + timedelta(days=7)).warnings[world.aircraft[0].id]
    assert warning.kind == "overlap"


@pytest.mark.req("OPS-13")
def test_events_are_changed_moved_and_deleted_with_a_trail(world, monday):
    event = world.event()
    one, two = (Unit(UnitKind.AIRCRAFT, a.id) for a in world.aircraft)
    edit = EventEdit(aircraft_id=two.id, kind="AOG", title="Tyre", end=event.end + timedelta(days=1))
    after = commands.change_event(world.ops, event.id, edit)
    assert (after.aircraft_id, after.kind, after.title) == (two.id, EventKind.AOG, "Tyre")
    (change,) = trail(world.id, unit=two, limit=1)
    assert change.units == tuple(sorted((str(one), str(two))))
    assert change.before == {
        "event_id": event.id,
        "aircraft_id": one.id,
        "kind": "MAINTENANCE",
        "title": "100 h check",
        "end": "2027-03-04T00:00Z",
    }
    commands.delete_event(world.ops, event.id)
    commands.delete_event(world.ops, event.id)
    assert queries.event(world.id, event.id).deleted
    kinds = [change.kind for change in trail(world.id, unit=two)]
    assert kinds == ["event.deleted", "event.changed", "aircraft.created"]
    assert queries.board(world.id, monday, monday + timedelta(days=9)).activities[two.id] == ()
    with pytest.raises(Conflict, match="deleted"):
        commands.change_event(world.ops, event.id, EventEdit(title="x"))


@pytest.mark.req("OPS-08")
def test_maintenance_people_plan_maintenance_but_no_reservations(world, all_rows):
    mx = world.actors[Role.MAINTENANCE]
    event = world.event()
    commands.change_event(mx, event.id, EventEdit(title="Engine change"))
    commands.change_event(mx, event.id, EventEdit(kind="AOG"))
    reservation = world.event(kind="RESERVATION")
    before = all_rows()
    for attempt in (
        lambda: commands.change_event(mx, event.id, EventEdit(kind="RESERVATION")),
        lambda: commands.change_event(mx, reservation.id, EventEdit(kind="AOG")),
        lambda: commands.delete_event(mx, reservation.id),
    ):
        with pytest.raises(Forbidden, match=r"schedule\.edit"):
            attempt()
    assert all_rows() == before
    commands.delete_event(mx, event.id)


_WRONG = [
    ({"kind": "PARTY"}, "kind"),
    ({"airport": "KEWX"}, "airport"),
    ({"airport": ""}, "airport"),
    ({"start": datetime(2027, 3, 3)}, "start"),  # noqa: DTZ001
    ({"end": datetime(2027, 3, 3, tzinfo=UTC)}, "end"),
    ({"end": datetime(2029, 3, 5, tzinfo=UTC)}, "end"),
    ({"title": "x" * 121}, "title"),
    ({"notes": "\x00"}, "notes"),
    ({"aircraft_id": 12}, "aircraft_id"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG)
def test_wrong_events_are_refused_by_field(world, all_rows, wrong, field):
    event = world.event()
    before = all_rows()
    for attempt in (
        lambda: world.event(**wrong),
        lambda: commands.change_event(world.ops, event.id, EventEdit(**wrong)),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert [problem.field for problem in refusal.value.problems] == [field]
    assert all_rows() == before


def test_the_same_again_changes_nothing(world, all_rows):
    event = world.event()
    before = all_rows()
    commands.change_event(world.ops, event.id, EventEdit(airport="ewr", start=event.start.replace(second=5)))
    assert all_rows() == before
