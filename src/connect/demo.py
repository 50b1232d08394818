"""The demo: an operator that is connected already, and two handlers. Made through ordinary commands, in one go.

Whoever starts the demo says on standard input what the schedule system has:
`{"operator": {"name", "email"}, "password", "base_url", "client_id", "client_secret", "access_token", "refresh_token",
"expires_at", "aircraft": [{"registration", "icao_type", "call_sign"}], "slots": ["KDCA"]}`; without tokens the operator
is not connected; without a base_url its schedule system is the one that CONNECT_AIRSTAIR_URL names.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction

from connect.clock import utc_now
from connect.errors import Invalid
from connect.parties.commands import (
    NewPerson,
    OrganisationEdit,
    ServiceEdit,
    add_aircraft,
    add_person,
    create_organisation,
    save_service,
    set_operations_contact,
    set_slot_required,
)
from connect.parties.models import Airport, Organisation
from connect.parties.queries import actor_for, installation
from connect.sealing import seal
from connect.sync.connecting import keep_tokens
from connect.sync.models import Connection
from connect.wire.oauth import Tokens


class DemoOperator(msgspec.Struct, frozen=True):
    """The operator, and the address that its administrator signs in with."""

    name: str
    email: str


class DemoAircraft(msgspec.Struct, frozen=True):
    """An aircraft of the schedule system."""

    registration: str
    icao_type: str
    call_sign: str = ""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo is made of."""

    operator: DemoOperator
    password: str
    base_url: str = ""
    client_id: str = ""
    client_secret: str = ""
    access_token: str = ""
    refresh_token: str = ""
    expires_at: datetime | None = None
    aircraft: tuple[DemoAircraft, ...] = ()
    slots: tuple[str, ...] = ()


HANDLERS = (
    ("Blue Apron Handling", "KEWR", "desk@blueapron.example", "Bea Apron"),
    ("Harbour Jet Centre", "KDCA", "ops@harbourjet.example", "Hal Harbour"),
)
CATALOGUE = (
    ("Ramp handling", "HANDLING", "Mandatory Ground Handling", "850.00"),
    ("Passenger transport", "PAX_TRANSPORT", "Services", "180.00"),
    ("Crew transport", "CREW_TRANSPORT", "Services", "90.00"),
    ("Parking, a night", "PARKING", "Parking", "240.00"),
)


def wanted_from(text: str) -> Wanted:
    """Read what is wanted. Raises `Invalid`."""
    try:
        return msgspec.json.decode(text, type=Wanted)
    except msgspec.DecodeError as problem:
        raise Invalid(("", f"Standard input does not say what the demo is made of: {problem}")) from problem


@transaction.atomic
def build_demo(wanted: Wanted) -> dict[str, Any]:
    """Make what is not there yet, and give the operator its new tokens if there are some. What to sign in with."""
    operator = Organisation.objects.filter(kind="operator", email=wanted.operator.email).first()
    operator = operator or _make_operator(wanted)
    for name, airport, email, person in HANDLERS:
        if not Organisation.objects.filter(kind="handler", name=name).exists():
            _make_handler(name, airport, email, person, wanted.password)
    actor = installation()
    for one in wanted.aircraft:
        add_aircraft(actor, operator.id, one.registration, one.icao_type, one.call_sign)
    for icao in wanted.slots:
        if Airport.objects.filter(icao=icao).exists():
            set_slot_required(actor, icao, True)
    if wanted.refresh_token:
        _connect(operator, wanted)
    return {"operator": wanted.operator.email, "handlers": [email for _, _, email, _ in HANDLERS]}


def _make_operator(wanted: Wanted) -> Organisation:
    actor = installation()
    edit = OrganisationEdit(name=wanted.operator.name, email=wanted.operator.email, currency="USD")
    made = create_organisation(actor, Organisation.OPERATOR, edit)
    new = NewPerson(email=wanted.operator.email, name="Dana Admin", password=wanted.password)
    set_operations_contact(actor, add_person(actor, made.id, new).id, made.id)
    return made


def _make_handler(name: str, airport: str, email: str, person: str, password: str) -> None:
    actor = installation()
    edit = OrganisationEdit(name=name, email=email, currency="USD", stations=(airport,))
    made = create_organisation(actor, Organisation.HANDLER, edit)
    user = add_person(actor, made.id, NewPerson(email=email, name=person, password=password))
    set_operations_contact(actor, user.id, made.id)
    for title, service, category, price in CATALOGUE:
        save_service(
            actor_for(user), ServiceEdit(title=title, service=service, category=category, price=Decimal(price))
        )


def _connect(operator: Organisation, wanted: Wanted) -> None:
    connection, _ = Connection.objects.get_or_create(operator=operator)
    connection.base_url, connection.client_id = wanted.base_url.rstrip("/"), wanted.client_id
    connection.client_secret = seal(wanted.client_secret)
    connection.enabled, connection.cursors = True, {}
    keep_tokens(connection, Tokens(wanted.access_token, wanted.refresh_token, wanted.expires_at or utc_now()))
