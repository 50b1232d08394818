"""Each sequence makes its world, in pytest as by itself; only what it registers is forgotten here."""

from airstair.testing.registered import registered_for_this_test_alone

__all__ = ["registered_for_this_test_alone"]
