"""One aircraft's schedule as the body of Avinode's PUT /schedules. Pure: `now` is an argument, and is not in it.

An unchanged aircraft keeps an equal body through the day: the edge of the history and what is derived from it move at
midnight UTC; besides, only the end of an activity or option changes what is sent.
Flight notes, event titles and service notes are the operator's own and are never sent; `note` only marks an activity
as derived.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from airstair.addons.avinode import wire
from airstair.addons.avinode.activity_types import AWAY, EMPTY_LEG, ON_GROUND, OPPORTUNITY, ActivityType, activity_type
from airstair.addons.avinode.availability import Derived, Gap, Stay, derive, returns_home
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.flows import Document, Part
from airstair.kernel.outcome import PartnerMessage
from airstair.records.flights.rules import Status, marketing_warnings, schedule_warnings
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule

# Documented: nothing older than one month. A month back from mid-March is 28 days, so 28 is what holds on every day
# of the year: the whole of today and the 27 days before it.
HISTORY_DAYS = 27
HISTORY_BACK = timedelta(days=HISTORY_DAYS + 1)
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_MONTHS = ("", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
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
    warnings += [_told(w.kind, w.sentence, w.second) for w in schedule_warnings(certain)]
    warnings += [_told(w.kind, w.sentence, w.second) for w in marketing_warnings(offers)]
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
            yield _told("derived", one.why, f"derived:{one.id}", level="info")
    if away:
        stays = "1 stay" if len(away) == 1 else f"{len(away)} stays"
        text = f"{stays} away from home base sent as {AWAY.word}: not available there."
        yield _told("derived", text, f"derived:{away[0].id}", level="info")


# -- one activity -------------------------------------------------------------------------------------------------


def _entry(activity: Activity, kind: ActivityType, settings: AvinodeSettings, warnings: list[PartnerMessage]) -> _Entry:
    """One activity of the record on the wire; what is left out of it is told in `warnings`."""
    flight = activity.kind is _FLIGHT
    key = activity.key
    sent = wire.Activity(
        activity_id=_wire_id(activity),
        activity_type=kind.word,
        start_airport=wire.Airport(activity.start_airport),
        end_airport=wire.Airport(activity.end_airport),
        start_date_time=_minutes(activity.start),
        end_date_time=_minutes(activity.end),
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
    return _Entry(
        activity.start, sent, Part(key, f"{activity.number or kind.word} {route} {_spoken(sent.start_date_time)}")
    )


def _wire_id(activity: Activity) -> str:
    """`f-88` or `e-31`: from the record's own id alone, so the same in every call whatever is edited."""
    return f"{'f' if activity.kind is _FLIGHT else 'e'}-{activity.id}"


def _minutes(when: datetime) -> str:
    """`2027-05-11T06:00Z`. As `kernel.utc.minutes_z`, in a fraction of its time: it runs twice for each activity."""
    utc = when if when.tzinfo is UTC else when.astimezone(UTC)
    return _day_text(utc.year, utc.month, utc.day) + _TIME_TEXTS[utc.hour * 60 + utc.minute]


@lru_cache(maxsize=4096)
def _day_text(year: int, month: int, day: int) -> str:
    return f"{year:04}-{month:02}-{day:02}"


_TIME_TEXTS = tuple(f"T{hour:02}:{minute:02}Z" for hour in range(24) for minute in range(60))


def _spoken(written: str) -> str:
    """`11 May 06:00Z` for the wire's `2027-05-11T06:00Z`."""
    return f"{written[8:10]} {_MONTHS[int(written[5:7])]} {written[11:]}"


def _requests(activity: Activity, warnings: list[PartnerMessage]) -> str:
    """The requests that a booked flight came from. The wire has one string: several are joined by commas (assumed)."""
    if activity.status is not Status.CONFIRMED:
        return ""  # not booked yet: Avinode counts which requests end as booked trips
    ids = [entry.removeprefix(_OURS) for entry in activity.booked_from if entry.startswith(_OURS)]
    joined = ",".join(ids)
    while len(joined) > wire.LONGEST_ID and ids:
        lost = ids.pop()
        text = f"Request {lost} is not named: there is no room for more than {wire.LONGEST_ID} characters."
        warnings.append(_told("requests-dropped", text, activity.key))
        joined = ",".join(ids)
    return joined


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
        marketing_start_date_time=_minutes(start) if window else msgspec.UNSET,
        marketing_end_date_time=_minutes(end) if window else msgspec.UNSET,
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
    idle = [] if any(a.end < now for a in certain) else list(_on_ground(schedule, certain, settings, today, edge))
    if not schedule.aircraft.home_base:  # nothing can be said about a home that is not known
        settings = msgspec.structs.replace(
            settings, reposition_to_home_base_after_h=None, send_only_continuous_availability_from_home_base=False
        )
    after_h = settings.reposition_to_home_base_after_h
    home_only = settings.send_only_continuous_availability_from_home_base
    opportunities = [a for a in uncertain if a.status is Status.OPPORTUNITY]
    if after_h is None and not home_only and not opportunities:
        return idle
    stays = [_stay(a) for a in (*certain, *opportunities)]
    stays += [
        Stay(id=one.id, start=one.start, end=one.end, start_airport=one.start_airport, end_airport=one.end_airport)
        for one in idle
    ]
    return idle + derive(
        stays,
        schedule.aircraft.home_base,
        reposition_after=None if after_h is None else timedelta(hours=after_h),
        home_base_only=home_only,
        today=today,
    )


def _stay(activity: Activity) -> Stay:
    return Stay(
        id=_wire_id(activity),
        start=_whole(activity.start),
        end=_whole(activity.end),
        start_airport=activity.start_airport,
        end_airport=activity.end_airport,
        moves=activity.moves_the_aircraft,
    )


def _whole(when: datetime) -> datetime:
    """As the wire has it: to the minute."""
    return when.astimezone(UTC).replace(second=0, microsecond=0)


def _on_ground(
    schedule: AircraftSchedule,
    certain: Sequence[Activity],
    settings: AvinodeSettings,
    today: datetime,
    edge: datetime,
) -> Iterator[Derived]:
    """Where an aircraft stands that has done nothing since the edge: yesterday, so that its position is known.

    It ends before whatever is under way began, unless that began before the edge. Nothing, if nobody knows where
    the aircraft is: it never flew, nothing is planned, and no home base is entered.
    """
    under_way = _whole(certain[0].start) if certain else today
    ends = min(today - _MINUTE, under_way) if under_way > edge else today - _MINUTE
    airport = _last_airport(schedule, certain[0] if certain else None, settings, edge, ends)
    if not airport:
        return
    yield Derived(
        id=f"g-{schedule.aircraft.id}",
        type=ON_GROUND,
        start=max(ends - _DAY, edge) if ends > edge else ends - _DAY,
        end=ends,
        start_airport=airport,
        end_airport=airport,
        why=f"Nothing happened since {edge:%d %b}: on ground at {airport}.",
    )


def _last_airport(
    schedule: AircraftSchedule, following: Activity | None, settings: AvinodeSettings, edge: datetime, at: datetime
) -> str:
    """Where the latest certain activity before the edge left the aircraft; home base if there was none.

    Without a home base, where the next activity begins.
    """
    home = schedule.aircraft.home_base or (following.start_airport if following else "")
    older = [a for a in schedule.activities if a.status is Status.CONFIRMED and a.end < edge]
    if schedule.last_before is not None:
        older.append(schedule.last_before)
    if not older:
        return home
    last = _stay(max(older, key=lambda a: (a.end, a.start, a.id)))
    if settings.reposition_to_home_base_after_h is None:
        return last.end_airport
    following_stay = _stay(following) if following else None
    gap = Gap(start=last.end, end=at, airport=last.end_airport, last=last, misread=False, next=following_stay)
    returned = returns_home(gap, home, timedelta(hours=settings.reposition_to_home_base_after_h))
    return home if returned else last.end_airport


def _derived_entry(one: Derived) -> _Entry:
    route = one.start_airport if one.start_airport == one.end_airport else f"{one.start_airport}–{one.end_airport}"
    sent = wire.Activity(
        activity_id=one.id,
        activity_type=one.type.word,
        start_airport=wire.Airport(one.start_airport),
        end_airport=wire.Airport(one.end_airport),
        start_date_time=_minutes(one.start),
        end_date_time=_minutes(one.end),
        pax_count=0,
        note=f"Derived by Airstair. {one.why}",
    )
    return _Entry(
        one.start, sent, Part(f"derived:{one.id}", f"{one.type.word} {route} {_spoken(sent.start_date_time)} (derived)")
    )
