"""Messages of partners and of our own, with links to the flight or event in OPS that each is about.

Asks for all flights of a page at once. Must not change a partner's words.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse

from airstair.kernel.outcome import PartnerMessage
from airstair.records.flights import queries as flights
from airstair.web.addons.looks import Look, look_of_level

_MOST_FLIGHTS = 300
_PAGES = {"flight": "flight", "event": "event", "aircraft": "aircraft"}
_NAMES = {"flight": "Flight", "event": "Event", "aircraft": "Aircraft", "derived": "Derived stay"}


@dataclass(frozen=True)
class Told:
    """One message as pages show it. `address` is empty when what it is about has no page."""

    message: PartnerMessage
    look: Look
    about: str
    address: str

    @property
    def names_something(self) -> bool:
        return bool(self.about or self.message.field)


class Titles:
    """What people call the things that messages are about. Seven statements when flights are among them, else none."""

    def __init__(
        self,
        operator_id: int,
        messages: Iterable[PartnerMessage],
        *,
        aircraft_ids: Collection[int] | None = None,
        known: dict[str, str] | None = None,
    ) -> None:
        """`known`: titles by key that are at hand already. `aircraft_ids`: what the reader may see, `None` for all."""
        self._titles = dict(known or {})
        wanted = {number(m.about) for m in messages if m.about.startswith("flight:") and m.about not in self._titles}
        ids = sorted(one for one in wanted if one)[:_MOST_FLIGHTS]
        for one in flights.flights(operator_id, ids, aircraft_ids=aircraft_ids) if ids else ():
            self._titles[f"flight:{one.id}"] = one.title

    def told(self, messages: Iterable[PartnerMessage]) -> list[Told]:
        return [Told(m, look_of_level(m.level), self.title(m.about), address_of(m.about)) for m in messages]

    def title(self, key: str) -> str:
        """`EV3810 KEWR–KJAX 02 Mar 2027`, or the kind and number where nothing better is known."""
        if key in self._titles:
            return self._titles[key]
        kind, _, rest = key.partition(":")
        return f"{_NAMES.get(kind, kind.capitalize())} {rest}".strip()


def number(key: str) -> int:
    """88 of `flight:88`; 0 when there is no such number."""
    text = key.partition(":")[2]
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def address_of(key: str) -> str:
    """The page of `flight:88`, `event:31` or `aircraft:5`; empty when there is none."""
    page, id_ = _PAGES.get(key.partition(":")[0]), number(key)
    if page is None or not id_:
        return ""
    try:
        return reverse(page, args=[id_])
    except NoReverseMatch:
        return ""
