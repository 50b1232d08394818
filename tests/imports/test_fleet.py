"""Aircraft come in from files: the US registry's list, the plain layout, and what is left out."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from airstair.changes.models import Change
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Forbidden, Invalid
from airstair.records.fleet.designators import DESIGNATORS, designator
from airstair.records.fleet.imports import import_fleet
from airstair.records.fleet.models import Aircraft
from airstair.records.fleet.queries import fleet
from airstair.records.imports.report import ImportReport

from .conftest import FLEET

pytestmark = pytest.mark.django_db
HEADER = "registration,home_base,icao_type,model,seats,cruise_speed_kt,owner"


def bring(actor: Actor, tmp_path: Path, *lines: str, header: str = HEADER, **options: object) -> ImportReport:
    path = tmp_path / "fleet.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return import_fleet(actor, path, **options)  # type: ignore[arg-type]


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.rows == report.new + report.updated + report.unchanged + len(report.skipped)
    return report.new, report.updated, report.unchanged, len(report.skipped)


def test_the_registrys_list_comes_in_with_icao_types(actor: Actor) -> None:
    assert counts(import_fleet(actor, FLEET, home_base="EWR")) == (60, 0, 0, 0)
    known = {facts.registration: facts for facts in fleet(actor.operator_id)}
    types = {"N711MQ": "GLF2", "N14923": "E145", "N21130": "E45X", "N759EV": "CRJ7", "N921XJ": "CRJ9"}
    types |= {"N827AS": "CRJ2", "N737MQ": "C172"}
    assert {registration: known[registration].icao_type for registration in types} == types
    assert (known["N14923"].model, known["N14923"].seats) == ("EMBRAER EMB-145LR", 55)
    assert {facts.home_base for facts in known.values()} == {"KEWR"}
    trail = Change.objects.count()
    assert counts(import_fleet(actor, FLEET, home_base="EWR")) == (0, 0, 60, 0)
    assert Change.objects.count() == trail


def test_a_list_without_home_bases_comes_in_and_says_what_is_still_to_enter(actor: Actor) -> None:
    report = import_fleet(actor, FLEET)
    assert counts(report) == (60, 0, 0, 0)
    assert report.notes[0].reason == "N711MQ has no home base yet. Enter it under Fleet."
    assert {facts.home_base for facts in fleet(actor.operator_id)} == {""}


def test_a_changed_row_updates_its_aircraft_and_empty_cells_say_nothing(actor: Actor, tmp_path: Path) -> None:
    bring(actor, tmp_path, "SP-KXA,WAW,C56X,Citation XLS,8,430,Kex", "sp-kxb,EPWA,,560XL,8,,")
    before = fleet(actor.operator_id)
    assert counts(bring(actor, tmp_path, "spkxa,,,,9,,", "SP-KXB,EPWA,,560XL,8,,")) == (0, 1, 1, 0)
    after = fleet(actor.operator_id)
    assert after == [msgspec.structs.replace(before[0], seats=9), before[1]]
    assert (after[0].registration, after[0].home_base, after[1].icao_type) == ("SP-KXA", "EPWA", "C56X")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",WAW,,,,,", "Registration is missing"),
        ("SP_KXA,WAW,,,,,", "“SP_KXA” is not a registration. Use two to ten letters"),
        ("SP-KXA,EPWX,,,,,", "Home base: “EPWX” is not the code of an airport known here. Nearest: EPW"),
        ("SP-KXA,WAW,,,-4,,", "Seats: “-4” is not a whole number from 0 to 900"),
        ("SP-KXA,WAW,,,4,9000,", "Cruise speed kt: “9000” is not a whole number from 0 to 1500"),
        ("SP-KXA,WAW,JETPLANE,,,,", "Use the designator of ICAO Doc 8643"),
        (f"SP-KXA,WAW,,{'x' * 81},,,", "Shorten it to 80"),
        ("SP-KXA,WAW", "It has 2 cells, and the header has 7"),
    ],
)
def test_a_row_that_does_not_fit_is_left_out_with_its_reason(
    actor: Actor, tmp_path: Path, line: str, words: str
) -> None:
    report = bring(actor, tmp_path, line, "SP-KXC,WAW,,,,,")
    assert counts(report) == (1, 0, 0, 1)
    assert report.skipped[0].row == 2
    assert words in report.skipped[0].reason
    assert [facts.registration for facts in fleet(actor.operator_id)] == ["SP-KXC"]


def test_an_aircraft_that_comes_twice_comes_in_once(actor: Actor, tmp_path: Path) -> None:
    report = bring(actor, tmp_path, "SP-KXA,WAW,,,8,,", "spkxa,KRK,,,9,,")
    assert counts(report) == (1, 0, 0, 1)
    assert report.skipped[0].reason == "SPKXA is in row 2 already. Remove one of the two."
    assert fleet(actor.operator_id)[0].seats == 8


def test_a_trial_leaves_nothing(actor: Actor, tmp_path: Path) -> None:
    trail = Change.objects.count()
    report = bring(actor, tmp_path, "SP-KXA,WAW,,,8,,", dry_run=True)
    assert (counts(report), report.dry_run) == ((1, 0, 0, 0), True)
    assert not Aircraft.objects.exists()
    assert Change.objects.count() == trail


def test_a_file_that_goes_bad_in_the_middle_leaves_nothing(actor: Actor, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="never closed"):
        bring(actor, tmp_path, "SP-KXA,WAW,,,8,,", '"SP-KXB,WAW')
    assert not Aircraft.objects.exists()


def test_wrong_requests(actor: Actor, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="home_base: “EPWX” is not the code"):
        bring(actor, tmp_path, "SP-KXA,WAW,,,8,,", home_base="EPWX")
    with pytest.raises(Invalid, match="“home_base” \\(nearest in the file: base\\)"):
        bring(actor, tmp_path, "SP-KXA,WAW", header="registration,base")
    with pytest.raises(Invalid, match="There is no mapping “bts”"):
        bring(actor, tmp_path, "SP-KXA,WAW,,,8,,", mapping="bts")
    with pytest.raises(Forbidden):
        bring(msgspec.structs.replace(actor, rights=frozenset({"import.run"})), tmp_path, "SP-KXA,WAW,,,8,,")
    assert not Aircraft.objects.exists()


def test_a_model_has_one_designator_and_a_guess_is_not_made() -> None:
    assert all(designator(f"Maker {model}") == code for model, code in DESIGNATORS.items())
    assert designator("EMB-145LRX") == designator("") == designator("Something new") == ""
