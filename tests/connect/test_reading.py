"""What comes over the wire is read whatever it is, and what Connect sends is good by the published schema."""

from __future__ import annotations

from typing import Any

from graphql import parse, validate
from hypothesis import given
from hypothesis import strategies as st

from connect.wire import graphql as wire
from connect.wire.reading import entry_from

from .fake import published_schema
from .places import NOW

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("2031-04-07T08:15:00Z"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    "flightNid", "flightNo", "tripNid", "registration", "adep", "ades", "startTimeUTC", "endTimeUTC", "paxCount",
    "isCnl", "submission", "editStatus", "editNote", "adepHandler", "previousFlight", "serviceList",
)  # fmt: skip
GOOD = {"flightNid": "7", "adep": "KEWR", "ades": "KDCA", "startTimeUTC": "2031-04-07 08:15", "endTimeUTC": str(NOW)}


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING), ANYTHING)
def test_anything_is_read_or_left_out(odd: dict[str, Any], other: Any) -> None:
    entry_from(other)
    entry_from(odd)
    found = entry_from({**odd, **GOOD})
    assert found is not None and found.heard.nid == 7
    assert 0 <= (found.heard.facts.pax or 0) < 2**31 and "\x00" not in found.heard.facts.registration


def test_what_is_unknown_is_left_out_and_what_is_missing_is_unknown() -> None:
    service = {"service": "FUEL_ADEP", "isRequested": True, "details": None, "status": "ACTIVE", "colour": "red"}
    waiting = {"flightNid": 6, "startTimeUTC": "2031-04-07T06:00Z", "endTimeUTC": "2031-04-07T07:00Z"}
    found = entry_from({**GOOD, "serviceList": [service, {"service": None}], "wheels": 3, "nextFlight": waiting})
    assert found is not None
    assert found.heard.adep.asked == {"FUEL_ADEP": ""} and found.heard.submission == 1
    assert found.told == {"FUEL_ADEP": None}, "Connect never said ACTIVE: it is told again"
    assert found.heard.facts.pax is None and found.heard.facts.std.isoformat() == "2031-04-07T08:15:00+00:00"
    assert found.heard.facts.next is not None
    option = {**waiting, "status": "OPTION"}
    left_out = entry_from({**GOOD, "nextFlight": option})
    assert left_out is not None and left_out.heard.facts.next is None


def test_what_connect_sends_is_good_by_the_published_schema() -> None:
    for sent in (wire.WHAT_IS_NEW, wire.set_status(1), wire.set_status(10), *wire.SET_SLOT.values()):
        assert validate(published_schema(), parse(sent)) == []
