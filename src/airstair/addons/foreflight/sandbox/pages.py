"""The imitated ForeFlight's inspector pages: flights as a dispatcher there sees them, and who and what is set up."""

from __future__ import annotations

from typing import Any

from airstair.addons.foreflight.sandbox.model import Dispatch, Held, read_time
from airstair.sandbox.kept import form, utc
from airstair.sandbox.markup import Html, el, join, table
from airstair.sandbox.partner import Page

PAGES = [("", "Flights"), ("people", "Aircraft and crew")]
_HEADS = ["Flight", "Aircraft", "Route", "Departs", "Arrives", "On board", "Crew", "Trip", "Tags", "Status", ""]


def page(path: str, dispatch: Dispatch) -> Page | None:
    """The page at `path`, or None."""
    if path == "":
        return Page("Flights", _flights(dispatch))
    return Page("Aircraft and crew", _people(dispatch)) if path == "people" else None


def _flights(dispatch: Dispatch) -> Html:
    rows = [_row(one) for one in sorted(dispatch.flights.values(), key=_order)]
    objections = [evidence for found in dispatch.objections.values() for evidence in found]
    verdict = el("p", el("span", "created twice", class_="mark bad"), f" {objections[-1]}") if objections else Html("")
    content = el("div", verdict, table(_HEADS, rows, empty="No flights yet."), id="flights", data_live=True)
    return join([el("p", "Deleted flights are shown here, and to nobody who calls.", class_="note"), content])


def _order(one: Held) -> tuple[bool, str, str]:
    return one.deleted, str(one.flight.get("scheduledTimeOfDeparture")), one.flight_id


def _row(one: Held) -> list[object]:
    flight = one.flight
    word, kind = ("deleted", "bad") if one.deleted else ("released", "good") if one.released else ("planned", "")
    buttons = [
        form("foreflight", action, "", label=label, flightId=one.flight_id)
        for action, label in (("release-flight", "Release"), ("delete-flight", "Delete"))
    ]
    return [
        f"{flight.get('callsign') or 'no callsign'} ({one.flight_id})",
        flight.get("aircraftRegistration"),
        f"{flight.get('departure')}–{flight.get('destination')}",
        utc(read_time(flight.get("scheduledTimeOfDeparture"))),
        utc(read_time(flight.get("scheduledTimeOfArrival"))),
        _on_board(flight.get("load") or {}),
        ", ".join(f"{member.get('position')} {member.get('crewId')}" for member in flight.get("crew") or []),
        flight.get("tripId"),
        " ".join(flight.get("tags") or []),
        el("span", word, class_=f"mark {kind}".strip()),
        Html("") if one.deleted else join(buttons),
    ]


def _on_board(load: dict[str, Any]) -> str:
    counts = [f"{count} {name}" for name, count in load.items() if name != "people" and count]
    return f"{load.get('people', 0)}" + (f" ({', '.join(counts)})" if counts else "")


def _people(dispatch: Dispatch) -> Html:
    planes: list[list[object]] = [
        [one.registration, one.model or "unknown", one.organisation] for one in dispatch.planes.values()
    ]
    people: list[list[object]] = [[one.fullname, one.username, one.crew_code or "none"] for one in dispatch.people]
    on = "off" if dispatch.adopts else "on"
    adoption = (
        "Unknown aircraft are taken up at their first flight." if dispatch.adopts else "Unknown aircraft are refused."
    )
    fields = [
        el("label", f"{label} ", el("input", name=name, size=16))
        for name, label in (("username", "E-mail"), ("fullname", "Name"), ("crewCode", "Crew code"))
    ]
    return join(
        [
            el("h2", "Aircraft"),
            el("p", f"{adoption} The real one sets them up by hand.", class_="note"),
            form("foreflight", "set-adoption", "people", label=f"Switch that {on}", on=on),
            el(
                "div",
                table(["Registration", "Model", "Organisation"], planes, empty="None."),
                id="planes",
                data_live=True,
            ),
            el("h2", "Crew"),
            el("div", table(["Name", "E-mail", "Crew code"], people, empty="Nobody."), id="crew", data_live=True),
            form("foreflight", "set-crew", "people", *fields, label="Add or change"),
        ]
    )
