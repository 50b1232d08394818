"""Making Connect's database where there is none yet. Needs a role that may create databases, or an owner who did."""

from __future__ import annotations

import psycopg
from django.conf import settings
from psycopg import sql

from connect.errors import ConnectError

_THERE = "SELECT 1 FROM pg_database WHERE datname = %s"


def make_database() -> bool:
    """Whether it had to be made. Raises `ConnectError` with the next step."""
    wanted = settings.DATABASES["default"]
    name = str(wanted["NAME"])
    where = {"host": wanted["HOST"], "port": wanted["PORT"] or None, "user": wanted["USER"] or None}
    where["password"] = wanted["PASSWORD"] or None
    given = {key: str(value) for key, value in where.items() if value}
    try:
        with psycopg.connect(dbname=name, connect_timeout=10, **given):  # type: ignore[arg-type]
            return False
    except psycopg.OperationalError as problem:
        missing = str(problem)
    try:
        with psycopg.connect(dbname="postgres", connect_timeout=10, autocommit=True, **given) as session:  # type: ignore[arg-type]
            if session.execute(_THERE, [name]).fetchone():
                raise ConnectError(f"The database {name} does not let Connect in: {_line(missing)}")
            made = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name))
            session.execute(made)
    except psycopg.Error as problem:
        raise ConnectError(
            f"Connect's database {name} is not there and cannot be made: {_line(str(problem))} "
            f"Make it: CREATE DATABASE {name} OWNER {wanted['USER'] or 'connect'}; "
            "or name another in CONNECT_DATABASE_URL."
        ) from problem
    return True


def _line(said: str) -> str:
    return " ".join(said.split())[:300]
