"""Statuses, services and sections as tables, and what follows from them. Pure; the tables are in the files beside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from importlib.resources import files

import msgspec

ADEP, ADES = "ADEP", "ADES"
SIDES = (ADEP, ADES, "")
EDIT = "EDIT"  # the service by which an application says how it stands with the flight as a whole
UNTOUCHED, UNSURE, PENDING, REQUESTED, REJECTED, NOT_APPLICABLE = "UNT", "QSM", "PND", "RQS", "REJ", "NAP"


class StatusWord(msgspec.Struct, frozen=True):
    """A status of the checklist. `order` is its place in the table, from 1."""

    id: str
    caption: str
    abbreviation: str
    colour: str  # "red", "orange", "green", "grey"
    asked: bool
    open: bool
    order: int


class AutoAdd(StrEnum):
    """On which flights an item stands without having been added."""

    NEVER = ""
    ALWAYS = "always"
    PAX = "pax"
    COMMERCIAL = "commercial"
    ABROAD = "abroad"

    @property
    def label(self) -> str:
        return _AUTO_ADD[self]


_AUTO_ADD = {
    AutoAdd.NEVER: "Only when added",
    AutoAdd.ALWAYS: "Every flight (kept on the deck)",
    AutoAdd.PAX: "Flights with passengers",
    AutoAdd.COMMERCIAL: "Commercial flights",
    AutoAdd.ABROAD: "Flights from one country to another",
}


class PermitKind(StrEnum):
    """What a permit allows."""

    LANDING = "LANDING"
    OVERFLIGHT = "OVERFLIGHT"

    @property
    def label(self) -> str:
        return self.capitalize()


class Service(msgspec.Struct, frozen=True):
    """A kind of item as operators start with it. `statuses` by designation; empty for what applications do not know."""

    key: str
    label: str
    section: str
    side: str
    place: int
    auto_add: str
    statuses: dict[str, str]

    @property
    def kind(self) -> str:
        """`PAX_TRANSPORT` for both of its sides."""
        return self.key.removesuffix(f"_{self.side}") if self.side else self.key


class FallBack(msgspec.Struct, frozen=True):
    """A row of the table of fall-backs. See fallbacks.toml."""

    change: str
    sides: tuple[str, ...]
    own: str = ""  # the new status of what people arrange; empty: unchanged
    via: str = ""  # the same of what goes through an application
    untick: tuple[str, ...] = ()  # sides on which nothing is asked of the application any more, its handler cleared


class _Services(msgspec.Struct, frozen=True):
    designations: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]
    services: tuple[tuple[str, str, str, str, str], ...]
    others: tuple[tuple[str, str, str, str], ...]
    from_the_start: tuple[tuple[str, str], ...]


class _Statuses(msgspec.Struct, frozen=True):
    statuses: tuple[tuple[str, str, str, str, bool, bool], ...]


class _FallBacks(msgspec.Struct, frozen=True):
    fall_back: tuple[FallBack, ...]


def _table(name: str) -> bytes:
    return files(__package__).joinpath(name).read_bytes()


_services = msgspec.toml.decode(_table("services.toml"), type=_Services)
_statuses = msgspec.toml.decode(_table("statuses.toml"), type=_Statuses)

STATUSES = {row[0]: StatusWord(*row, order) for order, row in enumerate(_statuses.statuses, 1)}
DESIGNATIONS = _services.designations
SECTIONS = dict(_services.sections)
_start = dict(_services.from_the_start)
SERVICES = {
    key: Service(
        key, label, section, side, place, _start.get(key, ""), dict(zip(DESIGNATIONS, row.split(), strict=True))
    )
    for place, (key, label, section, side, row) in enumerate(_services.services, 1)
}
STARTING_ITEMS = SERVICES | {
    key: Service(key, label, section, side, place, _start.get(key, ""), {})
    for place, (key, label, section, side) in enumerate(_services.others, len(SERVICES) + 1)
}
_PERMITS = "TECHNICAL_LANDING_ADES"
SERVICE_KINDS = {one.kind: one.label for one in STARTING_ITEMS.values()}
FALL_BACKS = {row.change: row for row in msgspec.toml.decode(_table("fallbacks.toml"), type=_FallBacks).fall_back}


def status_for(service: str, designation: str, allowed: Collection[str]) -> str:
    """The status that an application's word means for a service, as the operator has it."""
    return nearest(SERVICES[service].statuses[designation], allowed)


def permit_status(designation: str) -> str:
    """The status that an application's word means for a permit: the same as for the item Landing permits."""
    return SERVICES[_PERMITS].statuses[designation]


def is_available(lists: Mapping[str, Collection[str]], airport: str, service: str) -> bool:
    """Whether a service can be asked for at an airport, by the application's lists; without any: every one."""
    return not lists or service in lists.get(airport, ())


def nearest(wanted: str, allowed: Collection[str]) -> str:
    """The status, or where it is switched off the nearest in the table's order of the same colour; none left: `?`."""
    if wanted in allowed:
        return wanted
    this = STATUSES[wanted]
    near = [other for one in allowed if (other := STATUSES[one]).colour == this.colour]
    return min(near, key=lambda one: (abs(one.order - this.order), one.order)).id if near else UNSURE


def overall(statuses: Iterable[str]) -> str:
    """The colour of a group: `red` with any red, else `orange` with any, `grey` where nothing applies, else `green`."""
    colours = {STATUSES[one].colour for one in statuses}
    for colour in ("red", "orange", "green"):
        if colour in colours:
            return colour
    return "grey"


def fall_back(changed: Collection[str], side: str, *, via: bool) -> str:
    """What an item that was asked for falls back to after these changes of its flight; empty: it stays."""
    found = [
        (row.via if via else row.own)
        for name in changed
        if (row := FALL_BACKS[name]) and (not row.sides or side in row.sides)
    ]
    return REJECTED if REJECTED in found else UNSURE if UNSURE in found else ""


def unticked_sides(changed: Collection[str]) -> frozenset[str]:
    """The sides on which nothing is asked of an application any more after these changes."""
    return frozenset(side for name in changed for side in FALL_BACKS[name].untick)


def stands_unasked(rule: str, *, pax: int, flight_type: str, countries: tuple[str, str]) -> bool:
    """Whether an item with this rule stands on the list of such a flight without having been added."""
    match AutoAdd(rule):
        case AutoAdd.ALWAYS:
            return True
        case AutoAdd.PAX:
            return pax > 0
        case AutoAdd.COMMERCIAL:
            return flight_type == "COMMERCIAL"
        case AutoAdd.ABROAD:
            return all(countries) and countries[0] != countries[1]
        case AutoAdd.NEVER:
            return False


def proposed_times(
    std: datetime, sta: datetime, proposed_std: datetime | None, proposed_sta: datetime | None
) -> tuple[datetime, datetime]:
    """When the flight would be under way if a proposal were accepted: one time moved takes the other along."""
    if proposed_std is not None and proposed_sta is not None:
        return proposed_std, proposed_sta
    if proposed_std is not None:
        return proposed_std, sta + (proposed_std - std)
    if proposed_sta is not None:
        return std + (proposed_sta - sta), proposed_sta
    return std, sta
