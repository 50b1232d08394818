"""DeliSky keeps the contract of all add-ons."""

from __future__ import annotations

from airstair.addons.delisky.addon import ADDON
from airstair.testing.contract import AddonContract


class TestContract(AddonContract):
    addon = ADDON
    enumerations = ()
