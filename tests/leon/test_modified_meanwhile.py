"""A time as a cursor misses nothing, however long somebody's transaction takes."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from tests.leon.conftest import Leon
from tests.records.conftest import World

from airstair.changes import lately
from airstair.kernel.scope import operator_scope
from airstair.records.flights.commands import WatchInput, watch_flight

QUERY = """query($t: DateTime!) { flights { getModifiedFlightList(dateTime: $t) {
    changed { flightNid } timestamp } } }"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("LEO-02", "LEO-06")
def test_what_a_slow_transaction_wrote_is_told_after_it_ends(
    world: World, leon: Leon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It began before a poll and ended after: its change is older than that poll, and unseen by it."""
    monkeypatch.setattr(lately, "_MARGIN", timedelta(0))  # so that no small wait hides what is proved here
    flight = world.flight()
    written, go_on = threading.Event(), threading.Event()
    began = []

    def slowly() -> None:
        try:
            with operator_scope(world.id), transaction.atomic():
                watch_flight(world.ops, flight.id, WatchInput(pax=3))
                began.append(_transaction_began())
                written.set()
                go_on.wait(30)
        finally:
            connection.close()

    def poll(since: Any) -> dict[str, Any]:
        return leon(QUERY, t=since)["flights"]["getModifiedFlightList"]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE changes_change SET at = at - interval '1 hour'")
    thread = threading.Thread(target=slowly)
    thread.start()
    try:
        assert written.wait(30)
        assert lately.settled() == began[0]
        meanwhile = poll(int(began[0].timestamp()))
        assert meanwhile["changed"] == [] and meanwhile["timestamp"] == int(began[0].timestamp())
    finally:
        go_on.set()
        thread.join(30)
    assert lately.settled() > began[0]
    assert poll(meanwhile["timestamp"])["changed"] == [{"flightNid": flight.id}]


def _transaction_began() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        found: datetime = cursor.fetchone()[0]
    return found
