"""Who may call: headers, tokens, permissions, aircraft, rate, OAuth; each refusal in the partner's own words."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from airstair.sandbox.discovery import find_partners

EARLY, LATE = "2027-05-11T08:54:59Z", "2027-05-11T09:05:01Z"


@pytest.mark.req("SBX-01")
@pytest.mark.parametrize(
    ("changes", "status", "code", "title"),
    [
        (
            {"X-Avinode-SentTimestamp": None},
            400,
            "ERR_INPUT_MISSING",
            "The header 'X-Avinode-SentTimestamp' is required",
        ),
        ({"X-Avinode-SentTimestamp": None, "Authorization": None}, 400, "ERR_INPUT_MISSING", "SentTimestamp"),
        ({"X-Avinode-SentTimestamp": "yesterday"}, 400, "ERR_INPUT_GENERIC_INVALID", "SentTimestamp"),
        ({"X-Avinode-SentTimestamp": EARLY}, 400, "ERR_INPUT_GENERIC_INVALID", "5 minutes"),
        ({"X-Avinode-SentTimestamp": LATE}, 400, "ERR_INPUT_GENERIC_INVALID", "5 minutes"),
        ({"X-Avinode-ApiToken": None}, 400, "ERR_INPUT_MISSING", "The header 'X-Avinode-ApiToken' is required"),
        ({"X-Avinode-ApiToken": None, "Authorization": None}, 400, "ERR_INPUT_MISSING", "ApiToken"),
        ({"X-Avinode-ApiToken": "f" * 36}, 401, "ERR_INPUT_GENERIC_INVALID", "X-Avinode-ApiToken"),
        ({"Authorization": None}, 401, "ERR_INPUT_GENERIC_INVALID", "Invalid value for header 'Authorization'"),
        ({"Authorization": "Bearer nobody"}, 401, "ERR_INPUT_GENERIC_INVALID", "Authorization"),
        ({"Authorization": "Bearer nöbödy"}, 401, "ERR_INPUT_GENERIC_INVALID", "Authorization"),
        ({"Authorization": "Basic Zm9vOmJhcg=="}, 401, "ERR_INPUT_GENERIC_INVALID", "Authorization"),
    ],
)
async def test_wrong_credentials_are_refused(
    client: Any, changes: dict[str, str | None], status: int, code: str, title: str
) -> None:
    for method, path, body in (("PUT", "/schedules", {}), ("GET", "/aircraft", None), ("GET", "/nowhere", None)):
        reply = await client.call(method, path, body, **changes)
        assert (reply.status, reply.codes) == (status, [code])
        assert title in reply.titles
        assert reply.json["data"] == {} and reply.json["meta"]["warnings"] == [] == reply.json["meta"]["infos"]


async def test_a_token_alone_is_no_authorization(client: Any, avinode: Any) -> None:
    key = avinode.credentials()["authorization_key"]
    assert (await client.call("GET", "/aircraft", Authorization=key)).status == 401
    assert (await client.call("GET", "/aircraft", Authorization=f"bearer {key}")).status == 200


@pytest.mark.req("SBX-01")
async def test_good_credentials_can_be_checked_by_reading(client: Any) -> None:
    reply = await client.call("GET", "/aircraft")
    assert reply.status == 200
    tails = {plane["tailNumber"] for plane in reply.json["data"]}
    assert "SBX-7001" in tails and "SBX-8001" not in tails
    found = await client.call("GET", "/aircraft/search?tail=SBX-7001&tail=SBX-8001&tail=N0")
    assert [plane["tailNumber"] for plane in found.json["data"]] == ["SBX-7001"]
    one = await client.call("GET", "/aircraft/" + found.json["data"][0]["id"])
    assert one.json["data"]["homeBase"]["icao"] == "KTEB"


async def test_the_product_header_is_not_needed_to_be_served(client: Any) -> None:
    assert (await client.call("GET", "/aircraft", **{"X-Avinode-Product": None})).status == 200


def test_tokens_look_like_the_real_ones(request: pytest.FixtureRequest) -> None:
    from airstair.addons.avinode.sandbox import seed as seed

    for token, tenant in ((seed.DEMO_AUTHORIZATION_KEY, 7), (seed.OTHER_AUTHORIZATION_KEY, 8)):
        assert token.startswith("eyJ") and token.count(".") == 2
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        assert (claims["iss"], claims["avitype"], claims["avitenant"]) == ("avinode", 15, tenant)


@pytest.mark.req("AVI-45")
async def test_each_precondition_has_an_error_of_its_own(client: Any, avinode: Any, activity: Any) -> None:
    keys = avinode.credentials()
    flight = activity("1", "PAX", "KTEB", "KBOS", -5, -4)
    inactive = await client.put("SBX-7001", flight, Authorization=f"Bearer {keys['inactive_authorization_key']}")
    unpermitted = await client.put("SBX-7001", flight, Authorization=f"Bearer {keys['read_only_authorization_key']}")
    not_active = await client.put("SBX-7002", flight)
    not_integrated = await client.put("SBX-7003", flight)
    foreign = await client.put("SBX-8001", flight)
    assert (inactive.status, inactive.codes) == (401, ["ERR_INPUT_GENERIC_INVALID"])
    assert "not active" in inactive.titles
    refused = [unpermitted, not_active, not_integrated, foreign]
    assert {reply.status for reply in refused} == {403}
    assert {code for reply in refused for code in reply.codes} == {"AUTHORIZATION_PERMISSIONS"}
    assert "permission" in unpermitted.titles
    assert "not Fully Active" in not_active.titles
    assert "not Integrated" in not_integrated.titles
    assert not_integrated.errors[0]["path"] == "lift.aircraftTail"
    assert len({reply.titles for reply in [inactive, *refused]}) == 5
    assert all(client.held(tail)["uploads"] == 0 for tail in ("SBX-7001", "SBX-7002", "SBX-7003", "SBX-8001"))


async def test_a_token_without_the_upload_permission_may_still_read(client: Any, avinode: Any) -> None:
    key = avinode.credentials()["read_only_authorization_key"]
    assert (await client.call("GET", "/aircraft", Authorization=f"Bearer {key}")).status == 200


async def test_an_unused_connection_is_deactivated_after_sixty_days(client: Any, clock: Any) -> None:
    assert (await client.call("GET", "/aircraft")).status == 200
    clock.advance(timedelta(days=59))
    assert (await client.call("GET", "/aircraft")).status == 200
    clock.advance(timedelta(days=61))
    assert (await client.call("GET", "/aircraft")).status == 401
    client.partner.act("set-connection", {"connection": "demo", "active": True})
    assert (await client.call("GET", "/aircraft")).status == 200


async def test_unknown_aircraft_are_adopted_or_refused(client: Any, avinode: Any, activity: Any) -> None:
    bad = await client.put("N1", activity("1", "", "KTEB", "KBOS", -5, -4))
    assert bad.status == 400 and "N1" not in avinode.state()["aircraft"]
    good = await client.put("N1", activity("1", "PAX", "XXXX", "KBOS", -5, -4))
    assert good.status == 200 and client.held("N1")["adopted"] is True
    assert client.held("N1")["homeBase"] == "KBOS"
    avinode.act("set-adoption", {"company": "demo", "on": False})
    refused = await client.put("N2", activity("1", "PAX", "KTEB", "KBOS", -5, -4))
    assert (refused.status, refused.codes) == (403, ["AUTHORIZATION_PERMISSIONS"])
    assert (await client.put("N1", activity("1", "PAX", "KTEB", "KBOS", -5, -4))).status == 200
    foreign = await client.put("SBX-8001", activity("1", "PAX", "KTEB", "KBOS", -5, -4))
    assert foreign.titles.replace("SBX-8001", "N2") == refused.titles, "another company's aircraft must not leak"


async def test_company_b_adopts_only_when_switched_on(client: Any, avinode: Any, activity: Any) -> None:
    client.changes["Authorization"] = f"Bearer {avinode.credentials()['other_company_authorization_key']}"
    flight = activity("1", "PAX", "KTEB", "KBOS", -5, -4)
    assert (await client.put("N5", flight)).status == 403
    avinode.act("set-adoption", {"company": "other", "on": True})
    assert (await client.put("N5", flight)).status == 200
    assert client.held("N5")["company"] == "other"


async def test_the_hourly_rate_is_kept_and_told(client: Any, avinode: Any, clock: Any) -> None:
    avinode.act("set-rate-limit", {"calls_an_hour": 3})
    left = [(await client.call("GET", "/aircraft")).headers["X-Rate-Limit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    clock.advance(timedelta(minutes=10))
    over = await client.call("GET", "/aircraft")
    assert over.status == 429
    assert over.headers["X-Rate-Limit-Limit"] == "3" and over.headers["X-Rate-Limit-Reset"] == "3000"
    assert over.headers["Retry-After"] == "3000"
    clock.advance(timedelta(minutes=50))
    assert (await client.call("GET", "/aircraft")).status == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/nowhere", 404, None),
        ("GET", "/schedules/1/2", 404, None),
        ("DELETE", "/schedules", 405, "GET, PUT"),
        ("POST", "/schedules", 405, "GET, PUT"),
        ("PUT", "/aircraft", 405, "GET"),
        ("GET", "/emptylegs/search", 405, "POST"),
        ("GET", "/oauth/token", 405, "POST"),
    ],
)
async def test_unknown_routes_and_wrong_verbs(
    client: Any, method: str, path: str, status: int, allow: str | None
) -> None:
    reply = await client.call(method, path)
    assert reply.status == status and reply.headers.get("Allow") == allow
    assert reply.codes == ["NOT_FOUND" if status == 404 else "METHOD_NOT_ALLOWED"]


class TestOauth:
    async def ask(self, client: Any, form: dict[str, str], **headers: str) -> tuple[int, Any]:
        async with client.session.post(f"{client.partner.url}/api/oauth/token", data=form, headers=headers) as answer:
            return answer.status, await answer.json()

    def secret(self, client: Any) -> dict[str, str]:
        known = client.partner.credentials()
        return {"client_id": known["client_id"], "client_secret": known["client_secret"]}

    async def test_a_token_opens_the_gate_until_it_expires(self, client: Any, clock: Any) -> None:
        status, token = await self.ask(client, {"grant_type": "client_credentials", **self.secret(client)})
        assert (status, token["expires_in"], token["token_type"]) == (200, 1799, "Bearer")
        bearer = f"Bearer {token['access_token']}"
        assert token["access_token"].startswith("eyJ")
        assert (await client.call("GET", "/aircraft", Authorization=bearer)).status == 200
        clock.advance(timedelta(minutes=30))
        assert (await client.call("GET", "/aircraft", Authorization=bearer)).status == 401

    async def test_basic_credentials(self, client: Any) -> None:
        known = self.secret(client)
        basic = base64.b64encode(":".join(known.values()).encode()).decode()
        form = {"grant_type": "client_credentials", "expiresInMinutes": "120"}
        status, token = await self.ask(client, form, Authorization=f"Basic {basic}")
        assert status == 200 and token["expires_in"] == 7199
        both, _ = await self.ask(client, {**form, "client_secret": "x"}, Authorization=f"Basic {basic}")
        assert both == 401

    @pytest.mark.parametrize(
        ("form", "status", "error"),
        [
            ({"grant_type": "client_credentials", "client_id": "sandbox-demo-client"}, 401, "invalid_client"),
            ({"grant_type": "client_credentials", "client_assertion": "x"}, 401, "invalid_client"),
            ({"grant_type": "client_credentials"}, 401, "invalid_client"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"grant_type": "client_credentials", "expiresInMinutes": "121"}, 400, "invalid_request"),
            ({"grant_type": "client_credentials", "expiresInMinutes": "0"}, 400, "invalid_request"),
        ],
    )
    async def test_refusals_have_their_own_shape(
        self, client: Any, form: dict[str, str], status: int, error: str
    ) -> None:
        got, body = await self.ask(client, form)
        assert (got, body["error"]) == (status, error)
        assert body["errorDetails"][0]["code"] and body["error_description"]


@pytest.mark.req("SBX-01")
async def test_every_imitation_found_is_mounted_on_the_one_port(sandbox: Any, client: Any) -> None:
    partners = find_partners()
    assert "avinode" in partners
    for key in partners:
        assert sandbox.partner(key).url == f"{sandbox.url}/{key}"
        async with client.session.get(f"{sandbox.url}/{key}/api/nowhere") as answer:
            # Some partners refuse with 200 and words.
            assert answer.status in (400, 401, 404) or "credentials" in await answer.text()
    async with client.session.get(f"{sandbox.url}/nobody/api") as answer:
        assert answer.status == 404 and "/avinode" in await answer.text()
