"""Bringing flights in from files: `layouts` (which column is what), `rows` (one row), `matching` (which flight it is),
`run` (the whole), `commands` (saved mappings). The files themselves are read by `records/imports`.
"""

from airstair.records.flights.imports.commands import layouts, save_mapping
from airstair.records.flights.imports.layouts import FIELDS
from airstair.records.flights.imports.run import import_flight_table, import_flights

__all__ = ["FIELDS", "import_flight_table", "import_flights", "layouts", "save_mapping"]
