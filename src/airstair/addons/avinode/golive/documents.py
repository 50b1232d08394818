"""The conditions of Avinode's list that are about what stands in a schedule.

What was sent is compared with the record, not with the mapping that made it. Where the live schedules hold no
example, the add-on maps a specimen instead, and the evidence says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from airstair.addons.avinode.golive.schedules import Schedules
from airstair.hub.golive.listings import SentObject, written_in_utc
from airstair.hub.golive.received import ReceivedCall, Upload
from airstair.hub.verdicts import Judgement, Verdict, judged
from airstair.kernel.utc import minutes_z
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule, EmptyLegOffer, ServiceOrder

_EMPTY_LEG = "EMPTY LEG"  # the word that members map to an empty leg for sale
_EDITED = "If it was edited since, check again after the next call."
_TIMES = ("startDateTime", "endDateTime")
_MARKETING_TIMES = ("marketingStartDateTime", "marketingEndDateTime")
_MARKETING = ("price", "currency", *_MARKETING_TIMES, "marketingVerified", "marketingMessage")
_SERVICE_FIELDS = ("serviceProviderId", "serviceProviderName", "airport", "serviceType", "serviceFor", "dataSource")
_IDENTITY = ("activityType", *_TIMES, "flightNumber")


def basic_conditions(case: Schedules) -> Judgement:
    return Verdict.PERSON, (
        "Avinode's basic conditions for every application are not public. Ask Avinode for the list, and go through it.",
    )


def nothing_older_than_a_month(case: Schedules) -> Judgement:
    wrong = case.amiss("activity-older-than-a-month")
    for sent in case.everything:
        end = sent.time("endDateTime")
        if end is not None and end < _month_before(sent.upload.call.at):
            wrong.append(f"{sent.named} ended {end:%d %b %Y}.")
    return judged(wrong, f"No activity in {case.counted} ended more than a calendar month before its call.")


def _month_before(when: datetime) -> datetime:
    """The same time one calendar month earlier; the month's last day where there is no such day."""
    end_of_month = when.replace(day=1) - timedelta(days=1)
    return end_of_month.replace(day=min(when.day, end_of_month.day))


def one_ended_activity(case: Schedules) -> Judgement:
    wrong = case.amiss("no-ended-activity")
    for upload, activities in case.listed.items():
        ends = [sent.time("endDateTime") for sent in activities or ()]
        if not any(end is not None and end <= upload.call.at for end in ends):
            wrong.append(f"{upload.registration}: no activity had ended at the call of {upload.when}.")
    return judged(wrong, f"Each of {case.counted} holds an activity that had ended.")


def same_ids(case: Schedules) -> Judgement:
    wrong = case.amiss("activity-id-missing", "activity-id-changed")
    for uploads in case.uploads.values():
        before: dict[tuple[str, ...], str] = {}
        for upload in uploads:
            activities = case.listed[upload] or ()
            ids = [sent.id for sent in activities]
            if "" in ids or len(set(ids)) < len(ids):
                wrong.append(f"{upload.registration}: an id is missing or used twice at {upload.when}.")
            now = {_identity(sent): sent.id for sent in activities}
            wrong += [
                f"{upload.registration}: {before[what]} came back as {now[what]} at {upload.when}."
                for what in now
                if what in before and before[what] != now[what] and before[what] not in ids
            ]
            before = now
    return judged(wrong, f"In {case.counted}, no activity has changed its id, and each has one of its own.")


def _identity(sent: SentObject) -> tuple[str, ...]:
    airports = (sent.get("startAirport"), sent.get("endAirport"))
    return (
        *(sent.text(name) for name in _IDENTITY),
        *(str(one.get("icao")) for one in airports if isinstance(one, dict)),
    )


def times_in_utc(case: Schedules) -> Judgement:
    wrong = case.amiss("times-not-utc")
    for sent in case.everything:
        for name in (*_TIMES, *(name for name in _MARKETING_TIMES if name in sent)):
            if not written_in_utc(sent.text(name)):
                wrong.append(f"{sent.named}: {name} is “{sent.text(name)}”, not a time in UTC.")
    return judged(wrong, f"Every time in {case.counted} is written in UTC.")


def block_times(case: Schedules) -> Judgement:
    wrong = case.amiss()
    for sent, known in case.matched:
        for side, expected in (("start", _block(known, "off_block")), ("end", _block(known, "on_block"))):
            written = sent.text(f"{side}DateTime")
            if written != minutes_z(expected):
                wrong.append(f"{sent.named}: {side} {written}, but the block time is {minutes_z(expected)}. {_EDITED}")
    return judged(wrong, f"{len(case.matched)} activities sent last have the record's block times, actual where known.")


def _block(known: Activity, name: str) -> datetime:
    """Actual where a book has it, the journey log's first; else scheduled."""
    actual = [when for book in known.actual if (when := getattr(book, name)) is not None]
    return actual[0] if actual else (known.scheduled_start if name == "off_block" else known.scheduled_end)


def external_trip_ids(case: Schedules) -> Judgement:
    wrong, of_trips = case.amiss("external-trip-id-missing"), [pair for pair in case.matched if pair[1].trip_id]
    for sent, known in of_trips:
        named = sent.text("externalTripId")
        if named != (known.trip_number or str(known.trip_id)):
            wrong.append(f"{sent.named} belongs to trip {known.trip_number}, and says “{named}”.")
    for sent in case.everything:
        if sent.id.startswith("f-") and not sent.text("externalTripId"):
            wrong.append(f"{sent.named} has no externalTripId.")
    return judged(wrong, f"{len(of_trips)} activities sent last name the trip that they belong to.")


def request_ids(case: Schedules) -> Judgement:
    wrong, compared = case.amiss(), 0
    for sent, known in case.matched:
        for request in _requests(known) if known.moves_the_aircraft else ():
            compared += 1
            if request not in sent.text("tripId").split(","):
                wrong.append(f"{sent.named} was booked from {request}, and says “{sent.text('tripId')}”. {_EDITED}")
    if compared:
        return judged(wrong, f"{compared} requests that flights were booked from are named in what was sent last.")
    if "asellerlift-500123" not in _specimen(case).text("tripId").split(","):
        wrong.append("A specimen flight, booked from a request, does not name it.")
    return judged(wrong, "No flight sent now came from an Avinode request; a specimen that did names it.")


def _requests(known: Activity) -> Iterator[str]:
    return (entry.removeprefix("avinode:") for entry in known.booked_from if entry.startswith("avinode:"))


def services(case: Schedules) -> Judgement:
    wrong, compared = [], 0
    for sent, known in case.matched:
        shared = case.settings_of(sent.upload).share_services
        listed = sent.get("services") or []
        if not shared and listed:
            wrong.append(f"{sent.named} shares services, which is switched off. {_EDITED}")
        if shared and len(listed) != len(known.services):
            wrong.append(f"{sent.named} has {len(known.services)} services; {len(listed)} were sent. {_EDITED}")
        compared += len(listed)
        wrong += [f"{sent.named}: a service lacks {n}." for one in listed for n in _SERVICE_FIELDS if not one.get(n)]
    on, off = _specimen(case, share_services=True).get("services"), _specimen(case).get("services")
    if not on or not all(on[0].get(name) for name in _SERVICE_FIELDS):
        wrong.append("A specimen flight with handling does not carry its six fields when services are shared.")
    if off:
        wrong.append("A specimen flight with handling carries it although services are not shared.")
    return judged(wrong, f"{compared} services are in what was sent last; a specimen carries all six fields, or none.")


def regulations(case: Schedules) -> Judgement:
    wrong, regulated = case.amiss(), [pair for pair in case.matched if pair[1].regulation]
    for sent, known in regulated:
        said = sent.text("flightRegulations")
        if said != known.regulation:
            wrong.append(f"{sent.named} is {known.regulation}, and says “{said}”. {_EDITED}")
    if _specimen(case).text("flightRegulations") != "PART_CAT":
        wrong.append("A specimen flight under PART_CAT does not say so.")
    carried = f"{len(regulated)} activities sent last carry the regulation that the record has"
    return judged(wrong, f"{carried}; so does a specimen.")


def marketing_on_empty_legs_only(case: Schedules) -> Judgement:
    wrong, legs = case.amiss("marketing-on-other-activity"), 0
    for sent in case.everything:
        found = [name for name in _MARKETING if name in sent]
        if sent.text("activityType") == _EMPTY_LEG:
            legs += 1
        elif found:
            wrong.append(f"{sent.named} is {sent.text('activityType')}, and carries {', '.join(found)}.")
    return judged(wrong, f"In {case.counted}, only the {legs} activities {_EMPTY_LEG} carry marketing.")


def verified_by_a_person(case: Schedules) -> Judgement:
    wrong, people = case.amiss(), []
    legs = sum(sent.text("activityType") == _EMPTY_LEG for sent, _ in case.matched)
    for sent, known in case.matched:
        offer = known.empty_leg
        if sent.get("marketingVerified") is not True:
            continue
        if offer is None or not offer.verified or not offer.verified_by:
            wrong.append(f"{sent.named} is sent as verified, but nobody marked it. {_EDITED}")
        else:
            people.append(f"{sent.id} by {offer.verified_by}")
    unmarked = _specimen(case, leg=True).get("marketingVerified")
    if unmarked is not False or _specimen(case).get("marketingVerified") is True:
        wrong.append("A specimen empty leg that nobody marked is not sent as unverified.")
    verdict, evidence = judged(
        wrong, f"{len(people)} of {legs} empty legs are verified: {', '.join(people) or 'none'}."
    )
    if verdict is Verdict.PASS and legs >= 2 and len(people) == legs:
        return Verdict.PERSON, (*evidence, "All of them are: confirm that each was looked at, and none by routine.")
    return verdict, evidence


# -- specimens ----------------------------------------------------------------------------------------------------


def _specimen(case: Schedules, *, leg: bool = False, **settings: Any) -> SentObject:
    """What the add-on makes of an invented flight: booked from a request, with handling, under PART_CAT; or of an
    invented empty leg that nobody verified."""
    now = case.sources.now
    start, end = now + timedelta(hours=3), now + timedelta(hours=5)
    common: dict[str, Any] = {
        "kind": ActivityKind.FLIGHT, "aircraft_id": 1, "trip_id": 1, "start_airport": "EPWA", "end_airport": "LFMN",
        "start": start, "end": end, "scheduled_start": start, "scheduled_end": end,
    }  # fmt: skip
    handling = ServiceOrder(
        airport="LFMN", kind="HANDLING", served="ALL", provider_id="H-17", provider_name="Handler", source="PROPRIETARY"
    )
    flight = Activity(
        id=1, **common, trip_number="T-1", booked_from=("avinode:asellerlift-500123",), pax_count=4,
        flight_type="COMMERCIAL", regulation="PART_CAT", services=(handling,),
    )  # fmt: skip
    offered = Activity(id=1, **common, ferry=True, empty_leg=EmptyLegOffer(price=Decimal(9000), currency="EUR"))
    schedule = AircraftSchedule(
        operator_id=1,
        aircraft=AircraftFacts(id=1, operator_id=1, registration="SP-XXX", home_base="EPWA"),
        since=now - timedelta(days=28),
        activities=(offered if leg else flight,),
    )
    made = case.flow.document(schedule, case.addon.settings(**settings), now)
    body = made.body.decode() if made is not None else ""
    upload = Upload("SP-XXX", ReceivedCall(at=now, method="PUT", path="/schedules", headers={}, body=body))
    return next((one for one in case.read(upload) or () if one.id == "f-1"), SentObject(upload, {}, case.named_by))
