"""What an admin fills in for DeliSky."""

from __future__ import annotations

from typing import Annotated

from airstair.hub.setting import Settings, address, credential, setting


class DeliSkySettings(Settings, frozen=True, kw_only=True):
    """One operator's connection to DeliSky."""

    base_url: Annotated[str, address("As DeliSky gave it to you.", label="Address of the order page")] = (
        "https://hub.delisky.com/a/OrderCatering"
    )
    login: Annotated[
        str, setting("Login", help="The API key of your company, from DeliSky.", required_when_on=True)
    ] = ""
    user_key: Annotated[str, credential("User key")] = ""
    minutes_before: Annotated[
        int,
        setting("Delivered before departure", unit="minutes", least=0, most=600, section="Order",
                help="The delivery time that an order begins with; it can be changed there."),
    ] = 60  # fmt: skip
    group: Annotated[
        str,
        setting("Group", help="Only if you have groups in your DeliSky dashboard.", longest=80, section="Order"),
    ] = ""
