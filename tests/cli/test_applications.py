"""`airstair application`: registering third parties' programs for the installation."""

from __future__ import annotations

from airstair.records.access.models import Application

from .conftest import Airstair

REGISTER = ("application", "register", "Orders", "--redirect-uri", "https://orders.example/back")
FACTS = {"key", "name", "client_id", "redirect_uris", "scopes", "active"}


def test_an_application_is_registered_listed_and_revoked(airstair: Airstair) -> None:
    made = airstair(*REGISTER, "--scope", "GRAPHQL_FLIGHT GRAPHQL_ACFT", "--key", "orders", "--json")
    assert (made.status, made.err) == (0, "") and made.json.keys() == FACTS | {"client_secret"}
    secret = made.json["client_secret"]
    assert len(secret) == 43 and made.json["scopes"] == ["GRAPHQL_ACFT", "GRAPHQL_FLIGHT"]
    assert secret not in str(Application.objects.values().get())
    assert airstair(*REGISTER, "--scope", "GRAPHQL_FLIGHT").status == 1, "there is one of that name"
    public = airstair(*REGISTER, "--scope", "GRAPHQL_FLIGHT", "--key", "logbook", "--public")
    assert "must use PKCE" in public.out
    found = airstair("application", "list", "--json").json["applications"]
    assert {one["key"] for one in found} == {"logbook", "orders"} and found[0].keys() == FACTS
    again = airstair("application", "secret", "orders")
    assert again.status == 0 and "shown this once" in again.out and secret not in again.out
    assert airstair("application", "secret", "logbook").status == 1
    assert airstair("application", "revoke", "orders", "--json").json["active"] is False
    assert "(revoked)" in airstair("application", "list").out
    for wrong in (("revoke", "nobody"), ("secret", "nobody")):
        told = airstair("application", *wrong)
        assert told.status == 1 and "was not found" in told.err


def test_what_does_not_fit_is_said_with_its_field(airstair: Airstair) -> None:
    scopes = airstair("application", "scopes", "--json").json["scopes"]
    assert scopes["GRAPHQL_FLIGHT"] == "see flights and trips" and "NONE" not in scopes
    told = airstair("application", "register", "X", "--redirect-uri", "http://x.example/", "--scope", "NONE", "--json")
    assert told.status == 1 and {one["field"] for one in told.json["problems"]} == {"scope", "redirect_uri"}
    assert not Application.objects.exists()
