"""The panel, the editors and the buttons of flights, trips and events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.web.conftest import MONDAY

from airstair.changes.queries import trail
from airstair.records.flights import commands, queries
from airstair.records.flights.rules import Book, Status
from airstair.records.operators.rules import Role

HTMX = {"HX-Request": "true"}


def typed(flight: Any, /, **changed: str) -> dict[str, str]:
    """What a browser sends for the flight's form as it was loaded, with some fields changed."""
    values = {
        "aircraft_id": str(flight.aircraft_id), "number": flight.number, "status": flight.status.value,
        "adep": flight.adep, "ades": flight.ades, "altn": flight.altn, "altn2": flight.altn2,
        "std_date": f"{flight.std:%Y-%m-%d}", "std_time": f"{flight.std:%H:%M}",
        "sta_date": f"{flight.sta:%Y-%m-%d}", "sta_time": f"{flight.sta:%H:%M}",
        "flight_type": flight.flight_type, "regulation": flight.regulation, "flight_rules": flight.flight_rules,
        "sales_type": flight.sales_type, "pax_count": str(flight.pax_count), "pax_list": "", "crew": "",
        "cargo_kg": str(flight.cargo_kg), "catering_kg": str(flight.catering_kg), "notes": flight.notes,
        "as_of": str(flight.revision),
    }  # fmt: skip
    return {**values, **changed}


def edit_address(flight: Any) -> str:
    return f"/ops/flights/{flight.id}/edit"


def read(flight: Any) -> Any:
    return queries.flight(flight.operator_id, flight.id)


def test_every_field_of_a_flight_can_be_edited(house, sign_in) -> None:
    before = house.flight()
    answer = sign_in(Role.OPS).post(
        edit_address(before),
        typed(
            before, aircraft_id=str(house.aircraft[1].id), number="KXA22", adep="TEB", ades="KBOS", altn="KPVD",
            altn2="BDL", std_time="0715", sta_time="8:30Z", status="OPTION", flight_type="PRIVATE",
            regulation="PART_91", flight_rules="Y", sales_type="OWNER", pax_count="", pax_male="2", pax_child="1",
            pax_list="Ann Lee; female\nBo Lee", crew="CPT ABC, FO=DEF", cargo_kg="120", catering_kg="15", notes="Dog",
        ),
    )  # fmt: skip
    assert answer.status_code == 302, answer.content.decode()
    after = read(before)
    assert (after.registration, after.number, after.adep, after.ades) == ("N16561", "KXA22", "KTEB", "KBOS")
    assert (after.altn, after.altn2, after.status) == ("KPVD", "KBDL", Status.OPTION)
    assert (after.std, after.sta) == (MONDAY + timedelta(hours=7.25), MONDAY + timedelta(hours=8.5))
    assert (after.flight_type, after.regulation, after.flight_rules, after.sales_type) == (
        "PRIVATE", "PART_91", "Y", "OWNER",
    )  # fmt: skip
    assert (after.pax_count, after.pax_by_category) == (3, {"male": 2, "child": 1})
    assert [p["name"] for p in after.pax_list] == ["Ann Lee", "Bo Lee"]
    assert (after.crew, after.cargo_kg, after.catering_kg) == ({"CPT": "ABC", "FO": "DEF"}, 120, 15)
    assert after.notes == "Dog"


def test_a_form_saved_untouched_changes_nothing(house, sign_in) -> None:
    before = house.flight(
        crew={"CPT": "ABC"}, pax_by_category={"male": 1}, pax_list=(commands.Passenger(name="Ann", category="male"),)
    )
    client = sign_in()
    form = client.get(edit_address(before)).context["form"]
    loaded: dict[str, str] = {}
    for name in form.fields:
        bound = form[name]
        value = bound.value()
        if name in ("std", "sta"):
            loaded |= {f"{name}_date": f"{value:%Y-%m-%d}", f"{name}_time": f"{value:%H:%M}"}
        elif name != "ferry":
            loaded[name] = "" if value is None else str(getattr(value, "value", value))
    assert client.post(edit_address(before), {**loaded, "as_of": str(before.revision)}).status_code == 302
    assert read(before) == before
    assert len(trail(house.id)) == len([line for line in trail(house.id) if line.seq <= before.revision])


WRONG = [
    ({"adep": "EWRR"}, "adep", "is not the code of an airport"),
    ({"adep": "KEWQ"}, "adep", "Nearest:"),
    ({"ades": ""}, "ades", "An airport is missing"),
    ({"std_time": "2561"}, "std", "is not a time of day"),
    ({"std_date": "2027-02-31"}, "std", "is not a day"),
    ({"std_date": ""}, "std", "no day"),
    ({"std_time": ""}, "std", "no time"),
    ({"std_date": "", "std_time": ""}, "std", "missing"),
    ({"sta_time": "0500"}, "sta", "is not after STD"),
    ({"sta_date": "2027-03-09"}, "sta", "longer than 24 hours"),
    ({"std_date": "9999-12-31", "sta_date": "9999-12-31"}, "std", "out of range"),
    ({"aircraft_id": "1"}, "aircraft_id", "no such aircraft"),
    ({"aircraft_id": ""}, "aircraft_id", "Choose an aircraft"),
    ({"aircraft_id": "9" * 40}, "aircraft_id", "no such aircraft"),
    ({"aircraft_id": "-5"}, "aircraft_id", "no such aircraft"),
    ({"status": "MAYBE"}, "status", "is not one of them"),
    ({"flight_type": "FUN"}, "flight_type", "is not one of them"),
    ({"pax_count": "-1"}, "pax_count", "whole number from 0"),
    ({"pax_count": "99999999999999999999"}, "pax_count", "whole number"),
    ({"pax_male": "x"}, "pax_male", "whole number"),
    ({"pax_male": "-3"}, "pax_male", "whole number"),
    ({"pax_list": "Ann; dog"}, "pax_list", "is not one of them"),
    ({"crew": "CPT A*"}, "crew", "crew member"),
    ({"number": "TOO-LONG-A-NUMBER"}, "number", "does not fit"),
    ({"notes": "x" * 10_001}, "notes", "Shorten it"),
    ({"cargo_kg": "1e9"}, "cargo_kg", "whole number"),
]


@pytest.mark.parametrize(("changed", "field", "words"), WRONG)
def test_wrong_input_is_refused_at_its_field_and_kept(house, sign_in, changed: Any, field: str, words: str) -> None:
    before = house.flight()
    answer = sign_in().post(edit_address(before), typed(before, **changed))
    assert answer.status_code == 422
    form = answer.context["form"]
    assert words in " ".join(form.errors[field]), dict(form.errors)
    assert read(before) == before, "nothing was written"
    for name, value in changed.items():
        assert form.data[name] == value, "what was typed is still there"


def test_a_flight_of_another_operators_aircraft_is_refused(house, other_house, sign_in) -> None:
    before = house.flight()
    answer = sign_in().post(edit_address(before), typed(before, aircraft_id=str(other_house.aircraft[0].id)))
    assert answer.status_code == 422
    assert "no such aircraft" in answer.content.decode()


def test_a_field_that_two_people_change_is_a_conflict_and_others_are_kept(house, sign_in) -> None:
    seen = house.flight()
    commands.change_flight(house.admin, seen.id, commands.FlightEdit(altn="KSAV", notes="Fuel"))
    client = sign_in(Role.OPS)
    conflict = client.post(edit_address(seen), typed(seen, altn="KMCO"))
    assert conflict.status_code == 409
    text = conflict.content.decode()
    assert "Ada Admin changed altn to KSAV" in text
    assert "Load the flight again" in text
    assert client.post(edit_address(seen), typed(seen, number="KXA5")).status_code == 302
    after = read(seen)
    assert (after.number, after.altn, after.notes) == ("KXA5", "KSAV", "Fuel"), "the colleague's edit survived"


@pytest.mark.req("OPS-16")
def test_the_editor_warns_at_once_and_saves_all_the_same(house, sign_in) -> None:
    house.flight(number="ONE")
    second = house.flight(number="TWO", std=MONDAY + timedelta(hours=12), adep="KJAX", ades="KEWR")
    client = sign_in()
    assert "notice warn" not in client.get(edit_address(second)).content.decode()
    overlapping = typed(second, std_time="0800", sta_time="1000", flight=str(second.id))
    said = client.post("/ops/flights/check", overlapping, headers=HTMX).content.decode()
    assert "before the one before it ends" in said
    broken = typed(second, adep="KBOS", flight=str(second.id))
    said = client.post("/ops/flights/check", broken, headers=HTMX).content.decode()
    assert "Starts at KBOS, but the aircraft is left at KJAX." in said
    assert (
        client.post("/ops/flights/check", typed(second, adep="KBOS", status="OPTION"), headers=HTMX).content.strip()
        == b""
    )
    assert client.post(edit_address(second), overlapping).status_code == 302
    assert read(second).std == MONDAY + timedelta(hours=8)
    assert "before the one before it ends" in client.get(f"/ops/flights/{second.id}").content.decode()


@pytest.mark.parametrize("junk", [{}, {"std_date": "x"}, {"aircraft_id": "9" * 30}, {"std_date": "9999-12-31"}])
def test_half_typed_values_warn_of_nothing(house, sign_in, junk: dict[str, str]) -> None:
    flight = house.flight()
    answer = sign_in().post("/ops/flights/check", {**typed(flight), **junk} if junk else {}, headers=HTMX)
    assert answer.status_code == 200


def test_cancel_restore_delete_and_swap(house, sign_in) -> None:
    flight = house.flight(status=Status.OPTION)
    client = sign_in(Role.OPS)
    client.post(f"/ops/flights/{flight.id}/cancel")
    assert read(flight).status is Status.CANCELLED
    client.post(f"/ops/flights/{flight.id}/restore")
    assert read(flight).status is Status.OPTION
    answer = client.post(f"/ops/flights/{flight.id}/swap", {"aircraft_id": str(house.aircraft[1].id)}, headers=HTMX)
    assert read(flight).registration == "N16561"
    named = {f"aircraft:{one.id}" for one in house.aircraft}
    assert all(one in answer.headers["HX-Trigger"] for one in named), "both lanes are drawn anew"
    client.post(f"/ops/flights/{flight.id}/delete")
    assert read(flight).deleted
    page = client.get(f"/ops/flights/{flight.id}").content.decode()
    assert "Deleted" in page
    assert "Restore" in page


def test_buttons_need_their_right(house, sign_in) -> None:
    flight = house.flight()
    reader = sign_in(Role.READ_ONLY)
    page = reader.get(f"/ops/flights/{flight.id}").content.decode()
    assert "/cancel" not in page
    assert "/edit" not in page
    for path in ("cancel", "delete", "swap", "edit", "empty-leg", "services", "times/flight_watch", "verify"):
        address = f"/ops/flights/{flight.id}/{path}"
        data = {"aircraft_id": str(house.aircraft[1].id)} if path == "swap" else {}
        assert reader.post(address, data).status_code in (403, 404), path
    assert read(flight) == flight


@pytest.mark.req("OPS-14")
def test_only_who_may_verify_sees_the_button_and_an_edit_ends_the_word(house, sign_in) -> None:
    flight = house.flight()
    client = sign_in(Role.OPS)
    address = f"/ops/flights/{flight.id}/empty-leg"
    too_long = {
        "price": "12,500", "currency": "eur", "marketing_start_date": "2027-03-01", "marketing_start_time": "0000",
        "marketing_end_date": "2027-03-07", "marketing_end_time": "0000",
    }  # fmt: skip
    refused = client.post(address, too_long)
    assert refused.status_code == 422
    assert "five days" in " ".join(refused.context["form"].errors["marketing_end"])
    assert client.post(address, {**too_long, "marketing_end_date": "2027-03-05"}).status_code == 302
    offer = read(flight).empty_leg
    assert (str(offer.price), offer.currency, offer.verified) == ("12500.00", "EUR", False)
    client.post(f"/ops/flights/{flight.id}/verify")
    assert read(flight).empty_leg.verified_by == "Ops Person"
    client.post(edit_address(flight), typed(read(flight), sta_time="0900"))
    assert not read(flight).empty_leg.verified
    assert "Not yet" in client.get(f"/ops/flights/{flight.id}").content.decode()
    assert "/verify" not in sign_in(Role.CREW_CONTROL).get(f"/ops/flights/{flight.id}").content.decode()


@pytest.mark.req("HUB-30")
def test_each_actual_time_shows_who_said_it(house, sign_in) -> None:
    flight = house.flight()
    house.invite(Role.CREW_CONTROL)
    crew = sign_in(email=house.email("crew-control"))
    day = {"off_block_date": "2027-03-01", "off_block_time": "0604"}
    assert crew.post(f"/ops/flights/{flight.id}/times/flight_watch", day).status_code == 302
    wanted = commands.TimesInput(on_block=MONDAY + timedelta(hours=8, minutes=41))
    commands.set_times(house.admin, flight.id, Book.FLIGHT_WATCH, wanted)
    page = sign_in().get(f"/ops/flights/{flight.id}").content.decode()
    assert 'title="1 Mar 2027 06:04Z, flight watch: Crew_Control Person">06:04Z<abbr class="src">W' in page
    assert 'title="1 Mar 2027 08:41Z, flight watch: Ada Admin">08:41Z<abbr class="src">W' in page


def test_impossible_times_name_the_pair(house, sign_in) -> None:
    flight = house.flight()
    times = {
        "off_block_date": "2027-03-01",
        "off_block_time": "0604",
        "take_off_date": "2027-03-01",
        "take_off_time": "0600",
    }
    answer = sign_in().post(f"/ops/flights/{flight.id}/times/journey_log", times)
    assert answer.status_code == 422
    assert "T/O is before BLOFF" in " ".join(answer.context["form"].errors["take_off"])
    assert read(flight).times == {}


def test_services_are_saved_as_a_whole_and_refused_as_a_whole(house, sign_in) -> None:
    flight = house.flight()
    client, address = sign_in(), f"/ops/flights/{flight.id}/services"
    row = {"kind": ["FUEL", ""], "airport": ["KEWR", "KEWR"], "served": ["ALL", "ALL"], "provider_name": ["Shell", ""]}
    assert client.post(address, row).status_code == 422
    full = {**row, "provider_id": ["S-1", ""], "source": ["PROPRIETARY", "PROPRIETARY"], "note": ["", ""]}
    assert client.post(address, full).status_code == 302
    (service,) = read(flight).services
    assert (service.kind, service.provider_name, service.airport) == ("FUEL", "Shell", "KEWR")
    assert client.post(address, {}).status_code == 302
    assert read(flight).services == ()


def leg(prefix: str, **changed: str) -> dict[str, str]:
    values = {
        "aircraft_id": "", "number": "KXA1", "adep": "KEWR", "ades": "KJAX", "std_date": "2027-03-01",
        "std_time": "0600", "sta_date": "", "sta_time": "", "flight_type": "COMMERCIAL", "flight_rules": "I",
        "sales_type": "PAX",
    } | changed  # fmt: skip
    return {f"{prefix}-{name}": value for name, value in values.items()}


def test_a_trip_is_made_with_its_flights(house, sign_in) -> None:
    plane = str(house.aircraft[0].id)
    form = {"status": "OPTION", "client": "Harbour Ltd", "booked_from": "avinode:asellerlift-1", "legs": "2"}
    answer = sign_in(Role.SALES).post(
        "/ops/trips/new",
        form | leg("f0", aircraft_id=plane) | leg("f1", aircraft_id=plane, adep="KJAX", ades="KEWR", std_time="1200"),
    )
    assert answer.status_code == 302, answer.content.decode()
    trip = queries.trip(house.id, int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert (trip.client, trip.booked_from, trip.status) == ("Harbour Ltd", ("avinode:asellerlift-1",), Status.OPTION)
    assert [(f.adep, f.ades, f.status) for f in trip.flights] == [
        ("KEWR", "KJAX", Status.OPTION), ("KJAX", "KEWR", Status.OPTION),
    ]  # fmt: skip
    assert trip.flights[0].sta > trip.flights[0].std, "estimated from the aircraft's performance"


def test_what_is_wrong_with_the_second_flight_is_said_there(house, sign_in) -> None:
    plane = str(house.aircraft[0].id)
    answer = sign_in().post(
        "/ops/trips/new",
        {"status": "CONFIRMED", "legs": "2"} | leg("f0", aircraft_id=plane) | leg("f1", aircraft_id=plane, ades="QQQQ"),
    )
    assert answer.status_code == 422
    (_, first), (_, second) = answer.context["legs"]
    assert not first.errors
    assert "is not the code of an airport" in " ".join(second.errors["ades"])


@pytest.mark.req("OPS-16")
def test_a_new_trip_that_does_not_fit_is_saved_and_says_so(house, sign_in) -> None:
    house.flight(number="ONE", std=MONDAY + timedelta(hours=5))
    plane = str(house.aircraft[0].id)
    answer = sign_in().post(
        "/ops/trips/new",
        {"status": "CONFIRMED", "legs": "2"}
        | leg("f0", aircraft_id=plane)
        | leg("f1", aircraft_id=plane, adep="KBOS", ades="KEWR", std_time="1500"),
        follow=True,
    )
    page = answer.content.decode()
    assert "created with 2 flights" in page
    assert "before the one before it ends" in page
    assert "Starts at KBOS, but the aircraft is left at KJAX." in page


def test_a_trips_status_goes_to_its_flights(house, sign_in) -> None:
    trip = house.trip(house.leg(), house.leg(std=MONDAY + timedelta(hours=12), adep="KJAX", ades="KEWR"))
    client = sign_in()
    client.post(f"/ops/trips/{trip.id}/status", {"status": "CANCELLED"})
    assert {f.status for f in queries.trip(house.id, trip.id).flights} == {Status.CANCELLED}
    assert client.post(f"/ops/trips/{trip.id}/status", {"status": "LOST"}).status_code == 422


def test_events_are_added_changed_and_deleted(house, sign_in) -> None:
    client = sign_in(Role.MAINTENANCE)
    values = {
        "kind": "MAINTENANCE", "aircraft_id": str(house.aircraft[0].id), "airport": "EWR", "title": "A-check",
        "start_date": "2027-03-01", "start_time": "0800", "end_date": "2027-03-01", "end_time": "0700",
    }  # fmt: skip
    wrong = client.post("/ops/events/new", values)
    assert wrong.status_code == 422
    assert "not after its start" in " ".join(wrong.context["form"].errors["end"])
    made = client.post("/ops/events/new", {**values, "end_date": "2027-03-02"})
    address = made.headers["Location"]
    assert (
        client.post("/ops/events/new", {**values, "end_date": "2027-03-02", "kind": "RESERVATION"}).status_code == 403
    )
    client.post(address, {**values, "end_date": "2027-03-03", "title": "C-check"})
    event = queries.event(house.id, int(address.rsplit("/", 1)[1]))
    assert (event.title, event.airport, event.end) == ("C-check", "KEWR", MONDAY + timedelta(days=2, hours=7))
    client.post(f"{address}/delete")
    assert queries.event(house.id, event.id).deleted


@pytest.mark.req("OPS-07")
def test_airports_are_suggested_while_somebody_types(house, sign_in) -> None:
    client = sign_in()
    options = client.get("/ops/airports?q=newar").content.decode()
    assert '<option value="KEWR">' in options
    assert "Newark" in options
    assert '<option value="KTEB">' in client.get("/ops/airports?q=TEB").content.decode()
    assert client.get("/ops/airports?q=").content.strip() == b""
    assert client.get("/ops/airports", {"q": "<b>" * 40}).status_code == 200


def test_the_history_tells_who_changed_what(house, sign_in) -> None:
    flight = house.flight()
    commands.change_flight(house.admin, flight.id, commands.FlightEdit(number="KXA9"))
    page = sign_in().get(f"/ops/flights/{flight.id}").content.decode()
    assert "Ada Admin" in page
    assert "<del>EV3810</del> → <ins>KXA9</ins>" in page
    assert "History" not in sign_in(Role.READ_ONLY).get(f"/ops/flights/{flight.id}").content.decode()
