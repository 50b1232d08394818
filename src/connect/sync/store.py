"""Reading a flight with its orders out of the tables as a `State`, and writing the difference back. No rule is here.

For commands only: whoever saves has locked the flight's row.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db import connection

from connect.flights.models import Flight
from connect.orders import models as rows
from connect.orders.words import Kind, OrderStatus, Payment, Side, SlotStatus
from connect.sync.state import Asked, Facts, Line, Neighbour, Order, Slot, State

_PLAIN = tuple(name for name in Facts.__struct_fields__ if name not in ("previous", "next"))


def load(flight: Flight) -> State:
    """How the flight stands, with every order it ever had."""
    sides = {side: msgspec.convert(flight.sides.get(side.value, {}), Asked) for side in Side}
    found = flight.orders.select_related("handler", "slot").prefetch_related("lines").order_by("id")
    return State(
        state=flight.state,
        reason=flight.reason,
        generation=flight.generation,
        submission=flight.submission,
        owner_id=flight.organisation_id,
        facts=facts_of(flight),
        adep=sides[Side.ADEP],
        ades=sides[Side.ADES],
        orders=tuple(_order(one) for one in found),
    )


def facts_of(flight: Flight) -> Facts:
    """The schedule of a flight's row."""
    return Facts(
        **{name: getattr(flight, name) for name in _PLAIN},
        previous=_neighbour(flight.previous),
        next=_neighbour(flight.next),
    )


def _neighbour(kept: object) -> Neighbour | None:
    return msgspec.convert(kept, Neighbour) if kept else None


def _order(row: rows.Order) -> Order:
    held = getattr(row, "slot", None)
    return Order(
        id=row.id,
        number=row.number,
        side=Side(row.side),
        airport=row.airport,
        handler_id=row.handler_id,
        handler_name=row.handler.name,
        kind=Kind(row.kind),
        generation=row.generation,
        status=OrderStatus(row.status),
        payment=Payment(row.payment),
        acknowledged=row.acknowledged_at is not None,
        lines=tuple(Line(one.service, one.title, one.details, one.unticked) for one in row.lines.all()),
        slot=held and Slot(SlotStatus(held.status), held.number, held.starts, held.ends),
        warning=row.warning,
        cancelled_by=row.cancelled_by_submission,
    )


# -- writing --------------------------------------------------------------------------------------------------------


def save(flight: Flight, before: State | None, after: State, who: str, now: datetime) -> Flight:
    """Write what differs, count the version, and say that answers are due. A new flight's row comes without an id."""
    _fill(flight, after)
    flight.answers_due, flight.answers_after = True, None
    flight.version += 1
    flight.save()
    known = {one.id: one for one in before.orders} if before and before.generation == after.generation else {}
    words = _words(before, after)
    for one in after.orders:
        if one.id is None:
            made = _create_order(flight, one, now)
            _event(flight, made, who, f"Order {made.number} was made for {made.handler.name}.", now)
        elif known.get(one.id) != one:
            _change_order(flight, known[one.id], one, who, now)
    for sentence in words:
        _event(flight, None, who, sentence, now)
    return flight


def _fill(flight: Flight, after: State) -> None:
    flight.state, flight.reason, flight.generation = after.state, after.reason[:300], after.generation
    flight.submission, flight.organisation_id = after.submission, after.owner_id
    for name in _PLAIN:
        setattr(flight, name, getattr(after.facts, name))
    flight.previous = msgspec.to_builtins(after.facts.previous)
    flight.next = msgspec.to_builtins(after.facts.next)
    flight.sides = {side.value: msgspec.to_builtins(after.side(side)) for side in Side}


def _create_order(flight: Flight, order: Order, now: datetime) -> rows.Order:
    made = rows.Order.objects.create(
        number=next_number(now),
        flight=flight,
        side=order.side.value,
        airport=order.airport,
        handler_id=order.handler_id,
        kind=order.kind.value,
        generation=order.generation,
        status=order.status.value,
        payment=order.payment.value,
        acknowledged_at=now if order.acknowledged else None,
        cancelled_by_submission=order.cancelled_by,
        warning=order.warning,
        created_at=now,
    )
    _write_lines(made, (), order.lines)
    if order.slot:
        _write_slot(made.id, order.slot)
    return made


def next_number(now: datetime) -> str:
    """The day's next: `ORD-20310407-0031`."""
    sql = """
        INSERT INTO orders_numbering (day, last) VALUES (%s, 1)
        ON CONFLICT (day) DO UPDATE SET last = orders_numbering.last + 1 RETURNING last
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [now.date()])
        return f"ORD-{now:%Y%m%d}-{cursor.fetchone()[0]:04d}"


def _change_order(flight: Flight, before: Order, after: Order, who: str, now: datetime) -> None:
    row = rows.Order.objects.get(number=after.number)
    row.status, row.payment, row.warning = after.status.value, after.payment.value, after.warning
    row.cancelled_by_submission = after.cancelled_by
    if before.acknowledged != after.acknowledged:
        row.acknowledged_at = now if after.acknowledged else None
    row.save()
    _write_lines(row, before.lines, after.lines)
    if after.slot is not None and after.slot != before.slot:
        _write_slot(row.id, after.slot)
    for sentence in _order_words(before, after):
        _event(flight, row, who, sentence, now)


def _write_lines(row: rows.Order, before: tuple[Line, ...], after: tuple[Line, ...]) -> None:
    if before == after:
        return
    kept = {one.service: one for one in before if one.service}
    wanted = {one.service: one for one in after if one.service}
    if gone := set(kept) - set(wanted):
        row.lines.filter(service__in=gone).delete()
    new = [one for one in after if one.service and one.service not in kept]
    start = len(before)
    rows.Line.objects.bulk_create(
        [
            rows.Line(
                order=row,
                service=one.service,
                title=one.title,
                details=one.details,
                unticked=one.unticked,
                position=start + number,
            )
            for number, one in enumerate(new)
        ]
    )
    for service, one in wanted.items():
        if service in kept and kept[service] != one:
            row.lines.filter(service=service).update(details=one.details, unticked=one.unticked)


def _write_slot(order_id: int, slot: Slot) -> None:
    values = {"status": slot.status.value, "number": slot.number, "starts": slot.starts, "ends": slot.ends}
    rows.Slot.objects.update_or_create(order_id=order_id, defaults=values)


# -- the history ----------------------------------------------------------------------------------------------------


def _event(flight: Flight, order: rows.Order | None, who: str, words: str, now: datetime) -> None:
    rows.Event.objects.create(flight=flight, order=order, at=now, who=who, words=words[:400])


def _words(before: State | None, after: State) -> list[str]:
    """What happened to the flight itself."""
    if before is None or before.state != after.state or before.reason != after.reason:
        said = [after.reason or "The flight is synchronised."]
        return said if before is None or before.state != after.state or after.reason else []
    return _schedule_words(before.facts, after.facts)


def _schedule_words(before: Facts, after: Facts) -> list[str]:
    said = []
    if (before.adep, before.ades) != (after.adep, after.ades):
        said.append(f"Route {before.adep}–{before.ades} became {after.adep}–{after.ades}.")
    if (before.std, before.sta) != (after.std, after.sta):
        said.append(f"Times became {after.std:%Y-%m-%d %H:%M}Z–{after.sta:%Y-%m-%d %H:%M}Z.")
    if before.pax != after.pax or before.crew != after.crew:
        said.append(f"PAX {after.pax if after.pax is not None else '–'}, crew {after.crew or '–'}.")
    return said


def _order_words(before: Order, after: Order) -> list[str]:
    said = []
    if before.status != after.status:
        said.append(f"Order {after.number}: {after.status.value}. {after.warning}".strip())
    elif before.acknowledged and not after.acknowledged:
        said.append("The acknowledgement was recalled: the request has changed.")
    if before.lines != after.lines:
        said.append("Services of the order changed: " + ", ".join(one.title for one in after.lines) + ".")
    if before.slot != after.slot and after.slot:
        said.append(f"Slot: {after.slot.status.value}.")
    if before.warning != after.warning and after.warning and before.status == after.status:
        said.append(f"{after.warning}.")
    return said
