"""Making and revoking keys."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
from django.db import transaction
from django.db.models.functions import Now

from airstair.changes.keys import next_ids
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.access.models import ApiKey
from airstair.records.access.queries import key_facts
from airstair.records.access.rules import RIGHTS_TO_WRITE, Kind, Resource, new_secret, secret_hash, text_of
from airstair.records.access.snapshots import ApiKeyFacts, NewApiKey
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right


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
    return NewApiKey(facts=facts, token=text_of(Kind.KEY, actor.operator_id, key_id, secret))


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
