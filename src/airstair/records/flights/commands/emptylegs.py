"""Empty legs: offering a flight for sale, and a person's word that it can be sold.

Nothing but `verify_empty_leg` sets the verification, and it takes a person. Marketplaces rank verified legs higher
and forbid marking them automatically (charter marketplaces, schedule upload, "Marketing verified").
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from django.db import transaction

from airstair.changes.record import difference, plain, record
from airstair.kernel import codes
from airstair.kernel.actor import Actor, ActorKind
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Forbidden, Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.flights.commands.inputs import EmptyLegEdit, EmptyLegInput, given
from airstair.records.flights.commands.rows import UNVERIFIED, about_flight, lapsed, locked_empty_leg, locked_flight
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.models import EmptyLeg, Flight
from airstair.records.flights.queries import flight
from airstair.records.flights.rules import MARKETING_WINDOW_MAX, Status
from airstair.records.operators.models import Membership, User
from airstair.records.operators.rules import Right

_FIELDS = EmptyLegInput.__struct_fields__
_HIGHEST_PRICE = Decimal("9999999999.99")


class OnlyAPerson(Forbidden):
    """Something automatic tried to say that an empty leg can be sold."""

    def __init__(self) -> None:
        self.right = Right.EMPTY_LEG_VERIFY
        Exception.__init__(
            self, "Only a person who is signed in can mark an empty leg as sellable. Open the flight and do it there."
        )


def mark_empty_leg(actor: Actor, flight_id: int, wanted: EmptyLegInput) -> FlightFacts:
    """Offer a flight as an empty leg, not verified yet. Right: SCHEDULE_EDIT. Raises `NotFound`, `Invalid`."""
    actor.require(Right.SCHEDULE_EDIT, "offer empty legs")
    with transaction.atomic():
        row = locked_flight(actor, flight_id)
        if locked_empty_leg(actor, flight_id) is not None:
            raise Invalid.one("flight", "This flight is offered as an empty leg already. Change that offer instead.")
        _refuse_unsellable(row)
        tidy = _tidy(wanted)
        EmptyLeg.objects.create(operator_id=actor.operator_id, id=flight_id, **msgspec.structs.asdict(tidy))
        after = {f"empty_leg.{field}": plain(getattr(tidy, field)) for field in _FIELDS}
        record(actor, [about_flight("emptyleg.marked", row, None, after)])
    return flight(actor.operator_id, flight_id)


def change_empty_leg(actor: Actor, flight_id: int, edit: EmptyLegEdit) -> FlightFacts:
    """Change the terms of an offer. Right: SCHEDULE_EDIT. Raises `NotFound`, `Invalid`.

    A new marketing window is a new time at which the leg is for sale: it ends the verification.
    """
    actor.require(Right.SCHEDULE_EDIT, "change empty legs")
    with transaction.atomic():
        row = locked_flight(actor, flight_id)
        leg = _locked_leg(actor, flight_id)
        before = EmptyLegInput(**{field: getattr(leg, field) for field in _FIELDS})
        after = _tidy(msgspec.structs.replace(before, **given(edit)))
        was, now = difference(before, after, _FIELDS)
        if now:
            values: dict[str, Any] = {field: getattr(after, field) for field in now}
            was, now = {f"empty_leg.{f}": v for f, v in was.items()}, {f"empty_leg.{f}": v for f, v in now.items()}
            if leg.verified_at is not None and not {"marketing_start", "marketing_end"}.isdisjoint(values):
                values |= UNVERIFIED
                was, now = was | lapsed(leg)[0], now | lapsed(leg)[1]
            EmptyLeg.objects.filter(operator_id=actor.operator_id, id=flight_id).update(**values)
            record(actor, [about_flight("emptyleg.changed", row, was, now)])
    return flight(actor.operator_id, flight_id)


def unmark_empty_leg(actor: Actor, flight_id: int) -> FlightFacts:
    """Withdraw the offer. Right: SCHEDULE_EDIT. Raises `NotFound`."""
    actor.require(Right.SCHEDULE_EDIT, "withdraw empty legs")
    with transaction.atomic():
        row = locked_flight(actor, flight_id, deleted_too=True)
        leg = _locked_leg(actor, flight_id)
        before = {f"empty_leg.{field}": plain(getattr(leg, field)) for field in _FIELDS}
        if leg.verified_at is not None:
            before |= lapsed(leg)[0]
        EmptyLeg.objects.filter(operator_id=actor.operator_id, id=flight_id).delete()
        record(actor, [about_flight("emptyleg.unmarked", row, before, None)])
    return flight(actor.operator_id, flight_id)


def verify_empty_leg(actor: Actor, flight_id: int, *, clock: Clock | None = None) -> FlightFacts:
    """A person says that this very leg can be sold. Right: EMPTY_LEG_VERIFY. Raises `NotFound`, `Forbidden`, `Invalid`.

    Whatever rights they were given: imports, API clients, partners and the system are refused, and so is anybody
    without an account and an active place at the operator.
    """
    actor.require(Right.EMPTY_LEG_VERIFY, "mark an empty leg as sellable")
    person = _person(actor)
    with transaction.atomic():
        row = locked_flight(actor, flight_id)
        leg = _locked_leg(actor, flight_id)
        _refuse_unsellable(row)
        if leg.verified_at is None:
            EmptyLeg.objects.filter(operator_id=actor.operator_id, id=flight_id).update(
                verified_by=person.id, verified_by_name=person.name, verified_at=(clock or SystemClock()).now()
            )
            was, now = {"empty_leg.verified_by": None}, {"empty_leg.verified_by": person.name}
            record(actor, [about_flight("emptyleg.verified", row, was, now)])
    return flight(actor.operator_id, flight_id)


def unverify_empty_leg(actor: Actor, flight_id: int) -> FlightFacts:
    """Take back a verification. Right: EMPTY_LEG_VERIFY. Raises `NotFound`."""
    actor.require(Right.EMPTY_LEG_VERIFY, "take back the mark of an empty leg")
    with transaction.atomic():
        row = locked_flight(actor, flight_id, deleted_too=True)
        leg = _locked_leg(actor, flight_id)
        if leg.verified_at is not None:
            EmptyLeg.objects.filter(operator_id=actor.operator_id, id=flight_id).update(**UNVERIFIED)
            record(actor, [about_flight("emptyleg.unverified", row, *lapsed(leg))])
    return flight(actor.operator_id, flight_id)


def _locked_leg(actor: Actor, flight_id: int) -> EmptyLeg:
    leg = locked_empty_leg(actor, flight_id)
    if leg is None:
        raise NotFound("An empty-leg offer for this flight")
    return leg


def _person(actor: Actor) -> User:
    if actor.kind is not ActorKind.PERSON or not actor.key.isdecimal():
        raise OnlyAPerson
    works_here = Membership.objects.filter(operator_id=actor.operator_id, user_id=int(actor.key), active=True)
    person = User.objects.filter(id__in=works_here.values("user_id"), is_active=True).first()
    if person is None:
        raise OnlyAPerson
    return person


def _refuse_unsellable(row: Flight) -> None:
    if row.status == Status.CANCELLED:
        raise Invalid.one("flight", "This flight is cancelled. Restore it before offering it.")
    if row.pax_count:
        raise Invalid.one(
            "flight", f"This flight carries {row.pax_count} PAX. Set its PAX to 0, or Ferry, before offering it."
        )


def _tidy(offer: EmptyLegInput) -> EmptyLegInput:
    problems = Problems()
    currency = offer.currency.strip()
    if currency:
        try:
            currency = codes.currency(currency)
        except Invalid as refusal:
            checks.take(problems, refusal)
    start, end = _window(problems, offer)
    tidy = EmptyLegInput(
        price=_price(problems, offer.price, currency),
        currency=currency,
        marketing_start=start,
        marketing_end=end,
        message=checks.text(problems, "message", offer.message, longest=1000),
    )
    problems.refuse()
    return tidy


def _price(problems: Problems, price: Decimal | None, currency: str) -> Decimal | None:
    if price is None:
        return None
    if not currency:
        problems.add("currency", "The price needs a currency. Add one, such as EUR or USD.")
    if not price.is_finite() or not 0 <= price <= _HIGHEST_PRICE:
        problems.add("price", f"{checks.shown(price)} is not a price. Use an amount from 0 to {_HIGHEST_PRICE}.")
        return None
    try:
        return price.quantize(Decimal("0.01"))
    except InvalidOperation:
        problems.add("price", "It has too many digits. Use two decimals.")
        return None


def _window(problems: Problems, offer: EmptyLegInput) -> tuple[datetime | None, datetime | None]:
    """The marketing window in UTC: both ends or none, and five days at most."""
    if offer.marketing_start is None or offer.marketing_end is None:
        if offer.marketing_start is not None or offer.marketing_end is not None:
            missing = "marketing_start" if offer.marketing_start is None else "marketing_end"
            problems.add(missing, "A marketing window has a start and an end. Fill in both, or neither.")
        return None, None
    start = checks.moment(problems, "marketing_start", offer.marketing_start)
    end = checks.moment(problems, "marketing_end", offer.marketing_end)
    if start is not None and end is not None:
        if end <= start:
            problems.add("marketing_end", "The marketing window ends before it starts. Correct one of the two.")
        elif end - start > MARKETING_WINDOW_MAX:
            latest = (start + MARKETING_WINDOW_MAX).astimezone(UTC)
            problems.add(
                "marketing_end",
                "The marketing window is longer than five days; marketplaces would not show the leg."
                f" End it by {latest:%d %b %Y %H:%M}Z.",
            )
    return start, end
