"""What an admin fills in for a marketplace, and which kinds of record leave by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from airstair.addons.marketplaces.wire import Kind
from airstair.hub.setting import Settings, address_problems, credential_problems, setting
from airstair.kernel.errors import Problem

SCHEDULE = frozenset({Kind.FLIGHT, Kind.EMPTY_LEG, Kind.RESERVATION, Kind.MAINTENANCE})
AVAILABILITY = frozenset({Kind.AVAILABILITY, Kind.EMPTY_LEG})
EMPTY_LEGS = frozenset({Kind.EMPTY_LEG})
_SENT, _CONTACT = "What is sent", "Whom brokers ask"


_Opportunities = Annotated[
    bool, setting("Opportunities", help="Flights with status Opportunity go out too, to be sold.", section=_SENT)
]
_DaysAhead = Annotated[
    int,
    setting(
        "Days ahead",
        unit="days",
        least=1,
        most=365,
        because="What lies further ahead is rarely certain.",
        help="How far ahead schedule and availability reach.",
        section=_SENT,
    ),
]
_Name = Annotated[str, setting("Name", section=_CONTACT, longest=80)]
_Email = Annotated[str, setting("Email", section=_CONTACT, longest=200)]
_Phone = Annotated[str, setting("Phone", section=_CONTACT, longest=40)]


class _Connected(Settings, frozen=True, kw_only=True):
    """How the marketplace is reached, or that it comes itself."""

    base_url: Annotated[
        str,
        setting(
            "Address",
            help="Of the marketplace's API, as it gave it to you. Leave it empty where the marketplace fetches by"
            " itself: then pass on what Airstair issues when it is switched on.",
            longest=300,
            address=True,
        ),
    ] = ""
    api_key: Annotated[str, setting("API key", help="As the marketplace gave it to you.", secret=True)] = ""

    @property
    def pushes(self) -> bool:
        """Whether we send; else the marketplace fetches."""
        return bool(self.base_url)


_KINDS = {"full schedule": SCHEDULE, "availability": AVAILABILITY, "empty legs": EMPTY_LEGS}


class ServiceSettings(_Connected, frozen=True, kw_only=True):
    """A marketplace that gets one of three services."""

    service: Annotated[
        Literal["full schedule", "availability", "empty legs"],
        setting(
            "Service",
            help="Full schedule: all flights, reservations and maintenance. Availability: when and where the aircraft"
            " is free, and empty legs. Empty legs: nothing else.",
            section=_SENT,
        ),
    ] = "availability"
    send_opportunities: _Opportunities = False
    days_ahead: _DaysAhead = 90
    contact_name: _Name = ""
    contact_email: _Email = ""
    contact_phone: _Phone = ""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of record that leave."""
        return _with_opportunities(_KINDS[self.service], self.send_opportunities)


class BoxSettings(_Connected, frozen=True, kw_only=True):
    """A marketplace whose services are boxes, of which *Empty legs* is mandatory."""

    empty_legs: Annotated[
        bool, setting("Empty legs", help="Mandatory: this marketplace takes no other part alone.", section=_SENT)
    ] = True
    schedule: Annotated[bool, setting("Schedule", help="All flights, reservations and maintenance.", section=_SENT)] = (
        False
    )
    availability: Annotated[
        bool, setting("Availability", help="When and where the aircraft is free.", section=_SENT)
    ] = False
    send_opportunities: _Opportunities = False
    days_ahead: _DaysAhead = 90
    contact_name: _Name = ""
    contact_email: _Email = ""
    contact_phone: _Phone = ""

    @property
    def kinds(self) -> frozenset[Kind]:
        """The kinds of record that leave."""
        ticked = ((self.empty_legs, EMPTY_LEGS), (self.schedule, SCHEDULE), (self.availability, AVAILABILITY))
        chosen: frozenset[Kind] = frozenset().union(*(kinds for on, kinds in ticked if on))
        return _with_opportunities(chosen, self.send_opportunities)


FeedSettings = ServiceSettings | BoxSettings


def _with_opportunities(kinds: frozenset[Kind], wanted: bool) -> frozenset[Kind]:
    return kinds | {Kind.OPPORTUNITY} if wanted else kinds


def problems(settings: FeedSettings) -> Sequence[Problem]:
    """Settings that are wrong, or wrong together."""
    live, like = settings.environment == "live", "https://api.marketplace.example"
    found = address_problems(settings.base_url, live=live, like=like, hides="The key")
    if isinstance(settings, BoxSettings) and not settings.empty_legs:
        found.append(Problem("empty_legs", "Empty legs are mandatory here. Tick the box, or switch the add-on off."))
    if settings.base_url and not settings.api_key:
        found.append(Problem("api_key", "The key is missing. Enter it, or leave the address empty too."))
    found += credential_problems(settings, "api_key")
    if settings.contact_email and "@" not in settings.contact_email:
        found.append(Problem("contact_email", f"“{settings.contact_email}” is not an email address."))
    return found
