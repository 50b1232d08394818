"""The snapshot cursor that a page is rendered at, so that its stream starts exactly there."""

from __future__ import annotations

import re

from django.db import connection

from airstair.changes.cursor import CURRENT

_WRITTEN = re.compile(r"[0-9]{1,20}:[0-9]{1,20}:(?:[0-9]{1,20}(?:,[0-9]{1,20})*)?")
_LONGEST = 4000  # a snapshot names the transactions under way; more than some hundreds is not one of ours


def current_cursor() -> str:
    """The cursor of this moment. One statement; to be taken before the page reads anything else."""
    with connection.cursor() as cursor:
        cursor.execute(CURRENT)
        return str(cursor.fetchone()[0])


def readable(cursor: str) -> bool:
    """Whether the text has the form of a cursor. What only PostgreSQL can refuse, it still may."""
    return len(cursor) <= _LONGEST and _WRITTEN.fullmatch(cursor) is not None
