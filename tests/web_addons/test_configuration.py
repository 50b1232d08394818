"""Configuration: typed fields, secrets, the check before saving, aircraft, connections."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from django.test import Client

from airstair.addons.avinode.addon import ADDON as AVINODE
from airstair.addons.avinode.settings import AvinodeSettings
from airstair.hub import registry
from airstair.hub.connections.queries import connections, default_connection
from airstair.hub.models import Connection
from airstair.hub.setting import settings_of
from airstair.kernel.outcome import Outcome, OutcomeKind, PartnerMessage
from airstair.records.operators.rules import Role

from .conftest import SANDBOX_VALUES, Desk, Partner

AT = "/addons/skymart/configuration"
ALL_HERE = [one.name for one in settings_of(AvinodeSettings)]
HERE = ["on", "aircraft", "environment", "address", "api_key", "interval", "after", "options", "style", "recipients"]
USUAL = {
    "s_environment": "live",
    "s_address": "https://sky.example/api",
    "s_api_key": "",
    "s_interval": "5",
    "s_after": "",
    "s_style": "plain",
    "s_recipients": "",
    "aircraft": "some",
}


def _form(**given: Any) -> dict[str, Any]:
    return {"here": HERE, **USUAL, **given}


def _save(client: Client, **given: Any) -> str:
    """The page after a save that was taken."""
    answer = client.post(AT, _form(**given), follow=True)
    assert answer.redirect_chain, _errors(answer.content.decode())
    return answer.content.decode()


def _refused(client: Client, **given: Any) -> str:
    answer = client.post(AT, _form(**given))
    assert answer.status_code == 422
    return answer.content.decode()


def _errors(html: str) -> list[str]:
    return re.findall(r'class="error"[^>]*>([^<]*)', html)


def _ids(desk: Desk, *at: int) -> list[str]:
    return [str(desk.aircraft[n].id) for n in at]


@pytest.mark.req("HUB-03")
def test_the_form_has_a_typed_input_for_each_setting_with_help_and_limits(admin: Client, desk: Desk) -> None:
    html = admin.get(AT).content.decode()
    inputs = {name: tag for tag in re.findall(r"<(?:input|select)[^>]*>", html) if (name := _name(tag))}
    assert (
        'type="number"' in inputs["s_interval"]
        and 'min="5"' in inputs["s_interval"]
        and 'max="60"' in inputs["s_interval"]
    )
    assert 'type="password"' in inputs["s_api_key"]
    assert 'type="checkbox"' in inputs["s_options"]
    assert 'type="radio"' in inputs["s_style"]
    for text in ("They go out too.", "5 to 60 minutes.", "Where it is.", "At least 0 hours.", "Schedule</legend>"):
        assert text in html


def _name(tag: str) -> str:
    found = re.search(r'name="([^"]*)"', tag)
    return found[1] if found else ""


@pytest.mark.req("HUB-03")
def test_what_is_typed_is_kept_with_its_type(desk: Desk, admin: Client) -> None:
    _save(admin, s_interval="15", s_after="8", s_options="on", s_style="full", s_address="https://other.example")
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and not facts.on
    kept = {name: facts.settings[name] for name in ("interval", "after", "options", "style", "address")}
    assert kept == {"interval": 15, "after": 8, "options": True, "style": "full", "address": "https://other.example"}
    html = _save(admin, s_interval="15", s_style="full", s_address="https://other.example")
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and facts.settings["after"] is None and facts.settings["options"] is False
    assert "Saved. Skymart (default) is off." in html


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"s_interval": "4"}, "Interval must be at least 5 minutes. Skymart says so."),
        ({"s_interval": "61"}, "Interval must be at most 60 minutes"),
        ({"s_interval": "soon"}, "must be a whole number"),
        ({"s_interval": "9" * 6000}, "must be a whole number"),
        ({"s_interval": ""}, "must be a whole number"),
        ({"s_style": "loud"}, "Style must be one of plain, full."),
        ({"s_environment": "moon"}, "Environment must be one of"),
        ({"s_address": "x" * 5000}, "longer than 4000"),
        ({"s_recipients": "nobody"}, "Nobody here has the code"),
        ({"on": "on"}, "API key is needed before Skymart can be switched on."),
        ({"tick": "abc"}, "One of the ticks names no aircraft."),
        ({"tick": "999999999999999999"}, "is not in your fleet"),
        ({"tick": "9" * 40}, "One of the ticks names no aircraft."),
    ],
)
def test_a_wrong_value_is_refused_where_it_is_typed(
    desk: Desk, admin: Client, typed: dict[str, str], sentence: str
) -> None:
    html = _refused(admin, **typed)
    assert any(sentence in error.replace("&#x27;", "'") for error in _errors(html)), _errors(html)
    assert "Nothing was saved." in html
    assert not Connection.objects.filter(operator_id=desk.id).exists()


def test_several_wrong_values_are_told_at_once_and_what_was_typed_stays(desk: Desk, admin: Client) -> None:
    html = _refused(admin, s_interval="4", s_after="-1", s_options="on", tick=_ids(desk, 1))
    assert len(_errors(html)) == 2 and "2 things to mend" in html
    assert 'name="s_interval" value="4"' in html
    assert re.search(r'name="s_options" value="on" checked', html)
    assert f'name="tick" value="{desk.aircraft[1].id}" checked' in html


def test_a_form_without_its_marks_changes_nothing_but_says_nothing_false(desk: Desk, admin: Client) -> None:
    before = desk.connect(0, 1, interval=30)
    assert admin.post(AT, {"connection": before.id}).status_code == 302
    after = default_connection(desk.id, "skymart")
    assert after is not None
    assert (after.on, after.settings, after.aircraft_ids) == (before.on, before.settings, before.aircraft_ids)


# ── secrets ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-05")
def test_a_secret_is_written_and_never_shown_again(desk: Desk, admin: Client, partner: Partner) -> None:
    secret = "zx-81-very-secret"
    pages = [_save(admin, s_api_key=secret, on="on", tick=_ids(desk, 0)), admin.get(AT).content.decode()]
    pages.append(_refused(admin, s_api_key=secret, s_interval="4"))
    for html in pages:
        assert secret not in html
        assert "CHANGE" in html and "</i>set</span>" in html
    row = Connection.objects.get(operator_id=desk.id)
    assert secret.encode() not in bytes(row.secrets) and secret not in str(row.settings)
    assert partner.asked[-1].api_key == secret


@pytest.mark.req("HUB-05")
def test_an_empty_change_keeps_a_secret_and_a_new_one_replaces_it(desk: Desk, admin: Client, partner: Partner) -> None:
    desk.connect(0, api_key="first")
    _save(admin, on="on", s_interval="10", tick=_ids(desk, 0))
    _save(admin, on="on", s_interval="10", s_address="https://new.example", tick=_ids(desk, 0))
    assert partner.asked[-1].api_key == "first"
    _save(admin, on="on", s_interval="10", s_address="https://new.example", s_api_key="second", tick=_ids(desk, 0))
    assert partner.asked[-1].api_key == "second"


# ── the check ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-06")
def test_a_wrong_credential_is_warned_of_at_its_field_and_the_add_on_is_not_left_on(
    desk: Desk, admin: Client, partner: Partner
) -> None:
    wrong = PartnerMessage(level="error", text="No such key.", field="api_key")
    partner.answer = Outcome(kind=OutcomeKind.UNAUTHORISED, messages=(wrong,))
    html = _save(admin, s_api_key="wrong", on="on", tick=_ids(desk, 0))
    assert "Saved, but Skymart is NOT switched on." in html
    field = html.split('id="warning-api_key"')[1].split("</div>")[0]
    assert "No such key." in field
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and not facts.on and "api_key" in facts.filled_secrets
    assert not re.search(r'name="on" value="on" checked', html)
    assert "NOT switched on" not in admin.get(AT).content.decode(), "the news is told once"
    assert "No such key." in admin.get(AT).content.decode(), "what stands is still told"


@pytest.mark.req("HUB-06")
def test_a_partner_that_is_away_is_no_wrong_credential(desk: Desk, admin: Client, partner: Partner) -> None:
    partner.answer = Outcome.failed(OutcomeKind.UNAVAILABLE, "Nobody answered.")
    html = _save(admin, s_api_key="right", on="on", tick=_ids(desk, 0))
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and facts.on
    assert "Saved. Skymart is on." in html and "Nobody answered." in html


@pytest.mark.req("AVI-01")
@pytest.mark.parametrize(("kind", "on"), [(OutcomeKind.ACCEPTED, True), (OutcomeKind.UNAUTHORISED, False)])
def test_avinode_needs_its_key_then_on_activates_it_for_the_ticked(
    desk: Desk, admin: Client, kind: OutcomeKind, on: bool
) -> None:
    async def check(http: Any, settings: AvinodeSettings) -> Outcome:
        assert settings.authorization_key == "key-of-ours"
        return Outcome(kind=kind, messages=(PartnerMessage(level="error", text="Hm.", field="authorization_key"),))

    registry.register(dataclasses.replace(AVINODE, check=check))
    at = "/addons/avinode/configuration"
    form = {"here": ["on", "aircraft", "authorization_key", "api_token"], "on": "on", "aircraft": "some"}
    form["tick"] = _ids(desk, 1)
    refused = admin.post(at, form)
    assert refused.status_code == 422 and "Authorization key is needed" in refused.content.decode()
    admin.post(at, {**form, "s_authorization_key": "key-of-ours", "s_api_token": "token"})
    facts = default_connection(desk.id, "avinode")
    assert facts is not None and facts.on is on
    assert facts.aircraft_ids == (desk.aircraft[1].id,)


@pytest.mark.req("AVI-02")
@pytest.mark.parametrize(
    "label",
    [
        "Download requests for quotes",
        "Use own aircraft performance",
        "Add subcharter quotes automatically",
        "Send options",
        "Send opportunities",
        "Automatically reject unanswered quotes",
        "Send only continuous availability from home base",
        "Reposition to home base after",
        "Export automatically",
    ],
)
def test_avinode_has_its_settings_in_the_form(desk: Desk, admin: Client, label: str) -> None:
    names = {one.meaning.label: one for one in settings_of(AvinodeSettings)}
    html = admin.get("/addons/avinode/configuration").content.decode()
    assert label in html and f'name="s_{names[label].name}"' in html
    given = "48" if label.startswith("Reposition") else "" if names[label].default else "on"
    form = {"here": names[label].name} | ({f"s_{names[label].name}": given} if given else {})
    assert admin.post("/addons/avinode/configuration", form).status_code == 302
    facts = default_connection(desk.id, "avinode")
    assert facts is not None
    assert facts.settings[names[label].name] == (48 if given == "48" else given == "on")


@pytest.mark.req("AVI-02")
def test_avinode_has_export_now(desk: Desk, admin: Client) -> None:
    desk.connect(0)
    assert "EXPORT NOW" in admin.get("/addons/skymart/activity").content.decode()


def test_choosing_the_sandbox_fills_in_what_leads_there(desk: Desk, admin: Client, partner: Partner) -> None:
    html = _save(admin, s_environment="sandbox", on="on", tick=_ids(desk, 0))
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and facts.on
    assert facts.settings["address"] == SANDBOX_VALUES["address"] and partner.asked[-1].api_key == "for-the-sandbox"
    assert SANDBOX_VALUES["api_key"] not in html


# ── aircraft and connections ────────────────────────────────────────────────────────────────────


@pytest.mark.req("HUB-09")
def test_aircraft_are_ticked_and_only_those_are_sent(desk: Desk, admin: Client) -> None:
    html = _save(admin, tick=_ids(desk, 0, 2))
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and set(facts.aircraft_ids) == {desk.aircraft[0].id, desk.aircraft[2].id}
    ticked = {one.registration: f'name="tick" value="{one.id}" checked' in html for one in desk.aircraft}
    assert ticked == {"N14923": True, "N16561": False, "N21130": True}
    _save(admin, tick=_ids(desk, 2))
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and facts.aircraft_ids == (desk.aircraft[2].id,)
    _save(admin, aircraft="all")
    desk.add_aircraft("N99999")
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and facts.all_aircraft and len(facts.aircraft_ids) == 4


@pytest.mark.req("HUB-08", "AVI-03")
def test_an_aircraft_gets_a_connection_of_its_own_that_overrides_the_default(
    desk: Desk, admin: Client, partner: Partner
) -> None:
    default = desk.connect(api_key="default-key")
    html = admin.get(f"{AT}?connection=new").content.decode()
    assert "Name of the connection" in html
    html = _save(admin, connection="new", name="Owner of N16561", s_api_key="owners-key", on="on", tick=_ids(desk, 1))
    assert partner.asked[-1].api_key == "owners-key"
    by_name = {facts.name: facts for facts in connections(desk.id, "skymart")}
    assert by_name["Owner of N16561"].aircraft_ids == (desk.aircraft[1].id,)
    assert desk.aircraft[1].id not in by_name["default"].aircraft_ids
    html = admin.get(f"{AT}?connection={default.id}").content.decode()
    label = next(piece for piece in html.split("<label") if f'value="{desk.aircraft[1].id}"' in piece)
    assert "uses “Owner of N16561”" in label and "checked" not in label
    own = by_name["Owner of N16561"]
    answer = admin.post(f"/addons/skymart/connections/{own.id}/remove", follow=True)
    assert "is removed" in answer.content.decode()
    assert [facts.name for facts in connections(desk.id, "skymart")] == ["default"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("", "Give the connection a name"), ("x" * 61, "longer than 60"), ("DEFAULT", "already"), ("Owner", "already")],
)
def test_a_connection_needs_a_name_of_its_own(desk: Desk, admin: Client, name: str, sentence: str) -> None:
    desk.connect()
    desk.connect(1, name="owner")
    html = _refused(admin, connection="new", name=name, tick=_ids(desk, 2))
    assert sentence in " ".join(_errors(html))
    assert len(connections(desk.id, "skymart")) == 2


def test_the_default_connection_cannot_be_removed(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    assert admin.post(f"/addons/skymart/connections/{facts.id}/remove").status_code == 409
    assert admin.get(f"/addons/skymart/connections/{facts.id}/remove").status_code == 405


def test_an_own_connection_cannot_take_all_aircraft(desk: Desk, admin: Client) -> None:
    desk.connect()
    own = desk.connect(1, name="owner")
    html = _refused(admin, connection=own.id, aircraft="all")
    assert "Only the default connection can take all aircraft" in html


@pytest.mark.parametrize("which", ["0", "-1", "abc", "9" * 30, "new2", "%00"])
def test_a_connection_that_there_is_not_is_not_found(desk: Desk, admin: Client, which: str) -> None:
    assert admin.get(f"{AT}?connection={which}").status_code in (400, 404)
    assert admin.post(AT, _form(connection=which)).status_code == 404
    assert admin.post(f"/addons/skymart/connections/{which}/remove").status_code in (400, 404)


def test_another_operators_connection_is_not_found(desk: Desk, other_desk: Desk, admin: Client) -> None:
    theirs = other_desk.connect()
    desk.connect()
    assert admin.get(f"{AT}?connection={theirs.id}").status_code == 404
    assert admin.post(AT, _form(connection=theirs.id)).status_code == 404
    assert admin.post(f"/addons/skymart/connections/{theirs.id}/remove").status_code == 404
    assert admin.get(f"/addons/skymart/activity?connection={theirs.id}").status_code == 404
    assert admin.post(f"/addons/skymart/connections/{theirs.id}/export").status_code == 404
    assert admin.get(f"/addons/calls?connection={theirs.id}").status_code == 404
    html = _refused(admin, tick=[str(other_desk.aircraft[0].id)])
    assert "is not in your fleet" in html


# ── recipients ──────────────────────────────────────────────────────────────────────────────────


@pytest.mark.req("AVI-05")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [("MRO", ["MRO"]), ("mro", ["MRO"]), ("Mari", ["MRO"]), ("Rossi; MKO", ["MRO", "MKO"]), ("MRO, maria", ["MRO"])],
)
def test_recipients_are_typed_by_code_or_first_letters(desk: Desk, admin: Client, typed: str, kept: list[str]) -> None:
    desk.invite(Role.OPS, "Maria Rossi", "MRO")
    desk.invite(Role.OPS, "Marek Kos", "MKO")
    html = _save(admin, s_recipients=typed)
    facts = default_connection(desk.id, "skymart")
    assert facts is not None and facts.settings["recipients"] == kept
    assert ">Maria Rossi<" in html


def test_what_fits_several_members_is_asked_back(desk: Desk, admin: Client) -> None:
    desk.invite(Role.OPS, "Maria Rossi", "MRO")
    desk.invite(Role.OPS, "Marek Kos", "MKO")
    html = _refused(admin, s_recipients="Mar")
    assert "fits several members" in html and "MKO (Marek Kos)" in html
    found = admin.get("/addons/people?q=Mar").json()
    assert {one["code"] for one in found} == {"MRO", "MKO"}
    assert admin.get("/addons/people").json() == []
