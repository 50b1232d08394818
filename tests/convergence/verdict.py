"""What must be true when the faults have stopped: asked of the partners, the log and the tables, not of the engine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from airstair.hub.models import LedgerRow
from airstair.kernel.outcome import OutcomeKind

from . import truth
from .book import Version
from .desk_verdict import changes_by_the_source, wrong_at_desks
from .keeper import KEEPER, goes_back, wanted
from .partners import BY_HAND, OWN, SETS, SPACED, TRIES_OF_SETS, VERSIONED, Receiver, Rules, Taken
from .world import AVINODE, CADENCES, World

# One cadence, the longest backoff with its jitter, and the longest wait that a partner asks for.
ONE_ROUND = timedelta(minutes=CADENCES[-1]) + BY_HAND.longest * 1.25 + timedelta(minutes=2)
SLOW_COMPARISON = timedelta(hours=6, minutes=10)  # by then also what waits for a person is looked at again
_NEVER = (
    "interval-under-five-minutes",
    "retry-after-failure",
    "activity-id-changed",
    "activity-id-missing",
    "activity-older-than-a-month",
    "no-ended-activity",
    "times-not-utc",
)


async def judge(world: World) -> list[str]:
    """Stop the faults, let one round pass, and say everything that is wrong then."""
    for slow in list(world.slow):
        await world.end_slow(slow)
    world.be_well()
    if not world.dispatchers:
        await world.new_worker()
    await world.settle()
    await world.note_what_may_be_sent()
    await world.advance(step=timedelta(seconds=45), seconds=ONE_ROUND.total_seconds())
    differing, waiting = await world.do(differences, world), await world.do(waiting_visibly, world)
    wrong = [words for key, words in differing if key not in waiting]
    if not wrong and differing:
        await world.advance(step=timedelta(minutes=30), seconds=SLOW_COMPARISON.total_seconds())
        wrong = [f"{words}, hours later" for _, words in await world.do(differences, world)]
    await world.note_what_may_be_sent()
    world.look_at_avinodes_calls()
    wrong += await world.do(wrong_at_desks, world)
    return wrong + world.complaints + list(seen_by_partners(world)) + await in_the_log(world)


# -- equal copies -------------------------------------------------------------------------------------------------

Key = tuple[int, int]  # connection, and aircraft or flight


def differences(world: World) -> list[tuple[Key, str]]:
    """Where a partner's copy is not what the record says."""
    found = []
    planes = world.partner.state()["aircraft"]
    tables = truth.Tables(world.operator.id)
    for one in tables.kept():
        key, addon = (one.connection.id, one.aircraft.id), one.connection.addon
        if addon == AVINODE:
            expected, held = _at_avinode(one, tables, planes.get(one.aircraft.registration))
        elif addon in OWN:
            expected = truth.own_document(one, tables)
            held = world.receivers[addon].holds.get((one.account, one.aircraft.id))
        else:
            continue
        if held != expected:
            where = f"{addon}, connection {one.connection.id}, {one.aircraft.registration}"
            found.append((key, f"{where}: {'; '.join(_differing(expected, held))}"))
    return found + list(_at_keeper(world, tables))


def _at_keeper(world: World, tables: truth.Tables) -> Iterator[tuple[Key, str]]:
    """Each flight that is there and should not be, is not there and should, or is another."""
    if (asked := wanted(tables)) is None:
        return
    connection, account, expected = asked
    there = dict(world.keeper.holds)  # calls may still come in
    held = {flight: body for (of, flight), body in there.items() if of == account}
    for flight in sorted(expected.keys() | held.keys()):
        if held.get(flight) != expected.get(flight):
            differing = "; ".join(_differing(expected.get(flight), held.get(flight)))
            yield (connection, flight), f"{KEEPER}, connection {connection}, flight:{flight}: {differing}"


def _at_avinode(one: truth.Kept, tables: truth.Tables, plane: Mapping[str, Any] | None) -> tuple[Any, Any]:
    """The schedule as it must be, and as it is, in the same words. Derived activities are compared where simple."""
    if plane is None or plane["updatedAt"] is None:
        return truth.avinode_activities(one, tables, datetime.now().astimezone()), None
    expected = truth.avinode_activities(one, tables, datetime.fromisoformat(plane["updatedAt"]))
    held = {}
    for activity in plane["activities"]:
        id_ = activity["activityId"]
        if id_.startswith("p-"):  # says where the aircraft stands after an opportunity
            continue
        said: dict[str, Any] = {"type": activity["activityType"]}
        if not id_.startswith("g-"):
            said["route"] = [activity["startAirport"]["icao"], activity["endAirport"]["icao"]]
            said["times"] = [activity["startDateTime"], activity["endDateTime"]]
            said["pax"] = activity["paxCount"]
        if id_.startswith("f-"):
            said["trip"] = activity["externalTripId"]
        if activity["activityType"] == "EMPTY LEG":
            said["verified"] = activity["marketingVerified"]
            said["until"] = activity.get("marketingEndDateTime")
        held[id_] = said
    return expected, held


def _differing(expected: Any, held: Any, where: str = "") -> Iterator[str]:
    if isinstance(expected, dict) and isinstance(held, dict):
        for name in sorted(expected.keys() | held.keys()):
            if expected.get(name) != held.get(name):
                yield from _differing(expected.get(name), held.get(name), f"{where}.{name}" if where else name)
    else:
        yield f"{where or 'everything'} is {_short(held)} and must be {_short(expected)}"


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 160 else f"{text[:160]}…"


def waiting_visibly(world: World) -> set[Key]:
    """What stands as not delivered until somebody acts: refused, or given up after as many tries as were allowed.

    What was given up is taken up again once the partner has accepted anything at all.
    """
    rows = list(LedgerRow.objects.filter(operator_id=world.operator.id))
    found = set()
    for row in rows:
        if not row.outcome or OutcomeKind(row.outcome).delivered:
            continue
        heard = [one.last_success for one in rows if one.connection_id == row.connection_id and one.last_success]
        given_up = row.tries >= TRIES_OF_SETS and max(heard, default=row.last_attempt) <= row.last_attempt
        if row.outcome == OutcomeKind.REFUSED or given_up:
            found.add((row.connection_id, int(row.unit.partition(":")[2])))
    return found


# -- what the partners saw ----------------------------------------------------------------------------------------


def seen_by_partners(world: World) -> Iterator[str]:
    """Calls that should not have been made, or not in this order."""
    for receiver in (*world.receivers.values(), world.keeper):
        yield from receiver.unwelcome
    yield from goes_back(world.keeper, world.book.versions)
    for key in VERSIONED:
        yield from out_of_order(world.receivers[key], world.book.versions)
    yield from too_many(world.receivers[SETS], world.rules)
    yield from too_soon(world.receivers[SPACED], world.rules)
    for rule in world.partner.audit()["rules"]:
        if rule["rule"] in _NEVER and rule["count"]:
            yield f"avinode would object: {rule['rule']}, {rule['count']} times: {rule['evidence']}"


def out_of_order(receiver: Receiver, versions: Mapping[int, list[Version]]) -> Iterator[str]:
    """An earlier state of a flight after a later one. That a flight is not in the document is a state too."""
    of_unit: dict[tuple[str, int], list[Taken]] = defaultdict(list)
    for taken in receiver.taken:
        of_unit[taken.account, taken.unit].append(taken)
    histories = {flight: sorted(known) for flight, known in versions.items()}
    for (account, unit), documents in of_unit.items():
        for flight, history in histories.items():
            shown = [one.versions.get(str(flight)) for one in documents]
            problem = _goes_back(shown, [_shown_as(version, unit) for version in history])
            if problem:
                yield f"{receiver.key}, {account}: flight:{flight} of aircraft:{unit} {problem}"


def _shown_as(version: Version, unit: int) -> int | None:
    return version.number if version.aircraft == unit and not version.deleted else None


def _goes_back(shown: Iterable[int | None], history: list[int | None]) -> str:
    """Whether what was shown cannot be read off the history from left to right."""
    # Before its first version a flight is not there, or it is one of the first day, which has version 0.
    history = [None, 0, None, *history]
    at = 0
    for number, this in enumerate(shown):
        later = next((index for index in range(at, len(history)) if history[index] == this), None)
        if later is None:
            return f"goes back to version {this} in document {number + 1}, after {history[at]}"
        at = later
    return ""


def too_many(receiver: Receiver, rules: Rules, tolerance: timedelta = timedelta(0)) -> Iterator[str]:
    """More calls of an account in any window than its budget has. `tolerance`: what the way may take by itself."""
    of_account: dict[str, list[datetime]] = defaultdict(list)
    for came in receiver.came:
        of_account[came.account].append(came.at)
    for account, times in of_account.items():
        for first, last in zip(times, times[rules.budget.calls :], strict=False):
            if last - first < rules.budget.per - tolerance:
                yield f"{account} was called {rules.budget.calls + 1} times within {last - first}"


def too_soon(receiver: Receiver, rules: Rules, tolerance: timedelta = timedelta(0)) -> Iterator[str]:
    """Two calls for one aircraft closer together than the partner's floor."""
    of_unit: dict[int, list[datetime]] = defaultdict(list)
    for came in receiver.came:
        for unit in came.units:
            of_unit[unit].append(came.at)
    for unit, times in of_unit.items():
        for first, second in pairwise(times):
            if second - first < rules.space - tolerance:
                yield f"{receiver.key}: aircraft:{unit} came again after {second - first}"


# -- the log ------------------------------------------------------------------------------------------------------


async def in_the_log(world: World) -> list[str]:
    """Changes that are missing from the log, or too many in it; and what a reader of it missed or met twice."""
    wrong = []
    logged = await world.logged()
    expected = dict(world.before)
    fetched = await world.do(changes_by_the_source, world)
    for subject, count in (world.book.changes + fetched).items():
        expected[subject] = expected.get(subject, 0) + count
    for subject in sorted(expected.keys() | logged.keys()):
        if expected.get(subject, 0) != logged[subject]:
            wrong.append(f"{subject} has {logged[subject]} changes in the log and must have {expected.get(subject, 0)}")
    await world.follower.read()
    rows = await world.sql("SELECT seq FROM changes_change WHERE operator_id = %s", world.operator.id)
    met, all_of_them = world.follower.met, {row[0] for row in rows}
    since = {seq for seq in all_of_them if seq > world.furnished_at}
    if len(met) != len(set(met)):
        wrong.append(f"A reader of the log met {len(met) - len(set(met))} changes twice.")
    if set(met) != since:
        wrong.append(f"A reader of the log missed {sorted(since - set(met))}.")
    return wrong
