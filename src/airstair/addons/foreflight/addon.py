"""The description of the ForeFlight add-on: its one flow, and ForeFlight's rules as facts."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airstair.addons.foreflight import client
from airstair.addons.foreflight.mapping import document, gone
from airstair.addons.foreflight.settings import (
    SANDBOX_API_KEY,
    ForeFlightSettings,
    minutes_between_rounds,
    problems,
)
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import (
    Backoff,
    Budget,
    Certainty,
    Fact,
    Horizon,
    Mirror,
    OnChange,
    Removal,
    Write,
)
from airstair.kernel.units import UnitKind

_NOTES = "ForeFlight's release notes of the Dispatch API"
_CLIENTS = "Public code of others who call the API"
_LEON = "Description of another scheduling system's ForeFlight add-on"
_OURS = "Our choice; nothing public says"


def _documented(says: str) -> Fact:
    return Fact(says, Certainty.DOCUMENTED, _NOTES)


def _observed(says: str, source: str = _CLIENTS) -> Fact:
    return Fact(says, Certainty.OBSERVED, source)


def _assumed(says: str) -> Fact:
    return Fact(says, Certainty.ASSUMED, _OURS)


FACTS = (
    _documented("A flight carries a trip id of at most 64 characters, and tags."),
    _observed("A key is 32 bytes in base64, made by an account admin in Dispatch and shown once.", _LEON),
    _observed("Flights go out every 5 minutes for one month ahead, only those that changed.", _LEON),
    _observed("Registrations are sent without hyphens.", _LEON),
    _observed("Crew is matched by crew code, then by work e-mail; positions are PIC, SIC, CA and Other.", _LEON),
    _observed("A deleted flight is set deleted there, and nothing comes back.", _LEON),
    _observed("The live address is https://public-api.foreflight.com, below /public/api; the key is in x-api-key."),
    _observed("A flight is created with POST, and updated with POST to its id with forceUpdate."),
    _observed("Nothing recognises a repeated create: the id of each flight has to be kept."),
    _observed("An update of a flight that is gone is answered with 404, and then it is created again."),
    _observed("A callsign has at most 7 characters."),
    _observed("A crew member is named by crew code or by e-mail."),
    _observed("A limit of calls is told in headers; its number is not public."),
    _observed("The list of flights can be narrowed by dates and tags."),
    _assumed("Whose a key is tells that it works, and costs nothing."),
    _assumed("Flight type and status travel as tags: Default, Positioning or PAX, and Planned or Cancelled."),
    _assumed("PAX by category travel beside the number of people, as male, female, child and infant."),
    _assumed("An update leaves alone what it does not name, such as the route that was planned there."),
    _assumed("A crew member that ForeFlight does not know would have the flight refused, and is left out instead."),
    _assumed("Departures of the last day may still be corrected; what is older stays as it is."),
    _assumed("An account takes 600 flights in ten minutes."),
)


def _sandbox_values(url: str) -> Mapping[str, Any]:
    return {"base_url": f"{url.rstrip('/')}/foreflight/public/api", "api_key": SANDBOX_API_KEY}


def _account(settings: ForeFlightSettings) -> str:
    """The key names the account that calls are counted by. Its digest, so that no key is kept by it."""
    return hashlib.sha256(f"{settings.base_url}\n{settings.api_key}".encode()).hexdigest()[:32]


ADDON = Addon(
    key="foreflight",
    name="ForeFlight Dispatch",
    package=__package__,
    category=Category.FLIGHT_PLANNING,
    purpose="Your flights in ForeFlight Dispatch with crew and passengers, ready to be planned.",
    settings=ForeFlightSettings,
    flows=(
        Mirror(
            key="flights",
            title="Flights",
            unit=UnitKind.FLIGHT,
            trigger=OnChange(gather=minutes_between_rounds, look_minutes=5),
            horizon=Horizon(back=timedelta(days=1), ahead=timedelta(days=31)),
            document=document,
            gone=gone,
            send=client.send_flights,
            write=Write.UPSERT,
            removal=Removal.DELETE,
            retry=Backoff(),
            units_per_call=1,
            calls_at_once=4,
            deadline=timedelta(seconds=30),
        ),
    ),
    facts=FACTS,
    budget=Budget(calls=600, per=timedelta(minutes=10), burst=120),
    check=client.check,
    problems=problems,
    for_sandbox=_sandbox_values,
    account=_account,
    shown_headers=("x-vendorId", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
)
