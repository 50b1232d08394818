"""Airports by code or name, with the operator's own over the published ones; and distances."""

from __future__ import annotations

from collections.abc import Iterable

from geographiclib.geodesic import Geodesic

from airstair.kernel.errors import Invalid, NotFound
from airstair.records.places.models import AirportOverride
from airstair.records.places.published import published, searchable, searchable_text
from airstair.records.places.snapshots import AirportFacts

METRES_PER_NM = 1852.0


class Resolver:
    """Turns codes into airports for one operator. Made with one statement; asking costs none."""

    def __init__(self, own: Iterable[AirportFacts]) -> None:
        self._own = {facts.code: facts for facts in own}
        self._own_iata = {facts.iata: facts for facts in self._own.values() if facts.iata}

    def get(self, code: str) -> AirportFacts | None:
        """The airport with this ICAO, IATA or own code, in any case; `None` when nobody knows it."""
        tidy = code.strip().upper()
        found = self._own.get(tidy) or self._own_iata.get(tidy)
        if found is not None or not tidy:
            return found
        listed = published().get(tidy)
        if listed is None:
            return None
        return self._own.get(listed.code, listed)

    def resolve(self, code: str, field: str) -> AirportFacts:
        """As `get`, but raises `Invalid` on `field`, naming the nearest airports, when nobody knows the code."""
        found = self.get(code)
        if found is None:
            raise Invalid.one(field, self._unknown(code))
        return found

    def _unknown(self, code: str) -> str:
        if not code.strip():
            return "An airport is missing. Give its ICAO or IATA code."
        typed = code.strip()[:40]
        nearest = [self._own.get(facts.code, facts).label for facts in published().nearest(typed)]
        advice = "A strip of your own is added under Settings > Airports."
        meant = f" Nearest: {'; '.join(nearest)}." if nearest else ""
        return f"“{typed}” is not the code of an airport known here.{meant} {advice}"


def resolver(operator_id: int) -> Resolver:
    """For many codes. One statement."""
    return Resolver(overrides(operator_id))


def resolve(operator_id: int, code: str, field: str = "airport") -> AirportFacts:
    """The airport with an ICAO, IATA or own code. One statement. Raises `Invalid` with the nearest suggestions."""
    return resolver(operator_id).resolve(code, field)


def overrides(operator_id: int) -> list[AirportFacts]:
    """The operator's own airports, by code. One statement."""
    return [_facts(row) for row in AirportOverride.objects.filter(operator_id=operator_id).order_by("code")]


def override(operator_id: int, code: str) -> AirportFacts:
    """The operator's own word on one airport. One statement. Raises `NotFound`."""
    for facts in overrides(operator_id):
        if facts.code == code.strip().upper():
            return facts
    raise NotFound(f"Your own airport “{code}”")


def find(operator_id: int, text: str, limit: int = 10) -> list[AirportFacts]:
    """Airports whose code, city or name starts with the text, the operator's own first. One statement.

    When none does, the nearest are given, so that a typing mistake still finds something.
    """
    typed = text.strip()[:80]
    if not typed or limit < 1:
        return []
    own = {facts.code: facts for facts in overrides(operator_id)}
    words, capitals = searchable_text(typed), typed.upper()
    first = [
        facts
        for facts in own.values()
        if facts.code.startswith(capitals)
        or (facts.iata and facts.iata.startswith(capitals))
        or (words and f" {words}" in searchable(facts))
    ]
    listed = published().starting(typed)
    if not first and not listed:
        listed = published().nearest(typed, limit)
    return (first + [facts for facts in listed if facts.code not in own])[:limit]


def distance_nm(one: AirportFacts, other: AirportFacts) -> float:
    """The shortest way over the WGS 84 ellipsoid, in nautical miles."""
    way = Geodesic.WGS84.Inverse(
        one.latitude, one.longitude, other.latitude, other.longitude, outmask=Geodesic.DISTANCE
    )
    return float(way["s12"]) / METRES_PER_NM


def _facts(row: AirportOverride) -> AirportFacts:
    return AirportFacts(
        code=row.code,
        iata=row.iata,
        name=row.name,
        city=row.city,
        country=row.country,
        latitude=row.latitude,
        longitude=row.longitude,
        time_zone=row.time_zone,
        own=True,
    )
