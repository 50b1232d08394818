"""Carrying out a write: once for each idempotency key, its answer kept with its effect."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Annotated

from django.http import HttpResponse
from ninja import Header, Schema

from airstair.api.rest.entrance import ApiRequest
from airstair.api.rest.problems import of_error, sent
from airstair.kernel.errors import AirstairError
from airstair.records.access.commands import answered_once
from airstair.records.access.snapshots import Answer

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[A-Za-z0-9_.:-]{1,200}$",
        description="A text of your own for this one write. The same request with the same key has one effect and gets"
        " the same answer, for 30 days.",
        examples=["6f1c2a9e-roster-118"],
    ),
]


def carry_out(request: ApiRequest, key: str | None, status: int, work: Callable[[], Schema | None]) -> HttpResponse:
    """The answer to a write. What the record refuses is an answer too, and nothing of it was written."""

    def answer() -> Answer:
        try:
            made = work()
        except AirstairError as refusal:
            return of_error(refusal)
        return Answer(status=status, body="" if made is None else made.model_dump_json())

    if key is None:
        return sent(answer())
    return sent(answered_once(request.auth, key, _fingerprint(request), answer))


def _fingerprint(request: ApiRequest) -> str:
    said = f"{request.method} {request.path}\n".encode() + request.body
    return hashlib.sha256(said).hexdigest()
