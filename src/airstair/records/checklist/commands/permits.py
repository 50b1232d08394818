"""What is looked at in permits that an application tells of."""

from __future__ import annotations

from collections.abc import Sequence

from airstair.kernel.errors import Invalid, Problems
from airstair.records import checks
from airstair.records.checklist.commands.inputs import PermitInput
from airstair.records.checklist.rules import DESIGNATIONS, PermitKind
from airstair.records.checklist.snapshots import PermitFacts
from airstair.records.places.queries import Resolver, resolver

_MOST_PERMITS = 50


def tidy_permits(operator_id: int, application_id: int, permits: Sequence[PermitInput]) -> tuple[PermitFacts, ...]:
    """As they are kept, landing ones first. One statement. Raises `Invalid`."""
    problems = Problems()
    if len(permits) > _MOST_PERMITS:
        problems.add("permits", f"There are {len(permits)}. Tell of at most {_MOST_PERMITS} for a flight.")
        problems.refuse()
    places = resolver(operator_id)
    found = [_tidy(problems, places, application_id, f"permits.{at}.", one) for at, one in enumerate(permits)]
    problems.refuse()
    return tuple(sorted(found, key=lambda one: one.kind))


def _tidy(problems: Problems, places: Resolver, application_id: int, prefix: str, one: PermitInput) -> PermitFacts:
    if one.designation not in DESIGNATIONS:
        sentence = f"“{checks.shown(one.designation)}” is not one of them. Use {checks.listed(DESIGNATIONS)}."
        problems.add(f"{prefix}status", sentence)
    country, airport = checks.country(problems, f"{prefix}country", one.country), ""
    if one.airport:
        try:
            airport = places.resolve(one.airport, f"{prefix}airport").code
        except Invalid as refusal:
            checks.take(problems, refusal)
    elif not country:
        problems.add(f"{prefix}country", "It is missing. Say of which country, or of which airport, the permit is.")
    until = one.valid_until
    return PermitFacts(
        application_id=application_id,
        kind=checks.word(problems, f"{prefix}kind", one.kind, PermitKind),
        country=country,
        airport=airport,
        number=checks.text(problems, f"{prefix}number", one.number, longest=60),
        valid_until=None if until is None else checks.moment(problems, f"{prefix}validUntil", until),
        designation=one.designation,
        note=checks.text(problems, f"{prefix}note", one.note, longest=2000),
    )
