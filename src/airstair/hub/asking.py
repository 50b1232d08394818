"""Asking a partner something while a person waits: one call from the process that the person talks to, never a retry.

For lists to choose from. It takes from the account's budget as workers do, and keeps a pause that the partner asked
for; nothing that it brings is kept. Never call it inside a transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from django.conf import settings as django_settings

from airstair.hub.connections.queries import LiveConnection
from airstair.hub.engine.calling import http_for
from airstair.hub.engine.dispatcher import database_address
from airstair.hub.flows import Call, Post
from airstair.hub.http import CallFailed, HttpPool
from airstair.hub.limits import Limits
from airstair.kernel.clock import Clock
from airstair.kernel.outcome import Outcome, OutcomeKind

log = logging.getLogger(__name__)
T = TypeVar("T")
_OUR_FAULT = "Airstair could not read the answer. This is a fault of the add-on; its developers find it in the log."


def ask_now(
    live: LiveConnection, flow: Post, question: Callable[[Call], Awaitable[T | Outcome]], clock: Clock
) -> T | Outcome:
    """The answer, or the outcome that kept it from being had. Makes at most one question's calls."""
    return asyncio.run(_ask(live, flow, question, clock))


async def _ask(
    live: LiveConnection, flow: Post, question: Callable[[Call], Awaitable[T | Outcome]], clock: Clock
) -> T | Outcome:
    refused = await _over_budget(live, clock)
    if refused is not None:
        return refused
    pool = HttpPool(allow_private=django_settings.ALLOW_PRIVATE_ADDRESSES, sandbox_url=django_settings.SANDBOX_URL)
    http = http_for(flow, live, pool, clock)
    try:
        answer = await question(Call(http=http, settings=live.settings, now=clock.now()))
    except CallFailed as failed:
        answer = Outcome.failed(failed.kind, str(failed))
    except Exception:  # a fault in the add-on must not keep the window from opening
        log.exception("The add-on %s failed in its own question.", live.addon.key)
        answer = Outcome.failed(OutcomeKind.UNREADABLE, _OUR_FAULT)
    finally:
        await pool.close()
    return http.hide_secrets(answer) if isinstance(answer, Outcome) else answer


async def _over_budget(live: LiveConnection, clock: Clock) -> Outcome | None:
    """Why nothing may be asked now; `None` where it may."""
    if live.addon.budget is None:
        return None
    limits = Limits(database_address())
    try:
        granted = await limits.take(live.account, live.addon.budget, 1, clock.now())
    finally:
        await limits.close()
    if granted.calls:
        return None
    when = f" from {granted.again_at:%H:%M:%S}Z on" if granted.again_at else " later"
    return Outcome.failed(OutcomeKind.THROTTLED, f"{live.addon.name} takes no more calls for now; ask again{when}.")
