"""The description of every marketplace in the table: one flow, one shape, the same rules; each its own card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from airstair.addons.marketplaces import client, reading
from airstair.addons.marketplaces.mapping import document, gone
from airstair.addons.marketplaces.members import Member, members
from airstair.addons.marketplaces.settings import BoxSettings, ServiceSettings, problems
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, observed
from airstair.hub.flows import Backoff, Budget, Horizon, Mirror, OnChange, Removal, Write
from airstair.hub.setting import Settings, account_of, in_sandbox
from airstair.hub.visits import Resource, Serve
from airstair.kernel.units import UnitKind

_OURS = "Our choice; nothing public says"
_HELP = "Help pages of another vendor that sends to these marketplaces"
_HORIZON = Horizon(back=timedelta(days=1), ahead=timedelta(days=365))
_SETTINGS: Mapping[str, type[Settings]] = {"service": ServiceSettings, "boxes": BoxSettings}

FACTS = (
    *observed(
        _HELP,
        "A marketplace shows flights, reservations and maintenance, availability, or empty legs.",
        "Opportunities can be among them.",
        "What is sent flows as soon as the connection is saved.",
    ),
    *assumed(
        _OURS,
        "An aircraft's feed is put whole under its id, and replaces what was there.",
        "Deleting an aircraft's feed takes all of it away.",
        "A call carries one key, as a bearer.",
        "An answer says its status, and remarks about single records.",
        "A feed with remarks is stored without the records that they are about.",
        "Some marketplaces fetch, in whole, with a key of ours: JSON, iCalendar or CSV.",
        "One that fetches JSON may ask what has changed since a time, and then takes each changed aircraft whole.",
        "Times are UTC to the minute; airports have ICAO codes.",
        "An empty leg may say when else it could depart, and whether a person has verified it.",
        "Options do not occupy an aircraft, and are not shown.",
        "A stop of less than two hours is not availability.",
        "600 calls an hour are not too many.",
    ),
)


_FLOWS = (
    Mirror(
        key="feed",
        title="Feed",
        unit=UnitKind.AIRCRAFT,
        trigger=OnChange(),
        horizon=_HORIZON,
        document=document,
        send=client.put_feeds,
        write=Write.WHOLE,
        removal=Removal.DELETE,
        gone=gone,
        retry=Backoff(),
    ),
    Serve(
        key="fetch",
        title="Feed to fetch",
        unit=UnitKind.AIRCRAFT,
        horizon=_HORIZON,
        resources=(
            Resource("/feed", "Feed", reading.as_json, since=reading.SINCE),
            Resource("/feed.ics", "Feed as a calendar", reading.as_calendar),
            Resource("/feed.csv", "Feed as a table", reading.as_table),
        ),
    ),
)


def marketplace(key: str, member: Member) -> Addon:
    """The add-on that one file of the table describes."""
    return Addon(
        key=key,
        name=member.name,
        category=Category.MARKETPLACES,
        purpose=member.purpose or f"Your availability and empty legs on {member.name}, as your schedule has them.",
        settings=_SETTINGS[member.choice],
        flows=_FLOWS,
        facts=FACTS + tuple(known.fact for known in member.facts),
        budget=Budget(calls=600, per=timedelta(hours=1), burst=120),
        check=client.check,
        problems=problems,
        for_sandbox=in_sandbox(f"{key}/api", api_key=f"{key}-sandbox-only"),
        account=lambda settings: account_of(settings.base_url, settings.api_key),
        words={"name": member.name, "more": member.about},
        package=__package__,
    )


ADDONS = tuple(marketplace(key, member) for key, member in members().items())
