"""Partners made up for measuring: each keeps every aircraft's schedule, sent on change, one aircraft a call or a set.

One add-on for each partner, because an operator has one connection of an add-on for an aircraft. They differ in
nothing but their name. Run as `python -m benchmarks.mirrors COUNT [UNITS_PER_CALL]`, this is the product's worker with
them in it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec

from airstair.hub.contract import Addon, Category
from airstair.hub.facts import assumed
from airstair.hub.flows import Call, Document, Horizon, Mirror, OnChange, Part
from airstair.hub.registry import register
from airstair.hub.setting import Settings, setting
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import UnitKind
from airstair.records.flights.snapshots import Activity, AircraftSchedule

FLOW = "schedule"
MARK = "edit "  # an edit writes this and its number into the flight's notes


class PartnerSettings(Settings):
    """Where the partner is."""

    base_url: Annotated[str, setting("Address")] = ""


class _Sent(msgspec.Struct, frozen=True, gc=False):
    """One activity on the wire."""

    id: int
    kind: str
    number: str
    adep: str
    ades: str
    off: datetime
    on: datetime
    pax: int
    notes: str


class _Body(msgspec.Struct, frozen=True, gc=False):
    """A schedule on the wire. `stamp`: the newest edit that is in it."""

    stamp: int
    tail: str
    activities: list[_Sent]


_encode = msgspec.json.Encoder().encode


def document(snapshot: AircraftSchedule, settings: PartnerSettings, now: datetime) -> Document:
    """The aircraft's schedule, notes and all."""
    sent = [_sent(activity) for activity in snapshot.activities]
    body = _Body(
        stamp=max((_stamp(one.notes) for one in sent), default=0), tail=snapshot.aircraft.registration, activities=sent
    )
    return Document(body=_encode(body), parts=tuple(Part(f"flight:{one.id}", one.number) for one in sent))


def _sent(activity: Activity) -> _Sent:
    return _Sent(
        id=activity.id,
        kind=activity.kind.value,
        number=activity.number,
        adep=activity.start_airport,
        ades=activity.end_airport,
        off=activity.start,
        on=activity.end,
        pax=activity.pax_count,
        notes=activity.notes,
    )


def _stamp(notes: str) -> int:
    return int(notes[len(MARK) :]) if notes.startswith(MARK) else 0


async def send(call: Call) -> Sequence[Outcome]:
    """One PUT for each document."""
    outcomes = []
    if len(call.documents) > 1:
        return await _send_set(call)
    for one in call.documents:
        url = f"{call.settings.base_url}/{one.unit}"
        answer = await call.http.request(
            "PUT", url, headers={"Content-Type": "application/json"}, body=one.document.body
        )
        kind = OutcomeKind.ACCEPTED if answer.status == 200 else OutcomeKind.REFUSED
        outcomes.append(Outcome(kind=kind, sent=len(one.document.parts), http_status=answer.status))
    return outcomes


async def _send_set(call: Call) -> Sequence[Outcome]:
    """One PUT for all documents; the address says which, so that the receiver need not read the body."""
    bodies = [one.document.body for one in call.documents]
    stamps = "&".join(f"{one.unit}={stamp_of(body)}" for one, body in zip(call.documents, bodies, strict=True))
    answer = await call.http.request(
        "PUT",
        f"{call.settings.base_url}/set?{stamps}",
        headers={"Content-Type": "application/json"},
        body=b"[" + b",".join(bodies) + b"]",
    )
    kind = OutcomeKind.ACCEPTED if answer.status == 200 else OutcomeKind.REFUSED
    return [Outcome(kind=kind, sent=len(one.document.parts), http_status=answer.status) for one in call.documents]


def stamp_of(body: bytes) -> int:
    """The number that a body begins with."""
    return int(body[len(b'{"stamp":') : body.index(b",")])


def key(number: int) -> str:
    """The key of one partner's add-on."""
    return f"bench{number:02}"


def addon(number: int, units_per_call: int = 1) -> Addon:
    """The add-on of one partner."""
    return Addon(
        key=key(number),
        name=f"Partner {number}",
        category=Category.SCHEDULE,
        purpose="Measures how fast a change reaches a partner.",
        settings=PartnerSettings,
        flows=(
            Mirror(
                key=FLOW,
                title="Aircraft schedules",
                unit=UnitKind.AIRCRAFT,
                trigger=OnChange(),
                horizon=Horizon(back=timedelta(days=1)),
                document=document,
                send=send,
                units_per_call=units_per_call,
            ),
        ),
        facts=assumed("benchmarks/receiver.py", "It answers at once."),
        package="benchmarks",
    )


def register_all(count: int, units_per_call: int = 1) -> None:
    for number in range(count):
        register(addon(number, units_per_call))


def main(words: list[Any]) -> None:
    from airstair.cli.session import open_record

    register_all(*map(int, words))
    with open_record(None):
        from airstair.hub.worker import work

        work(on_ready=lambda: print("worker is ready", flush=True))


if __name__ == "__main__":
    main(sys.argv[1:])
