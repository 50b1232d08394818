"""What an admin fills in for TRAXXALL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, address, address_problems, credential, credential_problems
from airstair.kernel.errors import Problem

# These open the local sandbox and nothing else. They must be those of the imitation; a test compares the two.
SANDBOX_KEY = "5a9db0c0-ffee-4000-8000-747261787861"
SANDBOX_PASSWORD = "YWlyc3RhaXItc2FuZGJveC1vbmx5LXRyYXh4YWxsISE="  # noqa: S105 - public on purpose


class TraxxallSettings(Settings, frozen=True):
    """One operator's connection to TRAXXALL."""

    base_url: Annotated[str, address("As TRAXXALL names it to you with your key. None is known in public.")] = ""
    integration_api_key: Annotated[
        str, credential("Integration-API-Key", "From TRAXXALL. 36 characters, with four hyphens.")
    ] = ""
    integration_api_password: Annotated[
        str, credential("Integration-API-Password", "From TRAXXALL, together with the key. 44 characters.")
    ] = ""


def problems(settings: TraxxallSettings) -> Sequence[Problem]:
    """Settings that cannot be right: an address that is none, credentials with blanks."""
    live = settings.environment == "live"
    found = address_problems(settings.base_url, live=live, like="https://…", hides="The password")
    return found + credential_problems(settings, "integration_api_key", "integration_api_password")
