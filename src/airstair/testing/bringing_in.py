"""What the contract does in a person's place: ask for the days of a staged pull, import what came, fetch now.

Not a test by itself: pulls with an import window run only when somebody asks, and some are due only hours later, so the
tests that wait for them must ask.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from airstair.hub.connections.queries import connection
from airstair.hub.contract import Addon
from airstair.hub.flows import Pull
from airstair.hub.pulls import RunLine, pull_now, pulls_of
from airstair.hub.staging.commands import ask_for_days, take_in
from airstair.hub.staging.queries import standing
from airstair.testing.stage import Stage

_EVER = datetime(2000, 1, 1, tzinfo=UTC)
_SOON = timedelta(hours=1)  # what is due until then is waited for


def staged_pulls(addon: Addon) -> list[Pull]:
    """The pulls that wait for a person."""
    return [pull for pull in addon.pulls if pull.staged is not None]


async def fetch_now(stage: Stage, addon: Addon, connection_id: int, since: datetime) -> None:
    """Fetch now what the clock would fetch only much later, unless it came well since then.

    Never what has failed: that must come again by itself, and soon.
    """
    facts = await stage.do(connection, stage.operator.id, connection_id)
    if not addon.pulls or not facts.on:
        return
    for line in (await stage.do(pulls_of, stage.operator.id, [facts]))[connection_id]:
        far = line.next_due is not None and line.next_due > stage.clock.now() + _SOON
        if far and not line.failures and not _came_well(line.latest, since):
            await stage.do(pull_now, stage.actor, connection_id, line.flow, clock=stage.clock)
    await stage.settle()


async def ask(stage: Stage, addon: Addon, connection_id: int) -> None:
    """Ask for as many days as may be asked for, from today on; and for what is due only much later."""
    await fetch_now(stage, addon, connection_id, stage.clock.now())
    today = stage.clock.now().date()
    for pull in staged_pulls(addon):
        assert pull.staged is not None
        last = today + timedelta(days=pull.staged.most_days - 1)
        wish = (stage.actor, connection_id, pull.key, today, last)
        await stage.do(ask_for_days, *wish, clock=stage.clock)


async def bring_in(stage: Stage, addon: Addon, connection_id: int, *, since: datetime | None = None) -> None:
    """Import what has come; with `since`, ask anew where nothing has come well since then and nothing is on its way."""
    if since is not None:
        await fetch_now(stage, addon, connection_id, since)
    for pull in staged_pulls(addon):
        where = await stage.do(standing, stage.actor, connection_id, pull.key, _EVER)
        if where.looked:
            assert where.run is not None
            await stage.do(take_in, stage.actor, connection_id, pull.key, where.run.id, clock=stage.clock)
            where = await stage.do(standing, stage.actor, connection_id, pull.key, _EVER)
        if since is not None and not where.waits and not _came_well(where.run, since):
            await ask(stage, addon, connection_id)
            await stage.settle()
            await bring_in(stage, addon, connection_id)


def _came_well(run: RunLine | None, since: datetime) -> bool:
    return run is not None and run.started_at >= since and run.outcome is not None and run.outcome.delivered
