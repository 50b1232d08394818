"""The description of the RocketRoute add-on: its one flow, and what is known of RocketRoute as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.rocketroute import client, mapping
from airstair.addons.rocketroute.settings import (
    SANDBOX_APP_KEY,
    SANDBOX_EMAIL,
    SANDBOX_PASSWORD,
    RocketrouteSettings,
    minutes_between_looks,
    problems,
)
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Backoff, Budget, Every, Horizon, Post
from airstair.hub.setting import account_of, in_sandbox
from airstair.kernel.units import UnitKind

_SYNC = "A public program that keeps plans in step through this API"
_VENDOR = "Help page of another vendor that sends to RocketRoute"
_OURS = "Our choice; nothing public says"


FACTS = (
    *documented(
        _VENDOR,
        "A flight that is sent again is there twice; nothing is replaced.",
        "A flight number has 2 to 7 of A–Z and 0–9.",
        "Crew members are found by work email, and left blank where none is.",
        "An aircraft is found by its registration, whose hyphens do not count.",
        "Crew and aircraft are kept at RocketRoute; nothing of them is changed from outside.",
        "A dispatcher's own login is what plans are made with.",
    ),
    *observed(
        _SYNC,
        "The address is https://fly.rocketroute.com/api, with X-API-Version 1.18 on every call.",
        "A log-in with the application key gives a token for the calls after it.",
        "A failure may come with status 200: status.success is false, and a message says why.",
        "A plan without an id is a new one; its aircraft is a number from RocketRoute's own list.",
        "A crew id of 0 is nobody.",
    ),
    *assumed(
        _OURS,
        "The crew list names work emails; where it does not, crew stays blank.",
        "Route DCT and block time stand for a route and a flying time that are planned there.",
        "Rules Y begin as I, rules Z as V; private, training and test flights are G, the others N.",
        "No limit of calls is published; 30 messages at once and 300 an hour are not passed.",
    ),
)


ADDON = Addon(
    key="rocketroute",
    name="RocketRoute",
    package=__package__,
    category=Category.FLIGHT_PLANNING,
    purpose="Your flights at RocketRoute, ready to be planned and filed.",
    settings=RocketrouteSettings,
    flows=(
        Post(
            key="plan",
            title="Flights to plan",
            unit=UnitKind.FLIGHT,
            trigger=Every(minutes=minutes_between_looks),
            horizon=Horizon(back=timedelta(hours=1), ahead=timedelta(days=5)),
            message=mapping.message,
            message_by_hand=mapping.message_by_hand,
            choices=client.choices,
            due=mapping.due,
            identity=mapping.identity,
            send=client.send,
            unseen=frozenset({401, 403, 429}),
            retry=Backoff(first=timedelta(seconds=30), longest=timedelta(minutes=15), tries=5),
            deadline=timedelta(seconds=30),
        ),
    ),
    facts=FACTS,
    budget=Budget(calls=300, per=timedelta(hours=1), burst=30),
    check=client.check,
    problems=problems,
    for_sandbox=in_sandbox("rocketroute/api", app_key=SANDBOX_APP_KEY, email=SANDBOX_EMAIL, password=SANDBOX_PASSWORD),
    account=lambda settings: account_of(settings.base_url, settings.email.lower()),
)
