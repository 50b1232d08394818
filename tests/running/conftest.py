"""Folders that the database's account can reach: pytest's own are closed to everyone but the user who runs it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder that other accounts may pass through; removed afterwards."""
    made = Path(tempfile.mkdtemp(prefix="airstair running ")).resolve()
    made.chmod(0o711)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def said() -> list[str]:
    """What would have been said on the terminal; pass `said.append`."""
    return []
