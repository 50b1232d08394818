"""Reading duties, the roster, and what crew members do. Each reader says its number of SQL statements.

Who may read this is asked of `Right.CREW_VIEW` by the pages; it is not narrowed by aircraft.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from airstair.kernel.errors import Invalid, NotFound
from airstair.records.crewing.models import Duty, Roster
from airstair.records.crewing.rules import DutyKind, PublishedBy
from airstair.records.crewing.snapshots import CrewBoard, CrewFlight, CrewLine, CrewPeriod, DutyFacts, RosterFacts
from airstair.records.fleet.models import Aircraft
from airstair.records.flights.models import BlockTimes, Flight
from airstair.records.flights.rules import FURTHEST_FROM_SCHEDULE, LONGEST_FLIGHT, Book, Status
from airstair.records.operators.queries import operator
from airstair.records.people.queries import crew_member, crew_members
from airstair.records.places.queries import resolver

DUTY_FIELDS = DutyFacts.__struct_fields__
_FLOWN = (Status.CONFIRMED.value, Status.OPTION.value)


def duty(operator_id: int, duty_id: int) -> DutyFacts:
    """One duty, deleted or not. One statement. Raises `NotFound`."""
    row = Duty.objects.filter(operator_id=operator_id, id=duty_id).values(*DUTY_FIELDS).first()
    if row is None:
        raise NotFound("This duty")
    return DutyFacts(**{**row, "kind": DutyKind(row["kind"])})


def duties(
    operator_id: int, start: datetime, end: datetime, *, crew_member_ids: Collection[int] | None = None
) -> list[DutyFacts]:
    """The duties that touch the time from `start` to `end`, by start; of these crew members only. One statement."""
    rows = Duty.objects.filter(operator_id=operator_id, deleted=False, start__lt=end, end__gt=start)
    if crew_member_ids is not None:
        rows = rows.filter(crew_member_id__in=list(crew_member_ids))
    found = rows.order_by("start", "id").values(*DUTY_FIELDS)
    return [DutyFacts(**{**row, "kind": DutyKind(row["kind"])}) for row in found]


def roster(operator_id: int) -> RosterFacts:
    """How far the roster is published. One statement."""
    row = Roster.objects.filter(operator_id=operator_id).first()
    if row is None:
        return RosterFacts()
    return RosterFacts(
        effective_date=row.effective_date,
        published_by=PublishedBy(row.published_by),
        publisher=row.publisher,
        published_at=row.published_at,
    )


def crew_flights(
    operator_id: int, start: datetime, end: datetime, *, codes: Collection[str] | None = None
) -> list[CrewFlight]:
    """Every crew member's part in the flights of a period, by start; of these codes, if given. Three statements.

    Confirmed flights and options; what is cancelled or a mere opportunity keeps nobody busy.
    """
    # Found by scheduled times, so wide that what has moved is found too.
    early, late = start - FURTHEST_FROM_SCHEDULE - LONGEST_FLIGHT, end + FURTHEST_FROM_SCHEDULE
    rows = Flight.objects.filter(operator_id=operator_id, deleted=False, std__gte=early, std__lt=late)
    manned = list(rows.filter(status__in=_FLOWN).exclude(crew={}).order_by("std", "id"))
    actual = _actual(operator_id, [row.id for row in manned])
    fleet = Aircraft.objects.filter(operator_id=operator_id, id__in={row.aircraft_id for row in manned})
    registrations = dict(fleet.values_list("id", "registration"))
    wanted = None if codes is None else {code.upper() for code in codes}
    found = []
    for row in manned:
        off, on = actual.get(row.id, (None, None))
        begin, until = off or row.std, on or row.sta
        if not (begin < end and until > start):
            continue
        for position, code in row.crew.items():
            if wanted is None or code.upper() in wanted:
                found.append(_part(row, position, code.upper(), registrations[row.aircraft_id], begin, until))
    return found


def _actual(operator_id: int, flight_ids: list[int]) -> dict[int, tuple[datetime | None, datetime | None]]:
    """Off and on block as the books have them; the journey log outranks flight watch."""
    found: dict[int, tuple[datetime | None, datetime | None]] = {}
    rows = BlockTimes.objects.filter(operator_id=operator_id, flight_id__in=flight_ids)
    for row in sorted(rows, key=lambda one: one.book == Book.JOURNEY_LOG):
        off, on = found.get(row.flight_id, (None, None))
        found[row.flight_id] = (row.off_block or off, row.on_block or on)
    return found


def _part(row: Flight, position: str, code: str, registration: str, start: datetime, end: datetime) -> CrewFlight:
    return CrewFlight(
        id=row.id,
        code=code,
        position=position,
        aircraft_id=row.aircraft_id,
        registration=registration,
        number=row.number,
        start_airport=row.adep,
        end_airport=row.ades,
        start=start,
        end=max(end, start),
        scheduled_start=row.std,
        scheduled_end=row.sta,
        status=Status(row.status),
        regulation=row.regulation,
    )


def crew_period(
    operator_id: int, crew_member_id: int, start: datetime, end: datetime, *, before: timedelta = timedelta(0)
) -> CrewPeriod:
    """One crew member's period, with what they did in the time `before` it. Eight statements. Raises `NotFound`."""
    member = crew_member(operator_id, crew_member_id)
    board = crew_board(operator_id, start - before, end, crew_member_ids=[crew_member_id])
    line = board.lines[0] if board.lines else CrewLine(member=member)
    known = resolver(operator_id)
    codes = {one.end_airport for one in line.flights} | {one.end_airport for one in line.duties}
    zones = {code: found.time_zone for code in sorted(codes) if code and (found := known.get(code))}
    home = known.get(member.home_base) if member.home_base else None
    home_zone = home.time_zone if home else operator(operator_id).base_time_zone
    return CrewPeriod(line=line, start=start, end=end, zones=zones, home_zone=home_zone)


def crew_board(
    operator_id: int, start: datetime, end: datetime, *, crew_member_ids: Collection[int] | None = None
) -> CrewBoard:
    """What crew members do from `start` to `end`: those named, or all who are active or do something. Six statements.

    Raises `Invalid` for a period that ends before it starts.
    """
    if end <= start:
        raise Invalid.one("end", "The period ends before it starts. Choose a later end.")
    members = [one for one in crew_members(operator_id) if crew_member_ids is None or one.id in crew_member_ids]
    by_code: dict[str, list[CrewFlight]] = {}
    for part in crew_flights(operator_id, start, end, codes={one.code for one in members}):
        by_code.setdefault(part.code, []).append(part)
    by_member: dict[int, list[DutyFacts]] = {}
    for one in duties(operator_id, start, end, crew_member_ids=[member.id for member in members]):
        by_member.setdefault(one.crew_member_id, []).append(one)
    lines = [
        CrewLine(
            member=member,
            flights=tuple(by_code.get(member.code, ())),
            duties=tuple(by_member.get(member.id, ())),
        )
        for member in members
    ]
    kept = tuple(one for one in lines if one.member.active or one.flights or one.duties)
    return CrewBoard(start=start, end=end, lines=kept, roster=roster(operator_id))
