"""What holds for every add-on, for SAFTE-FAST."""

from __future__ import annotations

from airstair.addons.saftefast.addon import ADDON
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ()  # nobody answers
