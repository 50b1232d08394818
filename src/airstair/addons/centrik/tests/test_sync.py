"""What is special about Centrik: its clock, matching by email, beside our own, reset, switching off, two switches."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from airstair.addons.centrik.addon import ADDON, KEY
from airstair.hub.connections.queries import connection as facts_of
from airstair.hub.forgetting import reset_fetched
from airstair.hub.pulls import pulls_of, runs
from airstair.hub.registry import register
from airstair.kernel.errors import Conflict, Forbidden
from airstair.records.endorsements.commands import (
    DefinitionInput,
    EndorsementInput,
    add_definition,
    add_endorsement,
    change_definition,
    change_endorsement,
    remove_endorsement,
)
from airstair.records.endorsements.queries import definitions, endorsements, unmatched_people
from airstair.records.people.commands import CrewMemberEdit, CrewMemberInput, add_crew_member, change_crew_member
from airstair.testing.stage import Stage, staged

SYNC = {"environment": "sandbox", "endorsements": True}


@pytest.fixture
async def stage(transactional_db: None, settings: Any) -> AsyncIterator[Stage]:
    async with staged(settings, KEY, Stage) as made:
        register(ADDON)
        yield made


async def member(stage: Stage, code: str, email: str) -> int:
    wanted = CrewMemberInput(code=code, first_name="Ann", last_name=code, email=email)
    return (await stage.do(add_crew_member, stage.actor, wanted)).id


async def crew(stage: Stage) -> tuple[int, int]:
    """Ada in other letters than Centrik has them, and Kim. Sami is not one of ours."""
    ada = await member(stage, "ABE", "Ada.Berg@Airstair.example")
    return ada, await member(stage, "KIM", "kim.lund@airstair.example")


async def synchronised(stage: Stage, **values: Any) -> int:
    made = await stage.configure(KEY, values={**SYNC, **values}, on=True)
    assert made.connection.on, made.warnings
    await stage.start()
    return made.connection.id


async def held(stage: Stage) -> list[Any]:
    return await stage.do(endorsements, stage.operator.id)


async def numbers(stage: Stage) -> list[str]:
    return sorted(one.number for one in await held(stage))


# ── What comes in ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("CTK-02")
@pytest.mark.req("CTK-04")
async def test_people_are_matched_by_email_and_the_unmatched_are_listed_never_guessed(stage: Stage) -> None:
    ada, kim = await crew(stage)
    connection = await synchronised(stage)
    found = await held(stage)
    assert {(one.crew_member_id, one.definition.name) for one in found} == {
        (ada, "LPC / OPC"), (ada, "Medical class 1"), (ada, "Aspen approach"), (kim, "LPC / OPC"),
        (kim, "Dangerous goods"),
    }  # fmt: skip
    check = next(one for one in found if one.number == "OPC-771")
    assert (check.issued, check.expires, check.partner_name) == (date(2026, 5, 4), date(2026, 11, 30), "Centrik")
    airports = {one.name: one.airport for one in await stage.do(definitions, stage.operator.id)}
    assert airports["Aspen approach"] == "KASE" and airports["Dangerous goods"] == "", "ASE is Aspen's IATA code"
    (unknown,) = await stage.do(unmatched_people, stage.operator.id)
    assert (unknown.name, unknown.email) == ("Sami Else", "someone.else@airstair.example")
    run = next(run for run in await stage.do(runs, stage.operator.id, connection) if run.flow == "everything")
    assert run.new + run.updated + run.unchanged + run.skipped == run.fetched == 13
    assert run.skipped == 2 and all("someone.else@airstair.example" in reason for _, reason in run.reasons)
    await member(stage, "SAM", "someone.else@airstair.example")
    await stage.advance(hours=18, step=timedelta(hours=1))  # noon until six
    assert len(await held(stage)) == 6
    assert await stage.do(unmatched_people, stage.operator.id) == []


@pytest.mark.req("CTK-02")
async def test_everything_daily_at_six_and_changes_every_three_hours(stage: Stage) -> None:
    await crew(stage)
    connection = await synchronised(stage)
    await stage.advance(hours=42, step=timedelta(minutes=30))  # from noon until six on the second morning
    began: dict[str, list[datetime]] = {"everything": [], "changes": []}
    for run in reversed(await stage.do(runs, stage.operator.id, connection, limit=100)):
        began[run.flow].append(run.started_at)
    noon = datetime(2027, 3, 4, 12, tzinfo=UTC)
    assert began["everything"] == [noon, datetime(2027, 3, 5, 6, tzinfo=UTC), datetime(2027, 3, 6, 6, tzinfo=UTC)]
    assert began["changes"] == [noon + timedelta(hours=3 * count) for count in range(15)]


@pytest.mark.req("CTK-02")
async def test_a_change_comes_within_three_hours_and_a_removal_with_the_next_morning(stage: Stage) -> None:
    await crew(stage)
    await synchronised(stage)
    stage.partner.act(
        "put-endorsement",
        {"id": "H1", "userId": "U1", "qualificationId": "Q1", "number": "OPC-900", "expiryDate": "2028-01-31"},
    )
    stage.partner.act("remove-endorsement", {"id": "H5"})
    await stage.advance(hours=3, step=timedelta(hours=1))
    assert await numbers(stage) == ["", "DG-15", "M-2209", "OPC-772", "OPC-900"]
    asked = [str(call) for call in stage.partner.calls() if "userqualifications" in call.path]
    assert any("modifiedSince" in one for one in asked) and not all("modifiedSince" in one for one in asked)
    await stage.advance(hours=15, step=timedelta(hours=1))
    assert await numbers(stage) == ["", "M-2209", "OPC-772", "OPC-900"]


async def test_a_partner_that_suddenly_lists_nothing_takes_nothing_away(stage: Stage) -> None:
    await crew(stage)
    await synchronised(stage)
    for what, ids in (("qualification", 4), ("user", 3), ("endorsement", 6)):
        for number in range(1, ids + 1):
            letter = {"qualification": "Q", "user": "U", "endorsement": "H"}[what]
            stage.partner.act(f"remove-{what}", {"id": f"{letter}{number}"})
    await stage.advance(hours=18, step=timedelta(hours=1))
    assert len(await held(stage)) == 5


# ── Beside our own ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("CTK-03")
async def test_imported_ones_stand_beside_our_own_and_are_read_only(stage: Stage) -> None:
    ada, _ = await crew(stage)
    own = await stage.do(add_definition, stage.actor, DefinitionInput(name="LPC / OPC"))
    given = EndorsementInput(definition_id=own.id, number="OPC-771", expires=date(2027, 5, 1))
    mine = await stage.do(add_endorsement, stage.actor, ada, given)
    await synchronised(stage)
    both = [one for one in await held(stage) if one.number == "OPC-771"]
    assert {one.partner for one in both} == {"", KEY} and len({one.definition.id for one in both}) == 2
    theirs = next(one for one in both if one.partner)
    for attempt in (
        lambda: change_endorsement(stage.actor, theirs.id, given),
        lambda: remove_endorsement(stage.actor, theirs.id),
        lambda: change_definition(stage.actor, theirs.definition.id, DefinitionInput(name="Ours now")),
    ):
        with pytest.raises(Conflict, match="Centrik"):
            await stage.do(attempt)
    kept = DefinitionInput(name="LPC / OPC", when_expiring="ground", warn_days=10)
    await stage.do(change_definition, stage.actor, theirs.definition.id, kept)
    await stage.advance(hours=18, step=timedelta(hours=1))
    after = {one.id: one for one in await held(stage)}
    assert after[mine.id] == mine, "ours is as it was"
    assert after[theirs.id].definition.warn_days == 10, "what is done about it is ours to say, and stays"


@pytest.mark.req("CTK-05")
async def test_reset_is_for_admins_and_reloads_everything(stage: Stage) -> None:
    ada, _ = await crew(stage)
    own = await stage.do(add_definition, stage.actor, DefinitionInput(name="Own"))
    mine = await stage.do(add_endorsement, stage.actor, ada, EndorsementInput(definition_id=own.id, number="MINE"))
    connection = await synchronised(stage)
    before = {one.id for one in await held(stage)}
    dispatcher = msgspec.structs.replace(stage.actor, rights=stage.actor.rights - {"addons.manage"})
    with pytest.raises(Forbidden):
        await stage.do(reset_fetched, dispatcher, connection)
    assert await stage.do(reset_fetched, stage.actor, connection, clock=stage.clock) == 5
    (left,) = await held(stage)
    assert left.id == mine.id
    await stage.settle()
    after = await held(stage)
    assert len(after) == 6 and {one.id for one in after} & before == {mine.id}
    facts = await stage.do(facts_of, stage.operator.id, connection)
    lines = (await stage.do(pulls_of, stage.operator.id, [facts]))[connection]
    assert all(line.latest and line.latest.asked_by == stage.actor.label for line in lines), "shown with its progress"


@pytest.mark.req("CTK-05")
@pytest.mark.parametrize("how", ["the add-on", "the synchronisation"])
async def test_switching_off_removes_all_that_was_imported_and_on_again_fetches_it(stage: Stage, how: str) -> None:
    ada, _ = await crew(stage)
    own = await stage.do(add_definition, stage.actor, DefinitionInput(name="Own"))
    await stage.do(add_endorsement, stage.actor, ada, EndorsementInput(definition_id=own.id, number="MINE"))
    await synchronised(stage, shared_login=True)
    assert len(await held(stage)) == 6
    off: dict[str, Any] = {"on": False} if how == "the add-on" else {"values": {"endorsements": False}}
    await stage.configure(KEY, **off)
    await stage.settle()
    assert await numbers(stage) == ["MINE"]
    assert [one.name for one in await stage.do(definitions, stage.operator.id)] == ["Own"]
    assert await stage.do(unmatched_people, stage.operator.id) == []
    calls = stage.partner.begun()
    await stage.advance(hours=30, step=timedelta(hours=3))
    assert stage.partner.begun() == calls
    await stage.configure(KEY, values={"endorsements": True}, on=True)
    await stage.settle()
    assert len(await held(stage)) == 6


async def test_a_page_under_way_when_it_is_switched_off_is_not_kept(stage: Stage) -> None:
    await crew(stage)
    made = await stage.configure(KEY, values=SYNC, on=True)
    stage.partner.faults.add("hang_after")
    await stage.start(settle=False)
    await stage.until(lambda: stage.partner.begun() > 1)
    await stage.configure(KEY, values={"endorsements": False})
    stage.partner.faults.clear()
    await stage.settle()
    assert await held(stage) == [] and made.connection.on


# ── Two switches ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("CTK-01")
async def test_the_two_switches_know_nothing_of_each_other(stage: Stage) -> None:
    login = next(iter(ADDON.handoffs))
    made = await stage.configure(KEY, values={"environment": "sandbox", "shared_login": True}, on=True)
    assert made.connection.on, "the login needs neither login nor password"
    await stage.start()
    await stage.advance(hours=6, step=timedelta(hours=1))
    assert not stage.partner.calls() and await held(stage) == []
    assert login.place == "menu" and login.title == "CENTRIK"


@pytest.mark.req("HUB-06")
async def test_a_domain_where_nobody_answers_is_named(stage: Stage, settings: Any) -> None:
    settings.ALLOW_PRIVATE_ADDRESSES = True
    nobody = "http://127.0.0.1:1"  # nothing listens at the first port
    made = await stage.configure(KEY, values={**SYNC, "domain": nobody}, on=True)
    assert [one.field for one in made.warnings] == ["domain"], made.warnings


async def test_somebody_with_a_new_address_is_matched_by_it(stage: Stage) -> None:
    ada, kim = await crew(stage)
    await synchronised(stage)
    await stage.do(change_crew_member, stage.actor, kim, CrewMemberEdit(email="kim@elsewhere.example"))
    await stage.advance(hours=18, step=timedelta(hours=1))
    assert {one.crew_member_id for one in await held(stage)} == {ada}, "by the address, and by nothing else"
