"""The command line in this process, against the test's own database."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from airstair.cli import main


class Said(msgspec.Struct, frozen=True):
    """How a command ended, and what it said where."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        (line,) = self.out.splitlines()
        return json.loads(line)


Airstair = Callable[..., Said]


@pytest.fixture
def airstair(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Airstair:
    """Run `airstair …` and give back how it ended."""
    for name, value in {"AIRSTAIR_HOME": str(tmp_path / "home"), "AIRSTAIR_LOG": "WARNING"}.items():
        monkeypatch.setenv(name, value)  # the command sets them for itself; this puts them back

    def run(*words: str | Path, input: str | bytes | None = None) -> Said:
        ended = CliRunner().invoke(main, [str(word) for word in words], input=input, prog_name="airstair")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Said(ended.exit_code, ended.stdout, ended.stderr)

    return run
