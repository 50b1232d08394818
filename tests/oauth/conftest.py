"""An operator, an application that it may connect, and a browser of its admin's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from django.test import Client
from tests.records.conftest import PASSWORD, World

from airstair.api.oauth import server
from airstair.kernel.clock import ManualClock
from airstair.records.access.commands import ApplicationInput, register_application
from airstair.records.access.snapshots import NewApplication

HERE = "http://127.0.0.1"
BACK = "https://orders.example/callback?from=airstair"
SCOPES = ("GRAPHQL_ACFT", "GRAPHQL_FLIGHT", "GRAPHQL_FLIGHT_EDIT", "GRAPHQL_AIRCRAFT_ACTIVITIES",
          "GRAPHQL_RESERVATION_SEE", "GRAPHQL_RESERVATION_EDIT", "INTEGRATION_FLIGHT_SUPPORT")  # fmt: skip
AUTHORIZE, TOKEN, REVOKE = "/oauth2/code/authorize/", "/oauth2/code/token/", "/oauth2/code/revoke/"
REFRESH = "/access_token/refresh/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> World:
    return World("KXA", ("N14923", "SP-KXA"))


@pytest.fixture
def other(db: None) -> World:
    return World("ZZT", ("N99ZT", "D-ZZTA"))


@pytest.fixture
def app(db: None) -> NewApplication:
    return registered()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The endpoints' clock. Tokens are looked up by the database's, so it begins at the present."""
    made = ManualClock(datetime.now(UTC))
    monkeypatch.setattr(server, "CLOCK", made)
    return made


def registered(name: str = "Orders", **given: Any) -> NewApplication:
    wanted = {"name": name, "redirect_uris": (BACK,), "scopes": SCOPES, **given}
    return register_application(ApplicationInput(**wanted))


def _answer(request: httpx.Request) -> httpx.Response:
    """Django's answer, in the transaction of the test."""
    headers = {name: value for name, value in request.headers.items() if name in ("authorization", "accept")}
    kind = request.headers.get("content-type", "")
    target = request.url.raw_path.decode()
    client = Client(raise_request_exception=False)
    told = client.generic(request.method, target, request.read(), content_type=kind, headers=headers)
    return httpx.Response(told.status_code, headers=dict(told.headers), content=told.content)


def program(app: NewApplication, **given: Any) -> OAuth2Client:
    """A published client, talking to us without a network."""
    secret = app.client_secret or None
    proof = {} if secret else {"token_endpoint_auth_method": "none"}
    return OAuth2Client(
        app.facts.client_id, secret, redirect_uri=BACK, transport=httpx.MockTransport(_answer),
        base_url=HERE, **proof, **given,
    )  # fmt: skip


def browser(world: World, role: str = "admin") -> Client:
    """Somebody who is signed in."""
    client = Client(raise_request_exception=False)
    assert (
        client.post("/sign-in", {"email": f"{role}@{world.code.lower()}.example", "password": PASSWORD}).status_code
        == 302
    )
    return client


def asked(app: NewApplication, **given: Any) -> dict[str, Any]:
    """What the application sends the admin's browser with."""
    said = {"response_type": "code", "client_id": app.facts.client_id, "redirect_uri": BACK, "state": "s t",
            "scope": " ".join(app.facts.scopes)}  # fmt: skip
    return {name: value for name, value in {**said, **given}.items() if value is not None}


def consent(world: World, app: NewApplication, aircraft: Any = "all", **given: Any) -> str:
    """The code that the browser carries back when the admin agrees."""
    query = httpx.QueryParams(asked(app, **given))
    choice = {"seen": "all"} if aircraft == "all" else {"seen": "some", "aircraft_ids": list(aircraft)}
    answer = browser(world).post(f"{AUTHORIZE}?{query}", {"decision": "allow", "operator": world.id, **choice})
    assert answer.status_code == 302, answer.content.decode()
    return parse_qs(urlsplit(answer["Location"]).query)["code"][0]


def connected(
    world: World, app: NewApplication, aircraft: Any = "all", code_verifier: str = "", **given: Any
) -> dict[str, Any]:
    """The tokens after the whole way."""
    proof = {"code_verifier": code_verifier} if code_verifier else {}
    code = consent(world, app, aircraft, **given)
    return program(app).fetch_token(TOKEN, code=code, grant_type="authorization_code", **proof)


def call(token: str, path: str, method: str = "get", **given: Any) -> Any:
    client = Client(raise_request_exception=False)
    return getattr(client, method)(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, **given)
