"""What part of the call log somebody looks for, as the address has it. What does not fit is said, not raised."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict

from airstair.hub.connections.queries import connection
from airstair.hub.registry import addons
from airstair.kernel.errors import NotFound
from airstair.kernel.outcome import OutcomeKind
from airstair.records.flights import queries as flights
from airstair.web.addons.activity import is_id

ON_A_PAGE = 50
_MOST_ON_A_PAGE = 200
_YEARS = (1950, 2150)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_BACK, _AHEAD = timedelta(days=8), timedelta(days=22)  # where a flight is looked for when no time is given
_MOST_CANDIDATES = 30


@dataclass(frozen=True)
class Search:
    """The filters. `part` is `flight:88` or `event:31`; `text` what was typed to find one."""

    addon: str = ""
    connection_id: int | None = None
    aircraft_id: int | None = None
    part: str = ""
    text: str = ""
    outcome: OutcomeKind | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: tuple[datetime, int] | None = None
    limit: int = ON_A_PAGE
    remarks: tuple[str, ...] = ()

    @property
    def filtered(self) -> bool:
        return bool(
            self.addon
            or self.connection_id
            or self.aircraft_id
            or self.part
            or self.text
            or self.outcome
            or self.since
            or self.until
        )

    @property
    def query(self) -> str:
        """The address' part after `?`, without the page."""
        values = {
            "addon": self.addon,
            "connection": self.connection_id,
            "aircraft": self.aircraft_id,
            "part": self.part,
            "flight": self.text,
            "outcome": self.outcome.value if self.outcome else "",
            "since": self.since_text,
            "until": self.until_text,
            "limit": self.limit if self.limit != ON_A_PAGE else "",
        }
        return urlencode({name: value for name, value in values.items() if value})

    @property
    def since_text(self) -> str:
        return f"{self.since:%Y-%m-%d %H:%M}" if self.since else ""

    @property
    def until_text(self) -> str:
        return f"{self.until:%Y-%m-%d %H:%M}" if self.until else ""


def read_search(query: QueryDict, operator_id: int) -> Search:
    """Raises `NotFound` for a connection that is not the operator's; anything else that does not fit is a remark."""
    remarks: list[str] = []
    return Search(
        addon=_one_of(query, "addon", addons(), "an add-on", remarks),
        connection_id=_connection(query.get("connection", ""), operator_id),
        aircraft_id=_aircraft(query.get("aircraft", ""), remarks),
        part=_part(query.get("part", ""), remarks),
        text=query.get("flight", "").strip()[:60],
        outcome=_outcome(query, remarks),
        since=_moment(query.get("since", ""), "from", remarks),
        until=_moment(query.get("until", ""), "to", remarks),
        before=read_mark(query.get("before", ""), remarks),
        limit=_limit(query.get("limit", "")),
        remarks=tuple(remarks),
    )


def _one_of(query: QueryDict, name: str, known: Collection[str], what: str, remarks: list[str]) -> str:
    text = query.get(name, "")
    if text and text not in known:
        remarks.append(f"“{text[:30]}” is not {what}. Choose one from the list.")
        return ""
    return text


def _outcome(query: QueryDict, remarks: list[str]) -> OutcomeKind | None:
    text = _one_of(query, "outcome", set(OutcomeKind), "an outcome", remarks)
    return OutcomeKind(text) if text else None


def _connection(text: str, operator_id: int) -> int | None:
    if not text:
        return None
    if not is_id(text):
        raise NotFound("This connection")
    return connection(operator_id, int(text)).id


def _aircraft(text: str, remarks: list[str]) -> int | None:
    if text and not is_id(text):
        remarks.append("The aircraft in the address is not one of the fleet. Choose one from the list.")
        return None
    return int(text) if text else None


def _part(text: str, remarks: list[str]) -> str:
    kind, _, id_ = text.partition(":")
    if text and (kind not in ("flight", "event") or not is_id(id_)):
        remarks.append("The flight in the address is none. Type its number instead.")
        return ""
    return text


def _moment(text: str, word: str, remarks: list[str]) -> datetime | None:
    """Times in the address are UTC, as everything is."""
    if not text:
        return None
    try:
        when = datetime.fromisoformat(text.strip().removesuffix("Z")[:40])
        when = when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        remarks.append(f"“{text[:30]}” is not a time for “{word}”. Write it in UTC like 2027-03-04 09:12.")
        return None
    if not _YEARS[0] <= when.year <= _YEARS[1]:
        remarks.append(f"Year {when.year} is out of range. Use a year from {_YEARS[0]} to {_YEARS[1]}.")
        return None
    return when


def _limit(text: str) -> int:
    return max(1, min(int(text), _MOST_ON_A_PAGE)) if is_id(text) else ON_A_PAGE


def mark(at: datetime, id_: int) -> str:
    """Where the next page begins: exact to the microsecond."""
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}-{id_}"


def read_mark(text: str, remarks: list[str]) -> tuple[datetime, int] | None:
    at, _, id_ = text.partition("-")
    if not text:
        return None
    if not (is_id(at) and is_id(id_) and len(at) < 17):
        remarks.append("The page in the address is none; this is the newest one.")
        return None
    return _EPOCH + timedelta(microseconds=int(at)), int(id_)


def candidates(
    search: Search, operator_id: int, now: datetime, *, aircraft_ids: Iterable[int] | None
) -> list[tuple[str, str]]:
    """Key and title of the flights and events that the typed text may mean, near the time looked at."""
    start = search.since or (search.until - _BACK if search.until else now - _BACK)
    end = max(search.until or now + _AHEAD, start + timedelta(days=1))
    chosen = [search.aircraft_id] if search.aircraft_id else None
    if aircraft_ids is not None:
        chosen = [one for one in (chosen or list(aircraft_ids)) if one in set(aircraft_ids)]
    # A call of today may hold a flight of next week: what is looked for may lie beyond the time of the call.
    found = flights.board(operator_id, start, max(end, start + _AHEAD), aircraft_ids=chosen, text=search.text)
    registrations = {one.id: one.registration for one in found.aircraft}
    return [
        (
            a.key,
            f"{a.number or a.kind.value.capitalize()} {registrations[a.aircraft_id]} "
            f"{a.start_airport}–{a.end_airport} {a.start:%-d %b %H:%M}Z",
        )
        for activities in found.activities.values()
        for a in activities
    ][:_MOST_CANDIDATES]
