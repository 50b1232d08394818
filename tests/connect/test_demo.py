"""The demo's operator and handlers, as `airstair up` asks for them; and Connect's own database."""

from __future__ import annotations

import json

import pytest

from connect.cli import fill_airports
from connect.database import make_database
from connect.demo import build_demo, wanted_from
from connect.errors import Invalid
from connect.parties.models import Aircraft, Airport, Organisation, User
from connect.sealing import unseal
from connect.sync.models import Connection
from connect.sync.queries import served

pytestmark = pytest.mark.django_db
WANTED = {
    "operator": {"name": "Demo Air Charter", "email": "demo@airstair.example"},
    "password": "first-steps-2013",
    "client_id": "an id",
    "client_secret": "a secret",
    "access_token": "an access token",
    "refresh_token": "a refresh token",
    "expires_at": "2031-04-01T12:30:00+00:00",
    "aircraft": [{"registration": "N10575", "icao_type": "C56X", "call_sign": ""}],
    "slots": ["KDCA"],
    "unknown": 1,
}


def test_the_demo_is_made_once_and_connected() -> None:
    assert not make_database(), "the tests' is there"
    assert fill_airports() > 10_000 and fill_airports() == 0
    for _ in range(2):
        said = build_demo(wanted_from(json.dumps(WANTED)))
        assert said["handlers"] == ["desk@blueapron.example", "ops@harbourjet.example"]
    assert Organisation.objects.count() == 3 and User.objects.count() == 3 and Aircraft.objects.count() == 1
    assert Airport.objects.get(icao="KDCA").slot_required and not Airport.objects.get(icao="KEWR").slot_required
    connection = Connection.objects.get()
    assert served() == [connection.id] and "a refresh token" not in connection.refresh_token
    assert unseal(connection.refresh_token) == "a refresh token"
    assert User.objects.get(email="desk@blueapron.example").check_password("first-steps-2013")


def test_without_tokens_it_is_not_connected() -> None:
    fill_airports()
    build_demo(wanted_from(json.dumps({"operator": WANTED["operator"], "password": "first-steps-2013"})))
    assert not Connection.objects.exists()


@pytest.mark.parametrize("text", ["", "{}", '{"operator": 1}', "[]"])
def test_what_says_nothing_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        wanted_from(text)
