"""The house keeps its shape: what imports cannot say about it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

from airstair.hub.registry import _found

SOURCE = Path(__file__).parents[2] / "src" / "airstair"
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# Tables that belong to no operator: people sign in to several, the budget of a partner account is shared,
# third parties' applications are registered for all.
WITHOUT_OPERATOR = {"operators_operator", "operators_user", "hub_account_budget", "access_application"}
# The change log is read for all of them at once; a call is signed as this installation's.
WITHOUT_OPERATOR |= {"webhook_cursor", "webhook_signing_key"}


def modules(*rooms: str) -> Iterator[Path]:
    for room in rooms or (".",):
        for path in sorted((SOURCE / room).rglob("*.py")):
            if not {"migrations", "tests"} & set(path.relative_to(SOURCE).parts):
                yield path


def every_module() -> Iterator[Path]:
    """Of both programs: Airstair's, and Connect's, which is built the same way."""
    yield from modules()
    for path in sorted((SOURCE.parent / "connect").rglob("*.py")):
        if "migrations" not in path.parts:
            yield path


def place(path: Path) -> str:
    return str(path.relative_to(SOURCE.parent))


def test_no_file_is_too_long() -> None:
    lengths = {place(path): path.read_text().count("\n") for path in every_module()}
    too_long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE}
    assert not too_long, "Divide them by what their parts are for."


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of its body, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    assert function.end_lineno is not None
    return function.end_lineno - (body[0].lineno if body else function.lineno) + 1


def test_no_function_is_too_long() -> None:
    every = ((path, function) for path in every_module() for function in functions(path))
    too_long = {f"{place(path)}: {one.name}": length(one) for path, one in every if length(one) > LONGEST_FUNCTION}
    assert not too_long, "Divide them."


def test_every_module_says_what_it_is_for() -> None:
    without = [
        place(path)
        for path in every_module()
        if path.name != "apps.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not without, "They need a docstring."


def test_no_partners_name_in_the_hub() -> None:
    partners = list(_found())  # those that are installed: other tests register some of their own
    assert partners
    for path in modules("hub", "kernel", "changes", "records", "sandbox"):
        for partner in partners:
            assert partner not in path.read_text().lower(), f"{place(path)} names the partner {partner}."


_WRITES = re.compile(
    r"\.objects\.(create|bulk_create|bulk_update|update_or_create|get_or_create)\(|\.save\(|\.delete\(\)"
)


def test_only_commands_write_the_record() -> None:
    """Pages, command line and add-ons call commands; nothing else saves a model."""
    for path in [*modules("web", "cli", "addons", "demo", "kernel"), *modules("../connect/pages", "../connect/wire")]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if _WRITES.search(line) and "form" not in line and "session" not in line:
                pytest.fail(f"{place(path)}:{number} writes a model: {line.strip()}")


@pytest.mark.django_db
def test_the_operator_comes_first_in_every_key() -> None:
    own = ("changes", "operators", "access", "places", "fleet", "flights", "people", "endorsements", "crewing", "hub")
    own += ("webhooks",)
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if model._meta.app_label not in own or table in WITHOUT_OPERATOR:
                continue
            constraints = connection.introspection.get_constraints(cursor, table)
            (primary,) = [c for c in constraints.values() if c["primary_key"]]
            assert primary["columns"][0] == "operator_id", f"{table}: its primary key must begin with the operator."
            for name, one in constraints.items():
                to = one["foreign_key"]
                if to and one["columns"] != ["operator_id"] and to[0] != "operators_user":
                    assert one["columns"][0] == "operator_id", f"{table}: {name} could point at another's row."


RECORDS = ("operators", "access", "places", "fleet", "flights", "people", "endorsements", "crewing")


@pytest.mark.django_db
def test_every_table_of_an_operator_refers_to_its_operator() -> None:
    with connection.cursor() as cursor:
        for model in apps.get_models():
            table = model._meta.db_table
            if model._meta.app_label in RECORDS and table not in WITHOUT_OPERATOR:
                constraints = connection.introspection.get_constraints(cursor, table)
                assert any(c["foreign_key"] and c["columns"] == ["operator_id"] for c in constraints.values()), table
