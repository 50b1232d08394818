"""What the documentation points at exists: pages, headings, files of the code, names in them, settings' names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "airstair"
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
# `records/flights/rules.py` `schedule_warnings`: a file of the product, and optionally a name in it.
PLACE = re.compile(r"`((?:src/airstair/)?[a-z_]+(?:/[a-z_]+)*/[a-z_]+\.py)`(?: `([A-Za-z_.]+)`)?")
VARIABLE = re.compile(r"AIRSTAIR_[A-Z]+(?:_[A-Z]+)*")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def links(path: Path) -> Iterator[str]:
    for one, other in LINK.findall(FENCED.sub("", text_of(path))):
        target = one or other
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(path: Path) -> set[str]:
    found = set()
    for heading in HEADING.findall(FENCED.sub("", text_of(path))):
        bare = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
        found.add(bare.strip().replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        target, _, anchor = link.partition("#")
        place = (page.parent / target).resolve() if target else page
        assert place.is_relative_to(ROOT), f"{name(page)} links to {link}, outside of the project."
        assert place.exists(), f"{name(page)} links to {link}, which is not there."
        if anchor and place.suffix == ".md":
            assert anchor in anchors(place), f"{name(page)} links to {link}, and there is no such heading."


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_named_code_is_there(page: Path) -> None:
    for path, names in PLACE.findall(text_of(page)):
        file = next((at / path for at in (SOURCE, ROOT) if (at / path).is_file()), None)
        assert file is not None, f"{name(page)} names {path}, which is not there."
        for part in names.split(".") if names else ():
            defined = re.search(
                rf"^\s*(?:async def|def|class) {part}\b|^\s*{part}\b[^=\n]*=", text_of(file), re.MULTILINE
            )
            assert defined, f"{name(page)} says that {path} has {part}; it has not."


def test_every_page_is_reached_from_the_front() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in seen and page.suffix == ".md" and page.exists():
            seen.add(page)
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    lonely = [name(page) for page in PAGES if page not in seen]
    assert lonely == [], "Link to these from a page that people reach."


def test_environment_page_names_every_variable_and_no_other() -> None:
    files = [*SOURCE.rglob("*.py"), *(ROOT / "scripts").iterdir(), ROOT / "Makefile"]
    read = {found for file in files if file.is_file() for found in VARIABLE.findall(text_of(file))}
    told = set(VARIABLE.findall(text_of(ROOT / "docs/reference/environment.md")))
    assert sorted(read - told) == [], "docs/reference/environment.md does not name these."
    assert sorted(told - read) == [], "docs/reference/environment.md names these, and nothing reads them."
