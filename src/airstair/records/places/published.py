"""The published airports of the world (the open data set `airportsdata`), in memory. No database, no operator.

Loaded once per process, when first asked: it takes about a tenth of a second and 30 MB.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import cast

import airportsdata
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, JaroWinkler

from airstair.kernel.codes import looks_like_icao
from airstair.records.places.snapshots import AirportFacts

# A name has to be this much alike, of 100, before it is suggested; below, suggestions look like guesses.
_ALIKE = 80.0
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


class Published:
    """The list, by ICAO code and by IATA code."""

    def __init__(self, records: Iterable[Mapping[str, object]]) -> None:
        self.by_code: dict[str, AirportFacts] = {}
        self.by_iata: dict[str, str] = {}
        for row in records:
            code = str(row["icao"])
            # The list also has US strips under local identifiers such as 00AA: those are not ICAO codes, and
            # partners refuse them.
            if not looks_like_icao(code):
                continue
            facts = AirportFacts(
                code=code,
                iata=str(row["iata"]),
                name=str(row["name"]),
                city=str(row["city"]),
                country=str(row["country"]),
                latitude=float(str(row["lat"])),
                longitude=float(str(row["lon"])),
                time_zone=str(row["tz"]),
            )
            self.by_code[code] = facts
            if facts.iata:
                self.by_iata[facts.iata] = code
        self._places = {code: searchable(facts) for code, facts in self.by_code.items()}

    def get(self, code: str) -> AirportFacts | None:
        """The airport with this ICAO or IATA code, in capitals."""
        return self.by_code.get(code) or self.by_code.get(self.by_iata.get(code, ""))

    def starting(self, text: str) -> list[AirportFacts]:
        """Airports whose code starts with the text, or whose city or name has a word that does; best first."""
        capitals, words = text.upper(), searchable_text(text)
        by_code = [f for code, f in self.by_code.items() if code.startswith(capitals) or f.iata.startswith(capitals)]
        by_code.sort(key=lambda f: (capitals not in (f.code, f.iata), not f.iata, f.code))
        codes = {f.code for f in by_code}
        by_name = [
            self.by_code[code] for code, place in self._places.items() if f" {words}" in place and code not in codes
        ]
        by_name.sort(key=lambda f: (searchable_text(f.city) != words, not f.iata, f.city, f.code))
        return by_code + by_name if words else by_code

    def nearest(self, text: str, limit: int = 3) -> list[AirportFacts]:
        """The airports whose code, city or name is most like a mistyped one; best first, maybe none.

        One wrong, missing, surplus or swapped letter is forgiven in a code, more in a name.
        """
        scored: dict[str, tuple[float, bool, str]] = {}
        capitals, words = text.strip().upper(), searchable_text(text)
        if 2 <= len(capitals) <= 5:
            for known in (self.by_code, self.by_iata):
                alike = process.extract(capitals, known.keys(), scorer=OSA.distance, score_cutoff=1, limit=60)
                for key, _, _ in alike:
                    # Among those one letter away, the ones that begin as typed: the first letters name the region.
                    self._note(scored, self.by_iata.get(key, key), 1.0 - JaroWinkler.similarity(capitals, key))
        # K and the IATA code is how US codes are made; where an airport was renamed, only the IATA code stayed.
        if len(capitals) == 4 and (renamed := self.by_iata.get(capitals[1:])):
            self._note(scored, renamed, 0.05)
        if len(words) >= 3:
            for facts in self.starting(words)[:20]:
                self._note(scored, facts.code, 0.1)
        if len(words) >= 5:
            places = process.extract(words, self._places, scorer=fuzz.partial_ratio, score_cutoff=_ALIKE, limit=20)
            for _, score, code in places:
                self._note(scored, code, (100.0 - score) / 100)
        return [self.by_code[code] for code in sorted(scored, key=lambda code: scored[code])[:limit]]

    def _note(self, scored: dict[str, tuple[float, bool, str]], code: str, distance: float) -> None:
        score = (distance, not self.by_code[code].iata, code)  # airports with airline service first
        scored[code] = min(scored.get(code, score), score)


def searchable_text(text: str) -> str:
    """Lower case, with single blanks for whatever is not a letter or digit."""
    return _NOT_A_WORD.sub(" ", text.lower()).strip()


def searchable(facts: AirportFacts) -> str:
    """City and name for a search by the start of a word: every word has a blank before it."""
    return f" {searchable_text(facts.city)} {searchable_text(facts.name)}"


@lru_cache(maxsize=1)
def published() -> Published:
    """The list, loaded when first asked for."""
    return Published(cast("Iterable[Mapping[str, object]]", airportsdata.load().values()))
