"""Partners that a test defines are there for that test alone: the reference, for one, lists those of the product."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from airstair.hub.registry import _extra


@pytest.fixture(autouse=True)
def registered_for_this_test_alone() -> Iterator[None]:
    """What is registered while a test runs is forgotten after it."""
    before = dict(_extra)
    yield
    _extra.clear()
    _extra.update(before)
