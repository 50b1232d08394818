"""One aircraft's schedule as a marketplace's feed. Pure: `now` is an argument, and is not in it.

An unchanged aircraft keeps an equal body through the day: its edges, and what is available, move at midnight UTC;
besides, only the departure of what is on offer changes what is sent.
Notes, titles, services and trips are the operator's own and never sent; a snapshot holds no passenger's name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from airstair.addons.marketplaces import wire
from airstair.addons.marketplaces.settings import FeedSettings
from airstair.addons.marketplaces.wire import Kind
from airstair.hub.flows import Document, Part
from airstair.kernel.outcome import PartnerMessage
from airstair.kernel.utc import minutes_z, spoken_z
from airstair.records.flights.availability import Gap, certain_activities, gaps
from airstair.records.flights.rules import FlightType, Status, marketing_warnings, schedule_warnings
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule, EmptyLegOffer
from airstair.records.places.published import published

_DAY = timedelta(days=1)
# A shorter stop is a turnaround, not something to sell. Our choice; nothing public says.
SHORTEST = timedelta(hours=2)
_OF_EVENT = {
    ActivityKind.RESERVATION: Kind.RESERVATION,
    ActivityKind.MAINTENANCE: Kind.MAINTENANCE,
    ActivityKind.AOG: Kind.MAINTENANCE,
}
# The aircraft is flown for its own sake and cannot be sold meanwhile.
_NEVER_FOR_SALE = frozenset({FlightType.TRAINING.value, FlightType.TEST.value})
_NO_PLACE = "Where the aircraft is is not known: enter its home base under Fleet. Its availability is not sent."


class Mapped(NamedTuple):
    """A feed with what there is to say about it."""

    feed: wire.Feed
    parts: tuple[Part, ...]
    warnings: tuple[PartnerMessage, ...]
    good_until: datetime


def document(snapshot: AircraftSchedule, settings: FeedSettings, now: datetime) -> Document | None:
    """What is put to the marketplace; `None` for an aircraft out of service, and where the marketplace fetches."""
    mapped = feed_of(snapshot, settings, now) if settings.pushes else None
    if mapped is None:
        return None
    body = wire.encode(mapped.feed)
    return Document(body=body, parts=mapped.parts, warnings=mapped.warnings, good_until=mapped.good_until)


def feed_of(snapshot: AircraftSchedule, settings: FeedSettings, now: datetime) -> Mapped | None:
    """All that the marketplace is to show of the aircraft; `None` for one that is no longer in service."""
    if not snapshot.aircraft.active:
        return None
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ends = today + (settings.days_ahead + 1) * _DAY
    within = [a for a in snapshot.activities if a.end > today and a.start < ends]
    kinds = settings.kinds
    kept = [(a, kind) for a in within if (kind := kind_of(a, now)) in kinds]
    free = _free(snapshot, today, ends) if Kind.AVAILABILITY in kinds else []
    entries = [(_record(a, kind), _part(a, kind)) for a, kind in kept]
    entries += [_of_gap(gap, snapshot) for gap in free if gap.airport]
    entries.sort(key=lambda entry: (entry[0].start_utc, entry[0].end_utc, entry[0].id))
    return Mapped(
        feed=wire.Feed(aircraft=_aircraft(snapshot), contact=_contact(settings), records=[one for one, _ in entries]),
        parts=tuple(part for _, part in entries),
        warnings=tuple(_warnings(snapshot, within, [a for a, kind in kept if kind is Kind.EMPTY_LEG], free)),
        good_until=min([today + _DAY, *(a.start for a, _ in kept if a.start > now)]),
    )


def gone(snapshot: AircraftSchedule | None, settings: FeedSettings, now: datetime) -> Document | None:
    """The aircraft is not ours to send any more: the marketplace is to forget it."""
    return Document(body=b"") if settings.pushes else None


def kind_of(activity: Activity, now: datetime) -> Kind | None:
    """What an activity is to a marketplace; `None` for what never leaves.

    On offer is only what has not departed. A flight offered as an empty leg that carries passengers goes out as the
    flight it is: offering it would sell it twice.
    """
    if activity.kind is not ActivityKind.FLIGHT:
        return _OF_EVENT[activity.kind]
    if activity.status is Status.OPPORTUNITY:
        return Kind.OPPORTUNITY if activity.start > now else None
    if activity.status is not Status.CONFIRMED:
        return None
    offered = activity.empty_leg is not None and activity.pax_count == 0 and activity.start > now
    return Kind.EMPTY_LEG if offered and activity.flight_type not in _NEVER_FOR_SALE else Kind.FLIGHT


# -- one record ---------------------------------------------------------------------------------------------------


def _record(activity: Activity, kind: Kind) -> wire.Record:
    record = wire.Record(
        id=_wire_id(activity),
        kind=kind,
        from_=_airport(activity.start_airport),
        to=_airport(activity.end_airport),
        start_utc=minutes_z(activity.start),
        end_utc=minutes_z(activity.end),
        pax_count=activity.pax_count if activity.kind is ActivityKind.FLIGHT else UNSET,
    )
    offer = activity.empty_leg
    return record if offer is None or kind is Kind.FLIGHT else _offered(record, activity, offer)


def _offered(record: wire.Record, activity: Activity, offer: EmptyLegOffer) -> wire.Record:
    """With the offer's words. Verified is what a named person said of this very leg, and nothing else."""
    start, end = activity.window
    flexible = offer.marketing_start is not None and offer.marketing_end is not None
    return msgspec.structs.replace(
        record,
        flexible_from=minutes_z(start) if flexible else UNSET,
        flexible_to=minutes_z(end) if flexible else UNSET,
        price=_price(offer),
        verified=offer.verified and bool(offer.verified_by),
        note=offer.message[: wire.LONGEST_NOTE],
    )


def _price(offer: EmptyLegOffer) -> wire.Price | UnsetType:
    if offer.price is None or not offer.currency:
        return UNSET
    return wire.Price(amount=offer.price, currency=offer.currency)


def _wire_id(activity: Activity) -> str:
    """`f-88` or `e-31`: from the record's own id alone."""
    return f"{'f' if activity.kind is ActivityKind.FLIGHT else 'e'}-{activity.id}"


def key_of(wire_id: str) -> str:
    """Our own name of a record, from its id on the wire: what the marketplace's words are about."""
    letter, _, number = wire_id.partition("-")
    return {"f": f"flight:{number}", "e": f"event:{number}"}.get(letter, f"derived:{wire_id}")


def _part(activity: Activity, kind: Kind) -> Part:
    route = f"{activity.start_airport}–{activity.end_airport}" if activity.kind is ActivityKind.FLIGHT else ""
    words = (activity.number or kind.replace("_", " "), route or activity.start_airport, spoken_z(activity.start))
    return Part(activity.key, " ".join(words))


def _airport(code: str) -> wire.Airport:
    known = published().by_code.get(code)
    return wire.Airport(icao=code, iata=known.iata if known else "")


def _aircraft(snapshot: AircraftSchedule) -> wire.Aircraft:
    facts = snapshot.aircraft
    return wire.Aircraft(
        registration=facts.registration,
        type_icao=facts.icao_type,
        type_name=facts.model,
        seats=facts.seats,
        home_base=_airport(facts.home_base) if facts.home_base else UNSET,
    )


def _contact(settings: FeedSettings) -> wire.Contact | UnsetType:
    contact = wire.Contact(name=settings.contact_name, email=settings.contact_email, phone=settings.contact_phone)
    return contact if contact != wire.Contact() else UNSET


# -- availability -------------------------------------------------------------------------------------------------


def _free(snapshot: AircraftSchedule, today: datetime, ends: datetime) -> list[Gap[Activity]]:
    """The record's gaps (`records.flights.availability`) of two hours or more, from midnight to the horizon.

    Options and opportunities do not occupy the aircraft. A gap has no airport where nobody knows where it is.
    """
    taken = [a for a in certain_activities(snapshot) if a.start < ends]
    free = gaps(taken, snapshot.aircraft.home_base, begins=today, ends=ends)
    return [gap for gap in free if (gap.end or ends) - gap.start >= SHORTEST]


def _of_gap(gap: Gap[Activity], snapshot: AircraftSchedule) -> tuple[wire.Record, Part]:
    """Its id is that of what it follows, so the same from day to day."""
    assert gap.end is not None  # the horizon's, at the latest
    wire_id = f"a-{_wire_id(gap.last) if gap.last else snapshot.aircraft.id}"
    record = wire.Record(
        id=wire_id,
        kind=Kind.AVAILABILITY,
        from_=_airport(gap.airport),
        to=_airport(gap.next.start_airport) if gap.next else UNSET,
        start_utc=minutes_z(gap.start),
        end_utc=minutes_z(gap.end),
    )
    return record, Part(key_of(wire_id), f"Available at {gap.airport} from {spoken_z(gap.start)}")


# -- what people should know --------------------------------------------------------------------------------------


def _warnings(
    snapshot: AircraftSchedule, within: Sequence[Activity], offers: Sequence[Activity], free: Sequence[Gap[Activity]]
) -> Iterator[PartnerMessage]:
    sure = [one for one in within if one.moves_the_aircraft]
    for warning in (*schedule_warnings(sure), *marketing_warnings(offers)):
        yield _told(warning.kind, warning.sentence, warning.second)
    for one in sure:
        offer = one.empty_leg
        if offer is not None and one.pax_count > 0:
            yield _told("offer-with-pax", f"Offered as an empty leg, but {one.pax_count} PAX are booked.", one.key)
        if offer is not None and offer.price is not None and not offer.currency:
            yield _told("price", "The price has no currency, so it is not sent. Enter the currency.", one.key)
    if not all(gap.airport for gap in free):
        yield _told("home-base", _NO_PLACE, f"aircraft:{snapshot.aircraft.id}")


def _told(code: str, text: str, about: str) -> PartnerMessage:
    return PartnerMessage(level="warning", code=code, text=text, about=about)
