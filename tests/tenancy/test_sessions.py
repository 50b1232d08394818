"""The session says for which operator it works: told before a statement, and only when it would not be so already."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from django.db import connection, transaction

from airstair.changes import sessions
from airstair.kernel.scope import all_operators, current, no_operator, operator_scope

pytestmark = pytest.mark.django_db(transaction=True)


def says() -> str:
    """What the session works for, by its own word."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('airstair.operator', true)")
        return str(cursor.fetchone()[0] or "")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the session was told each time that it was, in order."""
    found: list[str] = []
    original = sessions._tell

    def tell(raw: psycopg.Connection, wanted: str) -> None:
        found.append(wanted)
        original(raw, wanted)

    monkeypatch.setattr(sessions, "_tell", tell)
    yield found


def test_it_follows_the_scope_and_costs_nothing_while_that_stays(told: list[str]) -> None:
    with no_operator():
        says()
    told.clear()
    with operator_scope(7):
        assert [says(), says(), says()] == ["7", "7", "7"]
        with transaction.atomic():
            assert [says(), says()] == ["7", "7"]
    assert told == ["7"]
    with all_operators():
        assert says() == "*"
    with no_operator():
        assert says() == ""
    assert told == ["7", "*", ""]


def test_scopes_nest_and_end() -> None:
    with operator_scope(7):
        with all_operators():
            assert (current(), says()) == ("*", "*")
        assert (current(), says()) == ("7", "7")
        with operator_scope(8):
            assert says() == "8"
        assert says() == "7"


@pytest.mark.parametrize("fails", [False, True])
def test_a_rollback_takes_nothing_back_that_is_needed(fails: bool) -> None:
    with operator_scope(7):
        says()
    try:
        with transaction.atomic(), operator_scope(8):  # the transaction's first statement is told before it begins
            assert says() == "8"
            if fails:
                raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    with operator_scope(8):
        assert says() == "8"
    with operator_scope(7):
        assert says() == "7"


def test_a_scope_that_changes_within_a_transaction_holds_after_rolled_back_savepoints() -> None:
    with transaction.atomic(), operator_scope(7):
        assert says() == "7"
        with all_operators():
            assert says() == "*"
        try:
            with transaction.atomic(), operator_scope(8):
                assert says() == "8"
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        assert says() == "7"
        with operator_scope(8):
            assert says() == "8"
            try:
                with transaction.atomic():
                    assert says() == "8"
                    with connection.cursor() as cursor:
                        cursor.execute("SELECT 1/0")
            except Exception:  # noqa: BLE001 - only that it is over matters
                pass
            assert says() == "8"
    with operator_scope(7):
        assert says() == "7"


def test_a_connection_that_changes_hands_is_told_anew() -> None:
    held: dict[int, set[str]] = {}
    for turn in range(20):
        with operator_scope(7 + turn // 4):
            assert says() == str(7 + turn // 4)
            held.setdefault(id(connection.connection), set()).add(says())
            connection.close()  # back to the pool
    assert max(map(len, held.values())) > 1


def test_a_thread_begins_with_nothing() -> None:
    found: list[str] = []

    def look() -> None:
        found.extend((current(), says()))
        connection.close()

    with operator_scope(7):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found == ["", ""]
