"""Organisation, fleet, users, airports, catalogue and the connection: what each page saves, shows and refuses."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from connect.pages.live import tag_of
from connect.parties.models import Airport, Organisation, User
from connect.sync.models import Connection

from .conftest import PASSWORD, Town
from .test_desk_and_orders import press

SEE = ["orders.VIEW", "flights.VIEW"]


@pytest.mark.req("MFC-01", "MFC-02")
def test_the_connection_is_made_ticked_watched_and_withdrawn(town: Town, sign_in) -> None:
    olga = sign_in("olga")
    assert "Not connected" in olga.get("/external-api/").content.decode()
    given = {"address": "http://nowhere.example", "client_id": "app-1", "client_secret": "secret"}
    assert "beginning with https://" in press(olga, "/external-api/connect", **given)
    leaving = olga.post("/external-api/connect", {**given, "address": settings.AIRSTAIR_URL})
    target = leaving.content.decode().split('class="btn first" href="')[1].split('"')[0].replace("&amp;", "&")
    asked = parse_qs(urlsplit(target).query)
    assert target.startswith(settings.AIRSTAIR_URL) and asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{settings.URL}/external-api/callback"]
    refused = olga.get("/external-api/callback", {"code": "c", "state": "another"}, follow=True).content.decode()
    assert "not the authorisation that was begun" in refused
    refused = olga.get("/external-api/callback", {"error": "access_denied", "state": asked["state"][0]}, follow=True)
    assert "did not grant it" in refused.content.decode()
    why = "The schedule system does not answer."
    Connection.objects.update(
        enabled=True, refresh_token="sealed", state="failed", failed_at=timezone.now(), failed_why=why
    )
    assert why in olga.get("/external-api/").content.decode()
    assert "rests" in press(olga, "/external-api/active")
    assert "Not active" in olga.get("/external-api/").content.decode()
    assert "is active" in press(olga, "/external-api/active", active="1")
    Connection.objects.update(refresh_token="")
    assert "withdrawn" in press(olga, "/external-api/withdraw")


def test_no_page_shows_a_secret(town: Town, sign_in) -> None:
    secrets = {"client_secret": "sealed-1", "access_token": "sealed-2", "refresh_token": "sealed-3"}
    Connection.objects.create(operator=town.operator, enabled=True, client_id="app-1", **secrets)
    for path in ("/external-api/", "/organisation/", "/users/"):
        body = sign_in("olga").get(path).content.decode()
        assert not [one for one in [*secrets.values(), "md5$", PASSWORD] if one in body], path


def test_organisation_and_fleet(town: Town, sign_in) -> None:
    olga = sign_in("olga")
    own = {
        "organisation": str(town.operator.id),
        "name": "Demo Air Charter",
        "email": "ops@demo.example",
        "currency": "USD",
    }
    assert "Saved." in press(olga, "/organisation/change", **own)
    assert "not an email address" in press(olga, "/organisation/change", **{**own, "email": "nobody"})
    said = press(olga, "/organisation/subsidiary", name="Demo Air Spain", email="es@demo.example", currency="USD")
    assert "Demo Air Spain is added" in said
    below = Organisation.objects.get(name="Demo Air Spain")
    craft = {"organisation": str(below.id), "registration": "9z-xyz", "icao_type": "c25a", "call_sign": ""}
    assert "9Z-XYZ is in the fleet" in press(olga, "/organisation/aircraft", **craft)
    assert "as C25A" in press(olga, "/organisation/aircraft", **{**craft, "icao_type": "x"})
    gone = press(olga, "/organisation/no-aircraft", aircraft=str(below.fleet.get().id))
    assert "out of the fleet" in gone and "9Z-XYZ" not in gone
    assert "is set" in press(olga, "/organisation/contact", person=str(town.people["nora"].id))
    town.operator.refresh_from_db()
    assert (town.operator.name, town.operator.operations_contact) == ("Demo Air Charter", town.people["nora"])


def test_people_and_their_rights(town: Town, sign_in) -> None:
    olga, nora = sign_in("olga"), sign_in("nora")
    assert nora.get("/orders/").status_code == 403
    address = f"/users/{town.people['nora'].id}"
    assert "saved" in press(olga, address, rights=SEE, active="1")
    assert nora.get("/orders/").status_code == 200
    assert "External API" not in nora.get("/orders/").content.decode(), "a module without VIEW is not shown"
    assert "too short" in press(olga, address, rights=SEE, active="1", password="short")
    press(olga, address, rights=SEE)
    assert nora.get("/orders/").status_code == 302, "shut out at once"
    assert "cannot shut yourself out" in press(olga, f"/users/{town.people['olga'].id}", rights="organisation.MODIFY")
    new = {"name": "Nils", "email": "nils@connect.example", "password": "a-new-long-one"}
    assert olga.post("/users/", {**new, "password": "x"}).status_code == 422
    assert "may sign in now" in press(olga, "/users/", **new)
    assert User.objects.get(email="nils@connect.example").organisation == town.operator
    assert Client().post("/sign-in", {"email": new["email"], "password": new["password"]}).status_code == 302


@pytest.mark.req("MFC-41")
def test_a_handler_says_where_slots_are_required(town: Town, sign_in) -> None:
    hana, rita = sign_in("hana"), sign_in("rita")
    assert "LSZH: slot required" in press(hana, "/airports/LSZH", required="1")
    assert Airport.objects.get(icao="LSZH").slot_required
    assert rita.post("/airports/LSZH", {"required": "0"}).status_code == 404, "it does not serve there"
    assert sign_in("olga").post("/airports/LSZH", {"required": "0"}).status_code == 404
    assert Airport.objects.get(icao="LSZH").slot_required


def test_the_catalogue(town: Town, sign_in) -> None:
    hana = sign_in("hana")
    said = press(hana, "/catalogue/", title="De-icing", category="Outside ramp", price="1 250,50", shown="1")
    assert "1\u202f250.50" in said
    assert "has a service of this title" in press(hana, "/catalogue/", title="De-icing", price="1")
    one = town.handler.catalogue.get(title="De-icing")
    wanted = {"title": "Power on the ramp", "service": "gpu", "price": "10", "shown": "1"}
    assert "is saved" in press(hana, f"/catalogue/{one.id}", **wanted)
    assert 'value="10"' in hana.get(f"/desk/{town.order.number}/").content.decode(), "proposed for the line GPU_ADEP"
    assert "Taken out" in press(hana, f"/catalogue/{one.id}", delete="1")
    assert not town.handler.catalogue.filter(id=one.id).exists()


def test_what_somebody_changed_here_stays_here(town: Town, sign_in) -> None:
    olga, flight = sign_in("olga"), town.flight
    wanted = {
        "std_day": f"{flight.std:%Y-%m-%d}", "std_time": "0830", "sta_day": f"{flight.sta:%Y-%m-%d}",
        "sta_time": "10:30", "pax": "6", "crew": "2",
    }  # fmt: skip
    assert "its next update replaces this" in press(olga, f"/trips/{flight.id}/change", **wanted)
    assert "is not a time" in press(olga, f"/trips/{flight.id}/change", **{**wanted, "std_time": "late"})
    assert "number of people" in press(olga, f"/trips/{flight.id}/change", **{**wanted, "pax": "many"})
    flight.refresh_from_db()
    assert (flight.pax, flight.changed_here, f"{flight.std:%H:%M}") == (6, True, "08:30")


def test_a_region_is_the_same_whatever_the_masks_of_its_forms() -> None:
    form = '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><b>{}</b>'
    assert tag_of(form.format("abc", 1)) == tag_of(form.format("xyz", 1)) != tag_of(form.format("abc", 2))
