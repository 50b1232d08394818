"""Whatever an address or a form holds, nobody is shown a fault of ours, and nothing of another operator."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import get_resolver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.web.conftest import MONDAY, House

from airstair.changes.models import Change
from airstair.records.crewing.commands import DutyInput, add_duty
from airstair.records.endorsements.commands import DefinitionInput, EndorsementInput, add_definition, add_endorsement
from airstair.records.flights import commands
from airstair.records.people.commands import (
    CrewMemberInput,
    DocumentInput,
    PassengerInput,
    add_crew_member,
    add_document,
    add_passenger,
)

JUNK = [
    "", "x", "-1", "0", "9" * 30, "1e9", "NaN", "2027-02-31", "9999-12-31", "\x00", "a\x00b", "\ud7ff", "‮", "😀",
    "'; DROP TABLE x; --", "<script>", "%s%s%n", "../../etc/passwd", "a" * 20_000, "null", "[]", "{{7*7}}",
]  # fmt: skip

TURNS = 8


def dealt(names: tuple[str, ...], turn: int, seat: int) -> dict[str, str]:
    """Each name with some junk: another at every turn, and another at every address, so that all of it is tried."""
    return {name: JUNK[(at + 3 * turn + 5 * seat) % len(JUNK)] for at, name in enumerate(names)}


def addresses(house: House) -> list[str]:
    """Every page of ours (not the add-ons', which have tests of their own), with things that there are."""
    flight = house.flight()
    event = commands.add_event(
        house.admin,
        commands.EventInput(
            aircraft_id=house.aircraft[0].id, kind="AOG", airport="KEWR", start=MONDAY, end=MONDAY.replace(hour=9)
        ),
    )
    known = {
        "flight_id": flight.id, "trip_id": flight.trip_id, "event_id": event.id, "aircraft_id": house.aircraft[0].id,
        "membership_id": 1, "subsidiary_id": 1, "key_id": 1, "grant_id": 1, "action": "cancel", "book": "flight_watch",
        "webhook_id": 1, "delivery_id": 1,
        "connection_id": 1, "flow": "schedule", "run_id": 1,
        "engine_id": 1, "kind": "csv", "side": "ADEP", "definition_key": "HANDLING_ADEP", "file_id": 1, "handler_id": 1,
        "application_id": 1, **_people(house),
    }  # fmt: skip
    found = []
    for pattern in get_resolver("airstair.web.urls").url_patterns:
        if name := getattr(pattern, "name", None):
            for path, parameters in get_resolver("airstair.web.urls").reverse_dict.getlist(name)[0][0]:
                found.append("/" + path % {p: known[p] for p in parameters})
    assert len(found) > 40
    return found


def _people(house: House) -> dict[str, object]:
    """A crew member with a duty, a document and an endorsement; a passenger."""
    wanted = CrewMemberInput(code="ABC", first_name="Ann", last_name="Aviator", home_base="KEWR", positions=("CPT",))
    crew = add_crew_member(house.admin, wanted).id
    end = MONDAY + timedelta(hours=8)
    duty = add_duty(house.admin, DutyInput(crew_member_id=crew, kind="SIMULATOR", start=MONDAY, end=end))
    kind = add_definition(house.admin, DefinitionInput(name="LPC"))
    passenger = add_passenger(house.admin, PassengerInput(first_name="Pat", last_name="Passenger"))
    return {
        "crew_member_id": crew, "holder_id": crew, "duty_id": duty.id, "definition_id": kind.id,
        "endorsement_id": add_endorsement(house.admin, crew, EndorsementInput(definition_id=kind.id)).id,
        "document_id": add_document(house.admin, crew, DocumentInput(kind="passport", number="P1")).id,
        "shelf": "passengers", "entry_id": passenger.id,
    }  # fmt: skip


def test_no_parameter_makes_a_fault(house, sign_in) -> None:
    client = sign_in()
    names = (
        "from",
        "days",
        "view",
        "q",
        "ids",
        "aircraft",
        "status",
        "airport",
        "n",
        "unit",
        "who",
        "to",
        "before",
        "code",
        "after",
        "next",
        "position",
        "left",
        "state",
        "kind",
        "day",
        "base",
        "flight",
    )
    for seat, address in enumerate(addresses(house)):
        for turn in range(TURNS):
            given_now = dealt(names, turn, seat)
            answer = client.get(address, given_now)
            assert answer.status_code in (200, 302, 400, 403, 404, 405, 409, 422), (address, given_now)
            if answer.status_code == 405:
                break


@pytest.mark.parametrize("turn", range(TURNS))
def test_no_form_makes_a_fault(house, sign_in, turn: int) -> None:
    client = sign_in()
    names = (
        "aircraft_id", "number", "status", "adep", "ades", "std_date", "std_time", "sta_date", "sta_time",
        "altn", "as_of", "flight", "pax_count", "pax_male", "pax_list", "crew", "notes", "legs",
        "f0-aircraft_id", "f0-adep", "f0-std_date", "f0-std_time", "kind", "airport", "start_date",
        "start_time", "end_date", "end_time", "title", "price", "currency", "marketing_start_date",
        "marketing_start_time", "off_block_date", "off_block_time", "served", "provider_id", "registration",
        "home_base", "seats", "ctot", "pax", "delays", "eet_minutes", "off_block", "apu_hours", "block_fuel_amount",
        "block_fuel_unit", "ctot_date", "ctot_time", "start_minutes", "start_cycles", "serial", "counts",
        "subsidiary_id", "name", "email", "code", "role", "granted", "password", "p-new",
        "first_name", "last_name", "positions", "born", "issued", "expires", "definition_id", "warn_days", "place",
        "crew_member_id", "start", "end", "category", "company_id", "nationality", "country", "when_expiring",
        "service", "adep_handler_id", "details-FUEL_ADEP", "handler_id", "what", "confirmation", "details", "note",
        "airports", "frequency", "services", "label", "section", "side", "auto_add", "default_status", "statuses",
        "kept", "test_address", "file", "latitude", "longitude", "base_time_zone", "current", "new", "operator",
        "client", "booked_from",
    )  # fmt: skip
    for seat, address in enumerate(addresses(house)):
        if address in ("/sign-out", "/sign-in"):
            continue
        given_now = dealt(names, turn, seat)
        answer = client.post(address, given_now)
        assert answer.status_code in (200, 204, 302, 400, 403, 404, 405, 409, 422), (address, given_now)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_methods_are_refused(house, sign_in, method: str) -> None:
    client = sign_in()
    for address in addresses(house):
        answer = getattr(client, method)(address)
        assert answer.status_code == 405, address
        assert answer.headers["Allow"]


@pytest.mark.parametrize(
    "path",
    ["/ops/flights/0", "/ops/flights/-1", f"/ops/flights/{'9' * 18}", f"/ops/flights/{'9' * 40}", "/ops/flights/1.5",
     "/ops/flights/%ff%fe", "/fleet/%00", "/ops/trips/99", "/no-such-page", "/ops/flights/1/../2", "/settings/users/7"],
)  # fmt: skip
def test_addresses_that_name_nothing_are_not_found(sign_in, path: str) -> None:
    answer = sign_in().get(path)
    assert answer.status_code == 404
    assert "not found" in answer.content.decode().lower()


def test_broken_bodies_are_refused(sign_in) -> None:
    client = sign_in()
    for body, kind in (
        (b"\xff\xfe%zz=%ff&adep=%C3%28", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--", "multipart/form-data"),
        (b'{"a":', "application/json"),
        (b"&".join(b"f%d=1" % n for n in range(3000)), "application/x-www-form-urlencoded"),
    ):
        answer = client.generic("POST", "/ops/trips/new", body, content_type=kind)
        assert answer.status_code in (400, 422), kind


def test_nothing_of_another_operator_is_ever_found(house, other_house, sign_in) -> None:
    client = sign_in()
    theirs = addresses(other_house)
    mine = {address for address in theirs if not any(part.isdigit() for part in address.split("/"))}
    before = Change.objects.count()
    for address in set(theirs) - mine:
        for answer in (client.get(address), client.post(address, {"aircraft_id": str(house.aircraft[0].id)})):
            assert answer.status_code in (404, 405), address
    assert Change.objects.count() == before
    page = client.get("/ops/?from=2027-03-01&days=7").content.decode()
    assert "D-CABC" not in page
    assert client.get(f"/ops/?aircraft={other_house.aircraft[0].id}").content.decode().count('class="tl-row"') == 0
    trail = client.get(f"/settings/audit/?unit=aircraft:{other_house.aircraft[0].id}").content.decode()
    assert "D-CABC" not in trail


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(st.sampled_from(["from", "days", "q", "aircraft", "status", "airport", "view"]), st.text())
)
def test_any_text_in_the_boards_address(signed_in: Client, query: dict[str, str]) -> None:
    text = {name: value.encode("utf-8", "replace").decode() for name, value in query.items()}
    assert signed_in.get("/ops/", text).status_code in (200, 400)


@pytest.fixture
def signed_in(sign_in) -> Client:
    return sign_in()
