"""The go-live check: the standard list over every add-on, on the whole way, and conditions on evidence good and bad."""

from __future__ import annotations

import ast
import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from airstair.hub import registry
from airstair.hub.connections.queries import LiveConnection
from airstair.hub.contract import Addon
from airstair.hub.facts import assumed, documented
from airstair.hub.flows import Backoff, Every, NextTick, OnChange
from airstair.hub.golive import GoLiveSources, UnitFacts, conditions, examine, standard
from airstair.hub.golive.case import Case, judge
from airstair.hub.golive.received import ReceivedCall
from airstair.hub.promises import Clocks, Health, LedgerLine, Stand
from airstair.hub.registry import addon, addons
from airstair.hub.verdicts import GoLiveItem, Judgement, Verdict
from airstair.kernel.errors import Conflict
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.kernel.units import Unit
from airstair.testing import stage as shared

from .own_partner import OwnSettings, own_addon
from .stage import NOON

MINUTE = timedelta(minutes=1)
FIVE = 5 * MINUTE
ADDONS = Path(__file__).parents[2] / "src" / "airstair" / "addons"


# --- the whole way -----------------------------------------------------------------------------------------------


@pytest.fixture
async def scene(transactional_db: None, settings: Any) -> AsyncIterator[shared.Stage]:
    """Any partner in the sandbox."""
    async with shared.staged(settings, "foreflight", shared.Stage) as made:
        yield made


async def switch_on(scene: shared.Stage, key: str) -> None:
    await scene.configure(key, values={"environment": "sandbox"}, aircraft="all", on=True)


async def examined(scene: shared.Stage, key: str) -> dict[str, GoLiveItem]:
    """By title."""
    items = await scene.do(examine, scene.operator.id, addon(key), clock=scene.clock)
    assert [one.number for one in items] == list(range(1, len(items) + 1))
    assert all(one.title and one.evidence and all(one.evidence) for one in items)
    return {one.title: one for one in items}


def standing(items: dict[str, GoLiveItem], verdict: Verdict) -> set[str]:
    return {title for title, one in items.items() if one.verdict is verdict}


def failed(items: dict[str, GoLiveItem]) -> set[str]:
    """What fails but lateness: changes are stamped by the database's clock, which is not the stage's."""
    return standing(items, Verdict.FAIL) - {"Nothing is overdue"}


async def test_every_add_on_is_judged_or_says_why_not(scene: shared.Stage) -> None:
    every, lists, refused = [one for one in addons().values() if one.golive is None], {}, {}
    await scene.flight((await scene.aircraft("N1AA"))[0])
    for one in every:
        with pytest.raises(Conflict, match=r"is not switched on|runs inside Airstair"):
            await scene.do(examine, scene.operator.id, one, clock=scene.clock)
        await switch_on(scene, one.key)
    await scene.start()
    await scene.advance(minutes=6)
    for one in every:
        try:
            lists[one.key] = await examined(scene, one.key)
        except Conflict as sentence:
            refused[one.key] = str(sentence)
    assert set(refused) == {one.key for one in every if one.stays_inside}
    for key, items in lists.items():
        one, switched = addon(key), items["It is switched on, with every required setting"]
        assert switched.verdict is Verdict.PASS, (key, switched.evidence)
        told = items["What is only assumed about the partner is true"]
        assert told.verdict is Verdict.PERSON
        assert len(told.evidence) == 1 + sum(fact.certainty == "assumed" for fact in one.facts)
        assert ("Users see what came of each aircraft's latest call" in items) == bool(one.mirrors)
        if one.mirrors:
            assert not failed(items), (key, [items[title].evidence for title in failed(items)])


async def test_a_partner_that_fails_and_refuses_is_told_with_its_words(scene: shared.Stage) -> None:
    one, other = await scene.aircraft("N1AA", "N2BB")
    await switch_on(scene, "foreflight")
    await scene.start()
    scene.partner.faults.add("status", status=503, count=1, aircraft="N1AA")
    await scene.flight(one, number="TST1")
    await scene.advance(minutes=11)
    healed = await examined(scene, "foreflight")
    assert not failed(healed)
    assert "After 1 failed calls" in healed["A failed call is not repeated before its time"].evidence[0]

    scene.partner.faults.add("status", status=400, aircraft="N2BB")
    await scene.flight(other, number="TST2")
    await scene.advance(minutes=6)
    refused = await examined(scene, "foreflight")
    assert failed(refused) == {
        "Everything that the partner should have was delivered",
        "Nothing is refused or unmatched now",
    }
    assert "TST2" in refused["Everything that the partner should have was delivered"].evidence[0]
    assert "refused" in refused["Nothing is refused or unmatched now"].evidence[0]


async def test_what_only_the_sandbox_could_show_is_for_a_person_without_it(scene: shared.Stage, settings: Any) -> None:
    (one,) = await scene.aircraft("N1AA")
    await switch_on(scene, "foreflight")
    await scene.flight(one)
    worker = await scene.start()
    await scene.advance(minutes=6)
    await scene.end(worker)
    settings.SANDBOX_URL = "http://127.0.0.1:1"
    items = await examined(scene, "foreflight")
    unseen = {title for title, item in items.items() if "Start it with: airstair sandbox" in item.evidence[0]}
    assert unseen == {
        "No two calls for one unit are closer than the partner allows",
        "A failed call is not repeated before its time",
        "Users see what came of each aircraft's latest call",
    }
    assert unseen <= standing(items, Verdict.PERSON)
    assert standing(items, Verdict.FAIL) == {"Nothing is overdue"}, "nobody serves it any more"


async def test_stored_settings_that_cannot_be_used_are_said(scene: shared.Stage) -> None:
    await switch_on(scene, "foreflight")
    await scene.sql("UPDATE hub_connection SET settings = '{\"odd\": 1}'")
    with pytest.raises(Conflict, match="Correct them under Configuration"):
        await scene.do(examine, scene.operator.id, addon("foreflight"), clock=scene.clock)


def test_a_partners_own_judge_imports_nothing_else_of_its_add_on() -> None:
    judges = list(ADDONS.glob("*/golive/*.py"))
    assert judges
    for path in judges:
        own = f"airstair.addons.{path.parts[-3]}.golive"
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airstair.addons"):
                assert f"{node.module}.".startswith(f"{own}."), f"{path.name} imports {node.module}"


# --- the conditions ----------------------------------------------------------------------------------------------


def made(**facts: Any) -> Addon:
    """An add-on whose aircraft go out by the clock, unless `facts` of its mirror say otherwise."""
    given = {"trigger": Every(minutes=lambda settings: settings.minutes), "floor": FIVE, "retry": NextTick()}
    one = own_addon("golive", **given | facts)
    registry._extra.pop(one.key)  # nobody else is to meet it
    return replace(one, facts=(*documented("A page", "It is so."), *assumed("Our choice", "It may be so.", "Or so.")))


def call(seconds_ago: float, **changed: Any) -> ReceivedCall:
    given = {
        "at": NOON - timedelta(seconds=seconds_ago), "method": "PUT", "path": "/api/units", "body": "{}",
        "headers": {"X-Key": "…-own", "X-Software": "Airstair/1"}, "aircraft": "N1-AA", "status": 200,
    }  # fmt: skip
    return ReceivedCall(**given | changed)


def stand_of(health: Health = Health.WELL, **says: str) -> Stand:
    clocks = Clocks(last_attempt=NOON, last_success=NOON, last_change=NOON, oldest_waiting=None)
    return Stand(health=health, sentence="How it is.", clocks=clocks, worker=1, **says)


WELL = stand_of()


def case_of(
    *calls: ReceivedCall, one: Addon | None = None, audit: Any = None, stand: Stand = WELL, **line: Any
) -> Case:
    """One aircraft through one connection; `line`: what users are shown of it, a success unless it says otherwise."""
    one = one or made()
    (flow,) = one.mirrors
    settings = OwnSettings(environment="sandbox", key="not-its-own")
    through = LiveConnection(
        operator_id=1, id=1, addon=one, name="", settings=settings, account="", aircraft={1: "N1AA"}
    )
    unit = Unit(flow.unit, 1)
    known = {"last_attempt": NOON, "last_success": NOON, "outcome": OutcomeKind.ACCEPTED, "http_status": 200} | line
    facts = UnitFacts(
        flow=flow, unit=unit, title="N1AA", connection=through,
        line=LedgerLine(unit=unit, title="N1AA", flow=flow.key, **known),
    )  # fmt: skip
    sources = GoLiveSources(
        now=NOON, addon=one, connections=(through,), default=through, units=(facts,), stands={1: stand}
    )
    return Case(sources, calls or (call(600), call(300), call(0)), audit)


def audit(**rule: Any) -> dict[str, Any]:
    return {"rules": [{"rule": "once", "title": "Nothing is there twice", "evidence": [{"text": "Twice."}], **rule}]}


def objection(**objections: Any) -> dict[str, Any]:
    """To one rule of two, in the calls of one aircraft."""
    rules = [{"rule": "once", "title": "Something is there twice"}, {"rule": "neat", "title": "It is untidy"}]
    return {"rules": rules, "aircraft": {objections.pop("of", "N1-AA"): {"objections": objections}}}


def never_closer(case: Case) -> Judgement:
    return conditions.never_closer(case, than=FIVE)


def software_named(case: Case) -> Judgement:
    return conditions.software_named(case, header="x-software", begins="Airstair/")


BUSY = made(floor=None, retry=Backoff(first=MINUTE))
ON_CHANGE = made(floor=None, retry=Backoff(first=MINUTE), trigger=OnChange())
FAILED = {"status": 503}
TOLD = {"http_status": 503, "outcome": OutcomeKind.UNAVAILABLE}
TWICE = {"count": 3, "evidence": [{"at": "2027-03-04T11:55:00+00:00", "text": "Leg 7."}]}
SORRY = (PartnerMessage(level="error", text="Sorry"),)


@pytest.mark.parametrize(
    ("condition", "case", "verdict", "words"),
    [
        (conditions.regular_interval, case_of(), Verdict.PASS, "1 aircraft"),
        (conditions.regular_interval, case_of(call(900), call(300), call(0)), Verdict.FAIL, "for 10 minutes"),
        (conditions.regular_interval, case_of(call(300), call(0)), Verdict.FAIL, "2 times"),
        (conditions.regular_interval, case_of(one=made(trigger=Every(lambda settings: None))), Verdict.FAIL, "asks"),
        (never_closer, case_of(), Verdict.PASS, "under 5 minutes"),
        (never_closer, case_of(call(200), call(0)), Verdict.FAIL, "200 s after"),
        (never_closer, case_of(call(200), call(0, path="/api/other")), Verdict.PASS, "closer"),
        (never_closer, case_of(one=made(floor=MINUTE)), Verdict.FAIL, "allows two calls"),
        (never_closer, case_of(one=made(trigger=Every(lambda settings: 4))), Verdict.FAIL, "set to 4 minutes"),
        (conditions.not_repeated, case_of(call(301, **FAILED), call(0)), Verdict.PASS, "after 1 failed"),
        (conditions.not_repeated, case_of(call(200, **FAILED), call(0)), Verdict.FAIL, "which had failed"),
        (conditions.not_repeated, case_of(call(50, **FAILED), call(0), one=BUSY), Verdict.PASS, "After 1"),
        (conditions.not_repeated, case_of(call(40, **FAILED), call(0), one=BUSY), Verdict.FAIL, "40 s after"),
        (conditions.not_repeated, case_of(call(40), call(0), one=BUSY), Verdict.PASS, "After 0"),
        (conditions.not_repeated, case_of(call(40, **FAILED), call(0), one=ON_CHANGE), Verdict.FAIL, "40 s after"),
        (conditions.not_repeated, case_of(call(40, **FAILED, body="[]"), call(0), one=ON_CHANGE), Verdict.PASS, "1"),
        (conditions.not_repeated, case_of(call(40, fault="html"), call(0), one=BUSY), Verdict.FAIL, "40 s after"),
        (conditions.not_repeated, case_of(call(40, fault="latency 3 s"), call(0), one=BUSY), Verdict.PASS, "After 0"),
        (
            conditions.not_repeated,
            case_of(call(90, status=429, answer_headers={"retry-after": "120"}), call(0), one=BUSY),
            Verdict.FAIL,
            "90 s after",
        ),
        (  # another call went well in between: the partner is back
            conditions.not_repeated,
            case_of(call(3, **FAILED), call(1, body="[]"), call(0), one=ON_CHANGE),
            Verdict.PASS,
            "After 1",
        ),
        (
            conditions.not_repeated,
            case_of(
                call(3, status=503, answer_headers={"Retry-After": "9"}), call(1, body="[]"), call(0), one=ON_CHANGE
            ),
            Verdict.FAIL,
            "3 s after",
        ),
        (software_named, case_of(), Verdict.PASS, "x-software: Airstair/1"),
        (software_named, case_of(call(0, headers={})), Verdict.FAIL, "names “”"),
        (software_named, case_of(call(0, aircraft="N2BB")), Verdict.FAIL, "Nothing was sent yet"),
        (software_named, case_of(call(0, method="GET")), Verdict.FAIL, "Nothing was sent yet"),
        (conditions.users_see, case_of(), Verdict.PASS, "as it was answered"),
        (conditions.users_see, case_of(last_attempt=None), Verdict.FAIL, "no call is shown"),
        (conditions.users_see, case_of(last_attempt=NOON - FIVE), Verdict.FAIL, "older"),
        (conditions.users_see, case_of(last_attempt=NOON + FIVE), Verdict.PASS, "1 aircraft"),
        (conditions.users_see, case_of(call(0, **FAILED), messages=SORRY), Verdict.FAIL, "answered 503, but 200"),
        (conditions.users_see, case_of(call(0, **FAILED), **TOLD), Verdict.FAIL, "no words are shown"),
        (conditions.users_see, case_of(call(0, **FAILED), **TOLD, messages=SORRY), Verdict.PASS, "1 aircraft"),
        (
            conditions.users_see,
            case_of(call(0, fault="half_body"), http_status=None, outcome=OutcomeKind.UNKNOWN, messages=SORRY),
            Verdict.PASS,
            "1 aircraft",
        ),
        (conditions.objects_to_nothing, case_of(audit=audit(count=0)), Verdict.PASS, "Nothing is there twice"),
        (conditions.objects_to_nothing, case_of(audit=audit(count=1)), Verdict.FAIL, "Twice."),
        (conditions.objects_to_nothing, case_of(audit=audit(kept=False, evidence=["So."])), Verdict.FAIL, "So."),
        (conditions.objects_to_nothing, case_of(audit=audit(count=1, severity="warning")), Verdict.PERSON, "Twice."),
        (
            conditions.audited("once"),
            case_of(audit=objection()),
            Verdict.PASS,
            "Found in none of 3 calls of 1 aircraft: Something is there twice.",
        ),
        (conditions.audited("once", "neat"), case_of(audit=objection()), Verdict.PASS, "twice; It is untidy."),
        (conditions.audited("once"), case_of(audit=objection(neat=TWICE)), Verdict.PASS, "twice"),
        (conditions.audited("once"), case_of(audit=objection(once=TWICE, of="N2BB")), Verdict.PASS, "twice"),
        (
            conditions.audited("neat", "once"),
            case_of(audit=objection(once=TWICE)),
            Verdict.FAIL,
            "N1AA: 3 × once: Leg 7. (04 Mar 11:55Z)",
        ),
        (conditions.audited("once"), case_of(call(0, aircraft="N2BB"), audit=objection()), Verdict.FAIL, "Nothing was"),
        (conditions.audited("new"), case_of(audit=objection()), Verdict.FAIL, "does not look for “new”"),
        (conditions.audited("once"), case_of(), Verdict.FAIL, "does not look for “once”"),
        (conditions.for_a_person("Ask them."), case_of(), Verdict.PERSON, "Ask them."),
        (standard.delivered, case_of(), Verdict.PASS, "Legs (1)"),
        (standard.delivered, case_of(last_success=None), Verdict.FAIL, "N1AA (Legs) was never delivered"),
        (standard.nothing_refused, case_of(), Verdict.PASS, "1 units"),
        (standard.nothing_refused, case_of(**TOLD, messages=SORRY), Verdict.FAIL, "N1AA: unavailable. Sorry"),
        (
            standard.nothing_refused,
            case_of(outcome=OutcomeKind.ACCEPTED_WITH_ERRORS, messages=SORRY),
            Verdict.PERSON,
            "accepted with errors. Sorry",
        ),
        (standard.nothing_overdue, case_of(), Verdict.PASS, "04 Mar 12:00Z"),
        (standard.nothing_overdue, case_of(stand=stand_of(late="Two hours late.")), Verdict.FAIL, "Two hours late."),
        (standard.nothing_overdue, case_of(stand=stand_of(Health.UNSERVED)), Verdict.FAIL, "How it is."),
        (standard.nothing_overdue, case_of(stand=stand_of(Health.STARTING)), Verdict.PERSON, "How it is."),
        (standard.nothing_waits, case_of(), Verdict.PASS, "Nothing waits"),
        (standard.nothing_waits, case_of(stand=stand_of(waiting="N1AA waits.")), Verdict.FAIL, "N1AA waits."),
        (standard.floor_kept, case_of(one=BUSY), Verdict.PERSON, "Ask Golive for one"),
        (standard.floor_kept, case_of(), Verdict.PASS, "under 5 minutes"),
        (standard.not_repeated, case_of(one=BUSY), Verdict.PERSON, "Switch a fault on"),
        (standard.assumed, case_of(), Verdict.PERSON, "Ask Golive about these 2"),
    ],
)
def test_a_condition_on_evidence(
    condition: Callable[[Case], Judgement], case: Case, verdict: Verdict, words: str
) -> None:
    found, shown = condition(case)
    assert (found, words in " ".join(shown)) == (verdict, True), shown


@pytest.mark.parametrize(
    ("carried", "own", "verdict"),
    [("…-own", "the-own", Verdict.PASS), ("…ther", "the-own", Verdict.FAIL), ("(hidden)", "the-own", Verdict.PERSON)],
)
def test_whose_key_a_call_carried(carried: str, own: str, verdict: Verdict) -> None:
    case = case_of(call(0, headers={"X-Key": carried}))
    assert conditions.companys_own(case, header="X-Key", setting="key")[0] is verdict
    assert conditions.aircrafts_own(case, header="X-Key", setting="key")[0] is Verdict.PERSON
    other = msgspec.structs.replace(case.sources.connections[0], id=2)
    case.sources = msgspec.structs.replace(case.sources, default=other)
    assert conditions.companys_own(case, header="X-Key", setting="key")[0] is Verdict.FAIL, "nothing went through it"
    case.sources = msgspec.structs.replace(case.sources, default=None)
    assert conditions.aircrafts_own(case, header="X-Key", setting="key")[0] is verdict
    assert conditions.companys_own(case, header="X-Key", setting="key")[0] is Verdict.FAIL, "there is none"


def test_an_own_list_may_hold_the_hubs_conditions_and_awaited_ones() -> None:
    async def awaited(case: Case) -> Judgement:
        return Verdict.PASS, ("So it is.",)

    items = asyncio.run(judge(case_of(), [("It is so", awaited), ("Regular", conditions.regular_interval)]))
    assert [(one.number, one.verdict) for one in items] == [(1, Verdict.PASS), (2, Verdict.PASS)]
