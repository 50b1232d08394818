"""What holds for every add-on, for Avinode."""

from __future__ import annotations

from airstair.addons.avinode.addon import ADDON
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ()  # messages carry codes, which are read as text
