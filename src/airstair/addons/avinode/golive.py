"""Avinode's checklist for going live: twenty conditions, each passed, failed with evidence, or for a person to confirm.

Source: Avinode, Schedule upload, “Go Live! Implementation checklist” (documented), in our own words and its order.
`checklist` is pure; `received` fetches what the local sandbox has received. Nothing here calls Avinode itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from airstair.addons.avinode import golive_calls as calls
from airstair.addons.avinode import golive_documents as documents
from airstair.addons.avinode.golive_evidence import (
    Case,
    GoLiveEvidence,
    GoLiveItem,
    ReceivedCall,
    ShownCall,
    Verdict,
)

__all__ = ["GoLiveEvidence", "GoLiveItem", "ReceivedCall", "ShownCall", "Verdict", "checklist", "received"]

_CHECKS: tuple[tuple[str, Callable[[Case], documents.Judgement]], ...] = (
    ("Avinode's basic conditions for every application are met", calls.basic_conditions),
    ("Nothing is sent that is older than one month", documents.nothing_older_than_a_month),
    ("Every schedule holds an activity that ended in the past", documents.one_ended_activity),
    ("Every aircraft is sent at a regular interval", calls.regular_interval),
    ("Nobody can have an aircraft sent more often than every 5 minutes", calls.never_under_five_minutes),
    ("The same activity has the same id in every call", documents.same_ids),
    ("All times are in UTC", documents.times_in_utc),
    ("Start and end are block times", documents.block_times),
    ("Every activity of a trip names the trip", documents.external_trip_ids),
    ("Every booked flight names the Avinode requests it came from", documents.request_ids),
    ("Services can be sent, with their details", documents.services),
    ("A flight's regulation is sent when it is known", documents.regulations),
    ("Marketing is sent on empty legs alone", documents.marketing_on_empty_legs_only),
    ("An empty leg is verified only if a person marked it", documents.verified_by_a_person),
    ("Each company's calls use its own connection", calls.company_connection),
    ("An aircraft can have a connection of its own", calls.aircraft_connection),
    ("A failed call is not repeated", calls.no_retries),
    ("Users see each aircraft's latest call and its messages", calls.users_see_the_latest_call),
    ("Errors are handled as Avinode's guide suggests", calls.errors_are_handled),
    ("Every call names this software", calls.product_named),
)


def checklist(evidence: GoLiveEvidence) -> list[GoLiveItem]:
    """The twenty conditions in Avinode's order."""
    case = Case(evidence)
    items = []
    for number, (title, judge) in enumerate(_CHECKS, 1):
        verdict, shown = judge(case)
        items.append(GoLiveItem(number=number, title=title, verdict=verdict, evidence=shown))
    return items


async def received(sandbox_url: str) -> tuple[tuple[ReceivedCall, ...], dict[str, Any]]:
    """The calls that the local sandbox keeps, oldest first, and its own audit of all of them.

    Raises `aiohttp.ClientError` when it does not answer, `msgspec.DecodeError` when something else answers.
    """
    control = f"{sandbox_url.rstrip('/')}/control/avinode"
    timeout = aiohttp.ClientTimeout(total=30)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
        async with session.get(f"{control}/calls", params={"limit": "5000"}) as answer:
            kept = msgspec.json.decode(await answer.read(), type=tuple[ReceivedCall, ...])
        async with session.get(f"{control}/audit") as answer:
            audit = msgspec.json.decode(await answer.read(), type=dict[str, Any])
    return kept, audit
