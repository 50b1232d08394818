"""Reading endorsements. Each reader says its number of statements."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from airstair.kernel.errors import NotFound
from airstair.records.endorsements.models import Definition, Endorsement, PartnerPerson, Scan
from airstair.records.endorsements.rules import Standing, WhenExpiring
from airstair.records.endorsements.snapshots import DefinitionFacts, EndorsementFacts, ScanFacts, UnmatchedPerson
from airstair.records.people.queries import crew_by_email

_DEFINITION = DefinitionFacts.__struct_fields__
_ENDORSEMENT = tuple(name for name in EndorsementFacts.__struct_fields__ if name != "definition")


def definitions(operator_id: int) -> list[DefinitionFacts]:
    """The kinds of endorsement in their order. One statement."""
    rows = Definition.objects.filter(operator_id=operator_id).order_by("place", "name", "id").values(*_DEFINITION)
    return [DefinitionFacts(**{**row, "when_expiring": WhenExpiring(row["when_expiring"])}) for row in rows]


def definition(operator_id: int, definition_id: int) -> DefinitionFacts:
    """One statement. Raises `NotFound`."""
    for one in definitions(operator_id):
        if one.id == definition_id:
            return one
    raise NotFound("This kind of endorsement")


def endorsements(operator_id: int, crew_member_ids: Iterable[int] | None = None) -> list[EndorsementFacts]:
    """Endorsements, of these crew members or of all, in the order of their definitions. Two statements."""
    order = {one.id: at for at, one in enumerate(definitions(operator_id))}
    return sorted(_read(operator_id, crew_member_ids), key=lambda one: (order.get(one.definition.id, 0), one.id))


def _read(operator_id: int, crew_member_ids: Iterable[int] | None) -> list[EndorsementFacts]:
    kinds = {one.id: one for one in definitions(operator_id)}
    rows = Endorsement.objects.filter(operator_id=operator_id)
    if crew_member_ids is not None:
        rows = rows.filter(crew_member_id__in=list(crew_member_ids))
    found = rows.order_by("id").values(*_ENDORSEMENT, "definition_id")
    return [EndorsementFacts(definition=kinds[row.pop("definition_id")], **row) for row in found]


def endorsement(operator_id: int, endorsement_id: int) -> EndorsementFacts:
    """One statement for it, one for the definitions. Raises `NotFound`."""
    row = Endorsement.objects.filter(operator_id=operator_id, id=endorsement_id).values(*_ENDORSEMENT, "definition_id")
    found = row.first()
    if found is None:
        raise NotFound("This endorsement")
    return EndorsementFacts(definition=definition(operator_id, found.pop("definition_id")), **found)


def grounded_on(operator_id: int, day: date, crew_member_ids: Iterable[int] | None = None) -> dict[int, list[str]]:
    """Who must not be planned on a day, and the names of what has expired by then. Two statements.

    An endorsement that was renewed counts by its latest end. One that somebody never had keeps nobody on the ground.
    """
    latest: dict[tuple[int, int], EndorsementFacts] = {}
    for one in _read(operator_id, crew_member_ids):
        key = (one.crew_member_id, one.definition.id)
        if key not in latest or _later(one, latest[key]):
            latest[key] = one
    found: dict[int, list[str]] = {}
    for one in latest.values():
        if one.definition.when_expiring is WhenExpiring.GROUND and one.standing(day) is Standing.EXPIRED:
            found.setdefault(one.crew_member_id, []).append(one.definition.name)
    return found


def _later(one: EndorsementFacts, other: EndorsementFacts) -> bool:
    return other.expires is not None and (one.expires is None or one.expires > other.expires)


def unmatched_people(operator_id: int) -> list[UnmatchedPerson]:
    """Those whom partners know and whose email is no active crew member's. Two statements."""
    rows = list(PartnerPerson.objects.filter(operator_id=operator_id).order_by("partner", "name", "id"))
    known = crew_by_email(operator_id, [row.email for row in rows]) if rows else {}
    return [
        UnmatchedPerson(partner=row.partner, partner_name=row.partner_name, name=row.name, email=row.email)
        for row in rows
        if row.email.strip().lower() not in known
    ]


def scan(operator_id: int, endorsement_id: int) -> ScanFacts:
    """The document of an endorsement. Two statements. Raises `NotFound`."""
    row = Scan.objects.filter(operator_id=operator_id, id=endorsement_id).first()
    named = Endorsement.objects.filter(operator_id=operator_id, id=endorsement_id).values("document_name").first()
    if row is None or named is None:
        raise NotFound("This document")
    return ScanFacts(name=named["document_name"], media_type=row.media_type, content=bytes(row.content))
