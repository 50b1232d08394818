"""`make addon` as a new contributor meets it: one of each shape, begun in a copy of the house, filled in, broken."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from airstair.testing.description import DescriptionContract

ROOT = Path(__file__).parents[2]
SHAPES = ("mirror", "post", "pull", "serve", "receive", "handoff", "compute")
# What the engine does in trouble is the same for these as for a mirror, and proven with the partners that there are.
BY_EXAMPLE = ("post", "pull")
EXAMPLES = (
    "test_counts_add_up",
    "test_a_{shape}s_clocks_move_as_they_should",
    "test_a_second_run_changes_nothing",
    "test_a_wait_that_the_partner_asks_for_is_kept",
    "test_properties_that_nobody_knows_do_no_harm",
)
CALLING = ("mirror", "post", "pull")  # these have clocks, and counts of what was sent
TO_DO = {  # where the author has work
    "test_says_who_it_is_and_what_for",
    "test_every_fact_has_its_source_and_its_certainty",
    "test_the_about_page_has_its_headings_with_something_below_each",
    "test_says_which_words_of_the_partner_are_enumerations",
}
DESCRIPTION = sorted(name for name in dir(DescriptionContract) if name.startswith("test_"))

# What a careless author might write: shape, file, what stands there, what is put there, the tests that see it.
SLIPS = [
    ("mirror", "client.py", "outcome_of(answer, kind, () if kind.delivered else (words,), now)",
     "Outcome(kind=kind, messages=() if kind.delivered else (words,), http_status=answer.status)", "test_a_wait_that"),
    ("mirror", "client.py", "kind = OutcomeKind.UNREADABLE", "pass", "test_a_mishap_is_told_and_passes"),
    ("mirror", "client.py", '"api_key" if kind is OutcomeKind.UNAUTHORISED else ""', '""', "test_wrong_credentials"),
    ("mirror", "client.py", "return _outcome(answer, call.now)",
     "return msgspec.structs.replace(_outcome(answer, call.now), sent=7)", "test_counts_add_up"),
    ("mirror", "mapping.py", "legs=legs)", "legs=[*legs, *legs[:now.hour % 2]])", "test_a_second_run_changes_nothing"),
    ("mirror", "wire.py", "class Said(msgspec.Struct, frozen=True)",
     "class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True)", "test_properties_that_nobody_knows"),
    ("mirror", "settings.py", 'credential("API key")', 'address("API key")', "test_what_sounds_like_a_secret_is_one"),
    ("pull", "mapping.py", "import_key=f", "import_key=context.now.isoformat() + f", "test_a_second_run"),
    ("pull", "mapping.py", 'AbsorbedAs.UPDATED if done.updated else AbsorbedAs.UNCHANGED', "AbsorbedAs.UPDATED",
     "test_a_second_run_changes_nothing"),
    ("serve", "mapping.py", "for one in snapshots]", "for one in snapshots[1:]]",
     "test_nothing_of_an_unticked_aircraft_is"),
    ("handoff", "mapping.py", '"token": token', '"token": settings.api_key', "test_on_it_leads_to_the_partner"),
]  # fmt: skip


class House:
    """A copy of the house that add-ons are begun in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(
            ROOT / "src" / "airstair", folder / "src" / "airstair", ignore=shutil.ignore_patterns("__pycache__")
        )
        shutil.copytree(ROOT / "scripts", folder / "scripts")
        shutil.copy(ROOT / "pyproject.toml", folder)
        # A database of its own: the run that this is part of has one by the same name.
        ours = ("AIRSTAIR_TEST_DATABASE_URL", "AIRSTAIR_DATABASE_URL", "AIRSTAIR_HOME", "PYTEST_ADDOPTS")
        kept = {k: v for k, v in os.environ.items() if k not in ours and not k.startswith("PYTEST_")}
        self.environment = kept | {"PYTHONPATH": str(folder / "src"), "DJANGO_SETTINGS_MODULE": "airstair.settings"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True
        )

    def begin(self, key: str, shape: str) -> subprocess.CompletedProcess[str]:
        return self.run("scripts/new_addon.py", key, shape)

    def addon(self, key: str) -> Path:
        return self.folder / "src" / "airstair" / "addons" / key

    def put(self, key: str, file: str, there: str, instead: str) -> None:
        path = self.addon(key) / file
        text = path.read_text()
        assert there in text, f"{file}: {there}"
        path.write_text(text.replace(there, instead))

    def fill_in(self, key: str) -> None:
        """Do the author's work."""
        self.put(key, "addon.py", 'purpose=""', 'purpose="What it gains."')
        self.put(key, "addon.py", "facts=()", 'facts=assumed("Our choice", "It answers.")')
        contract = "from airstair.hub.contract import Addon, Category\n"
        self.put(key, "addon.py", contract, f"{contract}from airstair.hub.facts import assumed\n")
        self.put(key, "tests/test_contract.py", "addon = ADDON", "addon = ADDON\n    enumerations = ()")
        about = self.addon(key) / "about.md"
        about.write_text(re.sub(r"^(## .+)$", r"\1\n\nWritten.", about.read_text(), flags=re.MULTILINE))

    def outcomes(self, *tests: str) -> tuple[set[str], set[str], str]:
        """The tests that passed and that failed, as `key name`, and all that was said."""
        said = self.run("-m", "pytest", *tests, "-q", "-rA", "--tb=line", "-n", "0", "-p", "no:cacheprovider").stdout
        found = {}
        for verdict in ("PASSED", "FAILED", "ERROR"):
            lines = re.findall(rf"^{verdict} \S*addons/(\w+)/tests/test_contract.py::TestContract::(\w+)", said, re.M)
            found[verdict] = {" ".join(line) for line in lines}
        assert not found["ERROR"], said[-8000:]
        return found["PASSED"], found["FAILED"], said


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("house"))
    for shape in SHAPES:
        for key in (f"raw_{shape}", f"done_{shape}"):
            answer = made.begin(key, shape)
            assert answer.returncode == 0, answer.stderr
        made.fill_in(f"done_{shape}")
    return made


def contract(key: str, *names: str) -> list[str]:
    file = f"src/airstair/addons/{key}/tests/test_contract.py"
    return [f"{file}::TestContract::{name}" for name in names] or [file]


def test_the_next_three_steps_are_printed(house: House) -> None:
    said = house.begin("spoken", "mirror").stdout
    assert re.findall(r"^(\d)\. ", said, re.MULTILINE) == ["1", "2", "3"]
    shutil.rmtree(house.addon("spoken"))


def test_it_is_found_and_its_code_is_in_good_order(house: House) -> None:
    program = (
        "import django; django.setup(); from airstair.hub.registry import addons;"
        "from airstair.sandbox.discovery import find_partners; print(sorted(set(addons()) & set(find_partners())))"
    )
    found = house.run("-c", program).stdout
    # What runs inside has nobody to imitate.
    assert all((f"'raw_{shape}'" in found) == (shape != "compute") for shape in SHAPES), found
    made = [f"src/airstair/addons/raw_{shape}" for shape in SHAPES]
    for command in (("check",), ("format", "--check")):
        answer = house.run("-m", "ruff", *command, *made)
        assert answer.returncode == 0, answer.stdout


def test_its_contract_fails_where_the_author_has_work_to_do(house: House) -> None:
    nodes = [node for shape in SHAPES for node in contract(f"raw_{shape}", *DESCRIPTION)]
    passed, failed, said = house.outcomes(*nodes)
    assert failed == {f"raw_{shape} {name}" for shape in SHAPES for name in TO_DO}, said
    assert len(passed) == len(nodes) - len(failed) - 1  # what runs inside has no sandbox to be tried in


def test_its_contract_passes_when_the_work_is_done(house: House) -> None:
    whole = [shape for shape in SHAPES if shape not in BY_EXAMPLE]
    nodes = [node for shape in whole for node in contract(f"done_{shape}")]
    for shape in BY_EXAMPLE:
        nodes += contract(f"done_{shape}", *DESCRIPTION, *(name.format(shape=shape) for name in EXAMPLES))
    passed, failed, said = house.outcomes(*nodes)
    assert not failed, said
    for shape in CALLING:
        assert {"test_counts_add_up", f"test_a_{shape}s_clocks_move_as_they_should"} <= {
            name for key, name in (one.split() for one in passed) if key == f"done_{shape}"
        }


def test_the_contract_sees_an_authors_slips(house: House) -> None:
    nodes, expected = [], set()
    for number, (shape, file, there, instead, seen) in enumerate(SLIPS):
        key = f"slip{number}_{shape}"
        house.begin(key, shape)
        house.fill_in(key)
        house.put(key, file, there, instead)
        path = ROOT / "src/airstair/testing"
        (name,) = {n for f in path.glob("*.py") for n in re.findall(rf"def ({seen}\w*)\(", f.read_text())}
        nodes += contract(key, name)
        expected.add(f"{key} {name}")
    _, failed, said = house.outcomes(*nodes)
    assert failed == expected, said


# ── A further member of a family ────────────────────────────────────────────────────────────────────


@pytest.mark.req("MKT-04")
def test_a_fifteenth_marketplace_is_one_file_without_code(house: House, tmp_path: Path) -> None:
    before = {path for path in house.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    answer = house.begin("skyshare", "marketplace")
    assert answer.returncode == 0, answer.stderr
    assert re.findall(r"^(\d)\. ", answer.stdout, re.MULTILINE) == ["1", "2", "3"]
    after = {path for path in house.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    assert [path.name for path in after - before] == ["skyshare.toml"]
    family = "src/airstair/addons/marketplaces/tests/test_contract.py"
    said = house.run("-m", "pytest", family, "-k", "skyshare", "-q", "-rA", "-n", "0", "-p", "no:cacheprovider").stdout
    passed = set(re.findall(r"^PASSED \S+::TestFamily::(\w+)\[skyshare", said, re.M))
    assert {*DESCRIPTION, "test_each_member_goes_the_whole_way"} <= passed, said[-4000:]
    assert "FAILED" not in said and "ERROR" not in said, said[-4000:]


def test_its_reference_page_is_written_like_any_other(house: House) -> None:
    house.begin("skyshare", "marketplace")
    program = (
        "import sys; sys.path.insert(0, 'scripts'); import django; django.setup(); from reference import add_on;"
        "from airstair.hub.registry import addon; print(add_on(addon('skyshare')))"
    )
    said = house.run("-c", program).stdout
    assert said.startswith("# Skyshare") and "### Feed" in said and "marketplaces/about.md" in said


def test_no_member_is_begun_twice(house: House) -> None:
    for shape in ("marketplace", "mirror"):
        answer = house.begin("victor", shape)
        assert answer.returncode == 1 and "victor already" in answer.stderr


@pytest.mark.parametrize(
    "arguments", [(), ("Has-Capitals",), ("x", "mirror"), ("fine", "cube"), ("raw_mirror", "mirror")]
)
def test_what_cannot_be_begun_is_refused(house: House, arguments: tuple[str, ...]) -> None:
    answer = house.run("scripts/new_addon.py", *arguments)
    assert answer.returncode != 0
    assert answer.stderr.strip().endswith((".", "SHAPE=mirror"))
