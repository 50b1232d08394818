"""The demo operator's consent to Connect, as its admin would give it on the page, and what Connect's own demo needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import transaction

from airstair.demo.build import ADMIN, Demo, person
from airstair.kernel.scope import operator_scope
from airstair.records.access.commands import (
    ApplicationInput,
    GrantInput,
    first_tokens,
    grant_application,
    register_application,
    replace_secret,
)
from airstair.records.access.queries import applications, connected_applications
from airstair.records.access.snapshots import NewApplication, Tokens
from airstair.records.fleet.queries import fleet
from airstair.records.fleet.snapshots import AircraftFacts

KEY = "connect"
SCOPES = ("INTEGRATION_FLIGHT_SUPPORT",)
SLOTS = ("KDCA",)  # as in life


def consent(demo: Demo, connect_url: str, now: datetime, hand_over: Callable[[dict[str, Any]], None]) -> bool:
    """Connect the demo operator, and hand over what `python -m connect demo` reads: both, or neither. Whether it did;
    where it is connected already, or was and the admin withdrew it, it does nothing.
    """
    with operator_scope(demo.operator_id):
        known = next((one for one in applications() if one.key == KEY), None)
        if known and any(one.application.id == known.id for one in connected_applications(demo.operator_id)):
            return False
    with operator_scope(demo.operator_id), transaction.atomic():
        made = replace_secret(KEY) if known else register_application(_described(connect_url))
        wanted = GrantInput(application_id=made.facts.id, scopes=SCOPES, all_aircraft=True)
        granted = grant_application(person(demo.operator_id, ADMIN), wanted)
        tokens = first_tokens(granted, now)
        aircraft = fleet(demo.operator_id, active_only=True)
        hand_over(_told(demo, made, tokens, aircraft))
    return True


def _told(demo: Demo, made: NewApplication, tokens: Tokens, aircraft: list[AircraftFacts]) -> dict[str, Any]:
    return {
        "operator": {"name": "Demo Air Charter", "email": ADMIN.email},
        "password": demo.password,
        "client_id": made.facts.client_id,
        "client_secret": made.client_secret,
        "access_token": tokens.access,
        "refresh_token": tokens.refresh,
        "expires_at": tokens.access_expires_at.isoformat(),
        "aircraft": [
            {"registration": one.registration, "icao_type": one.icao_type, "call_sign": one.call_sign}
            for one in aircraft
        ],
        "slots": list(SLOTS),
    }


def _described(connect_url: str) -> ApplicationInput:
    return ApplicationInput(
        name="Connect",
        key=KEY,
        redirect_uris=(f"{connect_url}/external-api/callback",),
        scopes=SCOPES,
        description="Ground handling orders and slots.",
    )
