"""The description of the ForeFlight add-on: its one flow, and ForeFlight's rules as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.foreflight import client
from airstair.addons.foreflight.mapping import document, gone
from airstair.addons.foreflight.settings import SANDBOX_API_KEY, ForeFlightSettings, minutes_between_rounds, problems
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.flows import Backoff, Budget, Horizon, Mirror, OnChange, Removal, Write
from airstair.hub.setting import account_of, in_sandbox
from airstair.kernel.units import UnitKind

_NOTES = "ForeFlight's release notes of the Dispatch API"
_CLIENTS = "Public code of others who call the API"
_LEON = "Description of another scheduling system's ForeFlight add-on"
_OURS = "Our choice; nothing public says"


FACTS = (
    *documented(_NOTES, "A flight carries a trip id of at most 64 characters, and tags."),
    *observed(
        _LEON,
        "A key is 32 bytes in base64, made by an account admin in Dispatch and shown once.",
        "Flights go out every 5 minutes for one month ahead, only those that changed.",
        "Registrations are sent without hyphens.",
        "Crew is matched by crew code, then by work e-mail; positions are PIC, SIC, CA and Other.",
        "A deleted flight is set deleted there, and nothing comes back.",
    ),
    *observed(
        _CLIENTS,
        "The live address is https://public-api.foreflight.com, below /public/api; the key is in x-api-key.",
        "A flight is created with POST, and updated with POST to its id with forceUpdate.",
        "Nothing recognises a repeated create: the id of each flight has to be kept.",
        "An update of a flight that is gone is answered with 404, and then it is created again.",
        "A callsign has at most 7 characters.",
        "A crew member is named by crew code or by e-mail.",
        "A limit of calls is told in headers; its number is not public.",
        "The list of flights can be narrowed by dates and tags.",
    ),
    *assumed(
        _OURS,
        "Whose a key is tells that it works, and costs nothing.",
        "Flight type and status travel as tags: Default, Positioning or PAX, and Planned or Cancelled.",
        "PAX by category travel beside the number of people, as male, female, child and infant.",
        "An update leaves alone what it does not name, such as the route that was planned there.",
        "A crew member that ForeFlight does not know would have the flight refused, and is left out instead.",
        "Departures of the last day may still be corrected; what is older stays as it is.",
        "An account takes 600 flights in ten minutes.",
    ),
)


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
    for_sandbox=in_sandbox("foreflight/public/api", api_key=SANDBOX_API_KEY),
    account=lambda settings: account_of(settings.base_url, settings.api_key),
    shown_headers=("x-vendorId", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"),
)
