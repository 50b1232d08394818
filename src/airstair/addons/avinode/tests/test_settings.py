"""What an admin can set, and what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from airstair.addons.avinode.addon import ADDON
from airstair.addons.avinode.sandbox import seed
from airstair.addons.avinode.settings import AvinodeSettings, problems
from airstair.hub.contract import Category
from airstair.hub.flows import Budget, Every, NextTick, Removal, Write
from airstair.hub.setting import SettingKind, missing_when_on, read_settings, secret_names, settings_of
from airstair.kernel.errors import Invalid
from airstair.kernel.units import UnitKind

KINDS = {s.name: s.kind for s in settings_of(AvinodeSettings)}
DEFAULTS = {s.name: s.default for s in settings_of(AvinodeSettings)}


@pytest.mark.req("AVI-02")
def test_every_setting_is_there_with_its_kind() -> None:
    switches = {
        "download_requests_for_quotes",
        "use_own_aircraft_performance",
        "add_subcharter_quotes_automatically",
        "send_options",
        "send_opportunities",
        "automatically_reject_unanswered_quotes",
        "send_only_continuous_availability_from_home_base",
        "export_automatically",
        "share_services",
    }
    assert {name for name, kind in KINDS.items() if kind is SettingKind.SWITCH} == switches
    assert {name for name in switches if DEFAULTS[name]} == {"export_automatically"}
    assert KINDS["reposition_to_home_base_after_h"] is SettingKind.NUMBER
    assert KINDS["recipients"] is SettingKind.PEOPLE
    assert KINDS["environment"] is SettingKind.CHOICE
    assert secret_names(AvinodeSettings) == {"authorization_key", "api_token"}


@pytest.mark.req("AVI-02")
def test_what_nothing_happens_by_yet_says_so() -> None:
    for one in settings_of(AvinodeSettings):
        later = one.meaning.section == "Requests for quotes"
        assert later == ("Takes effect when requests for quotes arrive" in one.meaning.help), one.name
        assert one.meaning.help


@pytest.mark.req("AVI-02")
@pytest.mark.parametrize(
    ("typed", "minutes"), [({}, 5), ({"interval_minutes": "15"}, 15), ({"export_automatically": "off"}, None)]
)
def test_the_interval_is_the_settings_or_none_at_all(typed: dict[str, Any], minutes: int | None) -> None:
    trigger = ADDON.mirror("schedule").trigger
    assert isinstance(trigger, Every)
    assert trigger.minutes(read_settings(AvinodeSettings, typed)) == minutes


@pytest.mark.req("AVI-02")
@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("interval_minutes", "4", "every 5 minutes"),
        ("interval_minutes", "0", "at least 5 minutes"),
        ("interval_minutes", "61", "at most 60 minutes"),
        ("interval_minutes", "often", "whole number"),
        ("interval_minutes", "", "whole number"),
        ("reposition_to_home_base_after_h", "-1", "at least 0 hours"),
        ("reposition_to_home_base_after_h", "241", "at most 240 hours"),
        ("send_options", "maybe", "on or off"),
        ("environment", "test", "live, sandbox"),
        ("interval", "5", "no such setting"),
    ],
)
def test_a_wrong_value_is_refused_by_name_and_with_the_reason(name: str, typed: str, words: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_settings(AvinodeSettings, {name: typed})

    (problem,) = refusal.value.problems
    assert problem.field == name
    assert words in problem.sentence


@pytest.mark.req("AVI-02")
@pytest.mark.parametrize(("typed", "hours"), [("", None), (None, None), ("0", 0), ("240", 240)])
def test_reposition_may_be_left_empty(typed: str | None, hours: int | None) -> None:
    read = read_settings(AvinodeSettings, {"reposition_to_home_base_after_h": typed})
    assert read == AvinodeSettings(reposition_to_home_base_after_h=hours)


def test_it_cannot_be_switched_on_without_credentials() -> None:
    missing = [s.name for s in missing_when_on(AvinodeSettings, AvinodeSettings(base_url=""))]
    assert missing == ["base_url", "authorization_key", "api_token"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"base_url": "http://services.avinode.com/api"}, "base_url"),
        ({"base_url": "services.avinode.com/api"}, "base_url"),
        ({"base_url": "ftp://services.avinode.com"}, "base_url"),
        ({"base_url": "https://[broken"}, "base_url"),
        ({"base_url": "https://host:99999/api"}, "base_url"),
        ({"base_url": "https://ann:pw@services.avinode.com/api"}, "base_url"),
        ({"base_url": "https://services.avinode.com/api?x=1"}, "base_url"),
        ({"authorization_key": "Bearer abc"}, "authorization_key"),
        ({"authorization_key": "abc\r\nX-Other: 1"}, "authorization_key"),
        ({"authorization_key": "schlüssel"}, "authorization_key"),
        ({"api_token": "a b"}, "api_token"),
        ({"act_as_account": "ann\nlee"}, "act_as_account"),
    ],
)
def test_settings_that_cannot_work_are_named(values: dict[str, str], field: str) -> None:
    assert [p.field for p in problems(AvinodeSettings(**values))] == [field]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"authorization_key": "eyJ.abc.def", "api_token": "7a1d", "act_as_account": "Ann Lee"},
        {"environment": "sandbox", "base_url": "http://127.0.0.1:8900/avinode/api"},
        {"base_url": ""},
    ],
)
def test_settings_that_can_work_have_no_problems(values: dict[str, str]) -> None:
    assert list(problems(AvinodeSettings(**values))) == []


def test_the_sandboxs_values_are_those_of_the_imitation() -> None:
    assert ADDON.for_sandbox is not None
    values = ADDON.for_sandbox("http://127.0.0.1:8900")

    assert values == {
        "base_url": "http://127.0.0.1:8900/avinode/api",
        "authorization_key": seed.DEMO_AUTHORIZATION_KEY,
        "api_token": seed.DEMO_API_TOKEN,
    }


def test_the_description_holds_avinodes_rules() -> None:
    flow = ADDON.mirror("schedule")

    assert (flow.unit, flow.write, flow.removal, flow.units_per_call) == (
        UnitKind.AIRCRAFT,
        Write.WHOLE,
        Removal.OMIT,
        1,
    )
    assert isinstance(flow.retry, NextTick)
    assert flow.floor is not None
    assert flow.floor.total_seconds() == 300
    assert isinstance(ADDON.budget, Budget)
    assert ADDON.budget.burst + ADDON.budget.refill_per_second * 3600 <= 3600
    assert ADDON.category is Category.MARKETPLACES
    assert all(fact.says and fact.source for fact in ADDON.facts)


def test_the_account_is_the_keys_and_does_not_hold_it() -> None:
    assert ADDON.account is not None
    one, other = AvinodeSettings(authorization_key="one-key"), AvinodeSettings(authorization_key="other-key")

    assert ADDON.account(one) != ADDON.account(other)
    assert ADDON.account(one) == ADDON.account(AvinodeSettings(authorization_key="one-key", interval_minutes=9))
    assert "one-key" not in ADDON.account(one)


def test_recipients_are_codes() -> None:
    assert ADDON.recipients is not None
    assert ADDON.recipients(read_settings(AvinodeSettings, {"recipients": "abc, Def;"})) == ("ABC", "DEF")


def test_the_about_page_has_its_sections() -> None:
    assert re.findall(r"^## (.+)$", ADDON.about, re.MULTILINE) == [
        "What it is",
        "Before you start",
        "Connect",
        "What is sent",
        "When",
        "Activity types",
        "What we match on",
        "Limits",
        "What is not here yet",
    ]
