"""What an admin fills in for TRAXXALL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, address_problem, setting
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
    """Settings that cannot be right: an address that is none, credentials with blanks, the sandbox's in earnest."""
    address = address_problem(
        settings.base_url,
        live=settings.environment == "live",
        like="https://…",
        hides="The password",
    )
    found = [address] if address is not None else []
    for name, label in (("integration_api_key", "The key"), ("integration_api_password", "The password")):
        value: str = getattr(settings, name)
        if not (value.isascii() and value.isprintable()) or " " in value:
            found.append(Problem(name, f"{label} holds a character that cannot be in it. Copy it once more."))
    if settings.environment == "live" and settings.integration_api_key == SANDBOX_KEY:
        found.append(Problem("integration_api_key", "This key opens the local sandbox only. Enter TRAXXALL's own key."))
    return found
