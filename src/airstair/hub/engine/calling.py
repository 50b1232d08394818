"""One call to a partner through the add-on's own code, whatever that does: it always ends in outcomes.

A fault of one add-on must stop neither the others nor its own next call. No rule about when to call is here.
"""

from __future__ import annotations

import itertools
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from airstair.hub.answers import counted, ours
from airstair.hub.choosing import Days
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.contract import Addon
from airstair.hub.flows import Call, Document, Fetched, Mirror, Post, Pull, UnitDocument
from airstair.hub.http import CallFailed, HttpPool, PartnerHttp
from airstair.hub.setting import Settings, address_name
from airstair.kernel.about import about_later
from airstair.kernel.clock import Clock
from airstair.kernel.outcome import Outcome, OutcomeKind

log = logging.getLogger(__name__)

_UNREADABLE = "Airstair could not read the answer. This is a fault of the add-on; its developers find it in the log."
CANNOT_BE_MADE = (
    "Airstair could not put this into the partner's form. This is a fault of the add-on; its developers find it in the"
    " log."
)


async def ask_partner(
    flow: Mirror | Post, connection: LiveConnection, documents: Sequence[UnitDocument], pool: HttpPool, clock: Clock
) -> tuple[list[Outcome], PartnerHttp]:
    """Send the documents; an outcome for each, in order, its parts counted, without secrets in the partner's words."""
    _about_a_call(connection, documents)
    http = http_for(flow, connection, pool, clock)
    call = Call(http=http, settings=connection.settings, documents=documents, now=clock.now())
    answered = await _outcomes(flow.send, call, connection.addon.key)
    outcomes = [counted(outcome, one) for outcome, one in zip(answered, documents, strict=True)]
    _log_answers(connection.addon.key, outcomes, http)
    return [http.hide_secrets(outcome) for outcome in outcomes], http


def http_for(flow: Mirror | Post | Pull, connection: LiveConnection, pool: HttpPool, clock: Clock) -> PartnerHttp:
    """What one call is made with."""
    return PartnerHttp(
        pool,
        clock,
        deadline=flow.deadline,
        secrets=connection.secrets,
        sandbox=connection.to_sandbox,
        shown=connection.addon.shown_headers,
    )


_RUN, _CALLS = secrets.token_hex(4), itertools.count(1)


def _about_a_call(connection: LiveConnection, documents: Sequence[UnitDocument]) -> None:
    """For the log lines of this call, which is made in a task of its own."""
    number = next(_CALLS)
    about_later(
        lambda: {
            "operator": connection.operator_id,
            "connection": connection.id,
            "unit": ",".join(str(one.unit) for one in documents),
            "call": f"{_RUN}-{number}",
        }
    )


def _log_answers(addon: str, outcomes: Sequence[Outcome], http: PartnerHttp) -> None:
    """The attempt. The partner's own words stay in the call log, which only the operator's people can read."""
    if log.isEnabledFor(logging.DEBUG):
        took = http.exchanges[-1].duration_ms if http.exchanges else 0.0
        kinds = ", ".join(sorted({outcome.kind.value for outcome in outcomes}))
        log.debug("Called %s: %s after %.0f ms.", addon, kinds, took)


async def ask_for_page(
    flow: Pull,
    connection: LiveConnection,
    cursor: str | None,
    pool: HttpPool,
    clock: Clock,
    days: Days | None = None,
) -> tuple[Fetched | Outcome, PartnerHttp]:
    """Fetch the page after the cursor: the page, or the outcome that kept it from being had, without secrets."""
    _about_a_call(connection, ())
    http = http_for(flow, connection, pool, clock)
    key = connection.addon.key
    try:
        call = Call(http=http, settings=connection.settings, now=clock.now(), days=days, aircraft=connection.aircraft)
        found = await flow.fetch(call, cursor)
        if isinstance(found, Fetched) or (isinstance(found, Outcome) and not found.kind.delivered):
            return (http.hide_secrets(found) if isinstance(found, Outcome) else found), http
        log.error("The add-on %s fetched %s.", key, type(found).__name__)
        outcome = Outcome.failed(OutcomeKind.UNREADABLE, _UNREADABLE)
    except CallFailed as failed:
        outcome = Outcome.failed(failed.kind, str(failed))
    except Exception:  # a fault in one add-on must stop neither the others nor this one's next run
        log.exception("The add-on %s failed in its own code.", key)
        outcome = Outcome.failed(OutcomeKind.UNREADABLE, _UNREADABLE)
    return http.hide_secrets(outcome), http


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


async def ask_whether_it_works(one: Addon, http: PartnerHttp, settings: Settings) -> Outcome:
    """Ask the partner whether it takes these settings. Where nobody answers, the setting to look at is the address."""
    assert one.check is not None
    try:
        return await one.check(http, settings)
    except CallFailed as failed:
        return Outcome(kind=failed.kind, messages=(ours(str(failed), field=address_name(one.settings)),))
    except Exception:  # a fault in the add-on must not keep an admin from saving what is right
        log.exception("The add-on %s failed in its own check.", one.key)
        return Outcome.failed(OutcomeKind.UNREADABLE, "Its answer could not be read.")


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
