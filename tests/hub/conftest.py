"""Fixtures of the hub's tests. The pieces are in `stage.py` and `own_partner.py`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from airstair.testing.registered import registered_for_this_test_alone

from .own_partner import Receiver, receiving
from .stage import NOON, Stage, staged

__all__ = ["NOON", "Stage", "registered_for_this_test_alone", "staged"]


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings) as made:
        yield made


@pytest.fixture
async def receiver(settings: Any) -> AsyncIterator[Receiver]:
    """A partner of our own; the tests' receivers are on this machine, which live partners never are."""
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with receiving() as made:
        yield made


@pytest.fixture
async def other_receiver(settings: Any) -> AsyncIterator[Receiver]:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    async with receiving() as made:
        yield made
