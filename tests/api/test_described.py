"""Every operation answers as the product describes it, for requests that nobody here wrote; and the how-to works."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.api.conftest import program

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-the-api.md"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.mark.req("API-05")
def test_the_description_is_served_to_everybody_and_shows_examples() -> None:
    answer = Client().get("/api/v1/openapi.json")
    described = answer.json()
    assert answer.status_code == 200 and described["openapi"].startswith("3.1")
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert len(operations) == 27
    assert all(one["description"] and one["responses"]["401"] and one["security"] for one in operations)
    assert len(re.findall(r'"examples"', answer.content.decode())) > 20


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Requests leave the test's own transaction open, as Django's test client has it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.req("API-05", "API-08")
def test_every_operation_answers_as_described(world: Any, one_connection: None) -> None:
    """A valid key of all resources, real ids among the made-up ones, well-formed and malformed requests alike."""
    ask, flight, event = program(world), world.flight(), world.event()
    known = {"flight_id": flight.id, "trip_id": flight.trip_id, "event_id": event.id,
             "aircraft_id": world.aircraft[0].id}  # fmt: skip
    application = get_wsgi_application()
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", application)
    tried: dict[str, set[int]] = {}
    for found in schema.get_all_operations():
        operation = found.ok()
        seen = tried.setdefault(operation.label, set())
        for mode in schemathesis.GenerationMode:
            _try(operation, mode, known, ask.token, seen)
    assert len(tried) == 27
    assert all(seen for seen in tried.values())
    fine = [label for label, seen in tried.items() if seen & {200, 201, 204}]
    assert len(fine) >= 12, tried


def _try(operation: Any, mode: Any, known: dict[str, int], token: str, seen: set[int]) -> None:
    from hypothesis import given

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=10, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    def run(case: Any) -> None:
        if mode is schemathesis.GenerationMode.POSITIVE:
            for name in known.keys() & (case.path_parameters or {}).keys():
                case.path_parameters[name] = known[name]
        response = case.call(headers={"Authorization": f"Bearer {token}"})
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    run()


# --- the how-to --------------------------------------------------------------------------------------------------


@pytest.mark.req("API-05")
def test_the_commands_of_the_how_to_work(
    transactional_db: None, request: pytest.FixtureRequest, live_server: Any
) -> None:
    """Run by a shell, as a reader would."""
    world = request.getfixturevalue("world")
    ask, flight = program(world), world.flight()
    blocks = re.findall(r"```sh\n(curl.*?)\n```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 4
    environment = {
        "AIRSTAIR": live_server.url, "KEY": ask.token, "CURSOR": ask.get("/flights")["changed_since"],
        "PATH": os.environ["PATH"],
    }  # fmt: skip
    answers = []
    for block in blocks:
        command = block.replace("AIRCRAFT,", f"{world.aircraft[0].id},").replace("FLIGHT", str(flight.id))
        done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, check=True, timeout=30)
        answers.append(json.loads(done.stdout))
    listed, changed, made, moved = answers
    assert [one["id"] for one in listed["items"]] == [flight.id] and changed["items"] == []
    assert made["flights"][0]["number"] == "EV3810" and moved["std"] == "2027-03-01T06:30:00Z"
