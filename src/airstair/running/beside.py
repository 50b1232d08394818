"""A further database in the private cluster, for a program that runs beside Airstair. Airstair never looks into it."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from airstair.running.cluster import ROLE, SUPERUSER, Cluster
from airstair.running.ports import LOOPBACK


def address_beside(url: str, name: str) -> str:
    """The address of the database `name` of the same server and role."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def make_beside(cluster: Cluster, name: str) -> str:
    """Its address; makes the database when there is none. The cluster must be running as ours."""
    record = cluster.record
    assert record is not None
    with psycopg.connect(
        host=LOOPBACK,
        port=record.port,
        user=SUPERUSER,
        password=record.superuser_password,
        dbname="postgres",
        autocommit=True,
    ) as session:
        if not session.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            made = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8'")
            session.execute(made.format(sql.Identifier(name), sql.Identifier(ROLE)))
            session.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name)))
    return address_beside(cluster.url, name)
