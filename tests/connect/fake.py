"""A schedule system for Connect's tests: OAuth2 and the Flight Support API of the published schema, in this process.

Knows nothing of either program's code: the schema is read from its files, as it is published, and what Connect sends
must be good by it. It can be out of order in every way that the tests need.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from graphql import GraphQLSchema, build_schema, graphql_sync

from connect.sync.state import Heard, HeardSide, Neighbour

SCHEMA = Path(__file__).parents[2] / "src" / "airstair" / "api" / "leon" / "schema"


@cache
def published_schema() -> GraphQLSchema:
    """The schema as anybody can fetch it."""
    return build_schema("\n".join(path.read_text() for path in sorted(SCHEMA.glob("*.graphql"))))


@dataclass
class Fake:
    """What it holds: flights as they are submitted, the answers that it has accepted, and how it misbehaves.

    `lose_requests` and `lose_answers` count calls to be lost on the way there or back; `down` loses all.
    """

    flights: dict[int, Heard] = field(default_factory=dict)
    answers: dict[int, dict[str, tuple[str, str] | None]] = field(default_factory=dict)
    proposed: list[tuple[int, str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    touched: dict[int, int] = field(default_factory=dict)
    clock: int = 0
    down: bool = False
    lose_requests: int = 0
    lose_answers: int = 0
    access: str = "access-0"
    refresh: str = "refresh-0"
    former: str = ""
    renewals: int = 0
    granted: bool = True
    refuses: set[int] = field(default_factory=set)
    busy: int = 0
    webhooks: dict[int, dict[str, Any]] = field(default_factory=dict)
    no_webhooks: int = 0

    def __post_init__(self) -> None:
        self.schema = published_schema()

    # -- its dispatcher ---------------------------------------------------------------------------------------------

    def put(self, one: Heard) -> None:
        """The flight as it is now. A submission makes earlier answers doubtful."""
        before = self.flights.get(one.nid)
        self.flights[one.nid] = one
        self.clock += 1
        self.touched[one.nid] = self.clock
        if before is None or before.submission != one.submission:
            self.answers[one.nid] = dict.fromkeys(self.answers.get(one.nid, {}))

    def status(self, nid: int, service: str) -> str:
        found = self.answers[nid].get(service)
        return found[0] if found else ""

    def note(self, nid: int, service: str) -> str:
        found = self.answers[nid].get(service)
        return found[1] if found else ""

    # -- its wire ---------------------------------------------------------------------------------------------------

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request.url.path)
        if self.down or self.lose_requests:
            self.lose_requests = max(0, self.lose_requests - 1)
            raise httpx.ConnectError("It is down.", request=request)
        if request.url.path.startswith("/api/v1/webhooks"):
            answer = self._webhooks(request)
        else:
            answer = self._token(request) if request.url.path == "/oauth2/code/token/" else self._graphql(request)
        if self.lose_answers:
            self.lose_answers -= 1
            raise httpx.ReadTimeout("The answer is lost.", request=request)
        return answer

    def _token(self, request: httpx.Request) -> httpx.Response:
        fields = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        good = fields.get("refresh_token") in (self.refresh, self.former) or fields.get("code") == "the-code"
        if not self.granted or not good:
            return httpx.Response(400, json={"error": "invalid_grant", "error_description": "It was withdrawn"})
        self.renewals += 1
        self.former = self.refresh
        self.access, self.refresh = f"access-{self.renewals}", f"refresh-{self.renewals}"
        epoch = int(datetime(2031, 4, 1, 12, 30, tzinfo=UTC).timestamp())
        return httpx.Response(
            200,
            json={
                "access_token": self.access,
                "refresh_token": self.refresh,
                "token_type": "Bearer",
                "expires_in": epoch,
            },
        )

    def _webhooks(self, request: httpx.Request) -> httpx.Response:
        """As the REST interface describes them; `no_webhooks` is the status of a system that has none."""
        if request.headers.get("Authorization") != f"Bearer {self.access}":
            return httpx.Response(401, json={"detail": "The access token is expired."})
        if self.no_webhooks:
            return httpx.Response(self.no_webhooks, text="<html>")
        if request.method == "GET":
            return httpx.Response(200, json=[{**one, "secret": None} for one in self.webhooks.values()])
        if request.method == "DELETE":
            self.webhooks[int(request.url.path.rpartition("/")[2])]["ended_at"] = "2031-04-07T08:15:00Z"
            return httpx.Response(204)
        key, wanted = 900 + len(self.webhooks), json.loads(request.content)
        if any(one["label"] == wanted["label"] and not one["ended_at"] for one in self.webhooks.values()):
            return httpx.Response(422, json={"detail": "There is already a webhook of this label."})
        made = {**wanted, "id": key, "ended_at": None, "paused_at": None, "secret": f"whsec_{key}"}
        self.webhooks[key] = made
        return httpx.Response(201, json=made)

    def live_webhooks(self) -> list[dict[str, Any]]:
        return [one for one in self.webhooks.values() if not one["ended_at"]]

    def signed(self, body: bytes, at: datetime) -> dict[str, str]:
        """The headers of a call of its only webhook, as its guide says."""
        (one,) = self.live_webhooks()
        timestamp = str(int(at.timestamp()))
        said = hmac.new(one["secret"].encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()
        return {"Airstair-Webhook-Timestamp": timestamp, "Airstair-Webhook-Signature": f"v1={said}"}

    def _graphql(self, request: httpx.Request) -> httpx.Response:
        if request.headers.get("Authorization") != f"Bearer {self.access}":
            return httpx.Response(401, json={"errors": [{"message": "The access token is expired."}]})
        if self.busy:
            return httpx.Response(429, headers={"Retry-After": str(self.busy)}, json={"errors": []})
        asked = json.loads(request.content)
        found = graphql_sync(self.schema, asked["query"], root_value=self._root(), variable_values=asked["variables"])
        body: dict[str, Any] = {"data": found.data}
        if found.errors:
            body["errors"] = [{"message": error.message} for error in found.errors]
        return httpx.Response(200, json=body)

    def _root(self) -> dict[str, Any]:
        def list_since(_: Any, cursor: str | None = None) -> dict[str, Any]:
            since = int(cursor or 0)
            found = [self._flight(one) for nid, one in self.flights.items() if self.touched[nid] > since]
            return {"flightList": found, "cursor": str(self.clock), "more": False}

        names = ("getCreatedFlightServiceList", "getModifiedFlightServiceList", "getModifiedFlightScheduleList")
        support = {
            **dict.fromkeys(names, list_since),
            "setServiceStatus": self._set_status,
            "setSlotAdepTime": lambda _, flightNid, time: self._propose(flightNid, "ADEP", time),
            "setSlotAdesTime": lambda _, flightNid, time: self._propose(flightNid, "ADES", time),
        }
        return {"integration": {"flightSupport": support}}

    def _set_status(self, _: Any, flightNid: Any, services: list[dict[str, Any]]) -> bool:
        nid = int(flightNid)
        if nid in self.refuses:
            raise ValueError("This flight takes no answers.")
        held = self.answers.setdefault(nid, {})
        for one in services:
            held[one["service"]] = (one["status"], one.get("note") or "")
        return True

    def _propose(self, nid: Any, side: str, time: str) -> bool:
        self.proposed.append((int(nid), side, time))
        return True

    def _flight(self, one: Heard) -> dict[str, Any]:
        facts, held = one.facts, self.answers.get(one.nid, {})
        edit = held.get("EDIT") or (None, None)
        asked = {**one.adep.asked, **one.ades.asked}
        return {
            "flightNid": one.nid,
            "flightNo": facts.flight_no,
            "tripNumber": facts.trip_number,
            "registration": facts.registration,
            "callSign": facts.call_sign,
            "aircraftIcaoType": facts.icao_type,
            "adep": facts.adep,
            "ades": facts.ades,
            "startTimeUTC": _iso(facts.std),
            "endTimeUTC": _iso(facts.sta),
            "paxCount": facts.pax,
            "crewCount": facts.crew,
            "flightType": facts.flight_type,
            "mission": facts.mission,
            "status": "CONFIRMED",
            "isCnl": one.cancelled,
            "submission": one.submission,
            "editStatus": edit[0],
            "editNote": edit[1],
            "adepHandler": _handler(one.adep),
            "adesHandler": _handler(one.ades),
            "previousFlight": _neighbour(facts.previous),
            "nextFlight": _neighbour(facts.next),
            "serviceList": [
                {
                    "service": service,
                    "isRequested": service in asked,
                    "details": asked.get(service),
                    "status": (held.get(service) or (None,))[0],
                    "note": (held.get(service) or (None, None))[1],
                }
                for service in sorted({*asked, *held} - {"EDIT"})
            ],
        }


def _handler(side: HeardSide) -> dict[str, Any] | None:
    one = side.handler
    return one and {"handlerNid": one.nid, "name": one.name, "email": one.email}


def _neighbour(one: Neighbour | None) -> dict[str, Any] | None:
    return one and {
        "flightNid": one.nid,
        "flightNo": one.flight_no,
        "adep": one.adep,
        "ades": one.ades,
        "startTimeUTC": _iso(one.std),
        "endTimeUTC": _iso(one.sta),
        "status": "CONFIRMED",
    }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
