"""The first day of the imitated Avinode: two companies, their API connections, a few aircraft.

The credentials below are public on purpose: they open this sandbox and nothing else.
"""

from __future__ import annotations

from airstair.addons.avinode.sandbox.model import (
    ALL_PERMISSIONS,
    UPLOAD_SCHEDULES,
    Aircraft,
    Company,
    Connection,
)

DEMO_API_TOKEN = "7a1d5a5e-0000-4000-8000-5a9db0c0ffee"  # noqa: S105 - public on purpose
"""Identifies the calling application; the same for all customers of one software (documented: API basics)."""

# Tokens are signed JWTs with the claims sub, iss, avitype (15 = system), avidomain, avitenant, avinonce
# (observed by integrators, some of whom insist on the leading "eyJ"). Here the signature is a plain word.
DEMO_AUTHORIZATION_KEY = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI1YTlkYjBjMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM"
    "DAwMDEiLCJpc3MiOiJhdmlub2RlIiwiYXZpdHlwZSI6MTUsImF2aWRvbWFpbiI6Ii5hdmlub2RlLmNvbSIsImF2aXR"
    "lbmFudCI6NywiYXZpbm9uY2UiOiJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDEifQ.YWlyc3RhaX"
    "Itc2FuZGJveC1vbmx5LTE"
)
"""Company `demo`, active, all permissions."""
OTHER_AUTHORIZATION_KEY = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI1YTlkYjBjMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM"
    "DAwMDIiLCJpc3MiOiJhdmlub2RlIiwiYXZpdHlwZSI6MTUsImF2aWRvbWFpbiI6Ii5hdmlub2RlLmNvbSIsImF2aXR"
    "lbmFudCI6OCwiYXZpbm9uY2UiOiJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDIifQ.YWlyc3RhaX"
    "Itc2FuZGJveC1vbmx5LTI"
)
"""Company `other`, active, all permissions."""
INACTIVE_AUTHORIZATION_KEY = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI1YTlkYjBjMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM"
    "DAwMDMiLCJpc3MiOiJhdmlub2RlIiwiYXZpdHlwZSI6MTUsImF2aWRvbWFpbiI6Ii5hdmlub2RlLmNvbSIsImF2aXR"
    "lbmFudCI6NywiYXZpbm9uY2UiOiJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDMifQ.YWlyc3RhaX"
    "Itc2FuZGJveC1vbmx5LTM"
)
"""Company `demo`, not active."""
READ_ONLY_AUTHORIZATION_KEY = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI1YTlkYjBjMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwM"
    "DAwMDQiLCJpc3MiOiJhdmlub2RlIiwiYXZpdHlwZSI6MTUsImF2aWRvbWFpbiI6Ii5hdmlub2RlLmNvbSIsImF2aXR"
    "lbmFudCI6NywiYXZpbm9uY2UiOiJjMGZmZWUwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDQifQ.YWlyc3RhaX"
    "Itc2FuZGJveC1vbmx5LTQ"
)
"""Company `demo`, active, but without the permission to upload schedules."""

DEMO_CLIENT_ID = "sandbox-demo-client"
DEMO_CLIENT_SECRET = "sandbox-demo-secret-opens-nothing-else"  # noqa: S105 - public on purpose

APPLICATIONS = {DEMO_API_TOKEN: "sandbox application"}


def companies() -> list[Company]:
    return [Company("demo", 7, "Demo Operator", adopts=True), Company("other", 8, "Other Operator")]


def connections() -> list[Connection]:
    return [
        Connection("demo", "demo", DEMO_AUTHORIZATION_KEY, client_id=DEMO_CLIENT_ID, client_secret=DEMO_CLIENT_SECRET),
        Connection("other", "other", OTHER_AUTHORIZATION_KEY),
        Connection("demo-inactive", "demo", INACTIVE_AUTHORIZATION_KEY, active=False),
        Connection(
            "demo-read-only",
            "demo",
            READ_ONLY_AUTHORIZATION_KEY,
            permissions=[permission for permission in ALL_PERMISSIONS if permission != UPLOAD_SCHEDULES],
        ),
    ]


def aircraft() -> list[Aircraft]:
    """Tails in the style of the real test environment, SBX-nnnn (documented example)."""
    return [
        Aircraft("SBX-7001", 1, "demo", "KTEB"),
        Aircraft("SBX-7002", 2, "demo", "KTEB", status="Partially Active"),
        Aircraft("SBX-7003", 3, "demo", "KTEB", update_type="Manual"),
        Aircraft("SBX-8001", 4, "other", "EGGW"),
    ]
