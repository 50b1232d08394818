"""What an admin fills in for ForeFlight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, address, address_problems, credential, credential_problems, setting
from airstair.kernel.errors import Problem

LIVE_BASE_URL = "https://public-api.foreflight.com/public/api"
# Opens the local sandbox and nothing else. It must be that of the imitation; a test compares the two.
SANDBOX_API_KEY = "YWlyc3RhaXItc2FuZGJveC1vbmx5LWZvcmVmbGlnaHQ="
MINUTES_BETWEEN_ROUNDS = 5


class ForeFlightSettings(Settings, frozen=True):
    """One operator's connection to ForeFlight Dispatch."""

    base_url: Annotated[str, address("As others call it. Change it only if ForeFlight names you another.")] = (
        LIVE_BASE_URL
    )
    api_key: Annotated[
        str,
        credential(
            "API key", "Made by an account admin in ForeFlight Dispatch, where it is shown once. 44 characters."
        ),
    ] = ""
    vendor_id: Annotated[
        str,
        setting(
            "Vendor id",
            help="Names this software to ForeFlight. Leave empty unless ForeFlight gave you one.",
            longest=80,
        ),
    ] = ""
    auto_send: Annotated[
        bool,
        setting(
            "Auto-send",
            help="On: changes are gathered and sent every 5 minutes. Off: a flight is sent when it is saved.",
            section="Flights",
        ),
    ] = True


def minutes_between_rounds(settings: ForeFlightSettings) -> int | None:
    """How long changes are gathered; `None`: a flight is sent when it is saved."""
    return MINUTES_BETWEEN_ROUNDS if settings.auto_send else None


def problems(settings: ForeFlightSettings) -> Sequence[Problem]:
    """Settings that cannot be right: an address that is none, a key with blanks."""
    live = settings.environment == "live"
    found = address_problems(settings.base_url, live=live, like=LIVE_BASE_URL, hides="The key")
    return found + credential_problems(settings, "api_key", "vendor_id")
