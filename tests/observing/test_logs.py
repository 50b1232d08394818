"""What a line of the log says, and what it never says."""

from __future__ import annotations

import io
import itertools
import json
import logging
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from airstair.hub.flows import Call, Document
from airstair.hub.watchman import watch
from airstair.kernel.about import about, also_about
from airstair.kernel.outcome import Outcome
from airstair.logs import JSON, TEXT, Formatter
from airstair.records.flights.commands import FlightEdit, Passenger, change_flight

from ..hub.own_partner import KEY, Receiver, legs_document, own_addon, put
from ..hub.stage import Stage

PAX = "Philippa Quatermain"


class Captured:
    """Everything that is logged, as it would be written."""

    def __init__(self, style: str) -> None:
        self._stream = io.StringIO()
        self.handler = logging.StreamHandler(self._stream)
        self.handler.setFormatter(Formatter(style))

    @property
    def text(self) -> str:
        return self._stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def logged() -> Iterator[Captured]:
    """All of the product's lines, down to the least."""
    captured, root = Captured(JSON), logging.getLogger()
    before = root.level
    root.addHandler(captured.handler)
    root.setLevel(logging.DEBUG)
    yield captured
    root.setLevel(before)
    root.removeHandler(captured.handler)


def line_of(style: str, message: str, *args: Any, fault: BaseException | None = None) -> str:
    captured = Captured(style)
    record = logging.LogRecord("airstair.tests", logging.WARNING, __file__, 1, message, args, None)
    record.exc_info = (type(fault), fault, fault.__traceback__) if fault is not None else None
    captured.handler.emit(record)
    return captured.text


def raised(fault: BaseException) -> BaseException:
    try:
        raise fault
    except BaseException as caught:  # noqa: BLE001 - with its traceback
        return caught


def test_a_line_carries_what_the_code_is_about() -> None:
    with about(operator=7, connection=31, unit=""):
        also_about(call="a-1")
        line = json.loads(line_of(JSON, "It is %s.", "so"))
    assert {name: line[name] for name in ("event", "level", "operator", "connection", "call")} == {
        "event": "It is so.", "level": "warning", "operator": 7, "connection": 31, "call": "a-1",
    }  # fmt: skip
    assert "unit" not in line and line["at"].endswith("Z") and line["logger"] == "airstair.tests"
    assert "operator" not in json.loads(line_of(JSON, "After it."))


def test_on_a_terminal_a_line_is_read_by_people() -> None:
    with about(operator=7):
        text = line_of(TEXT, "It is\nso.")
    assert text.endswith("warning It is so.  operator=7  (airstair.tests)\n") and text.count("\n") == 1


@pytest.mark.parametrize("style", [JSON, TEXT])
def test_words_of_exceptions_are_left_out_unless_they_are_ours(style: str) -> None:
    fault = raised(ValueError(f"{PAX} is no number"))
    for text in (
        line_of(style, "It failed: %s.", fault),
        line_of(style, "It failed.", fault=fault),
        line_of(style, "It failed.", fault=raised(ExceptionGroup("some", [ValueError(PAX)]))),
    ):
        assert PAX not in text and "ValueError" in text
    assert "in raised" in line_of(style, "It failed.", fault=fault), "where it happened is told"
    refused = line_of(style, "Lost (%s).", psycopg.OperationalError("no route\nDETAIL: (Jane)"))
    assert "no route" in refused and "Jane" not in refused


def test_asyncios_own_complaints_do_not_quote_what_failed() -> None:
    record = logging.LogRecord(
        "asyncio", logging.ERROR, __file__, 1, f"Task exception was never retrieved\nfuture: {PAX}", (), None
    )
    assert PAX not in Formatter(JSON).format(record)


async def test_no_secret_and_no_passenger_is_ever_logged(stage: Stage, receiver: Receiver, logged: Captured) -> None:
    """Deliveries of every kind, faults of the add-on and of the partner included."""
    broken = False

    def document(snapshot: Any, settings: Any, now: Any) -> Document:
        names = [passenger for one in snapshot.activities for passenger in getattr(one, "pax_list", ())]
        if broken:
            raise ValueError(f"{names or PAX} cannot be mapped with {settings.key}")
        return legs_document(snapshot, settings, now)

    async def send(call: Call) -> list[Outcome]:
        if receiver.mode == "broken":
            raise RuntimeError(f"{PAX}: {call.settings.key}")
        return await put(call)

    own_addon(document=document, send=send)
    (aircraft,) = await stage.aircraft("N1AA")
    flight = await stage.flight(aircraft, pax_list=(Passenger(name=PAX, category="female"),))
    connection = await stage.connect(receiver)
    await stage.start()
    airports = itertools.cycle(("KJFK", "KBOS"))
    for mode in ("echo", "401", "500", "broken", "half", "odd", "429:5", "ok"):
        receiver.mode = mode
        edit = FlightEdit(notes=f"{mode} for {PAX}", ades=next(airports))
        await stage.do(change_flight, stage.actor, flight.id, edit)
        await stage.advance(minutes=20)
        await stage.do(watch, clock=stage.clock)
    broken = True
    await stage.do(change_flight, stage.actor, flight.id, FlightEdit(ades="KDCA"))
    await stage.advance(minutes=1)
    assert PAX not in logged.text and KEY not in logged.text
    assert "Quatermain" not in logged.text and "open-sesame" not in logged.text
    attempts = [line for line in logged.lines if line["event"].startswith("Called own")]
    assert len(attempts) >= 8
    assert {(line["level"], line["operator"], line["connection"], line["unit"]) for line in attempts} == {
        ("debug", stage.operator.id, connection, f"aircraft:{aircraft}")
    }
    assert len({line["call"] for line in attempts}) == len(attempts)
    changes = [line["event"] for line in logged.lines if line["level"] == "info" and "partner own" in line["event"]]
    assert changes[0].startswith("The partner own is in trouble: unauthorised.")
    assert any(event.startswith("The partner own is back") for event in changes)
    faults = [line for line in logged.lines if "failed in its own code" in line["event"]]
    assert faults and all("in send" in line["exception"] and "call" in line for line in faults)
