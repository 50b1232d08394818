"""Who may do what. Roles are named sets of rights; a person can be given or refused single rights."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Right(StrEnum):
    """What can be allowed. Commands check these; pages hide what they cannot offer."""

    SCHEDULE_VIEW = "schedule.view"
    SCHEDULE_EDIT = "schedule.edit"
    TIMES_EDIT = "times.edit"
    CHECKLIST_EDIT = "checklist.edit"
    SUPPORT_ANSWER = "support.answer"  # what an application that was asked for support may do
    EMPTY_LEG_VERIFY = "emptyleg.verify"
    FLEET_EDIT = "fleet.edit"
    MAINTENANCE_EDIT = "maintenance.edit"
    PLACES_EDIT = "places.edit"
    CREW_VIEW = "crew.view"
    CREW_EDIT = "crew.edit"
    ENDORSEMENTS_EDIT = "endorsements.edit"
    ROSTER_EDIT = "roster.edit"
    PHONEBOOK_VIEW = "phonebook.view"
    PHONEBOOK_EDIT = "phonebook.edit"
    IMPORT_RUN = "import.run"
    ADDONS_MANAGE = "addons.manage"
    ADDONS_EXPORT = "addons.export"
    CALLS_VIEW = "calls.view"
    AUDIT_VIEW = "audit.view"
    USERS_MANAGE = "users.manage"
    KEYS_MANAGE = "keys.manage"
    APPLICATIONS_MANAGE = "applications.manage"
    OPERATOR_EDIT = "operator.edit"


class Role(StrEnum):
    """What somebody is for the operator."""

    ADMIN = "admin"
    OPS = "ops"
    SALES = "sales"
    CREW_CONTROL = "crew_control"
    MAINTENANCE = "maintenance"
    READ_ONLY = "read_only"
    AIRCRAFT_OWNER = "aircraft_owner"


_VIEW = {Right.SCHEDULE_VIEW}
RIGHTS_OF_ROLE: dict[Role, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.OPS: frozenset(
        {
            *_VIEW,
            Right.SCHEDULE_EDIT,
            Right.TIMES_EDIT,
            Right.CHECKLIST_EDIT,
            Right.EMPTY_LEG_VERIFY,
            Right.PLACES_EDIT,
            Right.CREW_VIEW,
            Right.ROSTER_EDIT,
            Right.PHONEBOOK_VIEW,
            Right.PHONEBOOK_EDIT,
            Right.IMPORT_RUN,
            Right.ADDONS_EXPORT,
            Right.CALLS_VIEW,
            Right.AUDIT_VIEW,
        }
    ),
    Role.SALES: frozenset(
        {
            *_VIEW,
            Right.SCHEDULE_EDIT,
            Right.EMPTY_LEG_VERIFY,
            Right.PHONEBOOK_VIEW,
            Right.PHONEBOOK_EDIT,
            Right.CALLS_VIEW,
        }
    ),
    Role.CREW_CONTROL: frozenset(
        {
            *_VIEW,
            Right.TIMES_EDIT,
            Right.CREW_VIEW,
            Right.CREW_EDIT,
            Right.ENDORSEMENTS_EDIT,
            Right.ROSTER_EDIT,
            Right.PHONEBOOK_VIEW,
            Right.CALLS_VIEW,
        }
    ),
    Role.MAINTENANCE: frozenset({*_VIEW, Right.MAINTENANCE_EDIT, Right.FLEET_EDIT, Right.CALLS_VIEW}),
    Role.READ_ONLY: frozenset({*_VIEW, Right.CREW_VIEW}),
    # An owner sees the schedule of the aircraft that are theirs; which ones, the membership says.
    Role.AIRCRAFT_OWNER: frozenset(_VIEW),
}


def rights_of(role: Role, granted: Iterable[str] = (), refused: Iterable[str] = ()) -> frozenset[str]:
    """The role's rights, plus those granted to the person, less those refused."""
    return frozenset((RIGHTS_OF_ROLE[role] | {Right(g) for g in granted}) - {Right(r) for r in refused})
