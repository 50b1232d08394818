"""Flight watch, the journey log and MX > Fleet > CAM as pages: what they show, take, refuse, and to whom."""

from __future__ import annotations

import csv
import io
import zipfile
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from tests.web.conftest import MONDAY, House, SignIn

from airstair.kernel.actor import Actor, ActorKind
from airstair.records.fleet.queries import cam
from airstair.records.flights import commands, queries
from airstair.records.flights.books import Delay, Fuel
from airstair.records.flights.commands import LogInput, WatchInput
from airstair.records.operators.rules import Role
from airstair.web.ops.cells import typed_value, written

DAY = f"{MONDAY:%Y-%m-%d}"
HTMX = {"HX-Request": "true"}


def partner(house: House, label: str = "Tower feed") -> Actor:
    return msgspec.structs.replace(house.admin, kind=ActorKind.PARTNER, key="9", label=label)


def watched(house: House, flight_id: int) -> Any:
    return queries.flight(house.id, flight_id).watch


@pytest.mark.req("FWJ-01")
def test_flight_watch_shows_each_value_with_its_source(house: House, sign_in: SignIn) -> None:
    flight = house.flight()
    std = flight.std
    wanted = WatchInput(
        ctot=std + timedelta(minutes=12), off_block=std, take_off=std + timedelta(minutes=9), eet_minutes=130
    )
    commands.watch_flight(partner(house), flight.id, wanted)
    commands.watch_flight(house.admin, flight.id, WatchInput(pax=4, delays=(Delay("93", 12),)))
    page = sign_in().get(f"/ops/watch/?from={DAY}").content.decode()
    for said in ("CTOT 1 Mar 06:12Z: Tower feed", "BLOFF 1 Mar 06:00Z: Tower feed", "EET 2:10: Tower feed",
                 "PAX 4: Ada Admin", "Delay 93/0012: Ada Admin", "ETA 1 Mar 08:19Z: T/O + EET"):  # fmt: skip
        assert said in page
    assert "Airborne" in page


@pytest.mark.req("FWJ-01")
def test_a_cell_is_saved_by_itself_and_a_refusal_stays_in_its_cell(house: House, sign_in: SignIn) -> None:
    flight, client = house.flight(), sign_in(Role.OPS)
    row = f"/ops/watch/{flight.id}"
    assert client.post(row, {"off_block": "0605"}, headers=HTMX).status_code == 200
    refused = client.post(row, {"take_off": "0555"}, headers=HTMX)
    assert refused.status_code == 422
    assert "T/O is before BLOFF" in refused.content.decode()
    assert 'value="0555"' in refused.content.decode()
    nonsense = client.post(row, {"ctot": "late", "pax": "many"}, headers=HTMX)
    assert nonsense.status_code == 422
    assert watched(house, flight.id).ctot is None
    client.post(row, {"eet_minutes": "210", "pax": "3", "delays": "93/0012 41/0005"}, headers=HTMX)
    found = watched(house, flight.id)
    assert (found.eet_minutes, found.pax, len(found.delays)) == (130, 3, 2)
    client.post(row, {"pax": "", "delays": ""}, headers=HTMX)
    assert (watched(house, flight.id).pax, watched(house, flight.id).delays) == (None, ())
    assert client.post(row, {}, headers=HTMX).status_code == 422


def test_a_clock_is_the_nearest_to_the_schedule(house: House) -> None:
    flight = house.flight(std=MONDAY.replace(hour=23, minute=50), sta=MONDAY + timedelta(days=1, hours=2))
    for text, when in {
        "2340": MONDAY.replace(hour=23, minute=40), "0010": MONDAY + timedelta(days=1, minutes=10),
        "00:10": MONDAY + timedelta(days=1, minutes=10), "0010+1": MONDAY + timedelta(days=1, minutes=10),
    }.items():  # fmt: skip
        assert typed_value(flight, "off_block", text) == when
        assert typed_value(flight, "off_block", written(when, flight)) == when
    assert typed_value(flight, "on_block", "0155") == MONDAY + timedelta(days=1, hours=1, minutes=55)


def test_who_may_not_write_sees_no_fields_and_an_owner_only_their_aircraft(house: House, sign_in: SignIn) -> None:
    flight, other = house.flight(), house.flight(aircraft_id=house.aircraft[1].id, number="EV7")
    reader = sign_in(Role.READ_ONLY)
    assert "<input name=" not in reader.get(f"/ops/watch/?from={DAY}").content.decode()
    assert reader.post(f"/ops/watch/{flight.id}", {"pax": "1"}).status_code == 403
    owner = sign_in(Role.AIRCRAFT_OWNER)
    for page in (f"/ops/watch/?from={DAY}", f"/ops/journey-log/?to={DAY}"):
        text = owner.get(page).content.decode()
        assert "EV3810" in text and "EV7" not in text
    assert owner.get(f"/ops/watch/{other.id}").status_code == 404
    assert owner.get(f"/fleet/{house.aircraft[1].id}/cam").status_code == 404
    assert owner.get(f"/fleet/{house.aircraft[0].id}/cam").status_code == 200
    assert owner.post(f"/fleet/{house.aircraft[0].id}/cam", {}).status_code == 403


LOG = {
    "off_block_date": DAY, "off_block_time": "0600", "take_off_date": DAY, "take_off_time": "0611",
    "landing_date": DAY, "landing_time": "0820", "on_block_date": DAY, "on_block_time": "0829",
    "pax": "4", "landings": "1", "pilot_flying": "ABC", "block_fuel_amount": "5,000", "block_fuel_unit": "LB",
    "uplift_amount": "1200.5", "uplift_unit": "L", "remaining_fuel_amount": "1900", "remaining_fuel_unit": "LB",
    "apu_hours": "812.4", "delays": "93/0012",
}  # fmt: skip


@pytest.mark.req("FWJ-02")
def test_the_journey_log_is_entered_in_a_form_and_read_in_a_list(house: House, sign_in: SignIn) -> None:
    flight, client = house.flight(), sign_in(Role.OPS)
    address = f"/ops/flights/{flight.id}/times/journey_log"
    assert client.post(address, LOG).status_code == 302
    log = queries.flight(house.id, flight.id).log
    assert (log.block_fuel, log.uplift) == (Fuel(Decimal("5000.00"), "LB"), Fuel(Decimal("1200.50"), "L"))
    assert (log.apu_hours, log.landings, log.pilot_flying) == (Decimal("812.40"), 1, "ABC")
    page = client.get(f"/ops/journey-log/?to={DAY}").content.decode()
    for shown in ("5000 LB", "1200.5 L", "1900 LB", "2:09", "2:29", "93/0012", "Complete"):
        assert shown in page
    form = client.get(address).content.decode()
    assert 'value="5000"' in form and 'value="93/0012"' in form
    assert client.post(address, LOG).status_code == 302
    impossible = client.post(address, {**LOG, "landing_time": "0605", "remaining_fuel_amount": "9000"})
    assert impossible.status_code == 422
    assert "LDG is before T/O" in impossible.content.decode()
    assert "remain of" in impossible.content.decode()
    client.post(address, {**LOG, "remaining_fuel_amount": "", "pax": ""})
    log = queries.flight(house.id, flight.id).log
    assert (log.remaining_fuel, log.pax, "pax" in log.sources) == (None, None, False)


def test_incomplete_entries_can_be_asked_for(house: House, sign_in: SignIn) -> None:
    whole, part = house.flight(), house.flight(number="EV22", std=MONDAY.replace(hour=12))
    times = {"off_block": whole.std, "take_off": whole.std, "landing": whole.sta, "on_block": whole.sta}
    commands.log_flight(house.admin, whole.id, LogInput(**times))
    commands.log_flight(house.admin, part.id, LogInput(off_block=part.std))
    client = sign_in()
    page = client.get(f"/ops/journey-log/?to={DAY}&missing=1").content.decode()
    assert "EV22" in page and "EV3810" not in page and "No T/O, LDG, BLON" in page


@pytest.mark.req("API-10")
def test_the_journey_log_is_downloaded_as_it_is_looked_at(house: House, sign_in: SignIn) -> None:
    flight, client = house.flight(), sign_in(Role.OPS)
    client.post(f"/ops/flights/{flight.id}/times/journey_log", {**LOG, "pilot_flying": "=HYPERLINK(1)"})
    answer = client.get(f"/ops/journey-log/export/csv?to={DAY}&days=1")
    assert "journey-log-20270301-20270301.csv" in answer["Content-Disposition"]
    header, line = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
    found = dict(zip(header, line, strict=True))
    assert (found["Registration"], found["Air time"], found["Block fuel"]) == ("N14923", "2:09", "5000.00")
    assert found["Pilot flying"] == "'=HYPERLINK(1)"
    assert "pax: " in found["Sources"]
    book = zipfile.ZipFile(io.BytesIO(client.get(f"/ops/journey-log/export/xlsx?to={DAY}&days=1").content))
    assert b"<f>" not in book.read("xl/worksheets/sheet1.xml")
    assert b"N14923" in book.read("xl/sharedStrings.xml")
    assert client.get("/ops/journey-log/export/pdf").status_code == 404


@pytest.mark.req("OPS-03", "FWJ-03")
def test_mx_fleet_cam_takes_start_values_and_engines_and_shows_totals(house: House, sign_in: SignIn) -> None:
    aircraft, client = house.aircraft[0].id, sign_in()
    address = f"/fleet/{aircraft}/cam"
    assert "Not known yet" in client.get(address).content.decode()
    wrong = client.post(address, {"start_date": "", "start_minutes": "many", "start_cycles": "-1"})
    assert wrong.status_code == 422
    values = {
        "start_date": "2027-01-01",
        "start_minutes": "1234:30",
        "start_cycles": "800",
        "counts": "AIR",
        "cycles": "FLIGHTS",
    }
    assert client.post(address, values).status_code == 302
    engine = {
        "position": "1",
        "serial": "PCE-1",
        "start_date": "2027-01-01",
        "start_minutes": "600.5",
        "start_cycles": "7",
    }
    assert client.post(f"/fleet/{aircraft}/engines/new", engine).status_code == 302
    (known,) = cam(house.id, aircraft).engines
    assert known.start_minutes == 600 * 60 + 30
    flight = house.flight()
    client.post(f"/ops/flights/{flight.id}/times/journey_log", LOG)
    page = client.get(address).content.decode()
    for shown in ("1236:39", "1236.6", "801", "602:39", "PCE-1", "812.40", "Mar 2027"):
        assert shown in page
    assert "1236:39" in client.get("/fleet/cam").content.decode()
    edited = f"/fleet/{aircraft}/engines/{known.id}"
    assert client.post(edited, {**engine, "removed_on": "2026-12-31"}).status_code == 422
    assert client.post(edited, {**engine, "removed_on": "2027-02-01"}).status_code == 302
    assert "until 1 Feb 2027" in client.get(address).content.decode()
    assert client.post(edited, {"drop": "1"}).status_code == 302
    assert cam(house.id, aircraft).engines == ()
    assert client.get(f"/fleet/{aircraft}/engines/{known.id}").status_code == 404
