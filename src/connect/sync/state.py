"""A flight with its orders as a value: what reconciling starts from and what it ends with. Pure; knows no table.

`Heard` is what the schedule system says of a flight, whole; `State` is how it stands in Connect.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from connect.orders.words import Kind, OrderStatus, Payment, Side, SlotStatus


class Neighbour(msgspec.Struct, frozen=True, kw_only=True):
    """The flight before or after, of the same aircraft; it need not have been submitted."""

    nid: int
    flight_no: str
    adep: str
    ades: str
    std: datetime
    sta: datetime


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The schedule of one flight."""

    flight_no: str = ""
    trip_nid: int | None = None
    trip_number: str = ""
    registration: str = ""
    call_sign: str = ""
    icao_type: str = ""
    adep: str
    ades: str
    std: datetime
    sta: datetime
    pax: int | None = None
    crew: int | None = None
    flight_type: str = ""
    mission: str = ""
    previous: Neighbour | None = None
    next: Neighbour | None = None

    def airport(self, side: Side) -> str:
        return self.adep if side is Side.ADEP else self.ades

    def moment(self, side: Side) -> datetime:
        """When the aircraft leaves there, or arrives there."""
        return self.std if side is Side.ADEP else self.sta


class Handler(msgspec.Struct, frozen=True):
    """A handler as the schedule system's directory has it."""

    nid: int
    name: str = ""
    email: str = ""


class HeardSide(msgspec.Struct, frozen=True):
    """What is asked at one airport: details by service."""

    handler: Handler | None = None
    asked: dict[str, str] = {}


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was heard of one flight."""

    nid: int
    facts: Facts
    cancelled: bool = False
    submission: int = 1
    adep: HeardSide = HeardSide()
    ades: HeardSide = HeardSide()

    def side(self, side: Side) -> HeardSide:
        return self.adep if side is Side.ADEP else self.ades

    @property
    def asks_nothing(self) -> bool:
        return not self.adep.asked and not self.ades.asked


class Line(msgspec.Struct, frozen=True):
    """One service of an order."""

    service: str
    title: str
    details: str = ""
    unticked: bool = False


class Slot(msgspec.Struct, frozen=True):
    """The slot of an order."""

    status: SlotStatus
    number: str = ""
    starts: datetime | None = None
    ends: datetime | None = None


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """An order. `id` is None until it is written."""

    id: int | None = None
    number: str = ""
    side: Side
    airport: str
    handler_id: int
    handler_name: str = ""
    kind: Kind = Kind.HANDLING
    generation: int = 1
    status: OrderStatus = OrderStatus.AWAITING_QUOTE
    payment: Payment = Payment.NONE
    acknowledged: bool = False
    lines: tuple[Line, ...] = ()
    slot: Slot | None = None
    warning: str = ""
    cancelled_by: int | None = None

    @property
    def live(self) -> bool:
        return self.status is not OrderStatus.CANCELLED

    @property
    def amendable(self) -> bool:
        return self.status is OrderStatus.AWAITING_QUOTE


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked at one airport, as far as it was applied."""

    handler_nid: int | None = None
    handler_id: int | None = None
    handler_name: str = ""
    services: dict[str, str] = {}
    """Details by service."""
    known: tuple[str, ...] = ()
    """All that were ever asked of this flight: those that are not asked any more are answered too."""
    late: tuple[str, ...] = ()
    """Those that came when the order could not be amended any more."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """A flight as it stands in Connect."""

    state: str
    reason: str = ""
    generation: int = 1
    submission: int = 0
    owner_id: int | None = None
    facts: Facts
    adep: Asked = Asked()
    ades: Asked = Asked()
    orders: tuple[Order, ...] = ()

    def side(self, side: Side) -> Asked:
        return self.adep if side is Side.ADEP else self.ades

    def with_side(self, side: Side, asked: Asked) -> State:
        if side is Side.ADEP:
            return msgspec.structs.replace(self, adep=asked)
        return msgspec.structs.replace(self, ades=asked)

    def order_at(self, side: Side) -> Order | None:
        """The handling order of that airport: the newest, live or cancelled."""
        found = [one for one in self.orders if one.side is side and one.kind is Kind.HANDLING]
        return max(found, key=lambda one: one.generation, default=None)

    def engaged_at(self, side: Side) -> list[Order]:
        """Every order that anybody there was ever given for this flight."""
        return [one for one in self.orders if one.side is side]

    def with_order(self, before: Order | None, after: Order) -> State:
        """The state with one order exchanged, or added."""
        orders = tuple(after if one is before else one for one in self.orders)
        return msgspec.structs.replace(self, orders=orders if before is not None else (*orders, after))


class Register(msgspec.Struct, frozen=True, kw_only=True):
    """What Connect knows beside the flight: who owns the aircraft, whether the operations contact has every right,
    the airports with whether they need slots, and the handler that matches at each side.
    """

    owner_id: int | None = None
    contact_ok: bool = True
    airports: dict[str, bool] = {}
    adep_handler: int | None = None
    ades_handler: int | None = None

    def handler(self, side: Side) -> int | None:
        return self.adep_handler if side is Side.ADEP else self.ades_handler


SYNCHRONISED, NOT_SYNCHRONISED, CANCELLED = "synchronised", "not synchronised", "cancelled"
