"""Activity: the latest call of each aircraft, clocks, filters, EXPORT NOW and its progress."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from airstair.hub.models import LedgerRow
from airstair.kernel.clock import ManualClock
from airstair.kernel.outcome import OutcomeKind, PartnerMessage
from airstair.records.operators.rules import Role

from .conftest import NOW, Desk, said

AT = "/addons/skymart/activity"


def _get(client: Client, query: str = "", **headers: str) -> str:
    answer = client.get(f"{AT}{query}", headers=headers)
    assert answer.status_code == 200, answer.content.decode()
    return answer.content.decode()


def _rows(html: str) -> dict[str, str]:
    """Each aircraft's row with what is said below it, tags removed, by registration."""
    rows = {}
    table = html.partition('<table class="dense ledger">')[2].partition("</table>")[0]
    for piece in table.split("<tbody")[1:]:
        text = re.sub(r"<[^>]+>", " ", piece.split("</tbody>")[0].split(">", 1)[1])
        words = " ".join(text.split()).replace("&#x27;", "'")
        rows[words.split()[0]] = words
    return rows


@pytest.mark.req("HUB-10", "AVI-26")
def test_the_latest_call_of_each_aircraft_with_every_message(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    failed = desk.call(facts, 0, duration_ms=1234.4, outcome="unavailable", http_status=503)
    desk.ledger(
        facts, 0, outcome="unavailable", http_status=503, sent=31, call_id=failed.id, tries=2,
        last_success=NOW - timedelta(hours=3), last_change=NOW - timedelta(hours=4),
        messages=(said("Closed for lunch."), said("Come back later.", level="info")),
    )  # fmt: skip
    fine = desk.call(facts, 1, duration_ms=84.2)
    desk.ledger(facts, 1, call_id=fine.id)
    html = _get(admin)
    rows = _rows(html)
    for part in (
        "× Unavailable", "2 in a row", "503", "4 Mar 11:58:00Z", "2 min ago", "4 Mar 09:00Z", "4 Mar 08:00Z",
        "4 Mar 12:03Z", "in 3 min", "31", "1234 ms", "Closed for lunch.", "Come back later.",
    ):  # fmt: skip
        assert part in rows["N14923"], part
    for part in ("✓ Accepted", "200", "12", "84 ms"):
        assert part in rows["N16561"], part
    assert "Not sent yet" in rows["N21130"] and "never" in rows["N21130"]
    assert f'href="/addons/calls/{failed.id}"' in html


@pytest.mark.req("HUB-11")
def test_accepted_with_errors_is_no_plain_success_and_leads_to_what_caused_it(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    flight = desk.flight()
    error = said("Airport KXXX is unknown.", about=f"flight:{flight.id}", field="endAirport")
    whole = said("The aircraft is not fully active.", about=f"aircraft:{desk.aircraft[0].id}")
    messages = (error, whole, said("And event.", about="event:77"))
    desk.ledger(facts, 0, outcome="accepted_with_errors", messages=messages)
    html = _get(admin)
    row = _rows(html)["N14923"]
    assert "! Accepted with errors" in row and "✓" not in row
    assert f'<a href="/ops/flights/{flight.id}">{flight.title}</a>' in html
    assert '<code class="mono">endAirport</code>' in html
    assert 'href="/ops/events/77"' in html
    assert f'<a href="/fleet/{desk.aircraft[0].id}">N14923</a>' in html
    assert admin.get(f"/ops/flights/{flight.id}").status_code == 200


@pytest.mark.req("AVI-24")
def test_errors_are_flagged_until_a_call_comes_back_clean(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    desk.ledger(facts, 0, outcome="accepted_with_errors", messages=(said("Airport KXXX was replaced."),))
    desk.ledger(facts, 1)
    assert set(_rows(_get(admin, "?show=attention"))) == {"N14923"}
    LedgerRow.objects.filter(operator_id=desk.id).update(outcome="accepted", messages=[])
    html = _get(admin, "?show=attention")
    assert not _rows(html) and "Nothing needs attention" in html


@pytest.mark.parametrize(
    ("given", "flagged"),
    [
        ({}, False),
        ({"outcome": "unchanged"}, False),
        ({"messages": (said("Noted.", level="info"),)}, False),
        ({"warnings": (said("On ground at KEWR, derived.", level="info"),)}, False),
        ({"warnings": (said("EV1 overlaps EV2.", level="warning"),)}, False),
        ({"messages": (said("Hm.", level="warning"),)}, True),
        *(
            ({"outcome": kind.value}, True)
            for kind in OutcomeKind
            if kind not in (OutcomeKind.ACCEPTED, OutcomeKind.UNCHANGED)
        ),
    ],
)
def test_what_needs_attention(desk: Desk, admin: Client, given: dict[str, Any], flagged: bool) -> None:
    desk.ledger(desk.connect(), 0, **given)
    assert ("N14923" in _rows(_get(admin, "?show=attention"))) is flagged


@pytest.mark.parametrize(("level", "shown"), [("warning", True), ("info", False)])
def test_what_is_warned_of_in_the_schedules_has_a_filter_of_its_own(
    desk: Desk, admin: Client, level: str, shown: bool
) -> None:
    facts = desk.connect()
    desk.ledger(facts, 0, warnings=(said("EV1 overlaps EV2.", level=level),))
    desk.ledger(facts, 1, outcome="refused")
    assert ("N14923" in _rows(_get(admin, "?show=warned"))) is shown
    assert "N16561" not in _rows(_get(admin, "?show=warned"))


def test_many_warnings_are_folded_up_and_all_there(desk: Desk, admin: Client) -> None:
    many = tuple(PartnerMessage(level="warning", text=f"Break {n}.", code="break") for n in range(30))
    desk.ledger(desk.connect(), 0, warnings=many)
    row = _rows(_get(admin))["N14923"]
    assert "In the schedule that was sent: 30 breaks" in row
    assert all(f"Break {n}." in row for n in range(30))


def test_our_own_warnings_are_shown_beside_the_partners_words(desk: Desk, admin: Client) -> None:
    flight = desk.flight()
    overlap = said("EV3810 overlaps EV1.", about=f"flight:{flight.id}", level="warning")
    derived = said("On ground at KEWR, derived.", about="derived:5", level="info")
    desk.ledger(desk.connect(), 0, warnings=(overlap, derived))
    html = _get(admin)
    row = _rows(html)["N14923"]
    assert "Warning: EV3810 overlaps EV1." in row and "Note: On ground at KEWR, derived." in row
    assert f'href="/ops/flights/{flight.id}"' in html


def test_no_status_is_told_by_colour_alone(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    for at, kind in enumerate((OutcomeKind.REFUSED, OutcomeKind.THROTTLED, OutcomeKind.UNKNOWN)):
        desk.ledger(facts, at, outcome=kind.value)
    for badge in re.findall(r'<span class="badge[^>]*>(.*?)</span>', _get(admin)):
        assert re.fullmatch(r"<i[^>]*>\S+</i>[A-Za-z ]+", badge), badge


def test_the_three_clocks_and_the_oldest_waiting(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    desk.ledger(facts, 0, last_change=NOW - timedelta(hours=2))
    desk.ledger(facts, 1, last_attempt=NOW - timedelta(seconds=30), asked_at=NOW - timedelta(minutes=1))
    text = " ".join(re.sub(r"<[^>]+>", " ", _get(admin).split('<dl class="clocks">')[1].split("</dl>")[0]).split())
    assert text == (
        "Last attempt 4 Mar 11:59:30Z 30 s ago Last success 4 Mar 11:58:00Z 2 min ago"
        " Last change 4 Mar 10:00:00Z 2 h ago Oldest waiting 4 Mar 11:59:00Z 1 min ago"
    )


def test_the_list_can_be_cut_to_one_aircraft(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    desk.ledger(facts, 0)
    assert set(_rows(_get(admin, f"?aircraft={desk.aircraft[1].id}"))) == {"N16561"}


@pytest.mark.parametrize(
    "query",
    ["?show=loud", "?aircraft=abc", f"?aircraft={'9' * 40}", "?page=-3", f"?page={'9' * 18}", "?page=x&show=%FF"],
)
def test_a_mangled_filter_gives_a_page(desk: Desk, admin: Client, query: str) -> None:
    desk.ledger(desk.connect(), 0)
    assert "N14923" in _rows(_get(admin, query)) or query.startswith("?aircraft")


@pytest.mark.parametrize("query", ["?connection=x", "?connection=999999", "?run=999999", "?run=x", f"?run={'9' * 40}"])
def test_what_there_is_not_is_not_found(desk: Desk, admin: Client, query: str) -> None:
    desk.connect()
    assert admin.get(f"{AT}{query}").status_code == 404


def test_before_it_is_set_up_the_page_says_so(desk: Desk, admin: Client) -> None:
    assert "was never set up" in _get(admin)
    desk.connect(on=False)
    assert "It is switched off: nothing is sent." in _get(admin)
    assert "EXPORT NOW" not in _get(admin)


def test_an_owner_sees_the_own_aircraft_only(desk: Desk) -> None:
    facts = desk.connect()
    for at in range(3):
        desk.ledger(facts, at)
    owner = desk.client(Role.AIRCRAFT_OWNER, aircraft_ids=(desk.aircraft[1].id,))
    html = _get(owner)
    assert set(_rows(html)) == {"N16561"}
    assert "N14923" not in html and "EXPORT" not in html and "/addons/calls" not in html


def test_the_number_of_statements_does_not_grow(desk: Desk, admin: Client) -> None:
    flight = desk.flight()
    facts = desk.connect(0)
    message = said("Hm.", about=f"flight:{flight.id}")
    row = desk.call(facts, 0)
    desk.ledger(facts, 0, outcome="accepted_with_errors", messages=(message,), call_id=row.id)
    with CaptureQueriesContext(connection) as few:
        _get(admin)
    for number in range(10):
        desk.aircraft.append(desk.add_aircraft(f"N5{number:02}QQ"))
    facts = desk.connect()
    for at in range(3, 13):
        another = desk.flight(f"EV{at}", at)
        said_of = (said("Hm.", about=f"flight:{another.id}"), message)
        row = desk.call(facts, at)
        desk.ledger(facts, at, outcome="accepted_with_errors", messages=said_of, call_id=row.id)
    with CaptureQueriesContext(connection) as many:
        html = _get(admin)
    assert len(_rows(html)) == 13
    assert len(many) == len(few) <= 30


def test_the_page_asks_for_itself_again_when_something_was_delivered(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    desk.ledger(facts, 0)
    html = _get(admin, "?show=attention")
    live = re.search(r'<div id="activity"[^>]*>', html)
    assert live and f'data-live="ledger:{facts.id}"' in live[0]
    address = re.search(r'hx-get="([^"]*)"', live[0])
    assert address and "show=attention" in address[1] and f"connection={facts.id}" in address[1]
    fragment = _get(admin, address[1].replace("&amp;", "&"), **{"HX-Request": "true"})
    assert "<html" not in fragment and "Nothing needs attention" in fragment


# ── EXPORT NOW ──────────────────────────────────────────────────────────────────────────────────


def _export(client: Client, desk: Desk, connection_id: int, *at: int) -> str:
    named = {"aircraft": [desk.aircraft[n].id for n in at]} if at else {}
    answer = client.post(f"/addons/skymart/connections/{connection_id}/export", named, follow=True)
    assert answer.status_code == 200 and answer.redirect_chain
    return answer.content.decode()


@pytest.mark.req("HUB-15")
def test_an_export_shows_its_progress_and_can_be_come_back_to(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    html = _export(admin, desk, facts.id)
    assert "3 aircraft are exported now." in html and "0 of 3" in html and "asked by Ada Admin" in html
    address = re.search(r'hx-get="(/addons/skymart/runs/[0-9]+)"', html)
    assert address
    LedgerRow.objects.filter(operator_id=desk.id, title="N14923").update(
        asked_at=None, last_attempt=NOW + timedelta(seconds=1), outcome="accepted_with_errors"
    )
    fragment = admin.get(address[1], headers={"HX-Request": "true"}).content.decode()
    assert "1 of 3" in fragment and "Accepted with errors" in fragment and "Waiting: " in fragment
    assert "N16561 N21130" in fragment and "every 2s" in fragment
    LedgerRow.objects.filter(operator_id=desk.id, asked_at__isnull=False).update(
        asked_at=None, last_attempt=NOW + timedelta(seconds=2), outcome="accepted"
    )
    again = admin.get(address[1], follow=True).content.decode()
    assert "3 of 3" in again and "Export finished" in again and "every 2s" not in again.split('id="activity"')[0]
    assert "exported now" not in again, "the answer to EXPORT NOW is told once"
    assert address[1] in _get(admin), "the page leads back to the person's last export"


def test_an_export_says_for_each_aircraft_when_the_next_is_possible(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    desk.ledger(facts, 0, last_attempt=NOW - timedelta(minutes=2))
    desk.ledger(facts, 1, last_attempt=NOW - timedelta(minutes=6))
    html = _export(admin, desk, facts.id)
    assert "2 aircraft are exported now." in html
    later = html.split('<ul class="later">')[1].split("</ul>")[0]
    assert "N14923" in later and "4 Mar 12:03:00Z" in later and "N16561" not in later
    assert "export from 12:03:00Z" in _rows(html)["N14923"]
    row = LedgerRow.objects.get(operator_id=desk.id, title="N14923")
    assert row.asked_at is None


def test_one_aircraft_is_exported_alone_and_not_twice_within_the_floor(
    desk: Desk, admin: Client, clock: ManualClock
) -> None:
    facts = desk.connect()
    html = _export(admin, desk, facts.id, 1)
    assert "1 aircraft is exported now." in html and "0 of 1" in html
    LedgerRow.objects.filter(operator_id=desk.id).update(asked_at=None, last_attempt=NOW, outcome="accepted")
    clock.advance(timedelta(minutes=4))
    assert "Nothing can be exported now" in _export(admin, desk, facts.id, 1)
    clock.advance(timedelta(minutes=1))
    assert "1 aircraft is exported now." in _export(admin, desk, facts.id, 1)


@pytest.mark.parametrize(
    ("on", "aircraft", "sentence"),
    [
        (False, None, "is switched off"),
        (True, "abc", "is no aircraft"),
        (True, "9" * 18, "is not ticked for this connection"),
    ],
)
def test_an_export_that_cannot_be_is_told_in_a_sentence(
    desk: Desk, admin: Client, on: bool, aircraft: str | None, sentence: str
) -> None:
    facts = desk.connect(on=on)
    address = f"/addons/skymart/connections/{facts.id}/export"
    answer = admin.post(address, {"aircraft": aircraft} if aircraft else {}, follow=True)
    assert answer.status_code == 200 and sentence in answer.content.decode()
    assert not LedgerRow.objects.filter(operator_id=desk.id).exists()


def test_exporting_needs_the_right_and_a_form(desk: Desk, admin: Client) -> None:
    facts = desk.connect()
    address = f"/addons/skymart/connections/{facts.id}/export"
    assert admin.get(address).status_code == 405
    answer = desk.client(Role.SALES).post(address)
    assert answer.status_code == 403 and "addons.export" in answer.content.decode()
    assert admin.post(f"/addons/avinode/connections/{facts.id}/export").status_code == 404


def test_another_operators_export_is_not_found(desk: Desk, other_desk: Desk, admin: Client) -> None:
    theirs = other_desk.connect()
    html = _export(other_desk.client(), other_desk, theirs.id)
    run = re.search(r"/addons/skymart/runs/([0-9]+)", html)
    assert run
    desk.connect()
    assert admin.get(f"/addons/skymart/runs/{run[1]}").status_code == 404
    assert admin.get(f"{AT}?run={run[1]}").status_code == 404
