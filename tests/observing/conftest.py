"""The hub's stage and receiver, for tests that look from outside."""

from __future__ import annotations

from ..hub.conftest import receiver, stage

__all__ = ["receiver", "stage"]
