"""Answering a repeated write once."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection, transaction

from airstair.kernel.errors import Invalid
from airstair.records.access.models import KeptAnswer
from airstair.records.access.rules import KEPT_ANSWERS
from airstair.records.access.snapshots import Answer, Caller

# Rows that another request forgets just now are left to it.
_FORGET = """
DELETE FROM access_kept_answer WHERE (operator_id, id) IN (
    SELECT operator_id, id FROM access_kept_answer WHERE operator_id = %s
       AND at < now() - make_interval(days => %s) FOR UPDATE SKIP LOCKED)
"""
_BEGIN = """
INSERT INTO access_kept_answer (operator_id, key_id, grant_id, idempotency_key, fingerprint, body, media)
VALUES (%s, %s, %s, %s, %s, '', '') ON CONFLICT DO NOTHING RETURNING id
"""


def answered_once(caller: Caller, idempotency_key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """What `work` answers, or what it answered when the same request came before. Both are one transaction.

    A second request that comes while the first is under way waits for it. Another request under the same key is
    `Invalid`. `work` answers refusals too; what it raises leaves nothing, and can be tried again.
    """
    mine = KeptAnswer.objects.filter(
        operator_id=caller.operator_id,
        key_id=caller.key_id,
        grant_id=caller.grant_id,
        idempotency_key=idempotency_key,
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [caller.operator_id, KEPT_ANSWERS.days])
            cursor.execute(_BEGIN, [caller.operator_id, caller.key_id, caller.grant_id, idempotency_key, fingerprint])
            first = cursor.fetchone() is not None
        if first:
            answer = work()
            mine.update(status=answer.status, body=answer.body, media=answer.media)
            return answer
        kept = mine.get()
        if kept.fingerprint != fingerprint:
            raise Invalid.one(
                "Idempotency-Key", "It was used for another request. Use a new one for each thing that you want done."
            )
        return Answer(status=kept.status or 500, body=kept.body, media=kept.media)
