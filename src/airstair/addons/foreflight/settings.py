"""What an admin fills in for ForeFlight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, address_problem, setting
from airstair.kernel.errors import Problem

LIVE_BASE_URL = "https://public-api.foreflight.com/public/api"
# Opens the local sandbox and nothing else. It must be that of the imitation; a test compares the two.
SANDBOX_API_KEY = "YWlyc3RhaXItc2FuZGJveC1vbmx5LWZvcmVmbGlnaHQ="
MINUTES_BETWEEN_ROUNDS = 5


class ForeFlightSettings(Settings, frozen=True):
    """One operator's connection to ForeFlight Dispatch."""

    base_url: Annotated[
        str,
        setting(
            "Address of the API",
            help="As others call it. Change it only if ForeFlight names you another.",
            required_when_on=True,
            longest=300,
        ),
    ] = LIVE_BASE_URL
    api_key: Annotated[
        str,
        setting(
            "API key",
            help="Made by an account admin in ForeFlight Dispatch, where it is shown once. 44 characters.",
            secret=True,
            required_when_on=True,
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
    """Settings that cannot be right: an address that is none, a key with blanks, the sandbox's key in earnest."""
    address = address_problem(
        settings.base_url, live=settings.environment == "live", like=LIVE_BASE_URL, hides="The key"
    )
    found = [address] if address is not None else []
    for name, label in (("api_key", "The API key"), ("vendor_id", "The vendor id")):
        value: str = getattr(settings, name)
        if not (value.isascii() and value.isprintable()) or " " in value:
            found.append(Problem(name, f"{label} holds a character that cannot be in it. Copy it once more."))
    if settings.environment == "live" and settings.api_key == SANDBOX_API_KEY:
        found.append(Problem("api_key", "This key opens the local sandbox only. Enter ForeFlight's own key."))
    return found
