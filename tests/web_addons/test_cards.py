"""The Add-ons page: cards, filters, rights, notices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.test.utils import CaptureQueriesContext

from airstair.hub.contract import Addon, Category
from airstair.hub.models import Notice
from airstair.hub.registry import addons
from airstair.kernel.outcome import OutcomeKind
from airstair.records.operators.rules import Role
from airstair.web.addons import notices as banner_module

from .conftest import NOW, Desk, said


def _cards(html: str) -> dict[str, str]:
    """Each card's own HTML, by add-on key."""
    pieces = html.split('aria-labelledby="card-')[1:]
    return {piece.split('"', 1)[0]: piece.split("</article>")[0] for piece in pieces}


def _get(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


@pytest.mark.req("HUB-01")
def test_a_card_for_every_integration_with_what_it_is_and_how_it_does(desk: Desk, admin: Client) -> None:
    desk.ledger(desk.connect(0), 0)
    cards = _cards(_get(admin, "/addons/"))
    assert {"avinode", "skymart", "quietpad"} <= set(cards)
    on = cards["skymart"]
    for text in ("Skymart", "Handling and slots", "Schedules for the tests' own market", "ON", "Well"):
        assert text.replace("'", "&#x27;") in on
    assert "4 Mar 11:58Z" in on and "2 min ago" in on
    assert ">OFF<" in cards["quietpad"] and "Not switched on." in cards["quietpad"]


@pytest.mark.parametrize(
    ("outcome", "tries", "word"),
    [
        (OutcomeKind.ACCEPTED_WITH_ERRORS, 0, "Accepted with errors"),
        (OutcomeKind.UNAUTHORISED, 1, "Failing"),
        (OutcomeKind.UNAVAILABLE, 2, "Failing"),
    ],
)
def test_a_card_says_what_is_wrong_in_a_word(
    desk: Desk, admin: Client, outcome: OutcomeKind, tries: int, word: str
) -> None:
    desk.ledger(desk.connect(0), 0, outcome=outcome.value, tries=tries, messages=(said("They said so."),))
    assert f"</i>{word}</span>" in _cards(_get(admin, "/addons/"))["skymart"]


@pytest.mark.req("HUB-02")
@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", lambda one: True),
        ("?state=active", {"skymart"}),
        ("?state=disabled", lambda one: one.key != "skymart"),
        ("?category=Safety", lambda one: one.category is Category.SAFETY),
        ("?category=Safety&state=disabled", lambda one: one.category is Category.SAFETY),
        ("?category=Safety&state=active", set()),
        ("?category=Handling+and+slots&state=active", {"skymart"}),
        ("?category=Handling+and+slots&state=disabled", set()),
    ],
)
def test_the_two_filters_combine(
    desk: Desk, admin: Client, query: str, shown: set[str] | Callable[[Addon], bool]
) -> None:
    desk.connect(0)
    if callable(shown):
        shown = {one.key for one in addons().values() if shown(one)}
        assert shown & {"skymart", "quietpad"}
    assert set(_cards(_get(admin, f"/addons/{query}"))) == shown


@pytest.mark.parametrize("query", ["?state=loud", "?category=Nonsense", "?state=%FF&category=%3Cscript%3E"])
def test_a_mangled_filter_is_named_and_ignored(desk: Desk, admin: Client, query: str) -> None:
    html = _get(admin, f"/addons/{query}")
    assert "Choose" in html and "<script>" not in html.split("</head>")[1].replace("<script type", "")
    assert "skymart" in _cards(html)


@pytest.mark.req("HUB-04")
def test_everything_is_off_until_switched_on(desk: Desk, admin: Client) -> None:
    assert all(">OFF<" in card and ">ON<" not in card for card in _cards(_get(admin, "/addons/")).values())


@pytest.mark.req("HUB-04")
@pytest.mark.parametrize("role", [Role.OPS, Role.READ_ONLY, Role.SALES])
def test_without_the_right_there_are_cards_but_no_configuration(desk: Desk, role: Role) -> None:
    facts = desk.connect(0)
    client = desk.client(role)
    html = _get(client, "/addons/")
    assert "skymart" in _cards(html)
    for page in (html, _get(client, "/addons/skymart"), _get(client, "/addons/skymart/activity")):
        assert "configuration" not in page.lower().split("<main")[1].split("</main>")[0].replace(
            "an admin can tick those to send under configuration", ""
        )
    assert client.get("/addons/skymart/configuration").status_code == 403
    answer = client.post("/addons/skymart/configuration", {"connection": facts.id, "here": "on"})
    assert answer.status_code == 403 and "addons.manage" in answer.content.decode()
    facts_after = desk.connect(0)
    assert facts_after.on, "the refused form must not have switched it off"
    assert client.get("/addons/people?q=a").status_code == 403


def test_nobody_sees_anything_without_signing_in(desk: Desk) -> None:
    for address in ("/addons/", "/addons/skymart", "/addons/calls", "/addons/skymart/activity"):
        assert Client().get(address).status_code == 302


def test_the_number_of_statements_does_not_grow(
    desk: Desk, admin: Client, django_assert_num_queries: Any, partner: Any
) -> None:
    from django.db import connection

    facts = desk.connect(0)
    desk.ledger(facts, 0)
    with CaptureQueriesContext(
        connection,
    ) as few:
        _get(admin, "/addons/")
    for number in range(12):
        desk.aircraft.append(desk.add_aircraft(f"N5{number:02}QQ"))
    facts = desk.connect(*range(len(desk.aircraft)))
    own = desk.connect(3, name="owner")
    for at in range(4, 12):
        desk.ledger(facts, at)
    desk.ledger(own, 3)
    with CaptureQueriesContext(connection) as many:
        _get(admin, "/addons/")
    assert len(many) == len(few)


def test_open_notices_are_shown_with_where_to_look_and_closed_ones_are_not(desk: Desk, admin: Client) -> None:
    facts = desk.connect(0)
    for kind, sentence, closed in (("failing", "Skymart (default): refused.", None), ("late", "It was late.", NOW)):
        notice = Notice(
            operator_id=desk.id, connection_id=facts.id, kind=kind, sentence=sentence,
            opened_at=NOW - timedelta(hours=1), closed_at=closed,
        )  # fmt: skip
        notice.save(force_insert=True)
    html = _get(admin, "/addons/")
    assert "Skymart (default): refused." in html and "It was late." not in html
    assert f"/addons/skymart/activity?connection={facts.id}" in html


def test_the_banner_asks_nothing_of_the_database_until_it_is_used(
    desk: Desk, rf: Any, django_assert_num_queries: Any
) -> None:
    request = rf.get("/")
    assert banner_module.banner(request) == {}
    request.actor = desk.admin
    with django_assert_num_queries(0):
        context = banner_module.banner(request)
    with django_assert_num_queries(2):
        assert list(context["hub_notices"]) == []


@pytest.mark.req("HUB-03")
def test_about_tells_of_the_partner_and_of_what_is_done(desk: Desk, admin: Client) -> None:
    html = _get(admin, "/addons/skymart")
    assert "<h2>What it is</h2>" in html and "<em>market</em>" in html and "<td>1</td>" in html
    assert "<script>alert(1)" not in html and "&lt;script&gt;alert(1)" in html
    for rule in ("Every 5 minutes", "within 5 min", "the next regular call is the next attempt", "3,600 calls in 1 h"):
        assert rule in html
    for share in ("50 % documented (2)", "25 % observed (1)", "25 % assumed (1)"):
        assert share in html
    assert 'href="/addons/skymart/configuration"' in html
    assert "no description of its own" in _get(admin, "/addons/quietpad")


def test_about_shows_the_interval_that_is_set(desk: Desk, admin: Client) -> None:
    desk.connect(0, interval=20)
    assert "Every 20 minutes" in _get(admin, "/addons/skymart")


@pytest.mark.parametrize("path", ["", "/configuration", "/activity"])
def test_an_unknown_add_on_is_not_found(admin: Client, path: str) -> None:
    assert admin.get(f"/addons/nosuch{path}").status_code == 404


@pytest.mark.parametrize("path", ["/addons/", "/addons/skymart", "/addons/skymart/activity", "/addons/calls"])
def test_a_wrong_method_is_refused(admin: Client, path: str) -> None:
    assert admin.post(path).status_code == 405
    assert admin.delete(path).status_code == 405
