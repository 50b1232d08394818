"""One order through both parties' pages, as people press them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from .conftest import SOON, Town

NUMBER = "ORD-20310407-0031"


def press(client: Client, path: str, **form: str | list[str]) -> str:
    """The page that comes after, with what it says."""
    answer = client.post(path, form, follow=True)
    assert answer.status_code == 200, (path, answer.status_code)
    return answer.content.decode()


def prices(town: Town, price: str = "120,50") -> dict[str, str]:
    form = {"terms": "Bank transfer or contract"}
    for line in town.order.lines.all():
        form |= {f"p{line.id}": price, f"q{line.id}": "2"}
    return form


@pytest.mark.req("MFC-30")
def test_from_request_to_delivery(town: Town, sign_in) -> None:
    handler, operator = sign_in("hana"), sign_in("olga")
    desk = f"/desk/{NUMBER}/"
    assert 'data-waiting="1"' in handler.get("/desk/").content.decode()
    assert "acknowledged" in press(handler, f"{desk}acknowledge", back="desk")
    assert 'data-waiting="0"' in handler.get("/desk/").content.decode()
    assert "not an amount" in press(handler, f"{desk}lines", **prices(town, "twelve"), then="draft")
    assert "draft is saved" in press(handler, f"{desk}lines", **prices(town), then="draft")
    assert "is added" in press(handler, f"{desk}lines", **prices(town), then="add", **{"new-title": "De-icing"})
    extra = town.again().lines.get(title="De-icing")
    assert "taken away" in press(handler, f"{desk}lines", **prices(town), then=f"remove-{extra.id}")
    assert "quote is sent" in press(handler, f"{desk}lines", **prices(town), then="send")
    assert "482.00" in operator.get(f"/orders/{NUMBER}/").content.decode()
    assert "changed the quote" in press(operator, f"/orders/{NUMBER}/accept", total="1.00")
    assert town.again().status == "Awaiting customer confirmation"
    assert "is confirmed" in press(operator, f"/orders/{NUMBER}/accept", total="482.00", back="trip")
    for line in town.order.lines.all():
        assert "Planned" in press(handler, f"{desk}plan", line=str(line.id))
        assert "done" in press(handler, f"{desk}done", line=str(line.id))
    if town.again().status != "Delivered":
        press(handler, f"{desk}deliver")
    assert "Payment recorded" in press(handler, f"{desk}payment", payment="Succeeded")
    assert "refund is claimed" in press(operator, f"/orders/{NUMBER}/refund", reason="Two GPUs, one came")
    assert (town.again().status, town.again().payment) == ("Delivered", "Claimed")
    assert "cannot be cancelled" in press(operator, f"/orders/{NUMBER}/cancel", reason="late").lower()


@pytest.mark.req("MFC-42")
def test_a_slot_is_proposed_and_accepted(town: Town, sign_in) -> None:
    handler, operator = sign_in("hana"), sign_in("olga")
    later = SOON + timedelta(minutes=25)
    slot = {"number": "WAW-4471", "day": f"{later:%Y-%m-%d}", "start": f"{later:%H%M}", "end": "08:55"}
    assert "Proposed" in press(handler, f"/desk/{NUMBER}/slot", **slot)
    assert "WAW-4471" in handler.get("/slots/").content.decode()
    trip = operator.get(f"/trips/{town.flight.id}/").content.decode()
    assert "move the departure to" in trip and "08:40Z" in trip
    assert "proposed change" in press(operator, f"/orders/{NUMBER}/adjust")
    assert town.again().slot.accepted_time == later
    assert town.again().flight.std == SOON, "Connect changes no schedule of record"


def test_the_dashboard_filters(town: Town, sign_in) -> None:
    operator = sign_in("olga")
    for asked, found in (
        ({}, True), ({"trip": "t-31"}, True), ({"trip": "zza1"}, True), ({"trip": "T-99"}, False),
        ({"registration": "9zabc"}, True), ({"registration": "9Z-XYZ"}, False), ({"airport": "lszh"}, True),
        ({"airport": "EDDM"}, False), ({"status": "Awaiting quote"}, True), ({"status": "Delivered"}, False),
        ({"from": f"{SOON:%Y-%m-%d}", "to": f"{SOON:%Y-%m-%d}"}, True), ({"to": "2020-01-01"}, False),
        ({"from": f"{SOON + timedelta(days=1):%Y-%m-%d}"}, False),
    ):  # fmt: skip
        assert (NUMBER in operator.get("/orders/", asked).content.decode()) is found, asked


def test_open_pages_follow_without_reload(town: Town, sign_in) -> None:
    """The region is sent when something is new, and otherwise only “as before”."""
    handler, operator = sign_in("hana"), sign_in("olga")
    pages = {f"/desk/{NUMBER}/": handler, "/desk/": handler, "/slots/": handler, f"/trips/{town.flight.id}/": operator,
             f"/orders/{NUMBER}/": operator, "/orders/": operator}  # fmt: skip
    tags = {}
    for path, client in pages.items():
        first = client.get(path, headers={"X-Live": "1"})
        assert (first.status_code, "<html" in first.content.decode()) == (200, False), path
        tags[path] = first.headers["ETag"]
        again = client.get(path, headers={"X-Live": "1", "If-None-Match": tags[path]})
        assert (again.status_code, again.content) == (304, b""), path
    press(handler, f"/desk/{NUMBER}/acknowledge")
    for path, client in pages.items():
        after = client.get(path, headers={"X-Live": "1", "If-None-Match": tags[path]})
        assert (after.status_code, bool(after.content)) == (200, True), path


@pytest.mark.req("MFC-29")
def test_a_service_is_ordered_directly(town: Town, sign_in) -> None:
    said = press(
        sign_in("olga"), f"/trips/{town.flight.id}/order", handler=str(town.rival.id), side="ADEP", service="Hangar",
        details="one night",
    )  # fmt: skip
    assert "is with Red Ramp" in said
    desk = sign_in("rita").get("/desk/").content.decode()
    assert "Demo Air" in desk and NUMBER not in desk
