"""What an admin fills in for TRAXXALL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, address_problems, credential_problems, setting
from airstair.kernel.errors import Problem

# These open the local sandbox and nothing else. They must be those of the imitation; a test compares the two.
SANDBOX_KEY = "5a9db0c0-ffee-4000-8000-747261787861"
SANDBOX_PASSWORD = "YWlyc3RhaXItc2FuZGJveC1vbmx5LXRyYXh4YWxsISE="  # noqa: S105 - public on purpose


class TraxxallSettings(Settings, frozen=True):
    """One operator's connection to TRAXXALL."""

    base_url: Annotated[
        str,
        setting(
            "Address of the API",
            help="As TRAXXALL names it to you with your key. None is known in public.",
            required_when_on=True,
            longest=300,
        ),
    ] = ""
    integration_api_key: Annotated[
        str,
        setting(
            "Integration-API-Key",
            help="From TRAXXALL. 36 characters, with four hyphens.",
            secret=True,
            required_when_on=True,
        ),
    ] = ""
    integration_api_password: Annotated[
        str,
        setting(
            "Integration-API-Password",
            help="From TRAXXALL, together with the key. 44 characters.",
            secret=True,
            required_when_on=True,
        ),
    ] = ""


def problems(settings: TraxxallSettings) -> Sequence[Problem]:
    """Settings that cannot be right: an address that is none, credentials with blanks."""
    live = settings.environment == "live"
    found = address_problems(settings.base_url, live=live, like="https://…", hides="The password")
    return found + credential_problems(settings, "integration_api_key", "integration_api_password")
