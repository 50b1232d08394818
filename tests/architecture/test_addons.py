"""The tests on the tests: every add-on has its files, inherits the contract, and nothing that runs imports either."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from airstair.testing.contract import AddonContract
from airstair.testing.family import FamilyContract

SOURCE = Path(__file__).parents[2] / "src" / "airstair"
CONTRACT = "tests/test_contract.py"
REQUIRED = ("__init__.py", "addon.py", "settings.py", "about.md", CONTRACT)
FOLDERS = sorted(path for path in (SOURCE / "addons").iterdir() if path.is_dir() and path.name != "__pycache__")


def wrong_in(folder: Path) -> list[str]:
    """What an add-on's folder lacks, in sentences."""
    wrong = [f"{folder.name}/{name} is missing." for name in REQUIRED if not (folder / name).is_file()]
    if (
        reaches_out(folder)
        and not (folder / "sandbox.py").is_file()
        and not (folder / "sandbox" / "__init__.py").is_file()
    ):
        wrong.append(f"{folder.name} has no imitation: sandbox.py.")
    contract = folder / CONTRACT
    if contract.is_file():
        written = ast.parse(contract.read_text())
        wrong += [
            f"{folder.name}/{CONTRACT} has no class that inherits {base} and says `{about}`."
            for base, about in wanted_of(folder)
            if not any(inherits(node, base, about) for node in ast.walk(written))
        ]
    return wrong


def wanted_of(folder: Path) -> list[tuple[str, str]]:
    """Which contracts a folder's tests inherit, and what they say they are about. A family's tests each member."""
    described = folder / "addon.py"
    said = assigned(ast.parse(described.read_text())) if described.is_file() else set()
    return [("AddonContract", "addon"), *([("FamilyContract", "addons")] if "ADDONS" in said else [])]


def reaches_out(folder: Path) -> bool:
    """Whether anything travels. An add-on whose flows all run inside (`stays_inside`) has no partner to imitate."""
    described = folder / "addon.py"
    named = (
        {node.id for node in ast.walk(ast.parse(described.read_text())) if isinstance(node, ast.Name)}
        if (described.is_file())
        else set()
    )
    return "Compute" not in named or bool(named & {"Mirror", "Post", "Pull", "Serve", "Receive", "Handoff"})


def assigned(node: ast.Module | ast.ClassDef) -> set[str]:
    """The names that are assigned in it."""
    return {t.id for one in node.body if isinstance(one, ast.Assign) for t in one.targets if isinstance(t, ast.Name)}


def inherits(node: ast.AST, base: str, about: str) -> bool:
    """A class that pytest collects, of that contract, about an add-on, which takes nothing of the contract away."""
    if not isinstance(node, ast.ClassDef) or not node.name.startswith("Test"):
        return False
    said = assigned(node) | {one.name for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    of_contract = any(isinstance(one, ast.Name) and one.id == base for one in node.bases)
    return of_contract and about in said and not said & contract_tests()


def contract_tests() -> set[str]:
    """The names of the contract's tests: an add-on that defines one anew would not be held to it."""
    return {name for kind in (AddonContract, FamilyContract) for name in dir(kind) if name.startswith("test_")}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_addon_has_its_files_and_inherits_the_contract(folder: Path) -> None:
    assert wrong_in(folder) == []


def test_a_folder_without_one_of_them_is_found(tmp_path: Path) -> None:
    for number, name in enumerate((*REQUIRED, "sandbox")):
        copy = tmp_path / f"copy{number}"
        shutil.copytree(SOURCE / "addons" / "avinode", copy)
        assert wrong_in(copy) == []
        (shutil.rmtree if (copy / name).is_dir() else Path.unlink)(copy / name)
        assert len(wrong_in(copy)) == 1, name


@pytest.mark.parametrize(
    "text",
    [
        "class TestContract:\n    addon = ADDON\n",
        "class TestContract(AddonContract):\n    pass\n",
        "class Contract(AddonContract):\n    addon = ADDON\n",
        "class TestContract(AddonContract):\n    addon = ADDON\n    def test_counts_add_up(self): ...\n",
        "class TestContract(AddonContract):\n    addon = ADDON\n    test_counts_add_up = None\n",
    ],
    ids=["of nothing", "about nothing", "not collected", "a test replaced", "a test switched off"],
)
def test_a_contract_that_is_none_is_found(text: str, tmp_path: Path) -> None:
    folder = shutil.copytree(FOLDERS[0], tmp_path / "copy")
    (folder / CONTRACT).write_text(text)
    assert len(wrong_in(folder)) == 1


def test_a_family_that_does_not_test_each_member_is_found(tmp_path: Path) -> None:
    family = next(folder for folder in FOLDERS if len(wanted_of(folder)) > 1)
    folder = shutil.copytree(family, tmp_path / "copy")
    text = (folder / CONTRACT).read_text()
    (folder / CONTRACT).write_text(text.replace("(FamilyContract)", "(AddonContract)"))
    assert [one for one in wrong_in(folder) if "FamilyContract" in one]
    assert len(wrong_in(folder)) == 1


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_nothing_that_runs_imports_what_tests_stand_on() -> None:
    for path in SOURCE.rglob("*.py"):
        if not {"testing", "tests"} & set(path.relative_to(SOURCE).parts):
            found = [name for name in imported(path) if name.startswith("airstair.testing")]
            assert found == [], f"{path.relative_to(SOURCE)} imports {found}"


def test_the_product_starts_without_pytest() -> None:
    program = (
        "import django, sys; sys.modules['pytest'] = None; django.setup();"
        "import airstair.urls, airstair.cli; from airstair.hub.registry import addons; assert addons();"
        "from airstair.sandbox.discovery import find_partners; assert find_partners();"
        "assert not [name for name in sys.modules if name.startswith('airstair.testing')]"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "airstair.settings"}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)
