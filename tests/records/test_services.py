"""Services arranged for the ends of a flight."""

from __future__ import annotations

import msgspec
import pytest

from airstair.changes.queries import trail
from airstair.kernel.errors import Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import commands
from airstair.records.flights.commands import ServiceInput
from airstair.records.flights.rules import ServedParty, ServiceKind

FUEL = ServiceInput(
    airport="ewr",
    kind="FUEL",
    served="AIRCRAFT",
    provider_id="F-1",
    provider_name="Farn Fuel",
    source="FBO LIST",
    note="2,000 l",
)


@pytest.mark.parametrize("kind", list(ServiceKind))
def test_each_kind_is_kept_with_its_provider(world, kind):
    flight = world.flight()
    (kept,) = commands.set_services(world.ops, flight.id, (msgspec.structs.replace(FUEL, kind=kind),)).services
    assert (kept.airport, kept.kind, kept.served) == ("KEWR", kind, ServedParty.AIRCRAFT)
    assert (kept.provider_id, kept.provider_name) == ("F-1", "Farn Fuel")
    assert (kept.source, kept.note) == ("FBO LIST", "2,000 l")


def test_the_set_is_replaced_as_a_whole_and_the_trail_has_both(world, all_rows):
    flight = world.flight()
    hotel = msgspec.structs.replace(FUEL, airport="KJAX", kind="HOTEL", served="CREW")
    commands.set_services(world.ops, flight.id, (FUEL, hotel))
    before = all_rows()
    commands.set_services(world.ops, flight.id, (FUEL, hotel))
    assert all_rows() == before
    assert [s.kind for s in commands.set_services(world.ops, flight.id, (hotel,)).services] == ["HOTEL"]
    change = trail(world.id, subject=Unit(UnitKind.FLIGHT, flight.id))[0]
    assert [s["kind"] for s in (change.before or {})["services"]] == ["FUEL", "HOTEL"]
    assert [s["kind"] for s in (change.after or {})["services"]] == ["HOTEL"]
    assert commands.set_services(world.ops, flight.id, ()).services == ()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"airport": "KMIA"}, "airport"),
        ({"airport": "?"}, "airport"),
        ({"kind": "PARTY"}, "kind"),
        ({"served": "DOG"}, "served"),
        ({"provider_id": ""}, "provider_id"),
        ({"provider_name": "x" * 121}, "provider_name"),
        ({"source": ""}, "source"),
        ({"note": "\x00"}, "note"),
    ],
)
def test_wrong_services_are_refused_by_place_and_field(world, all_rows, wrong, field):
    flight = world.flight()
    before = all_rows()
    with pytest.raises(Invalid) as refusal:
        commands.set_services(world.ops, flight.id, (FUEL, msgspec.structs.replace(FUEL, **wrong)))
    assert [problem.field for problem in refusal.value.problems] == [f"services.1.{field}"]
    assert all_rows() == before
