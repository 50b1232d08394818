"""What an admin fills in for Eurocontrol."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated

from airstair.hub.certificates import BadCertificate, ClientCertificate, context_of
from airstair.hub.setting import Settings, address, address_problems, setting
from airstair.kernel.errors import Problem

LIVE_BASE_URL = "https://www.b2b.nm.eurocontrol.int/B2B_OPS/gateway/spec"
SANDBOX_KEY_ID = "sandbox-nm"
SANDBOX_KEY_SECRET = "nm-sandbox-only"  # noqa: S105 - opens the local sandbox and nothing else
SANDBOX_OPERATOR = "TST"
_RELEASE = re.compile(r"\d{2}\.\d{1,2}\.\d{1,2}")
_ICAO = re.compile(r"[A-Za-z]{3}")


class EurocontrolSettings(Settings, frozen=True, kw_only=True):
    """One operator's access to the Network Manager's B2B services."""

    operator_icao: Annotated[
        str,
        setting(
            "Operator ICAO code", help="Three letters. Flights filed under it are asked for.", required_when_on=True,
            longest=3,
        ),
    ] = ""  # fmt: skip
    base_url: Annotated[
        str,
        address(
            "The operational one is filled in; for PREOPS enter"
            " https://www.b2b.preops.nm.eurocontrol.int/B2B_PREOPS/gateway/spec."
        ),
    ] = LIVE_BASE_URL
    release: Annotated[
        str, setting("Release", help="Of the B2B services, such as 27.0.0.", required_when_on=True, longest=8)
    ] = "27.0.0"
    certificate: Annotated[
        str,
        setting("Certificate", secret=True, longest=20_000, help="PEM text, as the Network Manager issued it to you."),
    ] = ""
    certificate_key: Annotated[
        str, setting("Private key", secret=True, longest=20_000, help="PEM text, without a password.")
    ] = ""
    api_key_id: Annotated[
        str, setting("API key", help="In place of a certificate, where your access goes through the API gateway.")
    ] = ""
    api_key_secret: Annotated[str, setting("API key's secret", secret=True)] = ""
    interval_minutes: Annotated[
        int, setting("Interval", least=2, most=60, unit="minutes", section="Flight watch", help="Between questions.")
    ] = 5
    subscribe: Annotated[
        bool,
        setting(
            "Subscribe", section="Flight watch",
            help="Changes are fetched from a queue of the Network Manager's every minute. The questions above go on, as"
            " the proof that nothing was missed.",
        ),
    ] = False  # fmt: skip
    passengers: Annotated[
        bool,
        setting(
            "Passengers from the flight plan", section="Flight watch",
            help="Persons on board as filed, less the crew that is planned here.",
        ),
    ] = True  # fmt: skip

    @property
    def identity(self) -> ClientCertificate | None:
        """The certificate to show; `None` where the API key says who we are."""
        return ClientCertificate(self.certificate, self.certificate_key) if self.certificate else None


def problems(settings: EurocontrolSettings) -> Sequence[Problem]:
    """What is wrong with the values together, or in their form."""
    found = []
    if settings.operator_icao and not _ICAO.fullmatch(settings.operator_icao):
        found.append(Problem("operator_icao", "An operator's ICAO code has three letters, such as NJE."))
    if not _RELEASE.fullmatch(settings.release):
        found.append(Problem("release", "Write the release like 27.0.0."))
    if settings.certificate or settings.certificate_key:
        try:
            context_of(ClientCertificate(settings.certificate, settings.certificate_key))
        except BadCertificate as wrong:
            found.append(Problem("certificate" if settings.certificate_key else "certificate_key", str(wrong)))
    if settings.environment == "sandbox":
        return found
    return found + address_problems(settings.base_url, live=True, like=LIVE_BASE_URL, hides="The API key")


def missing_identity(settings: EurocontrolSettings) -> bool:
    """Whether nothing says who we are."""
    return not settings.certificate and not (settings.api_key_id and settings.api_key_secret)
