"""Statuses, services and fall-backs: the tables themselves, walked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from airstair.records.checklist.rules import (
    DESIGNATIONS,
    FALL_BACKS,
    SECTIONS,
    SERVICES,
    STARTING_ITEMS,
    STATUSES,
    AutoAdd,
    fall_back,
    nearest,
    overall,
    proposed_times,
    stands_unasked,
    status_for,
    unticked_sides,
)

# Row by row as the vendor publishes it, in another form than the product's own file.
_PUBLISHED = {
    "RQS RQS RQS CNF CNF REJ NAP": "CATERING_ADEP HANDLING_ADEP HANDLING_ADES PAX_TRANSPORT_ADEP PAX_TRANSPORT_ADES "
    "PPR_ADEP PPR_ADES SLOT_ADEP SLOT_ADES TAKE_OFF_PERMIT_ADEP VIP_LOUNGE_ADEP VIP_LOUNGE_ADES",
    "RQS RQS RQS YES YES QSM NAP": "CREW_TRANSPORT_ADEP CREW_TRANSPORT_ADES FUEL_ADEP",
    "PRS PRS PRS CNF CNF REJ NAP": "PRELIMINARY_FPL_PREPARATION_ADEP FINAL_FPL_PREPARATION_ADEP",
    "OKI OKI OKI ACK ACK NOO NAP": "ATC_FPL_FILING_ADEP",
    "RQS RQS RQS ACK ACK QSM NAP": "WEATHER_PACKAGE_ADEP JEPPESEN_CHARTS_ADEP",
    "PRS PRS CNF CNF CNF REJ NAP": "AIRPORT_FEES_ADEP AIRPORT_FEES_ADES CREW_VISA_ADES API_ADEP API_ADES "
    "SECURITY_ADEP SECURITY_ADES SUPERVISION_ADEP SUPERVISION_ADES EQUIPMENT_ADEP EQUIPMENT_ADES",
    "RQS RQS CNF CNF CNF REJ NAP": "TECHNICAL_LANDING_ADES HOTEL_ADES PARKING_ADES CBP_US_ADEP CBP_US_ADES "
    "CATERING_ADES HANGAR_ADEP HANGAR_ADES",
    "PRS PRS COM COM COM REJ NAP": "STANDARD_BRIEFING_ADEP STANDARD_EROPS_BRIEFING_ADEP",
    "YES YES YES YES YES QSM NAP": "EAPIS_ADEP EAPIS_ADES",
}


@pytest.mark.req("CHK-02")
def test_forty_three_services_by_seven_designations_are_as_published():
    wanted = {service: row.split() for row, services in _PUBLISHED.items() for service in services.split()}
    assert len(wanted) == 43 and set(wanted) == set(SERVICES)
    assert len(DESIGNATIONS) == 7
    for service, row in wanted.items():
        for designation, status in zip(DESIGNATIONS, row, strict=True):
            assert status_for(service, designation, STATUSES) == status, (service, designation)


@pytest.mark.req("CHK-02")
def test_every_status_has_an_id_a_caption_a_short_code_and_a_colour():
    captions = {one.caption.lower() for one in STATUSES.values()}
    wanted = (
        "untouched,?,requested,confirmed,rejected,not applicable,in progress,yes,no,completed,acknowledged,ok,pending"
    )
    assert captions == set(wanted.split(","))
    for id_, one in STATUSES.items():
        assert id_ == one.id and len(id_) == 3 and id_.isupper() and one.caption and one.abbreviation
        assert one.colour in ("red", "orange", "green", "grey")
        # What somebody still has to see to is never green; what nobody was asked for is never doubted by a change.
        assert one.open == (one.colour in ("red", "orange"))
    assert len({one.abbreviation for one in STATUSES.values()}) == len(STATUSES) == 13


@pytest.mark.req("CHK-01", "CHK-05")
def test_items_are_grouped_by_airport_and_section_and_catering_is_in_pax():
    assert {one.side for one in STARTING_ITEMS.values()} == {"ADEP", "ADES", ""}
    assert {one.section for one in STARTING_ITEMS.values()} <= set(SECTIONS)
    assert {STARTING_ITEMS[f"CATERING_{side}"].section for side in ("ADEP", "ADES")} == {"PAX"}
    assert {"HANDLING", "SLOT", "FUEL", "CATERING", "PPR", "PAX_TRANSPORT", "HOTEL", "FBO", "TAKE_OFF_PERMIT"} <= {
        one.kind for one in STARTING_ITEMS.values()
    }


def test_a_status_that_is_switched_off_gives_way_to_the_nearest_of_its_colour():
    allowed = set(STATUSES)
    assert nearest("CNF", allowed) == "CNF"
    assert nearest("CNF", allowed - {"CNF"}) == "ACK"
    assert nearest("RQS", allowed - {"RQS"}) == "PND"
    assert nearest("CNF", {"UNT", "RQS", "REJ"}) == "QSM" == nearest("NAP", {"CNF"})
    assert status_for("FUEL_ADEP", "CONFIRMED", {"UNT", "CNF"}) == "CNF"


@pytest.mark.req("CHK-01")
def test_the_colour_of_a_group():
    cases = {
        (): "grey", ("NAP", "NAP"): "grey", ("CNF", "NAP"): "green", ("CNF", "YES", "OKI"): "green",
        ("CNF", "RQS"): "orange", ("RQS", "QSM"): "red", ("UNT",): "red", ("REJ", "CNF"): "red",
        ("PND", "NAP"): "orange",
    }  # fmt: skip
    for statuses, colour in cases.items():
        assert overall(statuses) == colour, statuses


@pytest.mark.req("CHK-03", "MFC-73")
def test_what_asked_items_fall_back_to():
    # change × side × through an application → status; nothing: it stays
    table = {
        ("std", "ADEP", False): "QSM", ("std", "ADES", False): "", ("std", "", False): "QSM", ("std", "ADEP", True): "",
        ("sta", "ADEP", False): "", ("sta", "ADES", False): "QSM", ("sta", "ADES", True): "",
        ("adep", "ADEP", False): "REJ", ("adep", "ADES", False): "REJ", ("adep", "ADEP", True): "REJ",
        ("adep", "ADES", True): "REJ", ("ades", "ADES", False): "REJ", ("ades", "ADES", True): "REJ",
        ("ades", "ADEP", False): "", ("ades", "ADEP", True): "",
        ("aircraft", "ADEP", False): "QSM", ("aircraft", "ADES", True): "QSM", ("handler", "ADEP", False): "QSM",
        ("cancelled", "ADEP", False): "REJ", ("cancelled", "ADEP", True): "",
        ("passengers", "ADEP", False): "", ("crew", "ADES", True): "", ("purpose", "", False): "",
    }  # fmt: skip
    for (change, side, via), status in table.items():
        assert fall_back({change}, side, via=via) == status, (change, side, via)
    assert {change for change, _, _ in table} == set(FALL_BACKS)
    assert fall_back({"std", "ades"}, "ADES", via=False) == "REJ", "the worse of two"
    assert unticked_sides({"ades"}) == {"ADES"} and unticked_sides({"adep", "std"}) == {"ADEP"}
    assert not unticked_sides({"aircraft", "cancelled", "std"})


@pytest.mark.req("CHK-01")
def test_on_which_flights_an_item_stands_unasked():
    def stands(
        rule: str, pax: int = 0, flight_type: str = "PRIVATE", countries: tuple[str, str] = ("US", "US")
    ) -> bool:
        return stands_unasked(rule, pax=pax, flight_type=flight_type, countries=countries)

    assert stands("always") and not stands("")
    assert stands("pax", pax=2) and not stands("pax")
    assert stands("commercial", flight_type="COMMERCIAL") and not stands("commercial")
    assert (
        stands("abroad", countries=("US", "CA")) and not stands("abroad") and not stands("abroad", countries=("", "CA"))
    )
    assert all(one.label for one in AutoAdd)


def test_accepting_one_time_takes_the_other_along():
    std = datetime(2031, 4, 7, 8, 15, tzinfo=UTC)
    sta, later = std + timedelta(hours=2), timedelta(minutes=25)
    assert proposed_times(std, sta, std + later, None) == (std + later, sta + later)
    assert proposed_times(std, sta, None, sta + later) == (std + later, sta + later)
    assert proposed_times(std, sta, std + later, sta) == (std + later, sta)
    assert proposed_times(std, sta, None, None) == (std, sta)
