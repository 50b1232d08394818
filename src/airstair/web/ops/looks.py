"""How an activity looks: its shape's name and its letters, the same on bars, in the table and in the legend. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from airstair.records.flights.rules import Book, Status
from airstair.records.flights.snapshots import Activity, ActivityKind


@dataclass(frozen=True)
class Look:
    """`css` names shape and colour; `letters` say the same to who sees no colour; `name` is the word for it."""

    css: str
    letters: str
    name: str
    pattern: str = ""  # id of the fill pattern, when it has one


FLIGHT = Look("flt", "", "Flight")
FERRY = Look("fer", "F", "Ferry flight", "p-fer")
OPTION = Look("opt", "OPT", "Option")
OPPORTUNITY = Look("opp", "OPP", "Opportunity", "p-opp")
CANCELLED = Look("cnl", "CNL", "Cancelled")
EMPTY_LEG = Look("el", "EL", "Empty leg")
RESERVATION = Look("res", "RES", "Reservation", "p-res")
MAINTENANCE = Look("mx", "MX", "Maintenance", "p-mx")
AOG = Look("aog", "AOG", "Aircraft on ground", "p-aog")
LEGEND = (FLIGHT, FERRY, EMPTY_LEG, OPTION, OPPORTUNITY, CANCELLED, RESERVATION, MAINTENANCE, AOG)

_EVENTS = {ActivityKind.RESERVATION: RESERVATION, ActivityKind.MAINTENANCE: MAINTENANCE, ActivityKind.AOG: AOG}
_STATUSES = {Status.OPTION: OPTION, Status.OPPORTUNITY: OPPORTUNITY, Status.CANCELLED: CANCELLED}
BOOK_LETTERS = {Book.JOURNEY_LOG.value: "L", Book.FLIGHT_WATCH.value: "W"}
BOOK_NAMES = {Book.JOURNEY_LOG.value: "Journey log", Book.FLIGHT_WATCH.value: "Flight watch"}


def look_of(activity: Activity) -> Look:
    """What it most needs to be told apart by: status first, then empty leg, then ferry."""
    if activity.kind is not ActivityKind.FLIGHT:
        return _EVENTS[activity.kind]
    if activity.status in _STATUSES:
        return _STATUSES[activity.status]
    if activity.empty_leg is not None:
        return EMPTY_LEG
    return FERRY if activity.ferry else FLIGHT


def book_of_block_times(activity: Activity) -> str:
    """The letter of the book whose block times are shown; empty when they are the scheduled ones."""
    for times in activity.actual:
        if times.off_block is not None or times.on_block is not None:
            return BOOK_LETTERS.get(times.book, "A")
    return ""


def sources_of(activity: Activity) -> list[str]:
    """`Off block 06:02Z (journey log: Ann Lee)`: each actual block time with the book and whoever wrote it."""
    said = []
    for name, word in (("off_block", "Off block"), ("on_block", "On block")):
        for times in activity.actual:
            if (when := getattr(times, name)) is not None:
                said.append(f"{word} {when:%H:%M}Z ({BOOK_NAMES.get(times.book, times.book).lower()}: {times.source})")
                break
    return said


def sentence_of(activity: Activity, registration: str = "") -> str:
    """One line about the activity, for hovering, focus and screen readers."""
    look = look_of(activity)
    when = f"{activity.start:%-d %b %H:%M}Z–{activity.end:%H:%M}Z"
    if activity.start.date() != activity.end.date():
        when = f"{activity.start:%-d %b %H:%M}Z–{activity.end:%-d %b %H:%M}Z"
    if activity.kind is not ActivityKind.FLIGHT:
        what = f"{look.name}{': ' + activity.title if activity.title else ''} at {activity.start_airport}"
        return " · ".join(filter(None, (registration, what, when)))
    parts = [registration, f"{activity.number} {activity.start_airport}–{activity.end_airport}", when]
    if look is not FLIGHT:
        parts.append(look.name)
    if activity.empty_leg is not None:
        parts.append("verified for sale" if activity.empty_leg.verified else "not verified for sale")
    if activity.pax_count:
        parts.append(f"{activity.pax_count} PAX")
    if activity.trip_number:
        parts.append(f"trip {activity.trip_number}")
    parts += sources_of(activity)
    return " · ".join(filter(None, parts))
