"""The table once more, through the command and the database: each row for each order status that it governs.

Every cell by itself is walked in `test_rules`, without a database; here is seen that reading and writing lose nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from connect.flights.models import Flight
from connect.orders.rules import Change, table
from connect.orders.words import OrderStatus, Side
from connect.parties.commands import OrganisationEdit, add_aircraft, create_organisation
from connect.parties.queries import installation
from connect.sync.commands import hear
from connect.sync.state import Handler, State
from connect.sync.store import load

from .places import NOW, STD, fresh, with_adep_order
from .test_rules import CELLS, MAKES, Judge
from .world import World, heard_of_them, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    made = make_world()
    root = installation()
    add_aircraft(root, made.operator.id, "N999ZZ", "C56X")
    create_organisation(root, "handler", OrganisationEdit(name="Other", email="o@x.example", stations=("KEWR",)))
    return made


def without_ids(state: State) -> Any:
    """What a state says, without what only writing it decides."""
    orders = sorted(state.orders, key=lambda one: (one.side, one.generation))
    plain = tuple(replace(one, id=None, number="", handler_name="", handler_id=0) for one in orders)
    sides = [replace(state.side(side), handler_id=None) for side in Side]
    return replace(state, orders=plain, adep=sides[0], ades=sides[1])


@pytest.mark.req("MFC-74")
def test_every_row_through_the_command(world: World) -> None:
    first = heard_of_them()
    first = replace(first, ades=replace(first.ades, handler=None))
    known = replace(world.register(), ades_handler=None)
    start = fresh(first, known)
    one_each = {(table()[cell], cell.status): cell for cell in CELLS}
    assert {row for row, _ in one_each} == {table()[cell] for cell in CELLS}
    for nid, cell in enumerate(one_each.values(), 1000):
        wanted = with_adep_order(start, cell.status, cell.payment, cell.acknowledged)
        unwritten = replace(wanted, orders=tuple(replace(one, id=None) for one in wanted.orders))
        before = load(world.put(unwritten, nid))
        assert without_ids(before) == without_ids(wanted)
        told = replace(MAKES[cell.change](first), nid=nid)
        if cell.change is Change.HANDLER:
            told = replace(told, adep=replace(told.adep, handler=Handler(9, "Other", "o@x.example")))
        now = STD + timedelta(days=2) if cell.change is Change.PAST else NOW
        if cell.status is OrderStatus.NONE and cell.change is Change.HANDLER:
            assert before.order_at(Side.ADEP) is None
        changed = hear(world.operator.id, told, lambda now=now: now)
        after = load(Flight.objects.filter(nid=nid).latest("generation"))
        Judge(cell, before, after).everything()
        assert changed == (after != before)
        assert not hear(world.operator.id, told, lambda now=now: now), cell
