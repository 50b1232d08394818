"""A partner that keeps a copy of each flight by itself, and what must be true of its copies."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from airstair.hub.flows import Backoff, Call, Document, Horizon, Mirror, OnChange, Removal, Write
from airstair.kernel.outcome import Outcome
from airstair.kernel.units import UnitKind
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import Status

from . import truth
from .book import Version
from .partners import OwnSettings, Receiver, Rules, read, registered

KEEPER = "keeper"


def document(flight: FlightFacts, settings: OwnSettings, now: datetime) -> Document | None:
    """Whose it is, route, times and version. A cancelled flight is not to be there."""
    if flight.status is Status.CANCELLED:
        return None
    body = {
        "id": flight.id,
        "aircraft": flight.aircraft_id,
        "tail": flight.registration,
        "route": [flight.adep, flight.ades],
        "times": [flight.std.isoformat(), flight.sta.isoformat()],
        "status": flight.status.value,
        "version": int(flight.notes or 0),
        "flavour": settings.flavour,
    }
    return Document(body=json.dumps(body, sort_keys=True).encode())


def gone(flight: FlightFacts | None, settings: OwnSettings, now: datetime) -> Document:
    return Document(body=b"{}")


async def keep(call: Call) -> list[Outcome]:
    """PUT, or DELETE for what is to go; under our own id, so that a lost answer makes no second flight."""
    (one,) = call.documents
    address = f"{call.settings.base_url}/flights/{one.unit.id}"
    headers = {"X-Key": call.settings.key, "Content-Type": "application/json"}
    method = "DELETE" if one.removes else "PUT"
    return [read(await call.http.request(method, address, headers=headers, body=one.document.body), call.now)]


class Keeper(Receiver):
    """Holds flights by account and id. `shown` is every state in order: a version, or `None` for taken away."""

    def __init__(self, clock: Any) -> None:
        super().__init__(KEEPER, clock)
        self.shown: dict[tuple[str, int], list[int | None]] = defaultdict(list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.read())
        account, flight = request.headers["X-Key"], int(request.path.rpartition("/")[2])
        fault = self.strike(account, [flight])
        if fault == "picky":
            fault = "status:422"
        if body and not self.welcome(self.key, account, body["aircraft"]):
            self.unwelcome.append(f"{self.key}: {account} was sent flight:{flight} of aircraft:{body['aircraft']}")
        if (early := await self.before(request, fault)) is not None:
            return early
        if request.method == "DELETE":
            self.holds.pop((account, flight), None)
        else:
            self.holds[account, flight] = body
        self.shown[account, flight].append(body.get("version"))
        return await self.after(request, fault, {"refused": []})


def register_keeper(rules: Rules) -> None:
    mirror = Mirror(
        key="flights",
        title="Flights",
        unit=UnitKind.FLIGHT,
        trigger=OnChange(look_minutes=5),  # a registration reaches flights by the look at all
        horizon=Horizon(back=timedelta(days=400)),  # nothing leaves it by time: only a change makes a difference
        document=document,
        gone=gone,
        send=keep,
        write=Write.UPSERT,
        removal=Removal.DELETE,
        retry=Backoff(first=rules.first, longest=rules.longest, tries=1_000),
        deadline=timedelta(seconds=rules.deadline),
    )
    registered(KEEPER, mirror)


# -- what must be true --------------------------------------------------------------------------------------------


def wanted(tables: truth.Tables) -> tuple[int, str, dict[int, dict[str, Any]]] | None:
    """Connection, account, and every flight that it must hold, by id; `None` while the connection is off."""
    connection = next((one for one in tables.connections if one.addon == KEEPER), None)
    if connection is None:
        return None
    kept = [one for one in tables.kept() if one.connection.id == connection.id]
    flights = {
        flight.id: _flight(one, flight, connection.settings["flavour"])
        for one in kept
        for flight in tables.flights_of(one.aircraft)
        if flight.status != "CANCELLED"
    }
    return connection.id, truth.account_of(connection), flights


def _flight(one: truth.Kept, flight: Any, flavour: str) -> dict[str, Any]:
    return {
        "id": flight.id,
        "aircraft": one.aircraft.id,
        "tail": one.aircraft.registration,
        "route": [flight.adep, flight.ades],
        "times": [flight.std.isoformat(), flight.sta.isoformat()],
        "status": flight.status,
        "version": int(flight.notes or 0),
        "flavour": flavour,
    }


def goes_back(keeper: Keeper, versions: Mapping[int, list[Version]]) -> Iterator[str]:
    """An earlier version of a flight after a later one."""
    for (account, flight), shown in list(keeper.shown.items()):
        numbers = [number for number in shown if number is not None]
        if numbers != sorted(numbers):
            known = [version.number for version in sorted(versions.get(flight, []))]
            yield f"{KEEPER}, {account}: flight:{flight} went {shown}; its versions are {known}"
