"""An operator whose record is reached with keys, and another beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from tests.records.conftest import World

from airstair.records.access.commands import ApiKeyInput, create_api_key
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource

EVERYTHING = tuple(str(one) for one in Resource)
WRITABLE = tuple(str(one) for one in RIGHTS_TO_WRITE)


class Program:
    """A client with a key."""

    def __init__(self, world: World, name: str, reads: tuple[str, ...], writes: tuple[str, ...]) -> None:
        made = create_api_key(world.admin, ApiKeyInput(name=name, reads=reads, writes=writes))
        self.facts, self.token, self.client = made.facts, made.token, Client(raise_request_exception=False)

    def __call__(self, method: str, path: str, body: Any = None, once: str = "", **query: Any) -> HttpResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Idempotency-Key": once} if once else {})
        given = {"data": query} if method == "get" else {}
        if body is not None:
            given = {"data": body if isinstance(body, str) else json.dumps(body), "content_type": "application/json"}
        return getattr(self.client, method)(f"/api/v1{path}", headers=headers, **given)

    def get(self, path: str, **query: Any) -> Any:
        answer = self("get", path, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()


def program(
    world: World, reads: tuple[str, ...] = EVERYTHING, writes: tuple[str, ...] = WRITABLE, name: str = "Roster"
):
    return Program(world, name, reads, writes)


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> World:
    return World("KXA", ("N14923", "SP-KXA"))


@pytest.fixture
def other(db: None) -> World:
    return World("ZZT", ("N99ZT", "D-ZZTA"))


def leg(world: World, **given: Any) -> dict[str, Any]:
    """A flight as callers send it."""
    return {
        "aircraft_id": world.aircraft[0].id, "number": "EV3810", "adep": "KEWR", "ades": "KJAX",
        "std": "2027-03-01T06:00Z", "sta": "2027-03-01T08:30Z", **given,
    }  # fmt: skip
