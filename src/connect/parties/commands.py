"""The only writers of those who take part. Each takes who acts, checks the right, and refuses whole or does whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from connect.errors import Invalid, NotFound
from connect.parties.models import Aircraft, Airport, CatalogueService, Organisation, Right, User
from connect.parties.queries import own
from connect.parties.rights import EVERYTHING, Act, Actor, Module


class OrganisationEdit(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation as its page writes it."""

    name: str
    email: str
    phone: str = ""
    currency: str = "EUR"
    stations: tuple[str, ...] = ()
    emergency_email: str = ""
    accounting_email: str = ""


class NewPerson(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who shall sign in; `rights` by module, everything unless said."""

    email: str
    name: str
    password: str
    rights: Mapping[str, frozenset[str]] = msgspec.field(default_factory=lambda: EVERYTHING)


class ServiceEdit(msgspec.Struct, frozen=True, kw_only=True):
    """A service of the catalogue as its page writes it."""

    title: str
    category: str = "Services"
    reference: str = ""
    service: str = ""
    price: Decimal = Decimal(0)
    shown: bool = True


@transaction.atomic
def create_organisation(actor: Actor, kind: str, edit: OrganisationEdit, main_id: int | None = None) -> Organisation:
    """A new operator or handler, by the installation; or a subsidiary, by its operator."""
    if main_id is None:
        actor.need_kind("installation", "The page")
    else:
        actor.need(Module.ORGANISATION, Act.CREATE)
        if actor.kind != "installation" and actor.organisation_id != main_id:
            raise NotFound("The organisation")
    made = Organisation(kind=kind, main_id=main_id)
    _write(made, edit)
    return made


@transaction.atomic
def change_organisation(actor: Actor, edit: OrganisationEdit, organisation_id: int | None = None) -> Organisation:
    """The actor's own organisation, or one of the operator's subsidiaries."""
    actor.need(Module.ORGANISATION, Act.MODIFY)
    found = _own(actor, organisation_id or actor.organisation_id)
    _write(found, edit)
    return found


def _own(actor: Actor, organisation_id: int) -> Organisation:
    found = Organisation.objects.filter(id=organisation_id)
    one = (found if actor.kind == "installation" else found.filter(own(actor))).first()
    if one is None:
        raise NotFound("The organisation")
    return one


def _write(one: Organisation, edit: OrganisationEdit) -> None:
    problems = [] if edit.name.strip() else [("name", "Give a name.")]
    problems += _bad_addresses(edit, ("email", "emergency_email", "accounting_email"))
    if not edit.email:
        problems.append(("email", "Give an email address: orders and matching need one."))
    stations = sorted({code.strip().upper() for code in edit.stations if code.strip()})
    known = set(Airport.objects.filter(icao__in=stations).values_list("icao", flat=True))
    problems += [("stations", f"{code} is no airport that Connect knows.") for code in stations if code not in known]
    same = Organisation.objects.filter(kind=one.kind, name__iexact=edit.name.strip()).exclude(id=one.id)
    if same.exists():
        problems.append(("name", "Another organisation has this name."))
    if len(edit.currency) != 3:
        problems.append(("currency", "Give a currency of three letters, as EUR."))
    if problems:
        raise Invalid(*problems)
    one.name, one.email, one.phone = " ".join(edit.name.split()), edit.email, edit.phone
    one.currency, one.stations = edit.currency.upper(), stations
    one.emergency_email, one.accounting_email = edit.emergency_email, edit.accounting_email
    one.save()


def _bad_addresses(edit: OrganisationEdit, fields: Iterable[str]) -> list[tuple[str, str]]:
    wrong = []
    for field in fields:
        if value := getattr(edit, field):
            try:
                validate_email(value)
            except ValidationError:
                wrong.append((field, f"“{value}” is not an email address."))
    return wrong


@transaction.atomic
def add_person(actor: Actor, organisation_id: int, new: NewPerson) -> User:
    """Somebody who may sign in for the organisation."""
    actor.need(Module.ORGANISATION, Act.CREATE)
    where = _own(actor, organisation_id)
    problems = [] if new.name.strip() else [("name", "Give a name.")]
    try:
        validate_email(new.email)
    except ValidationError:
        problems.append(("email", f"“{new.email}” is not an email address."))
    if User.objects.filter(email__iexact=new.email).exists():
        problems.append(("email", "Somebody signs in with this address already."))
    try:
        validate_password(new.password)
    except ValidationError as weak:
        problems += [("password", sentence) for sentence in weak.messages]
    if problems:
        raise Invalid(*problems)
    made = User.objects.create(
        email=new.email.lower(), name=new.name.strip(), organisation=where, password=make_password(new.password)
    )
    _write_rights(made, new.rights)
    return made


@transaction.atomic
def set_rights(actor: Actor, user_id: int, rights: Mapping[str, frozenset[str]]) -> None:
    """What somebody of the actor's organisation may do; modules that are not named are hidden from them."""
    actor.need(Module.ORGANISATION, Act.MODIFY)
    found = User.objects.filter(id=user_id, organisation_id=actor.organisation_id).first()
    if found is None:
        raise NotFound("The person")
    if user_id == actor.user_id and "MODIFY" not in rights.get(Module.ORGANISATION, frozenset()):
        raise Invalid(("rights", "Somebody must be left who can give rights: you cannot take MODIFY from yourself."))
    _write_rights(found, rights)


def _write_rights(user: User, rights: Mapping[str, frozenset[str]]) -> None:
    known = {act.value for act in Act}
    for module, acts in rights.items():
        if module not in set(Module) or not set(acts) <= known:
            raise Invalid(("rights", f"There is no module “{module}” with these rights."))
    user.rights.all().delete()
    Right.objects.bulk_create(
        [Right(user=user, module=module, acts=sorted(acts)) for module, acts in rights.items() if acts]
    )


@transaction.atomic
def set_operations_contact(actor: Actor, user_id: int, organisation_id: int | None = None) -> None:
    """Who stands for flights and orders of the organisation; must be one of its people."""
    actor.need(Module.ORGANISATION, Act.MODIFY)
    one = _own(actor, organisation_id or actor.organisation_id)
    if not User.objects.filter(id=user_id, organisation=one).exists():
        raise NotFound("The person")
    one.operations_contact_id = user_id
    one.save(update_fields=["operations_contact"])


@transaction.atomic
def add_aircraft(
    actor: Actor, organisation_id: int, registration: str, icao_type: str, call_sign: str = ""
) -> Aircraft:
    """An aircraft in the fleet of the operator or of a subsidiary. Known already: its type and call sign change."""
    actor.need(Module.ORGANISATION, Act.MODIFY)
    where = _own(actor, organisation_id)
    tail, kind = registration.strip().upper(), icao_type.strip().upper()
    problems = [] if tail else [("registration", "Give the registration.")]
    if not 2 <= len(kind) <= 4:
        problems.append(("icao_type", "Give the type as ICAO writes it, of two to four letters and digits, as C25A."))
    if where.kind != Organisation.OPERATOR:
        problems.append(("organisation", "Only operators have fleets."))
    if problems:
        raise Invalid(*problems)
    values = {"icao_type": kind, "call_sign": call_sign.strip().upper()}
    made, _ = Aircraft.objects.update_or_create(organisation=where, registration=tail, defaults=values)
    return made


@transaction.atomic
def remove_aircraft(actor: Actor, aircraft_id: int) -> None:
    """Out of the fleet: its flights are synchronised no more when they are next submitted."""
    actor.need(Module.ORGANISATION, Act.DELETE)
    found = Aircraft.objects.filter(id=aircraft_id).first()
    if found is None:
        raise NotFound("The aircraft")
    _own(actor, found.organisation_id)
    found.delete()


@transaction.atomic
def set_slot_required(actor: Actor, icao: str, required: bool) -> None:
    """Whether the airport needs slots: said by the installation, or by a handler that serves it."""
    actor.need(Module.ORGANISATION, Act.MODIFY)
    found = Airport.objects.filter(icao=icao.upper()).first()
    if found is None or (
        actor.kind != "installation" and icao.upper() not in _own(actor, actor.organisation_id).stations
    ):
        raise NotFound("The airport")
    found.slot_required = required
    found.save(update_fields=["slot_required"])


def add_airports(actor: Actor, airports: Mapping[str, str]) -> int:
    """Airports by ICAO code with their names; those that are known stay as they are. How many were given."""
    actor.need_kind("installation", "The page")
    rows = [Airport(icao=icao, name=name[:120]) for icao, name in airports.items()]
    Airport.objects.bulk_create(rows, ignore_conflicts=True, batch_size=5000)
    return len(rows)


@transaction.atomic
def save_service(actor: Actor, edit: ServiceEdit, service_id: int | None = None) -> CatalogueService:
    """A service of the actor's catalogue, new or changed."""
    actor.need_kind(Organisation.HANDLER, "The catalogue")
    actor.need(Module.CATALOGUE, Act.MODIFY if service_id else Act.CREATE)
    one = CatalogueService(organisation_id=actor.organisation_id)
    if service_id:
        one = _service(actor, service_id)
    problems = [] if edit.title.strip() else [("title", "Give a title.")]
    if edit.price < 0 or edit.price >= 10**8:
        problems.append(("price", "A price is nought or more, and below a hundred million."))
    same = CatalogueService.objects.filter(organisation_id=actor.organisation_id, title=edit.title.strip())
    if same.exclude(id=one.id).exists():
        problems.append(("title", "Your catalogue has a service of this title."))
    if problems:
        raise Invalid(*problems)
    one.title, one.category, one.reference = edit.title.strip(), edit.category, edit.reference
    one.service, one.price, one.shown = edit.service, edit.price, edit.shown
    one.save()
    return one


@transaction.atomic
def remove_service(actor: Actor, service_id: int) -> None:
    """Out of the catalogue; orders keep their lines."""
    actor.need_kind(Organisation.HANDLER, "The catalogue")
    actor.need(Module.CATALOGUE, Act.DELETE)
    _service(actor, service_id).delete()


def _service(actor: Actor, service_id: int) -> CatalogueService:
    found = CatalogueService.objects.filter(id=service_id, organisation_id=actor.organisation_id).first()
    if found is None:
        raise NotFound("The service")
    return found
