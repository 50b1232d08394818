"""Making the demo operator: the same for everybody, all or nothing, from files of the package."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.db import transaction

import airstair.demo
from airstair.demo import build, build_demo
from airstair.demo.build import FLEET, FLIGHTS
from airstair.records.flights.models import AircraftEvent, Flight, Trip
from airstair.records.operators.models import Operator, User

pytestmark = pytest.mark.django_db


def picture() -> list[tuple[object, ...]]:
    """What was made, without ids and relative to today."""
    flights = Flight.objects.order_by("number", "std").values_list("number", "adep", "ades", "std", "status", "ferry")
    events = AircraftEvent.objects.order_by("title").values_list("title", "airport", "start", "end", "kind")
    return [*flights, *events, *Trip.objects.order_by("number").values_list("number", "client")]


@pytest.mark.parametrize("today", [date(2024, 2, 29), date(2026, 12, 31)])
def test_it_is_the_same_whenever_it_is_made_on_one_day(today: date) -> None:
    pictures = []
    for _ in range(2):
        with transaction.atomic():
            build_demo(today)
            pictures.append(picture())
            transaction.set_rollback(True)
    assert pictures[0] == pictures[1]


def test_a_failure_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the machine lost its power")

    monkeypatch.setattr(build, "add_extras", fail)
    with pytest.raises(RuntimeError):
        build_demo(date(2027, 5, 11))
    assert not Operator.objects.exists()
    assert not User.objects.exists()


def test_its_files_are_part_of_the_package() -> None:
    folder = Path(airstair.demo.__file__).parent
    assert {FLEET, FLIGHTS} <= {path.name for path in folder.iterdir()}
