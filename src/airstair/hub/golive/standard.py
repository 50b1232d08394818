"""The list that every add-on has without writing a line: what its own description promises, and what nobody knows yet.

What only the sandbox can show is for a person to confirm where no connection goes there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from airstair.hub.facts import Certainty
from airstair.hub.flows import Every
from airstair.hub.golive import conditions
from airstair.hub.golive.case import Case, Condition, judge
from airstair.hub.golive.gathering import GoLiveSources, UnitFacts
from airstair.hub.golive.received import received
from airstair.hub.promises import Health, LedgerLine
from airstair.hub.setting import missing_when_on
from airstair.hub.verdicts import GoLiveItem, Judgement, Verdict, first_of, judged
from airstair.kernel.errors import Conflict
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import UnitKind

_NO_SANDBOX = (
    "Only the sandbox can show this, and no connection goes there. Set environment=sandbox, let it run for a quarter of"
    " an hour, and check again; or ask the partner what it received."
)
_NOTHING_DUE = "There is nothing that the partner should have now. Plan what it is to get, let it run, and check again."


async def examine(sources: GoLiveSources) -> list[GoLiveItem]:
    """The standard list, as far as it is about this add-on. Raises nothing: what is not known is said."""
    case = await _case(sources)
    return await judge(case, [(one.title, one.condition) for one in STANDARD if one.applies(case)])


async def _case(sources: GoLiveSources) -> Case:
    if not sources.sandbox_url:
        return Case(sources, unseen=_NO_SANDBOX)
    try:
        return Case(sources, *await received(sources.sandbox_url, sources.addon.key))
    except Conflict as silent:
        return Case(sources, unseen=str(silent))


# -- what the hub knows --------------------------------------------------------------------------------------------


def switched_on(case: Case) -> Judgement:
    """Every connection that is on can be used, has all that is required, and an aircraft where aircraft are ticked."""
    wrong, well = [], []
    settings = {one.id: one.settings for one in case.sources.connections}
    for one in case.sources.configured:
        if one.unusable or one.check_problem:
            wrong.append(f"{one.name}: {one.unusable or one.check_problem}")
        lacks = missing_when_on(case.addon.settings, settings[one.id]) if one.id in settings else ()
        wrong += [f"{one.name}: {lack.meaning.label} is missing. Enter it in the configuration." for lack in lacks]
        if case.addon.choose_aircraft and not one.aircraft_ids:
            wrong.append(f"{one.name}: no aircraft is ticked. Tick some under Configuration.")
        ticked = f", {len(one.aircraft_ids)} aircraft" if case.addon.choose_aircraft else ""
        well.append(f"{one.name} ({one.settings.get('environment', 'live')}{ticked})")
    return judged(wrong, f"On, with every required setting: {'; '.join(well)}.")


def delivered(case: Case) -> Judgement:
    """Whatever the partner should hold by now, it has accepted."""
    due = [unit for unit in case.sources.units if unit.due]
    never = [unit for unit in due if unit.line is None or unit.line.last_success is None]
    if not due:
        return Verdict.PERSON, (_NOTHING_DUE,)
    return judged(
        (f"{one.title} ({one.flow.title}) was never delivered." for one in never), f"Delivered: {_counted(due)}."
    )


def _counted(units: list[UnitFacts]) -> str:
    """By flow: `Flights (60), Hours and cycles (3)`."""
    return ", ".join(f"{title} ({number})" for title, number in Counter(one.flow.title for one in units).items())


def nothing_overdue(case: Case) -> Judgement:
    """Every promise about time is kept: cadence, changes delivered soon, fetched when due; and somebody serves it."""
    stands = list(case.sources.stands.values())
    wrong = [one.late or one.sentence for one in stands if one.late or one.health is Health.UNSERVED]
    starting = [one.sentence for one in stands if one.health is Health.STARTING]
    if starting and not wrong:
        return Verdict.PERSON, first_of(starting)
    last = max((one.clocks.last_success for one in stands if one.clocks.last_success), default=None)
    when = f" The last success was at {last:%d %b %H:%M}Z." if last is not None else ""
    return judged(wrong, f"Nothing comes later than it should.{when}")


def nothing_refused(case: Case) -> Judgement:
    """The latest call of every unit was taken; what was taken with errors is for a person to read."""
    lines = [unit.line for unit in case.sources.units if unit.line is not None and unit.line.outcome is not None]
    refused = [_words(line) for line in lines if line.outcome is not None and not line.outcome.delivered]
    errors = [_words(line) for line in lines if line.outcome is OutcomeKind.ACCEPTED_WITH_ERRORS]
    if errors and not refused:
        return Verdict.PERSON, first_of(errors)
    return judged(refused + errors, f"The latest calls of {len(lines)} units were accepted.")


def _words(line: LedgerLine) -> str:
    label = line.outcome.label if line.outcome is not None else "not sent"
    return f"{line.title}: {label}. {line.messages[0].text if line.messages else ''}".strip()


def nothing_waits(case: Case) -> Judgement:
    """Nothing is left for a person to decide."""
    return judged((one.waiting for one in case.sources.stands.values() if one.waiting), "Nothing waits for a person.")


def fetched(case: Case) -> Judgement:
    """Each fetch has succeeded, the latest time too."""
    wrong, well = [], []
    for pull in (pull for traffic in case.sources.traffic.values() for pull in traffic.pulls):
        run = pull.latest
        if pull.last_success is None or (run is not None and run.outcome is not None and not run.outcome.delivered):
            says = run.messages[0].text if run is not None and run.messages else "Fetch it, and look at what comes."
            wrong.append(f"{pull.title}: not fetched yet, or not the last time. {says}")
        else:
            well.append(f"{pull.title} {pull.last_success:%d %b %H:%M}Z")
    return judged(wrong, f"Fetched: {'; '.join(well)}.")


def partner_came(case: Case) -> Judgement:
    """The partner has come with its credentials, and got what it wanted."""
    doors = [traffic.door for traffic in case.sources.traffic.values() if traffic.door is not None]
    came = [door for door in doors if door.last_visit is not None]
    if not came:
        return Verdict.PERSON, (
            "The partner has never come. Pass on the credentials that were issued, if it is to come.",
        )
    wrong = [
        f"The visit of {door.last_visit:%d %b %H:%M}Z: {door.last_outcome.label}. {door.last_words}".strip()
        for door in came
        if door.last_outcome is not None and not door.last_outcome.delivered
    ]
    return judged(wrong, f"The latest visit went well, from {came[0].last_visit_from or 'an unknown address'}.")


def assumed(case: Case) -> Judgement:
    """What nobody has told us of this partner, and a real account would."""
    facts = _assumed(case)
    ask = f"Ask {case.addon.name} about these {len(facts)}, or watch them in a real account:"
    return Verdict.PERSON, (ask, *facts)


def _assumed(case: Case) -> list[str]:
    return [fact.says for fact in case.addon.facts if fact.certainty is Certainty.ASSUMED]


# -- what the sandbox received ---------------------------------------------------------------------------------------


def _seen(condition: Callable[[Case], Judgement]) -> Callable[[Case], Judgement]:
    """For a person where nothing is known of what was received, or nothing was to be sent."""

    def judging(case: Case) -> Judgement:
        if case.unseen:
            return Verdict.PERSON, (case.unseen,)
        if not case.latest:
            idle = not any(unit.due for unit in case.sources.units)
            return (Verdict.PERSON, (_NOTHING_DUE,)) if idle else (Verdict.FAIL, tuple(case.nothing_sent()))
        return condition(case)

    return judging


def floor_kept(case: Case) -> Judgement:
    """No two calls for one unit were closer than the description allows."""
    if case.flow.floor is None:
        none = f"No shortest time between two calls for one unit is known. Ask {case.addon.name} for one."
        return Verdict.PERSON, (none,)
    if case.flow.unit is UnitKind.FLIGHT:
        told = "Calls are told apart by aircraft, and that time is by the flight. Look at one flight's calls."
        return Verdict.PERSON, (told,)
    return conditions.never_closer(case, than=case.flow.floor)


def not_repeated(case: Case) -> Judgement:
    """As `conditions.not_repeated`; where no call has failed, nothing is shown by it."""
    if all(upload.call.succeeded for upload in case.every_upload) and case.flow.floor is None:
        return Verdict.PERSON, (
            f"None of {case.counted} failed. Switch a fault on in the sandbox, off again, and check once more.",
        )
    return conditions.not_repeated(case)


# -- the list --------------------------------------------------------------------------------------------------------


class _Item(msgspec.Struct, frozen=True):
    """One condition, and which cases it is about."""

    title: str
    condition: Condition[Case]
    applies: Callable[[Case], bool]


def _mirrors(case: Case) -> bool:
    return bool(case.addon.mirrors)


def _by_the_clock(case: Case) -> bool:
    return _mirrors(case) and case.flow.unit is UnitKind.AIRCRAFT and isinstance(case.flow.trigger, Every)


STANDARD = (
    _Item("It is switched on, with every required setting", switched_on, lambda case: True),
    _Item("Everything that the partner should have was delivered", delivered, _mirrors),
    _Item("Nothing is overdue", nothing_overdue, lambda case: case.addon.calls_out),
    _Item("Every aircraft is sent at a regular interval", _seen(conditions.regular_interval), _by_the_clock),
    _Item("No two calls for one unit are closer than the partner allows", _seen(floor_kept), _mirrors),
    _Item("A failed call is not repeated before its time", _seen(not_repeated), _mirrors),
    _Item("Users see what came of each aircraft's latest call", _seen(conditions.users_see), _mirrors),
    _Item("Nothing is refused or unmatched now", nothing_refused, _mirrors),
    _Item("What is fetched has come", fetched, lambda case: bool(case.addon.pulls)),
    _Item("The partner comes by itself", partner_came, lambda case: bool(case.addon.inbound)),
    _Item("Nothing waits for a person", nothing_waits, lambda case: case.addon.calls_out),
    _Item(
        "The imitation objects to nothing", conditions.objects_to_nothing, lambda case: bool(case.audit.get("rules"))
    ),
    _Item("What is only assumed about the partner is true", assumed, lambda case: bool(_assumed(case))),
)
