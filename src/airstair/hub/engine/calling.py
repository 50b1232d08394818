"""One call to a partner through the add-on's own code, whatever that does: it always ends in outcomes.

A fault of one add-on must stop neither the others nor its own next call. No rule about when to call is here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.flows import Call, Document, Mirror, UnitDocument
from airstair.hub.http import CallFailed, HttpPool, PartnerHttp
from airstair.kernel.clock import Clock
from airstair.kernel.outcome import Outcome, OutcomeKind

log = logging.getLogger(__name__)

_UNREADABLE = "Airstair could not read the answer. This is a fault of the add-on; its developers find it in the log."
CANNOT_BE_MADE = (
    "Airstair could not put this into the partner's form. This is a fault of the add-on; its developers find it in the"
    " log."
)


async def ask_partner(
    flow: Mirror, connection: LiveConnection, documents: Sequence[UnitDocument], pool: HttpPool, clock: Clock
) -> tuple[list[Outcome], PartnerHttp]:
    """Send the documents; an outcome for each, in order, with secrets removed from the partner's words."""
    http = PartnerHttp(
        pool,
        clock,
        deadline=flow.deadline,
        secrets=connection.secrets,
        sandbox=connection.to_sandbox,
        shown=connection.addon.shown_headers,
    )
    call = Call(http=http, settings=connection.settings, documents=documents, now=clock.now())
    outcomes = await _outcomes(flow.send, call, connection.addon.key)
    return [http.hide_secrets(outcome) for outcome in outcomes], http


async def _outcomes(send: Callable[[Call], Any], call: Call, addon: str) -> list[Outcome]:
    try:
        outcomes = list(await send(call))
        if len(outcomes) == len(call.documents) and all(isinstance(outcome, Outcome) for outcome in outcomes):
            return outcomes
        log.error("The add-on %s gave %s answers for %s documents.", addon, len(outcomes), len(call.documents))
        outcome = Outcome.failed(OutcomeKind.UNREADABLE, _UNREADABLE)
    except CallFailed as failed:
        outcome = Outcome.failed(failed.kind, str(failed))
    except Exception:  # a fault in one add-on must stop neither the others nor this one's next call
        log.exception("The add-on %s failed in its own code.", addon)
        outcome = Outcome.failed(OutcomeKind.UNREADABLE, _UNREADABLE)
    return [outcome] * len(call.documents)


def make_document(flow: Mirror, connection: LiveConnection, snapshot: object, now: datetime) -> Document | None:
    """The snapshot in the partner's form; `None` when the partner should hold nothing of it.

    Raises `CannotBeMade` when the add-on fails over it.
    """
    try:
        return flow.document(snapshot, connection.settings, now)
    except Exception as fault:  # a fault in one add-on's mapping must not hold up its other units
        log.exception("The add-on %s could not make its document.", connection.addon.key)
        raise CannotBeMade from fault


class CannotBeMade(Exception):
    """The add-on's mapping failed over a unit."""
