"""What an admin fills in for Centrik: two switches that know nothing of each other, and what the second one needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from airstair.hub.setting import Settings, setting
from airstair.kernel.errors import Problem

CENTRIK = "centrik.net"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.IGNORECASE)
_SYNC = "Endorsements synchronisation"


class CentrikSettings(Settings, frozen=True, kw_only=True):
    """One operator's Centrik."""

    domain: Annotated[
        str,
        setting("Domain", help="What stands before .centrik.net where you sign in, or that address.", longest=200,
                required_when_on=True, address=True),
    ] = ""  # fmt: skip
    shared_login: Annotated[
        bool, setting("Shared login", help="Puts CENTRIK into the main menu: it opens Centrik's login page.")
    ] = False
    endorsements: Annotated[
        bool,
        setting(_SYNC, help="Fetches endorsements every day at 06:00 UTC and changes every three hours. Switched off, "
                "all that was imported is removed.", section=_SYNC),
    ] = False  # fmt: skip
    login: Annotated[
        str, setting("Login", help="Of the API user that Centrik made for you.", longest=200, section=_SYNC)
    ] = ""
    password: Annotated[str, setting("Password", secret=True, longest=200, section=_SYNC)] = ""
    category: Annotated[
        str,
        setting("Category ID / Training System ID", help="Only if Centrik gave you one: fetches its qualifications "
                "alone.", longest=80, section=_SYNC),
    ] = ""  # fmt: skip


def root(settings: CentrikSettings) -> str:
    """Where the operator's Centrik is, without a slash at the end; empty while no domain is given."""
    typed = settings.domain.strip().rstrip("/").removesuffix("/apiv1")
    if not typed:
        return ""
    if "://" not in typed:
        typed = f"https://{typed}" if "." in typed else f"https://{typed}.{CENTRIK}"
    return typed


def problems(settings: CentrikSettings) -> Sequence[Problem]:
    """What is wrong together."""
    found = []
    typed = settings.domain.strip()
    if typed and settings.environment == "live" and not _is_centriks(root(settings)):
        sentence = f"“{typed[:60]}” is not a domain of Centrik's. Give the name before .{CENTRIK}, such as demoair."
        found.append(Problem("domain", sentence))
    if settings.endorsements:
        for name, label in (("login", "login"), ("password", "password")):
            if not getattr(settings, name):
                found.append(Problem(name, f"The {label} is needed for the endorsements synchronisation. Fill it in."))
    return found


def _is_centriks(address: str) -> bool:
    """Whether it is https://name.centrik.net: the password goes there, and nowhere else."""
    name, dot, rest = address.removeprefix("https://").partition(".")
    return address.startswith("https://") and bool(dot) and rest.lower() == CENTRIK and bool(_NAME.fullmatch(name))
