"""The send window: the marked flights, what the partner lets choose for each, and what became of each.

Which partners flights can be sent to, and what there is to choose, the add-ons' descriptions say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.hub.flows import MessageState
from airstair.hub.messages.commands import send_by_hand
from airstair.hub.messages.offering import MOST, Offer, SendDoor, offers, send_doors
from airstair.kernel.errors import Conflict, Invalid, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.flights import queries as flights
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.addons.looks import MESSAGES, NEVER_SENT, Look
from airstair.web.ops.answering import said, sight

_DOING = "send to partners"
_MOVING = (MessageState.READY, MessageState.SENDING)


@dataclass(frozen=True)
class Line:
    """One flight in the window."""

    offer: Offer
    look: Look
    chosen: dict[str, str]  # by the choice's key
    again: bool
    error: str = ""

    @property
    def fields(self) -> list[tuple[object, str, str]]:
        """Each choice with its field's name and what is chosen."""
        return [
            (choice, f"c{self.offer.unit.id}.{choice.key}", self.chosen.get(choice.key, choice.proposed))
            for choice in self.offer.choices
        ]


@page(Right.ADDONS_EXPORT, doing=_DOING)
def send_window(request: PageRequest, connection_id: int, flow: str) -> HttpResponse:
    """The window for the flights named in `flight`; with `sent`, what has become of them."""
    door = _door(request, connection_id, flow)
    typed = request.POST if request.method == "POST" else request.GET
    units = _units(request, typed)
    if request.method == "POST":
        return _send(request, door, units)
    found = offers(request.actor, connection_id, flow, units, times.CLOCK, ask="sent" not in request.GET)
    return _window(request, door, [_line(one) for one in found.offers], trouble=found.trouble)


def _send(request: PageRequest, door: SendDoor, units: Sequence[Unit]) -> HttpResponse:
    """Send what is ticked; what went wrong is shown at its flight, and the others go."""
    known = offers(request.actor, door.facts.id, door.flow.key, units, times.CLOCK, ask=False)
    errors: dict[Unit, str] = {}
    sent = []
    for one in known.offers:
        if f"send{one.unit.id}" not in request.POST:
            continue
        wrong = _send_one(request, door, one)
        if wrong:
            errors[one.unit] = wrong
        else:
            sent.append(one.unit)
    if sent:
        said(request, f"{len(sent)} flight{'s go' if len(sent) > 1 else ' goes'} to {door.addon.name} now.")
    if not errors and sent:
        query = urlencode([*(("flight", unit.id) for unit in sent), ("sent", 1)])
        if not request.htmx:
            return redirect(f"{reverse('send-window', args=[door.facts.id, door.flow.key])}?{query}")
        after = offers(request.actor, door.facts.id, door.flow.key, sent, times.CLOCK, ask=False)
        return _window(request, door, [_line(one) for one in after.offers], sent=True)
    left = [one.unit for one in known.offers if one.unit not in sent]
    again = offers(request.actor, door.facts.id, door.flow.key, left, times.CLOCK)
    lines = [_line(one, request.POST, errors.get(one.unit, "")) for one in again.offers]
    nothing = "" if errors else "No flight was ticked. Tick those to send."
    return _window(request, door, lines, trouble=again.trouble, status=422, nothing=nothing)


def _send_one(request: PageRequest, door: SendDoor, one: Offer) -> str:
    """Why it was not sent; empty when it goes."""
    again = f"again{one.unit.id}" in request.POST
    if one.there is not None and not again:
        return f"{door.addon.name} has it already. Say that it shall be there twice, or leave it."
    try:
        send_by_hand(
            request.actor, door.facts.id, door.flow.key, one.unit, _chosen(request.POST, one.unit),
            again=again, clock=times.CLOCK,
        )  # fmt: skip
    except Invalid as refusal:
        return " ".join(problem.sentence for problem in refusal.problems)
    except Conflict as conflict:
        return str(conflict)
    return ""


def _chosen(post: QueryDict, unit: Unit) -> dict[str, str]:
    begins = f"c{unit.id}."
    return {name.removeprefix(begins)[:40]: str(post[name])[:120] for name in post if name.startswith(begins)}


def _line(one: Offer, post: QueryDict | None = None, error: str = "") -> Line:
    look = MESSAGES[one.latest.state] if one.latest is not None else NEVER_SENT
    chosen = _chosen(post, one.unit) if post is not None else {}
    return Line(one, look, chosen, post is not None and f"again{one.unit.id}" in post, error)


def _window(
    request: PageRequest,
    door: SendDoor,
    lines: list[Line],
    *,
    trouble: str = "",
    status: int = 200,
    sent: bool = False,
    nothing: str = "",
) -> HttpResponse:
    inner = "web/ops/_send.html"
    context: dict[str, object] = {
        "door": door,
        "lines": lines,
        "trouble": trouble,
        "nothing": nothing,
        "sent": sent or "sent" in request.GET,
        "sendable": [line for line in lines if not line.offer.refused],
        "query": urlencode([("flight", line.offer.unit.id) for line in lines]),
        "moving": any(line.offer.latest is not None and line.offer.latest.state in _MOVING for line in lines),
        "inner": inner,
    }
    return render(request, inner if request.htmx else "web/ops/form_page.html", context, status=status)


def _units(request: PageRequest, typed: QueryDict) -> list[Unit]:
    """The flights named, as far as the person may see them."""
    texts = dict.fromkeys(typed.getlist("flight"))
    ids = [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]
    if not ids:
        raise Invalid.one("", "No flight is marked. Mark flights in the OPS table, then choose what to do with them.")
    if len(ids) > MOST:
        raise Invalid.one("", f"{len(ids)} flights are marked. Send at most {MOST} at once.")
    allowed = sight(request)
    found = []
    for flight_id in ids:
        flights.flight(request.operator.id, flight_id, aircraft_ids=allowed)  # NotFound for what is not theirs to see
        found.append(Unit(UnitKind.FLIGHT, flight_id))
    return found


def _door(request: PageRequest, connection_id: int, flow: str) -> SendDoor:
    for door in send_doors(request.operator.id):
        if (door.facts.id, door.flow.key) == (connection_id, flow):
            return door
    raise NotFound("This window")
