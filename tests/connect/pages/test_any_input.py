"""Whatever an address or a form holds, nobody is shown a fault of ours."""

from __future__ import annotations

import re
from pathlib import Path

from django.test import Client
from django.urls import get_resolver

from connect import pages

from .conftest import Town
from .walking import operations

JUNK = (
    "", "-1", "9" * 30, "2027-02-31", "a\x00b", "'; DROP TABLE x; --<script>%s{{7*7}}", "a" * 5_000, "٣", "https://[x",
    "remove-" + "9" * 30,
)  # fmt: skip
FINE = {200, 302, 403, 404, 405, 422, 429}
FIELDS = re.compile(r'\bname="([a-z][\w-]*)"')


def names() -> list[str]:
    """Every field of a form, found in the templates; and what addresses carry."""
    folder = Path(pages.__file__).parent / "templates"
    found = {name for path in folder.rglob("*.html") for name in FIELDS.findall(path.read_text())}
    return sorted((found | {"code", "state", "error", "next"}) - {"viewport", "csrfmiddlewaretoken"})


def test_no_form_and_no_address_makes_a_fault(town: Town, sign_in) -> None:
    wanted = names()
    assert {"payment", "then", "day", "start", "service", "address", "registration", "trip"} <= {*wanted}
    lines = [line.id for line in town.order.lines.all()]
    every = list(operations(town))
    for junk in JUNK:
        form = dict.fromkeys(wanted, junk) | {f"{letter}{line}": junk for letter in "pq" for line in lines}
        for one in every:
            client = sign_in("hana" if one.kind == "handler" else "olga")
            answer = client.get(one.path, form) if one.method == "GET" else client.post(one.path, form)
            assert answer.status_code in FINE, (one, junk, answer.status_code)
            if junk == "-1":
                crossed = client.post(one.path, form) if one.method == "GET" else client.get(one.path, form)
                assert crossed.status_code in FINE, one


def test_no_mistyped_address_makes_a_fault(town: Town, sign_in) -> None:
    client = sign_in("hana")
    for path in (
        "/desk/ORD-1/", "/desk/ORD-20310407-9999/", f"/trips/{'9' * 19}/", "/trips/0/", "/trips/-1/", "/orders/x/",
        "/desk/ORD-20310407-0031/nothing", "/%00", "/desk/%ff/", f"/airports/{'A' * 300}", "/users/999999999999999999",
    ):  # fmt: skip
        for answer in (client.get(path), client.post(path, {})):
            assert answer.status_code in (404, 405), path
    assert get_resolver().resolve_error_handler(404) is not None


def test_a_page_of_the_other_party_says_nothing_of_what_it_is(town: Town, sign_in) -> None:
    there, nowhere = (
        sign_in("rita").get(f"/desk/{number}/").content.decode().replace(number, "")
        for number in (town.order.number, "ORD-20310407-9998")
    )
    assert re.sub(r'value="[^"]+"', "", there) == re.sub(r'value="[^"]+"', "", nowhere)


def test_nobody_signed_in_makes_no_fault(town: Town) -> None:
    for junk in JUNK:
        form = {"email": junk, "password": junk, "next": junk}
        assert Client().post("/sign-in", form).status_code in FINE
        assert Client().get("/sign-in", form).status_code in FINE
