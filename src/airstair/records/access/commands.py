"""Making and revoking keys, letting in who has one, answering a repeated write once. Only this writes these tables."""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now

from airstair.changes.keys import next_ids
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.kernel.scope import operator_scope
from airstair.records import checks
from airstair.records.access.models import ApiKey, KeptAnswer
from airstair.records.access.queries import key_facts
from airstair.records.access.rules import (
    KEPT_ANSWERS,
    RIGHTS_TO_WRITE,
    USE_NOTED_EVERY,
    Resource,
    new_secret,
    opens,
    read_token,
    secret_hash,
    token_of,
)
from airstair.records.access.snapshots import Answer, ApiKeyFacts, Caller, NewApiKey
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right

__all__ = ["ApiKeyInput", "answered_once", "create_api_key", "let_in", "revoke_api_key"]


class ApiKeyInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new key: what people call it, and the resources that it may read or write. Writing includes reading."""

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()


def create_api_key(actor: Actor, wanted: ApiKeyInput) -> NewApiKey:
    """Make a key. Right: KEYS_MANAGE. Raises `Invalid`. Its text is in the answer, and nowhere else ever after."""
    actor.require(Right.KEYS_MANAGE, "make API keys")
    problems = Problems()
    name = checks.text(problems, "name", wanted.name, longest=60, needed=True)
    writes = _resources(problems, "writes", wanted.writes)
    for fixed in sorted(set(writes) - {str(one) for one in RIGHTS_TO_WRITE}):
        problems.add("writes", f"{fixed} can only be read. Take it out.")
    reads = _resources(problems, "reads", (*wanted.reads, *writes))
    if not reads and not problems.found:
        problems.add("reads", "The key could do nothing. Choose at least one resource.")
    problems.refuse()
    with transaction.atomic():
        lock_operator(actor.operator_id)
        if ApiKey.objects.filter(operator_id=actor.operator_id, revoked_at=None, name__iexact=name).exists():
            raise Invalid.one("name", f"There is already a key “{name}”. Choose another name, or revoke that one.")
        secret, key_id = new_secret(), next_ids(1)[0]
        ApiKey.objects.create(
            operator_id=actor.operator_id, id=key_id, name=name, reads=reads, writes=writes,
            secret_hash=secret_hash(secret), created_by_name=actor.label[:200],
        )  # fmt: skip
        record_change(actor, "apikey.created", name, None, {"name": name, "reads": reads, "writes": writes})
        facts = key_facts(ApiKey.objects.get(operator_id=actor.operator_id, id=key_id))
    return NewApiKey(facts=facts, token=token_of(actor.operator_id, key_id, secret))


def revoke_api_key(actor: Actor, key_id: int) -> ApiKeyFacts:
    """Let the key in no more. Right: KEYS_MANAGE. Raises `NotFound`. Again changes nothing."""
    actor.require(Right.KEYS_MANAGE, "revoke API keys")
    with transaction.atomic():
        rows = ApiKey.objects.filter(operator_id=actor.operator_id, id=key_id)
        row = rows.select_for_update(no_key=True).first()
        if row is None:
            raise NotFound("This API key")
        if row.revoked_at is None:
            rows.update(revoked_at=Now(), revoked_by_name=actor.label[:200])
            record_change(actor, "apikey.revoked", row.name, {"revoked": False}, {"revoked": True})
        return key_facts(rows.get())


def _resources(problems: Problems, field: str, wanted: Collection[str]) -> list[str]:
    found = {checks.word(problems, field, one, Resource).value for one in wanted}
    return [one.value for one in Resource if one in found]


# --- letting in -------------------------------------------------------------------------------------------------


def let_in(token: str, address: str) -> Caller | None:
    """Who calls with this text; `None` unless it is a valid key. Notes when and from where it was used.

    The text says whose key it claims to be, so that the look-up needs to see no other operator's rows.
    """
    parts = read_token(token)
    if parts is None:
        return None
    operator_id, key_id, secret = parts
    with operator_scope(operator_id):
        rows = ApiKey.objects.filter(operator_id=operator_id, id=key_id, revoked_at=None)
        row = rows.first()
        if row is None or not opens(secret, row.secret_hash):
            return None
        noted = Q(last_used_from=address[:45], last_used_at__gt=Now() - USE_NOTED_EVERY)
        rows.exclude(noted).update(last_used_at=Now(), last_used_from=address[:45])
    return Caller(
        operator_id=operator_id,
        key_id=key_id,
        name=row.name,
        reads=frozenset(row.reads),
        writes=frozenset(row.writes),
    )


# --- once -------------------------------------------------------------------------------------------------------

# Rows that another request forgets just now are left to it.
_FORGET = """
DELETE FROM access_kept_answer WHERE (operator_id, id) IN (
    SELECT operator_id, id FROM access_kept_answer WHERE operator_id = %s
       AND at < now() - make_interval(days => %s) FOR UPDATE SKIP LOCKED)
"""
_BEGIN = """
INSERT INTO access_kept_answer (operator_id, key_id, idempotency_key, fingerprint, body, media)
VALUES (%s, %s, %s, %s, '', '') ON CONFLICT (operator_id, key_id, idempotency_key) DO NOTHING RETURNING id
"""


def answered_once(caller: Caller, idempotency_key: str, fingerprint: str, work: Callable[[], Answer]) -> Answer:
    """What `work` answers, or what it answered when the same request came before. Both are one transaction.

    A second request that comes while the first is under way waits for it. Another request under the same key is
    `Invalid`. `work` answers refusals too; what it raises leaves nothing, and can be tried again.
    """
    mine = KeptAnswer.objects.filter(
        operator_id=caller.operator_id, key_id=caller.key_id, idempotency_key=idempotency_key
    )
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, [caller.operator_id, KEPT_ANSWERS.days])
            cursor.execute(_BEGIN, [caller.operator_id, caller.key_id, idempotency_key, fingerprint])
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
