"""What the commands take: typed, frozen, not yet looked at. In an edit, what is not set stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec
from msgspec import UNSET, UnsetType


class ItemEdit(msgspec.Struct, frozen=True, kw_only=True):
    """New values of an item. `handler_id=None`: nobody."""

    status: str | UnsetType = UNSET
    note: str | UnsetType = UNSET
    details: str | UnsetType = UNSET
    confirmation: str | UnsetType = UNSET
    handler_id: int | UnsetType | None = UNSET


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What an application is asked for: exactly these services, each with its details, and who is wanted where."""

    adep_handler_id: int | None = None
    ades_handler_id: int | None = None
    services: Mapping[str, str] = {}  # {"HANDLING_ADEP": "GPU please"}


class ServiceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an application says of one service, or of the flight as a whole (`EDIT`). `note=None`: as it was."""

    service: str
    designation: str
    note: str | None = None


class AirportServices(msgspec.Struct, frozen=True, kw_only=True):
    """The services that an application offers at an airport: of flights that depart, and that arrive there."""

    airport: str
    services: tuple[str, ...]  # ("HANDLING_ADEP", "HANDLING_ADES")


class PermitInput(msgspec.Struct, frozen=True, kw_only=True):
    """A permit that an application asked authorities for. Of a country, of an airport, or of both."""

    kind: str
    designation: str
    country: str = ""
    airport: str = ""
    number: str = ""
    valid_until: datetime | None = None
    note: str = ""


class HandlerInput(msgspec.Struct, frozen=True, kw_only=True):
    """A handler as a whole. Airports are ICAO, IATA or own codes."""

    name: str
    airports: tuple[str, ...] = ()
    email: str = ""
    phone: str = ""
    phone_after_hours: str = ""
    frequency: str = ""
    services: tuple[str, ...] = ()
    notes: str = ""


class DefinitionInput(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of item as a whole, but for its key, which never changes."""

    label: str
    section: str = "OTHER"
    side: str = ""  # of one of the 43 services it must stay
    statuses: tuple[str, ...] = ()  # none: all
    default_status: str = "UNT"
    auto_add: str = ""
    enabled: bool = True
