"""Crew positions by the names that rosters use: where somebody sits, and as what. A table; nothing is computed."""

from __future__ import annotations

import re

from airstair.api.leon.nids import position_nid

_WORDS = {
    "CPT": "Captain", "CMD": "Commander", "PIC": "Commander", "FO": "First Officer", "SIC": "First Officer",
    "SP": "Safety Pilot", "FE": "Flight Engineer", "INS": "Instructor", "TRE": "Examiner", "TRI": "Instructor",
    "LTC": "Line training captain", "OBS": "Observer", "STB": "Standby", "FA": "Flight Attendant",
    "SFA": "Senior Flight Attendant", "IFA": "Instructor Flight Attendant", "EFA": "Examiner Flight Attendant",
    "CC": "Cabin Crew", "ENG": "Engineer", "MX": "Engineer", "PSN": "Positioning", "PAD": "Positioning",
}  # fmt: skip
_CABIN = frozenset({"FA", "SFA", "IFA", "EFA", "CC", "CA"})
_MAINTENANCE = frozenset({"ENG", "MX"})
_POSITIONED = frozenset({"PSN", "PAD"})
_CAPTAINS = frozenset({"CPT", "CMD", "PIC"})
_SECONDS = frozenset({"FO", "SIC"})


def stem(position: str) -> str:
    """`FO2` is an `FO`."""
    return re.sub(r"[0-9]+$", "", position.upper())


def position(name: str) -> dict[str, object]:
    """As the SDL's `CrewPosition`."""
    nid = position_nid(name)
    kind = stem(name)
    seat = "CABIN" if kind in _CABIN else "MAINTENANCE" if kind in _MAINTENANCE else "COCKPIT"
    return {
        "posNid": nid,
        "positionNid": nid,
        "name": name,
        "posType": "POSITIONED" if kind in _POSITIONED else seat,
        "occupation": _WORDS.get(kind, name),
    }


def rank(name: str) -> tuple[int, str]:
    """For sorting: the captain first, then the first officer, the cockpit, the cabin, the rest."""
    seats = (
        is_captain(name),
        is_first_officer(name),
        position(name)["posType"] == "COCKPIT",
        is_flight_attendant(name),
    )
    return (seats.index(True) if True in seats else len(seats), name)


def is_captain(name: str) -> bool:
    return stem(name) in _CAPTAINS


def is_first_officer(name: str) -> bool:
    return stem(name) in _SECONDS


def is_flight_attendant(name: str) -> bool:
    return stem(name) in _CABIN
