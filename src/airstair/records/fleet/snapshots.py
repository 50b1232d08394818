"""Frozen pictures of the fleet, as add-ons and pages see it."""

from __future__ import annotations

import msgspec


class AircraftFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an aircraft. Field meanings as in the table."""

    id: int
    operator_id: int
    registration: str
    icao_type: str = ""
    iata_type: str = ""
    model: str = ""
    serial_number: str = ""
    call_sign: str = ""
    home_base: str = ""  # empty while it is not known
    seats: int = 0
    owner: str = ""
    subsidiary_id: int | None = None
    cruise_speed_kt: int = 0
    taxi_minutes: int = 0
    climb_minutes: int = 0
    range_nm: int = 0
    mx_set_up: str = ""
    active: bool = True
