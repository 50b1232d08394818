"""Every operation, tried by everybody whose it is not: nothing is shown, nothing is changed."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.test import Client

from connect.parties.models import Right, User

from .conftest import Town
from .walking import Operation, operations

GOOD = {  # what would work for the right person
    "reason": "x", "payment": "Succeeded", "day": "2031-04-07", "start": "08:15", "end": "08:30", "number": "S1",
    "then": "draft", "total": "0", "line": "1", "required": "0", "name": "New Name", "email": "new@connect.example",
    "password": "another-long-one", "title": "De-icing", "price": "10", "registration": "9Z-NEW", "icao_type": "C25A",
    "active": "1", "service": "Hangar", "side": "ADEP", "handler": "1", "organisation": "1", "person": "1",
    "aircraft": "1", "rights": "orders.VIEW", "currency": "EUR",
}  # fmt: skip


OF_ONE = {
    "order",
    "order-do",
    "order-directly",
    "trip",
    "change-here",
    "request",
    "request-do",
    "catalogue-do",
    "user-do",
}


def all_rows() -> dict[str, list[Any]]:
    """Everything of Connect that is stored, but when people last signed in."""
    User.objects.update(last_login=None)
    rooms = ("parties", "flights", "orders", "sync")
    models = [model for model in apps.get_models() if model._meta.app_label in rooms]
    return {model._meta.label: sorted(map(str, model.objects.values_list())) for model in models}


def ask(client: Client, one: Operation) -> Any:
    return client.get(one.path) if one.method == "GET" else client.post(one.path, GOOD)


def test_nothing_is_found_or_changed_by_the_wrong_party(town: Town, sign_in) -> None:
    """The other party, another organisation of the same party, and somebody who is not signed in."""
    before, walked = all_rows(), 0
    for one in operations(town):
        answer = ask(Client(), one)
        assert (answer.status_code, answer.headers.get("Location", "")[:8]) == (302, "/sign-in"), one
        if one.kind:
            other = sign_in("hana" if one.kind == "operator" else "olga")
            assert ask(other, one).status_code == 404, one
        if one.name.split()[0] in OF_ONE:
            same_kind = sign_in("rita" if one.kind == "handler" else "sven")
            answer = ask(same_kind, one)
            missing = answer.status_code == 404 or (one.name.endswith("-do") and "not found" in said(same_kind, answer))
            assert missing, (one, answer.status_code)
        walked += 1
    assert walked > 40
    assert all_rows() == before


def said(client: Client, answer: Any) -> str:
    return client.get(answer.headers["Location"]).content.decode() if answer.status_code == 302 else ""


def test_nothing_is_shown_or_changed_without_rights(town: Town, sign_in) -> None:
    before = all_rows()
    for one in operations(town):
        client = sign_in("noel" if one.kind == "handler" else "nora")
        answer = ask(client, one)
        assert answer.status_code == 403, (one, answer.status_code)
        assert "You need the right" in answer.content.decode()
    assert all_rows() == before


def test_to_see_is_not_to_change(town: Town, sign_in) -> None:
    """VIEW everywhere, and nothing else: all pages open, and no operation works."""
    Right.objects.all().update(acts=["VIEW"])
    before = all_rows()
    for one in operations(town):
        client = sign_in("hana" if one.kind == "handler" else "olga")
        answer = ask(client, one)
        if one.method == "GET":
            assert answer.status_code == (403 if one.name == "external-api-callback" else 200), one
        else:
            assert answer.status_code in (302, 403), one
    assert all_rows() == before


def test_a_form_from_elsewhere_is_not_taken(town: Town) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(town.people["hana"])
    before = all_rows()
    for one in operations(town):
        if one.method == "POST":
            assert ask(strict, one).status_code == 403, one
    assert strict.post("/sign-out").status_code == 403
    assert strict.post("/sign-in", {"email": "hana@connect.example", "password": "x"}).status_code == 403
    assert all_rows() == before


def test_no_page_lets_others_in(town: Town, sign_in) -> None:
    """Headers that keep scripts, frames and caches out."""
    answer = sign_in("hana").get("/desk/")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.content.decode()
    assert " style=" not in body and "<style" not in body and "onclick" not in body
