"""The statements that read the change log with a cursor: each change once, whatever is under way beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airstair.changes.cursor import CURRENT, READ_NEW, READ_NEW_BUT_MANY, READ_NEW_OF_OPERATOR
from airstair.hub.engine.dispatcher import database_address
from airstair.hub.engine.store import connect

pytestmark = pytest.mark.req("HUB-21")

_WRITE = """
INSERT INTO changes_change (operator_id, actor_kind, actor_key, actor_label, kind, subject_kind, subject_id, title,
                            units, bulk)
SELECT %s, 'system', 'k', 'l', 'test.written', 'flight', 1, 't', '{}', %s FROM generate_series(1, %s)
RETURNING seq
"""
# What the statements mean, said without an index in mind.
_PLAINLY = """
SELECT seq FROM changes_change
 WHERE kind = 'test.written' AND NOT pg_visible_in_snapshot(xid, %s::pg_snapshot) ORDER BY seq
"""
WRITERS = 3
_STEPS = st.lists(
    st.tuples(st.sampled_from(["begin", "write", "savepoint", "commit", "roll back", "look"]), st.integers(0, 2)),
    min_size=4,
    max_size=24,
)


@pytest.fixture
def sessions(transactional_db: None) -> Iterator[list[psycopg.Connection]]:
    opened = [psycopg.connect(database_address()) for _ in range(WRITERS)]
    yield opened
    for one in opened:
        one.close()


class Log:
    """Several writers of the log, and cursors taken at many moments."""

    def __init__(self, writers: list[psycopg.Connection], operator: int) -> None:
        self.writers = writers
        self.operator = operator
        self.reader = psycopg.connect(database_address(), autocommit=True)
        self.cursors: list[str] = []
        self.heard: dict[str, list[int]] = {}

    def step(self, what: str, who: int) -> None:
        writer = self.writers[who]
        if what == "begin":
            writer.execute("SELECT pg_current_xact_id()")  # it has its number, and nothing to show yet
        elif what == "write":
            writer.execute(_WRITE, [self.operator, who == 2, 3])
        elif what == "savepoint":
            with writer.transaction():
                writer.execute(_WRITE, [self.operator, False, 1])
        elif what == "commit":
            writer.commit()
        elif what == "roll back":
            writer.rollback()
        else:
            self.cursors.append(self._rows(CURRENT, {})[0][0])
        self.compare()

    def compare(self) -> None:
        """Every statement finds from every cursor what is plainly new."""
        for cursor in self.cursors:
            plainly = [row[0] for row in self.reader.execute(_PLAINLY, [cursor]).fetchall()]
            for statement in (READ_NEW, READ_NEW_OF_OPERATOR):
                assert self._read(statement, cursor) == plainly
            assert self._read(READ_NEW_BUT_MANY, cursor, most=10**6) == plainly

    def _read(self, statement: str, cursor: str, **more: Any) -> list[int]:
        found = self._rows(statement, {"cursor": cursor, "operator": self.operator, **more})
        return [row[2] for row in found if row[2] is not None]

    def _rows(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        return self.reader.execute(statement, values).fetchall()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=_STEPS)
def test_each_change_is_new_from_the_cursors_that_have_not_seen_it(
    sessions: list[psycopg.Connection], steps: list[tuple[str, int]]
) -> None:
    for writer in sessions:
        writer.rollback()
    log = Log(sessions, 1)
    try:
        log.step("look", 0)
        for what, who in steps:
            log.step(what, who)
    finally:
        log.reader.close()


async def test_what_is_being_written_costs_readers_nothing(sessions: list[psycopg.Connection]) -> None:
    """An import writes its changes last, and commits them a while later: they are passed over as one."""
    writer, *_ = sessions
    writer.execute("SELECT pg_current_xact_id()")
    async with await connect(database_address()) as reader:
        (cursor,) = await (await reader.execute(CURRENT)).fetchone() or ("",)
        writer.execute(_WRITE, [1, True, 20_000])
        for statement, more in ((READ_NEW, {}), (READ_NEW_BUT_MANY, {"most": 500})):
            explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}"
            found = await (await reader.execute(explain, {"cursor": cursor, **more})).fetchone()
            assert found is not None
            plan = found[0][0]["Plan"]
            # A few for each transaction under way, of whatever database in the cluster; not some for each row.
            assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] < 80
    writer.rollback()


async def test_the_engine_reads_by_index_and_compiles_nothing(transactional_db: None) -> None:
    async with await connect(database_address()) as engine:
        for setting in ("enable_seqscan", "jit"):
            row = await (await engine.execute(f"SHOW {setting}")).fetchone()
            assert row == ("off",), setting
