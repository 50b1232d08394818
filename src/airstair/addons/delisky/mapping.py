"""A flight as DeliSky's order page takes it: the address with its query. Pure."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from airstair.addons.delisky.settings import DeliSkySettings
from airstair.hub.visits import Contact
from airstair.kernel.codes import looks_like_icao
from airstair.kernel.errors import Invalid
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import ServiceKind, Status
from airstair.records.places.published import published

_HANDLED_BY = (ServiceKind.HANDLING, ServiceKind.FBO)


def order_page(flight: FlightFacts, settings: DeliSkySettings, contact: Contact, now: datetime) -> str:
    """Where catering for the flight's departure is ordered. Raises `Invalid` for a flight that will not be catered.

    Parameters and their formats: antares.delisky.com/docs, “Access link”.
    """
    _refuse_what_is_not_catered(flight, now)
    reference = reference_of(flight)
    values = {
        "apiKey": settings.login,
        "reference": reference,
        "authToken": auth_token(settings, reference),
        "icao": flight.adep,
        "contactName": contact.name,
        "contactPhone": contact.phone,
        "contactEmail": contact.email,
        "handling": _handler(flight),
        "deliveryDateTime": f"{flight.std - timedelta(minutes=settings.minutes_before):%Y-%m-%dT%H:%M}",
        "flightTime": _flight_time(flight),
        "typeOfFlight": _type_of_flight(flight),
        "faOnBoard": "true" if any(position.startswith("FA") for position in flight.crew) else "false",
        "numOfPax": str(flight.pax_count),
        "acRegistration": flight.registration,
        "flightNumber": flight.number,
        "group": settings.group,
    }
    query = urlencode({name: value for name, value in values.items() if value}, quote_via=quote)
    return f"{settings.base_url}{'&' if '?' in settings.base_url else '?'}{query}"


def reference_of(flight: FlightFacts) -> str:
    """Our order id: one for a flight, however often the page is opened and whatever of the flight is edited."""
    return f"AS-{flight.operator_id}-{flight.id}"


def auth_token(settings: DeliSkySettings, reference: str) -> str:
    """What proves that the link is the operator's. Assumed: how DeliSky derives it is not public; a first real account
    changes this function."""
    said = f"{settings.login}:{reference}".encode()
    return hmac.new(settings.user_key.encode(), said, hashlib.sha256).hexdigest()


def _refuse_what_is_not_catered(flight: FlightFacts, now: datetime) -> None:
    if flight.deleted or flight.status is Status.CANCELLED:
        raise Invalid.one("", f"{flight.number} is cancelled. Restore it before ordering catering for it.")
    if flight.std < now:
        raise Invalid.one("", f"{flight.number} was to depart at {flight.std:%H:%MZ}: it is too late to order for it.")
    if not looks_like_icao(flight.adep):
        raise Invalid.one("adep", f"DeliSky knows airports by ICAO code, and {flight.adep} is none.")


def _handler(flight: FlightFacts) -> str:
    here = [one for one in flight.services if one.airport == flight.adep and one.kind in _HANDLED_BY]
    return min(here, key=lambda one: _HANDLED_BY.index(ServiceKind(one.kind))).provider_name if here else ""


def _flight_time(flight: FlightFacts) -> str:
    minutes = round((flight.sta - flight.std).total_seconds() / 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _type_of_flight(flight: FlightFacts) -> str:
    """Empty where a country is not known: the parameter may be left out."""
    adep, ades = published().get(flight.adep), published().get(flight.ades)
    if adep is None or ades is None or not (adep.country and ades.country):
        return ""
    return "domestic" if adep.country == ades.country else "international"
