"""A person's yes to what an add-on would not send without one: a document that `Mirror.ask_first` asks about.

Nothing goes out from here: the engine sends it. The yes is for the very document that the person was shown the question
of; when the record has changed since, it is refused, and asked anew.
"""

from __future__ import annotations

from django.db import transaction

from airstair.changes.record import NewChange, record
from airstair.hub.connections.queries import connection
from airstair.hub.models import LedgerRow
from airstair.hub.registry import addon
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right

APPROVED = "connection.approved"


def send_anyway(
    actor: Actor, connection_id: int, flow: str, unit: Unit, question: str, *, clock: Clock | None = None
) -> str:
    """Let the held document of the unit go out; answers the unit's title. `question`: as its line in the ledger has it.

    Raises `Forbidden`, `NotFound`; `Conflict` where the connection is off, or nothing or something else is held by now.
    """
    actor.require(Right.ADDONS_EXPORT, "send to partners")
    now = (clock or SystemClock()).now()
    facts = connection(actor.operator_id, connection_id)
    name = addon(facts.addon).name
    if not facts.on:
        raise Conflict(f"{name} is switched off. Switch it on under Configuration, then send.")
    with transaction.atomic():
        row = (
            LedgerRow.objects.select_for_update()
            .filter(operator_id=actor.operator_id, connection_id=connection_id, flow=flow, unit=str(unit))
            .first()
        )
        if row is None:
            raise NotFound(f"{unit} of {name}")
        if row.question is None or bytes(row.question).hex() != question:
            raise Conflict(f"What was asked about {row.title} has changed meanwhile. Look at it again, then decide.")
        row.approved, row.asked_at = row.question, now
        row.save(update_fields=["approved", "asked_at"])
        asked = row.messages[0]["text"] if row.messages else ""
        me = Unit(UnitKind.CONNECTION, connection_id)
        title = f"{name}: {row.title}"
        change = NewChange(kind=APPROVED, subject=me, title=title, units=(unit, me), after={"approved": asked})
        record(actor, [change])
    return row.title
