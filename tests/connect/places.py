"""What the tests of Connect start from: a flight as it is heard, who is known, orders in any state. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from connect.orders.words import OrderStatus, Payment, Side, SlotStatus
from connect.sync.reconcile import reconcile
from connect.sync.state import Facts, Handler, Heard, HeardSide, Order, Register, Slot, State

NOW = datetime(2031, 4, 1, 12, tzinfo=UTC)
STD = datetime(2031, 4, 7, 8, 15, tzinfo=UTC)
BLUE, HARBOUR, OTHER = 11, 12, 13
REGISTER = Register(
    owner_id=1, airports={"KEWR": True, "KDCA": True, "KBOS": False}, adep_handler=BLUE, ades_handler=HARBOUR
)
FACTS = Facts(
    flight_no="DMO12", trip_number="D-7", registration="N-123AB", icao_type="C56X", adep="KEWR", ades="KDCA",
    std=STD, sta=STD + timedelta(hours=1), pax=4, crew=2, flight_type="Commercial", mission="Charter",
)  # fmt: skip
ADEP_SERVICES = {"HANDLING_ADEP": "Steps please", "SLOT_ADEP": "", "FUEL_ADEP": "", "PAX_TRANSPORT_ADEP": "2 cars"}
ADES_SERVICES = {"HANDLING_ADES": "", "HOTEL_ADES": "3 rooms"}


def heard(**changes: Any) -> Heard:
    """The first submission: both airports, matched handlers."""
    start = Heard(
        nid=70, facts=FACTS, adep=HeardSide(Handler(1, "Blue", "b@x.example"), dict(ADEP_SERVICES)),
        ades=HeardSide(Handler(2, "Harbour", "h@x.example"), dict(ADES_SERVICES)),
    )  # fmt: skip
    return replace(start, **changes)


def facts(**changes: Any) -> Facts:
    return replace(FACTS, **changes)


def side(one: Heard, where: Side, **changes: Any) -> Heard:
    """With other services or another handler at one airport."""
    return replace(one, **{where.value.lower(): replace(one.side(where), **changes)})


def fresh(one: Heard | None = None, register: Register = REGISTER) -> State:
    """How a first submission stands, its orders numbered as writing them would."""
    made = reconcile(None, one or heard(), register, NOW)
    assert made is not None
    return numbered(made)


def numbered(state: State) -> State:
    """Orders have ids and numbers once they are written."""
    orders = tuple(
        one if one.id else replace(one, id=number, number=f"ORD-20310401-{number:04d}")
        for number, one in enumerate(state.orders, 1)
    )
    return replace(state, orders=orders)


def with_adep_order(state: State, status: OrderStatus, payment: Payment, acknowledged: bool) -> State:
    """The same with the order of ADEP in this cell; without it where the status says that there is none."""
    order = state.order_at(Side.ADEP)
    assert order is not None
    if status is OrderStatus.NONE:
        free = replace(state.adep, handler_id=None)
        return replace(state, adep=free, orders=tuple(one for one in state.orders if one is not order))
    return state.with_order(order, in_cell(order, status, payment, acknowledged))


def in_cell(order: Order, status: OrderStatus, payment: Payment, acknowledged: bool) -> Order:
    slot = Slot(SlotStatus.APPROVED, "EWR-1", STD - timedelta(minutes=10), STD + timedelta(minutes=10))
    ended = status is OrderStatus.CANCELLED
    return replace(
        order, status=status, payment=payment, acknowledged=acknowledged, cancelled_by=1 if ended else None,
        slot=replace(slot, status=SlotStatus.CANCELLED) if ended else slot,
    )  # fmt: skip
