"""The demo operator: whole, the same for everybody on one day, and made once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from airstair.changes.models import Change
from airstair.demo import DEMO_PASSWORD, Demo, build_demo
from airstair.kernel.actor import ActorKind
from airstair.kernel.clock import ManualClock
from airstair.records.fleet.models import Aircraft, Cam, Engine
from airstair.records.flights.models import AircraftEvent, BlockTimes, EmptyLeg, Flight, FlightService, JourneyLog
from airstair.records.flights.queries import board
from airstair.records.flights.snapshots import ActivityKind
from airstair.records.operators.models import Operator, User
from airstair.records.operators.queries import members
from airstair.records.operators.rules import Role

pytestmark = pytest.mark.django_db
TODAY = date(2027, 5, 11)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Demo]:
    """Made once for all tests here, and taken back after them; each test's own writing is taken back before."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build_demo(TODAY)
        transaction.set_rollback(True)


def test_it_has_the_real_month_around_today(demo: Demo) -> None:
    assert (demo.made, demo.aircraft, demo.flights) == (True, 60, 1789)
    days = Counter(std.date() for std in Flight.objects.filter(import_key__isnull=False).values_list("std", flat=True))
    assert min(days) == TODAY - timedelta(days=15)
    assert max(days) == TODAY + timedelta(days=16)
    # Nothing that is still to come has been flown already.
    assert not BlockTimes.objects.filter(book="journey_log", on_block__gte=midnight(TODAY)).exists()
    assert BlockTimes.objects.filter(book="journey_log", on_block__gte=midnight(TODAY - timedelta(days=1))).exists()


def test_every_page_has_something_to_show_around_today(demo: Demo) -> None:
    start = midnight(TODAY)
    shown = board(demo.operator_id, start, start + timedelta(days=6))
    activities = [activity for some in shown.activities.values() for activity in some]
    kinds = Counter(activity.kind for activity in activities)
    assert kinds[ActivityKind.RESERVATION] == kinds[ActivityKind.MAINTENANCE] == 2
    assert kinds[ActivityKind.AOG] == 1
    statuses = Counter(activity.status.value for activity in activities)
    assert statuses["OPTION"] == 4
    assert statuses["OPPORTUNITY"] == 2
    assert statuses["CANCELLED"] > 0
    assert sum(activity.ferry for activity in activities) == 5
    assert sum(bool(activity.services) for activity in activities) == 3
    assert FlightService.objects.count() == 9
    in_the_air = BlockTimes.objects.filter(book="flight_watch", take_off__lt=midnight(TODAY) + timedelta(hours=12))
    assert in_the_air.count() == demo.extras["flight_watch"] > 0, "those that are flying at noon, and no others"


def test_yesterdays_flights_have_whole_journey_logs_and_six_aircraft_count_their_hours(demo: Demo) -> None:
    whole = BlockTimes.objects.filter(book="journey_log", landing__isnull=False)
    assert whole.count() == demo.extras["journey_logs"] > 30
    assert not whole.filter(on_block__gt=midnight(TODAY) + timedelta(hours=12)).exists()
    assert JourneyLog.objects.exclude(block_fuel=None).count() == whole.count()
    assert Cam.objects.count() == demo.extras["cam"] == 6
    assert Engine.objects.count() == 12
    assert not Aircraft.objects.exclude(icao_type="").filter(iata_type="").exists(), "reservation systems go by them"


def test_one_empty_leg_was_verified_by_a_person_and_the_others_wait(demo: Demo) -> None:
    legs = EmptyLeg.objects.order_by("id")
    assert legs.count() == 4
    verified = [leg for leg in legs if leg.verified_at]
    assert [leg.verified_by_name for leg in verified] == ["Olga Dispatcher"]
    assert verified[0].price is not None
    assert verified[0].marketing_end is not None
    assert Change.objects.get(kind="emptyleg.verified").actor_kind == ActorKind.PERSON
    flown = Flight.objects.filter(id__in=legs.values("id"))
    assert all(flight.std >= midnight(TODAY) for flight in flown)


def test_what_was_added_fits_the_schedule(demo: Demo) -> None:
    start = midnight(TODAY)
    shown = board(demo.operator_id, start, start + timedelta(days=7))
    added = {
        f"flight:{flight_id}"
        for flight_id in Flight.objects.filter(number__startswith="DMO").values_list("id", flat=True)
    }
    added |= {f"event:{event_id}" for event_id in AircraftEvent.objects.values_list("id", flat=True)}
    overlaps = [w for some in shown.warnings.values() for w in some if w.kind == "overlap"]
    assert not [warning for warning in overlaps if added & {warning.first, warning.second}]


def test_its_people_can_sign_in_and_have_different_rights(demo: Demo) -> None:
    assert {(m.email, m.role) for m in members(demo.operator_id)} == {
        ("demo@airstair.example", Role.ADMIN),
        ("dispatch@airstair.example", Role.OPS),
        ("guest@airstair.example", Role.READ_ONLY),
    }
    assert all(person.check_password(DEMO_PASSWORD) for person in User.objects.all())
    assert demo.password == DEMO_PASSWORD


def test_a_second_time_does_nothing(demo: Demo) -> None:
    trail = Change.objects.count()
    again = build_demo(TODAY + timedelta(days=3), ManualClock(midnight(TODAY + timedelta(days=3))))
    assert (again.made, again.operator_id) == (False, demo.operator_id)
    assert (Operator.objects.count(), Change.objects.count()) == (1, trail)
