"""One flight as a plan for RocketRoute, and what a person can choose for it. Pure: equal meaning, equal bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from airstair.addons.rocketroute import wire
from airstair.addons.rocketroute.settings import RocketrouteSettings
from airstair.hub.choosing import Choice, Option
from airstair.hub.flows import Document, Part
from airstair.kernel.errors import Invalid
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import FlightType, Status

_NUMBER = re.compile(r"[A-Z0-9]{2,7}")
AIRCRAFT = "aircraft"
# Our positions, and the places that RocketRoute has for them.
SEATS = {
    "pic_id": ("CPT", "Pilot in command"),
    "fo_id": ("FO", "First officer"),
    "tic_id": ("TIC", "Third crew member"),
}
_PRIVATE = frozenset({FlightType.PRIVATE, FlightType.TRAINING, FlightType.TEST})
_NOT_TO_BE_PLANNED = frozenset({Status.CANCELLED, Status.OPPORTUNITY})


def message(snapshot: FlightFacts, settings: RocketrouteSettings, now: datetime) -> Document | None:
    """The plan; `None` for a flight that is not to be planned. Raises `Invalid` for what RocketRoute's rules forbid."""
    return message_by_hand(snapshot, settings, now, {})


def message_by_hand(
    snapshot: FlightFacts, settings: RocketrouteSettings, now: datetime, choices: Mapping[str, str]
) -> Document | None:
    """As `message`, with the aircraft and the crew that a person chose. What was not asked is matched when sent."""
    if snapshot.deleted or snapshot.status in _NOT_TO_BE_PLANNED:
        return None
    _refuse_number(snapshot.number)
    chosen = {key: _id(key, value) for key, value in choices.items() if key == AIRCRAFT or key in SEATS}
    wanted = wire.Wanted(
        plan=_plan(snapshot),
        registration=bare(snapshot.registration),
        emails={
            seat: snapshot.crew_emails[code].lower()
            for seat, (position, _) in SEATS.items()
            if (code := snapshot.crew.get(position, "")) in snapshot.crew_emails
        },
        aircraft_id=chosen.pop(AIRCRAFT, 0) or None,
        crew_ids=chosen,
    )
    return Document(body=wire.encode(wanted), parts=(Part(f"flight:{snapshot.id}", snapshot.title),))


def _refuse_number(number: str) -> None:
    if not _NUMBER.fullmatch(number):
        sentence = f"“{number}” cannot be a flight number at RocketRoute: it takes 2 to 7 of A–Z and 0–9, nothing else."
        raise Invalid.one("", f"{sentence} Change the flight's number, then send it.")


def _plan(snapshot: FlightFacts) -> wire.Plan:
    minutes = round((snapshot.sta - snapshot.std).total_seconds() / 60)
    return wire.Plan(
        adep=snapshot.adep,
        ades=snapshot.ades,
        rules="V" if snapshot.flight_rules in ("V", "Z") else "I",
        flight_type="G" if snapshot.flight_type in _PRIVATE else "N",
        flight_no=snapshot.number,
        route="DCT",
        eobt=f"{snapshot.std:%Y-%m-%dT%H:%M:%SZ}",
        eet=f"{minutes // 60:02}{minutes % 60:02}",
    )


def _id(key: str, value: str) -> int:
    if value and not (value.isascii() and value.isdigit() and len(value) < 19):
        raise Invalid.one(
            "", f"“{value[:20]}” is not one of RocketRoute's. Open the window again and choose once more."
        )
    return int(value or 0)


def due(snapshot: FlightFacts, settings: RocketrouteSettings, now: datetime) -> bool:
    """Whether Autosend takes it: confirmed, and near enough."""
    near = now <= snapshot.std <= now + timedelta(hours=settings.autosend_hours)
    return settings.autosend and near and snapshot.status is Status.CONFIRMED


def identity(snapshot: FlightFacts, document: Document) -> str:
    """What makes it another plan: the flight as it is here. Whom a person chose at RocketRoute does not."""
    crew = ",".join(f"{position}:{code}" for position, code in sorted(snapshot.crew.items()))
    way = f"{snapshot.number} {snapshot.adep}-{snapshot.ades} {snapshot.std:%Y%m%d%H%M}-{snapshot.sta:%d%H%M}"
    return f"{way} {bare(snapshot.registration)} {snapshot.flight_rules}{snapshot.flight_type} {crew}"


# ── What can be chosen ──────────────────────────────────────────────────────────────────────────────


def choices(
    snapshot: FlightFacts, fleet: Sequence[wire.Aircraft], crew: Sequence[wire.CrewMember]
) -> tuple[Choice, ...]:
    """Aircraft and crew from RocketRoute's own lists, those that fit the flight first."""
    wanted = bare(snapshot.registration)
    aircraft = Choice(
        key=AIRCRAFT,
        label="Aircraft",
        options=_sorted(
            Option(value=str(one.id), label=one.registration or str(one.id), suggested=bare(one.registration) == wanted)
            for one in fleet
        ),
        help=f"For {snapshot.registration}, from RocketRoute's own list.",
    )
    return (aircraft, *(_seat(snapshot, seat, crew) for seat in ("pic_id", "fo_id")))


def _seat(snapshot: FlightFacts, seat: str, crew: Sequence[wire.CrewMember]) -> Choice:
    position, label = SEATS[seat]
    code = snapshot.crew.get(position, "")
    email = snapshot.crew_emails.get(code, "").lower()
    options = _sorted(
        Option(
            value=str(one.id),
            label=one.name or one.crew_code or one.email or str(one.id),
            suggested=bool(email) and (one.email or "").lower() == email,
        )
        for one in crew
    )
    if not code:
        told = f"Nobody is {position} here."
    elif any(option.suggested for option in options):
        told = f"{code} here, found by work email."
    else:
        told = f"{code} here is not found there by work email, so it stays blank unless you choose."
    return Choice(key=seat, label=label, options=options, none="Nobody", help=told)


def _sorted(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(sorted(options, key=lambda option: (not option.suggested, option.label)))


def bare(registration: str) -> str:
    """Without hyphens, which RocketRoute's lists drop."""
    return registration.strip().upper().replace("-", "")
