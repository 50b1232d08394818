"""What is asked of AeroCRS and what its answers mean, without the hub."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from airstair.addons.aerocrs import mapping, wire
from airstair.addons.aerocrs.client import _outcome
from airstair.addons.aerocrs.sandbox import AUTH_ID, AUTH_PASSWORD
from airstair.addons.aerocrs.settings import (
    SANDBOX_AUTH_ID,
    SANDBOX_AUTH_PASSWORD,
    AerocrsSettings,
    by_type,
    problems,
)
from airstair.hub.choosing import Days
from airstair.hub.http import Answer
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights.imports.ssim.taking import Found

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = Days(date(2026, 3, 2), date(2026, 3, 8))


def answered(status: int, body: object, **headers: str) -> OutcomeKind:
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status=status, headers=headers, body=written)
    return _outcome(answer, wire.read_answer(written), NOW).kind


def no(words: str) -> dict[str, object]:
    return {"aerocrs": {"success": False, "details": {"detail": [words]}}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"aerocrs": {"success": True, "flight": []}}, OutcomeKind.ACCEPTED),
        (200, {"aerocrs": {"success": "True", "flight": ""}}, OutcomeKind.ACCEPTED),
        (200, {"success": True, "flight": []}, OutcomeKind.ACCEPTED),
        (200, no("Wrong credentials"), OutcomeKind.UNAUTHORISED),
        (403, no("You are not allowed to use this method"), OutcomeKind.UNAUTHORISED),
        (200, no("Missing parameter fltsFROMperiod"), OutcomeKind.REFUSED),
        (404, no("Unknown method"), OutcomeKind.MISCONFIGURED),
        (429, no("Slow down"), OutcomeKind.THROTTLED),
        (503, b"<html>", OutcomeKind.UNAVAILABLE),
        (200, b"<html>", OutcomeKind.UNREADABLE),
        (200, [1], OutcomeKind.UNREADABLE),
        (200, b'{"aerocrs":{"succ', OutcomeKind.UNREADABLE),
    ],
)
def test_what_an_answer_means(status: int, body: object, kind: OutcomeKind) -> None:
    assert answered(status, body) is kind


def test_the_ssim_text_may_hold_raw_line_ends() -> None:
    read = wire.read_answer(b'{"aerocrs":{"success":true,"flight":"1AIRLINE\r\n2LXX"}}')
    assert read is not None
    assert read.flight == "1AIRLINE\r\n2LXX"


def test_the_request_is_in_its_words() -> None:
    sent = json.loads(wire.body(mapping.parms(WEEK, AerocrsSettings(company_code="XY"))))
    assert sent == {
        "aerocrs": {
            "parms": {
                "fltsFROMperiod": "2026/03/01", "fltsTOperiod": "2026/03/09", "codeformat": "IATA",
                "soldonline": False, "ssim": True, "companycode": "XY",
            }
        }
    }  # fmt: skip


RECORD = {
    "fltnumber": "XY401", "fromdestination": "WAW", "todestination": "LTN", "std": "07:10", "sta": "08:50",
    "weekdaymon": True, "weekdaywed": True, "accode": "73H", "fltsfromperiod": "2026/03/02",
    "fltstoperiod": "2026/10/24",
}  # fmt: skip


def test_a_record_becomes_a_flight_for_each_of_its_days() -> None:
    found = [msgspec.json.decode(one, type=Found) for one in mapping.items([RECORD], WEEK)]
    assert [one.leg and one.leg.day for one in found] == [date(2026, 3, 2), date(2026, 3, 4)]
    assert all(one.local for one in found)


@pytest.mark.req("ACR-01")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"fltnumber": ""}, "flight number is missing"),
        ({"fltnumber": None}, "cannot be read"),
        ({"std": "25:00"}, "25:00"),
        ({"fltsfromperiod": "soon"}, "soon"),
    ],
)
def test_a_record_with_a_slip_says_why(change: dict[str, object], reason: str) -> None:
    (item,) = mapping.items([RECORD | change], WEEK)
    found = msgspec.json.decode(item, type=Found)
    assert found.leg is None
    assert reason in found.reason


def test_the_sandbox_opens_with_what_the_settings_say() -> None:
    assert (SANDBOX_AUTH_ID, SANDBOX_AUTH_PASSWORD) == (AUTH_ID, AUTH_PASSWORD)


def test_aircraft_by_type() -> None:
    settings = AerocrsSettings(aircraft_by_type="73h=sp-abc; AT7 = SP-XYZ,")
    assert by_type(settings) == {"73H": "SP-ABC", "AT7": "SP-XYZ"}
    assert not problems(settings)
    (problem,) = problems(AerocrsSettings(aircraft_by_type="73H: SP-ABC"))
    assert problem.field == "aircraft_by_type"
