"""A program that polls with `changed_since` never misses a change and is never told one twice, whoever commits when."""

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from tests.api.conftest import program

from airstair.changes.models import Change
from airstair.kernel.scope import all_operators
from airstair.records.flights import commands


@pytest.fixture
def world(transactional_db: None) -> Any:
    from tests.records.conftest import World

    return World("KXA", ("N14923", "SP-KXA"))


class Slow:
    """A writer that holds its transaction open until it is told to end it."""

    def __init__(self, world: Any, flight_id: int, notes: str) -> None:
        self.wrote, self.end = threading.Event(), threading.Event()
        self._given = (world.ops, flight_id, commands.FlightEdit(notes=notes))
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self.wrote.wait(20)

    def _run(self) -> None:
        with all_operators(), transaction.atomic():
            commands.change_flight(*self._given)
            self.wrote.set()
            self.end.wait(20)
        connection.close()

    def commit(self) -> None:
        self.end.set()
        self._thread.join(20)


def poll(ask: Any, path: str, cursor: str, limit: int = 2) -> tuple[list[Any], str]:
    """Everything new, and the cursor to ask with next."""
    found: list[Any] = []
    while True:
        answer = ask.get(path, changed_since=cursor, limit=limit)
        found += answer["items"]
        cursor = answer["changed_since"]
        if not answer["more"]:
            return found, cursor


@pytest.mark.req("API-06")
def test_a_slow_transaction_is_found_when_it_commits_and_only_then(world) -> None:
    ask = program(world)
    one, other = world.flight(), world.flight()
    flights, changes = ask.get("/flights")["changed_since"], ask.get("/changes")["changed_since"]
    slow = Slow(world, one.id, "slow")  # takes its number first,
    commands.change_flight(world.ops, other.id, commands.FlightEdit(notes="quick"))  # and this commits first
    found, flights = poll(ask, "/flights", flights)
    assert [item["id"] for item in found] == [other.id]
    lines, changes = poll(ask, "/changes", changes)
    assert [line["id"] for line in lines] == [other.id]
    assert poll(ask, "/flights", flights) == ([], flights), "nothing new, and the cursor stays good"
    slow.commit()
    found, flights = poll(ask, "/flights", flights)
    assert [(item["id"], item["notes"]) for item in found] == [(one.id, "slow")]
    lines, changes = poll(ask, "/changes", changes)
    assert [line["id"] for line in lines] == [one.id]
    assert poll(ask, "/flights", flights)[0] == poll(ask, "/changes", changes)[0] == []


@pytest.mark.req("API-06")
def test_what_commits_between_two_pages_of_a_poll_comes_with_the_next_poll(world) -> None:
    ask = program(world)
    made = [world.flight() for _ in range(4)]
    start = ask.get("/flights")["changed_since"]
    slow = Slow(world, made[0].id, "slow")
    for flight in made[1:]:
        commands.change_flight(world.ops, flight.id, commands.FlightEdit(notes="x"))
    first = ask.get("/flights", changed_since=start, limit=2)
    slow.commit()
    commands.delete_flight(world.ops, made[1].id)
    rest, cursor = poll(ask, "/flights", first["changed_since"])
    assert [one["id"] for one in (*first["items"], *rest)] == [flight.id for flight in made[1:]]
    found, cursor = poll(ask, "/flights", cursor)
    assert [(one["id"], one["deleted"]) for one in found] == [(made[0].id, False), (made[1].id, True)]
    assert poll(ask, "/flights", cursor)[0] == []


@pytest.mark.req("API-06")
def test_a_poller_among_many_slow_writers_hears_of_each_change_once(world) -> None:
    ask, dice = program(world), random.Random(7)
    made = [world.flight() for _ in range(6)]
    cursor = ask.get("/changes")["changed_since"]
    began = Change.objects.latest("seq").seq
    heard: list[int] = []
    slow: dict[int, Slow] = {}
    for step in range(60):
        at = dice.randrange(len(made))
        if at in slow:
            slow.pop(at).commit()
        else:
            slow[at] = Slow(world, made[at].id, f"step {step}")
        if dice.random() < 0.6:
            lines, cursor = poll(ask, "/changes", cursor, limit=dice.randint(1, 3))
            heard += [line["seq"] for line in lines]
    for one in slow.values():
        one.commit()
    lines, cursor = poll(ask, "/changes", cursor)
    heard += [line["seq"] for line in lines]
    written = list(Change.objects.filter(seq__gt=began).values_list("seq", flat=True))
    assert len(written) > 25 and sorted(heard) == sorted(written)
    assert heard != sorted(heard), "they were not told in the order of their numbers: a number would have lost some"


@pytest.mark.req("API-06")
def test_each_kind_of_thing_hears_of_its_own_changes(world) -> None:
    ask, event, flight = program(world), world.event(), world.flight()
    at = {path: ask.get(path)["changed_since"] for path in ("/flights", "/trips", "/events", "/aircraft")}
    commands.change_event(world.ops, event.id, commands.EventEdit(title="T"))
    commands.change_flight(world.ops, flight.id, commands.FlightEdit(notes="n"))
    found = {path: [one["id"] for one in poll(ask, path, cursor)[0]] for path, cursor in at.items()}
    assert found == {"/flights": [flight.id], "/trips": [flight.trip_id], "/events": [event.id], "/aircraft": []}
