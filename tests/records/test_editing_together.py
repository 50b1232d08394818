"""Two people, or a person and a partner, at the same flight; and trip numbers under concurrency."""

from __future__ import annotations

import threading
from datetime import timedelta

import msgspec
import pytest
from django.db import connections, transaction

from airstair.kernel.actor import ActorKind
from airstair.kernel.errors import Conflict
from airstair.kernel.scope import operator_scope
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import FlightEdit, TripInput
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import cli_actor
from airstair.records.operators.rules import Role


@pytest.fixture
def partner(world):
    return msgspec.structs.replace(world.ops, kind=ActorKind.PARTNER, key="ifs", label="IFS")


def form(flight, **changed):
    """What a page sends: every field as the person saw it, but for those they changed."""
    names = set(FlightEdit.__struct_fields__) - {"pax_list"}
    return FlightEdit(**{**{name: getattr(flight, name) for name in names}, **changed})


def test_fields_that_only_one_of_them_touched_merge(world, partner):
    seen = world.flight()
    commands.change_flight(partner, seen.id, FlightEdit(pax_count=5, notes="from IFS"))
    after = commands.change_flight(world.ops, seen.id, form(seen, number="KX9"), as_of=seen.revision)
    assert (after.number, after.pax_count, after.notes) == ("KX9", 5, "from IFS")


def test_a_field_that_both_changed_is_a_conflict_with_who_what_and_when(world, partner, monday, all_rows):
    seen = world.flight()
    commands.change_flight(partner, seen.id, FlightEdit(sta=seen.sta + timedelta(minutes=10)))
    before = all_rows()
    edit = form(seen, sta=seen.sta + timedelta(minutes=30), number="KX9")
    with pytest.raises(Conflict) as refusal:
        commands.change_flight(world.ops, seen.id, edit, as_of=seen.revision)
    assert "IFS changed sta to 2027-03-01T08:40Z on" in str(refusal.value)
    assert all_rows() == before
    # Whoever has seen the change may overrule it.
    now = queries.flight(world.id, seen.id)
    assert commands.change_flight(world.ops, seen.id, edit, as_of=now.revision).sta == edit.sta


def test_the_same_value_from_both_is_no_conflict(world, partner):
    seen = world.flight()
    commands.change_flight(partner, seen.id, FlightEdit(adep="KTEB"))
    after = commands.change_flight(world.ops, seen.id, form(seen, adep="teb"), as_of=seen.revision)
    assert after.adep == "KTEB"


def test_nobody_conflicts_with_themselves(world):
    seen = world.flight()
    commands.change_flight(world.ops, seen.id, FlightEdit(number="A1"))
    assert commands.change_flight(world.ops, seen.id, form(seen, number="A2"), as_of=seen.revision).number == "A2"


def test_a_colleague_conflicts_even_after_ones_own_change(world):
    seen = world.flight()
    commands.change_flight(world.actors[Role.SALES], seen.id, FlightEdit(number="A1"))
    commands.change_flight(world.ops, seen.id, FlightEdit(number="A2"))
    with pytest.raises(Conflict, match="Sales Person changed number to A1"):
        commands.change_flight(world.ops, seen.id, form(seen, number="A3"), as_of=seen.revision)


def test_times_of_another_flight_and_book_do_not_disturb(world, partner):
    seen = world.flight()
    commands.set_times(partner, seen.id, "flight_watch", commands.TimesInput(off_block=seen.std))
    after = commands.change_flight(
        world.ops, seen.id, form(seen, std=seen.std + timedelta(minutes=5)), as_of=seen.revision
    )
    assert after.std == seen.std + timedelta(minutes=5)
    assert after.times["flight_watch"].off_block == seen.std


@pytest.mark.django_db(transaction=True)
def test_trip_numbers_stay_unique_when_many_book_at_once():
    operator = create_operator(code="MANY", name="Many", admin_email="a@many.example", trip_prefix="M")
    actor = cli_actor(operator.id)
    found: list[str] = []
    failed: list[BaseException] = []
    ready = threading.Barrier(4)

    def book() -> None:
        try:
            ready.wait()
            with operator_scope(operator.id):  # a thread begins without a scope
                for _ in range(10):
                    found.append(commands.create_trip(actor, TripInput()).number)
        except BaseException as problem:  # noqa: BLE001 - a thread's failure has to fail the test
            failed.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not failed
    assert sorted(found) == [f"M{n:05d}" for n in range(1, 41)]


@pytest.mark.django_db(transaction=True)
def test_a_trip_that_was_not_made_leaves_no_number_twice():
    operator = create_operator(code="ROLL", name="Roll", admin_email="a@roll.example")
    actor = cli_actor(operator.id)
    first = commands.create_trip(actor, TripInput()).number
    with pytest.raises(RuntimeError), transaction.atomic():
        commands.create_trip(actor, TripInput())
        raise RuntimeError
    assert [first, commands.create_trip(actor, TripInput()).number] == ["T00001", "T00002"]
