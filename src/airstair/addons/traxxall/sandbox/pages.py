"""The imitated TRAXXALL's inspector pages: totals as a maintenance planner sees them, and the flights."""

from __future__ import annotations

from airstair.addons.traxxall.sandbox.model import Flown, Plane, Tracking, read_time
from airstair.sandbox.kept import form, utc
from airstair.sandbox.markup import Html, el, join, table
from airstair.sandbox.partner import Page

PAGES = [("", "Aircraft"), ("flights", "Flights")]
_MARKS = {"ACTUAL": "good", "CANCELLED": "bad"}


def page(path: str, tracking: Tracking) -> Page | None:
    """The page at `path`, or None."""
    if path == "":
        return Page("Aircraft, hours and cycles", _aircraft(tracking))
    return Page("Flights", _flights(tracking)) if path == "flights" else None


def _aircraft(tracking: Tracking) -> Html:
    rows = [row for plane in sorted(tracking.planes.values(), key=lambda one: one.registration) for row in _rows(plane)]
    heads = ["Aircraft", "Assembly", "Serial number", "Hours", "Cycles", "As of", "Heard"]
    lowered = [el("p", el("span", "went down", class_="mark warn"), f" {line}") for line in tracking.lowered[-5:]]
    note = "taken up at the first call" if tracking.adopts else "refused, as by the real one"
    on = "off" if tracking.adopts else "on"
    return join(
        [
            el("p", f"Aircraft of unknown serial numbers are {note}.", class_="note"),
            form("traxxall", "set-adoption", "", label=f"Switch adopting {on}", on=on),
            el("div", *lowered, table(heads, rows, empty="No aircraft."), id="aircraft", data_live=True),
            el("h2", "Change an engine"),
            _engine_form(),
        ]
    )


def _rows(plane: Plane) -> list[list[object]]:
    assemblies = [plane.airframe, *plane.engines, *([plane.apu] if plane.apu else [])]
    return [
        [
            plane.registration or "unknown" if not number else "",
            one.kind.title() + (f" {one.position}" if one.position else ""),
            one.serial_number,
            _number(one.hours),
            _number(one.cycles),
            utc(read_time(plane.as_of)) if not number else "",
            utc(plane.heard_at) if not number else "",
        ]
        for number, one in enumerate(assemblies)
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, int) else f"{value:.1f}"


def _engine_form() -> Html:
    fields = [
        el("label", f"{label} ", el("input", name=name, size=12))
        for name, label in (
            ("serialNumber", "Aircraft's serial number"),
            ("position", "Position"),
            ("engineSerialNumber", "New engine's serial number"),
        )
    ]
    return form("traxxall", "change-engine", "", *fields, label="Install")


def _flights(tracking: Tracking) -> Html:
    heads = ["Flight", "Aircraft", "Route", "Planned off", "Planned on", "Take-off", "Landing", "Hours", "Status"]
    ordered = sorted(tracking.flights.values(), key=lambda one: str(one.flight.get("plannedOff")))
    return el("div", table(heads, [_row(one) for one in ordered], empty="No flights."), id="flights", data_live=True)


def _row(one: Flown) -> list[object]:
    flight = one.flight
    times = [utc(read_time(flight.get(name))) for name in ("plannedOff", "plannedOn", "takeOff", "landing")]
    status = str(flight.get("status"))
    return [
        f"{flight.get('flightNumber')} ({one.external_id})",
        f"{flight.get('registration')} ({one.serial_number})",
        f"{flight.get('from')}–{flight.get('to')}",
        *times,
        "" if flight.get("flightHours") is None else flight["flightHours"],
        el("span", status.lower(), class_=f"mark {_MARKS.get(status, '')}".strip()),
    ]
