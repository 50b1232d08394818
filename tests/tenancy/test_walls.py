"""Row-level security itself, table by table, in plain SQL: what the database lets a session see and write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from airstair.changes.keys import OperatorRow
from airstair.changes.walls import OPERATORS, POLICY, build_walls, walled
from airstair.kernel.scope import all_operators, current, no_operator, operator_scope

TABLES = walled()
MINE, THEIRS = 900_000_000_001, 900_000_000_002
# A value that each type takes; which one does not matter, because the test's transaction drops the checks.
VALUES = {
    "int2": "1", "int4": "1", "int8": "1", "float8": "1", "numeric": "1", "bool": "false", "varchar": "'x'",
    "text": "'x'", "jsonb": "'{}'", "bytea": "''", "timestamptz": "now()", "date": "now()", "xid8": "'1'",
    "interval": "'1 h'",
}  # fmt: skip


def run(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else cursor.rowcount


def row_of(operator_id: int, table: str) -> str:
    """A statement that inserts a row of the operator, whatever the table's columns are."""
    columns = run(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = %s"
        " AND table_schema = current_schema() AND (is_nullable = 'NO' OR column_name = %s)",
        table,
        TABLES[table],
    )
    literals = {name: "'{}'" if kind.startswith("_") else VALUES[kind] for name, kind in columns}
    literals |= {name: f"right('{operator_id}', 2)" for name in literals if name == "code"}
    literals[TABLES[table]] = str(operator_id)
    names = ", ".join(f'"{name}"' for name in literals)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(literals.values())})'


@pytest.fixture
def one_row(db: None, request: pytest.FixtureRequest) -> str:
    """The table, with one row of the operator MINE and no checks: the transaction around the test undoes both."""
    table: str = request.param
    for (name,) in run(
        "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f')", table
    ):
        run(f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"')
    assert run(row_of(MINE, table)) == 1
    return table


@contextmanager
def refused() -> Iterator[None]:
    with pytest.raises(DatabaseError) as refusal, transaction.atomic():
        yield
    assert isinstance(refusal.value.__cause__, psycopg.errors.InsufficientPrivilege), refusal.value
    assert "row-level security" in str(refusal.value)


@pytest.mark.django_db
def test_every_table_that_names_an_operator_is_walled_off_for_its_owner_too() -> None:
    named = {row[0] for row in run(
        "SELECT table_name FROM information_schema.columns"
        " WHERE column_name = 'operator_id' AND table_schema = current_schema()"
    )}  # fmt: skip
    assert named | {OPERATORS} == set(TABLES)
    assert {model._meta.db_table for model in OperatorRow.__subclasses__()} <= set(TABLES)
    standing = run(
        "SELECT c.relname, c.relrowsecurity, c.relforcerowsecurity, array_agg(p.polname::text || ' ' || p.polcmd::text)"
        "  FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid AND p.polqual IS NOT NULL"
        "   AND p.polwithcheck IS NOT NULL AND p.polroles = '{0}'"
        " WHERE c.relname = ANY(%s) GROUP BY c.oid",
        list(TABLES),
    )
    assert standing and all(row[1:] == (True, True, [f"{POLICY} *"]) for row in standing)
    assert {row[0] for row in standing} == set(TABLES)


@pytest.mark.django_db
def test_the_tests_role_is_one_that_the_walls_hold_for() -> None:
    assert run("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False,)]


@pytest.mark.parametrize("one_row", sorted(TABLES), indirect=True)
def test_another_operator_finds_changes_and_adds_nothing(one_row: str) -> None:
    column = TABLES[one_row]
    for scope, writes in ((operator_scope(THEIRS), THEIRS), (no_operator(), None)):
        with scope:
            assert run(f'SELECT * FROM "{one_row}"') == []
            assert run(f'SELECT * FROM "{one_row}" WHERE {column} = %s', MINE) == []
            assert run(f'UPDATE "{one_row}" SET {column} = {column}') == 0
            assert run(f'DELETE FROM "{one_row}"') == 0
            with refused():
                run(row_of(MINE, one_row))
            if writes is None:
                with refused():
                    run(row_of(THEIRS, one_row))
    with operator_scope(MINE), refused():
        run(f'UPDATE "{one_row}" SET {column} = %s', THEIRS)  # given away


@pytest.mark.parametrize("one_row", sorted(TABLES), indirect=True)
def test_the_operator_itself_does(one_row: str) -> None:
    with all_operators():
        run(row_of(THEIRS, one_row))
        assert len(run(f'SELECT * FROM "{one_row}"')) == 2
    with operator_scope(MINE):
        assert len(run(f'SELECT * FROM "{one_row}"')) == 1
        assert run(f'UPDATE "{one_row}" SET {TABLES[one_row]} = {TABLES[one_row]}') == 1
        assert run(f'DELETE FROM "{one_row}"') == 1
    with all_operators():
        assert run(f'SELECT {TABLES[one_row]} FROM "{one_row}"') == [(THEIRS,)]


@pytest.mark.django_db
def test_a_table_that_lost_its_wall_or_has_an_old_one_gets_todays() -> None:
    assert build_walls() == []
    run("ALTER TABLE fleet_aircraft NO FORCE ROW LEVEL SECURITY")
    run(f"DROP POLICY {POLICY} ON flights_flight")
    run(f"COMMENT ON POLICY {POLICY} ON flights_trip IS 'of long ago'")
    assert set(build_walls()) == {"fleet_aircraft", "flights_flight", "flights_trip"}
    assert build_walls() == []


@pytest.mark.django_db
def test_a_database_from_before_gets_its_walls_with_migrate_and_keeps_its_rows() -> None:
    run(row_of(MINE, OPERATORS))
    for table in TABLES:
        run(f'DROP POLICY {POLICY} ON "{table}"')
        run(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
    with no_operator():
        assert run(f"SELECT id FROM {OPERATORS}") == [(MINE,)]
        call_command("migrate", verbosity=0, interactive=False)
        assert current() == ""
        assert run(f"SELECT id FROM {OPERATORS}") == []
    assert run(f"SELECT id FROM {OPERATORS}") == [(MINE,)]
    assert build_walls() == []


@pytest.mark.django_db
def test_what_is_no_operators_id_is_refused_rather_than_read() -> None:
    run(row_of(MINE, OPERATORS))
    for nonsense in ("1 OR true", "all", "**"):
        with pytest.raises(DatabaseError), transaction.atomic():
            run(f"SELECT set_config('airstair.operator', %s, true); SELECT * FROM {OPERATORS}", nonsense)
