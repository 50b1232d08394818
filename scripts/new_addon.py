"""Begins an add-on: a folder that works against its own imitation, and a contract that says what is still missing.

`python scripts/new_addon.py KEY [SHAPE]`. The texts are in `addon_shapes`: what all shapes share in `every`, what one
is made of beside it. A member of a family is one file in the family's folder. Nothing that exists is overwritten.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ADDONS = ROOT / "src" / "airstair" / "addons"
SHAPES = Path(__file__).resolve().parent / "addon_shapes"
BUILT = ("mirror", "post", "pull", "serve", "receive", "handoff", "compute")
FAMILIES = {"marketplace": "marketplaces"}  # shape → folder, whose `members/` has a file for each


def main(arguments: list[str]) -> int:
    key = arguments[0] if arguments else ""
    shape = arguments[1] if len(arguments) > 1 and arguments[1] else "mirror"
    refused = _refusal(key, shape, len(arguments))
    if refused:
        sys.stderr.write(refused + "\n")
        return 2
    folder = ADDONS / key
    taken = {path.name.removesuffix(".toml") for path in ADDONS.glob("*/members/*.toml")}
    if key in taken:
        sys.stderr.write(f"There is a member {key} already. Choose another name, or go on with that one.\n")
        return 1
    if folder.exists():
        sys.stderr.write(f"{folder} exists already. Choose another name, or go on with that one.\n")
        return 1
    if shape in FAMILIES:
        return _join(key, shape)
    for name, text in _files(key, shape).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    # A long name makes lines longer than they may be.
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", str(folder)], check=False)  # noqa: S603 - ours
    here = folder.relative_to(ROOT)
    sys.stdout.write(
        f"{here} is begun: a {shape} that works against its own imitation. Next:\n"
        f"1. Say what only you know: .venv/bin/pytest {here} names the places\n"
        "   (purpose, facts, about.md, enumerations).\n"
        "2. Put the partner's own words into wire.py, mapping.py and client.py, and its rules into sandbox.py.\n"
        "3. Test the mapping in tests/test_mapping.py, run .venv/bin/python scripts/reference.py, then make check.\n"
    )
    return 0


def _join(key: str, shape: str) -> int:
    """A further member of a family: one file, no code."""
    member = ADDONS / FAMILIES[shape] / "members" / f"{key}.toml"
    text = (SHAPES / shape / "member.toml.txt").read_text(encoding="utf-8")
    member.write_text(text.replace("@Name@", " ".join(key.split("_")).capitalize()), encoding="utf-8")
    here = member.relative_to(ROOT)
    sys.stdout.write(
        f"{here} is a {shape} that works against its own imitation. Next:\n"
        "1. Write its name as it does itself, and what is known of it, in that file.\n"
        f"2. See it pass: .venv/bin/pytest {here.parents[1]} -k {key}\n"
        "3. Run .venv/bin/python scripts/reference.py, then make up: ADD-ONS, its card, Sandbox, ON.\n"
    )
    return 0


def _refusal(key: str, shape: str, given: int) -> str:
    """Why nothing can be begun; empty where it can."""
    if given not in (1, 2) or not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", key):
        return "Name it in lower case, letters and digits: make addon NAME=foreflight SHAPE=mirror"
    if shape not in BUILT and shape not in FAMILIES:
        return f"There is no shape “{shape}”. Use {', '.join((*BUILT, *FAMILIES))}."
    return ""


def _files(key: str, shape: str) -> dict[str, str]:
    """The folder's files by name, filled in."""
    pieces = tomllib.loads((SHAPES / shape / "pieces.toml").read_text(encoding="utf-8"))
    words = key.split("_")
    names = {"key": key, "Name": " ".join(words).capitalize(), "Class": "".join(word.capitalize() for word in words)}
    files = {}
    for source in (SHAPES / "every", SHAPES / shape):
        for path in sorted(source.rglob("*.txt")):
            name = str(path.relative_to(source)).removesuffix(".txt")
            text = path.read_text(encoding="utf-8")
            for mark, value in (pieces | names).items():
                text = text.replace(f"@{mark}@", value)
            files[name] = text
    return {name: text for name, text in files.items() if text}  # one that would be empty is absent


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
