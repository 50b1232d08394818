"""What follows from what was heard of a flight: `reconcile(state, heard, …)` is the state after. Pure.

What happens to flight and orders is looked up in the one table (`connect.orders.rules`); here is only which changes
there are, in which order they are looked at, and how a row's words are carried out. Hearing the same again changes
nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from connect.orders.rules import Change, FlightResult, Rule, look_up
from connect.orders.words import OrderStatus, Payment, Side
from connect.sync.carrying import carry_out
from connect.sync.services import apply_services
from connect.sync.state import (
    CANCELLED,
    NOT_SYNCHRONISED,
    SYNCHRONISED,
    Asked,
    Facts,
    Heard,
    Order,
    Register,
    State,
)

SUBMIT_AGAIN = "Submit again to make a new flight."
REASONS = {
    Change.BOTH_UNTICKED: "Cancelled: all services were unticked.",
    Change.FLIGHT_CANCELLED: "Cancelled: the flight was cancelled.",
    Change.AIRCRAFT: f"Cancelled: another aircraft. {SUBMIT_AGAIN}",
    Change.HANDLER: f"Cancelled: another handler, after an order. {SUBMIT_AGAIN}",
    Change.AIRPORT: f"Cancelled: another airport, after an order. {SUBMIT_AGAIN}",
}
PAST_REASON = "Changed after its arrival: not applied."


def reconcile(state: State | None, heard: Heard, register: Register, now: datetime) -> State | None:
    """How the flight stands after hearing this. None: there is nothing to keep."""
    if state is None or (state.state == NOT_SYNCHRONISED and not state.orders):
        return _first(state, heard, register)
    if state.state == CANCELLED:
        return _after_cancellation(state, heard, register)
    if _is_past(state, heard, now):
        return _too_late(state, heard)
    if (change := _cancelling(state, heard, register)) is not None:
        return cancel_flight(state, change, heard.submission)
    if blocked := _blocked(heard, register, state.owner_id):
        return replace(state, reason=blocked)
    state = replace(state, reason="")
    moved = [side for side in Side if heard.facts.airport(side) != state.facts.airport(side)]
    state = reschedule(state, heard.facts)
    state = apply_services(state, heard, register, moved)
    return replace(state, submission=max(heard.submission, state.submission))


# -- beginning ------------------------------------------------------------------------------------------------------


def _first(state: State | None, heard: Heard, register: Register, generation: int = 1) -> State | None:
    """The flight for the first time, or again after it could not be synchronised."""
    generation = state.generation if state else generation
    made = State(state=SYNCHRONISED, generation=generation, owner_id=register.owner_id, facts=heard.facts)
    if heard.cancelled or heard.asks_nothing:
        why = REASONS[Change.FLIGHT_CANCELLED if heard.cancelled else Change.BOTH_UNTICKED]
        return replace(_knowing(made, heard), state=CANCELLED, reason=why, submission=heard.submission)
    if blocked := _blocked(heard, register, register.owner_id):
        return replace(
            _knowing(made, heard), state=NOT_SYNCHRONISED, reason=blocked, submission=heard.submission, owner_id=None
        )
    return replace(apply_services(made, heard, register, []), submission=heard.submission)


def _knowing(state: State, heard: Heard) -> State:
    """With what is asked, so that it is answered, although nothing comes of it."""
    for side in Side:
        asked = heard.side(side).asked
        state = state.with_side(side, Asked(services=dict(asked), known=tuple(sorted(asked))))
    return state


def _blocked(heard: Heard, register: Register, owner_id: int | None) -> str:
    """Why the flight cannot be synchronised now, in a sentence; empty when it can."""
    facts = heard.facts
    if owner_id is None:
        tail = facts.registration or facts.call_sign or "without registration"
        return f"Not synchronised: aircraft {tail} ({facts.icao_type or 'no type'}) is in no fleet of your operator."
    if not register.contact_ok:
        return (
            "Not synchronised: the operations contact lacks rights. "
            "It needs VIEW, CREATE, MODIFY and DELETE on flights and orders."
        )
    unknown = [code for code in (facts.adep, facts.ades) if code not in register.airports]
    return f"Not synchronised: airport {', '.join(unknown)} is not known in Connect." if unknown else ""


# -- cancelling -----------------------------------------------------------------------------------------------------


def _after_cancellation(state: State, heard: Heard, register: Register) -> State:
    """A later submission makes a new flight under the same id; anything else changes nothing."""
    again = heard.submission > state.submission and not heard.asks_nothing and not heard.cancelled
    change = Change.RESUBMITTED if again else Change.WHILE_CANCELLED
    rule = look_up(change, OrderStatus.NONE, Payment.NONE, False)
    if rule.flight is not FlightResult.NEW:
        return state
    made = _first(None, heard, register, state.generation + 1)
    return made or state


def _cancelling(state: State, heard: Heard, register: Register) -> Change | None:
    """The change that cancels the flight, the gravest first."""
    submitted = heard.submission > state.submission
    if heard.cancelled:
        return Change.FLIGHT_CANCELLED
    if submitted and heard.asks_nothing:
        return Change.BOTH_UNTICKED
    if aircraft_of(heard.facts) != aircraft_of(state.facts):
        return Change.AIRCRAFT
    for side in Side:
        if heard.facts.airport(side) != state.facts.airport(side) and _cancels(Change.AIRPORT, state.engaged_at(side)):
            return Change.AIRPORT
    for side in Side:
        order = state.order_at(side)
        if _other_handler(state, heard, register, side) and _cancels(Change.HANDLER, [order] if order else []):
            return Change.HANDLER
    return None


def _cancels(change: Change, orders: list[Order]) -> bool:
    """Whether the table says that the flight ends of it."""
    none = look_up(change, OrderStatus.NONE, Payment.NONE, False)
    found = [look_up(change, one.status, one.payment, one.acknowledged) for one in orders] or [none]
    return any(rule.flight is FlightResult.CANCELLED for rule in found)


def aircraft_of(facts: Facts) -> tuple[str, str]:
    """What makes an aircraft the same: its registration, however it is written, and its type."""
    return facts.registration.replace("-", "").upper(), facts.icao_type.upper()


def _other_handler(state: State, heard: Heard, register: Register, side: Side) -> bool:
    """Whether somebody else is to handle there. One organisation under two names of the directory is not another."""
    before, after = state.side(side), heard.side(side)
    if not after.asked:
        return False
    nid = after.handler.nid if after.handler else None
    matched = register.handler(side)
    return nid != before.handler_nid and (matched is None or matched != before.handler_id)


def cancel_flight(state: State, change: Change, submission: int) -> State:
    """The flight ends, and of its orders those that the table ends."""
    submission = max(submission, state.submission)
    orders = tuple(_changed(change, one, state.facts, submission) for one in state.orders)
    return replace(state, state=CANCELLED, reason=REASONS[change], submission=submission, orders=orders)


def _changed(change: Change, order: Order, facts: Facts, submission: int) -> Order:
    rule: Rule = look_up(change, order.status, order.payment, order.acknowledged)
    return carry_out(rule, order, facts, submission)


# -- the schedule ---------------------------------------------------------------------------------------------------


def reschedule(state: State, facts: Facts) -> State:
    """The flight with these facts, and its orders as the table says for what changed of date, time and load."""
    for change in schedule_changes(state.facts, facts):
        orders = tuple(_changed(change, one, facts, state.submission) for one in state.orders)
        state = replace(state, orders=orders)
    return replace(state, facts=facts)


def schedule_changes(before: Facts, after: Facts) -> list[Change]:
    """Date or time, and load. The date of a flight is the UTC date of its departure."""
    changes = []
    if before.std.astimezone(UTC).date() != after.std.astimezone(UTC).date():
        changes.append(Change.DATE)
    elif (before.std, before.sta) != (after.std, after.sta):
        changes.append(Change.TIME)
    loads = [(one.pax, one.crew, one.flight_type, one.mission) for one in (before, after)]
    return [*changes, *([Change.LOAD] if loads[0] != loads[1] else [])]


def _is_past(state: State, heard: Heard, now: datetime) -> bool:
    """Whether the flight has arrived and somebody was asked to handle it: it is then changed no more."""
    return heard.facts.sta <= now and state.facts.sta <= now and bool(state.orders)


def _too_late(state: State, heard: Heard) -> State:
    same = (
        heard.submission <= state.submission
        and not heard.cancelled
        and not schedule_changes(state.facts, heard.facts)
        and aircraft_of(state.facts) == aircraft_of(heard.facts)
        and all(state.facts.airport(side) == heard.facts.airport(side) for side in Side)
        and all(state.side(side).services == heard.side(side).asked for side in Side)
    )
    if same:
        return state
    orders = tuple(_changed(Change.PAST, one, state.facts, state.submission) for one in state.orders)
    return replace(state, orders=orders, reason=PAST_REASON)
