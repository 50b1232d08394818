"""Row-level security on every operator's table: the wall behind the queries, which name the operator themselves.

The tables are found in the models, so that a new one is walled off by the migration that makes it. Whoever owns the
tables is subject to it as well; a superuser never is, so processes must not connect as one (`running/home.py`).
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models

from airstair.changes.sessions import SETTING
from airstair.kernel import scope

POLICY = "operators_apart"
OPERATORS = "operators_operator"  # whose own id is the operator's

# Both parts are looked up once for each statement, not for each row. Where nothing is set they are null, and a row
# whose answer is null is not there. CASE, because the planner then takes it for half of the rows whatever it says: a
# comparison it would multiply with the query's own, and expect next to nothing from any table. The second part has a
# CASE too, since a parallel plan looks up both.
_RULE = f"""
CASE WHEN (SELECT current_setting('{SETTING}', true) = '{scope.ALL}') THEN true
     ELSE {{column}} = (SELECT CASE WHEN current_setting('{SETTING}', true) <> '{scope.ALL}'
                                   THEN nullif(current_setting('{SETTING}', true), '')::bigint END) END
"""

_STANDING = """
SELECT c.relname, c.relrowsecurity AND c.relforcerowsecurity, obj_description(p.oid, 'pg_policy')
  FROM pg_class c LEFT JOIN pg_policy p ON p.polrelid = c.oid AND p.polname = %s
 WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND c.relname = ANY(%s)
"""


def walled() -> dict[str, str]:
    """The tables that hold operators' rows, each with the column that says whose."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if table == OPERATORS:
            found[table] = "id"
        elif any(isinstance(f, models.Field) and f.column == "operator_id" for f in model._meta.get_fields()):
            found[table] = "operator_id"
    return found


def build_walls(using: str = DEFAULT_DB_ALIAS, **_: Any) -> list[str]:
    """Wall off what is not walled off yet, or not in today's way; answers those tables. Runs after every migration."""
    tables = walled()
    built = []
    with connections[using].cursor() as cursor:
        cursor.execute(_STANDING, [POLICY, list(tables)])
        for table, on, version in cursor.fetchall():
            rule = _RULE.format(column=tables[table])
            wanted = hashlib.sha256(rule.encode()).hexdigest()[:16]
            if not on or version != wanted:
                cursor.execute(_statements(connections[using].ops.quote_name(table), rule, wanted))
                built.append(table)
    return built


def _statements(table: str, rule: str, version: str) -> str:
    """Sent at once, and so one transaction: the table is never open in between."""
    return f"""
        DROP POLICY IF EXISTS {POLICY} ON {table};
        CREATE POLICY {POLICY} ON {table} USING ({rule}) WITH CHECK ({rule});
        COMMENT ON POLICY {POLICY} ON {table} IS '{version}';
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
    """
