"""The consent page and the page of connected applications: who may, where it sends people, what it tells them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.core import mail
from django.test import Client
from tests.oauth.conftest import (
    AUTHORIZE,
    BACK,
    REFRESH,
    TOKEN,
    asked,
    browser,
    call,
    connected,
    consent,
    program,
    registered,
)
from tests.records.conftest import PASSWORD

from airstair.changes.models import Change
from airstair.kernel.errors import Invalid, NotFound
from airstair.records.access.commands import (
    ApplicationInput,
    first_tokens,
    grant_application,
    register_application,
    replace_secret,
    revoke_application,
)
from airstair.records.access.commands.applications import GrantInput
from airstair.records.access.commands.letters import mail_letters, warn_of_silence
from airstair.records.access.commands.tokens import forget_old_tokens
from airstair.records.access.models import AuthorizationCode, Grant, Letter, Token
from airstair.records.access.queries import applications_offering, connected_applications
from airstair.records.access.rules import REFRESH_LIVES, silent_after
from airstair.records.operators.commands import invite_user


def address(app, **given) -> str:
    return f"{AUTHORIZE}?{httpx.QueryParams(asked(app, **given))}"


def test_nobody_is_sent_to_an_address_that_is_not_registered_to_the_letter(world, app) -> None:
    admin = browser(world)
    two = registered("Two", redirect_uris=(BACK, "https://two.example/"))
    for one, said in (
        (app, {"client_id": "app-nobody"}), (app, {"client_id": None}), (app, {"client_id": "a" * 5000}),
        (app, {"client_id": [app.facts.client_id, two.facts.client_id]}),
        (app, {"redirect_uri": BACK + "/"}), (app, {"redirect_uri": BACK.upper()}), (app, {"redirect_uri": "https://evil.example/"}),
        (app, {"redirect_uri": BACK.replace("orders.example", "orders.example@evil.example")}),
        (app, {"redirect_uri": "javascript:alert(1)"}), (app, {"redirect_uri": "//evil.example"}),
        (app, {"redirect_uri": [BACK, "https://evil.example/"]}), (app, {"redirect_uri": BACK + "\u00e9\"\\"}),
        (app, {"redirect_uri": ""}), (two, {"redirect_uri": None}), (app, {"state": "\x00"}),
    ):  # fmt: skip
        for method in (admin.get, admin.post):
            told = method(
                address(one, **said), *([{"decision": "allow", "seen": "all"}] if method == admin.post else [])
            )
            assert told.status_code == 400 and "Location" not in told, (said, told.status_code)
    assert not Grant.objects.exists()
    for said, error in (
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": 'a"\\\u00e9'}, "unsupported_response_type"),
        ({"response_type": None}, "unsupported_response_type"),
        ({"state": ["a", "b"]}, "invalid_request"),
        ({"scope": '\u00e9"\\'}, "invalid_scope"),
    ):
        told = admin.get(address(app, **said))
        assert told.status_code == 302 and told["Location"].startswith(f"{BACK}&error={error}"), (said, told)
    told = admin.post(address(app), {"decision": "deny"})
    assert parse_qs(urlsplit(told["Location"]).query) == {
        "from": ["airstair"], "state": ["s t"], "error": ["access_denied"],
        "error_description": ["The resource owner or authorization server denied the request"],
    }  # fmt: skip
    assert admin.post(address(app), {"decision": "?"}).status_code == 422 and not Grant.objects.exists()
    alone = admin.post(address(app, redirect_uri=None, state=None), {"decision": "allow", "operator": world.id})
    assert alone["Location"].startswith(f"{BACK}&code=") and "state" not in alone["Location"]


def test_no_input_makes_a_fault(world, app) -> None:
    admin = browser(world)
    names = ("scope", "state", "code_challenge", "code_challenge_method", "scope[]", "prompt", "nonce")
    for junk in ("", "\x00", "\ud7ff", "\u202e", "a" * 20_000, "'\"\\<script>", "%s%s%n", "-1", "[]"):
        for path in (address(app, **dict.fromkeys(names, junk)), address(app, state=junk)):
            for told in (
                admin.get(path),
                admin.post(path, dict.fromkeys(("decision", "seen", "aircraft_ids"), junk)),
            ):
                assert told.status_code in (200, 302, 400, 422), (junk[:20], told.status_code)
                assert b"<script>" not in told.content.split(b"<main")[-1]


@pytest.mark.req("API-03")
def test_only_an_admin_who_is_signed_in_and_came_from_this_page_can_agree(world, other, app) -> None:
    stranger = Client()
    told = stranger.get(address(app))
    assert told.status_code == 302 and told["Location"].startswith("/sign-in?")
    aim = parse_qs(urlsplit(told["Location"]).query)["next"][0]
    signed = stranger.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD, "next": aim})
    assert signed["Location"] == aim and stranger.get(aim).status_code == 200, "and goes on where it was"
    for role in ("ops", "read_only"):
        for told in (
            browser(world, role).get(address(app)),
            browser(world, role).post(address(app), {"decision": "allow"}),
        ):
            assert told.status_code == 403 and "applications.manage" in told.content.decode()
        assert browser(world, role).get("/settings/applications/").status_code == 403
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = browser(world).cookies
    assert strict.post(address(app), {"decision": "allow", "seen": "all"}).status_code == 403
    assert not Grant.objects.exists()
    page = strict.get(address(app)).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
    told = strict.post(address(app), {"decision": "allow", "operator": world.id, "csrfmiddlewaretoken": token})
    assert "code=" in told["Location"]
    theirs = browser(world).post(
        address(app),
        {"decision": "allow", "operator": world.id, "aircraft_ids": [str(other.aircraft[0].id), "x", "\u0663"]},
    )
    assert theirs.status_code == 422 and "not in your fleet" in theirs.content.decode()
    (grant,) = Grant.objects.all()
    assert (grant.operator_id, grant.all_aircraft, grant.aircraft) == (world.id, False, []), "none unless ticked"


def test_who_works_for_two_operators_chooses_and_then_goes_on(world, other, app) -> None:
    invite_user(other.admin, "admin@kxa.example", "Ada Admin", "AD2", "admin", PASSWORD)
    aim, of_two = address(app), Client()
    told = of_two.post("/sign-in", {"email": "admin@kxa.example", "password": PASSWORD, "next": aim})
    assert told["Location"].startswith("/operator?")
    assert "For which operator" in of_two.get(told["Location"]).content.decode()
    assert of_two.get(aim)["Location"] == told["Location"]
    assert of_two.post("/operator", {"operator": other.id, "next": aim})["Location"] == aim
    assert "of ZZT Aviation" in of_two.get(aim).content.decode()
    shown = re.search(r'name="operator" value="(\d+)"', of_two.get(aim).content.decode())[1]
    assert shown == str(other.id)
    assert of_two.post("/operator", {"operator": world.id, "next": "//evil.example"})["Location"] == "/"
    # The page that showed the one operator, sent off while they act for the other.
    stale = of_two.post(aim, {"decision": "allow", "operator": shown, "seen": "all"})
    assert stale.status_code == 422 and "You act for KXA Aviation now" in stale.content.decode()
    assert not Grant.objects.exists()


@pytest.mark.req("API-03")
def test_the_page_shows_what_is_connected_and_takes_it_back_and_admins_are_told(world, other, app, clock) -> None:
    token = connected(world, app, [world.aircraft[0].id])
    theirs = connected(other, app)
    assert call(token["access_token"], "/flights").status_code == 200
    admin = browser(world)
    text = admin.get("/settings/applications/").content.decode()
    for word in ("Orders", "Ada Admin", "see flights and trips", "N14923", "Connected", "127.0.0.1"):
        assert word in text
    assert "N99ZT" not in text
    (grant,) = Grant.objects.filter(operator_id=world.id)
    path = f"/settings/applications/{grant.id}"
    assert (
        admin.post(path, {"seen": "some", "aircraft_ids": [str(one.id) for one in world.aircraft]}).status_code == 302
    )
    assert len(call(token["access_token"], "/aircraft").json()["items"]) == 2, "from now on"
    assert admin.post(path, {"aircraft_ids": [str(other.aircraft[0].id)]}).status_code == 422
    assert browser(other).post(path, {"seen": "all"}).status_code == 404
    assert browser(other).post(f"{path}/withdraw").status_code == 404
    mail_letters(clock.now())
    (granted,) = [one for one in mail.outbox if "admin@kxa.example" in one.to]
    assert granted.subject == "Orders is connected" and "- see flights and trips" in granted.body
    assert "It sees 1 aircraft." in granted.body and len(mail.outbox) == 2
    mail_letters(clock.now())
    assert len(mail.outbox) == 2, "once"
    assert admin.post(f"{path}/withdraw").status_code == 302
    assert call(token["access_token"], "/flights").status_code == 401
    assert Client().post(REFRESH, {"refresh_token": token["refresh_token"]}).status_code == 401
    assert call(theirs["access_token"], "/flights").status_code == 200, "the other operator has its own"
    mail_letters(clock.now())
    assert mail.outbox[-1].subject == "Orders is disconnected" and mail.outbox[-1].to == ["admin@kxa.example"]
    assert "Withdrawn" in admin.get("/settings/applications/").content.decode()
    assert admin.post(f"{path}/withdraw").status_code == 404
    kinds = Change.objects.filter(operator_id=world.id, kind__startswith="application.").values_list("kind", flat=True)
    assert list(kinds.order_by("seq")) == ["application.granted", "application.changed", "application.withdrawn"]
    again = connected(world, app)
    assert call(again["access_token"], "/flights").status_code == 200
    assert [one.active for one in connected_applications(world.id)] == [True]


@pytest.mark.req("API-04")
def test_when_its_tokens_are_refused_or_it_goes_silent_the_page_says_so_and_one_mail_does(world, app, clock) -> None:
    token, admin = connected(world, app), browser(world)
    mail_letters(clock.now())
    mail.outbox.clear()

    def told() -> list[str]:
        warn_of_silence(clock.now())
        mail_letters(clock.now())
        return [one.subject for one in mail.outbox]

    def page() -> str:
        return admin.get("/settings/applications/").content.decode()

    for _ in range(40):  # so often does it renew
        clock.advance(timedelta(minutes=25))
        token = program(app).refresh_token(TOKEN, refresh_token=token["refresh_token"])
    clock.advance(timedelta(minutes=110))
    assert told() == [] and "Trouble" not in page()
    clock.advance(timedelta(minutes=11))
    assert told() == ["Orders has gone silent"] == told()
    assert "It has not renewed its access since" in page() and "Trouble" in page()
    token = program(app).refresh_token(TOKEN, refresh_token=token["refresh_token"])
    assert "Trouble" not in page(), "it is back"
    (grant,) = Grant.objects.all()
    assert grant.usual_gap == timedelta(minutes=121), "and is not called silent for as much again"
    assert Client().post(REFRESH, {"refresh_token": token["refresh_token"][:-1] + "~"}).status_code == 401
    assert len(told()) == 1, "what nobody could have is no news"
    clock.advance(timedelta(days=30))
    Token.objects.update(expires_at=clock.now() - timedelta(days=1))  # the page asks the database's clock
    for _ in range(3):
        assert Client().post(REFRESH, {"refresh_token": token["refresh_token"]}).status_code == 401
    assert told() == ["Orders has gone silent", "Orders is let in no more"]
    assert "Refused since" in page() and "was not used for 30 days" in page()
    assert "expired" in mail.outbox[-1].body and mail.outbox[-1].to == ["admin@kxa.example"]
    token = connected(world, app)
    assert "Trouble" not in page()
    revoke_application("orders")
    assert call(token["access_token"], "/flights").status_code == 401 and "was revoked on this installation" in page()
    assert admin.get(address(app)).status_code == 400


def test_nobody_is_thought_to_be_just_slow_for_longer_than_its_tokens_are_good() -> None:
    assert silent_after(timedelta(minutes=30)) == timedelta(hours=2)
    assert silent_after(timedelta(hours=12)) == timedelta(days=1)
    assert silent_after(timedelta(days=20)) == REFRESH_LIVES, "then its refresh token has run out"


def test_a_mail_that_cannot_be_sent_is_tried_again(world, clock, settings) -> None:
    consent(world, registered("Or\nders"))  # mail has no such subjects
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = 1
    assert mail_letters(clock.now()) == 0
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert mail_letters(clock.now()) == 1
    assert forget_old_tokens(clock.now()) == 0 and forget_old_tokens(clock.now() + timedelta(days=100)) == 2
    assert not AuthorizationCode.objects.exists() and not Letter.objects.exists()


def test_registering_an_application_says_what_does_not_fit(db) -> None:
    good = {"name": "Orders", "redirect_uris": (BACK,), "scopes": ("GRAPHQL_FLIGHT",)}
    for wrong in (
        {"name": ""}, {"scopes": ()}, {"scopes": ("NONE",)}, {"redirect_uris": ()}, {"key": "No Key"}, {"website": "x"},
        {"contact_email": "x"}, *({"redirect_uris": (one,)} for one in (
            "http://orders.example/", "https://orders.example/#x", "https://a@orders.example/", "/callback", "https://",
            "javascript:alert(1)", "https://[", "https://orders.example/\u00e9", "https://orders.example:x/",
            "https://" + "x" * 600)),
    ):  # fmt: skip
        with pytest.raises(Invalid):
            register_application(ApplicationInput(**{**good, **wrong}))
    made = register_application(ApplicationInput(**{**good, "redirect_uris": (BACK, "http://127.0.0.1:8950/back")}))
    with pytest.raises(Invalid):
        register_application(ApplicationInput(**good))
    assert [one.key for one in applications_offering("GRAPHQL_FLIGHT")] == ["orders"] and not applications_offering("X")
    assert replace_secret("orders").client_secret != made.client_secret
    for unknown in (replace_secret, revoke_application):
        with pytest.raises(NotFound):
            unknown("nobody")


def test_a_demo_connects_by_the_same_commands(world, app) -> None:
    granted = grant_application(
        world.admin, GrantInput(application_id=app.facts.id, scopes=app.facts.scopes, all_aircraft=True)
    )
    made = first_tokens(granted, datetime.now(UTC))
    assert call(made.access, "/flights").status_code == 200
    assert program(app).refresh_token(TOKEN, refresh_token=made.refresh)["access_token"]
