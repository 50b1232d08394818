"""Reading messages that cannot be taken back: what went out, what is on its way, what waits for a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.db.models import Q, QuerySet

from airstair.hub.calls import messages_of
from airstair.hub.flows import MessageState
from airstair.hub.models import Message
from airstair.kernel.errors import NotFound
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit

MOST = 500
# What nobody but a person can end: lost answers, refusals, and what the record says again after a later one went out.
FOR_A_PERSON = Q(state__in=[MessageState.DOUBTFUL.value, MessageState.REFUSED.value]) | Q(wanted_again_at__isnull=False)


class MessageLine(msgspec.Struct, frozen=True, kw_only=True):
    """One message as people see it."""

    id: int
    connection_id: int
    flow: str
    unit: Unit
    title: str
    state: MessageState
    made_at: datetime
    asked_by: str
    decided_by: str
    wanted_again_at: datetime | None
    sent_at: datetime | None
    ended_at: datetime | None
    tries: int
    outcome: OutcomeKind | None
    http_status: int | None
    messages: tuple[PartnerMessage, ...]
    call_id: int | None

    @property
    def waits_for_a_person(self) -> bool:
        return self.state in (MessageState.DOUBTFUL, MessageState.REFUSED) or self.wanted_again_at is not None

    @property
    def sentence(self) -> str:
        """What has become of it, and what to do."""
        return _SENTENCES["again" if self.wanted_again_at is not None else self.state.value]


_SENTENCES = {
    "ready": "It goes out as soon as it may.",
    "sending": "A call is under way.",
    "delivered": "The partner has it.",
    "refused": "The partner has not taken it. Mend what it says, then it goes by itself; or send it again, or drop it.",
    "doubtful": "Whether the partner has it is not known. Look there, then say whether it arrived, or send it again.",
    "withdrawn": "It was replaced, or dropped.",
    "again": "The partner got it before, then a later one; now the record is back at it. Send it again, or drop it.",
}


def messages(
    operator_id: int, connection_ids: Iterable[int] | None = None, *, unit: Unit | None = None, limit: int = 100
) -> list[MessageLine]:
    """The newest messages first. One SQL statement."""
    rows = _of(operator_id, connection_ids)
    if unit is not None:
        rows = rows.filter(unit=str(unit))
    return [line_of(row) for row in rows.order_by("-made_at", "-id")[: min(limit, MOST)]]


def messages_waiting(operator_id: int, connection_ids: Iterable[int] | None = None) -> list[MessageLine]:
    """What waits for a person, the oldest first. One SQL statement."""
    rows = _of(operator_id, connection_ids).filter(FOR_A_PERSON)
    return [line_of(row) for row in rows.order_by("made_at", "id")[:MOST]]


def message(operator_id: int, message_id: int) -> MessageLine:
    """One message. Raises `NotFound`. One SQL statement."""
    row = Message.objects.filter(operator_id=operator_id, id=message_id).first()
    if row is None:
        raise NotFound(f"Message {message_id}")
    return line_of(row)


def _of(operator_id: int, connection_ids: Iterable[int] | None) -> QuerySet[Message]:
    rows = Message.objects.filter(operator_id=operator_id)
    return rows if connection_ids is None else rows.filter(connection_id__in=list(connection_ids))


def line_of(row: Message) -> MessageLine:
    """The row as people see it."""
    return MessageLine(
        id=row.id,
        connection_id=row.connection_id,
        flow=row.flow,
        unit=Unit.read(row.unit),
        title=row.title,
        state=MessageState(row.state),
        made_at=row.made_at,
        asked_by=row.asked_by,
        decided_by=row.decided_by,
        wanted_again_at=row.wanted_again_at,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
        tries=row.tries,
        outcome=OutcomeKind(row.outcome) if row.outcome else None,
        http_status=row.http_status,
        messages=messages_of(row.messages),
        call_id=row.call_id,
    )
