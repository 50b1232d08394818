"""Tells PostgreSQL for which operator Django's connection works, before each statement that would not find it so.

The session's setting `airstair.operator` follows `kernel/scope.py`. What the session was told stands on psycopg's own
connection, because pooled connections change hands. Connections that are opened without Django say it when they are
opened: `EVERYBODYS`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from psycopg.pq import ExecStatus, TransactionStatus

from airstair.kernel import scope

SETTING = "airstair.operator"
# For libpq's `options`: a connection of its own that works for all operators, such as the engine's.
EVERYBODYS = f"-c {SETTING}={scope.ALL}"

_TOLD = "_airstair_operator"  # what the session says; None: it may have been undone


def follow_scopes() -> None:
    """From now on every connection of Django's follows. Called once, when Django is made ready."""
    connection_created.connect(_begin_to_follow, dispatch_uid="airstair.operator")


def _begin_to_follow(connection: BaseDatabaseWrapper, **_: Any) -> None:
    # First, not last: whoever adds a wrapper for a while takes the last one away again.
    if _follow not in connection.execute_wrappers:
        connection.execute_wrappers.insert(0, _follow)


def _follow(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    connection = context["connection"]
    raw: psycopg.Connection[Any] = connection.connection
    wanted = scope.current()
    if getattr(raw, _TOLD, scope.NOBODY) != wanted:
        with connection.wrap_database_errors:
            _tell(raw, wanted)
    return execute(sql, params, many, context)


def _tell(raw: psycopg.Connection[Any], wanted: str) -> None:
    """One round trip. By libpq itself: psycopg would begin the transaction first, and a rollback undo what was told."""
    status = raw.info.transaction_status
    if status is TransactionStatus.INERROR:
        return  # nothing is answered but a rollback, which sees no rows
    told = raw.pgconn.exec_(f"SET {SETTING} = '{wanted}'".encode())
    if told.status != ExecStatus.COMMAND_OK:
        raise psycopg.OperationalError(told.error_message.decode("utf-8", "replace").strip())
    # Inside a transaction a rollback, of a savepoint too, takes it back unseen: it is told anew until that has ended.
    setattr(raw, _TOLD, wanted if status is TransactionStatus.IDLE else None)
