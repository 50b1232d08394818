"""What an admin fills in for Avinode."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from airstair.hub.setting import Settings, address, address_problems, credential, credential_problems, setting
from airstair.kernel.errors import Problem

# Observed in an address of the live service that an operator published; Avinode names only its test address in public.
LIVE_BASE_URL = "https://services.avinode.com/api"
# These open the local sandbox and nothing else. They must be those of the imitation; a test compares the two.
SANDBOX_API_TOKEN = "7a1d5a5e-0000-4000-8000-5a9db0c0ffee"  # noqa: S105 - public on purpose
SANDBOX_AUTHORIZATION_KEY = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI1YTlkYjBjMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM"
    "DAwMDEiLCJpc3MiOiJhdmlub2RlIiwiYXZpdHlwZSI6MTUsImF2aWRvbWFpbiI6Ii5hdmlub2RlLmNvbSIsImF2aXR"
    "lbmFudCI6NywiYXZpbm9uY2UiOiJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ.YWlyc3RhaX"
    "Itc2FuZGJveC1vbmx5LTE"
)

_LATER = "Takes effect when requests for quotes arrive, in a later version; nothing happens by it yet."
_schedule = partial(setting, section="Schedule")
_quotes = partial(setting, section="Requests for quotes")


class AvinodeSettings(Settings, frozen=True):
    """One operator's (or one aircraft's) connection to Avinode, and what it sends."""

    base_url: Annotated[
        str, address("As Avinode names it to you with your key. The one given has been seen in use by others.")
    ] = LIVE_BASE_URL
    authorization_key: Annotated[
        str,
        credential(
            "Authorization key", "From techsupport@avinode.com. It is not the password you sign in to Avinode with."
        ),
    ] = ""
    api_token: Annotated[
        str,
        credential("API token", "Names this software to Avinode. It comes together with the authorization key."),
    ] = ""
    act_as_account: Annotated[
        str,
        setting(
            "Act as account",
            help="Login of the Avinode user on whose behalf calls are made. Leave empty unless Avinode asks for it.",
            longest=120,
        ),
    ] = ""

    export_automatically: Annotated[
        bool,
        _schedule(
            "Export automatically",
            help="Send every chosen aircraft at the interval below. When off, only EXPORT NOW sends.",
        ),
    ] = True
    interval_minutes: Annotated[
        int,
        _schedule(
            "Interval",
            unit="minutes",
            least=5,
            most=60,
            because="Avinode takes one call for an aircraft every 5 minutes at most,"
            " and shows brokers how old a schedule is.",
            help="How often each aircraft's schedule is sent.",
        ),
    ] = 5
    send_options: Annotated[
        bool, _schedule("Send options", help="Flights with status Option go out too, as information.")
    ] = False
    send_opportunities: Annotated[
        bool,
        _schedule("Send opportunities", help="Flights with status Opportunity go out too, to be sold as empty legs."),
    ] = False
    send_only_continuous_availability_from_home_base: Annotated[
        bool,
        _schedule(
            "Send only continuous availability from home base",
            help="The aircraft is shown available only while it is at home base. Empty legs on offer stay on offer.",
        ),
    ] = False
    reposition_to_home_base_after_h: Annotated[
        int | None,
        _schedule(
            "Reposition to home base after",
            unit="hours",
            least=0,
            most=240,
            because="Ten days is the longest stay away that is worth predicting; leave it empty for none.",
            help="Hours after its last activity elsewhere at which the aircraft appears at home base. Empty: never.",
        ),
    ] = None
    share_services: Annotated[
        bool,
        _schedule(
            "Share services",
            help="Handling, fuel, catering and other services of each flight go to Avinode with their providers.",
        ),
    ] = False
    recipients: Annotated[
        tuple[str, ...], _schedule("Recipients", people=True, help="Members who get a message after each export.")
    ] = ()

    download_requests_for_quotes: Annotated[bool, _quotes("Download requests for quotes", help=_LATER)] = False
    use_own_aircraft_performance: Annotated[
        bool,
        _quotes(
            "Use own aircraft performance",
            help=f"Flight times of a request from own performance figures instead of Avinode's. {_LATER}",
        ),
    ] = False
    add_subcharter_quotes_automatically: Annotated[
        bool, _quotes("Add subcharter quotes automatically", help=_LATER)
    ] = False
    automatically_reject_unanswered_quotes: Annotated[
        bool, _quotes("Automatically reject unanswered quotes", help=_LATER)
    ] = False


def minutes_between_calls(settings: AvinodeSettings) -> int | None:
    """The interval, or `None` when only EXPORT NOW sends."""
    return settings.interval_minutes if settings.export_automatically else None


def problems(settings: AvinodeSettings) -> Sequence[Problem]:
    """Settings that are wrong, or wrong together: an address or key that cannot be right."""
    live = settings.environment == "live"
    found = address_problems(settings.base_url, live=live, like=LIVE_BASE_URL, hides="Keys")
    found += credential_problems(settings, "authorization_key", "api_token")
    if not (settings.act_as_account.isascii() and settings.act_as_account.isprintable()):
        found.append(Problem("act_as_account", "The account holds a character that cannot be in one. Copy it again."))
    return found
