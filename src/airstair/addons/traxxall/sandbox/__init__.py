"""TRAXXALL, imitated. `PARTNER` is what the sandbox finds; the rooms beside it hold the imitation's parts."""

from airstair.addons.traxxall.sandbox.imitation import PARTNER

__all__ = ["PARTNER"]
