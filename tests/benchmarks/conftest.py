"""Makes the benchmarks importable: they are no part of the installed product. Leaves its long tests out by itself."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

_LEFT_OUT = pytest.mark.skip(reason="it takes half a minute of a core: AIRSTAIR_LONG_TESTS=1 runs it too")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what is marked `long`, unless it is asked for."""
    if os.environ.get("AIRSTAIR_LONG_TESTS") != "1":
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(_LEFT_OUT)
