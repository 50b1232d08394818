"""What an admin fills in for AeroCRS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Literal

from airstair.hub.setting import Settings, address, address_problems, credential, setting
from airstair.kernel.errors import Problem

LIVE_BASE_URL = "https://api.aerocrs.com/v5"
SANDBOX_AUTH_ID = "0f5e1c2a-0000-4000-8000-5a9db0c0ffee"
SANDBOX_AUTH_PASSWORD = "aerocrs-sandbox-only"  # noqa: S105 - opens the local sandbox and nothing else
_PAIR = re.compile(r"\s*([A-Za-z0-9]{3})\s*=\s*([A-Za-z0-9-]{2,10})\s*")


class AerocrsSettings(Settings, frozen=True, kw_only=True):
    """One operator's connection to AeroCRS."""

    base_url: Annotated[str, address("AeroCRS's own is filled in.")] = LIVE_BASE_URL
    auth_id: Annotated[
        str,
        setting("Authorization ID", help="From AeroCRS, with the right to read the schedule.", required_when_on=True),
    ] = ""
    auth_password: Annotated[str, credential("Authorization password", "Comes with the ID.")] = ""
    company_code: Annotated[
        str,
        setting(
            "Company code", help="Your airline's short code, where the credentials open several airlines.", longest=10
        ),
    ] = ""
    form: Annotated[
        Literal["ssim", "json"],
        setting(
            "Form",
            help="ssim is the complete one: changes of the schedule show up in it alone. json is for accounts without.",
            section="Import",
        ),
    ] = "ssim"
    aircraft_by_type: Annotated[
        str,
        setting(
            "Aircraft by type",
            help="AeroCRS names a type, not an aircraft. Where several of yours have it, say which flies it:"
            " 73H=SP-ABC, AT7=SP-XYZ. You can swap a flight's aircraft later.",
            section="Import",
        ),
    ] = ""


def by_type(settings: AerocrsSettings) -> dict[str, str]:
    """Registration by IATA type."""
    pairs = (_PAIR.fullmatch(part) for part in settings.aircraft_by_type.replace(";", ",").split(","))
    return {pair[1].upper(): pair[2].upper() for pair in pairs if pair}


def problems(settings: AerocrsSettings) -> Sequence[Problem]:
    """What is wrong with the values, beside what every setting is checked for."""
    live = settings.environment == "live"
    found = address_problems(settings.base_url, live=live, like=LIVE_BASE_URL, hides="The password")
    for part in settings.aircraft_by_type.replace(";", ",").split(","):
        if part.strip() and not _PAIR.fullmatch(part):
            sentence = (
                f"“{part.strip()[:30]}” is not a type and a registration. Write them like 73H=SP-ABC, AT7=SP-XYZ."
            )
            found.append(Problem("aircraft_by_type", sentence))
    return found
