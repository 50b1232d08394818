"""Empty legs: offers, marketing windows, and the verification that only a person can give."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airstair.changes.queries import trail
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.clock import ManualClock
from airstair.kernel.errors import Forbidden, Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import commands, queries
from airstair.records.flights.commands import (
    EmptyLegEdit,
    EmptyLegInput,
    FlightEdit,
    FlightRow,
    TimesInput,
    TripEdit,
    write_flights,
)
from airstair.records.flights.models import EmptyLeg, Flight
from airstair.records.flights.rules import MARKETING_WINDOW_MAX, Book, marketing_warnings
from airstair.records.operators.commands import deactivate_member
from airstair.records.operators.queries import cli_actor, import_actor, system_actor
from airstair.records.operators.rules import Right, Role

OFFER = EmptyLegInput(price=Decimal("7400"), currency="eur", message="One way")


@pytest.fixture
def leg(world):
    return commands.mark_empty_leg(world.ops, world.flight().id, OFFER)


@pytest.fixture
def verified(world, leg):
    return commands.verify_empty_leg(world.ops, leg.id)


@pytest.mark.req("OPS-14")
def test_a_flight_is_marked_empty_with_price_window_and_no_verification(world, monday):
    window = {"marketing_start": monday - timedelta(days=2), "marketing_end": monday + timedelta(days=1)}
    flight = world.flight()
    assert flight.empty_leg is None
    offer = commands.mark_empty_leg(world.ops, flight.id, msgspec.structs.replace(OFFER, **window)).empty_leg
    assert offer is not None
    assert (offer.price, offer.currency, offer.message) == (Decimal("7400.00"), "EUR", "One way")
    assert (offer.marketing_start, offer.marketing_end) == tuple(window.values())
    assert (offer.verified, offer.verified_by) == (False, "")

    with pytest.raises(Invalid, match="already"):
        commands.mark_empty_leg(world.ops, flight.id, OFFER)
    changed = commands.change_empty_leg(world.ops, flight.id, EmptyLegEdit(price=Decimal("6900.5"))).empty_leg
    assert changed is not None and changed.price == Decimal("6900.50") and changed.message == "One way"
    assert commands.unmark_empty_leg(world.ops, flight.id).empty_leg is None
    kinds = [change.kind for change in trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))]
    assert kinds == ["emptyleg.unmarked", "emptyleg.changed", "emptyleg.marked", "flight.created"]


@pytest.mark.req("OPS-14", "AVI-20")
def test_a_named_person_verifies_and_takes_it_back(world, leg):
    clock = ManualClock(datetime(2027, 2, 1, 9, tzinfo=UTC))
    offer = commands.verify_empty_leg(world.ops, leg.id, clock=clock).empty_leg
    assert offer is not None and offer.verified
    assert (offer.verified_by, offer.verified_at) == ("Ops Person", clock.now())
    last = trail(world.id, subject=Unit(UnitKind.FLIGHT, leg.id))[0]
    assert (last.kind, last.actor_label, last.actor_kind) == ("emptyleg.verified", "Ops Person", "person")
    taken_back = commands.unverify_empty_leg(world.ops, leg.id).empty_leg
    assert taken_back is not None and not taken_back.verified


def automatic_actors(world) -> list[Actor]:
    """Whoever is not a person at a page, with every right there is and with a person's key and name."""
    every_right = frozenset(str(right) for right in Right)
    posing = [
        Actor(operator_id=world.id, kind=kind, key=world.ops.key, label=world.ops.label, rights=every_right)
        for kind in ActorKind
        if kind is not ActorKind.PERSON
    ]
    nobody = [
        Actor(operator_id=world.id, kind=ActorKind.PERSON, key=key, label="Somebody", rights=every_right)
        for key in ("", "0", "-1", "avinode", "99999999", "1" * 40, "²")
    ]
    return [
        *posing,
        *nobody,
        cli_actor(world.id),
        system_actor(world.id, "Nightly rule"),
        import_actor(world.id, "flights.csv", Right),
    ]


@pytest.mark.req("OPS-14", "AVI-20")
def test_nothing_automatic_can_verify(world, leg, all_rows):
    before = all_rows()
    for actor in automatic_actors(world):
        with pytest.raises(Forbidden):
            commands.verify_empty_leg(actor, leg.id)
    assert all_rows() == before


@pytest.mark.req("AVI-20")
def test_somebody_whose_place_has_ended_cannot_verify(world, leg):
    deactivate_member(world.admin, world.members[Role.OPS].membership_id)
    with pytest.raises(Forbidden, match="Only a person who is signed in"):
        commands.verify_empty_leg(world.ops, leg.id)


@pytest.mark.req("AVI-20")
def test_no_input_of_any_command_has_a_word_for_it():
    """There is no field through which a form, a file or an API client could say “verified”."""
    inputs = [
        kind
        for kind in vars(commands).values()
        if inspect.isclass(kind) and issubclass(kind, msgspec.Struct) and not kind.__name__.endswith("Result")
    ]
    assert len(inputs) >= 11
    assert not [(kind, field) for kind in inputs for field in kind.__struct_fields__ if "verif" in field]


@pytest.mark.req("AVI-20")
def test_other_commands_never_set_it(world, leg, monday):
    """Every other way to write a flight, by a person with all rights, leaves it unverified."""
    row = FlightRow(import_key="k1", flight=world.leg(), times=None, source="")
    write_flights(world.admin, [row])
    commands.change_flight(world.admin, leg.id, FlightEdit(number="KX2", std=monday, ferry=True))
    commands.change_trip(world.admin, leg.trip_id, TripEdit(client="Verified AG"))
    commands.set_trip_status(world.admin, leg.trip_id, "OPTION")
    commands.set_times(world.admin, leg.id, Book.FLIGHT_WATCH, TimesInput(off_block=monday))
    commands.change_empty_leg(world.admin, leg.id, EmptyLegEdit(message="verified"))
    commands.cancel_flight(world.admin, leg.id)
    commands.restore_flight(world.admin, leg.id)
    commands.delete_flight(world.admin, leg.id)
    commands.restore_flight(world.admin, leg.id)
    assert not EmptyLeg.objects.exclude(verified_at=None).exclude(verified_by=None).exists()


_CLEARING = {
    "adep": lambda world, leg: FlightEdit(adep="KTEB"),
    "ades": lambda world, leg: FlightEdit(ades="KMIA"),
    "std": lambda world, leg: FlightEdit(std=leg.std + timedelta(minutes=1)),
    "sta": lambda world, leg: FlightEdit(sta=leg.sta + timedelta(minutes=1)),
    "aircraft_id": lambda world, leg: FlightEdit(aircraft_id=world.aircraft[1].id),
}


@pytest.mark.req("AVI-20", "OPS-14")
@pytest.mark.parametrize("field", _CLEARING)
def test_a_change_of_route_time_or_aircraft_ends_it(world, verified, field):
    after = commands.change_flight(world.ops, verified.id, _CLEARING[field](world, verified))
    assert after.empty_leg is not None and not after.empty_leg.verified
    last = trail(world.id, subject=Unit(UnitKind.FLIGHT, verified.id))[0]
    assert last.kind == "flight.changed" and field in (last.after or {})
    assert (last.before or {})["empty_leg.verified_by"] == "Ops Person"
    # Going back does not bring it back: nobody has looked at it again.
    back = FlightEdit(**{field: getattr(verified, field)})
    again = commands.change_flight(world.ops, verified.id, back).empty_leg
    assert again is not None and not again.verified


@pytest.mark.req("AVI-20")
def test_a_new_marketing_window_ends_it_too(world, verified, monday):
    window = EmptyLegEdit(marketing_start=monday, marketing_end=monday + timedelta(days=1))
    after = commands.change_empty_leg(world.ops, verified.id, window).empty_leg
    assert after is not None and not after.verified


def test_other_changes_leave_it(world, verified):
    commands.change_flight(
        world.ops, verified.id, FlightEdit(notes="x", number="KX1", crew={"CPT": "ABC"}, altn="KHPN")
    )
    after = commands.change_empty_leg(world.ops, verified.id, EmptyLegEdit(price=Decimal(1))).empty_leg
    assert after is not None and after.verified


@pytest.mark.req("AVI-20")
def test_an_import_ends_it_but_cannot_set_it(world):
    row = FlightRow(import_key="k1", flight=world.leg(), times=None, source="")
    importer = import_actor(world.id, "flights.csv")
    write_flights(importer, [row])
    leg_id = Flight.objects.get(import_key="k1").id
    commands.mark_empty_leg(world.ops, leg_id, OFFER)
    commands.verify_empty_leg(world.ops, leg_id)

    write_flights(importer, [row])
    kept = queries.flight(world.id, leg_id).empty_leg
    assert kept is not None and kept.verified
    noted = msgspec.structs.replace(row, flight=world.leg(notes="new"))
    write_flights(importer, [noted])
    kept = queries.flight(world.id, leg_id).empty_leg
    assert kept is not None and kept.verified
    later = msgspec.structs.replace(row, flight=world.leg(sta=world.leg().sta + timedelta(minutes=5)))
    assert write_flights(importer, [later]).updated == ["k1"]
    ended = queries.flight(world.id, leg_id).empty_leg
    assert ended is not None and not ended.verified


@pytest.mark.req("AVI-19")
def test_a_window_of_more_than_five_days_is_refused_where_it_is_entered(world, leg, monday, all_rows):
    flight = world.flight()
    start, end = monday, monday + MARKETING_WINDOW_MAX
    assert end - start == timedelta(days=5)
    before = all_rows()
    too_long = {"marketing_start": start, "marketing_end": end + timedelta(minutes=1)}
    with pytest.raises(Invalid, match=r"five days.*End it by 06 Mar 2027 00:00Z"):
        commands.mark_empty_leg(world.ops, flight.id, EmptyLegInput(**too_long))
    with pytest.raises(Invalid, match="five days"):
        commands.change_empty_leg(world.ops, leg.id, EmptyLegEdit(**too_long))
    assert all_rows() == before
    commands.mark_empty_leg(world.ops, flight.id, EmptyLegInput(marketing_start=start, marketing_end=end))
    # Moving one end of a stored window past the limit is the same mistake.
    with pytest.raises(Invalid, match="five days"):
        commands.change_empty_leg(world.ops, flight.id, EmptyLegEdit(marketing_end=end + timedelta(minutes=1)))


@pytest.mark.req("AVI-19")
def test_windows_are_kept_in_utc(world, leg, monday):
    eastern = monday.astimezone(ZoneInfo("America/New_York"))
    edit = EmptyLegEdit(marketing_start=eastern, marketing_end=eastern + timedelta(hours=3))
    offer = commands.change_empty_leg(world.ops, leg.id, edit).empty_leg
    assert offer is not None and offer.marketing_start == monday
    assert offer.marketing_start is not None and offer.marketing_start.utcoffset() == timedelta(0)


_WRONG_OFFERS = [
    ({"marketing_start": datetime(2027, 3, 1, tzinfo=UTC)}, "marketing_end"),
    ({"marketing_end": datetime(2027, 3, 1, tzinfo=UTC)}, "marketing_start"),
    (dict.fromkeys(("marketing_start", "marketing_end"), datetime(2027, 3, 1, tzinfo=UTC)), "marketing_end"),
    (dict.fromkeys(("marketing_start", "marketing_end"), datetime(2027, 3, 1)), "marketing_end"),  # noqa: DTZ001
    ({"price": Decimal(5), "currency": ""}, "currency"),
    ({"price": Decimal("NaN")}, "price"),
    ({"price": Decimal("Infinity")}, "price"),
    ({"price": Decimal("-0.01")}, "price"),
    ({"price": Decimal("1e40")}, "price"),
    ({"currency": "EURO"}, "currency"),
    ({"message": "x" * 1001}, "message"),
]


@pytest.mark.parametrize(("wrong", "field"), _WRONG_OFFERS)
def test_wrong_offers_are_refused_by_field(world, leg, all_rows, wrong, field):
    flight = world.flight()
    before = all_rows()
    for attempt in (
        lambda: commands.mark_empty_leg(world.ops, flight.id, msgspec.structs.replace(OFFER, **wrong)),
        lambda: commands.change_empty_leg(world.ops, leg.id, EmptyLegEdit(**wrong)),
    ):
        with pytest.raises(Invalid) as refusal:
            attempt()
        assert field in {problem.field for problem in refusal.value.problems}
    assert all_rows() == before


def test_what_cannot_be_sold_is_not_offered(world, leg):
    with pytest.raises(Invalid, match="carries 2 PAX"):
        commands.mark_empty_leg(world.ops, world.flight(pax_count=2).id, OFFER)
    commands.cancel_flight(world.ops, leg.id)
    with pytest.raises(Invalid, match="cancelled"):
        commands.verify_empty_leg(world.ops, leg.id)
    with pytest.raises(NotFound):
        commands.verify_empty_leg(world.ops, world.flight().id)


# --- warnings --------------------------------------------------------------------------------------------------


class Offer(msgspec.Struct, frozen=True):
    key: str
    start_airport: str
    end_airport: str
    window: tuple[datetime, datetime]


def offer(key: str, start_hour: float, hours: float, route: str = "AB") -> Offer:
    start = datetime(2027, 3, 1, tzinfo=UTC) + timedelta(hours=start_hour)
    return Offer(key, route[0], route[1], (start, start + timedelta(hours=hours)))


_PAIRS = [
    ("overlapping windows", offer("1", 0, 10), offer("2", 9, 10, "CD"), True),
    ("touching windows", offer("1", 0, 10), offer("2", 10, 10, "CD"), False),
    ("same route, six days in two windows", offer("1", 0, 72), offer("2", 72, 72), True),
    ("same route, six days with a short break", offer("1", 0, 70), offer("2", 90, 50), True),
    ("same route, five days in all", offer("1", 0, 60), offer("2", 60, 60), False),
    ("same route, days apart", offer("1", 0, 72), offer("2", 120, 72), False),
    ("other route, six days in two windows", offer("1", 0, 72), offer("2", 72, 72, "CD"), False),
    ("the way back is another route", offer("1", 0, 72), offer("2", 72, 72, "BA"), False),
]


@pytest.mark.req("AVI-19")
@pytest.mark.parametrize(("what", "first", "second", "warned"), _PAIRS, ids=[pair[0] for pair in _PAIRS])
def test_overlapping_windows_and_evading_the_limit_are_warned_of(what, first, second, warned):
    for order in ([first, second], [second, first]):
        found = marketing_warnings(order)
        assert [(w.kind, w.first, w.second) for w in found] == ([("marketing", "1", "2")] if warned else [])


@given(
    st.lists(st.tuples(st.integers(0, 300), st.integers(1, 120), st.sampled_from(["AB", "BA", "CD"])), max_size=6),
    st.randoms(),
)
def test_marketing_warnings_do_not_depend_on_the_order(windows, random):
    offers = [offer(str(at), *window) for at, window in enumerate(windows)]
    shuffled = list(offers)
    random.shuffle(shuffled)
    assert marketing_warnings(offers) == marketing_warnings(shuffled)


@pytest.mark.req("AVI-19")
def test_the_board_warns_of_both_and_refuses_neither(world, monday):
    first = world.flight(std=monday)
    second = world.flight(std=monday + timedelta(days=4), adep="KEWR", ades="KJAX")
    window = timedelta(days=3)
    for flight in (first, second):
        terms = EmptyLegInput(marketing_start=flight.std, marketing_end=flight.std + window)
        commands.mark_empty_leg(world.ops, flight.id, terms)
    board = queries.board(world.id, monday, monday + timedelta(days=10))
    assert [w.sentence for w in board.warnings[first.aircraft_id] if w.kind == "marketing"] == [
        "Same route as the empty leg before it, and together they are marketed for more than five days;"
        " marketplaces do not allow that."
    ]
    commands.change_empty_leg(
        world.ops,
        second.id,
        EmptyLegEdit(marketing_start=monday + timedelta(days=2), marketing_end=monday + timedelta(days=5)),
    )
    board = queries.board(world.id, monday, monday + timedelta(days=10))
    (warning,) = [w for w in board.warnings[first.aircraft_id] if w.kind == "marketing"]
    assert "only one of the two" in warning.sentence
    assert (warning.first, warning.second) == (f"flight:{first.id}", f"flight:{second.id}")
    # A cancelled one is not on offer.
    commands.cancel_flight(world.ops, second.id)
    board = queries.board(world.id, monday, monday + timedelta(days=10))
    assert not [w for w in board.warnings.get(first.aircraft_id, ()) if w.kind == "marketing"]


def test_an_event_is_no_empty_leg(world):
    event = world.event()
    with pytest.raises(NotFound):
        commands.mark_empty_leg(world.ops, event.id, OFFER)
