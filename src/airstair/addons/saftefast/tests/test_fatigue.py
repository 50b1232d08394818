"""From what a crew member does to what the model is asked, and that asking it touches nothing else."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import airstair.records.crewing.fatigue as model
from airstair.addons.saftefast import addon, mapping
from airstair.addons.saftefast.mapping import fatigue, question
from airstair.addons.saftefast.settings import SafteFastSettings
from airstair.records.crewing.rules import WORKED, DutyKind
from airstair.records.crewing.snapshots import CrewFlight, CrewLine, CrewPeriod, DutyFacts
from airstair.records.flights.rules import Status
from airstair.records.people.snapshots import CrewMemberFacts

MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAPTAIN = CrewMemberFacts(
    id=7, operator_id=1, code="ABC", first_name="Ann", last_name="Aviator", positions=("CPT",), home_base="KEWR"
)
USUAL = SafteFastSettings()


def flight(hour: float, hours: float, ades: str = "KJAX") -> CrewFlight:
    start, end = MONDAY + hour * HOUR, MONDAY + (hour + hours) * HOUR
    return CrewFlight(
        id=88, code="ABC", position="CPT", aircraft_id=1, registration="N1AA", number="EV3810", start_airport="KEWR",
        end_airport=ades, start=start, end=end, scheduled_start=start, scheduled_end=end, status=Status.CONFIRMED,
    )  # fmt: skip


def duty(kind: DutyKind, hour: float = 13, hours: float = 8) -> DutyFacts:
    start = MONDAY + hour * HOUR
    return DutyFacts(id=31, operator_id=1, crew_member_id=7, kind=kind, start=start, end=start + hours * HOUR)


def period(*done: CrewFlight | DutyFacts) -> CrewPeriod:
    flights = tuple(one for one in done if isinstance(one, CrewFlight))
    duties = tuple(one for one in done if isinstance(one, DutyFacts))
    return CrewPeriod(
        line=CrewLine(member=CAPTAIN, flights=flights, duties=duties),
        start=MONDAY,
        end=MONDAY + timedelta(days=3),
        zones={"KJAX": "America/New_York", "EGGW": "Europe/London"},
        home_zone="America/New_York",
    )


@pytest.mark.req("SFT-01")
def test_each_flight_positioning_and_duty_has_its_line() -> None:
    positioning = DutyFacts(
        id=32, operator_id=1, crew_member_id=7, kind=DutyKind.POSITIONING, start=MONDAY + 30 * HOUR,
        end=MONDAY + 32 * HOUR, start_airport="KJAX", end_airport="KEWR",
    )  # fmt: skip
    found = fatigue(period(flight(14, 3), positioning, duty(DutyKind.SIMULATOR, hour=50)), USUAL)
    assert [one.work.title for one in found.judged] == ["EV3810 KEWR–KJAX", "Positioning KJAX–KEWR", "Simulator"]
    for one in found.judged:
        assert 40 < one.effectiveness_end < 110 and 0 <= one.reservoir_end <= one.reservoir_start <= 100.001
        assert one.below == 0 or one.lowest < 77


@pytest.mark.parametrize("kind", list(DutyKind))
def test_only_what_is_work_is_work(kind: DutyKind) -> None:
    assert bool(question(period(duty(kind)), USUAL).works) is (kind in WORKED)


def test_report_and_release_are_work_too_and_the_ways_are_the_settings() -> None:
    settings = SafteFastSettings(criterion=70, report_minutes=45, release_minutes=20, way_home_minutes=90)
    asked = question(period(flight(14, 3, "EGGW"), duty(DutyKind.OFFICE, hour=60)), settings)
    first, office = asked.works
    assert (first.report_minutes, first.release_minutes, first.end_zone) == (45, 20, "Europe/London")
    assert (office.report_minutes, office.release_minutes) == (0, 0)
    assert (asked.criterion, asked.habits.way_home, asked.habits.way_to_hotel) == (70.0, 90, 30)
    assert (asked.habits.home_base, asked.habits.home_zone) == ("KEWR", "America/New_York")


def test_a_night_flight_is_worse_than_a_day_flight() -> None:
    by_day, by_night = (fatigue(period(flight(hour, 4)), USUAL).judged[0] for hour in (15, 29))
    assert by_night.lowest < 77 < by_day.lowest
    assert by_night.below > by_day.below == 0


@pytest.mark.req("SFT-02")
def test_nothing_is_sent_out() -> None:
    """Neither the add-on nor the model can call anybody: they import no client, no socket and no database."""
    sources = [*Path(str(addon.__file__)).parent.glob("*.py"), *Path(str(model.__file__)).parent.glob("*.py")]
    assert len(sources) > 7
    imported = {
        name.split(".")[0] if not name.startswith("airstair") else name
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        for name in _imported(node)
    }
    outside = {name for name in imported if not name.startswith("airstair")}
    assert outside <= {"__future__", "collections", "datetime", "itertools", "msgspec", "numpy", "typing", "zoneinfo"}
    assert not [
        name for name in imported if name.startswith("airstair.hub.http") or name.endswith((".models", ".queries"))
    ]
    assert addon.ADDON.stays_inside and not addon.ADDON.calls_out
    assert mapping.fatigue is addon.ADDON.computes[0].run


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
