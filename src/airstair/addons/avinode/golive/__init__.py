"""Avinode's checklist for going live: twenty conditions, each passed, failed with evidence, or for a person to confirm.

Source: Avinode, Schedule upload, “Go Live! Implementation checklist” (documented), in our own words and its order.
`checklist` is pure; `examine` first fetches what the local sandbox has received. Nothing here calls Avinode itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec

from airstair.addons.avinode.golive import calls, documents
from airstair.addons.avinode.golive.evidence import Case, GoLiveEvidence, ReceivedCall, ShownCall
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub.verdicts import GoLiveItem
from airstair.kernel.errors import Conflict

if TYPE_CHECKING:
    from airstair.hub.golive import GoLiveSources

_KEPT_CALLS = "5000"  # as many as the sandbox keeps
_NO_SANDBOX = (
    "The checklist looks at what the sandbox received, and no connection goes there."
    " Set environment=sandbox, let it run for a quarter of an hour, and check again."
)

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


async def examine(sources: GoLiveSources) -> list[GoLiveItem]:
    """The twenty conditions, judged by what the hub knows and what the sandbox received.

    Raises `Conflict` when no connection goes to the sandbox, or the sandbox does not answer.
    """
    if not sources.sandbox_url:
        raise Conflict(_NO_SANDBOX)
    received, audit = await _received(sources.sandbox_url)
    seen = {title: one for title, one in sources.connection_of.items() if one.to_sandbox and title in sources.snapshots}
    default = sources.default
    return checklist(
        GoLiveEvidence(
            now=sources.now,
            flow=sources.addon.mirror("schedule"),
            default=_typed(default.settings) if default is not None else AvinodeSettings(),
            schedules={title: sources.snapshots[title] for title in seen},
            settings={title: _typed(one.settings) for title, one in seen.items()},
            shown=_shown(sources, seen),
            calls=received,
            own_connection=frozenset(t for t, one in seen.items() if default is None or one.id != default.id),
            audit=audit,
        )
    )


def _typed(settings: Any) -> AvinodeSettings:
    assert isinstance(settings, AvinodeSettings)
    return settings


def _shown(sources: GoLiveSources, titles: Iterable[str]) -> dict[str, ShownCall]:
    """The latest call of each aircraft, where one has ended."""
    found = {}
    for title in titles:
        line = sources.lines.get(title)
        if line is not None and line.last_attempt is not None and line.outcome is not None:
            found[title] = ShownCall(
                at=line.last_attempt, outcome=line.outcome, http_status=line.http_status, messages=line.messages
            )
    return found


async def _received(sandbox_url: str) -> tuple[tuple[ReceivedCall, ...], dict[str, Any]]:
    """The calls that the local sandbox keeps, oldest first, and its own audit of all of them. Raises `Conflict`."""
    control = f"{sandbox_url.rstrip('/')}/control/avinode"
    timeout = aiohttp.ClientTimeout(total=30)
    try:
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
            async with session.get(f"{control}/calls", params={"limit": _KEPT_CALLS}) as answer:
                kept = msgspec.json.decode(await answer.read(), type=tuple[ReceivedCall, ...])
            async with session.get(f"{control}/audit") as answer:
                return kept, msgspec.json.decode(await answer.read(), type=dict[str, Any])
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as failure:
        raise Conflict(
            f"The sandbox at {sandbox_url} does not answer as one ({failure}). Start it with: airstair sandbox."
        ) from None
