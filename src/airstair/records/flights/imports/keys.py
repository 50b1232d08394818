"""Which imported flights the record has that a file may mean, by their import keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection

from airstair.records.flights.imports.matching import NEAR, Key
from airstair.records.flights.imports.rows import FileFlight

_MARGIN = NEAR + timedelta(days=1)


def keys_near(operator_id: int, flights: Sequence[FileFlight]) -> dict[Key, bool]:
    """Keys of the flights with a number and ADEP that the file has, around its days; with whether each was deleted.

    One statement. The caller holds the operator's imports, so that no key changes meanwhile.
    """
    if not flights:
        return {}
    first = min(flight.std for flight in flights)
    last = max(flight.std for flight in flights)
    groups = sorted({f"{flight.number}/{flight.adep}" for flight in flights})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT import_key, deleted FROM flights_flight WHERE operator_id = %s AND import_key IS NOT NULL"
            " AND split_part(import_key, '/', 1) || '/' || split_part(import_key, '/', 2) = ANY(%s)"
            " AND split_part(import_key, '/', 3) COLLATE \"C\" BETWEEN %s AND %s",
            [operator_id, groups, _text(first - _MARGIN), _text(last + _MARGIN)],
        )
        return {Key.read(text): deleted for text, deleted in cursor.fetchall()}


def _text(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%MZ")
