"""The description of the AeroCRS add-on: its one flow, and what is known of AeroCRS as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.aerocrs import client, mapping
from airstair.addons.aerocrs.settings import SANDBOX_AUTH_ID, SANDBOX_AUTH_PASSWORD, AerocrsSettings, problems
from airstair.hub.choosing import Staged
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Budget, ByHand, Pull
from airstair.hub.setting import account_of, in_sandbox
from airstair.records.operators.rules import Right

_REFERENCE = "docs.aerocrs.com, API reference"
_COLLECTOR = "A public collector of schedules that runs against a real airline"
_READERS = "Public readers of SSIM files and a public sample, which agree"
_OURS = "Our choice; nothing public says"


FACTS = (
    *documented(
        _REFERENCE,
        "One method is one path below https://api.aerocrs.com/v5/, and every request is wrapped in parms.",
        "Credentials travel as the headers auth_id and auth_password with every call.",
        "A failure may come with status 200: success is false, and details hold its sentences.",
        "Nothing found is a success with no flights.",
    ),
    *observed(
        _COLLECTOR,
        "getSchedule takes two days, the kind of airport codes, and whether the answer is SSIM.",
        "Changes of the schedule show up in the SSIM form alone.",
        "The SSIM form carries raw line ends inside of a JSON text.",
        "Neither form names an aircraft, only its IATA type.",
        "Credentials may be limited to some methods.",
    ),
    *observed(_READERS, "An SSIM line has 200 columns, and says how far its times are from UTC."),
    *assumed(
        _OURS,
        "A week at once is what its other methods for operations take, so an import has at most 7 days.",
        "The period is one of local days: a day more is asked for at each end, and dropped again.",
        "Words about credentials, permission or access mean that they are wrong or lack a right.",
        "No limit of calls is published; 60 at once and 600 an hour are not passed.",
        "A flight that AeroCRS does not have any more stays here until a person deletes it.",
    ),
)


ADDON = Addon(
    key="aerocrs",
    name="AeroCRS",
    package=__package__,
    category=Category.SCHEDULE,
    purpose="Scheduled flights from your reservation system, looked at before they are imported.",
    settings=AerocrsSettings,
    flows=(
        Pull(
            key="schedule",
            title="Scheduled flights",
            trigger=ByHand(),
            fetch=client.fetch,
            absorb=mapping.absorb,
            absorb_together=mapping.absorb_together,
            item_title=mapping.item_title,
            rights=frozenset({Right.IMPORT_RUN}),
            staged=Staged(
                most_days=7,
                beforehand="Importing again overwrites what was changed here on imported flights: number, route, times,"
                " aircraft and status become those of AeroCRS. Passengers, crew and notes stay.",
                file="SSIM chapter 7 file",
                read_file=mapping.read_file,
            ),
            deadline=timedelta(seconds=60),
        ),
    ),
    facts=FACTS,
    budget=Budget(calls=600, per=timedelta(hours=1), burst=60),
    check=client.check,
    problems=problems,
    for_sandbox=in_sandbox("aerocrs/v5", auth_id=SANDBOX_AUTH_ID, auth_password=SANDBOX_AUTH_PASSWORD),
    account=lambda settings: account_of(settings.base_url, settings.auth_id),
)
