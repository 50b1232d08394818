"""Avinode's checklist for going live: twenty conditions, each passed, failed with evidence, or for a person to confirm.

Source: Avinode, Schedule upload, “Go Live! Implementation checklist” (documented), in our own words and its order.
This judge shares no code with what it judges: of the add-on it knows what the hub hands it, the description, the typed
settings and what was received. Nothing here calls Avinode itself.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from airstair.addons.avinode.golive import documents
from airstair.addons.avinode.golive.errors import GUIDE
from airstair.addons.avinode.golive.schedules import Schedules
from airstair.hub.golive import conditions
from airstair.hub.golive.case import Condition, own_list
from airstair.hub.golive.conditions import audited
from airstair.hub.golive.listings import as_recorded
from airstair.hub.golive.rehearsing import as_guided

_FIVE_MINUTES = timedelta(minutes=5)
_basic_conditions = conditions.for_a_person(
    "Avinode's basic conditions for every application are not public. Ask Avinode for the list, and go through it."
)
_never_under_five_minutes = partial(conditions.never_closer, than=_FIVE_MINUTES, rules=("interval-under-five-minutes",))
_marketing = audited("marketing-on-other-activity", "marketing-window-over-five-days")
_no_retries = partial(conditions.not_repeated, wait=_FIVE_MINUTES, rules=("retry-after-failure",))
_company_connection = partial(conditions.companys_own, header="Authorization", setting="authorization_key")
_aircraft_connection = partial(conditions.aircrafts_own, header="Authorization", setting="authorization_key")
_product_named = partial(
    conditions.software_named, header="X-Avinode-Product", begins="Airstair/", rules=("product-header-missing",)
)

LIST: tuple[tuple[str, Condition[Schedules]], ...] = (
    ("Avinode's basic conditions for every application are met", _basic_conditions),
    ("Nothing is sent that is older than one month", audited("activity-older-than-a-month")),
    ("Every schedule holds an activity that ended in the past", audited("no-ended-activity")),
    ("Every aircraft is sent at a regular interval", conditions.regular_interval),
    ("Nobody can have an aircraft sent more often than every 5 minutes", _never_under_five_minutes),
    ("The same activity has the same id in every call", audited("activity-id-missing", "activity-id-changed")),
    ("All times are in UTC", audited("times-not-utc")),
    ("Start and end are block times", documents.block_times),
    ("Every activity of a trip names the trip", documents.trips_named),
    ("Every booked flight names the Avinode requests it came from", as_recorded(tripId=documents.requests)),
    ("Services can be sent, with their details", as_recorded("service-incomplete", services=documents.services)),
    ("A flight's regulation is sent when it is known", as_recorded(flightRegulations=documents.regulation)),
    ("Marketing is sent on empty legs alone, for at most five days", _marketing),
    ("An empty leg is verified only if a person marked it", documents.verified_by_a_person),
    ("Each company's calls use its own connection", _company_connection),
    ("An aircraft can have a connection of its own", _aircraft_connection),
    ("A failed call is not repeated", _no_retries),
    ("Users see each aircraft's latest call and its messages", conditions.users_see),
    ("Errors are handled as Avinode's guide suggests", as_guided(GUIDE)),
    ("Every call names this software", _product_named),
)


examine = own_list(Schedules, LIST)
