"""Many rows in one statement: they travel as one parameter, a JSON array. Called by commands only.

Django's own ways write each value into the statement's text by itself, which takes 0.3 ms of a core for a row, and an
import pays that several times for each flight. This takes a thirtieth of it. The changes of an import are written last
and so are uncommitted for as short a time as can be: every reader of the log has to step over them meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import connection, models

_AT_ONCE = 5_000  # rows in one statement


def insert_rows(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Insert the rows, all with the same fields, in their order; fields not given hold the model's default.

    Values are what JSON can say: texts, numbers, times with a zone, `Decimal`; lists and mappings of these for array
    and JSON columns. Raises `IntegrityError` and `DataError` as Django's own way does.
    """
    wanted = list(rows)
    if not wanted:
        return
    defaults = _defaults(model, wanted[0].keys())
    names = [*wanted[0], *defaults]
    columns = ", ".join(connection.ops.quote_name(name) for name in names)
    _execute(
        f"INSERT INTO {model._meta.db_table} ({columns}) SELECT {columns} FROM {_new(model, names)}",  # noqa: S608
        [{**row, **defaults} for row in wanted],
    )


def update_rows(model: type[models.Model], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write the given fields of rows that are there, all the same fields; `operator_id` and `id` say which rows."""
    wanted = list(rows)
    if not wanted:
        return
    names = list(wanted[0])
    columns = [connection.ops.quote_name(name) for name in names if name not in ("operator_id", "id")]
    _execute(
        f"UPDATE {model._meta.db_table} AS old SET {', '.join(f'{one} = new.{one}' for one in columns)}"  # noqa: S608
        f" FROM {_new(model, names)} WHERE (old.operator_id, old.id) = (new.operator_id, new.id)",
        wanted,
    )


def _defaults(model: type[models.Model], given: Iterable[str]) -> dict[str, Any]:
    left = (one for one in model._meta.concrete_fields if one.attname not in given)
    return {one.attname: one.get_default() for one in left if one.has_default()}


def _new(model: type[models.Model], names: Iterable[str]) -> str:
    """The parameter as a table `new` with columns of the model's types."""
    types = {one.attname: one.db_type(connection) for one in model._meta.concrete_fields}
    typed = ", ".join(f"{connection.ops.quote_name(name)} {types[name]}" for name in names)
    return f"jsonb_to_recordset(%s::jsonb) AS new({typed})"


def _execute(statement: str, rows: Sequence[Mapping[str, Any]]) -> None:
    with connection.cursor() as cursor:
        for start in range(0, len(rows), _AT_ONCE):
            cursor.execute(statement, [msgspec.json.encode(rows[start : start + _AT_ONCE]).decode()])
