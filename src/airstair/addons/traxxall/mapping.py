"""Flights, and hours and cycles, as TRAXXALL wants them. Pure.

Minutes stay whole until they go out; decimal hours are made here and never added up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from airstair.addons.traxxall import wire
from airstair.addons.traxxall.settings import TraxxallSettings
from airstair.hub.flows import Document, Part
from airstair.kernel.outcome import PartnerMessage
from airstair.records.flights.counters import AircraftCounters, decimal_hours
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import Book, Status

_MINUTE = timedelta(minutes=1)


def flight_document(snapshot: FlightFacts, settings: TraxxallSettings, now: datetime) -> Document | None:
    """A confirmed flight with the journey log's times; `None` for all others, which TRAXXALL is not to expect."""
    if snapshot.deleted or snapshot.status is not Status.CONFIRMED:
        return None
    log = snapshot.times.get(Book.JOURNEY_LOG.value)
    off, up, down, on = (log.off_block, log.take_off, log.landing, log.on_block) if log else (None,) * 4
    flown = _flown(snapshot)
    flight = wire.Flight(
        serial_number=snapshot.aircraft_serial,
        registration=snapshot.registration,
        flight_number=snapshot.number,
        from_=snapshot.adep,
        to=snapshot.ades,
        planned_off=_time(snapshot.std),
        planned_on=_time(snapshot.sta),
        block_off=_time_or_none(off),
        take_off=_time_or_none(up),
        landing=_time_or_none(down),
        block_on=_time_or_none(on),
        flight_hours=decimal_hours((down - up) // _MINUTE) if up is not None and down is not None else None,
        landings=snapshot.log.landings if snapshot.log.landings is not None else 1 if flown else None,
        status=wire.ACTUAL if flown else wire.PLANNED,
    )
    return Document(body=wire.encode(flight), parts=(Part(f"flight:{snapshot.id}", snapshot.title),))


def flight_gone(snapshot: FlightFacts | None, settings: TraxxallSettings, now: datetime) -> Document | None:
    """Marks a flight as cancelled that was deleted, cancelled, or moved to an aircraft that is not sent.

    `None` for one that was flown and only belongs to an aircraft that is not sent any more: it stays flown there.
    """
    if snapshot is None:
        return Document(body=_CANCELLATION)
    if not snapshot.deleted and snapshot.status is Status.CONFIRMED and _flown(snapshot):
        return None
    return Document(body=_CANCELLATION, parts=(Part(f"flight:{snapshot.id}", snapshot.title),))


_CANCELLATION = wire.encode(wire.Cancellation())


def _flown(snapshot: FlightFacts) -> bool:
    log = snapshot.times.get(Book.JOURNEY_LOG.value)
    return log is not None and log.take_off is not None and log.landing is not None


def totals_document(snapshot: AircraftCounters, settings: TraxxallSettings, now: datetime) -> Document | None:
    """The totals of airframe, engines and APU; `None` while nobody has entered from where they are counted."""
    if snapshot.airframe is None or snapshot.as_of is None:
        return None
    aircraft = snapshot.aircraft
    totals = wire.Totals(
        serial_number=aircraft.serial_number,
        registration=aircraft.registration,
        as_of=_time(snapshot.as_of),
        airframe=wire.Airframe(hours=snapshot.airframe.hours, cycles=snapshot.airframe.cycles),
        engines=[
            wire.Engine(position=one.position, serial_number=one.serial, hours=one.hours, cycles=one.cycles)
            for one in snapshot.engines
        ],
        apu=None if snapshot.apu_hours is None else wire.Apu(hours=snapshot.apu_hours),
    )
    parts = [Part(f"aircraft:{aircraft.id}", f"{aircraft.registration} airframe")]
    parts += [Part(f"engine:{one.engine_id}", f"Engine {one.position}, {one.serial}") for one in snapshot.engines]
    return Document(body=wire.encode(totals), parts=tuple(parts), warnings=tuple(_warnings(snapshot)))


def _warnings(snapshot: AircraftCounters) -> Iterator[PartnerMessage]:
    if snapshot.missing:
        entries = "1 flight has" if snapshot.missing == 1 else f"{snapshot.missing} flights have"
        yield PartnerMessage(
            level="warning",
            text=f"{entries} no complete times in the journey log, and so are in no total.",
            code="times-missing",
            about=f"aircraft:{snapshot.aircraft.id}",
        )


def lower_totals(accepted: bytes, document: Document) -> str | None:
    """Why a person must say yes first: a total is lower than the one that TRAXXALL last accepted.

    Each engine is compared with itself, by serial number, wherever it hung; one that came off is compared with nothing.
    """
    before, after = wire.decode_totals(accepted), wire.decode_totals(document.body)
    if before.serial_number != after.serial_number:
        return None  # another airframe: its totals are its own
    lower = list(_lower("Airframe", before.airframe, after.airframe))
    engines = {one.serial_number: one for one in before.engines}
    for one in after.engines:
        if one.serial_number in engines:
            lower += _lower(f"Engine {one.serial_number}", engines[one.serial_number], one)
    if before.apu is not None and after.apu is not None and after.apu.hours < before.apu.hours:
        lower.append(f"APU from {before.apu.hours:.1f} h to {after.apu.hours:.1f} h")
    if not lower:
        return None
    return f"Totals would go down: {'; '.join(lower)}. Maintenance is planned by them: look at the journey log first."


def _lower(title: str, before: wire.Airframe | wire.Engine, after: wire.Airframe | wire.Engine) -> Iterator[str]:
    if after.hours < before.hours:
        yield f"{title} from {before.hours:.1f} h to {after.hours:.1f} h"
    if after.cycles < before.cycles:
        yield f"{title} from {before.cycles} cycles to {after.cycles}"


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def _time_or_none(when: datetime | None) -> str | None:
    return None if when is None else _time(when)
