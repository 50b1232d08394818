"""The description of the Avinode add-on: its one flow so far, and Avinode's rules as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.avinode import client, golive
from airstair.addons.avinode.mapping import HISTORY_BACK, document
from airstair.addons.avinode.settings import (
    SANDBOX_API_TOKEN,
    SANDBOX_AUTHORIZATION_KEY,
    AvinodeSettings,
    minutes_between_calls,
    problems,
)
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Budget, Every, Horizon, Mirror, NextTick, Removal, Write
from airstair.hub.setting import account_of, in_sandbox
from airstair.kernel.units import UnitKind

_UPLOAD = "Avinode developer portal, Schedule upload"
_PUT = "Avinode developer portal, reference of PUT /schedules"
_BASICS = "Avinode developer portal, API basics"
_ERRORS = "Avinode developer portal, Error handling guide"
_VENDOR = "Help page of another vendor that uploads to Avinode"
_INTEGRATORS = "Public notes of integrators"
_OURS = "Our choice; nothing public says"


FACTS = (
    *documented(
        _UPLOAD,
        "A call replaces the aircraft's whole schedule; what is not in it is gone.",
        "An aircraft is sent every 5 minutes, and never more often.",
        "A failed call is not repeated; the next regular one is the next attempt.",
        "Nothing older than one month is sent, and at least one activity that ended in the past.",
        "The same activity keeps its id in every call.",
        "Times are block times in UTC.",
        "An activity type has at most 20 characters, and means what the member maps it to.",
        "An unmapped activity type counts as Occupied.",
        "In a gap the aircraft is available where the earlier activity ended.",
        "Overlaps and breaks are taken, and may spoil what is shown.",
    ),
    *documented(_ERRORS, "An unknown airport is replaced by the home base: 200 with errors, the rest is stored."),
    *documented(
        _UPLOAD,
        "Every activity of a trip carries the trip's number.",
        "A booked flight names the Avinode requests that it came from.",
        "Marketing goes with empty legs alone, for at most five days.",
        "Verified means that a person marked this very empty leg; marking all is forbidden.",
        "Services can be shared, if the operator wants to.",
        "Flight regulations go out when known, in ten recommended words.",
    ),
    *documented(_PUT, "One call carries one aircraft, named by its registration."),
    *documented(_BASICS, "A call carries a token for the software, a key for the company, its time and its product."),
    *documented(_VENDOR, "An aircraft must be Fully Active, marketed by the key's company, and Integrated."),
    *observed(
        _INTEGRATORS,
        "The live address is https://services.avinode.com/api.",
        "An account may make 3,600 calls in an hour; short bursts are taken.",
        "The time in a call may be off by about five minutes.",
        "A 403 carries the same code for a missing permission and an unknown aircraft.",
    ),
    *assumed(
        _OURS,
        "Nothing is older than a month if it ended at most 28 days ago, whenever it began.",
        "A flight that came from several requests names them in one field, with commas between them.",
        "Apart from activity types, texts fit in 64 characters for ids and 1,000 for messages.",
        "A return to home base is shown as the last hour before it, whatever the distance.",
        "A stay elsewhere is made unavailable by an activity that counts as occupied.",
        "Empty legs on offer stay on offer when availability is sent from home base only.",
        "After an opportunity, an on-ground activity says that the aircraft has not moved.",
    ),
)


ADDON = Addon(
    key="avinode",
    name="Avinode",
    package=__package__,
    category=Category.MARKETPLACES,
    purpose="Your aircraft's schedules and empty legs in the charter marketplace, always fresh.",
    settings=AvinodeSettings,
    flows=(
        Mirror(
            key="schedule",
            title="Aircraft schedules",
            unit=UnitKind.AIRCRAFT,
            trigger=Every(minutes=minutes_between_calls),
            horizon=Horizon(back=HISTORY_BACK),
            document=document,
            send=client.put_schedules,
            floor=timedelta(minutes=5),
            write=Write.WHOLE,
            removal=Removal.OMIT,
            retry=NextTick(),
            units_per_call=1,
            calls_at_once=8,
            deadline=timedelta(seconds=30),
        ),
    ),
    facts=FACTS,
    # 1,200 at once and 2,400 more in the hour: never above 3,600 in any hour.
    budget=Budget(calls=3600, per=timedelta(hours=1), burst=1200),
    check=client.check,
    problems=problems,
    for_sandbox=in_sandbox("avinode/api", authorization_key=SANDBOX_AUTHORIZATION_KEY, api_token=SANDBOX_API_TOKEN),
    # Avinode counts calls by API connection, which is what the key names.
    account=lambda settings: account_of(settings.base_url, settings.authorization_key),
    recipients=lambda settings: settings.recipients,
    golive=golive.examine,
    shown_headers=("X-Avinode-Product", "X-Avinode-SentTimestamp"),
)
