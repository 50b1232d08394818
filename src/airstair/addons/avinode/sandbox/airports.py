"""Airports as the imitated Avinode knows them: by ICAO, IATA or FAA code, with coordinates.

Avinode checks codes "against current industry official records" (documented); here the record is the
`airportsdata` package.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import airportsdata
from geographiclib.geodesic import Geodesic

METRES_PER_NM = 1852.0
# Assumed: how Avinode computes flight times is not public. A light jet's block speed, and taxi with climb.
BLOCK_SPEED_KT = 400.0
FIXED_MINUTES = 20.0


def _untyped(airports: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return dict(airports)


@functools.cache
def _by_icao() -> dict[str, dict[str, Any]]:
    return _untyped(airportsdata.load("ICAO"))


@functools.cache
def _by_iata() -> dict[str, dict[str, Any]]:
    return _untyped(airportsdata.load("IATA"))


@functools.cache
def _by_faa() -> dict[str, dict[str, Any]]:
    return _untyped(airportsdata.load("LID"))


def record_of(code: str | None) -> dict[str, Any] | None:
    """The airport with this ICAO (or, failing that, IATA or FAA) code."""
    if not code:
        return None
    return _by_icao().get(code) or _by_iata().get(code) or _by_faa().get(code)


def own_code(airport: dict[str, Any]) -> str:
    """The code by which the sandbox stores an airport: ICAO where there is one, else IATA, else FAA."""
    return str(airport["icao"] or airport["iata"] or airport["lid"])


def resolve(sent: object) -> tuple[str | None, str]:
    """An airport as a client wrote it -> (stored code or None if there is no such airport, the code as written).

    Accepted: an object with `icao` (documented), `iata` or `faa` (assumed for uploads), in any letter case, each looked
    up as the kind of code it is called; and a bare code of any kind.
    """
    if not isinstance(sent, dict):
        code = sent.strip().upper() if isinstance(sent, str) else ""
        found = record_of(code)
        return (own_code(found) if found is not None else None), code
    named = {str(name).lower(): value for name, value in sent.items()}
    written = ""
    for name, table in (("icao", _by_icao), ("iata", _by_iata), ("faa", _by_faa)):
        value = named.get(name)
        code = value.strip().upper() if isinstance(value, str) else ""
        written = written or code
        if code and code in table():
            return own_code(table()[code]), code
    return None, written


def as_json(code: str | None) -> dict[str, Any] | None:
    """An airport in an answer: codes, name, place (documented/observed members)."""
    airport = record_of(code)
    if airport is None:
        return None
    codes = [airport["icao"], airport["iata"], airport["lid"]]
    return {
        "id": f"airport-{own_code(airport)}",
        "type": "airports",
        "icao": airport["icao"] or None,
        "iata": airport["iata"] or None,
        "faa": airport["lid"] or None,
        "name": airport["name"],
        "displayName": f"{airport['city']} {airport['name']}".strip(),
        "displayCodes": " / ".join(dict.fromkeys(part for part in codes if part)),
        "city": airport["city"],
        "province": {"code": airport["subd"]},
        "country": {"code": airport["country"]},
    }


def search(words: str, starts_with: bool) -> list[str]:
    """Codes of the airports whose code, name or city contains (or starts with) the words, codes first."""
    wanted = words.strip().lower()
    found: list[tuple[int, str]] = []
    for code, airport in _by_icao().items():
        codes = [airport["icao"].lower(), airport["iata"].lower(), airport["lid"].lower()]
        texts = [airport["name"].lower(), airport["city"].lower()]
        if wanted in codes:
            found.append((0, code))
        elif any(part.startswith(wanted) for part in (*codes, *texts)):
            found.append((1, code))
        elif not starts_with and any(wanted in part for part in texts):
            found.append((2, code))
    return [code for _, code in sorted(found)]


@functools.lru_cache(maxsize=4096)
def distance_nm(one: str | None, other: str | None) -> float | None:
    """Distance along the earth between two airports, or None when one is unknown."""
    first, second = record_of(one), record_of(other)
    if first is None or second is None:
        return None
    line = Geodesic.WGS84.Inverse(first["lat"], first["lon"], second["lat"], second["lon"], Geodesic.DISTANCE)
    return float(line["s12"]) / METRES_PER_NM


def flight_minutes(one: str | None, other: str | None) -> float | None:
    """Assumed block time between two airports: 0 for the same one, None when one is unknown."""
    distance = distance_nm(one, other)
    if distance is None:
        return 0.0 if one is not None and one == other else None
    return 0.0 if distance < 1 else FIXED_MINUTES + distance / BLOCK_SPEED_KT * 60


def passes_near(start: str | None, end: str | None, place: str, within_nm: float) -> bool:
    """Whether the line from `start` to `end` passes within that many nautical miles of `place`."""
    track, one, other = distance_nm(start, end), distance_nm(start, place), distance_nm(end, place)
    if track is None or one is None or other is None:
        return False
    if min(one, other) <= within_nm:
        return True
    if track < 1:
        return False
    # Spherical cross-track distance: good to a fraction of a percent, and the search is meant to be fuzzy.
    radius = 3440.065
    from_point, to_point, at = record_of(start), record_of(end), record_of(place)
    assert from_point and to_point and at
    off = math.radians(_bearing(from_point, at) - _bearing(from_point, to_point))
    across = math.asin(math.sin(one / radius) * math.sin(off)) * radius
    along = math.acos(max(-1.0, min(1.0, math.cos(one / radius) / math.cos(across / radius)))) * radius
    return abs(across) <= within_nm and math.cos(off) > 0 and along <= track


def _bearing(one: dict[str, Any], other: dict[str, Any]) -> float:
    line = Geodesic.WGS84.Inverse(one["lat"], one["lon"], other["lat"], other["lon"], Geodesic.AZIMUTH)
    return float(line["azi1"])
