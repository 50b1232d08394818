"""Whether a connection keeps what its add-on promises: pure rules over the ledger, the log and who serves.

Nothing is stored here. `health.py` reads what the rules need; the watchman (`watchman.py`) tells people.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from airstair.hub.connections.queries import ConnectionFacts
from airstair.hub.contract import Addon
from airstair.hub.flows import Every, Mirror, OnChange
from airstair.hub.setting import read_settings
from airstair.hub.traffic import Traffic
from airstair.kernel.outcome import OutcomeKind, PartnerMessage, WhoActs
from airstair.kernel.units import Unit, UnitKind

# These rules are also asked of the database, for all connections at once: `troubles.py`.

# Failed calls in a row after which a unit counts as failing: one lost call is weather, two are climate.
FAILING_AFTER = 2
# How far past its due time a unit may be, or how old a change that is sent on change, before a connection is late.
LATE_AFTER = timedelta(minutes=5)
# What is delivered counts as waiting until the cursor is saved (`serving.unread_since`).
_SURELY_WAITING = timedelta(minutes=1)


class Health(StrEnum):
    """How a connection is doing; the later, the worse."""

    OFF = "off"
    STARTING = "starting"  # on, and nothing has been answered yet
    WELL = "well"
    WITH_ERRORS = "with errors"
    WAITING = "waiting for a person"
    FAILING = "failing"
    LATE = "late"
    UNSERVED = "unserved"  # no worker holds it


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One unit of a connection: how its latest call went, and when the next is due."""

    unit: Unit
    title: str
    flow: str
    aircraft_id: int = 0  # whose it is
    last_attempt: datetime | None = None
    last_success: datetime | None = None
    last_change: datetime | None = None
    next_due: datetime | None = None
    asked_at: datetime | None = None
    outcome: OutcomeKind | None = None
    http_status: int | None = None
    messages: tuple[PartnerMessage, ...] = ()
    warnings: tuple[PartnerMessage, ...] = ()
    sent: int = 0
    tries: int = 0
    call_id: int | None = None
    sending: bool = False
    not_there: bool = False  # it was taken away at the partner
    question: str = ""  # names the document that waits for a person's yes; the sentence is the first of the messages


class Clocks(msgspec.Struct, frozen=True, kw_only=True):
    """The three clocks of a connection, and the oldest thing waiting."""

    last_attempt: datetime | None
    last_success: datetime | None
    last_change: datetime | None
    oldest_waiting: datetime | None


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """Who serves a connection. `unread_since`: the oldest change that it has not got through."""

    worker: int | None
    unread_since: datetime | None = None


class Stand(msgspec.Struct, frozen=True, kw_only=True):
    """How a connection stands: in a word, in a sentence, in times.

    `failing` and `late` say which promise is broken; empty where it is kept. `waiting`: what a person has to decide.
    """

    health: Health
    sentence: str
    clocks: Clocks
    worker: int | None
    failing: str = ""
    late: str = ""
    waiting: str = ""


def stand_of(
    facts: ConnectionFacts,
    one: Addon,
    lines: list[LedgerLine],
    service: Service,
    now: datetime,
    traffic: Traffic | None = None,
) -> Stand:
    """How a connection stands, on or off."""
    clocks = clocks_of(lines, service, now, traffic)
    if not facts.on:
        says = facts.check_problem or "It is switched off: nothing is sent."
        return Stand(health=Health.OFF, sentence=says, clocks=clocks, worker=service.worker)
    if one.stays_inside:
        says = facts.unusable or "It runs inside Airstair whenever somebody asks."
        return Stand(health=Health.WELL, sentence=says, clocks=clocks, worker=service.worker)
    traffic = traffic or Traffic()
    if not one.calls_out:
        health, sentence = _uncalled(facts, traffic)
        failing = sentence if health is Health.FAILING else ""
        return Stand(health=health, sentence=sentence, clocks=clocks, worker=service.worker, failing=failing)
    failing = _why_failing(facts, lines) or traffic.why_failing
    late = _why_late(facts, one, lines, service, now) or traffic.why_late(now)
    waiting = traffic.why_waiting or _why_asking(lines)
    if one.mirrors or not facts.aircraft_ids or failing or service.worker is None:
        health, sentence = _in_a_word(facts, lines, service, failing, late)
    else:
        health, sentence = _without_mirrors(traffic, late)
    if waiting and health not in (Health.FAILING, Health.LATE, Health.UNSERVED):
        health, sentence = Health.WAITING, waiting
    return Stand(
        health=health,
        sentence=sentence,
        clocks=clocks,
        worker=service.worker,
        failing=failing,
        late=late,
        waiting=waiting,
    )


def _uncalled(facts: ConnectionFacts, traffic: Traffic) -> tuple[Health, str]:
    """A partner that only comes to us, or that people are handed over to: nobody serves it, and nothing is due."""
    door = traffic.door
    if facts.unusable:
        return Health.FAILING, facts.unusable
    if door is None:
        return Health.WELL, "Ready: it opens when somebody follows its link."
    if door.last_visit is None:
        return Health.STARTING, "Waiting for the first visit. Pass on the credentials that were issued."
    if door.last_outcome is not None and not door.last_outcome.delivered:
        return Health.WITH_ERRORS, f"The latest visit: {door.last_outcome.label}. {door.last_words}".strip()
    return Health.WELL, f"The latest visit went well, from {door.last_visit_from or 'an unknown address'}."


def _without_mirrors(traffic: Traffic, late: str) -> tuple[Health, str]:
    if late:
        return Health.LATE, late
    if any(pull.last_success is None for pull in traffic.pulls):
        return Health.STARTING, "Waiting for the first answer."
    return Health.WELL, "Nothing waits for a person."


def _why_asking(lines: list[LedgerLine]) -> str:
    asking = [line for line in lines if line.question]
    if not asking:
        return ""
    others = "" if len(asking) == 1 else f" and {len(asking) - 1} more"
    says = asking[0].messages[0].text if asking[0].messages else ""
    return f"{asking[0].title}{others}: held until somebody says so. {says}".strip()


def _counted(lines: Sequence[LedgerLine], of: Sequence[LedgerLine]) -> str:
    """`every aircraft`, `3 of 17 flights`."""
    flights = sum(line.unit.kind is UnitKind.FLIGHT for line in of)
    one, many = ("flight", "flights") if flights == len(of) else ("unit", "units") if flights else ("aircraft",) * 2
    return f"every {one}" if len(lines) == len(of) else f"{len(lines)} of {len(of)} {many}"


def _in_a_word(
    facts: ConnectionFacts, lines: list[LedgerLine], service: Service, failing: str, late: str
) -> tuple[Health, str]:
    if failing:
        return Health.FAILING, failing
    if not lines and facts.aircraft_ids and service.worker is not None:
        return (Health.LATE, late) if late else (Health.WELL, "There is nothing to send.")
    if not facts.aircraft_ids:
        return Health.STARTING, "No aircraft is ticked. Tick some under Configuration."
    if service.worker is None:
        if all(line.last_attempt is None for line in lines) and not late:
            return Health.STARTING, "Waiting for a worker to take it on."
        return Health.UNSERVED, f"No worker serves it: nothing is sent until one runs. {late}".strip()
    if late:
        return Health.LATE, late
    errors = [line for line in lines if line.outcome is OutcomeKind.ACCEPTED_WITH_ERRORS]
    if errors:
        return Health.WITH_ERRORS, f"Accepted with errors for {_counted(errors, lines)}."
    if all(line.last_success is None for line in lines):
        return Health.STARTING, "Waiting for the first answer."
    every = f"{_counted(lines, lines).capitalize()} is up to date."
    return Health.WELL, every if len(lines) > 1 else f"{lines[0].title} is up to date."


def _why_failing(facts: ConnectionFacts, lines: list[LedgerLine]) -> str:
    if facts.unusable:
        return facts.unusable
    failing = [line for line in lines if _is_failing(line)]
    if not failing:
        return ""
    worst = failing[0]
    says = worst.messages[0].text if worst.messages else ""
    label = worst.outcome.label if worst.outcome else "failing"
    return f"{label.capitalize()} for {_counted(failing, lines)}. {says}".strip()


def _is_failing(line: LedgerLine) -> bool:
    if line.outcome is None or line.outcome.delivered:
        return False
    # What an admin must mend does not pass by itself, so there is no use in waiting for the second time.
    return line.outcome.who_acts is WhoActs.ADMIN or line.tries >= FAILING_AFTER


def _why_late(facts: ConnectionFacts, one: Addon, lines: list[LedgerLine], service: Service, now: datetime) -> str:
    """The cadence of a clock, and that a change is sent soon, are promises too."""
    clocked = {flow.key for flow in one.mirrors if isinstance(flow.trigger, Every)}
    overdue = [line for line in lines if line.flow in clocked and line.next_due and line.next_due + LATE_AFTER < now]
    if overdue:
        worst = min(overdue, key=lambda line: (line.next_due or now, line.title))
        return f"{worst.title} was due at {worst.next_due:%d %b %H:%M}Z and has not been sent."
    waits = [_longest_wait(facts, one, flow) for flow in one.mirrors if isinstance(flow.trigger, OnChange)]
    if service.unread_since and service.unread_since + LATE_AFTER + max(waits, default=timedelta(0)) < now:
        return f"A change made at {service.unread_since:%d %b %H:%M}Z has not been delivered."
    return ""


def _longest_wait(facts: ConnectionFacts, one: Addon, flow: Mirror) -> timedelta:
    """How long a change may wait by the flow's own rules: for its floor, and for those gathered with it."""
    wait = flow.floor or timedelta(0)
    if isinstance(flow.trigger, OnChange) and flow.trigger.gather is not None and not facts.unusable:
        minutes = flow.trigger.gather(read_settings(one.settings, facts.settings))
        wait += timedelta(minutes=minutes or 0)
    return wait


def clocks_of(lines: Iterable[LedgerLine], service: Service, now: datetime, traffic: Traffic | None = None) -> Clocks:
    """The three clocks, and since when the oldest thing waits."""
    lines, traffic = list(lines), traffic or Traffic()
    # What failed and is due no more waits for a person, or the next change, since its latest call.
    waiting = [line.asked_at or line.next_due or line.last_attempt for line in lines if line.asked_at or line.tries]
    if service.unread_since and service.unread_since + _SURELY_WAITING < now:
        waiting.append(service.unread_since)
    waiting.append(traffic.oldest_waiting)
    begun = [pull.begun_at for pull in traffic.pulls if pull.begun_at]
    if traffic.door is not None and traffic.door.last_visit is not None:
        begun.append(traffic.door.last_visit)
    done = [line.last_success for line in lines] + [traffic.last_success]
    return Clocks(
        last_attempt=max([*(line.last_attempt for line in lines if line.last_attempt), *begun], default=None),
        last_success=max((when for when in done if when), default=None),
        last_change=max((line.last_change for line in lines if line.last_change), default=None),
        oldest_waiting=min((when for when in waiting if when), default=None),
    )
