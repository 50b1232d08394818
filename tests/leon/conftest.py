"""An operator whose record is asked for in GraphQL, with keys and as an application; and another beside it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from tests.records.conftest import World

from airstair.records.access.commands import (
    ApiKeyInput,
    ApplicationInput,
    GrantInput,
    create_api_key,
    first_tokens,
    grant_application,
    register_application,
)
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource
from airstair.records.access.scopes import SCOPES

ADDRESS = "/api/graphql/"
EVERYTHING = tuple(str(one) for one in Resource)
WRITABLE = tuple(str(one) for one in RIGHTS_TO_WRITE)


class Leon:
    """A client with a token."""

    def __init__(self, token: str) -> None:
        self.token, self.client = token, Client(enforce_csrf_checks=True, raise_request_exception=False)

    @classmethod
    def with_key(cls, world: World, *resources: str, writes: tuple[str, ...] = WRITABLE, name: str = "Leon") -> Leon:
        wanted = ApiKeyInput(name=name, reads=resources or EVERYTHING, writes=() if resources else writes)
        return cls(create_api_key(world.admin, wanted).token)

    def send(self, body: bytes | str, media: str = "application/json", **headers: str) -> HttpResponse:
        given = {"Authorization": f"Bearer {self.token}", **headers}
        return self.client.post(ADDRESS, data=body, content_type=media, headers=given)

    def ask(self, query: str, **variables: Any) -> HttpResponse:
        return self.send(json.dumps({"query": query, "variables": variables}))

    def __call__(self, query: str, **variables: Any) -> Any:
        """The data of an answer without errors."""
        answer = self.ask(query, **variables)
        assert answer.status_code == 200, answer.content
        told = answer.json()
        assert "errors" not in told, told["errors"]
        return told["data"]

    def refused(self, query: str, status: int = 200, **variables: Any) -> dict[str, Any]:
        """The first error."""
        answer = self.ask(query, **variables)
        assert answer.status_code == status, answer.content
        first: dict[str, Any] = answer.json()["errors"][0]
        return first


class Connected(Leon):
    """An application that an operator has connected."""

    def __init__(self, world: World, *scopes: str, aircraft: tuple[int, ...] | None = None, name: str = "Desk") -> None:
        wanted = scopes or tuple(SCOPES)
        made = register_application(
            ApplicationInput(name=name, redirect_uris=("https://desk.example/back",), scopes=wanted)
        )
        self.id, self.name = made.facts.id, name
        agreed = GrantInput(
            application_id=self.id, scopes=wanted, all_aircraft=aircraft is None, aircraft=aircraft or ()
        )
        self.grant = grant_application(world.admin, agreed)
        with transaction.atomic():
            tokens = first_tokens(self.grant, datetime.now(UTC))
        self.refresh = tokens.refresh
        super().__init__(tokens.access)


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
def leon(world: World) -> Leon:
    """A key that opens everything."""
    return Leon.with_key(world)


def span(start: datetime, days: float = 1) -> dict[str, str]:
    """A time interval as variables have it."""
    return {"start": start.isoformat(), "end": (start + timedelta(days=days)).isoformat()}
