"""Which applications can be asked for support: the one place where checklists ask about access."""

from __future__ import annotations

import msgspec

from airstair.records.access import queries as access

SCOPE = "INTEGRATION_FLIGHT_SUPPORT"


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """An application of this installation that supports flights. `active`: the operator has connected it."""

    id: int
    name: str
    active: bool


def offered(operator_id: int) -> list[Offered]:
    """By name. Four statements."""
    connected = {one.application.id for one in access.connected_applications(operator_id) if one.active}
    found = access.applications_offering(SCOPE)
    return [Offered(id=one.id, name=one.name, active=one.id in connected) for one in found]


def active(operator_id: int, application_id: int) -> bool:
    """Whether the operator has connected it, so that it hears what it is asked for. Two statements."""
    return access.active_application(operator_id, application_id) is not None
