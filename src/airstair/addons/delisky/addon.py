"""The whole description of DeliSky: where its order page opens, and the partner's rules as facts."""

from __future__ import annotations

from airstair.addons.delisky import mapping
from airstair.addons.delisky.settings import DeliSkySettings
from airstair.hub.contract import Addon, Category
from airstair.hub.flows import Certainty, Fact
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
        Fact("The order page opens by a link whose query carries the details.", Certainty.DOCUMENTED, _DOCS),
        Fact("`apiKey`, `reference`, `authToken` and one of `icao`, `iata` are required.", Certainty.DOCUMENTED, _DOCS),
        Fact("`deliveryDateTime` is UTC, as yyyy-MM-ddTHH:mm; `flightTime` as hh:mm.", Certainty.DOCUMENTED, _DOCS),
        Fact("Contact, handler, type of flight, cabin crew, PAX, registration, flight number and group may be given.",
             Certainty.DOCUMENTED, _DOCS),
        Fact("An airport that is served offers caterers, ordering from the menu or as free text; another says"
             " “Airport not found”.", Certainty.OBSERVED, "The statement DLS-01"),
        Fact("An operator has a login and a user key.", Certainty.OBSERVED, "The statement DLS-01"),
        Fact("The login is the `apiKey`.", Certainty.ASSUMED, "Our reading of the two"),
        Fact("`authToken` is the HMAC-SHA256 of login and reference under the user key.", Certainty.ASSUMED,
             "Its derivation is not public"),
        Fact("The same `reference` opens the same order again.", Certainty.ASSUMED, "Our choice"),
    ),
    for_sandbox=lambda url: {
        "base_url": f"{url}/delisky/a/OrderCatering",
        "login": "delisky-sandbox",
        "user_key": "delisky-sandbox-only",
    },
    choose_aircraft=False,
    package=__package__,
)  # fmt: skip
