"""The whole description of DeliSky: where its order page opens, and the partner's rules as facts."""

from __future__ import annotations

from airstair.addons.delisky import mapping
from airstair.addons.delisky.settings import DeliSkySettings
from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed, documented, observed
from airstair.hub.visits import Handoff, HandoffPlace

_DOCS = "antares.delisky.com/docs, “Access link”"

ADDON = Addon(
    key="delisky",
    name="DeliSky",
    category=Category.SERVICES,
    purpose="Catering is ordered from the flight, with its details filled in already.",
    settings=DeliSkySettings,
    flows=(
        Handoff(
            key="catering",
            title="Order with DeliSky",
            place=HandoffPlace.CATERING,
            link=mapping.order_page,
            doing="order catering",
        ),
    ),
    facts=(
        *documented(
            _DOCS,
            "The order page opens by a link whose query carries the details.",
            "`apiKey`, `reference`, `authToken` and one of `icao`, `iata` are required.",
            "`deliveryDateTime` is UTC, as yyyy-MM-ddTHH:mm; `flightTime` as hh:mm.",
            "Contact, handler, type of flight, cabin crew, PAX, registration, flight number and group may be given.",
        ),
        *observed(
            "The statement DLS-01",
            "An airport that is served offers caterers, ordering from the menu or as free text; another says"
            " “Airport not found”.",
            "An operator has a login and a user key.",
        ),
        *assumed("Our reading of the two", "The login is the `apiKey`."),
        *assumed(
            "Its derivation is not public", "`authToken` is the HMAC-SHA256 of login and reference under the user key."
        ),
        *assumed("Our choice", "The same `reference` opens the same order again."),
    ),
    for_sandbox=lambda url: {
        "base_url": f"{url}/delisky/a/OrderCatering",
        "login": "delisky-sandbox",
        "user_key": "delisky-sandbox-only",
    },
    choose_aircraft=False,
    package=__package__,
)
