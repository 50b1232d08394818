"""Signing in and out, the choice of operator, and what a role opens and shuts."""

from __future__ import annotations

import pytest
from django.test import Client

from airstair.records.operators.commands import deactivate_member, invite_user
from airstair.records.operators.queries import members
from airstair.records.operators.rules import Role
from airstair.web import attempts

PASSWORD = "correct horse battery"


@pytest.mark.req("OPS-08")
def test_a_person_signs_in_and_out(house, sign_in) -> None:
    client = sign_in()
    page = client.get("/ops/")
    assert page.status_code == 200
    assert "KXA Aviation" in page.content.decode()
    assert client.post("/sign-out").status_code == 302
    assert client.get("/ops/").headers["Location"] == "/sign-in?next=%2Fops%2F"


@pytest.mark.req("OPS-08")
@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("admin@kxa.example", "wrong"),
        ("nobody@kxa.example", PASSWORD),
        ("", ""),
        ("admin@kxa.example\x00", PASSWORD),
        ("a" * 5000, "b" * 5000),
        ("admin@kxa.example", "\ud7ff\x00"),
    ],
)
def test_wrong_words_open_nothing_and_tell_nothing(house, email: str, password: str) -> None:
    client = Client()
    answer = client.post("/sign-in", {"email": email, "password": password})
    assert answer.status_code == 422
    assert "do not belong together" in answer.content.decode()
    assert client.get("/ops/").status_code == 302


@pytest.mark.req("OPS-08")
def test_guessing_is_stopped_and_others_are_not_locked_out(house) -> None:
    wrong = {"email": "admin@kxa.example", "password": "guess"}
    guesser = Client(REMOTE_ADDR="203.0.113.5")
    assert [guesser.post("/sign-in", wrong).status_code for _ in range(attempts.PER_PERSON)] == [422] * 5
    right = {"email": "ADMIN@kxa.example", "password": PASSWORD}
    assert guesser.post("/sign-in", right).status_code == 429, "the guesser waits, even with the right password"
    assert Client(REMOTE_ADDR="198.51.100.7").post("/sign-in", right).status_code == 302


def test_one_address_cannot_try_many_people(house) -> None:
    client = Client(REMOTE_ADDR="203.0.113.9")
    for at in range(attempts.PER_ADDRESS):
        client.post("/sign-in", {"email": f"p{at}@kxa.example", "password": "guess"})
    answer = client.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD})
    assert answer.status_code == 429


@pytest.mark.parametrize("aim", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_no_other_host(house, aim: str) -> None:
    answer = Client().post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD, "next": aim})
    assert answer.headers["Location"] == "/"


def test_signing_in_leads_where_the_person_wanted(house) -> None:
    answer = Client().post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD, "next": "/fleet/?q=N1"})
    assert answer.headers["Location"] == "/fleet/?q=N1"


@pytest.mark.req("OPS-08")
def test_a_person_with_two_operators_chooses(house, other_house) -> None:
    invite_user(other_house.admin, "admin@kxa.example", "", "AD2", Role.OPS)
    client = Client()
    answer = client.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD})
    assert answer.headers["Location"] == "/operator"
    assert client.get("/ops/").headers["Location"] == "/operator?next=%2Fops%2F", "nothing is seen before the choice"
    assert client.post("/operator", {"operator": "999999"}).status_code == 422
    client.post("/operator", {"operator": str(other_house.id)})
    page = client.get("/ops/").content.decode()
    assert "D-CABC" in page
    assert "N14923" not in page


@pytest.mark.req("OPS-08")
def test_a_place_that_is_taken_away_ends_at_once(house, sign_in) -> None:
    client = sign_in(Role.OPS)
    assert client.get("/ops/").status_code == 200
    place = next(m for m in members(house.id) if m.role is Role.OPS)
    deactivate_member(house.admin, place.membership_id)
    assert client.get("/ops/").headers["Location"] == "/operator"
    assert "no operator any more" in client.get("/operator").content.decode()


def test_a_fragment_sends_the_whole_page_to_sign_in(house) -> None:
    answer = Client().get("/ops/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/ops/?days=7"})
    assert answer.status_code == 204
    assert answer.headers["HX-Redirect"] == "/sign-in?next=%2Fops%2F%3Fdays%3D7"


OPEN = {
    "/ops/": set(Role),
    "/fleet/": set(Role),
    "/fleet/new": {Role.ADMIN, Role.MAINTENANCE},
    "/ops/trips/new": {Role.ADMIN, Role.OPS, Role.SALES},
    "/settings/operator": {Role.ADMIN},
    "/settings/users/": {Role.ADMIN},
    "/settings/users/new": {Role.ADMIN},
    "/settings/airports/edit": {Role.ADMIN, Role.OPS},
    "/settings/audit/": {Role.ADMIN, Role.OPS},
    "/settings/password": set(Role),
}


@pytest.mark.req("OPS-08")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_pages_and_no_others(sign_in, role: Role) -> None:
    client = sign_in(role)
    found = {path: client.get(path).status_code for path in OPEN}
    assert found == {path: 200 if role in roles else 403 for path, roles in OPEN.items()}


@pytest.mark.req("OPS-08")
def test_a_single_right_can_be_given_and_refused(house, sign_in) -> None:
    client = sign_in(Role.READ_ONLY, granted=("audit.view",))
    assert client.get("/settings/audit/").status_code == 200
    refused = sign_in(email=house.invite(Role.OPS, "second", refused=("schedule.edit",)))
    answer = refused.get("/ops/trips/new")
    assert answer.status_code == 403
    assert "schedule.edit" in answer.content.decode()
    assert "Settings &gt; Users" in answer.content.decode()


def test_every_page_carries_a_strict_policy(sign_in) -> None:
    client = sign_in()
    for path in ("/ops/", "/settings/users/", "/no/such/page", "/ops/flights/1"):
        policy = client.get(path).headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
    assert "unsafe" not in Client().get("/sign-in").headers["Content-Security-Policy"]


def test_forms_need_their_token(house) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD})
    assert answer.status_code == 403


def test_forms_from_https_are_trusted_behind_a_proxy_that_speaks_it() -> None:
    """In a process of its own: the settings are made from the environment once."""
    import os
    import subprocess
    import sys

    words = "from airstair import settings; print(settings.CSRF_TRUSTED_ORIGINS, settings.SESSION_COOKIE_SECURE)"
    environ = {**os.environ, "AIRSTAIR_HTTPS": "1", "AIRSTAIR_HOSTS": "ops.example"}
    told = subprocess.run([sys.executable, "-c", words], env=environ, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['https://ops.example'] True"
