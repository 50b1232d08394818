"""The fields that a file of flights can fill, and the layouts that Airstair knows without being told."""

from __future__ import annotations

from airstair.records.imports.columns import Field, Layout

FIELDS = (
    Field("registration", "The registration", needed=True),
    Field("number", "The flight number"),
    Field("adep", "The airport of departure", needed=True),
    Field("ades", "The destination", needed=True),
    Field("std", "The scheduled off-block time", needed=True),
    Field("sta", "The scheduled on-block time", needed=True),
    Field("off_block", "The actual off-block time"),
    Field("take_off", "The take-off"),
    Field("landing", "The landing"),
    Field("on_block", "The actual on-block time"),
    Field("cancelled", "Cancelled"),
    Field("status", "The status"),
    Field("flight_type", "The flight type"),
    Field("ferry", "Ferry"),
    Field("pax_count", "The number of passengers"),
    Field("notes", "The notes"),
)

BUILT_IN = (
    Layout(
        name="airstair",
        columns={field.name: field.name for field in FIELDS if field.needed},
        optional={field.name: field.name for field in FIELDS if not field.needed},
    ),
    # Departures as the US Bureau of Transportation Statistics reports them, with times turned into UTC.
    Layout(
        name="bts-departures",
        columns={
            "registration": "registration",
            "number": "flight_number",
            "adep": "adep_iata",
            "ades": "ades_iata",
            "std": "std_utc",
            "sta": "sta_utc",
            "off_block": "off_blocks_utc",
            "on_block": "on_blocks_utc",
            "cancelled": "cancelled",
        },
    ),
)
