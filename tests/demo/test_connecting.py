"""The demo operator's consent to Connect: given once, whole or not at all, and never against its admin's word."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from airstair.demo.build import ADMIN, DEMO_PASSWORD, Demo, person
from airstair.demo.connecting import consent
from airstair.kernel.scope import operator_scope
from airstair.records.access.commands import let_in_token, withdraw_grant
from airstair.records.access.queries import connected_applications
from airstair.records.operators.commands import create_operator

NOW = datetime.now(UTC)


@pytest.mark.django_db
def test_the_demo_operator_is_connected_once() -> None:
    made = create_operator(
        code="DEMO", name="Demo", admin_email=ADMIN.email, admin_name=ADMIN.name, admin_password=DEMO_PASSWORD
    )
    demo = Demo(operator_id=made.id, code="DEMO", users=(ADMIN,), password=DEMO_PASSWORD, made=True)

    def lost(told: dict[str, Any]) -> None:
        raise OSError("Connect is not there")

    with pytest.raises(OSError, match="not there"):
        consent(demo, "http://127.0.0.1:8950", NOW, lost)
    with operator_scope(made.id):
        assert connected_applications(made.id) == []
    told: list[dict[str, Any]] = []
    assert consent(demo, "http://127.0.0.1:8950", NOW, told.append)
    assert not consent(demo, "http://127.0.0.1:8950", NOW, told.append)
    (one,) = told
    caller = let_in_token(one["access_token"], "127.0.0.1")
    assert caller is not None and caller.application_name == "Connect" and caller.operator_id == made.id
    with operator_scope(made.id):
        (connected,) = connected_applications(made.id)
        withdraw_grant(person(made.id, ADMIN), connected.grant.id)
    assert not consent(demo, "http://127.0.0.1:8950", NOW, told.append), "its admin does not want it"
