"""Readers of those who take part. Each takes who asks first, and finds only what is theirs or open to all."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from connect.errors import NotFound
from connect.parties.models import Aircraft, Airport, CatalogueService, Organisation, Right, User
from connect.parties.rights import EVERYTHING, NEEDED_TO_SYNCHRONISE, Actor


def actor_for(user: User) -> Actor:
    """Who somebody signed in is, with their rights."""
    one = user.organisation
    rights = {right.module: frozenset(right.acts) for right in user.rights.all()}
    return Actor(
        name=user.name,
        organisation_id=one.id,
        main_id=one.main_id or one.id,
        kind=one.kind,
        user_id=user.id,
        rights=rights,
    )


def installation() -> Actor:
    """The person at the command line of this Connect, who may do everything and belongs to nobody."""
    return Actor(name="Connect’s administrator", organisation_id=0, main_id=0, kind="installation", rights=EVERYTHING)


def own(actor: Actor) -> Q:
    """Which organisations are the actor's: an operator's people see the main one and all of its subsidiaries,
    a subsidiary's people and a handler's only their own.
    """
    if actor.kind == Organisation.OPERATOR and actor.organisation_id == actor.main_id:
        return Q(id=actor.main_id) | Q(main_id=actor.main_id)
    return Q(id=actor.organisation_id)


def organisation(actor: Actor) -> Organisation:
    """The actor's own."""
    found = Organisation.objects.select_related("main", "operations_contact").filter(id=actor.organisation_id).first()
    if found is None:
        raise NotFound("The organisation")
    return found


def subsidiaries(actor: Actor) -> list[Organisation]:
    """The operator's, without itself."""
    return list(Organisation.objects.filter(own(actor), main__isnull=False).order_by("name"))


def fleet(actor: Actor) -> list[Aircraft]:
    """The aircraft of the operator and its subsidiaries."""
    owners = Organisation.objects.filter(own(actor))
    return list(
        Aircraft.objects.filter(organisation__in=owners).select_related("organisation").order_by("registration")
    )


def people(actor: Actor) -> list[User]:
    """Who signs in for the actor's organisation, with their rights at hand."""
    return list(User.objects.filter(organisation_id=actor.organisation_id).prefetch_related("rights").order_by("name"))


def airports(search: str = "", limit: int = 50) -> list[Airport]:
    """Airports by code or name; those that need a slot first when nothing is searched for."""
    found: QuerySet[Airport] = Airport.objects.order_by("-slot_required", "icao")
    if search:
        found = Airport.objects.filter(Q(icao__istartswith=search) | Q(name__icontains=search)).order_by("icao")
    return list(found[:limit])


def catalogue(actor: Actor) -> list[CatalogueService]:
    """What the actor's organisation offers."""
    of_own = CatalogueService.objects.filter(organisation_id=actor.organisation_id)
    return list(of_own.order_by("category", "title"))


def handlers(search: str = "", airport: str = "") -> list[Organisation]:
    """The handlers of this Connect."""
    found = Organisation.objects.filter(kind=Organisation.HANDLER)
    if search:
        found = found.filter(name__icontains=search)
    if airport:
        found = found.filter(stations__contains=[airport])
    return list(found.order_by("name"))


def handler_matching(name: str, airport: str, email: str) -> int | None:
    """The handler of that name, at that airport, with that address: all three, whatever their capitals and blanks."""
    plain = " ".join(name.split())
    found = Organisation.objects.filter(
        kind=Organisation.HANDLER, name__iexact=plain, email__iexact=email.strip(), stations__contains=[airport]
    )
    return found.values_list("id", flat=True).first() if plain and email.strip() else None


def owner_of(operator_id: int, registration: str, icao_type: str, call_sign: str) -> int | None:
    """The operator or subsidiary that owns the aircraft: registration and type, else call sign and type."""
    plain = registration.replace("-", "").upper()
    call = call_sign.replace("-", "").upper()
    by_call_sign = None
    fleets = Aircraft.objects.filter(Q(organisation_id=operator_id) | Q(organisation__main_id=operator_id))
    for one in fleets.filter(icao_type__iexact=icao_type).order_by("id"):
        if plain and one.registration.replace("-", "").upper() == plain:
            return one.organisation_id
        if call and by_call_sign is None and one.call_sign.replace("-", "").upper() == call:
            by_call_sign = one.organisation_id
    return by_call_sign


def contact_may_synchronise(operator_id: int) -> bool:
    """Whether the operations contact has every right on flights and orders."""
    contact = Organisation.objects.filter(id=operator_id).values_list("operations_contact", flat=True).first()
    if contact is None:
        return False
    held = {
        (right.module, act)
        for right in Right.objects.filter(user_id=contact, user__is_active=True)
        for act in right.acts
    }
    return held >= NEEDED_TO_SYNCHRONISE


def airports_known(codes: list[str]) -> dict[str, bool]:
    """Of these codes, those that Connect knows: whether they need a slot."""
    return dict(Airport.objects.filter(icao__in=codes).values_list("icao", "slot_required"))
