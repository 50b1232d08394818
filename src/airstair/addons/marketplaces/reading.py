"""The same feeds for a marketplace that fetches: as JSON, as a calendar, as a table. Pure, but for the time of making.

Each answer is whole: what is not in it is not on offer any more. Who asks what has changed since a time is given whole
aircraft all the same. What a marketplace was given of one before is not kept, so single records that are gone cannot be
named, and one that it never saw must not be.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import icalendar
from msgspec import UNSET

from airstair import __version__
from airstair.addons.marketplaces import wire
from airstair.addons.marketplaces.mapping import feed_of
from airstair.addons.marketplaces.settings import FeedSettings
from airstair.hub.visits import Lately, Reply, Visit
from airstair.kernel.errors import Invalid
from airstair.kernel.utc import parse_utc
from airstair.records.flights.snapshots import AircraftSchedule

SINCE = "updated_since"
_COLUMNS = (
    "registration", "type_icao", "seats", "id", "kind", "from", "to", "start_utc", "end_utc", "pax_count",
    "flexible_from", "flexible_to", "price", "currency", "verified", "note",
)  # fmt: skip


def as_json(snapshots: Sequence[AircraftSchedule], visit: Visit) -> Reply:
    """All feeds, with a version that is the same as long as nothing has changed; or those changed since a time."""
    feeds = _feeds(snapshots, visit)
    version = hashlib.blake2b(wire.encode(feeds), digest_size=12).hexdigest()
    if visit.lately is not None:
        return _changes(feeds, version, snapshots, visit, visit.lately)
    return _reply(feeds, wire.encode(wire.Feeds(version=version, feeds=feeds)), "application/json")


def _changes(
    feeds: Sequence[wire.Feed], version: str, snapshots: Sequence[AircraftSchedule], visit: Visit, lately: Lately
) -> Reply:
    """The aircraft that a change names, and those whose feed was another at that time without one."""
    differing = {one.aircraft.registration for one in snapshots if _may_differ(one, visit, lately)}
    changes = wire.Changes(
        version=version,
        complete_until=f"{lately.until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        aircraft=[feed.aircraft.registration for feed in feeds],
        feeds=[feed for feed in feeds if feed.aircraft.registration in differing],
    )
    return _reply(changes.feeds, wire.encode(changes), "application/json")


def _may_differ(snapshot: AircraftSchedule, visit: Visit, lately: Lately) -> bool:
    if lately.touched is None or snapshot.aircraft.id in lately.touched:
        return True
    then, now = (feed_of(snapshot, visit.settings, when) for when in (lately.since, visit.now))
    return (then and then.feed) != (now and now.feed)


def as_calendar(snapshots: Sequence[AircraftSchedule], visit: Visit) -> Reply:
    """An event for each record, in iCalendar (RFC 5545). Raises `Invalid` when asked for changes alone."""
    _refuse_since(visit)
    feeds = _feeds(snapshots, visit)
    calendar = icalendar.Calendar()
    calendar.add("prodid", f"-//Airstair//{__version__}//EN")
    calendar.add("version", "2.0")
    for aircraft, record in _records(feeds):
        calendar.add_component(_event(aircraft, record, visit.now))
    return _reply(feeds, calendar.to_ical(), "text/calendar; charset=utf-8")


def as_table(snapshots: Sequence[AircraftSchedule], visit: Visit) -> Reply:
    """A row for each record, as CSV (RFC 4180) with a heading row. Raises `Invalid` when asked for changes alone."""
    _refuse_since(visit)
    feeds = _feeds(snapshots, visit)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    writer.writerows(_row(aircraft, record) for aircraft, record in _records(feeds))
    return _reply(feeds, text.getvalue().encode(), "text/csv; charset=utf-8")


def _refuse_since(visit: Visit) -> None:
    """A calendar or a table of changes could not say what is gone."""
    if SINCE in visit.query:
        sentence = f"This form is always whole. Leave it out, or fetch /feed?{SINCE}=2026-11-20T10:00Z, which is JSON."
        raise Invalid.one(SINCE, sentence)


def _feeds(snapshots: Sequence[AircraftSchedule], visit: Visit) -> list[wire.Feed]:
    settings: FeedSettings = visit.settings
    mapped = (feed_of(one, settings, visit.now) for one in snapshots)
    return sorted((one.feed for one in mapped if one is not None), key=lambda feed: feed.aircraft.registration)


def _records(feeds: Sequence[wire.Feed]) -> Iterator[tuple[wire.Aircraft, wire.Record]]:
    for feed in feeds:
        for record in feed.records:
            yield feed.aircraft, record


def _reply(feeds: Sequence[wire.Feed], body: bytes, media: str) -> Reply:
    count = sum(len(feed.records) for feed in feeds)
    return Reply(body=body, media=media, count=count, title=f"{len(feeds)} aircraft read")


def _event(aircraft: wire.Aircraft, record: wire.Record, made_at: datetime) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", f"{record.id}@airstair")
    event.add("dtstamp", made_at)
    event.add("dtstart", parse_utc(record.start_utc))
    event.add("dtend", parse_utc(record.end_utc))
    route = record.from_.icao + (f"-{record.to.icao}" if isinstance(record.to, wire.Airport) else "")
    price = f" {record.price.amount} {record.price.currency}" if isinstance(record.price, wire.Price) else ""
    event.add("summary", f"{aircraft.registration} {record.kind.replace('_', ' ')} {route}{price}")
    event.add("categories", [record.kind.value])
    if record.note:
        event.add("description", record.note)
    return event


def _row(aircraft: wire.Aircraft, record: wire.Record) -> list[str]:
    price = record.price if isinstance(record.price, wire.Price) else None
    row: list[object] = [
        aircraft.registration,
        aircraft.type_icao,
        aircraft.seats or "",
        record.id,
        record.kind.value,
        record.from_.icao,
        record.to.icao if isinstance(record.to, wire.Airport) else "",
        record.start_utc,
        record.end_utc,
        record.pax_count,
        record.flexible_from,
        record.flexible_to,
        price.amount if price else "",
        price.currency if price else "",
        "yes" if record.verified else "",
        record.note,
    ]
    return ["" if one is UNSET else str(one) for one in row]
