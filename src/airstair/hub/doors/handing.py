"""Handing a person over to a partner's page: where the links stand, and the address that one leads to.

The address goes to that person's browser alone: a partner may want credentials in it. What is kept of it has none.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from airstair.changes.keys import next_ids
from airstair.hub.connections.queries import LiveConnection, live_connections
from airstair.hub.contract import Addon
from airstair.hub.http import HIDDEN
from airstair.hub.models import CallRow, Connection
from airstair.hub.registry import addon, addons
from airstair.hub.visits import Contact, Handoff, HandoffPlace
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import AirstairError, Invalid, NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.queries import flight

_SOUNDS_SECRET = ("key", "token", "secret", "password", "auth")


class NotIntegrated(AirstairError):
    """The operator has not switched it on. The sentence says whom to ask."""


def standing_at(place: HandoffPlace) -> list[tuple[Addon, Handoff]]:
    """What people can be handed over to at this place, switched on or not. No statement."""
    return [(one, flow) for one in addons().values() for flow in one.handoffs if flow.place is place]


def in_the_menu(actor: Actor) -> list[tuple[Addon, Handoff]]:
    """What stands in this person's main menu: what the operator has switched on. At most three statements."""
    offered = [(one, flow) for one, flow in standing_at(HandoffPlace.MENU) if actor.may(flow.right)]
    if not offered:
        return []
    rows = Connection.objects.filter(operator_id=actor.operator_id, on=True, addon__in={one.key for one, _ in offered})
    on = {live.addon.key: live for live in live_connections(list(rows.values_list("id", flat=True)))}
    return [(one, flow) for one, flow in offered if one.key in on and _leads_somewhere(flow, on[one.key])]


def handoff(addon_key: str, flow_key: str) -> tuple[Addon, Handoff]:
    """The hand-off by that name. Raises `NotFound`."""
    one = addon(addon_key)
    flow = next((found for found in one.handoffs if found.key == flow_key), None)
    if flow is None:
        raise NotFound("This link")
    return one, flow


def _leads_somewhere(flow: Handoff, live: LiveConnection) -> bool:
    try:
        return bool(flow.link(None, live.settings, Contact(name="", email=""), SystemClock().now()))
    except Invalid:
        return False  # its own settings switch it off


def hand_over(
    actor: Actor,
    addon_key: str,
    flow_key: str,
    flight_id: int | None,
    contact: Contact,
    *,
    aircraft_ids: Collection[int] | None = None,
    clock: Clock | None = None,
) -> str:
    """The address to go to, made now; that somebody went is in the call log.

    Raises `NotIntegrated`, `NotFound`, `Forbidden`, and `Invalid` where the partner has no page for this.
    """
    one, flow = handoff(addon_key, flow_key)
    if (flight_id is None) != (flow.place is HandoffPlace.MENU):
        raise NotFound("This link")
    actor.require(flow.right, flow.doing)
    now = (clock or SystemClock()).now()
    about = None if flight_id is None else flight(actor.operator_id, flight_id, aircraft_ids=aircraft_ids)
    live = _connection(actor, one, flow, about)
    address = flow.link(about, live.settings, contact, now)
    _note(actor, live, flow, about, address, now)
    return address


def _connection(actor: Actor, one: Addon, flow: Handoff, about: FlightFacts | None) -> LiveConnection:
    rows = Connection.objects.filter(operator_id=actor.operator_id, addon=one.key, on=True).order_by("is_default", "id")
    found = live_connections(list(rows.values_list("id", flat=True)))
    if not found:
        raise NotIntegrated(
            f"You are not integrated with {one.name}, and cannot {flow.doing} there yet. Contact your administrator,"
            f" who can switch it on under Add-ons > {one.name} > Configuration."
        )
    if about is None or not one.choose_aircraft:
        return found[-1]
    for live in found:
        if about.aircraft_id in live.aircraft:
            return live
    raise NotIntegrated(
        f"{about.registration} is not ticked for {one.name}. Contact your administrator, who can tick it under"
        f" Add-ons > {one.name} > Configuration."
    )


def _note(
    actor: Actor, live: LiveConnection, flow: Handoff, about: FlightFacts | None, address: str, now: datetime
) -> None:
    words = f"{actor.label} opened it. What is done there, {live.addon.name} knows."
    CallRow.objects.create(
        operator_id=live.operator_id, id=next_ids(1)[0], connection_id=live.id, addon=live.addon.key, flow=flow.key,
        units=[str(Unit(UnitKind.FLIGHT, about.id))] if about is not None else [],
        title=(about.title if about is not None else flow.title)[:120], at=now, duration_ms=0, method="GET",
        url=without_secrets(address, live.secrets)[:500], outcome=OutcomeKind.ACCEPTED.value, direction="handoff",
        sent=1, messages=[{"level": "info", "text": words[:500], "code": "", "path": "", "about": "", "field": ""}],
    )  # fmt: skip


def without_secrets(address: str, secrets: Collection[str]) -> str:
    """The address with the values of what sounds secret hidden, and the connection's secrets wherever they stand."""
    parts = urlsplit(address)
    query = [
        (name, HIDDEN if any(word in name.lower() for word in _SOUNDS_SECRET) else value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    ]
    shown = parts._replace(query=urlencode(query, safe="():,")).geturl()
    for secret in secrets:
        shown = shown.replace(secret, HIDDEN) if secret else shown
    return shown
