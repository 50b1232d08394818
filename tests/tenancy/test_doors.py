"""Who may open the wall: every place that works for all operators, with its reason. Whoever needs another, says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "airstair"
OPENS = {"all_operators", "EVERYBODYS"}
DOORS = {
    "changes/apps.py _open_to_migrations": "a migration changes every operator's rows alike",
    "cli/records.py create_operator_command": "whether the code is taken, and where else the admin works",
    "cli/session.py open_operator": "the code says whose record it is",
    "demo/build.py build_demo": "whether the demo operator is there, and making it",
    "hub/engine/dispatcher.py database_address": "the engine reads one log for all, and serves all connections",
    "hub/engine/store.py connect": "the engine's own connections: leases, ledger, call log",
    "hub/levels.py levels": "sums over everybody, without a name",
    "hub/webhooks/engine/postman.py _all": "one reader of the log tells all operators' webhooks, each its own",
    "hub/worker.py work": "the worker's jobs look after all operators: watchman, mail, housekeeping",
    "records/operators/people.py reset_password": "whether the person works for somebody else too, and nothing more",
    "running/testing.py": "what tests set up and look at directly",
    "web/live/feed.py conninfo_of": "one reader of the log for all open pages; it hands each its own",
    "web/signing.py _places": "at sign-in the person is known, and not yet for whom they act",
}


def doors() -> Iterator[str]:
    for path in sorted(SOURCE.rglob("*.py")):
        place = path.relative_to(SOURCE).as_posix()
        if place in ("kernel/scope.py", "changes/sessions.py") or "tests" in path.parts:
            continue
        for statement in ast.parse(path.read_text()).body:
            inside = statement.body if isinstance(statement, ast.ClassDef) else [statement]
            for part in inside:
                if isinstance(part, ast.Import | ast.ImportFrom):
                    continue
                if any(isinstance(node, ast.Name) and node.id in OPENS for node in ast.walk(part)):
                    yield f"{place} {getattr(part, 'name', '')}".strip()


def test_nobody_else_works_for_all_operators() -> None:
    assert set(doors()) == set(DOORS)
