"""The code that “Add an add-on” shows runs, against the contract as it is now."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from airstair.hub import answers, contract, facts, flows, visits
from airstair.hub.http import Answer
from airstair.hub.setting import missing_when_on, read_settings, secret_names, settings_of
from airstair.kernel import outcome, units
from airstair.kernel.errors import Invalid
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights import rules, snapshots
from airstair.records.operators.rules import Right
from airstair.testing.common import Common

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "how-to" / "add-an-add-on.md"
# What an add-on's tests may say to the contract.
QUESTIONS = {"enumerations", "registrations", "numbers", "values", "fill", "shows", "odd_answer", "odd_words"}
NOW = datetime(2027, 3, 4, 9, tzinfo=UTC)


class Schedule(msgspec.Struct):
    """The example's wire type, which the page leaves to the reader."""

    tail: str
    legs: list[Any]


class _Anything:
    """A module of the example that the page leaves to the reader."""

    def __getattr__(self, name: str) -> Any:
        return lambda *given: None


def as_the_page_has_it() -> dict[str, Any]:
    """Everything that the page's Python defines, run block after block."""
    names: dict[str, Any] = {
        "__name__": "planner",
        "__package__": "planner",
        "timedelta": timedelta,
        "datetime": datetime,
    }
    for module in (answers, contract, facts, flows, visits, outcome, units, rules, snapshots):
        names |= {name: value for name, value in vars(module).items() if not name.startswith("_")}
    names["wire"] = SimpleNamespace(Schedule=Schedule, encode=msgspec.json.encode)
    names["_leg"] = lambda flight: flight.key
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 8
    for block in blocks:
        if any(word in block for word in ("Post(", "Serve(", "Removal.")):
            names |= {"mapping": _Anything(), "client": _Anything(), "Right": Right}
        elif "ADDON" in block:
            names["client"] = SimpleNamespace(put_schedule=names["put_schedule"], check=names["put_schedule"])
        exec(
            compile(block.replace("from __future__ import annotations\n", ""), str(PAGE), "exec", dont_inherit=True),
            names,
        )
    return names


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    return as_the_page_has_it()


def schedule(*activities: snapshots.Activity) -> snapshots.AircraftSchedule:
    known = {"id": 7, "operator_id": 1, "registration": "SP-KXA", "active": True}
    fields = {field.name: field for field in msgspec.structs.fields(AircraftFacts)}
    plain: dict[Any, Any] = {str: "", int: 0, bool: True, float: 0.0}
    needed = {name: plain.get(field.type) for name, field in fields.items() if field.required}
    aircraft = AircraftFacts(**{**needed, **known})
    return snapshots.AircraftSchedule(operator_id=1, aircraft=aircraft, since=NOW, activities=activities)


def flight(status: rules.Status = rules.Status.CONFIRMED) -> snapshots.Activity:
    times = {"start": NOW, "end": NOW + timedelta(hours=1), "scheduled_start": NOW, "scheduled_end": NOW}
    return snapshots.Activity(
        id=88, kind=snapshots.ActivityKind.FLIGHT, aircraft_id=7, start_airport="EPWA", end_airport="EGGW",
        status=status, number="KXA1", **times,
    )  # fmt: skip


def test_the_description_fits_the_contract(page: dict[str, Any]) -> None:
    one = page["ADDON"]
    assert isinstance(one, contract.Addon)
    assert [flow.key for flow in one.flows] == ["schedule"]
    assert one.for_sandbox("http://127.0.0.1:8900")["base_url"].startswith("http://127.0.0.1:8900/")
    assert set(one.for_sandbox("x")) <= {setting.name for setting in settings_of(one.settings)}
    assert {fact.certainty for fact in one.facts} == set(facts.Certainty)


def test_the_settings_say_what_the_page_says_of_them(page: dict[str, Any]) -> None:
    cls = page["PlannerSettings"]
    assert secret_names(cls) == {"api_key"}
    assert {setting.name for setting in missing_when_on(cls, cls())} == {"base_url", "api_key"}
    with pytest.raises(Invalid, match=r"at most 30 days\. Planner keeps thirty"):
        read_settings(cls, {"days_ahead": "31"})


def test_the_mapping_makes_equal_bytes_of_an_unchanged_schedule(page: dict[str, Any]) -> None:
    settings = page["PlannerSettings"]()
    made = page["document"](schedule(flight(), flight(rules.Status.CANCELLED)), settings, NOW)
    later = page["document"](schedule(flight()), settings, NOW + timedelta(minutes=5))
    assert made.body == later.body == b'{"tail":"SP-KXA","legs":["flight:88"]}'
    assert made.parts == (flows.Part("flight:88", "KXA1"),)


async def test_the_call_tells_how_it_ended(page: dict[str, Any]) -> None:
    sent = []

    class Http:
        async def request(self, method: str, url: str, **what: Any) -> Answer:
            sent.append((method, url, what["body"]))
            return Answer(status=[200, 401, 422][len(sent) - 1], headers={}, body=b"")

    settings = page["PlannerSettings"](base_url="https://planner.example", api_key="secret")
    made = page["document"](schedule(flight()), settings, NOW)
    unit = units.Unit(units.UnitKind.AIRCRAFT, 7)
    documents = [flows.UnitDocument(unit=unit, title="SP-KXA", document=made)] * 3
    ended = await page["put_schedule"](flows.Call(http=Http(), settings=settings, documents=documents, now=NOW))  # type: ignore[arg-type]
    assert [(one.kind.value, one.sent) for one in ended] == [("accepted", 1), ("unauthorised", 1), ("refused", 1)]
    assert sent[0] == ("PUT", "https://planner.example/schedules", made.body)


def test_the_page_shows_what_the_command_says() -> None:
    script = (ROOT / "scripts" / "new_addon.py").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^\$ make addon NAME=planner SHAPE=mirror\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    for line in shown.splitlines():
        said = line.replace("src/airstair/addons/planner", "{here}").replace("a mirror", "a {shape}")
        assert said in script, line


def test_the_page_names_every_shape_and_every_question_of_the_contract() -> None:
    text = PAGE.read_text(encoding="utf-8")
    shapes = {path.name for path in (ROOT / "scripts" / "addon_shapes").iterdir()} - {"every"}
    assert shapes == {"mirror", "post", "pull", "marketplace", "serve", "receive", "handoff", "compute"}
    assert vars(Common).keys() >= QUESTIONS
    assert [name for name in sorted(shapes | QUESTIONS) if f"`{name}`" not in text] == []
