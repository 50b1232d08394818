"""Many rows in one statement: what is written is what Django's own way would have written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.changes.models import Change
from airstair.changes.sets import insert_rows, update_rows
from airstair.kernel.scope import operator_scope
from airstair.records.flights.models import EmptyLeg, Flight, Trip

WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=12)
JSON = st.none() | st.dictionaries(WORDS, st.none() | st.booleans() | st.integers(-9, 9**15) | WORDS | st.lists(WORDS))
ODD = 'O\'Hare \\ "Q" %s {x} üß\n\t🛩'


def change(world, **given: Any) -> dict[str, Any]:
    fixed = {"actor_kind": "import", "actor_key": "k", "actor_label": "l", "kind": "flight.created"}
    about = {"subject_kind": "flight", "subject_id": 7, "title": "t", "before": None, "after": None, "units": []}
    return {"operator_id": world.id, **fixed, **about, **given}


def stored(model: type, **where: Any) -> list[dict[str, Any]]:
    left = {"id", "seq", "xid", "at"}
    names = [one.attname for one in model._meta.concrete_fields if one.attname not in left]
    return list(model.objects.filter(**where).order_by("pk").values(*names))


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(st.tuples(WORDS, JSON, st.lists(WORDS, max_size=3)), min_size=1, max_size=4))
def test_rows_are_as_django_would_have_written_them(world, rows) -> None:
    given_ = [change(world, title=title, after=after, units=units) for title, after, units in rows]
    with operator_scope(world.id):
        Change.objects.filter(kind="flight.created").delete()
        insert_rows(Change, given_)
        ours = stored(Change, kind="flight.created")
        Change.objects.filter(kind="flight.created").delete()
        Change.objects.bulk_create([Change(**one) for one in given_])
        assert ours == stored(Change, kind="flight.created")
        assert [one["title"] for one in ours] == [title for title, _, _ in rows]


@pytest.mark.django_db
def test_fields_that_are_not_given_hold_the_default(world) -> None:
    std = datetime(2027, 3, 1, 10, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with operator_scope(world.id):
        insert_rows(Trip, [{"operator_id": world.id, "id": 900_001, "number": "X-1"}])
        common = {"operator_id": world.id, "trip_id": 900_001, "aircraft_id": world.aircraft[0].id, "adep": "KEWR"}
        flight = {**common, "ades": "KJAX", "number": "X1", "std": std, "sta": std + timedelta(hours=2)}
        insert_rows(Flight, [{**flight, "id": 900_002, "notes": ODD, "crew": {"CPT": ODD}}])
        ours = Flight.objects.get(operator_id=world.id, id=900_002)
        assert ours.std == std.astimezone(UTC)
        assert (ours.notes, ours.crew, ours.pax_list, ours.imported) == (ODD, {"CPT": ODD}, [], None)
        Flight.objects.create(**flight, id=900_003, notes=ODD, crew={"CPT": ODD})
        one, other = (stored(Flight, operator_id=world.id, id=id_)[0] for id_ in (900_002, 900_003))
        assert one == other
        assert Trip.objects.get(operator_id=world.id, id=900_001).booked_from == []


@pytest.mark.django_db
def test_rows_are_updated_by_their_key_alone(world) -> None:
    with operator_scope(world.id):
        for id_ in (1, 2, 3):
            insert_rows(Trip, [{"operator_id": world.id, "id": 900_000 + id_, "number": f"X-{id_}", "client": "was"}])
        update_rows(
            Trip,
            [
                {"operator_id": world.id, "id": 900_001, "client": ODD, "booked_from": ["avinode:1", "b,c"]},
                {"operator_id": world.id, "id": 900_003, "client": "", "booked_from": []},
                {"operator_id": world.id, "id": 999_999, "client": "nobody", "booked_from": []},
            ],
        )
        found = Trip.objects.filter(operator_id=world.id, id__gt=900_000).order_by("id")
        said = [(one.client, one.booked_from) for one in found]
    assert said == [(ODD, ["avinode:1", "b,c"]), ("was", []), ("", [])]


@pytest.mark.django_db
def test_money_keeps_its_last_digit(world) -> None:
    with operator_scope(world.id):
        insert_rows(Trip, [{"operator_id": world.id, "id": 900_001, "number": "X-1"}])
        std = datetime(2027, 3, 1, tzinfo=UTC)
        insert_rows(
            Flight,
            [
                {"operator_id": world.id, "id": 900_002, "trip_id": 900_001, "aircraft_id": world.aircraft[0].id}
                | {"number": "X1", "adep": "KEWR", "ades": "KJAX", "std": std, "sta": std + timedelta(hours=1)}
            ],
        )
        insert_rows(
            EmptyLeg, [{"operator_id": world.id, "id": 900_002, "price": Decimal("1234567890.10"), "currency": "USD"}]
        )
        assert EmptyLeg.objects.get(operator_id=world.id, id=900_002).price == Decimal("1234567890.10")


@pytest.mark.django_db
def test_five_thousand_rows_are_one_statement_and_none_is_none(world) -> None:
    with operator_scope(world.id), CaptureQueriesContext(connection) as asked:
        insert_rows(Change, [change(world, subject_id=n) for n in range(5_001)])
        insert_rows(Change, [])
    assert len([one for one in asked.captured_queries if "INSERT" in one["sql"]]) == 2
    with operator_scope(world.id):
        order = Change.objects.filter(kind="flight.created").order_by("seq").values_list("subject_id", flat=True)
        assert list(order) == list(range(5_001))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"title": "x" * 301}, DataError),
        ({"title": "a\x00b"}, DataError),
        ({"actor_kind": "nobody"}, IntegrityError),
        ({"units": None}, IntegrityError),
    ],
)
def test_what_a_column_does_not_take_is_refused(world, wrong, problem) -> None:
    with operator_scope(world.id), pytest.raises(problem), transaction.atomic():
        insert_rows(Change, [change(world), change(world, **wrong)])
    with operator_scope(world.id):
        assert not Change.objects.filter(kind="flight.created").exists()
