"""What an admin fills in for SAFTE-FAST: the criterion, and how long the ways to work and to bed are."""

from __future__ import annotations

from typing import Annotated

from airstair.hub.setting import Settings, setting

_WAYS = "Before and after work"


class SafteFastSettings(Settings, frozen=True, kw_only=True):
    """Every value has a usual one: it can be switched on as it is."""

    criterion: Annotated[
        int,
        setting(
            "Criterion",
            help="Effectiveness below this counts as below criterion. 77 is the usual one; 70 is that of railroads.",
            least=40,
            most=95,
            unit="per cent",
            section="Criterion",
        ),
    ] = 77
    report_minutes: Annotated[
        int,
        setting(
            "Report before a flight",
            help="At work for so long before off block.",
            least=0,
            most=240,
            unit="minutes",
            section=_WAYS,
        ),
    ] = 60
    release_minutes: Annotated[
        int, setting("Release after a flight", least=0, most=240, unit="minutes", section=_WAYS)
    ] = 30
    way_home_minutes: Annotated[
        int, setting("Way between home and the base", least=0, most=240, unit="minutes", section=_WAYS)
    ] = 60
    way_to_hotel_minutes: Annotated[
        int, setting("Way to a hotel elsewhere", least=0, most=240, unit="minutes", section=_WAYS)
    ] = 30
