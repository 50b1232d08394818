"""From what a crew member does to what the model asks: work with its report times, and the way to bed. Pure."""

from __future__ import annotations

from airstair.addons.saftefast.settings import SafteFastSettings
from airstair.records.crewing.fatigue.analysis import Analysis, Question, analyse
from airstair.records.crewing.fatigue.sleep import Habits, Work
from airstair.records.crewing.rules import WORKED, DutyKind
from airstair.records.crewing.snapshots import CrewFlight, CrewPeriod, DutyFacts


def fatigue(snapshot: CrewPeriod, settings: SafteFastSettings) -> Analysis:
    """The analysis of one crew member's period."""
    return analyse(question(snapshot, settings))


def question(snapshot: CrewPeriod, settings: SafteFastSettings) -> Question:
    """What the model is asked. Standby at home, days off, leave and sickness are no work: people sleep then."""
    flights = [_flight(one, snapshot, settings) for one in snapshot.line.flights]
    duties = [_duty(one, snapshot, settings) for one in snapshot.line.duties if one.kind in WORKED]
    return Question(
        works=(*flights, *duties),
        start=snapshot.start,
        end=snapshot.end,
        criterion=float(settings.criterion),
        habits=Habits(
            home_base=snapshot.line.member.home_base,
            home_zone=snapshot.home_zone,
            way_home=settings.way_home_minutes,
            way_to_hotel=settings.way_to_hotel_minutes,
        ),
    )


def _flight(one: CrewFlight, snapshot: CrewPeriod, settings: SafteFastSettings) -> Work:
    return Work(
        key=one.key,
        title=f"{one.number} {one.start_airport}–{one.end_airport}",
        start=one.start,
        end=one.end,
        start_airport=one.start_airport,
        end_airport=one.end_airport,
        end_zone=snapshot.zones.get(one.end_airport, ""),
        report_minutes=settings.report_minutes,
        release_minutes=settings.release_minutes,
    )


def _duty(one: DutyFacts, snapshot: CrewPeriod, settings: SafteFastSettings) -> Work:
    """Whoever travels is there as early as for a flight; any other duty begins when it begins."""
    travels = one.kind is DutyKind.POSITIONING
    way = f" {one.start_airport}–{one.end_airport}" if travels else ""
    return Work(
        key=one.key,
        title=f"{one.kind.label}{way}{f': {one.title}' if one.title else ''}",
        start=one.start,
        end=one.end,
        start_airport=one.start_airport,
        end_airport=one.end_airport,
        end_zone=snapshot.zones.get(one.end_airport, ""),
        report_minutes=settings.report_minutes if travels else 0,
        release_minutes=settings.release_minutes if travels else 0,
    )
