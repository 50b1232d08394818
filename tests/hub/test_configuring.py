"""Configuring connections: checked before it is saved, secrets kept, every change in the audit trail."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from airstair.changes.queries import trail
from airstair.hub.connections.queries import connections, live_connections
from airstair.hub.connections.secrets import SecretsUnreadable, seal, unseal
from airstair.hub.health import Health, cards
from airstair.hub.watchman import watch
from airstair.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.kernel.units import Unit, UnitKind

from .own_partner import KEY, Receiver, check, own_addon, values_for
from .stage import Stage


async def everything_stored(stage: Stage) -> bytes:
    """Every row of every table, as text, with what binary columns hold."""
    tables = await stage.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    rows = []
    for (table,) in tables:
        rows += await stage.sql(f'SELECT row_to_json(t)::text FROM "{table}" t')
    found = "\n".join(row[0] for row in rows).encode()
    binary = [bytes(row[0]) for row in await stage.sql("SELECT secrets FROM hub_connection")]
    binary += [bytes(row[0]) for row in await stage.sql("SELECT response_body FROM hub_call")]
    binary += [bytes(row[0]) for row in await stage.sql("SELECT body FROM hub_call_body")]
    return found + b"\n".join(binary)


@pytest.mark.req("HUB-05", "HUB-14")
async def test_a_secret_is_nowhere_but_in_calls(
    stage: Stage, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    own_addon(check=check)
    (aircraft,) = await stage.aircraft("N1AA")
    receiver.mode = "echo"  # the partner repeats the key in its answer, and the answer becomes a message
    connection = await stage.connect(receiver)
    await stage.start()
    await stage.flight(aircraft)
    await stage.configure("own", values={"key": KEY + "2"})
    await stage.configure("own", values={"key": KEY}, on=True)
    await stage.advance(minutes=1)
    assert receiver.calls[0].headers["X-Key"] == KEY, "the partner got it"
    stored = await everything_stored(stage)
    assert b"(hidden)" in stored and b"N1AA" in stored
    assert KEY.encode() not in stored and KEY.replace("&", "\\u0026").encode() not in stored
    (live,) = await stage.do(live_connections, [connection])
    facts = await stage.do(connections, stage.operator.id)
    for shown in (repr(live), str(live), repr(live.settings), repr(facts), caplog.text):
        assert KEY not in shown
    assert facts[0].filled_secrets == {"key"}
    assert "key" not in facts[0].settings


@pytest.mark.req("HUB-05")
async def test_a_secret_is_replaced_by_a_new_one_and_kept_by_an_empty_one(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    connection = await stage.connect(receiver)
    await stage.configure("own", values={"key": "", "flavour": "spicy"})
    (live,) = await stage.do(live_connections, [connection])
    assert live.secrets == (KEY,)
    await stage.configure("own", values={"key": "a-new-one"})
    (live,) = await stage.do(live_connections, [connection])
    assert live.secrets == ("a-new-one",)
    newest = (await stage.do(trail, stage.operator.id, subject=Unit(UnitKind.CONNECTION, connection)))[0]
    assert (newest.before, newest.after) == ({"credentials": "(hidden)"}, {"credentials": "(changed)"})


def test_one_operators_ciphertext_is_of_no_use_to_another(settings: Any) -> None:
    sealed = seal(1, {"key": KEY})
    assert KEY.encode() not in sealed
    assert unseal(1, sealed) == {"key": KEY}
    with pytest.raises(SecretsUnreadable):
        unseal(2, sealed)
    settings.SECRET_KEY = "another installation's"
    with pytest.raises(SecretsUnreadable, match="AIRSTAIR_SECRET_KEY"):
        unseal(1, sealed)
    assert seal(1, {}) == b"" and unseal(1, b"") == {}


@pytest.mark.req("HUB-06")
async def test_a_wrong_key_is_told_by_its_field_and_not_left_on(stage: Stage, receiver: Receiver) -> None:
    own_addon(check=check)
    await stage.aircraft("N1AA")
    made = await stage.configure("own", values=values_for(receiver, key="wrong-key"), aircraft="all", on=True)
    (warning,) = made.warnings
    assert warning.field == "key" and "not switched on" in warning.sentence
    assert not made.connection.on and made.connection.check_problem
    await stage.start()
    await stage.advance(minutes=6)
    assert not receiver.calls
    made = await stage.configure("own", values={"key": KEY}, on=True)
    await stage.settle()
    assert made.connection.on and not made.warnings and made.connection.checked_at == stage.clock.now()
    assert receiver.calls
    # A right one that is replaced by a wrong one, while it is on.
    made = await stage.configure("own", values={"key": "wrong-key"})
    assert not made.connection.on and made.warnings[0].field == "key"


@pytest.mark.req("HUB-06")
async def test_avinodes_wrong_key_is_told_by_its_field(stage: Stage) -> None:
    key = stage.partner.credentials()["inactive_authorization_key"]
    made = await stage.switch_on(authorization_key=key)
    assert made.warnings[0].field == "authorization_key"
    assert not made.connection.on


@pytest.mark.req("HUB-06")
@pytest.mark.parametrize("mode", ["away", "503", "html"])
async def test_a_partner_that_is_away_has_not_said_that_the_key_is_wrong(
    stage: Stage, receiver: Receiver, mode: str
) -> None:
    async def unsure(http: Any, settings: Any) -> Any:
        outcome = await check(http, settings)
        kind = {"503": OutcomeKind.UNAVAILABLE, "html": OutcomeKind.UNREADABLE}[mode]
        return type(outcome)(kind=kind)

    own_addon(check=check if mode == "away" else unsure)
    address = "http://127.0.0.1:9/api" if mode == "away" else receiver.url
    made = await stage.configure("own", values=values_for(receiver, base_url=address), aircraft="all", on=True)
    assert made.connection.on
    assert "could not be asked" in made.warnings[0].sentence


async def test_a_check_that_fails_in_its_own_code_is_a_warning(stage: Stage, receiver: Receiver) -> None:
    async def broken(http: Any, settings: Any) -> Any:
        raise KeyError(settings.key)

    own_addon(check=broken)
    made = await stage.configure("own", values=values_for(receiver), aircraft="all", on=True)
    assert made.connection.on and made.warnings
    assert KEY not in made.warnings[0].sentence


@pytest.mark.req("HUB-29")
async def test_every_change_of_a_configuration_is_in_the_audit_trail(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    one, two = await stage.aircraft("N1AA", "N2AA")
    connection = await stage.connect(receiver, aircraft=[one])
    await stage.configure("own", values={"flavour": "spicy"})
    await stage.configure("own", aircraft=[one, two])
    await stage.configure("own", aircraft="all", on=False)
    await stage.configure("own")  # nothing changes
    changes = await stage.do(trail, stage.operator.id, subject=Unit(UnitKind.CONNECTION, connection))
    told = [(c.kind, c.before, c.after) for c in reversed(changes)]
    assert [kind for kind, _, _ in told] == ["connection.made", *["connection.changed"] * 3]
    assert told[0][1] is None and told[0][2]["flavour"] == "plain" and told[0][2]["aircraft"] == [one]
    assert told[1][1:] == ({"flavour": "plain"}, {"flavour": "spicy"})
    assert told[2][1:] == ({"aircraft": [one]}, {"aircraft": [one, two]})
    assert told[3][1:] == (
        {"aircraft": [one, two], "all_aircraft": False, "on": True},
        {"aircraft": [], "all_aircraft": True, "on": False},
    )
    assert {c.actor_key for c in changes} == {stage.actor.key}


async def test_only_who_may_manage_add_ons_may_configure(stage: Stage, receiver: Receiver) -> None:
    own_addon()
    stage.actor = type(stage.actor)(
        operator_id=stage.actor.operator_id, kind=stage.actor.kind, key="x", label="X", rights=frozenset()
    )
    with pytest.raises(Forbidden):
        await stage.connect(receiver)
    assert await stage.do(connections, stage.operator.id) == []


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"values": {"nonsense": 1}}, "nonsense"),
        ({"values": {"minutes": 0}}, "minutes"),
        ({"values": {"minutes": "often"}}, "minutes"),
        ({"values": {"base_url": "x" * 5000}}, "base_url"),
        ({"values": {"base_url": "nul \x00 byte"}}, "base_url"),
        ({"values": {"flavour": "half \ud800"}}, "flavour"),
        ({"values": {"people": "ZZZ"}}, "recipients"),
        ({"values": {"environment": "moon"}}, "environment"),
        ({"aircraft": [999_999]}, "aircraft"),
        ({"aircraft": ["N1AA", 5]}, "aircraft"),
        ({"aircraft": "some"}, "aircraft"),
        ({"name": "x" * 61}, "name"),
        ({"name": "two\nlines"}, "name"),
        ({"name": "other", "aircraft": "all"}, "aircraft"),
    ],
)
async def test_bad_input_is_refused_by_its_field(
    stage: Stage, receiver: Receiver, wanted: dict[str, Any], field: str
) -> None:
    own_addon(recipients=lambda settings: settings.people)
    with pytest.raises(Invalid) as refused:
        await stage.configure("own", **wanted)
    assert field in {problem.field for problem in refused.value.problems}
    assert await stage.do(connections, stage.operator.id) == []


async def test_an_add_on_that_is_not_there_is_told(stage: Stage) -> None:
    with pytest.raises(NotFound, match="avinode"):
        await stage.configure("nothing-of-the-kind", on=True)


async def test_of_two_admins_who_save_at_once_one_is_told(stage: Stage, receiver: Receiver) -> None:
    """The partner is asked in between, outside any lock: the slower one must not undo what the quicker one saved."""
    quicker = True

    async def slowly(http: Any, settings: Any) -> Any:
        nonlocal quicker
        if quicker:
            quicker = False
            await stage.configure("own", values={"minutes": 30})
        return await check(http, settings)

    own_addon(check=check)
    await stage.connect(receiver)
    own_addon(check=slowly)
    with pytest.raises(Conflict, match="Somebody else"):
        await stage.configure("own", values={"flavour": "spicy"})
    (facts,) = await stage.do(connections, stage.operator.id)
    assert (facts.settings["minutes"], facts.settings["flavour"]) == (30, "plain")


async def test_secrets_of_another_installation_key_are_told_and_can_be_entered_again(
    stage: Stage, receiver: Receiver, other_receiver: Receiver, settings: Any
) -> None:
    own_addon("locked")
    await stage.aircraft("N1AA")
    connection = await stage.connect(receiver, "locked")
    settings.SECRET_KEY = "another installation's"
    own_addon("open")
    await stage.connect(other_receiver, "open")
    await stage.start()
    assert other_receiver.calls and not receiver.calls, "the other connections are served"
    found = {card.addon.key: card for card in await stage.do(cards, stage.operator.id, clock=stage.clock)}
    assert found["locked"].health is Health.FAILING
    assert "AIRSTAIR_SECRET_KEY" in found["locked"].sentence
    notices = await stage.do(watch, clock=stage.clock)
    assert [notice.connection_id for notice in notices] == [connection]
    await stage.configure("locked", values={"key": KEY}, on=True)
    await stage.settle()
    assert receiver.calls
    found = {card.addon.key: card for card in await stage.do(cards, stage.operator.id, clock=stage.clock)}
    assert found["locked"].health is Health.WELL
