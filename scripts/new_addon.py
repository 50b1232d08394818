"""Begins an add-on: a folder with the files that every add-on has, and a test that fails until they are filled in.

`python scripts/new_addon.py KEY`. Nothing that exists is overwritten.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ADDONS = Path(__file__).resolve().parent.parent / "src" / "airstair" / "addons"

FILES = {
    "__init__.py": '''"""@Name@: what flows, and which way."""
''',
    "settings.py": '''"""What an admin fills in for @Name@."""

from __future__ import annotations

from airstair.hub.setting import Settings


class @Class@Settings(Settings):
    """One operator's connection to @Name@. Each field carries `setting(…)`: label, help, limits."""
''',
    "addon.py": '''"""The whole description of @Name@: its settings, its flows, and the partner's rules as facts."""

from __future__ import annotations

from airstair.addons.@key@.settings import @Class@Settings
from airstair.hub.contract import Addon, Category

ADDON = Addon(
    key="@key@",
    name="@Name@",
    category=Category.SERVICES,
    purpose="",
    settings=@Class@Settings,
    flows=(),
    facts=(),
    package=__package__,
)
''',
    "about.md": """# @Name@

## What it is

## Before you start

## Connect

## What is sent

## When

## What we match on

## Limits
""",
    "tests/__init__.py": "",
    "tests/test_contract.py": '''"""What holds for every add-on, for @Name@."""

from __future__ import annotations

import re

from airstair.hub.registry import addon

ADDON = addon("@key@")


def test_says_what_it_is_for() -> None:
    assert ADDON.purpose.endswith("."), "addon.py: say in a sentence what the operator gains"


def test_has_a_flow() -> None:
    assert ADDON.flows, "addon.py: name at least one flow"


def test_every_fact_names_its_source() -> None:
    assert ADDON.facts, "addon.py: write the partner's rules down as facts"
    assert [fact.says for fact in ADDON.facts if not fact.source] == []


def test_about_page_is_written() -> None:
    sections = re.split(r"^## (.+)$", ADDON.about, flags=re.MULTILINE)[1:]
    unwritten = [title for title, text in zip(sections[::2], sections[1::2], strict=True) if not text.strip()]
    assert unwritten == [], "about.md: these sections are empty"
''',
}


def main(arguments: list[str]) -> int:
    key = arguments[0] if len(arguments) == 1 else ""
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", key):
        sys.stderr.write("Name it in lower case, letters and digits: make addon NAME=foreflight\n")
        return 2
    folder = ADDONS / key
    if folder.exists():
        sys.stderr.write(f"{folder} exists already. Choose another name, or go on with that one.\n")
        return 1
    words = key.split("_")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        filled = text.replace("@key@", key).replace("@Name@", " ".join(words).capitalize())
        path.write_text(filled.replace("@Class@", "".join(word.capitalize() for word in words)), encoding="utf-8")
    sys.stdout.write(
        f"{folder.relative_to(ADDONS.parents[2])} is begun. Its test says what is missing: "
        f".venv/bin/pytest {(folder / 'tests').relative_to(ADDONS.parents[2])}\n"
        "Next: wire.py (the partner's messages), mapping.py (pure), client.py (one function per call), sandbox.py.\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
