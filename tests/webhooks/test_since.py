"""From where on a subscription hears: what its own transaction writes comes after, whatever others do meanwhile."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection, transaction

from airstair.changes.cursor import BEFORE_MINE, CURRENT
from airstair.hub.engine.dispatcher import database_address


def _one(statement: str, *values: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return str(cursor.fetchone()[0])


def _visible(xid: str, snapshot: str) -> bool:
    return _one("SELECT pg_visible_in_snapshot(%s::xid8, %s::pg_snapshot)", xid, snapshot) == "True"


@pytest.mark.req("LEO-05", "API-09")
@pytest.mark.parametrize("others", [0, 1, 3])
def test_our_own_transaction_is_never_before_it(transactional_db: None, others: int) -> None:
    with psycopg.connect(database_address()) as slow, transaction.atomic():
        earlier = str(slow.execute("SELECT pg_current_xact_id()").fetchone()[0])  # type: ignore[index]
        mine = _one("SELECT pg_current_xact_id()")
        done = []
        for _ in range(others):
            with psycopg.connect(database_address(), autocommit=True) as quick:
                done.append(str(quick.execute("SELECT pg_current_xact_id()").fetchone()[0]))  # type: ignore[index]
        since = _one(BEFORE_MINE)
        assert not _visible(mine, since) and not _visible(earlier, since)
        assert all(_visible(one, since) for one in done)
        assert not done or _visible(mine, _one(CURRENT)), "why it is not enough to ask for the snapshot"
