"""What an admin fills in for RocketRoute."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, address, address_problems, credential, credential_problems, setting
from airstair.kernel.errors import Problem

LIVE_BASE_URL = "https://fly.rocketroute.com/api"
SANDBOX_EMAIL = "dispatch@sandbox.example"
SANDBOX_PASSWORD = "rocketroute-sandbox-only"  # noqa: S105 - opens the local sandbox and nothing else
SANDBOX_APP_KEY = "rocketroute-sandbox-app-key"
AUTOSEND_MINUTES = 5


class RocketrouteSettings(Settings, frozen=True, kw_only=True):
    """One operator's connection to RocketRoute: a dispatcher's credentials, used for everybody here."""

    base_url: Annotated[str, address("RocketRoute's own is filled in.")] = LIVE_BASE_URL
    app_key: Annotated[str, credential("Application key", "From RocketRoute; it names this software.")] = ""
    email: Annotated[
        str,
        setting("Dispatcher's email", help="Of the RocketRoute account that plans belong to.", required_when_on=True),
    ] = ""
    password: Annotated[str, credential("Dispatcher's password")] = ""

    autosend: Annotated[
        bool,
        setting(
            "Autosend",
            help="Looks every 5 minutes, and sends each confirmed flight once it is near enough; again only when it has"
            " changed, as RocketRoute then has a second plan of it. When off, flights go by hand alone.",
            section="Sending",
        ),
    ] = False
    autosend_hours: Annotated[
        int,
        setting(
            "Autosend from",
            unit="hours before departure",
            least=1,
            most=120,
            because="A flight plan is filed at most five days ahead.",
            section="Sending",
        ),
    ] = 24


def minutes_between_looks(settings: RocketrouteSettings) -> int | None:
    """The interval of Autosend, or `None` when flights go by hand alone."""
    return AUTOSEND_MINUTES if settings.autosend else None


def problems(settings: RocketrouteSettings) -> Sequence[Problem]:
    """What is wrong with the values, beside what every setting is checked for."""
    live = settings.environment == "live"
    found = address_problems(settings.base_url, live=live, like=LIVE_BASE_URL, hides="The password")
    if settings.email and "@" not in settings.email:
        found.append(Problem("email", f"“{settings.email}” is not an email address."))
    return found + credential_problems(settings, "app_key")
