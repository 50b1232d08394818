"""Which of our flights a partner means. It names the first thing that fits none, and never guesses.

In the order in which people look: the aircraft, the day, the number, where from, where to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import NoReturn

import msgspec

from airstair.hub.visits import Unmatched, Visit
from airstair.kernel.codes import same_registration
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.pictures import flights_departing
from airstair.records.flights.queries import flights
from airstair.records.flights.rules import Status

FIELDS = ("registration", "date", "number", "adep", "ades")


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """A flight as a partner names it. `day` is that of the scheduled departure, UTC.

    `about`: when it surely was under way, which tells two flights of one number, route and day apart.
    `called`: what the partner calls our fields (`FIELDS`), where it calls them otherwise.
    """

    registration: str
    day: date
    number: str
    adep: str
    ades: str
    about: datetime | None = None
    called: Mapping[str, str] = {}


def flight_meant(visit: Visit, sought: Sought) -> FlightFacts:
    """The one flight that is meant, of the aircraft ticked for this connection. Raises `Unmatched`.

    A flight that was deleted or cancelled is not meant: it did not fly. Nine statements.
    """
    aircraft = [id_ for id_, known in visit.aircraft.items() if same_registration(known, sought.registration)]
    if not aircraft:
        _none(sought, "registration", f"{sought.registration} is no aircraft that is open to you here.")
    midnight = datetime.combine(sought.day, time(), UTC)
    ids = flights_departing(visit.operator_id, aircraft, midnight, midnight + timedelta(days=1))
    found = [one for one in flights(visit.operator_id, ids) if not one.deleted and one.status is not Status.CANCELLED]
    if not found:
        _none(sought, "date", f"{sought.registration} has no flight that departs on {sought.day:%d %b %Y} (UTC).")
    found = _left(sought, "number", found, lambda one: one.number, sought.number)
    found = _left(sought, "adep", found, lambda one: one.adep, sought.adep)
    found = _left(sought, "ades", found, lambda one: one.ades, sought.ades)
    if len(found) > 1 and sought.about is None:
        _none(sought, "date", f"{len(found)} flights of that day fit. Send a time, so that they can be told apart.")
    return min(found, key=lambda one: abs(one.std - (sought.about or one.std)))


def _left(
    sought: Sought, field: str, found: list[FlightFacts], has: Callable[[FlightFacts], str], wanted: str
) -> list[FlightFacts]:
    fitting = [one for one in found if _plain(has(one)) == _plain(wanted)]
    if not fitting:
        known = ", ".join(sorted({has(one) for one in found}))
        _none(sought, field, f"“{wanted}” fits none; that day there is {known}.")
    return fitting


def _plain(text: str) -> str:
    return "".join(text.split()).upper()


def _none(sought: Sought, field: str, sentence: str) -> NoReturn:
    raise Unmatched.one(sought.called.get(field, field), sentence)
