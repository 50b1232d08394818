"""ForeFlight Dispatch, imitated. `PARTNER` is what the sandbox finds; the rooms beside it hold its parts."""

from airstair.addons.foreflight.sandbox.imitation import PARTNER

__all__ = ["PARTNER"]
