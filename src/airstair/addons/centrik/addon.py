"""The description of the Centrik add-on: what is fetched and when, its login page, and its rules as facts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from airstair.addons.centrik import client, mapping
from airstair.addons.centrik.settings import CentrikSettings, problems, root
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Backoff, Budget, Every, Pull
from airstair.hub.setting import account_of
from airstair.hub.triggers import DailyAt
from airstair.hub.visits import Contact, Handoff, HandoffPlace
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid
from airstair.records.endorsements.commands import remove_imported
from airstair.records.operators.rules import Right

KEY = "centrik"
SIX = time(6)  # UTC
THREE_HOURS = 180  # minutes
_VENDOR = "Help page of another vendor that fetches from Centrik"
_PARITY = "The add-on that operators know from their present software"
_OURS = "Our choice; nothing public says"

FACTS = (
    *documented(
        _VENDOR,
        "The API's address is the operator's own, https://name.centrik.net/apiv1.",
        "Centrik makes a login and a password for the integration.",
        "An optional filter, made by Centrik, narrows what is given.",
    ),
    *observed(
        _PARITY,
        "People are matched by their email address.",
        "Everything is asked for daily at 06:00 UTC, changes every 3 hours.",
        "A qualification's External ID may hold an airport's ICAO or IATA code.",
    ),
    *assumed(
        _OURS,
        "The login travels as HTTP Basic.",
        "The lists are qualifications, users and userqualifications, 200 on a page.",
        "userqualifications takes modifiedSince.",
        "What a full reading does not mention any more is gone.",
        "The login page is the operator's address itself.",
    ),
)


def _login_page(snapshot: Any, settings: CentrikSettings, who: Contact, now: datetime) -> str:
    """The operator's own login page; nothing about the person goes with it."""
    if not settings.shared_login:
        raise Invalid.one("shared_login", "The shared login is switched off. An admin switches it on.")
    return f"{root(settings)}/"


def _sandbox_values(url: str) -> Mapping[str, Any]:
    return {"domain": f"{url.rstrip('/')}/{KEY}", "login": "airstair", "password": "centrik-sandbox-only"}


def _forget(actor: Actor) -> int:
    return remove_imported(actor, KEY)


def _pull(key: str, title: str, trigger: Every | DailyAt, fetch: Any) -> Pull:
    return Pull(
        key=key,
        title=title,
        trigger=trigger,
        fetch=fetch,
        absorb=mapping.absorb,
        finish=mapping.finish,
        item_title=mapping.title,
        rights=frozenset({Right.ENDORSEMENTS_EDIT}),
        retry=Backoff(first=timedelta(minutes=2), longest=timedelta(minutes=30), tries=8),
        deadline=timedelta(seconds=60),
    )


ADDON = Addon(
    key=KEY,
    name="Centrik",
    package=__package__,
    category=Category.CREW,
    purpose="Your crew's endorsements as Centrik keeps them, beside your own, and Centrik's login in the main menu.",
    settings=CentrikSettings,
    flows=(
        _pull(
            "everything",
            "Endorsements, daily",
            DailyAt(at=lambda settings: SIX if settings.endorsements else None),
            client.fetch_everything,
        ),
        _pull(
            "changes",
            "Changed endorsements",
            Every(minutes=lambda settings: THREE_HOURS if settings.endorsements else None),
            client.fetch_changes,
        ),
        Handoff(
            key="login",
            title="CENTRIK",
            place=HandoffPlace.MENU,
            link=_login_page,
            embedded=True,
            doing="sign in to it",
        ),
    ),
    facts=FACTS,
    budget=Budget(calls=1200, per=timedelta(hours=1), burst=200),
    check=client.check,
    problems=problems,
    for_sandbox=_sandbox_values,
    account=lambda settings: account_of(root(settings), settings.login),
    forget=_forget,
    choose_aircraft=False,
)
