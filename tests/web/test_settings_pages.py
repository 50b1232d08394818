"""Fleet and settings: what is typed arrives through the commands, what is wrong is said at its field."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from airstair.records.fleet.queries import aircraft
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Role
from airstair.records.places import queries as places

PASSWORD = "correct horse battery"
PLANE = {"registration": "sp-kxa", "home_base": "WAW", "icao_type": "C56X", "seats": "8", "cruise_speed_kt": "430"}


def test_an_aircraft_is_added_changed_and_retired(house, sign_in) -> None:
    client = sign_in(Role.MAINTENANCE)
    address = client.post("/fleet/new", PLANE).headers["Location"]
    plane = aircraft(house.id, int(address.rsplit("/", 1)[1]))
    assert (plane.registration, plane.home_base, plane.seats) == ("SP-KXA", "EPWA", 8)
    assert client.post(address, {**PLANE, "owner": "Harbour Ltd", "seats": ""}).status_code == 302
    assert (aircraft(house.id, plane.id).owner, aircraft(house.id, plane.id).seats) == ("Harbour Ltd", 0)
    client.post(f"{address}/retire")
    assert not aircraft(house.id, plane.id).active
    assert "Retired" in client.get("/fleet/?q=harbour").content.decode()
    client.post(f"{address}/reinstate")
    assert aircraft(house.id, plane.id).active


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"registration": ""}, "registration"),
        ({"registration": "N-1-4"}, "registration"),
        ({"registration": "n14923"}, "registration"),
        ({"home_base": "QQQQ"}, "home_base"),
        ({"icao_type": "TOOLONG"}, "icao_type"),
        ({"seats": "-1"}, "seats"),
        ({"seats": "many"}, "seats"),
        ({"cruise_speed_kt": "5000"}, "cruise_speed_kt"),
        ({"subsidiary_id": "77"}, "subsidiary_id"),
        ({"model": "x" * 81}, "model"),
    ],
)
def test_a_wrong_aircraft_is_refused_at_its_field(sign_in, changed: dict[str, str], field: str) -> None:
    answer = sign_in().post("/fleet/new", {**PLANE, **changed})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_the_operators_settings_and_subsidiaries(house, sign_in) -> None:
    client = sign_in()
    form = client.get("/settings/operator").context["form"]
    values = {name: form[name].value() for name in form.fields} | {
        "icao_code": "kxa",
        "base_time_zone": "Europe/Warsaw",
    }
    assert client.post("/settings/operator", values).status_code == 302
    facts = operators.operator(house.id)
    assert (facts.icao_code, facts.base_time_zone) == ("KXA", "Europe/Warsaw")
    wrong = client.post("/settings/operator", {**values, "base_time_zone": "Mars/Base", "ops_email": "no"})
    assert wrong.status_code == 422
    assert set(wrong.context["form"].errors) == {"base_time_zone", "ops_email"}
    client.post("/settings/subsidiaries", {"name": "Sister"})
    assert client.post("/settings/subsidiaries", {"name": "SISTER"}).status_code == 422
    (sister,) = operators.subsidiaries(house.id)
    client.post(f"/settings/subsidiaries/{sister.id}", {"name": "Brother"})
    assert operators.subsidiaries(house.id)[0].name == "Brother"
    client.post(f"/settings/subsidiaries/{sister.id}", {"remove": "1"})
    assert operators.subsidiaries(house.id) == []


@pytest.mark.req("OPS-08")
def test_users_are_invited_given_rights_and_let_go(house, sign_in) -> None:
    admin = sign_in()
    who = {"email": "olga@kxa.example", "name": "Olga Ops", "code": "OLG", "role": "ops", "password": PASSWORD}
    weak = admin.post("/settings/users/new", {**who, "password": "short"})
    assert weak.status_code == 422
    assert "password" in weak.context["form"].errors
    assert admin.post("/settings/users/new", who).status_code == 302
    olga = next(m for m in operators.members(house.id) if m.code == "OLG")
    theirs = Client()
    assert theirs.post("/sign-in", {"email": who["email"], "password": PASSWORD}).status_code == 302
    assert theirs.get("/settings/users/").status_code == 403
    terms = {"code": "OLG", "role": "ops", "granted": ["users.manage"], "refused": ["schedule.edit"]}
    admin.post(f"/settings/users/{olga.membership_id}", terms)
    assert theirs.get("/settings/users/").status_code == 200
    assert theirs.get("/ops/trips/new").status_code == 403
    admin.post(f"/settings/users/{olga.membership_id}/deactivate")
    assert theirs.get("/ops/").status_code == 302
    assert not operators.member(house.id, olga.membership_id).active


def test_the_last_admin_stays(house, sign_in) -> None:
    client = sign_in()
    me = operators.members(house.id)[0]
    answer = client.post(f"/settings/users/{me.membership_id}/deactivate")
    assert answer.status_code == 422
    assert "is the last admin" in answer.content.decode()
    answer = client.post(f"/settings/users/{me.membership_id}", {"code": me.code, "role": "ops"})
    assert "is the last admin" in " ".join(answer.context["form"].errors["role"])


def test_one_changes_ones_own_password_and_other_sessions_end(house, sign_in) -> None:
    here, elsewhere = sign_in(), sign_in()
    wrong = here.post("/settings/password", {"current": "guess", "new": "another long password"})
    assert list(wrong.context["form"].errors) == ["current"]
    assert here.post("/settings/password", {"current": PASSWORD, "new": "another long password"}).status_code == 302
    assert here.get("/ops/").status_code == 200
    assert elsewhere.get("/ops/").status_code == 302


def test_a_password_is_never_shown_again(sign_in) -> None:
    answer = sign_in().post("/settings/users/new", {"email": "x", "password": "some-secret-words", "role": "ops"})
    assert "some-secret-words" not in answer.content.decode()


@pytest.mark.req("OPS-07")
def test_an_airport_of_ones_own_is_added_suggested_and_removed(house, sign_in) -> None:
    client = sign_in(Role.OPS)
    strip = {"code": "XKXA", "name": "Our Strip", "latitude": "52.1", "longitude": "20.9"}
    wrong = client.post("/settings/airports/edit", {**strip, "latitude": "95"})
    assert list(wrong.context["form"].errors) == ["latitude"]
    assert client.post("/settings/airports/edit", strip).status_code == 302
    assert places.resolver(house.id).resolve("xkxa", "adep").name == "Our Strip"
    assert "XKXA" in client.get("/ops/airports?q=our st").content.decode()
    client.post("/settings/airports/remove", {"code": "XKXA"})
    assert places.overrides(house.id) == []


@pytest.mark.req("HUB-29")
def test_the_audit_trail_is_filtered_by_subject_person_and_time(house, sign_in) -> None:
    flight = house.flight()
    client = sign_in(Role.OPS)
    client.post(f"/ops/flights/{flight.id}/cancel")

    def kinds(query: str) -> list[str]:
        page = client.get(f"/settings/audit/?{query}").content.decode()
        return re.findall(r'<td class="nowrap">([a-z]+\.[a-z_]+)</td>', page)

    assert kinds(f"unit=flight:{flight.id}") == ["flight.cancelled", "flight.created", "trip.created"]
    me = next(m for m in operators.members(house.id) if m.role is Role.OPS)
    assert kinds(f"who={me.user_id}") == ["flight.cancelled"]
    assert kinds("to=2020-01-01") == []
    assert len(kinds("from=2020-01-01")) > 3
    page = client.get(f"/settings/audit/?unit=flight:{flight.id}").content.decode()
    assert "<del>CONFIRMED</del> → <ins>CANCELLED</ins>" in page
    assert "Ops Person" in page
