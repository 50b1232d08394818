"""Signing in: only with the password, only back to a page of ours, and not by guessing."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client

from .conftest import PASSWORD, Town


@pytest.fixture(autouse=True)
def forget_attempts() -> None:
    cache.clear()


def enter(client: Client, password: str = PASSWORD, after: str = "") -> tuple[int, str]:
    answer = client.post("/sign-in", {"email": "Hana@connect.example", "password": password, "next": after})
    return answer.status_code, answer.headers.get("Location", "")


def test_in_and_out(town: Town) -> None:
    client = Client()
    assert client.get("/desk/").headers["Location"] == "/sign-in?next=%2Fdesk%2F"
    assert enter(client, "wrong")[0] == 422
    assert enter(client, after="/desk/") == (302, "/desk/")
    assert client.get("/").headers["Location"] == "/desk/"
    assert client.post("/sign-out").headers["Location"] == "/sign-in"
    assert client.get("/desk/").status_code == 302


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example", "\x00",
     "/sign-in?next=/sign-in", "///evil.example", "\\\\evil.example", " //evil.example", "/\t/evil.example"],
)  # fmt: skip
def test_never_to_a_page_of_somebody_else(town: Town, elsewhere: str) -> None:
    for client in (Client(), Client()):
        shown = client.get("/sign-in", {"next": elsewhere}).content.decode()
        assert 'name="next" value=""' in shown
        assert enter(client, after=elsewhere) == (302, "/")
        assert client.get("/sign-in", {"next": elsewhere}).headers["Location"] == "/"


def test_somebody_who_was_shut_out_is_out_at_once(town: Town, sign_in) -> None:
    client = sign_in("hana")
    assert client.get("/desk/").status_code == 200
    town.people["hana"].is_active = False
    town.people["hana"].save()
    assert client.get("/desk/").status_code == 302
    assert enter(Client())[0] == 422


def test_guessing_is_slowed_down(town: Town) -> None:
    client = Client()
    assert [enter(client, "wrong")[0] for _ in range(6)] == [422] * 5 + [429]
    assert enter(client)[0] == 429, "not even with the right one, for five minutes"


def test_without_any_right_the_way_to_get_one_is_named(town: Town, sign_in) -> None:
    answer = sign_in("nora").get("/")
    assert answer.status_code == 403
    assert "under Users" in answer.content.decode()
