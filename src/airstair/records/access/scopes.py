"""The names under which applications ask for parts of the record: what each means to people, and to keys. Pure.

One table. Applications that connect by OAuth2 hold scopes; API keys hold resources. Whatever is asked for by scope
(the GraphQL interface) or by resource (the REST interface) is answered for both from here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import msgspec

from airstair.records.access.rules import Resource

FLIGHT_SUPPORT = "INTEGRATION_FLIGHT_SUPPORT"  # to answer for services on the checklist; never for keys


class Scope(msgspec.Struct, frozen=True):
    """One name. `words` complete “It may …”.

    `resource` is the part of the record that a key needs to have the scope; none: no key has it. `opens`: an
    application that holds all such scopes of a resource has the resource too, and so the REST interface.
    """

    name: str
    words: str
    resource: Resource | None = None
    write: bool = False
    opens: bool = False
    every_key: bool = False  # about nothing that an operator keeps to itself


_R = Resource
TABLE: tuple[Scope, ...] = (
    Scope("GRAPHQL_OPERATOR", "see your company’s name and codes", every_key=True),
    Scope("GRAPHQL_AIRPORT", "see airports", every_key=True),
    Scope("GRAPHQL_ACFT", "see aircraft", _R.AIRCRAFT, opens=True),
    Scope("GRAPHQL_AIRCRAFT_AVAILABILITY", "see when and where aircraft are free", _R.AVAILABILITY),
    Scope("GRAPHQL_AIRCRAFT_ACTIVITIES", "see what occupies aircraft", _R.AVAILABILITY, opens=True),
    Scope("GRAPHQL_RESERVATION_SEE", "see reservations and maintenance", _R.AVAILABILITY, opens=True),
    Scope("GRAPHQL_RESERVATION_EDIT", "see, enter and change what occupies aircraft", _R.AVAILABILITY, True, True),
    Scope("GRAPHQL_FLIGHT", "see flights and trips", _R.FLIGHTS, opens=True),
    Scope("GRAPHQL_FLIGHT_EDIT", "see, enter, change and cancel flights and trips", _R.FLIGHTS, True, True),
    Scope("GRAPHQL_AIRCRAFT_FLIGHTS", "see the flights of an aircraft", _R.FLIGHTS),
    Scope("GRAPHQL_ACTIVITY_HISTORY", "see who changed flights, and when", _R.FLIGHTS),
    Scope("GRAPHQL_SCHEDULE_ORDER_SEE", "see schedule orders", _R.FLIGHTS),
    Scope("GRAPHQL_SCHEDULE_ORDER_EDIT", "enter and change schedule orders", _R.FLIGHTS, True),
    Scope("GRAPHQL_SCHEDULE_ORDER_PUBLICATION", "publish schedule orders", _R.FLIGHTS, True),
    Scope("GRAPHQL_FLIGHT_WATCH", "see flight watch", _R.JOURNEY_LOG, opens=True),
    Scope("GRAPHQL_FLIGHT_WATCH_EDIT", "see and write flight watch", _R.JOURNEY_LOG, True, True),
    Scope("GRAPHQL_JOURNEY_LOG", "see the journey log", _R.JOURNEY_LOG, opens=True),
    Scope("GRAPHQL_JOURNEY_LOG_EDIT", "see and write the journey log", _R.JOURNEY_LOG, True, True),
    Scope("GRAPHQL_FLIGHT_CREW_SEE", "see the crew of flights", _R.CREW, opens=True),
    Scope("GRAPHQL_CREW_MEMBER", "see crew members", _R.CREW),
    Scope("GRAPHQL_CREW_MEMBER_EDIT", "enter and change crew members", _R.CREW, True),
    Scope("GRAPHQL_CREW_PANEL", "see the crew panel", _R.CREW),
    Scope("GRAPHQL_CREW_AVAILABILITY", "see when crew members are free", _R.CREW),
    Scope("GRAPHQL_POSITIONING_SEE", "see positioning of crew", _R.CREW),
    Scope("GRAPHQL_POSITIONING_EDIT", "enter and change positioning of crew", _R.CREW, True),
    Scope("GRAPHQL_DUTY_SEE", "see duties", _R.CREW),
    Scope("GRAPHQL_DUTY_EDIT", "see and assign the crew of flights, enter and change duties", _R.CREW, True, True),
    Scope("GRAPHQL_FTL", "see flight and duty times", _R.CREW),
    Scope("GRAPHQL_PASSENGER", "see passengers", _R.PASSENGERS, opens=True),
    Scope("GRAPHQL_PASSENGER_EDIT", "see, enter and change passengers", _R.PASSENGERS, True, True),
    Scope("GRAPHQL_CONTACT", "see the phonebook’s contacts and companies"),
    Scope("GRAPHQL_CONTACT_EDIT", "enter and change the phonebook’s contacts and companies"),
    Scope("GRAPHQL_HANDLING_AGENT", "see handlers", _R.CHECKLIST),
    Scope("GRAPHQL_CHECKLIST_OPS_SEE", "see the OPS checklist", _R.CHECKLIST, opens=True),
    Scope("GRAPHQL_CHECKLIST_OPS_EDIT", "see and change items of the OPS checklist", _R.CHECKLIST, True, True),
    Scope("GRAPHQL_CHECKLIST_SALES_SEE", "see the sales checklist", _R.CHECKLIST),
    Scope("GRAPHQL_CHECKLIST_SALES_EDIT", "change items of the sales checklist", _R.CHECKLIST, True),
    Scope("GRAPHQL_CHECKLIST_EDIT", "change what the checklists consist of"),
    Scope("GRAPHQL_API_KEYS", "see which API keys there are, and what each may do"),
    Scope(FLIGHT_SUPPORT, "see flights that you submit to it, answer for their services, and propose times"),
)
SCOPES: dict[str, Scope] = {one.name: one for one in TABLE}


def scopes_of_key(reads: Collection[str], writes: Collection[str]) -> frozenset[str]:
    """The scopes that a key with these resources has."""
    held = {False: set(reads), True: set(writes)}
    return frozenset(one.name for one in TABLE if one.every_key or one.resource in held[one.write])


def resources_of(scopes: Collection[str], *, write: bool) -> frozenset[str]:
    """The resources that an application with these scopes may read, or write. Writing includes reading."""
    found = {one.value for one in Resource if _opened(one, scopes, True)}
    return frozenset(found if write else found | {one.value for one in Resource if _opened(one, scopes, False)})


def _opened(resource: Resource, scopes: Collection[str], write: bool) -> bool:
    needed = [one.name for one in TABLE if one.opens and one.resource is resource and one.write is write]
    return bool(needed) and all(name in scopes for name in needed)


def known(scopes: Iterable[str]) -> tuple[str, ...]:
    """Those that there are, in the table's order, each once."""
    wanted = set(scopes)
    return tuple(one.name for one in TABLE if one.name in wanted)


def in_words(scopes: Iterable[str]) -> tuple[str, ...]:
    """What people are told that an application may do."""
    return tuple(SCOPES[name].words for name in known(scopes))
