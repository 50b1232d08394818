"""The description of the TRAXXALL add-on: flights and totals, and TRAXXALL's rules as facts."""

from __future__ import annotations

from datetime import timedelta

from airstair.addons.traxxall import client
from airstair.addons.traxxall.mapping import flight_document, flight_gone, lower_totals, totals_document
from airstair.addons.traxxall.settings import SANDBOX_KEY, SANDBOX_PASSWORD, TraxxallSettings, problems
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, observed
from airstair.hub.flows import Budget, Horizon, Mirror, OnChange, Removal, Write
from airstair.hub.setting import account_of, in_sandbox
from airstair.kernel.units import UnitKind

_LEON = "Description of another scheduling system's TRAXXALL add-on"
_TECH_LOG = "Guide of a technical log that is connected to TRAXXALL"
_OURS = "Our choice; nothing public says"


FACTS = (
    *observed(
        _LEON,
        "The credentials are an Integration-API-Key and an Integration-API-Password.",
        "Changes of planned flights and of the journey log are sent; nothing comes back.",
        "Hours and cycles of airframe and engines follow from what is sent.",
        "Serial numbers of aircraft and engines must match.",
    ),
    *observed(_TECH_LOG, "The totals of an aircraft are pushed to TRAXXALL by whoever keeps its log."),
    *assumed(
        _OURS,
        "The credentials travel as headers of their own names.",
        "The list of aircraft tells that the credentials work, and costs nothing.",
        "A flight is put at an address of its aircraft's serial number and an id of ours, which stays the same.",
        "A flight that is put under another serial number moves to that aircraft.",
        "A flight that will not be flown is marked as cancelled.",
        "Totals are set, not added: a flight's own times are shown beside them.",
        "Hours are decimal, with one digit, rounded as technical logs do: 03 minutes are .0, 04 are .1.",
        "The hours and cycles of an engine are set by its serial number, wherever it hangs.",
        "Flights of the last hundred days may still be corrected, and those of the coming month are of interest.",
        "An account takes 600 calls in ten minutes.",
    ),
)


ADDON = Addon(
    key="traxxall",
    name="TRAXXALL",
    package=__package__,
    category=Category.MAINTENANCE,
    purpose="Your flights, hours and cycles in TRAXXALL, so that maintenance is planned by what was really flown.",
    settings=TraxxallSettings,
    flows=(
        Mirror(
            key="flights",
            title="Flights",
            unit=UnitKind.FLIGHT,
            trigger=OnChange(),
            horizon=Horizon(back=timedelta(days=100), ahead=timedelta(days=31)),
            document=flight_document,
            gone=flight_gone,
            send=client.send_flights,
            write=Write.UPSERT,
            removal=Removal.MARK,
        ),
        Mirror(
            key="totals",
            title="Hours and cycles",
            unit=UnitKind.COUNTERS,
            trigger=OnChange(),
            horizon=Horizon(back=timedelta(0)),
            document=totals_document,
            ask_first=lower_totals,
            send=client.send_totals,
            write=Write.WHOLE,
        ),
    ),
    facts=FACTS,
    budget=Budget(calls=600, per=timedelta(minutes=10), burst=120),
    check=client.check,
    problems=problems,
    for_sandbox=in_sandbox("traxxall/api", integration_api_key=SANDBOX_KEY, integration_api_password=SANDBOX_PASSWORD),
    account=lambda settings: account_of(settings.base_url, settings.integration_api_key),
)
