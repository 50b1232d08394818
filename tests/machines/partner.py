"""The two partners of these tests, as add-ons that every process of the site registers.

Each aircraft's document is the number in the notes of its flight, which only grows: an earlier state after a later one
shows as a smaller number.
"""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from typing import Any

from tests.hub.own_partner import OwnSettings, own_addon, read

from airstair.hub.flows import Backoff, Budget, Call, Document
from airstair.kernel.outcome import Outcome

BUDGET = Budget(calls=9, per=timedelta(seconds=2), burst=3)
HOST = "SITE_HOST"  # the variable that names the host that a process runs on


def register_addons() -> None:
    """`plain`: on change. `counted`: the same, with one account and a budget for all its connections."""
    retry = Backoff(first=timedelta(seconds=0.2), longest=timedelta(seconds=1), tries=50)
    facts: dict[str, Any] = {"document": numbered, "send": put, "retry": retry, "deadline": timedelta(seconds=10)}
    own_addon("plain", **facts)
    own_addon("counted", budget=BUDGET, **facts)


def numbered(snapshot: Any, settings: OwnSettings, now: datetime) -> Document:
    """The tail, and the number that the flight's notes are."""
    numbers = [int(activity.notes) for activity in snapshot.activities if activity.notes]
    body = {"tail": snapshot.aircraft.registration, "number": max(numbers, default=0)}
    return Document(body=json.dumps(body).encode())


async def put(call: Call) -> list[Outcome]:
    """One PUT; says from which host."""
    (one,) = call.documents
    headers = {"X-Host": os.environ.get(HOST, "")}
    answer = await call.http.request("PUT", call.settings.base_url, headers=headers, body=one.document.body)
    return [read(answer, call.now)]
