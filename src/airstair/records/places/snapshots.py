"""Frozen pictures of airports."""

from __future__ import annotations

import msgspec


class AirportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An airport as this operator knows it: the published record, or its own in place of it."""

    code: str  # ICAO code, or the operator's own four letters
    iata: str = ""
    name: str
    city: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    latitude: float  # degrees, north positive
    longitude: float  # degrees, east positive
    time_zone: str = "UTC"
    own: bool = False  # the operator's own word, not the published list's

    @property
    def label(self) -> str:
        """`KEWR (Newark Liberty International Airport, Newark)`."""
        place = f", {self.city}" if self.city and self.city not in self.name else ""
        return f"{self.code} ({self.name}{place})"
