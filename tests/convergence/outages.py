"""What the end of the database looks like from inside a command, and how to wait until it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import psycopg
from django.db import Error as DjangoDatabaseError
from django.db import InterfaceError as DjangoInterfaceError
from django.db import connection as database

T = TypeVar("T")
DATABASE_ERRORS = (DjangoDatabaseError, psycopg.Error)
_PATIENCE = 60.0  # seconds that the database may be away


class Interrupted(Exception):
    """The database went away, and what was asked for has not been done."""


def went_away(error: BaseException) -> bool:
    """Whether it says that the database is not there; not that a statement was wrong, or two in each other's way."""
    if isinstance(error, DjangoDatabaseError) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, psycopg.Error) and error.sqlstate:
        return error.sqlstate.startswith(("08", "57P"))  # connection exceptions; shut down, crashed, starting up
    return isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError, DjangoInterfaceError))


def when_it_is_back(read: Callable[[], T]) -> T:
    """What `read` answers once the database is there again. Nothing of before is under way any more then."""
    until = time.monotonic() + _PATIENCE
    while True:
        database.close()
        try:
            return read()
        except DATABASE_ERRORS as error:
            if not went_away(error) or time.monotonic() > until:
                raise
            time.sleep(0.05)
