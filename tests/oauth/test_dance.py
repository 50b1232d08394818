"""The whole way with a published client: consent, code, tokens, renewal, giving back; and what must not work."""

from __future__ import annotations

import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.db import connection
from django.test import Client
from tests.oauth.conftest import (
    AUTHORIZE,
    BACK,
    REFRESH,
    REVOKE,
    TOKEN,
    asked,
    browser,
    call,
    connected,
    consent,
    program,
    registered,
)
from tests.records.conftest import World

from airstair.kernel.scope import all_operators, operator_scope
from airstair.records.access.models import AuthorizationCode, Grant, Token
from airstair.records.access.queries import active_application
from airstair.records.access.scopes import in_words


@pytest.mark.req("API-03")
def test_an_admin_agrees_and_the_application_gets_in_and_renews_by_itself(world, app, clock) -> None:
    verifier = generate_token(48)
    client = program(app, code_challenge_method="S256", scope="GRAPHQL_FLIGHT GRAPHQL_ACFT")
    address, state = client.create_authorization_url(AUTHORIZE, code_verifier=verifier)
    admin = browser(world)
    page = admin.get(address)
    text = page.content.decode()
    assert page.status_code == 200 and "Orders asks to reach the record of KXA Aviation" in text
    for words in in_words(("GRAPHQL_FLIGHT", "GRAPHQL_ACFT")):
        assert words in text
    assert in_words(("GRAPHQL_FLIGHT_EDIT",))[0] not in text, "it has not asked for that"
    assert "form-action 'self' https://orders.example;" in page["Content-Security-Policy"]
    agreed = {"decision": "allow", "operator": world.id, "seen": "some", "aircraft_ids": [str(world.aircraft[0].id)]}
    answer = admin.post(address, agreed)
    back = urlsplit(answer["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == "https://orders.example/callback"
    assert parse_qs(back.query)["from"] == ["airstair"] and parse_qs(back.query)["state"] == [state]
    assert active_application(world.id, app.facts.id) is None, "nothing can come in yet"
    token = client.fetch_token(TOKEN, authorization_response=answer["Location"], state=state, code_verifier=verifier)
    assert token["token_type"] == "Bearer" and token["scope"] == "GRAPHQL_ACFT GRAPHQL_FLIGHT"
    assert abs(token["expires_in"] - time.time() - 1800) < 60 and token["expires_at"] == token["expires_in"]
    for text in (token["access_token"], token["refresh_token"]):
        assert len(text) >= 32 and set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    assert active_application(world.id, app.facts.id).name == "Orders"
    assert call(token["access_token"], "/aircraft").status_code == 200
    old = dict(token)
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        token = client.refresh_token(TOKEN, refresh_token=token["refresh_token"])
    assert token["refresh_token"] != old["refresh_token"] and call(token["access_token"], "/flights").status_code == 200


@pytest.mark.req("LEO-01")
def test_codes_are_good_once_and_for_ten_minutes_and_for_whom_they_were_made(world, other, app, clock) -> None:
    code = consent(world, app)
    wrong = registered("Other", redirect_uris=(BACK, "https://other.example/"))
    cases = {
        "another application": (program(wrong), code, {}),
        "a wrong address": (program(app), code, {"redirect_uri": BACK + "x"}),
        "no code of ours": (program(app), "nonsense", {}),
        "another operator's": (program(app), code.replace(f"_{world.id}_", f"_{other.id}_"), {}),
        "a wrong secret": (program(app), code[:-3] + "abc", {}),
    }
    for what, (client, text, more) in cases.items():
        with pytest.raises(OAuthError) as refusal:
            client.fetch_token(TOKEN, code=text, grant_type="authorization_code", **more)
        assert refusal.value.error == "invalid_grant", what
    token = program(app).fetch_token(TOKEN, code=code, grant_type="authorization_code")
    assert call(token["access_token"], "/flights").status_code == 200
    with pytest.raises(OAuthError):
        program(app).fetch_token(TOKEN, code=code, grant_type="authorization_code")
    assert call(token["access_token"], "/flights").status_code == 401, "what came of it is revoked"
    late = consent(world, app)
    clock.advance(timedelta(minutes=10))
    with pytest.raises(OAuthError):
        program(app).fetch_token(TOKEN, code=late, grant_type="authorization_code")


def test_pkce_is_needed_by_public_clients_and_held_to_by_all(world, app) -> None:
    verifier = generate_token(48)
    pkce = {"code_challenge": create_s256_code_challenge(verifier), "code_challenge_method": "S256"}
    public = registered("Logbook", public=True)
    assert not public.client_secret and public.facts.public
    admin = browser(world)
    for one, said in (
        (public, {}),
        (public, {"code_challenge": verifier, "code_challenge_method": "plain"}),
        (app, {"code_challenge": verifier}),
    ):
        told = admin.get(AUTHORIZE, asked(one, **said))
        assert told.status_code == 302 and "error=invalid_request" in told["Location"]
    for one in (public, app):
        code = consent(world, one, **pkce)
        for wrong in ({}, {"code_verifier": generate_token(48)}):
            with pytest.raises(OAuthError):
                program(one).fetch_token(TOKEN, code=code, grant_type="authorization_code", **wrong)
        token = program(one).fetch_token(TOKEN, code=code, grant_type="authorization_code", code_verifier=verifier)
        assert call(token["access_token"], "/flights").status_code == 200
    with pytest.raises(OAuthError):  # a verifier where no challenge was
        program(app).fetch_token(
            TOKEN, code=consent(world, app), grant_type="authorization_code", code_verifier=verifier
        )
    token = connected(world, public, code_verifier=verifier, **pkce)
    renewed = program(public).refresh_token(TOKEN, refresh_token=token["refresh_token"])
    assert call(renewed["access_token"], "/flights").status_code == 200


@pytest.mark.req("API-03")
def test_refresh_tokens_rotate_with_a_grace_and_a_stolen_one_ends_it_all(world, app, clock) -> None:
    first = connected(world, app)
    second = program(app).refresh_token(TOKEN, refresh_token=first["refresh_token"])
    clock.advance(timedelta(seconds=59))
    again = program(app).refresh_token(TOKEN, refresh_token=first["refresh_token"])  # the answer was lost
    assert len({one["refresh_token"] for one in (first, second, again)}) == 3
    assert call(again["access_token"], "/flights").status_code == 200
    clock.advance(timedelta(seconds=2))
    with pytest.raises(OAuthError) as refusal:
        program(app).refresh_token(TOKEN, refresh_token=first["refresh_token"])
    assert refusal.value.error == "invalid_grant"
    for one in (second, again):
        assert call(one["access_token"], "/flights").status_code == 401
        with pytest.raises(OAuthError):
            program(app).refresh_token(TOKEN, refresh_token=one["refresh_token"])
    assert active_application(world.id, app.facts.id) is None
    third = connected(world, app)
    clock.advance(timedelta(days=31))
    with pytest.raises(OAuthError):
        program(app).refresh_token(TOKEN, refresh_token=third["refresh_token"])


@pytest.mark.req("LEO-01")
def test_bodies_in_every_form_that_clients_send_and_answers_as_they_read_them(world, app, clock) -> None:
    """Form, multipart, JSON and a bare body; 401 for a refresh token that is dead; no line end after a token."""
    client = Client(raise_request_exception=False)
    who = {"client_id": app.facts.client_id, "client_secret": app.client_secret}
    text = connected(world, app)["refresh_token"]
    body = f"refresh_token={text}"
    for given in (
        {"data": body, "content_type": "application/x-www-form-urlencoded"},
        {"data": {"refresh_token": text}},  # multipart
        {"data": json.dumps({"refresh_token": text}), "content_type": "application/json"},
        {"data": body, "content_type": ""},
        {"data": body + " \n", "content_type": "text/plain"},
    ):
        told = client.post(REFRESH, **given)
        assert told.status_code == 200 and told["Content-Type"].startswith("text/plain"), told.content
        assert call(told.content.decode(), "/flights").status_code == 200 and "no-store" in told["Cache-Control"]
    for form in ("form", "multipart", "json"):
        said = {"grant_type": "refresh_token", "refresh_token": text, **who}
        given = {
            "form": {
                "data": "&".join(f"{a}={b}" for a, b in said.items()),
                "content_type": "application/x-www-form-urlencoded",
            },
            "multipart": {"data": said},
            "json": {"data": json.dumps(said), "content_type": "application/json"},
        }
        told = client.post(TOKEN, **given[form])
        assert told.status_code == 200, told.content
        text = told.json()["refresh_token"]
    refused = ({"refresh_token": "x"}, {"refresh_token": text[:-2] + "__"}, {"refresh_token": "asrt_1_2_" + "a" * 43})
    for one in refused:
        assert client.post(REFRESH, one).status_code == 401
        told = client.post(TOKEN, {"grant_type": "refresh_token", **one, **who})
        assert told.status_code == 401 and told.json()["error"] == "invalid_grant" and told["WWW-Authenticate"]
    junk = ("", "{", "{}", '{"refresh_token": {"a": 1}}', "[]", "\x00", "refresh_token=%00", "refresh_token=\ud7ff",
            '{"refresh_token": "\\ud800"}', "a" * 200_000, "&".join(f"a{n}=1" for n in range(999)),
            "=" * 99)  # fmt: skip
    for path in (REFRESH, TOKEN, REVOKE):
        for one in junk:
            for kind in (
                "application/json",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
                "",
            ):
                told = client.generic("POST", path, one, content_type=kind)
                assert told.status_code in (400, 401), (path, one[:20], kind, told.status_code)
        assert client.get(path).status_code == 405
    for proof in ("Basic !", "Basic /w==", "Basic OjoA", "Basic " + "\u20ac"):
        told = client.post(
            TOKEN, {"grant_type": "refresh_token", "refresh_token": text}, headers={"Authorization": proof}
        )
        assert told.status_code in (400, 401)
    wrong = client.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": text, **who, "client_secret": "wrong"})
    assert wrong.status_code == 401 and wrong.json()["error"] == "invalid_client"
    assert (
        client.post(TOKEN, {"grant_type": "password", "username": "a", **who}).json()["error"]
        == "unsupported_grant_type"
    )


def test_scopes_are_asked_for_in_three_ways_and_never_widened(world, app) -> None:
    admin = browser(world)
    shown, hidden = in_words(("GRAPHQL_FLIGHT", "GRAPHQL_ACFT"))[0], in_words(("GRAPHQL_FLIGHT_EDIT",))[0]
    for said in (
        {"scope": "GRAPHQL_FLIGHT GRAPHQL_ACFT SOMETHING_NEW"},
        {"scope": None, "scope[]": ["GRAPHQL_FLIGHT", "GRAPHQL_ACFT"]},
        {"scope": None, "scope[0]": "GRAPHQL_FLIGHT", "scope[1]": "GRAPHQL_ACFT"},
    ):
        text = admin.get(AUTHORIZE, asked(app, **said)).content.decode()
        assert shown in text and hidden not in text
    for none in ("SOMETHING_NEW", "GRAPHQL_CREW_MEMBER"):  # unknown; known, but not registered for it
        assert "error=invalid_scope" in admin.get(AUTHORIZE, asked(app, scope=none))["Location"]
    token = connected(world, app, scope="GRAPHQL_FLIGHT GRAPHQL_ACFT")
    fewer = program(app).refresh_token(
        TOKEN, refresh_token=token["refresh_token"], scope="GRAPHQL_ACFT GRAPHQL_FLIGHT_EDIT"
    )
    assert fewer["scope"] == "GRAPHQL_ACFT"
    assert call(fewer["access_token"], "/aircraft").status_code == 200
    assert call(fewer["access_token"], "/flights").status_code == 403
    with pytest.raises(OAuthError, match="invalid_scope"):
        program(app).refresh_token(TOKEN, refresh_token=fewer["refresh_token"], scope="GRAPHQL_FLIGHT_EDIT")


def test_giving_a_token_back_ends_it(world, app) -> None:
    token, wrong = connected(world, app), registered("Other")
    assert program(wrong).revoke_token(REVOKE, token=token["access_token"]).status_code == 200  # says nothing
    assert call(token["access_token"], "/flights").status_code == 200
    program(app).revoke_token(REVOKE, token=token["access_token"], token_type_hint="access_token")
    assert call(token["access_token"], "/flights").status_code == 401
    token = program(app).refresh_token(TOKEN, refresh_token=token["refresh_token"])
    program(app).revoke_token(REVOKE, token=token["refresh_token"], token_type_hint="odd")
    assert call(token["access_token"], "/flights").status_code == 401
    assert active_application(world.id, app.facts.id) is None


@pytest.mark.req("LEO-01")
def test_no_more_than_500_access_tokens_are_good_at_a_time(world, app, clock) -> None:
    token = connected(world, app)
    grant = Grant.objects.get(operator_id=world.id)
    ends = datetime.now(UTC) + timedelta(minutes=10)
    row = {"operator_id": world.id, "grant_id": grant.id, "kind": "access", "secret_hash": "x", "family": grant.family}
    Token.objects.bulk_create([Token(**row, expires_at=ends) for _ in range(499)])
    client = Client()
    told = client.post(REFRESH, {"refresh_token": token["refresh_token"]})
    assert told.status_code == 429 and 0 < int(told["Retry-After"]) <= 601 and b"500" in told.content
    who = {"client_id": app.facts.client_id, "client_secret": app.client_secret}
    told = client.post(TOKEN, {"grant_type": "refresh_token", "refresh_token": token["refresh_token"], **who})
    assert told.status_code == 429 and told["Retry-After"] and told.json()["error"] == "slow_down"
    clock.advance(timedelta(minutes=11))
    assert client.post(REFRESH, {"refresh_token": token["refresh_token"]}).status_code == 200


def test_secrets_are_kept_as_hashes_and_stand_in_no_log(world, app, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("authlib").setLevel(logging.INFO)  # as in the settings
    code = consent(world, app)
    token = program(app).fetch_token(TOKEN, code=code, grant_type="authorization_code")
    call(token["access_token"], "/flights")
    plain = Client().post(REFRESH, {"refresh_token": token["refresh_token"]}).content.decode()
    secrets = [text[-43:] for text in (code, token["access_token"], token["refresh_token"], plain)] + [
        app.client_secret
    ]
    with operator_scope(world.id):
        kept = [str(list(model.objects.values_list())) for model in (AuthorizationCode, Token, Grant)]
    for secret in secrets:
        assert not any(secret in text for text in kept)
        assert secret not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_what_is_good_once_is_good_once_however_many_come_at_once(clock) -> None:
    """Real transactions side by side: the rows are locked, so that nobody counts, or exchanges, beside another."""
    world, app = World("KXA", ("N14923", "SP-KXA")), registered()
    who = {"client_id": app.facts.client_id, "client_secret": app.client_secret}

    def at_once(form: dict[str, str]) -> list[Any]:
        gate = Barrier(3)

        def one(_: int) -> Any:
            try:
                gate.wait(20)
                return Client(raise_request_exception=False).post(TOKEN, {**form, **who})
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(one, range(3)))

    code = {"grant_type": "authorization_code", "code": consent(world, app), "redirect_uri": BACK}
    assert sorted(told.status_code for told in at_once(code)) == [200, 400, 400]
    text = connected(world, app)["refresh_token"]
    renewed = at_once({"grant_type": "refresh_token", "refresh_token": text})
    assert [told.status_code for told in renewed] == [200, 200, 200], "within the grace"
    with all_operators():
        assert Token.objects.filter(replaced_by__isnull=False).count() == 1
