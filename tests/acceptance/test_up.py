"""The whole way as a person goes it, with real processes: start, sign in, switch on, stop, start again."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from airstair.running.ports import is_free

from .conftest import Greeting, Place, Visitor, until

TICKED = ("N14923", "N16571", "N21130")
LATER = "N10575"
AVINODE = ("avinode", "--operator", "DEMO")
FLOOR = timedelta(minutes=5)


@pytest.mark.req("AVI-28", "HUB-09")
def test_from_nothing_to_a_partner_that_follows_and_over_a_restart(place: Place) -> None:
    greeting = place.start()
    visitor = sign_in(greeting)
    fleet = see_the_schedule(visitor)
    switch_on(place)
    sent = first_upload(place, fleet)
    no_second_call_is_possible(place, sent)
    stop(place)

    assert place.start() == greeting
    assert visitor.get("/ops/")[0] == "/ops/", "still signed in"
    assert units(place) == sent, "what was sent, and when the next call is due, is as it was"
    nothing_is_sent_again(place)
    assert min(due(one["next_due"]) - due(one["last_attempt"]) for one in sent.values()) >= FLOOR
    stop(place)


def sign_in(greeting: Greeting) -> Visitor:
    """Not without the password."""
    visitor = Visitor(greeting.web)
    assert visitor.get("/ops/")[0] == "/sign-in"
    assert visitor.post("/sign-in", email=greeting.email, password="not this one")[:2] == (422, "/sign-in")
    assert visitor.post("/sign-in", email=greeting.email, password=greeting.password)[:2] == (200, "/ops/")
    return visitor


def see_the_schedule(visitor: Visitor) -> set[str]:
    """The registrations on the OPS page, which shows the flights of the demo operator."""
    page = visitor.get("/ops/")[1]
    assert "Demo Air Charter" in page
    assert len(re.findall(r'data-key-of="flight:\d+"', page)) > 20
    return set(re.findall(r'class="tl-reg"[^>]*><b>([^<]+)</b>', page))


def switch_on(place: Place, *more: str) -> None:
    words = ("environment=sandbox", "--aircraft", *TICKED, *more, "--on")
    status, told = place.airstair("addon", "configure", *AVINODE, *words)
    assert (status, told.get("on"), told.get("warnings")) == (0, True, []), told
    assert told["aircraft"] == sorted([*TICKED, *more])
    assert told["settings"]["base_url"] == f"http://127.0.0.1:{place.ports['sandbox']}/avinode/api"


def uploads(place: Place) -> list[dict[str, Any]]:
    """The schedules that Avinode's imitation was sent, oldest first."""
    return [call for call in place.control("calls?limit=5000") if call["method"] == "PUT"]


def units(place: Place) -> dict[str, Any]:
    """By registration, how its latest call went."""
    (connection,) = place.airstair("addon", "status", *AVINODE)[1]["connections"]
    return {unit["title"]: unit for unit in connection["units"]}


def due(written: str) -> datetime:
    return datetime.fromisoformat(written)


def first_upload(place: Place, fleet: set[str]) -> dict[str, Any]:
    """Within seconds the partner holds the three aircraft and nothing of any other."""
    until(lambda: {call["aircraft"] for call in uploads(place)} >= {*TICKED}, 15, lambda: place.words)
    sent = until(lambda: all_answered(units(place)), 15, lambda: place.words)
    held = place.control("state")["aircraft"]
    assert held.keys() & fleet == {*TICKED}, "beside the aircraft that the imitation brings itself"
    assert Counter(call["aircraft"] for call in uploads(place)) == Counter(TICKED), "one call each"
    for registration, one in sent.items():
        assert (one["outcome"], one["http_status"]) == ("accepted", 200), one
        assert one["sent"] == len(held[registration]["activities"]) > 5
    others = fleet - {*TICKED}
    assert len(others) > 50 and LATER in others
    assert not [other for other in others for call in place.control("calls") if other in str(call)]
    return sent


def all_answered(found: dict[str, Any]) -> dict[str, Any] | None:
    return found if all(one["last_success"] for one in found.values()) else None


def no_second_call_is_possible(place: Place, sent: dict[str, Any]) -> None:
    """EXPORT NOW answers when it will be."""
    status, told = place.airstair("addon", "export", *AVINODE, "--aircraft", *TICKED)
    (run,) = told["runs"]
    assert (status, run["now"], run["run_id"]) == (0, [], None)
    possible = {one["registration"]: due(one["at"]) for one in run["later"]}
    assert possible == {registration: due(one["last_attempt"]) + FLOOR for registration, one in sent.items()}


def nothing_is_sent_again(place: Place) -> None:
    """While the worker does work: an aircraft that is ticked only now arrives at once."""
    ready = time.monotonic()
    switch_on(place, LATER)
    until(lambda: LATER in {call["aircraft"] for call in uploads(place)}, 15, lambda: place.words)
    time.sleep(max(0.0, 5 - (time.monotonic() - ready)))  # real processes have no clock that a test could turn
    assert Counter(call["aircraft"] for call in uploads(place)) == Counter([*TICKED, LATER])


def stop(place: Place) -> None:
    """With Ctrl-C: in good order, and nothing is left."""
    assert place.processes()
    assert place.interrupt() == 0, place.words
    assert place.words.rstrip().endswith("Stopped.")
    assert "Traceback" not in place.words
    until(lambda: not place.processes(), 5, lambda: str(place.processes()))
    assert all(is_free(port) for port in place.ports.values())
