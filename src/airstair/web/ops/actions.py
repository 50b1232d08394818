"""What the actions menu of OPS offers: import windows, and send windows for the flights that are marked."""

from __future__ import annotations

from airstair.hub.connections.queries import connections
from airstair.hub.messages.offering import send_doors_of
from airstair.hub.staging.queries import import_doors_of
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest


def actions_for(request: PageRequest) -> dict[str, object]:
    """For the page: what this person may open. Two statements at most; none for who may neither import nor send."""
    actor = request.actor
    may_import, may_send = actor.may(Right.IMPORT_RUN), actor.may(Right.ADDONS_EXPORT)
    every = connections(request.operator.id) if may_import or may_send else []
    return {
        "may_import": may_import,
        "may_send": may_send,
        "import_doors": import_doors_of(every) if may_import else [],
        "send_doors": send_doors_of(every) if may_send else [],
    }
