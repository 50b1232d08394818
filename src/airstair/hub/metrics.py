"""What a worker counts and measures, as Prometheus reads it.

Counted in plain numbers, a batch at a time, by the one thread that saves results; made into Prometheus' form only when
somebody asks. Labels name partners, outcomes and accounts (by digest): never an operator, a person or an aircraft.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from airstair.kernel.outcome import OutcomeKind

if TYPE_CHECKING:
    from airstair.hub.engine.results import CallMade, Result

_CALL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LATENCY_SECONDS = (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 1800.0)
_SAVE_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Spread:
    """How often a measure fell under each of some bounds."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def add(self, seconds: float) -> None:
        seconds = max(0.0, seconds)  # the database's clock may run a little ahead of ours
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._total += seconds

    def buckets(self) -> list[tuple[str, float]]:
        """As Prometheus wants them: each with all that are smaller."""
        found, so_far = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts, strict=True):
            so_far += count
            found.append((bound, float(so_far)))
        return found

    @property
    def total(self) -> float:
        return self._total


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """How one partner stands with a worker at this moment. Partners that it serves nobody for are absent."""

    held: int  # connections that the worker serves
    waiting: int  # units that could be sent now, or are under way
    oldest: datetime | None  # the oldest change that has not got through, or the time that is longest overdue
    paused: int  # connections whose partner is away or wants to be left alone


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What a partner account may still be called. `account`: the digest that budgets are kept under."""

    partner: str
    account: str
    calls: float
    blocked_seconds: float


class WorkerMetrics:
    """The counters of one process. They begin at nothing when it starts, as Prometheus expects."""

    def __init__(self) -> None:
        self._deliveries: dict[tuple[str, str], int] = {}
        self._calls: dict[str, Spread] = {}
        self._latency: dict[str, Spread] = {}
        self._saving = Spread(_SAVE_SECONDS)
        self._saved_calls = 0

    def saved(self, calls: Sequence[CallMade], unchanged: Sequence[Result], seconds: float) -> None:
        """A batch has been written to the database, in that time."""
        if calls or unchanged:
            self._saving.add(seconds)
            self._saved_calls += len(calls)
        for call in calls:
            if call.exchange is not None:
                self._spread(self._calls, call.addon, _CALL_SECONDS).add(call.exchange.duration_ms / 1000)
            for result in call.results:
                self._count(call.addon, result.outcome.kind)
                if result.stale_since is not None:
                    latency = (result.at - result.stale_since).total_seconds()
                    self._spread(self._latency, call.addon, _LATENCY_SECONDS).add(latency)

    def _count(self, partner: str, kind: OutcomeKind) -> None:
        key = (partner, kind.value)
        self._deliveries[key] = self._deliveries.get(key, 0) + 1

    @staticmethod
    def _spread(spreads: dict[str, Spread], partner: str, bounds: Sequence[float]) -> Spread:
        found = spreads.get(partner)
        if found is None:
            found = spreads[partner] = Spread(bounds)
        return found

    def families(self) -> Iterator[Metric]:
        """Everything counted so far, in Prometheus' form."""
        deliveries = CounterMetricFamily(
            "airstair_deliveries", "Units sent to partners, by how it ended.", labels=["partner", "outcome"]
        )
        for (partner, outcome), count in sorted(self._deliveries.items()):
            deliveries.add_metric([partner, outcome], count)
        yield deliveries
        yield _histogram("airstair_call_duration_seconds", "How long partners take to answer.", self._calls)
        yield _histogram(
            "airstair_delivery_latency_seconds",
            "From the oldest change that a delivery brought to the end of its call.",
            self._latency,
        )
        saving = HistogramMetricFamily("airstair_save_duration_seconds", "Writing a batch of results to the database.")
        saving.add_metric([], self._saving.buckets(), self._saving.total)
        yield saving
        yield CounterMetricFamily("airstair_saved_calls", "Calls written in these batches.", value=self._saved_calls)


WORKER = WorkerMetrics()  # of this process


def _histogram(name: str, says: str, spreads: Mapping[str, Spread]) -> Metric:
    family = HistogramMetricFamily(name, says, labels=["partner"])
    for partner, spread in sorted(spreads.items()):
        family.add_metric([partner], spread.buckets(), spread.total)
    return family


def levels_as_families(levels: Mapping[str, Level], now: datetime) -> Iterator[Metric]:
    """How it stands by partner."""
    held = _gauge("airstair_connections_held", "Connections that this worker serves.")
    waiting = _gauge("airstair_units_waiting", "Units that could be sent now, or are being sent.")
    oldest = _gauge("airstair_oldest_waiting_seconds", "How long the oldest thing waits to be delivered.")
    paused = _gauge("airstair_connections_paused", "Connections whose partner is away or wants to be left alone.")
    for partner, level in sorted(levels.items()):
        held.add_metric([partner], level.held)
        waiting.add_metric([partner], level.waiting)
        oldest.add_metric([partner], seconds_since(level.oldest, now))
        paused.add_metric([partner], level.paused)
    yield from (held, waiting, oldest, paused)


def budgets_as_families(budgets: Iterable[Left]) -> Iterator[Metric]:
    """What is left of partners' budgets."""
    left = _gauge("airstair_budget_left_calls", "Calls that a partner account may get at once.", "account")
    blocked = _gauge("airstair_budget_blocked_seconds", "How long the partner still wants no call.", "account")
    for one in budgets:
        left.add_metric([one.partner, one.account[:12]], one.calls)
        blocked.add_metric([one.partner, one.account[:12]], one.blocked_seconds)
    yield from (left, blocked)


def _gauge(name: str, says: str, *more: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, says, labels=["partner", *more])


def seconds_since(when: datetime | None, now: datetime) -> float:
    """0 for what does not wait, or not yet."""
    return max(0.0, (now - when).total_seconds()) if when is not None else 0.0


class _Given(Collector):
    """Hands on families that were made before."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterable[Metric]:
        return self._families


CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def written(families: Iterable[Metric], *, process: bool = True) -> bytes:
    """The families as a scraper reads them. `process`: with this process's memory, processor time and open files."""
    registry = CollectorRegistry(auto_describe=False)
    if process:
        ProcessCollector(registry=registry)
    registry.register(_Given(families))
    return generate_latest(registry)
