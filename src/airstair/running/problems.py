"""What can go wrong when Airstair is started on a machine, as sentences with the next step."""

from __future__ import annotations

from airstair.kernel.errors import AirstairError


class CannotRun(AirstairError):
    """Something on this machine keeps Airstair from running. The sentence says what to do about it."""


class AlreadyRunning(CannotRun):
    """Another process runs from the same folder; only one may at a time."""
