"""What Centrik has, as commands. It writes nothing by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import msgspec

from airstair.addons.centrik import reading, wire
from airstair.addons.centrik.client import Item
from airstair.addons.centrik.reading import Stage
from airstair.hub.flows import Absorbed, AbsorbedAs, Absorbing
from airstair.kernel.errors import Invalid
from airstair.kernel.units import Unit, UnitKind
from airstair.records.endorsements.commands import (
    ImportedDefinition,
    ImportedEndorsement,
    Written,
    forget_unseen,
    import_definition,
    import_endorsement,
)
from airstair.records.endorsements.commands.imported import ImportedPerson, import_person, nobody

_AS = {
    Written.NEW: AbsorbedAs.NEW,
    Written.UPDATED: AbsorbedAs.UPDATED,
    Written.UNCHANGED: AbsorbedAs.UNCHANGED,
}


def absorb(item: Item, context: Absorbing) -> Absorbed:
    """One kind of endorsement, person, or endorsement; whoever is not known here is skipped, with the reason."""
    try:
        return _ABSORB[item.stage](item, context)
    except (msgspec.ValidationError, msgspec.DecodeError) as odd:
        return Absorbed.skipped(f"Centrik's entry cannot be read: {odd}. Correct it there.", title(item))


def _definition(item: Item, context: Absorbing) -> Absorbed:
    kind = msgspec.json.decode(item.body, type=wire.Qualification)
    wanted = ImportedDefinition(remote_id=str(kind.id), name=kind.name, code=kind.external_id or "")
    done = import_definition(context.actor, wanted, item.began)
    return Absorbed(kind=_AS[done], unit=Unit(UnitKind.OPERATOR, context.actor.operator_id), title=kind.name)


def _person(item: Item, context: Absorbing) -> Absorbed:
    user = msgspec.json.decode(item.body, type=wire.User)
    if not user.active:
        return Absorbed.skipped("They are inactive in Centrik.", user.name)
    email = (user.email or "").strip()
    wanted = ImportedPerson(remote_id=str(user.id), name=user.name, email=email)
    member = import_person(context.actor, wanted, item.began)
    if member is None:
        return Absorbed.skipped(nobody(user.name, email), user.name or email)
    return Absorbed.unchanged(Unit(UnitKind.CREW_MEMBER, member.id), member.code)


def _endorsement(item: Item, context: Absorbing) -> Absorbed:
    held = msgspec.json.decode(item.body, type=wire.UserQualification)
    wanted = ImportedEndorsement(
        remote_id=str(held.id),
        definition=str(held.qualification_id),
        person=str(held.user_id),
        number=held.number or "",
        issued=_day("dateOfIssue", held.date_of_issue),
        expires=_day("expiryDate", held.expiry_date),
        notes=held.notes or "",
    )
    done, facts = import_endorsement(context.actor, wanted, item.began)
    return Absorbed(kind=_AS[done], unit=Unit(UnitKind.CREW_MEMBER, facts.crew_member_id), title=facts.definition.name)


_ABSORB: dict[Stage, Callable[[Item, Absorbing], Absorbed]] = {
    Stage.QUALIFICATIONS: _definition,
    Stage.USERS: _person,
    Stage.HELD: _endorsement,
}


def _day(field: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise Invalid.one(field, f"“{text[:30]}” is not a day. Correct it in Centrik.") from None


def finish(cursor: str | None, context: Absorbing) -> None:
    """Centrik has been read to its end: what it no longer has goes here, too."""
    last = reading.read(cursor)
    if last is not None and last.since is None:
        forget_unseen(context.actor, last.began)


def title(item: Item) -> str:
    """What a person calls an item that could not be absorbed."""
    return f"{item.stage}: {bytes(item.body).decode(errors='replace')[:60]}"
