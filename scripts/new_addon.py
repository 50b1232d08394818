"""Begins an add-on: a folder that works against its own imitation, and a contract that says what is still missing.

`python scripts/new_addon.py KEY [SHAPE]`. The texts are in `addon_shapes`: what all shapes share in `every`, what one
is made of beside it. Nothing that exists is overwritten.
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
BUILT = ("mirror", "post", "pull")
NOT_YET = {
    "serve": "they read from us",
    "receive": "they write to us",
    "handoff": "a link with context",
    "compute": "a model run inside",
}


def main(arguments: list[str]) -> int:
    key = arguments[0] if arguments else ""
    shape = arguments[1] if len(arguments) > 1 and arguments[1] else "mirror"
    refused = _refusal(key, shape, len(arguments))
    if refused:
        sys.stderr.write(refused + "\n")
        return 2
    folder = ADDONS / key
    if folder.exists():
        sys.stderr.write(f"{folder} exists already. Choose another name, or go on with that one.\n")
        return 1
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


def _refusal(key: str, shape: str, given: int) -> str:
    """Why nothing can be begun; empty where it can."""
    if given not in (1, 2) or not re.fullmatch(r"[a-z][a-z0-9_]{1,30}", key):
        return "Name it in lower case, letters and digits: make addon NAME=foreflight SHAPE=mirror"
    if shape in NOT_YET:
        known = ", ".join(BUILT)
        return f"The hub has no flow yet for {shape} ({NOT_YET[shape]}). Use {known}, or open an issue for {shape}."
    if shape not in BUILT:
        return f"There is no shape “{shape}”. Use {', '.join(BUILT)}."
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
    return files


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
