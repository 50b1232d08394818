"""Asking an application only for what it offers at an airport; and its permits on the page."""

from __future__ import annotations

import pytest
from tests.checklist.test_pages import Person

from airstair.kernel.errors import Invalid
from airstair.records.checklist import commands, queries
from airstair.records.checklist.commands import AirportServices, PermitInput
from airstair.records.operators.rules import Role


def _offer(support, *lists: tuple[str, tuple[str, ...]]) -> None:
    wanted = [AirportServices(airport=airport, services=services) for airport, services in lists]
    commands.set_available_services(support.actor, support.id, wanted)


@pytest.mark.req("LEO-03")
def test_only_what_is_offered_at_an_airport_can_be_asked_for(world, support):
    flight = world.flight()
    support.submit(flight, "FUEL_ADEP")
    _offer(support, ("KEWR", ("SLOT_ADEP",)))
    with pytest.raises(Invalid) as refusal:
        support.submit(flight, "FUEL_ADEP", "HANDLING_ADEP", "SLOT_ADES")
    assert [(one.field, one.sentence) for one in refusal.value.problems] == [
        ("HANDLING_ADEP", "Sky Desk does not offer “Handling” at KEWR. Arrange it otherwise."),
        ("SLOT_ADES", "Sky Desk does not offer “Slot” at KJAX. Arrange it otherwise."),
    ]
    support.submit(flight, "FUEL_ADEP", "SLOT_ADEP")  # what is asked for already stays
    support.submit(flight, "SLOT_ADEP")
    with pytest.raises(Invalid):
        support.submit(flight, "FUEL_ADEP", "SLOT_ADEP")
    _offer(support)
    support.submit(flight, "FUEL_ADEP", "SLOT_ADES")  # no limit any more
    assert not queries.available_services(world.id, support.id)


@pytest.mark.req("LEO-03")
def test_the_form_offers_what_there_is_and_the_list_shows_permits(world, support):
    flight = world.flight()
    support.submit(flight, "FUEL_ADEP")
    _offer(support, ("KEWR", ("SLOT_ADEP",)))
    olga, list_ = Person(world, Role.OPS), f"/ops/flights/{flight.id}/checklist"
    form = olga.see(f"{list_}/modules/{support.id}")
    assert 'value="SLOT_ADEP"' in form and 'value="HANDLING_ADEP"' not in form and 'value="SLOT_ADES"' not in form
    assert 'value="FUEL_ADEP" checked' in form, "asked for already"
    assert "Sky Desk offers nothing at KJAX." in form
    refused = olga.do(f"{list_}/modules/{support.id}", 422, service=["HANDLING_ADEP"])
    assert "Sky Desk does not offer “Handling” at KEWR" in refused

    assert "Permits" not in olga.see(list_)
    permit = PermitInput(kind="OVERFLIGHT", designation="CONFIRMED", country="CA", number="C-7", note="See <map>")
    commands.set_permits(support.actor, support.id, flight.id, [permit])
    page = olga.see(list_)
    row = page[page.index("permits-title") :]
    assert "Overflight" in row and "C-7" in row and "See &lt;map&gt;" in row and 'data-colour="green"' in row
