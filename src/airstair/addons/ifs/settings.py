"""What an admin fills in for IFS: in which units its fuel is. Credentials are ours to issue."""

from __future__ import annotations

from typing import Annotated, Literal

from airstair.hub.setting import Settings, setting


class IfsSettings(Settings, frozen=True, kw_only=True):
    """One operator's connection to IFS."""

    fuel_unit: Annotated[
        Literal["KG", "LB"],
        setting("Fuel in tanks", help="The unit of block fuel and remaining fuel.", section="Units"),
    ] = "KG"
    uplift_unit: Annotated[
        Literal["KG", "LB", "L", "USG"], setting("Uplift", help="The unit of the uplift.", section="Units")
    ] = "KG"
