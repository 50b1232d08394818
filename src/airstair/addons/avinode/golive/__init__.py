"""Avinode's checklist for going live: twenty conditions, each passed, failed with evidence, or for a person to confirm.

Source: Avinode, Schedule upload, “Go Live! Implementation checklist” (documented), in our own words and its order.
This judge shares no code with what it judges: of the add-on it knows what the hub hands it, the description, the typed
settings and what was received. Nothing here calls Avinode itself.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from airstair.addons.avinode.golive import documents, errors
from airstair.addons.avinode.golive.schedules import Schedules
from airstair.hub.golive import GoLiveSources, conditions
from airstair.hub.golive.case import Condition, judge
from airstair.hub.golive.received import received
from airstair.hub.verdicts import GoLiveItem
from airstair.kernel.errors import Conflict

_FIVE_MINUTES = timedelta(minutes=5)
_NO_SANDBOX = (
    "The checklist looks at what the sandbox received, and no connection goes there."
    " Set environment=sandbox, let it run for a quarter of an hour, and check again."
)

_never_under_five_minutes = partial(conditions.never_closer, than=_FIVE_MINUTES, rules=("interval-under-five-minutes",))
_no_retries = partial(conditions.not_repeated, wait=_FIVE_MINUTES, rules=("retry-after-failure",))
_company_connection = partial(conditions.companys_own, header="Authorization", setting="authorization_key")
_aircraft_connection = partial(conditions.aircrafts_own, header="Authorization", setting="authorization_key")
_product_named = partial(
    conditions.software_named, header="X-Avinode-Product", begins="Airstair/", rules=("product-header-missing",)
)

_LIST: tuple[tuple[str, Condition[Schedules]], ...] = (
    ("Avinode's basic conditions for every application are met", documents.basic_conditions),
    ("Nothing is sent that is older than one month", documents.nothing_older_than_a_month),
    ("Every schedule holds an activity that ended in the past", documents.one_ended_activity),
    ("Every aircraft is sent at a regular interval", conditions.regular_interval),
    ("Nobody can have an aircraft sent more often than every 5 minutes", _never_under_five_minutes),
    ("The same activity has the same id in every call", documents.same_ids),
    ("All times are in UTC", documents.times_in_utc),
    ("Start and end are block times", documents.block_times),
    ("Every activity of a trip names the trip", documents.external_trip_ids),
    ("Every booked flight names the Avinode requests it came from", documents.request_ids),
    ("Services can be sent, with their details", documents.services),
    ("A flight's regulation is sent when it is known", documents.regulations),
    ("Marketing is sent on empty legs alone", documents.marketing_on_empty_legs_only),
    ("An empty leg is verified only if a person marked it", documents.verified_by_a_person),
    ("Each company's calls use its own connection", _company_connection),
    ("An aircraft can have a connection of its own", _aircraft_connection),
    ("A failed call is not repeated", _no_retries),
    ("Users see each aircraft's latest call and its messages", conditions.users_see),
    ("Errors are handled as Avinode's guide suggests", errors.errors_are_handled),
    ("Every call names this software", _product_named),
)


async def checklist(case: Schedules) -> list[GoLiveItem]:
    """The twenty conditions in Avinode's order."""
    return await judge(case, _LIST)


async def examine(sources: GoLiveSources) -> list[GoLiveItem]:
    """The twenty conditions, judged by what the hub knows and what the sandbox received.

    Raises `Conflict` when no connection goes to the sandbox, or the sandbox does not answer.
    """
    if not sources.sandbox_url:
        raise Conflict(_NO_SANDBOX)
    return await checklist(Schedules(sources, *await received(sources.sandbox_url, sources.addon.key)))
