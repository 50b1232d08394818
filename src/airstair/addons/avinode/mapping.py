"""One aircraft's schedule as the body of Avinode's PUT /schedules. Pure: `now` is an argument, and is not in it.

An unchanged aircraft keeps an equal body through the day: the edge of the history and what is derived from it move at
midnight UTC; besides, only the end of an activity or option changes what is sent.
Flight notes, event titles and service notes are the operator's own and are never sent; `note` only marks an activity
as derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from airstair.addons.avinode import wire
from airstair.addons.avinode.activity_types import AWAY, EMPTY_LEG, OPPORTUNITY, ActivityType, activity_type
from airstair.addons.avinode.availability import Derived, Wanted, derive, idle, whole_minutes, wire_id
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.flows import Document, Part
from airstair.kernel.outcome import PartnerMessage
from airstair.kernel.utc import minutes_z, spoken_z
from airstair.records.flights.availability import Stay, certain_activities
from airstair.records.flights.rules import Status, marketing_warnings, schedule_warnings
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule

# Documented: nothing older than one month. A month back from mid-March is 28 days, so 28 is what holds on every day
# of the year: the whole of today and the 27 days before it.
HISTORY_DAYS = 27
HISTORY_BACK = timedelta(days=HISTORY_DAYS + 1)
_DAY = timedelta(days=1)
_OURS = "avinode:"  # how a request of this partner is marked in a trip's `booked_from`

# Looked up here once: a member of an enumeration costs more than the rest of a comparison.
_FLIGHT, _CONFIRMED = ActivityKind.FLIGHT, Status.CONFIRMED


class _Entry(msgspec.Struct, frozen=True, gc=False):
    """One activity ready for the wire, with its start for the order and its part."""

    start: datetime
    sent: wire.Activity
    part: Part


_NO_HOME_BASE = (
    "No home base is entered: where the aircraft waits may be unknown, and the home-base settings have no effect."
    " Enter it under Fleet."
)


def document(snapshot: AircraftSchedule, settings: AvinodeSettings, now: datetime) -> Document | None:
    """The aircraft's complete schedule; `None` for an aircraft that is no longer in service."""
    if not snapshot.aircraft.active:
        return None
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    edge = today - timedelta(days=HISTORY_DAYS)
    certain = [a for a in snapshot.activities if a.status is _CONFIRMED and a.end >= edge]
    uncertain = list(_uncertain(snapshot.activities, settings, now))
    added = _added(snapshot, certain, uncertain, settings, now, today, edge)
    home_only = snapshot.aircraft.home_base if settings.send_only_continuous_availability_from_home_base else ""
    entries: list[_Entry] = []
    warnings: list[PartnerMessage] = []
    offers: list[Activity] = []
    for activity in (*certain, *uncertain):
        kind = activity_type(activity, home_base_only=home_only)
        entries.append(_entry(activity, kind, settings, warnings))
        if kind is EMPTY_LEG and activity.end > now:
            offers.append(activity)
    entries += [_derived_entry(one) for one in added]
    if uncertain or added:
        entries.sort(key=lambda entry: entry.start)
    of_the_record = (*schedule_warnings(certain), *marketing_warnings(offers))
    warnings += [_told(w.kind, w.sentence, w.second) for w in of_the_record]
    warnings += _told_of(added)
    if not snapshot.aircraft.home_base:
        warnings.append(_told("home-base", _NO_HOME_BASE, f"aircraft:{snapshot.aircraft.id}"))
    body = wire.PutSchedule(
        lift=wire.Lift(aircraft_tail=snapshot.aircraft.registration), activities=[e.sent for e in entries]
    )
    return Document(
        body=wire.encode(body),
        parts=tuple(e.part for e in entries),
        warnings=tuple(warnings),
        good_until=min([today + _DAY, *(a.end for a in snapshot.activities if a.end >= now)]),
    )


def _uncertain(activities: Iterable[Activity], settings: AvinodeSettings, now: datetime) -> Iterator[Activity]:
    """Options and opportunities to come, where they are wanted. Past ones never happened: they would mislead."""
    if not (settings.send_options or settings.send_opportunities):
        return
    for activity in activities:
        wanted = (activity.status is Status.OPTION and settings.send_options) or (
            activity.status is Status.OPPORTUNITY and settings.send_opportunities
        )
        if wanted and activity.end > now:
            yield activity


def _told(code: str, text: str, about: str, *, level: str = "warning") -> PartnerMessage:
    return PartnerMessage(level=level, code=code, text=text, about=about)


def _told_of(added: Sequence[Derived]) -> Iterator[PartnerMessage]:
    """What nobody entered is named; stays away from home base are many, and counted."""
    away = [one for one in added if one.type is AWAY]
    for one in added:
        if one.type is not AWAY:
            yield _told("derived", one.why, f"derived:{one.key}", level="info")
    if away:
        stays = "1 stay" if len(away) == 1 else f"{len(away)} stays"
        text = f"{stays} away from home base sent as {AWAY.word}: not available there."
        yield _told("derived", text, f"derived:{away[0].key}", level="info")


# -- one activity -------------------------------------------------------------------------------------------------


def _entry(activity: Activity, kind: ActivityType, settings: AvinodeSettings, warnings: list[PartnerMessage]) -> _Entry:
    """One activity of the record on the wire; what is left out of it is told in `warnings`."""
    flight = activity.kind is _FLIGHT
    key = activity.key
    sent = wire.Activity(
        activity_id=wire_id(activity),
        activity_type=kind.word,
        start_airport=wire.Airport(activity.start_airport),
        end_airport=wire.Airport(activity.end_airport),
        start_date_time=minutes_z(activity.start),
        end_date_time=minutes_z(activity.end),
        pax_count=activity.pax_count,
        external_trip_id=activity.trip_number or (str(activity.trip_id) if activity.trip_id else ""),
        trip_id=_requests(activity, warnings) if activity.booked_from else "",
        flight_number=activity.number,
        flight_regulations=activity.regulation,
        services=_services(activity) if settings.share_services and activity.services else msgspec.UNSET,
    )
    if kind is EMPTY_LEG:
        sent = _marketed(sent, activity)
    elif activity.empty_leg is not None and activity.pax_count > 0:
        text = f"Offered as an empty leg, but {activity.pax_count} PAX are booked: sent as {kind.word}, not marketed."
        warnings.append(_told("offer-with-pax", text, key))
    elif activity.empty_leg is not None and kind is not OPPORTUNITY:
        warnings.append(_told("not-offered", f"Sent as {kind.word}, so its empty-leg offer is not marketed.", key))
    route = f"{activity.start_airport}–{activity.end_airport}" if flight else activity.start_airport
    title = f"{activity.number or kind.word} {route} {spoken_z(activity.start)}"
    return _Entry(activity.start, sent, Part(key, title))


def _requests(activity: Activity, warnings: list[PartnerMessage]) -> str:
    """The requests that a booked flight came from. The wire has one string: several are joined by commas (assumed)."""
    if activity.status is not Status.CONFIRMED:
        return ""  # not booked yet: Avinode counts which requests end as booked trips
    ids = [entry.removeprefix(_OURS) for entry in activity.booked_from if entry.startswith(_OURS)]
    while len(",".join(ids)) > wire.LONGEST_ID:
        text = f"Request {ids.pop()} is not named: there is no room for more than {wire.LONGEST_ID} characters."
        warnings.append(_told("requests-dropped", text, activity.key))
    return ",".join(ids)


def _services(activity: Activity) -> list[wire.Service]:
    return [
        wire.Service(
            service_provider_id=one.provider_id,
            service_provider_name=one.provider_name,
            airport=wire.Airport(one.airport),
            service_type=one.kind,
            service_for=one.served,
            data_source=one.source,
        )
        for one in activity.services
    ]


def _marketed(sent: wire.Activity, activity: Activity) -> wire.Activity:
    """With the offer's words. Verified is what a named person said of this very leg, and nothing else."""
    offer = activity.empty_leg
    assert offer is not None  # the type was chosen by it
    window = offer.marketing_start is not None and offer.marketing_end is not None
    start, end = activity.window
    return msgspec.structs.replace(
        sent,
        price=msgspec.UNSET if offer.price is None else offer.price,
        currency=offer.currency if offer.price is not None else "",
        marketing_start_date_time=minutes_z(start) if window else msgspec.UNSET,
        marketing_end_date_time=minutes_z(end) if window else msgspec.UNSET,
        marketing_verified=offer.verified and bool(offer.verified_by),
        marketing_message=offer.message,
    )


# -- what is added ------------------------------------------------------------------------------------------------


def _added(
    schedule: AircraftSchedule,
    certain: Sequence[Activity],
    uncertain: Sequence[Activity],
    settings: AvinodeSettings,
    now: datetime,
    today: datetime,
    edge: datetime,
) -> list[Derived]:
    """The derived activities: the on-ground one of an idle aircraft, and what the home-base settings ask for."""
    after_h = settings.reposition_to_home_base_after_h
    wanted = Wanted(
        home=schedule.aircraft.home_base,
        home_only=settings.send_only_continuous_availability_from_home_base,
        return_after=None if after_h is None else timedelta(hours=after_h),
    )
    waits: list[Derived] = []
    if not any(a.end < now for a in certain):
        older = [whole_minutes(a) for a in certain_activities(schedule) if a.end < edge]
        following = whole_minutes(certain[0]) if certain else None
        waits = idle(f"g-{schedule.aircraft.id}", older, following, wanted, edge, today)
    opportunities = [a for a in uncertain if a.status is Status.OPPORTUNITY]
    if wanted.nothing and not opportunities:  # as most have it
        return waits
    stays: list[Stay] = [whole_minutes(a) for a in (*certain, *opportunities)]
    return waits + derive([*stays, *waits], wanted, today)


def _derived_entry(one: Derived) -> _Entry:
    route = one.start_airport if one.start_airport == one.end_airport else f"{one.start_airport}–{one.end_airport}"
    sent = wire.Activity(
        activity_id=one.key,
        activity_type=one.type.word,
        start_airport=wire.Airport(one.start_airport),
        end_airport=wire.Airport(one.end_airport),
        start_date_time=minutes_z(one.start),
        end_date_time=minutes_z(one.end),
        pax_count=0,
        note=f"Derived by Airstair. {one.why}",
    )
    title = f"{one.type.word} {route} {spoken_z(one.start)} (derived)"
    return _Entry(one.start, sent, Part(f"derived:{one.key}", title))
