"""(a) The full upload: every aircraft's schedule through the Avinode add-on and the real worker, against a bare loop.

Measured twice: *first*, when nothing is known and every schedule is read, as after a start; and *again*, an interval
later on the worker's clock, as every few minutes from then on. Also (d), the memory of each process after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from airstair.kernel.actor import Actor
from benchmarks.bare import Done, Task
from benchmarks.figures import Goal, Part, Spread, spread
from benchmarks.processes import Failed, Program, cpu_seconds, memory_mib
from benchmarks.sizes import Sizes
from benchmarks.stage import (
    Stage,
    add_aircraft,
    add_block_times,
    add_flights,
    add_maintenance,
    new_operator,
    temporary_folder,
)

_MAINTENANCE = 2  # of the activities of each aircraft
_LONGEST_UPLOAD = 120.0
_SWITCHED_ON = "SELECT extract(epoch FROM max(at))::float8 FROM changes_change WHERE kind LIKE 'connection.%'"
INTERVAL = 60  # minutes: by then the account may be called a thousand times again
_LEASES = f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = {0x41530001}"


class Round(msgspec.Struct, frozen=True):
    """One full upload by the engine. CPU in seconds."""

    calls: int
    seconds: float
    worker_cpu: float
    postgres_cpu: float
    seconds_of_calls: float  # from the first call's arrival to the last's


def measure(stage: Stage, sizes: Sizes) -> Part:
    """Upload several times, the engine and the bare loop in turn."""
    with Program("receiver", ["-m", "benchmarks.receiver"], stage.environ) as receiver:
        url = f"http://127.0.0.1:{receiver.line('listening').split()[1]}"
        actor = _record(stage, sizes)
        point_at(stage, url)
        # The product's own process. Only this environment lets it call a private address.
        environ = {**stage.environ, "AIRSTAIR_ALLOW_PRIVATE_ADDRESSES": "1", "AIRSTAIR_SANDBOX_URL": url}
        with Program("worker", ["-m", "benchmarks.worker"], environ) as worker:
            worker.line("worker is ready")
            first, again, bare, body_bytes = [], [], [], 0
            for _ in range(sizes.rounds):
                first.append(_upload(stage, sizes, worker, receiver, partial(_switch_on, stage, actor)))
                again.append(_upload(stage, sizes, worker, receiver, partial(_put_forward, worker)))
                bare.append(_bare(stage, url, sizes))
                body_bytes = stage.sql("SELECT avg(length(body))::int FROM hub_call_body")[0][0]
                _forget(stage, actor)
            memory = {
                "worker": memory_mib(worker.pid),
                "postgres": stage.postgres_memory(),
                "receiver": memory_mib(receiver.pid),
            }
    return _told(sizes, {"first": first, "again": again}, bare, memory, body_bytes=body_bytes)


def point_at(stage: Stage, url: str) -> None:
    """Make this process's commands fill in the receiver where the sandbox would be."""
    from django.conf import settings

    settings.SANDBOX_URL = stage.environ["AIRSTAIR_SANDBOX_URL"] = url
    settings.ALLOW_PRIVATE_ADDRESSES = True


def _record(stage: Stage, sizes: Sizes) -> Actor:
    """Aircraft with a third of their activities in the past; the past has block times of the journey log.

    Nothing begins or ends while it is measured, by the worker's clock either: such a schedule is made anew at its next
    turn. In a live fleet's five minutes that is one in hundreds; here, where all fly at one hour, it would be all.
    """
    actor = new_operator("UPLOAD")
    flights = sizes.activities - _MAINTENANCE
    today = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=12)
    aircraft = add_aircraft(stage, actor.operator_id, sizes.aircraft)
    days_back = min(20, flights // 3)
    add_flights(stage, actor.operator_id, aircraft, each=flights, first=today - timedelta(days=days_back), step=24)
    add_block_times(stage, actor.operator_id, aircraft)
    after = today + timedelta(days=flights - days_back + 1)
    add_maintenance(stage, actor.operator_id, aircraft, each=_MAINTENANCE, first=after)
    stage.settle()
    return actor


def _switch_on(stage: Stage, actor: Actor) -> tuple[float, float]:
    """The upload begins when the connection's configuration is committed."""
    from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure

    values = {"environment": "sandbox", "interval_minutes": INTERVAL}
    configured = configure(actor, "avinode", ConnectionInput(values=values, aircraft=ALL_AIRCRAFT, on=True))
    if configured.warnings or not configured.connection.on:
        raise Failed(f"The connection could not be switched on: {configured.warnings}")
    began = stage.sql(_SWITCHED_ON)[0][0]
    return began, began


def _put_forward(worker: Program) -> tuple[float, float]:
    """The upload begins when every aircraft's interval has passed by the worker's clock."""
    began = time.time()
    worker.say(str(INTERVAL * 60))
    return began, float(worker.line("later ").split()[1])


def _upload(
    stage: Stage, sizes: Sizes, worker: Program, receiver: Program, begin: Callable[[], tuple[float, float]]
) -> Round:
    """Begin, and wait until the ledger has every aircraft as accepted since. `begin`: when, by ours and its clock."""
    receiver.ask("reset")
    cpu, postgres = cpu_seconds(worker.pid), stage.postgres_cpu()
    with _LedgerWatch(stage) as watch:
        began, by_its_clock = begin()
        ended = watch.until_accepted(by_its_clock, sizes.aircraft)
    cpu, postgres = cpu_seconds(worker.pid) - cpu, stage.postgres_cpu() - postgres
    arrivals = [one for one in msgspec.json.decode(receiver.ask("arrivals")) if one[0].endswith("/schedules")]
    if len(arrivals) != sizes.aircraft:
        raise Failed(f"{len(arrivals)} calls reached the receiver, not {sizes.aircraft}.")
    _check_bodies(stage, sizes)
    return Round(
        calls=len(arrivals),
        seconds=ended - began,
        worker_cpu=cpu,
        postgres_cpu=postgres,
        seconds_of_calls=(arrivals[-1][2] - arrivals[0][2]) / 1e9,
    )


class _LedgerWatch:
    """Hears when the ledger has moved, on a database connection of its own."""

    def __init__(self, stage: Stage) -> None:
        self._address = stage.environ["AIRSTAIR_DATABASE_URL"]

    def __enter__(self) -> _LedgerWatch:
        import psycopg

        self._session = psycopg.connect(self._address, autocommit=True, options="-c airstair.operator=*")
        self._session.execute("LISTEN airstair_ledger")
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def until_accepted(self, since: float, count: int) -> float:
        """When the ledger had so many units accepted since then, in seconds of the machine's clock."""
        deadline = time.monotonic() + _LONGEST_UPLOAD
        accepted = 0
        while time.monotonic() < deadline:
            for _ in self._session.notifies(timeout=1.0, stop_after=1):
                pass
            now = time.time()
            row = self._session.execute(
                "SELECT count(*) FROM hub_ledger WHERE outcome = 'accepted' AND last_success >= to_timestamp(%s)",
                [since],
            ).fetchone()
            accepted = row[0] if row else 0
            if accepted == count:
                return now
        raise Failed(f"After {_LONGEST_UPLOAD:g} s the ledger has {accepted} of {count} aircraft as accepted.")


def _check_bodies(stage: Stage, sizes: Sizes) -> None:
    """Every aircraft's body holds every activity: otherwise less was measured than is said."""
    rows = stage.sql("SELECT count(DISTINCT units), min(sent), max(sent) FROM hub_call")
    if rows != [(sizes.aircraft, sizes.activities, sizes.activities)]:
        raise Failed(f"The calls are not those meant (aircraft, fewest and most activities): {rows}")


def _forget(stage: Stage, actor: Actor) -> None:
    """As if nothing had been sent for an hour: Avinode takes an aircraft once in five minutes only.

    The bodies stay in the call log, as they do in the product: only the first round has to write them.
    """
    from airstair.hub.connections.commands import ConnectionInput, configure

    configure(actor, "avinode", ConnectionInput(on=False))
    deadline = time.monotonic() + 30
    while stage.sql(_LEASES)[0][0]:
        if time.monotonic() > deadline:
            raise Failed("The worker still holds the connection that was switched off.")
        time.sleep(0.1)
    stage.sql("TRUNCATE hub_ledger, hub_call, hub_cursor, hub_account_budget, hub_notice")


def _bare(stage: Stage, url: str, sizes: Sizes) -> Done:
    """The same bodies, as the engine has just sent them, by the bare loop."""
    from airstair.addons.avinode.addon import ADDON
    from airstair.addons.avinode.client import headers
    from airstair.addons.avinode.settings import SANDBOX_API_TOKEN, SANDBOX_AUTHORIZATION_KEY, AvinodeSettings

    bodies = [bytes(row[0]) for row in stage.sql("SELECT body FROM hub_call_body ORDER BY digest")]
    settings = AvinodeSettings(authorization_key=SANDBOX_AUTHORIZATION_KEY, api_token=SANDBOX_API_TOKEN)
    with temporary_folder() as folder:
        file = folder / "bodies"
        file.write_bytes(msgspec.msgpack.encode(bodies))
        task = Task(
            url=f"{url}/avinode/api/schedules",
            headers=headers(settings, datetime.now(UTC)) | {"Content-Type": "application/json"},
            bodies=str(file),
            times=sizes.bare_times,
            at_once=ADDON.mirror("schedule").calls_at_once,
        )
        with Program("bare loop", ["-m", "benchmarks.bare"], stage.environ) as bare:
            bare.say(msgspec.json.encode(task).decode())
            return msgspec.json.decode(bare.line("done").removeprefix("done "), type=Done)


def _told(
    sizes: Sizes, engine: dict[str, list[Round]], bare: list[Done], memory: dict[str, float], *, body_bytes: int
) -> Part:
    from airstair.addons.avinode.addon import ADDON

    at_once = ADDON.mirror("schedule").calls_at_once
    found: dict[str, Any] = {
        "bare_calls_per_s": spread([one.calls / one.seconds for one in bare]),
        "bare_cpu_us_per_call": spread([one.cpu_seconds / one.calls * 1e6 for one in bare]),
        **{when: _spreads(rounds, bare) for when, rounds in engine.items()},
    }
    lines = [
        f"{sizes.aircraft} aircraft × {sizes.activities} activities, {body_bytes / 1000:.1f} kB a body,"
        f" {at_once} calls at once, {sizes.rounds} runs",
        f"bare loop  {found['bare_calls_per_s']} calls/s; CPU of a call {found['bare_cpu_us_per_call']} µs",
    ]
    for when in engine:
        one = found[when]
        lines.append(
            f"{when:9}  {one['calls_per_s']} calls/s; CPU of a call: worker {one['worker_cpu_us_per_call']} µs,"
            f" PostgreSQL {one['postgres_cpu_us_per_call']} µs; ratio {one['ratio']}"
        )
    lines.append("memory     " + ", ".join(f"{name} {mib:g} MiB" for name, mib in memory.items()))
    figures: dict[str, Any] = {
        "aircraft": sizes.aircraft,
        "activities": sizes.activities,
        "body_bytes": body_bytes,
        "calls_at_once": at_once,
        **found,
        "memory_mib_after": memory,
    }
    goals = [
        Goal("first full upload, engine to bare loop", found["first"]["ratio"].median, 0.5, True),
        Goal("full upload an interval later, engine to bare loop", found["again"]["ratio"].median, 0.5, True),
    ]
    return Part(lines, figures, goals)


def _spreads(engine: list[Round], bare: list[Done]) -> dict[str, Spread]:
    pairs = zip(engine, bare, strict=True)
    return {
        "calls_per_s": spread([one.calls / one.seconds for one in engine]),
        "ratio": spread([(one.calls / one.seconds) / (other.calls / other.seconds) for one, other in pairs]),
        "calls_per_s_first_to_last_call": spread([one.calls / one.seconds_of_calls for one in engine]),
        "worker_cpu_us_per_call": spread([one.worker_cpu / one.calls * 1e6 for one in engine]),
        "postgres_cpu_us_per_call": spread([one.postgres_cpu / one.calls * 1e6 for one in engine]),
    }
