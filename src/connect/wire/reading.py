"""One flight of the Flight Support API, read into a `Heard`. Tolerant: what is unknown is left out, what is missing is
unknown; only a flight without id, airports or times is none.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from connect.orders.words import EDIT, Designation, Side, side_of
from connect.sync.answers import Answer
from connect.sync.state import Facts, Handler, Heard, HeardSide, Neighbour

_LARGEST = 2**63 - 1


class Entry(msgspec.Struct, frozen=True):
    """A flight's whole state, and what the schedule system holds of our answers (None: it has forgotten)."""

    heard: Heard
    told: dict[str, Answer | None]


def entry_from(one: Any) -> Entry | None:
    """Read it; None when it is no flight."""
    if not isinstance(one, dict):
        return None
    nid, facts = _number(one.get("flightNid"), _LARGEST), _facts(one)
    if nid is None or facts is None:
        return None
    services = [each for each in _listed(one.get("serviceList")) if isinstance(each, dict) and _fits(each)]
    heard = Heard(
        nid=nid,
        facts=facts,
        cancelled=bool(one.get("isCnl")),
        submission=_number(one.get("submission")) or 1,
        adep=HeardSide(_handler(one.get("adepHandler")), _asked(services, Side.ADEP)),
        ades=HeardSide(_handler(one.get("adesHandler")), _asked(services, Side.ADES)),
    )
    return Entry(heard, _told(one, services))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _fits(service: dict[str, Any]) -> bool:
    name = service.get("service")
    return isinstance(name, str) and name.isidentifier() and len(name) <= 60


def _facts(one: dict[str, Any]) -> Facts | None:
    std, sta = _moment(one.get("startTimeUTC")), _moment(one.get("endTimeUTC"))
    adep, ades = _word(one.get("adep")), _word(one.get("ades"))
    if std is None or sta is None or not adep or not ades:
        return None
    return Facts(
        flight_no=_word(one.get("flightNo"))[:20],
        trip_nid=_number(one.get("tripNid"), _LARGEST),
        trip_number=_word(one.get("tripNumber"))[:40],
        registration=_word(one.get("registration"))[:20],
        call_sign=_word(one.get("callSign"))[:20],
        icao_type=_word(one.get("aircraftIcaoType"))[:10],
        adep=adep[:10],
        ades=ades[:10],
        std=std,
        sta=sta,
        pax=_number(one.get("paxCount")),
        crew=_number(one.get("crewCount")),
        flight_type=_word(one.get("flightType"))[:60],
        mission=_word(one.get("mission"))[:120],
        previous=_neighbour(one.get("previousFlight")),
        next=_neighbour(one.get("nextFlight")),
    )


def _neighbour(one: Any) -> Neighbour | None:
    """Only a confirmed one is shown."""
    if not isinstance(one, dict) or (_word(one.get("status")).upper() or "CONFIRMED") != "CONFIRMED":
        return None
    nid, std, sta = (
        _number(one.get("flightNid"), _LARGEST),
        _moment(one.get("startTimeUTC")),
        _moment(one.get("endTimeUTC")),
    )
    if nid is None or std is None or sta is None:
        return None
    return Neighbour(
        nid=nid,
        flight_no=_word(one.get("flightNo")),
        adep=_word(one.get("adep")),
        ades=_word(one.get("ades")),
        std=std,
        sta=sta,
    )


def _handler(one: Any) -> Handler | None:
    nid = _number(one.get("handlerNid")) if isinstance(one, dict) else None
    return None if nid is None else Handler(nid, _word(one.get("name")), _word(one.get("email")))


def _asked(services: list[dict[str, Any]], side: Side) -> dict[str, str]:
    asked = {one["service"]: _word(one.get("details")) for one in services if one.get("isRequested")}
    return {service: asked[service] for service in sorted(asked) if side_of(service) is side}


def _told(one: dict[str, Any], services: list[dict[str, Any]]) -> dict[str, Answer | None]:
    """Where it does not say what it holds, nothing is concluded."""
    said = [(each["service"], each) for each in services if "status" in each]
    told = {service: _answer(each.get("status"), each.get("note")) for service, each in said}
    if "editStatus" in one:
        told[EDIT] = _answer(one["editStatus"], one.get("editNote"))
    return told


def _answer(designation: Any, note: Any) -> Answer | None:
    known = _word(designation).upper()
    return Answer(Designation(known), _text(note)) if known in set(Designation) else None


def _text(value: Any) -> str:
    return value.replace("\x00", "") if isinstance(value, str) else ""


def _word(value: Any) -> str:
    return str(value).replace("\x00", "").strip() if isinstance(value, str | int | float) else ""


def _number(value: Any, most: int = 2**31 - 1) -> int | None:
    """A whole number that a table can hold."""
    try:
        found = int(str(value)) if value is not None and not isinstance(value, bool) else None
    except ValueError:
        return None
    return found if found is not None and 0 <= found <= most else None


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
