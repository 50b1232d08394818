"""`airstair addon` and `airstair golive` against the sandbox: sentences, JSON, exit status, and no secret anywhere."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database

from airstair.hub import registry
from airstair.hub.connections.queries import connections
from airstair.hub.models import LedgerRow
from airstair.hub.verdicts import GoLiveItem, Verdict
from airstair.kernel.actor import Actor
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet.commands import AircraftInput, add_aircraft
from airstair.records.operators.commands import create_operator
from airstair.records.operators.queries import cli_actor
from airstair.sandbox.running import RunningPartner, running_in_thread

from .conftest import Airstair, Said

FLEET = ("N14923", "N16561", "N21130", "N10575")
ON = ("configure", "avinode", "--operator", "TEST", "environment=sandbox", "--all-aircraft", "--on")
OWN_KEY = "a-key-that-nobody-else-has-2027"
AVINODE_SETTINGS = {
    "environment", "base_url", "authorization_key", "api_token", "act_as_account", "export_automatically",
    "interval_minutes", "send_options", "send_opportunities", "send_only_continuous_availability_from_home_base",
    "reposition_to_home_base_after_h", "share_services", "recipients", "download_requests_for_quotes",
    "use_own_aircraft_performance", "add_subcharter_quotes_automatically", "automatically_reject_unanswered_quotes",
}  # fmt: skip
CONNECTION = {"addon", "connection", "on", "all_aircraft", "settings", "secrets_set", "aircraft", "warnings"}
UNIT = {
    "unit", "title", "outcome", "http_status", "last_attempt", "last_success", "last_change", "next_due", "sent",
    "tries", "waits_for_a_person", "messages", "warnings",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox_address() -> Iterator[tuple[str, RunningPartner]]:
    with running_in_thread() as sandbox:
        yield sandbox.url, sandbox.partner("avinode")


@pytest.fixture
def partner(sandbox_address: tuple[str, RunningPartner], settings: Any) -> RunningPartner:
    """Avinode's imitation, as on its first day; no other private address is allowed."""
    settings.SANDBOX_URL, partner = sandbox_address
    settings.ALLOW_PRIVATE_ADDRESSES = False
    partner.reset()
    return partner


@pytest.fixture
def addon(airstair: Airstair, partner: RunningPartner) -> Airstair:
    """Run `airstair addon …`; whatever it says where, no key or token is in it."""
    secrets = (OWN_KEY, *partner.credentials().values())

    def run(*words: str | Path) -> Said:
        said = airstair("addon", *words)
        assert not [secret for secret in secrets if secret in said.out or secret in said.err]
        return said

    return run


def found(code: str, *registrations: str) -> Actor:
    """An operator with aircraft."""
    operator = create_operator(code=code, name=code, admin_email=f"a@{code.lower()}.example", admin_name="Ann")
    actor = cli_actor(operator.id)
    for registration in registrations:
        add_aircraft(actor, AircraftInput(registration=registration, home_base="KEWR"))
    return actor


@pytest.fixture
def actor(db: None) -> Actor:
    return found("TEST", *FLEET)


def field_and_sentence(said: Said) -> tuple[str, str]:
    """Of the only problem; said in the same words on standard error."""
    (problem,) = said.json["problems"]
    assert (said.status, said.err) == (1, f"{problem['field']}: {problem['sentence']}\n")
    return problem["field"], problem["sentence"]


# --- list ------------------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-02")
def test_every_add_on_is_listed_with_the_names_of_its_settings(airstair: Airstair) -> None:
    told = airstair("addon", "list", "--json")
    assert (told.status, told.err) == (0, "")
    (avinode,) = [one for one in told.json["addons"] if one["key"] == "avinode"]
    assert avinode.keys() == {"key", "name", "category", "purpose", "settings"}
    assert (avinode["name"], avinode["category"]) == ("Avinode", "Marketplaces")
    assert set(avinode["settings"]) >= AVINODE_SETTINGS
    assert avinode["purpose"] in airstair("addon", "list").out


# --- configure -------------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-01")
def test_the_sandbox_fills_in_address_and_credentials(addon: Airstair, actor: Actor, partner: RunningPartner) -> None:
    told = addon(*ON, "--json")
    assert (told.status, told.err) == (0, "")
    assert told.json.keys() == CONNECTION
    assert (told.json["on"], told.json["all_aircraft"], told.json["warnings"]) == (True, True, [])
    assert told.json["aircraft"] == sorted(FLEET)
    assert told.json["settings"]["base_url"] == f"{partner.url}/api"
    assert told.json["secrets_set"] == ["api_token", "authorization_key"]
    asked = partner.calls()
    assert [(call.method, call.status) for call in asked] == [("GET", 200)], "the credentials were tried, once"
    assert addon(*ON).out == "avinode (default) is on, 4 aircraft ticked.\n"


@pytest.mark.req("AVI-02")
def test_every_setting_can_be_given_by_its_name(addon: Airstair, actor: Actor) -> None:
    wanted: dict[str, Any] = {
        "act_as_account": "ops", "export_automatically": False, "interval_minutes": 15, "send_options": True,
        "send_opportunities": True, "send_only_continuous_availability_from_home_base": True,
        "reposition_to_home_base_after_h": 36, "share_services": True, "recipients": ["AN"],
        "download_requests_for_quotes": True, "use_own_aircraft_performance": True,
        "add_subcharter_quotes_automatically": True, "automatically_reject_unanswered_quotes": True,
    }  # fmt: skip
    (code,) = [row[0] for row in rows("SELECT code FROM operators_membership")]
    wanted["recipients"] = [code]
    words = [f"{name}={written(value)}" for name, value in wanted.items()]
    assert addon("configure", "avinode", *words, "--operator", "TEST").status == 0
    (kept,) = addon("status", "avinode", "--operator", "TEST", "--json").json["connections"]
    assert {name: kept["settings"][name] for name in wanted} == wanted


def written(value: Any) -> str:
    """As a person types it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ",".join(value) if isinstance(value, list) else str(value)


def rows(statement: str) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.mark.parametrize(
    "words",
    [
        ("--aircraft", "N14923", "N16561", "n-21130"),
        ("--aircraft", "N14923,N16561 N21130"),
        ("--aircraft", "N14923", "--aircraft", "N16561", "--aircraft", "N21130", "interval_minutes=10"),
        ("--aircraft", "N14923", "interval_minutes=10", "N16561", "N21130", "N14923"),
    ],
)
@pytest.mark.req("AVI-01")
def test_several_registrations_may_follow(addon: Airstair, actor: Actor, words: tuple[str, ...]) -> None:
    told = addon("configure", "avinode", "--operator", "TEST", "environment=sandbox", *words, "--on", "--json")
    assert (told.status, told.json["all_aircraft"]) == (0, False)
    assert told.json["aircraft"] == ["N14923", "N16561", "N21130"]
    assert told.json["settings"]["interval_minutes"] == (10 if "interval_minutes=10" in words else 5)


@pytest.mark.req("HUB-06")
def test_a_wrong_key_is_told_by_its_field_and_not_left_on(addon: Airstair, actor: Actor) -> None:
    refused = addon(*ON, f"authorization_key={OWN_KEY}")
    assert refused.status == 1
    assert refused.out.splitlines()[0] == "avinode (default) is off, 4 aircraft ticked."
    assert refused.out.splitlines()[1].startswith("authorization_key: Avinode says: ")
    assert refused.out.endswith("It is saved, but not switched on.\n")
    (facts,) = connections(actor.operator_id)
    assert not facts.on and "authorization_key" in facts.filled_secrets
    told = addon("status", "avinode", "--operator", "TEST", "--json").json["connections"][0]
    assert (told["on"], told["health"]) == (False, "off") and "Avinode says" in told["sentence"]


@pytest.mark.req("HUB-06")
def test_a_wrong_key_also_switches_off_what_was_on(addon: Airstair, actor: Actor, partner: RunningPartner) -> None:
    assert addon(*ON).status == 0
    inactive = partner.credentials()["inactive_authorization_key"]
    told = addon("configure", "avinode", "--operator", "TEST", f"authorization_key={inactive}", "--json")
    assert (told.status, told.json["on"]) == (1, False)
    assert [warning["field"] for warning in told.json["warnings"]] == ["authorization_key"]
    # Off on purpose is no failure, whatever the key.
    assert addon("configure", "avinode", "--operator", "TEST", "--off").status == 0


@pytest.mark.req("HUB-05")
def test_secrets_are_kept_hidden_and_replaced_on_purpose_only(addon: Airstair, actor: Actor) -> None:
    live = ("configure", "avinode", "--operator", "TEST")
    first = addon(*live, f"authorization_key={OWN_KEY}", f"api_token={OWN_KEY}-token", "--json")
    assert first.json["secrets_set"] == ["api_token", "authorization_key"]
    assert not {"authorization_key", "api_token"} & first.json["settings"].keys()
    (sealed, kept) = rows("SELECT secrets, settings::text FROM hub_connection")[0]
    assert OWN_KEY.encode() not in bytes(sealed) and OWN_KEY not in kept
    assert not rows(f"SELECT FROM changes_change WHERE (before::text || after::text) LIKE '%{OWN_KEY}%'")
    addon(*live, "authorization_key=", "interval_minutes=6", "--json")
    assert bytes(rows("SELECT secrets FROM hub_connection")[0][0]) == bytes(sealed), "empty keeps what is there"
    addon(*live, "authorization_key=another-key")
    assert bytes(rows("SELECT secrets FROM hub_connection")[0][0]) != bytes(sealed)
    assert OWN_KEY not in addon("status", "avinode", "--operator", "TEST").out


@pytest.mark.parametrize(
    ("word", "field", "remedy"),
    [
        pytest.param(
            "interval_minutes=4", "interval_minutes", "must be at least 5 minutes", marks=pytest.mark.req("AVI-10")
        ),
        ("interval_minutes=61", "interval_minutes", "must be at most 60 minutes"),
        ("interval_minutes=often", "interval_minutes", "must be a whole number, not “often”"),
        ("nonsense=1", "nonsense", "There is no such setting. Known are: environment, base_url"),
        ("environment=moon", "environment", "must be one of live, sandbox"),
        ("send_options=perhaps", "send_options", "is a switch. Use on or off."),
        ("reposition_to_home_base_after_h=241", "reposition_to_home_base_after_h", "must be at most 240 hours"),
        ("recipients=ZZZ", "recipients", "Nobody here has the code ZZZ. Choose among"),
        ("base_url=https://127.0.0.1/api", "base_url", "127.0.0.1 is a private address"),
        ("base_url=https://localhost/api", "base_url", "localhost is a private address"),
        ("base_url=https://[::1]/api", "base_url", "::1 is a private address"),
        ("base_url=https://10.1.2.3/api", "base_url", "10.1.2.3 is a private address"),
        ("base_url=http://example.com/api", "base_url", "must begin with https://"),
    ],
)
def test_a_wrong_setting_is_refused_by_its_field_and_nothing_is_saved(
    addon: Airstair, actor: Actor, partner: RunningPartner, word: str, field: str, remedy: str
) -> None:
    told = addon("configure", "avinode", "--operator", "TEST", "--all-aircraft", "share_services=on", word, "--json")
    assert field_and_sentence(told)[0] == field
    assert remedy in field_and_sentence(told)[1]
    assert connections(actor.operator_id) == []
    assert partner.calls() == []


def test_loopback_is_refused_for_live_even_where_the_sandbox_listens(
    addon: Airstair, actor: Actor, partner: RunningPartner
) -> None:
    keys = ("authorization_key=" + OWN_KEY, "api_token=" + OWN_KEY)
    address = f"base_url={partner.url.replace('http:', 'https:')}/api"
    told = addon("configure", "avinode", "--operator", "TEST", *keys, address, "--all-aircraft", "--on", "--json")
    field, sentence = field_and_sentence(told)
    assert (field, "set the environment to sandbox" in sentence) == ("base_url", True)
    assert (connections(actor.operator_id), partner.calls()) == ([], [])


def test_keys_are_needed_before_it_can_be_on(addon: Airstair, actor: Actor) -> None:
    told = addon("configure", "avinode", "--operator", "TEST", "--all-aircraft", "--on", "--json")
    assert told.status == 1
    assert [problem["field"] for problem in told.json["problems"]] == ["authorization_key", "api_token"]
    assert connections(actor.operator_id) == []


def test_an_aircraft_of_another_operator_is_as_unknown_as_any(addon: Airstair, actor: Actor) -> None:
    found("OTHER", "D-CABC")
    ticked = ("--aircraft", "N14923", "D-CABC", "N0")
    told = addon("configure", "avinode", "--operator", "TEST", "environment=sandbox", *ticked, "--on", "--json")
    assert told.status == 1
    assert [problem["sentence"].split(" is ")[0] for problem in told.json["problems"]] == ["D-CABC", "N0"]
    assert {problem["field"] for problem in told.json["problems"]} == {"aircraft"}
    assert connections(actor.operator_id) == []


@pytest.mark.parametrize(
    "words",
    [
        ("addon", "configure", "KEY", "--operator", "CODE", "--off"),
        ("addon", "status", "KEY", "--operator", "CODE"),
        ("addon", "export", "KEY", "--operator", "CODE"),
        ("golive", "KEY", "--operator", "CODE"),
    ],
)
def test_an_add_on_or_operator_that_is_not_there(
    airstair: Airstair, actor: Actor, partner: RunningPartner, words: tuple[str, ...]
) -> None:
    def named(key: str, code: str) -> Said:
        return airstair(*({"KEY": key, "CODE": code}.get(word, word) for word in words), "--json")

    no_addon, no_operator = named("aviflow", "TEST"), named("avinode", "NOPE")
    assert (no_addon.status, no_operator.status) == (1, 1)
    assert no_addon.err.startswith("The add-on “aviflow” (there are: ") and "avinode" in no_addon.err
    assert no_operator.err.startswith("Operator “NOPE” was not found.")
    for told in (no_addon, no_operator):
        assert told.json == {"error": told.err.rstrip("\n"), "problems": []}


def test_an_aircraft_gets_a_connection_of_its_own(addon: Airstair, actor: Actor) -> None:
    assert addon(*ON).status == 0
    own = addon(
        "configure",
        "avinode",
        "--operator",
        "TEST",
        "--connection",
        "Second key",
        "--aircraft",
        "N16561",
        "--on",
        "--json",
    )
    assert (own.status, own.json["connection"], own.json["aircraft"]) == (0, "Second key", ["N16561"])
    told = addon("status", "avinode", "--operator", "TEST", "--json").json["connections"]
    assert [(one["connection"], one["aircraft"]) for one in told] == [
        ("default", sorted({*FLEET} - {"N16561"})),
        ("Second key", ["N16561"]),
    ]


# --- status ----------------------------------------------------------------------------------------------------


def test_status_before_and_after_it_is_configured(addon: Airstair, actor: Actor) -> None:
    asked = ("status", "avinode", "--operator", "TEST")
    assert addon(*asked).out == "Avinode has never been configured.\n"
    assert addon(*asked, "--json").json == {"addon": "avinode", "connections": []}
    addon(*ON)
    told = addon(*asked, "--json").json
    (one,) = told["connections"]
    assert one.keys() == CONNECTION | {"health", "sentence", "units", "messages_waiting", "fetches"}
    assert (one["health"], one["sentence"]) == ("starting", "Waiting for a worker to take it on.")
    assert [unit.keys() for unit in one["units"]] == [UNIT] * 4
    assert [unit["title"] for unit in one["units"]] == sorted(FLEET)
    lines = addon(*asked).out.splitlines()
    assert lines[0] == "Avinode (default): starting. Waiting for a worker to take it on."
    assert [line.split()[:4] for line in lines[1:]] == [[reg, "not", "sent", "yet"] for reg in sorted(FLEET)]


@pytest.mark.req("AVI-26")
def test_status_gives_each_aircrafts_latest_call_and_all_its_messages(addon: Airstair, actor: Actor) -> None:
    addon(*ON)
    said = {
        "level": "error",
        "text": "Airport KXXX is unknown.",
        "code": "X1",
        "about": "flight:7",
        "field": "endAirport",
    }
    sent(
        actor,
        "N14923",
        datetime(2027, 3, 4, 9, 5, tzinfo=UTC),
        outcome="accepted_with_errors",
        messages=[said],
        sent=12,
    )
    told = addon("status", "avinode", "--operator", "TEST", "--json").json["connections"][0]
    (unit,) = [one for one in told["units"] if one["title"] == "N14923"]
    assert (unit["outcome"], unit["sent"], unit["last_attempt"]) == ("accepted_with_errors", 12, "2027-03-04T09:05:00Z")
    assert unit["messages"] == [said | {"path": ""}]
    (line,) = [line for line in addon("status", "avinode", "--operator", "TEST").out.splitlines() if "N14923" in line]
    assert line.split("  ")[1].strip() == "N14923" and line.endswith("12 activities  Airport KXXX is unknown.")
    assert "accepted with errors" in line and "04 Mar 09:05:00Z" in line


def sent(actor: Actor, registration: str, at: datetime, **more: Any) -> None:
    """As the engine writes it when an aircraft has been sent."""
    (facts,) = connections(actor.operator_id, "avinode")
    ((id_,),) = rows(f"SELECT id FROM fleet_aircraft WHERE registration = '{registration}'")
    LedgerRow.objects.create(
        operator_id=actor.operator_id, connection_id=facts.id, flow="schedule", title=registration,
        unit=str(Unit(UnitKind.AIRCRAFT, id_)), last_attempt=at, **{"outcome": "accepted", **more},
    )  # fmt: skip


# --- export ----------------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-10")
def test_an_export_keeps_the_floor_and_says_when_the_next_is_possible(addon: Airstair, actor: Actor) -> None:
    addon(*ON)
    latest = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=2)
    sent(actor, "N14923", latest)
    sent(actor, "N16561", latest - timedelta(minutes=4))
    told = addon("export", "avinode", "--operator", "TEST", "--aircraft", "N14923", "N16561", "--json")
    assert (told.status, told.err) == (0, "")
    (run,) = told.json["runs"]
    assert run.keys() == {"connection", "run_id", "now", "later"}
    assert (run["connection"], run["now"]) == ("default", ["N16561"])
    possible = latest + timedelta(minutes=5)
    assert run["later"] == [{"registration": "N14923", "at": possible.isoformat().replace("+00:00", "Z")}]
    assert rows("SELECT title FROM hub_ledger WHERE asked_at IS NOT NULL") == [("N16561",)]
    again = addon("export", "avinode", "--operator", "TEST", "--aircraft", "N14923")
    assert again.out == f"N14923: sent a moment ago; possible again at {possible:%H:%M:%S}Z.\n"
    assert addon("export", "avinode", "--operator", "TEST").out.splitlines()[0] == "N10575: being exported."


def test_what_cannot_be_exported_is_told(addon: Airstair, actor: Actor) -> None:
    export = ("export", "avinode", "--operator", "TEST")
    off = addon(*export)
    assert (off.status, off.out) == (1, "")
    assert off.err == "Nothing to export: Avinode is off, or has no aircraft ticked.\n"
    addon("configure", "avinode", "--operator", "TEST", "environment=sandbox", "--aircraft", "N14923", "--on")
    unknown = addon(*export, "--aircraft", "N14923", "N0", "--json")
    assert field_and_sentence(unknown) == (
        "aircraft", "N0 is not in the fleet. Check the registration, or add the aircraft first.",
    )  # fmt: skip
    unticked = addon(*export, "--aircraft", "N14923", "N16561", "--json")
    assert field_and_sentence(unticked) == ("aircraft", "N16561 is not ticked for Avinode. Tick it, or leave it out.")
    assert not rows("SELECT FROM hub_ledger WHERE asked_at IS NOT NULL"), "not even the one that is ticked"
    addon("configure", "avinode", "--operator", "TEST", "--off")
    assert addon(*export, "--aircraft", "N14923").status == 1


# --- golive ----------------------------------------------------------------------------------------------------


@pytest.mark.req("AVI-50")
def test_the_go_live_check_prints_all_twenty_and_fails_before_anything_was_sent(
    airstair: Airstair, addon: Airstair, actor: Actor, partner: RunningPartner
) -> None:
    golive = ("golive", "avinode", "--operator", "TEST")
    off = airstair(*golive)
    assert (off.status, off.out) == (1, "")
    assert off.err.startswith("Avinode is not switched on. Switch it on and let it run for a while")
    addon(*ON)
    told = airstair(*golive, "--json")
    assert told.status == 1 and told.err == ""
    assert told.json.keys() == {"addon", "operator", "passed", "failed", "to_confirm", "items"}
    assert [item["number"] for item in told.json["items"]] == list(range(1, 21))
    assert all(item.keys() == {"number", "title", "verdict", "evidence"} for item in told.json["items"])
    assert all(item["evidence"] for item in told.json["items"])
    counted = [told.json[name] for name in ("passed", "failed", "to_confirm")]
    verdicts = [item["verdict"] for item in told.json["items"]]
    assert counted == [verdicts.count(verdict) for verdict in ("pass", "fail", "for a person to confirm")]
    assert counted[1] > 0 and "Every aircraft is sent at a regular interval" in [
        item["title"] for item in told.json["items"] if item["verdict"] != "pass"
    ]
    printed = airstair(*golive)
    numbered = re.findall(r"^(PASS|FAIL|CONFIRM) +(\d+)\. ", printed.out, re.MULTILINE)
    assert (printed.status, [int(number) for _, number in numbered]) == (1, list(range(1, 21)))
    assert printed.out.splitlines()[-1] == "{} pass, {} fail, {} for a person to confirm.".format(*counted)
    assert not [secret for secret in partner.credentials().values() if secret in printed.out + told.out]


def test_an_add_on_without_a_list_of_its_own_has_the_standard_one(
    airstair: Airstair, addon: Airstair, actor: Actor
) -> None:
    golive = ("golive", "foreflight", "--operator", "TEST")
    off = airstair(*golive)
    assert (off.status, off.out) == (1, "") and off.err.startswith("ForeFlight Dispatch is not switched on.")
    addon("configure", "foreflight", "--operator", "TEST", "environment=sandbox", "--all-aircraft", "--on")
    told = airstair(*golive, "--json")
    assert (told.status, told.err) == (0, "")
    items = {item["title"]: item for item in told.json["items"]}
    assert items["It is switched on, with every required setting"]["verdict"] == "pass"
    assert items["Everything that the partner should have was delivered"]["verdict"] == "for a person to confirm"
    last = told.json["items"][-1]
    assert last["evidence"].startswith("Ask ForeFlight Dispatch about these ")
    printed = airstair(*golive).out.splitlines()
    sentences = [
        line.strip() for line in printed[printed.index(f"CONFIRM  {last['number']:>2}. {last['title']}") + 1 : -1]
    ]
    assert "; ".join(sentences) == last["evidence"], "each on a line of its own"


def test_what_has_no_partner_is_not_judged(airstair: Airstair, actor: Actor) -> None:
    told = airstair("golive", "saftefast", "--operator", "TEST")
    assert (told.status, told.out) == (1, "")
    assert told.err == "SAFTE-FAST runs inside Airstair: there is no partner to go live with.\n"


@pytest.mark.parametrize(("third", "status"), [(Verdict.PASS, 0), (Verdict.FAIL, 1)])
def test_only_an_item_that_fails_makes_the_check_fail(
    airstair: Airstair, addon: Airstair, actor: Actor, third: Verdict, status: int
) -> None:
    addon(*ON)
    verdicts = (Verdict.PASS, Verdict.PERSON, third)

    async def judged(sources: Any) -> list[GoLiveItem]:
        return [GoLiveItem(number=n, title="T", verdict=v, evidence=("E",)) for n, v in enumerate(verdicts, 1)]

    registry.register(dataclasses.replace(registry.addon("avinode"), golive=judged))
    try:
        assert airstair("golive", "avinode", "--operator", "TEST").status == status
    finally:
        registry._extra.clear()


# --- wrong use -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ("addon",),
        ("addon", "nonsense"),
        ("addon", "configure", "avinode"),
        ("addon", "configure", "--operator", "TEST"),
        ("addon", "configure", "avinode", "--operator", "TEST", "N14923"),
        ("addon", "configure", "avinode", "--operator", "TEST", "=5"),
        ("addon", "configure", "avinode", "--operator", "TEST", "send_options=on", "send_options=off"),
        ("addon", "configure", "avinode", "--operator", "TEST", "--aircraft", "N14923", "--all-aircraft"),
        ("addon", "configure", "avinode", "--operator", "TEST", "--aircraft", " , "),
        ("addon", "configure", "avinode", "--operator", "TEST", "--aircraft", "N14923", "=5"),
        ("addon", "configure", "avinode", "--operator", "TEST", "--nonsense"),
        ("addon", "status", "avinode"),
        ("addon", "status", "avinode", "more", "--operator", "TEST"),
        ("addon", "export", "avinode"),
        ("addon", "export", "avinode", "--operator", "TEST", "--aircraft"),
        ("addon", "export", "avinode", "--operator", "TEST", "--aircraft", ""),
        ("golive", "avinode"),
        ("golive", "--operator", "TEST"),
    ],
)
def test_wrong_use_ends_with_2_before_anything_is_opened(
    airstair: Airstair, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AIRSTAIR_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    told = airstair(*words)
    assert (told.status, told.out) == (2, "")
    assert "Error: " in told.err or "Usage: " in told.err


@pytest.mark.parametrize(
    "words",
    [("addon",), ("addon", "list"), ("addon", "configure"), ("addon", "status"), ("addon", "export"), ("golive",)],
)
def test_every_command_explains_itself(airstair: Airstair, words: tuple[str, ...]) -> None:
    told = airstair(*words, "--help")
    assert told.status == 0
    assert words == ("addon",) or "With --json" in told.out
