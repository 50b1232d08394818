"""What add-ons share in reading an answer, and in saying what an admin fills in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Annotated, Any, cast

import msgspec
import pytest

from airstair.hub.answers import each, ours, outcome_of, read_body
from airstair.hub.engine.calling import ask_whether_it_works
from airstair.hub.flows import Call, Document, Part, UnitDocument
from airstair.hub.http import Answer, CallFailed, PartnerHttp
from airstair.hub.setting import (
    Settings,
    account_of,
    address,
    address_name,
    credential,
    missing_when_on,
    secret_names,
    setting,
    settings_of,
)
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind

NOW = datetime(2027, 3, 15, 9, 12, tzinfo=UTC)


class Said(msgspec.Struct):
    status: str


_said = msgspec.json.Decoder(Said)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"status"', b'{"other":1}', b'"\xff"', b'{"status":"\xff"}', b"[" * 100_000]
)
def test_what_is_not_the_partners_own_is_nothing(body: bytes) -> None:
    assert read_body(body, _said) is None


def test_what_is_the_partners_own_is_read() -> None:
    assert read_body(b'{"status":"ok","new":1}', _said) == Said("ok")


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_an_outcome_counts_its_parts_and_waits_only_where_it_failed(kind: OutcomeKind) -> None:
    parts = (Part("flight:1", "KXA1"), Part("flight:2", "KXA2"))
    document = Document(body=b"{}", parts=parts)
    one = UnitDocument(unit=Unit(UnitKind.AIRCRAFT, 81), title="SP-KXA", document=document)
    answer = Answer(status=429, headers={"x-reset": "90"}, body=b"")
    said = [ours("Enter the key.", field="api_key")]

    made = outcome_of(answer, kind, said, NOW, "x-reset", one=one)

    assert (made.kind, made.sent, made.http_status, made.messages) == (kind, 2, 429, tuple(said))
    assert made.retry_after == (None if kind.delivered else NOW + timedelta(seconds=90))
    assert outcome_of(answer, kind, [], NOW).sent == 0


def documents(*parts: int) -> list[UnitDocument]:
    """One for each aircraft, with so many parts."""
    return [
        UnitDocument(
            unit=Unit(UnitKind.AIRCRAFT, id),
            title="SP-KXA",
            document=Document(body=b"{}", parts=tuple(Part(f"flight:{n}", "KXA1") for n in range(count))),
        )
        for id, count in enumerate(parts)
    ]


async def test_a_call_that_nobody_answers_takes_nothing_from_the_others() -> None:
    """Each has its own outcome, with its parts counted where the add-on has not counted them itself."""

    async def put(call: Call, one: UnitDocument) -> Outcome:
        if one.unit.id == 1:
            raise CallFailed(OutcomeKind.UNKNOWN, "The line is dead.")
        return Outcome(kind=OutcomeKind.ACCEPTED, sent=5 if one.unit.id == 3 else 0, remote_id=f"r-{one.unit.id}")

    call = Call(http=cast(PartnerHttp, None), settings=None, documents=documents(2, 3, 0, 1), now=NOW)
    ended = await each(call, put)
    assert [(one.kind.value, one.sent, one.remote_id) for one in ended] == [
        ("accepted", 2, "r-0"), ("unknown", 3, ""), ("accepted", 0, "r-2"), ("accepted", 5, "r-3"),
    ]  # fmt: skip
    assert ended[1].sentence == "The line is dead."


class Connected(Settings, frozen=True, kw_only=True):
    base_url: Annotated[str, address("As it was given to you.")] = ""
    api_key: Annotated[str, credential("API key")] = ""


def test_an_address_and_a_credential_are_needed_to_switch_on_and_the_credential_is_secret() -> None:
    assert [one.name for one in missing_when_on(Connected, Connected())] == ["base_url", "api_key"]
    assert secret_names(Connected) == {"api_key"}
    (where,) = [one.meaning for one in settings_of(Connected) if one.name == "base_url"]
    assert (where.label, where.help, where.longest) == ("Address of the API", "As it was given to you.", 300)


def test_an_account_is_its_parts_in_their_order_and_shows_no_key() -> None:
    made = account_of("https://partner.example", "key-1")
    assert made == account_of("https://partner.example", "key-1") and "key" not in made and len(made) == 32
    assert (
        len({made, account_of("https://partner.example", "key-2"), account_of("key-1", "https://partner.example")}) == 3
    )


class Elsewhere(Settings, frozen=True):
    """Its own settings are not `kw_only`, and its address is not marked as one."""

    domain: Annotated[str, setting("Domain")] = ""
    api_key: Annotated[str, credential("API key")] = ""


@pytest.mark.parametrize(
    ("cls", "names", "where"),
    [
        (Connected, ["environment", "base_url", "api_key"], "base_url"),
        (Elsewhere, ["environment", "domain", "api_key"], ""),
    ],
)
async def test_the_environment_comes_first_and_a_check_without_an_answer_names_the_address(
    cls: type[Settings], names: list[str], where: str
) -> None:
    async def check(http: PartnerHttp, settings: Settings) -> Outcome:
        raise CallFailed(OutcomeKind.UNAVAILABLE, "Nobody is there.")

    assert [one.name for one in settings_of(cls)] == names
    assert address_name(cls) == where
    one: Any = SimpleNamespace(key="own", settings=cls, check=check)
    outcome = await ask_whether_it_works(one, cast(PartnerHttp, None), cls())
    assert (outcome.kind, outcome.messages) == (OutcomeKind.UNAVAILABLE, (ours("Nobody is there.", field=where),))
