"""The generated pages of the reference are what the code says now."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from airstair.hub.registry import addons

ROOT = Path(__file__).parents[2]


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_writing_the_reference_again_changes_nothing() -> None:
    reference = generator()
    stale = [str(path.relative_to(ROOT)) for path in reference.stale(reference.pages())]
    assert stale == [], "Run .venv/bin/python scripts/reference.py, look at what changed, and commit it."


def test_every_add_on_has_a_page() -> None:
    every = set(addons())
    pages = {page.stem for page in (ROOT / "docs/reference/add-ons").glob("*.md")}
    assert every and pages == every


def test_a_page_that_nobody_writes_any_more_is_found() -> None:
    reference = generator()
    made = reference.pages()
    page = ROOT / "docs/reference/add-ons/avinode.md"
    del made[page]
    assert page in reference.stale(made)
