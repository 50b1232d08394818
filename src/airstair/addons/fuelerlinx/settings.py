"""What an admin fills in for FuelerLinx: how far the flights that it may read reach. Credentials are ours to issue."""

from __future__ import annotations

from typing import Annotated

from airstair.hub.setting import Settings, setting


class FuelerLinxSettings(Settings, frozen=True, kw_only=True):
    """One operator's connection to FuelerLinx."""

    include_options: Annotated[
        bool,
        setting("Options too", help="Flights that are not confirmed yet are shown as well.", section="What it reads"),
    ] = False
