"""Avinode forbids retries: after a failed call of whatever kind, the next regular one is the next attempt."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any

import pytest

from airstair.hub import registry
from airstair.kernel.outcome import OutcomeKind

from .stage import NOON, Stage
from .test_avinode_through_the_hub import FIVE_MINUTES, floor_was_kept

_FAULTS: list[dict[str, Any]] = [
    *({"kind": "status", "status": status} for status in (400, 401, 403, 404, 500, 503)),
    {"kind": "rate_limit", "retry_after": 30},
    {"kind": "html"},
    {"kind": "half_body"},
    {"kind": "malformed_json"},
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "expired_credentials"},
]
_ENDS = {
    "status 400": OutcomeKind.REFUSED,
    "status 401": OutcomeKind.UNAUTHORISED,
    "status 403": OutcomeKind.MISCONFIGURED,
    "status 404": OutcomeKind.MISCONFIGURED,
    "status 500": OutcomeKind.UNAVAILABLE,
    "status 503": OutcomeKind.UNAVAILABLE,
    "rate_limit": OutcomeKind.THROTTLED,
    "html": OutcomeKind.UNREADABLE,
    "half_body": OutcomeKind.UNKNOWN,
    "malformed_json": OutcomeKind.UNREADABLE,
    "drop_before": OutcomeKind.UNKNOWN,
    "drop_after": OutcomeKind.UNKNOWN,
    "expired_credentials": OutcomeKind.UNAUTHORISED,
}


def named(fault: dict[str, Any]) -> str:
    return f"{fault['kind']} {fault.get('status', '')}".strip()


@pytest.mark.req("HUB-26", "AVI-25")
@pytest.mark.parametrize("fault", _FAULTS, ids=named)
async def test_no_failed_call_is_repeated_before_the_next_regular_one(stage: Stage, fault: dict[str, Any]) -> None:
    await stage.aircraft("N1AA", "N2AA")
    configured = await stage.switch_on()
    await stage.start()
    await stage.advance(minutes=5)  # so that a kept connection is there to fail on
    stage.partner.faults.add(**fault, aircraft="N1AA", count=1)
    await stage.advance(minutes=4, step=timedelta(seconds=30))
    await stage.advance(minutes=1)
    lines = await stage.lines(configured.connection.id)
    assert lines["N1AA"].outcome is _ENDS[named(fault)]
    assert lines["N1AA"].tries == 1
    assert lines["N2AA"].outcome is OutcomeKind.ACCEPTED
    await stage.advance(minutes=4, step=timedelta(seconds=30))
    assert len(stage.partner.calls("N1AA")) == 3, "the failed call stays the only one"
    await stage.advance(minutes=2)
    assert [call.at - NOON for call in stage.partner.calls("N1AA")] == [n * FIVE_MINUTES for n in range(4)]
    assert (await stage.lines(configured.connection.id))["N1AA"].outcome is OutcomeKind.ACCEPTED
    assert floor_was_kept(stage)


@pytest.mark.req("HUB-26", "HUB-27")
async def test_a_call_that_hangs_until_its_deadline_is_unknown_and_not_repeated(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = registry.addon("avinode").mirror("schedule")
    monkeypatch.setitem(registry._extra, "avinode", _with_deadline(registry.addon("avinode"), flow, 0.3))
    await stage.aircraft("N1AA", "N2AA")
    configured = await stage.switch_on()
    stage.partner.faults.add("hang", aircraft="N1AA", count=1)
    await stage.start()
    lines = await stage.lines(configured.connection.id)
    assert (lines["N1AA"].outcome, lines["N2AA"].outcome) == (OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    stage.partner.faults.clear()
    await stage.advance(minutes=6)
    assert len(stage.partner.calls("N1AA")) == 2
    assert floor_was_kept(stage)


def _with_deadline(addon: Any, flow: Any, seconds: float) -> Any:
    short = dataclasses.replace(flow, deadline=timedelta(seconds=seconds))
    return dataclasses.replace(addon, flows=(short,))
