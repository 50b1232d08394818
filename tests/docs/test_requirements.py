"""The page of tested statements and the marks in the tests name the same ids, each once."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "requirements.md"
LISTED = re.compile(r"^- \*\*([A-Z]+-\d+)\*\* (.+)$", re.MULTILINE)
MARK = re.compile(r"\breq\(([^)]*)\)")
ID = re.compile(r"[\"']([A-Z]+-\d+)[\"']")


def marked() -> set[str]:
    """Found by their spelling alone, so that the generator of the page does not check itself."""
    files = [path for folder in ("tests", "src") for path in (ROOT / folder).rglob("*.py")]
    found = {
        id_ for path in files for mark in MARK.findall(path.read_text(encoding="utf-8")) for id_ in ID.findall(mark)
    }
    assert found, "No test carries a statement, so this test would prove nothing."
    return found


def test_the_page_lists_what_tests_carry_and_nothing_else() -> None:
    listed = {id_ for id_, _ in LISTED.findall(PAGE.read_text(encoding="utf-8"))}
    assert sorted(marked() - listed) == [], "A test carries these; run scripts/reference.py."
    assert sorted(listed - marked()) == [], "No test carries these; run scripts/reference.py."


def test_each_statement_stands_once_and_is_a_sentence() -> None:
    found = LISTED.findall(PAGE.read_text(encoding="utf-8"))
    assert [id_ for id_, count in Counter(id_ for id_, _ in found).items() if count > 1] == []
    assert [id_ for id_, text in found if not text.endswith(".") or len(text.split()) < 5] == []


def test_every_statement_has_a_kind_of_id() -> None:
    areas = tomllib.loads((ROOT / "docs/reference/statements.toml").read_text(encoding="utf-8"))["area"]
    odd = [id_ for area in areas for id_ in area["statements"] if not re.fullmatch(r"[A-Z]{3}-\d{2}", id_)]
    assert odd == []
