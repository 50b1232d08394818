"""The conditions of the checklist that are about what is in a sent schedule.

Each function takes the case and gives a verdict with its evidence. What was sent is compared with the record, not with
the mapping that made it. Where the live schedules hold no example, a specimen is mapped instead, and the evidence
says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from airstair.addons.avinode.activity_types import EMPTY_LEG
from airstair.addons.avinode.golive.evidence import (
    Case,
    ReceivedCall,
    SentActivity,
    Upload,
    judged,
    written_in_utc,
)
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.verdicts import Verdict
from airstair.kernel.utc import minutes_z
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.snapshots import Activity, ActivityKind, AircraftSchedule, EmptyLegOffer, ServiceOrder

Judgement = tuple[Verdict, tuple[str, ...]]
NOTHING_SENT = "Nothing was sent yet. Switch the add-on on, tick the aircraft, and let it run for a quarter of an hour."
_EDITED = "If it was edited since, check again after the next call."
_MARKETING = (
    "price",
    "currency",
    "marketingStartDateTime",
    "marketingEndDateTime",
    "marketingVerified",
    "marketingMessage",
)
_SERVICE_FIELDS = ("serviceProviderId", "serviceProviderName", "airport", "serviceType", "serviceFor", "dataSource")


def _count(case: Case) -> str:
    uploads = sum(len(u) for u in case.uploads.values())
    return f"{uploads} calls of {sum(bool(u) for u in case.uploads.values())} aircraft"


def _sent_at_all(case: Case) -> list[str]:
    if not any(case.uploads.values()):
        return [NOTHING_SENT]
    return [
        f"{u.registration}: the call of {u.call.at:%d %b %H:%M}Z holds no readable schedule."
        for u in case.every_upload
        if u.activities is None
    ]


def _month_before(when: datetime) -> datetime:
    """The same time one calendar month earlier; the month's last day where there is no such day."""
    year, month = (when.year, when.month - 1) if when.month > 1 else (when.year - 1, 12)
    for day in range(when.day, 27, -1):
        try:
            return when.replace(year=year, month=month, day=day)
        except ValueError:
            continue
    return when.replace(year=year, month=month)


def nothing_older_than_a_month(case: Case) -> Judgement:
    wrong = _sent_at_all(case) + case.audited("activity-older-than-a-month")
    for sent in case.every_activity:
        end = sent.time("end")
        if end is not None and end < _month_before(sent.upload.call.at):
            wrong.append(f"{sent.named} ended {end:%d %b %Y}.")
    return judged(wrong, f"No activity in {_count(case)} ended more than a calendar month before its call.")


def one_ended_activity(case: Case) -> Judgement:
    wrong = _sent_at_all(case) + case.audited("no-ended-activity")
    for upload in case.every_upload:
        ends = [sent.time("end") for sent in upload.activities or ()]
        if not any(end is not None and end <= upload.call.at for end in ends):
            wrong.append(f"{upload.registration}: no activity had ended at the call of {upload.call.at:%d %b %H:%M}Z.")
    return judged(wrong, f"Each of {_count(case)} holds an activity that had ended.")


def same_ids(case: Case) -> Judgement:
    wrong = _sent_at_all(case) + case.audited("activity-id-missing", "activity-id-changed")
    for uploads in case.uploads.values():
        before: dict[tuple[str, ...], str] = {}
        for upload in uploads:
            ids = [sent.id for sent in upload.activities or ()]
            if "" in ids or len(set(ids)) < len(ids):
                wrong.append(f"{upload.registration}: an id is missing or used twice at {upload.call.at:%d %b %H:%M}Z.")
            now = {_identity(sent): sent.id for sent in upload.activities or ()}
            wrong += [
                f"{upload.registration}: {before[what]} came back as {now[what]} at {upload.call.at:%d %b %H:%M}Z."
                for what in now
                if what in before and before[what] != now[what] and before[what] not in ids
            ]
            before = now
    return judged(wrong, f"In {_count(case)}, no activity has changed its id, and each has one of its own.")


def _identity(sent: SentActivity) -> tuple[str, ...]:
    names = ("activityType", "startDateTime", "endDateTime", "flightNumber")
    return (*(sent.text(name) for name in names), sent.airport("start"), sent.airport("end"))


def times_in_utc(case: Case) -> Judgement:
    wrong = _sent_at_all(case) + case.audited("times-not-utc")
    for sent in case.every_activity:
        for name in ("startDateTime", "endDateTime", "marketingStartDateTime", "marketingEndDateTime"):
            if (sent.has(name) or not name.startswith("marketing")) and not written_in_utc(sent.text(name)):
                wrong.append(f"{sent.named}: {name} is “{sent.text(name)}”, not a time in UTC.")
    return judged(wrong, f"Every time in {_count(case)} is written in UTC.")


def block_times(case: Case) -> Judgement:
    wrong, compared = _sent_at_all(case), 0
    for sent, known in case.matched:
        compared += 1
        for side, expected in (("start", _block(known, "off_block")), ("end", _block(known, "on_block"))):
            if sent.text(f"{side}DateTime") != minutes_z(expected):
                written = sent.text(f"{side}DateTime")
                wrong.append(f"{sent.named}: {side} {written}, but the block time is {minutes_z(expected)}. {_EDITED}")
    return judged(wrong, f"{compared} activities sent last have the record's block times, actual where known.")


def _block(known: Activity, name: str) -> datetime:
    """Actual where a book has it, the journey log's first; else scheduled."""
    actual = [when for book in known.actual if (when := getattr(book, name)) is not None]
    return actual[0] if actual else (known.scheduled_start if name == "off_block" else known.scheduled_end)


def external_trip_ids(case: Case) -> Judgement:
    wrong = _sent_at_all(case) + case.audited("external-trip-id-missing")
    compared = 0
    for sent, known in case.matched:
        if known.trip_id:
            compared += 1
            if sent.text("externalTripId") != (known.trip_number or str(known.trip_id)):
                wrong.append(
                    f"{sent.named} belongs to trip {known.trip_number}, and says “{sent.text('externalTripId')}”."
                )
    wrong += [
        f"{s.named} has no externalTripId."
        for s in case.every_activity
        if s.id.startswith("f-") and not s.text("externalTripId")
    ]
    return judged(wrong, f"{compared} activities sent last name the trip that they belong to.")


def request_ids(case: Case) -> Judgement:
    wrong, compared = _sent_at_all(case), 0
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


def services(case: Case) -> Judgement:
    wrong, compared = [], 0
    for sent, known in case.matched:
        shared = case.evidence.settings[sent.upload.registration].share_services
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


def regulations(case: Case) -> Judgement:
    wrong, compared = _sent_at_all(case), 0
    for sent, known in case.matched:
        if known.regulation:
            compared += 1
            if sent.text("flightRegulations") != known.regulation:
                wrong.append(
                    f"{sent.named} is {known.regulation}, and says “{sent.text('flightRegulations')}”. {_EDITED}"
                )
    if _specimen(case).text("flightRegulations") != "PART_CAT":
        wrong.append("A specimen flight under PART_CAT does not say so.")
    return judged(
        wrong, f"{compared} activities sent last carry the regulation that the record has; so does a specimen."
    )


def marketing_on_empty_legs_only(case: Case) -> Judgement:
    wrong = _sent_at_all(case) + case.audited("marketing-on-other-activity")
    legs = 0
    for sent in case.every_activity:
        legs += sent.text("activityType") == EMPTY_LEG.word
        found = [name for name in _MARKETING if sent.has(name)]
        if found and sent.text("activityType") != EMPTY_LEG.word:
            wrong.append(f"{sent.named} is {sent.text('activityType')}, and carries {', '.join(found)}.")
    return judged(wrong, f"In {_count(case)}, only the {legs} activities {EMPTY_LEG.word} carry marketing.")


def verified_by_a_person(case: Case) -> Judgement:
    wrong, people, legs = _sent_at_all(case), [], 0
    for sent, known in case.matched:
        legs += sent.text("activityType") == EMPTY_LEG.word
        if sent.get("marketingVerified") is not True:
            continue
        offer = known.empty_leg
        if offer is None or not offer.verified or not offer.verified_by:
            wrong.append(f"{sent.named} is sent as verified, but nobody marked it. {_EDITED}")
        else:
            people.append(f"{sent.id} by {offer.verified_by}")
    if (
        _specimen(case).get("marketingVerified") is True
        or _specimen(case, leg=True).get("marketingVerified") is not False
    ):
        wrong.append("A specimen empty leg that nobody marked is not sent as unverified.")
    verdict, evidence = judged(
        wrong, f"{len(people)} of {legs} empty legs are verified: {', '.join(people) or 'none'}."
    )
    if verdict is Verdict.PASS and legs >= 2 and len(people) == legs:
        return Verdict.PERSON, (*evidence, "All of them are: confirm that each was looked at, and none by routine.")
    return verdict, evidence


# -- specimens ----------------------------------------------------------------------------------------------------


def _specimen(case: Case, *, leg: bool = False, **settings: Any) -> SentActivity:
    """What the add-on makes of an invented flight: booked from a request, with handling, under PART_CAT; or of an
    invented empty leg that nobody verified."""
    now = case.evidence.now
    common: dict[str, Any] = {
        "kind": ActivityKind.FLIGHT,
        "aircraft_id": 1,
        "start_airport": "EPWA",
        "end_airport": "LFMN",
        "trip_id": 1,
    }
    start, end = now + timedelta(hours=3), now + timedelta(hours=5)
    times: dict[str, Any] = {"start": start, "end": end, "scheduled_start": start, "scheduled_end": end}
    handling = ServiceOrder(
        airport="LFMN", kind="HANDLING", served="ALL", provider_id="H-17", provider_name="Handler", source="PROPRIETARY"
    )
    flight = Activity(
        id=1, **common, **times, trip_number="T-1", booked_from=("avinode:asellerlift-500123",), pax_count=4,
        flight_type="COMMERCIAL", regulation="PART_CAT", services=(handling,),
    )  # fmt: skip
    offered = Activity(
        id=2, **common, **times, ferry=True, empty_leg=EmptyLegOffer(price=Decimal(9000), currency="EUR")
    )
    schedule = AircraftSchedule(
        operator_id=1,
        aircraft=AircraftFacts(id=1, operator_id=1, registration="SP-XXX", home_base="EPWA"),
        since=now - timedelta(days=28),
        activities=(offered if leg else flight,),
    )
    made = case.evidence.flow.document(schedule, AvinodeSettings(**settings), now)
    body = made.body.decode() if made is not None else ""
    call = ReceivedCall(at=now, method="PUT", path="/schedules", headers={}, body=body)
    upload = Upload(schedule.aircraft.registration, call)
    wanted = "f-2" if leg else "f-1"
    return next((one for one in upload.activities or () if one.id == wanted), SentActivity(upload, {}))
