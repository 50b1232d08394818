"""A further database in the private cluster: made once, for the same role, which is no superuser there either."""

from __future__ import annotations

from pathlib import Path

import psycopg

from airstair.running.beside import make_beside
from airstair.running.cluster import Cluster


def test_a_database_beside_is_made_once(folder: Path) -> None:
    cluster = Cluster(folder / "database")
    cluster.start()
    try:
        for _ in range(2):
            address = make_beside(cluster, "another")
            assert address.endswith("/another") and address.rpartition("/")[0] == cluster.url.rpartition("/")[0]
            with psycopg.connect(address) as session:
                session.execute("CREATE TABLE IF NOT EXISTS mine (id int)")
                found = session.execute("SELECT usesuper FROM pg_user WHERE usename = current_user").fetchone()
                assert found == (False,)
    finally:
        cluster.stop()
