"""What the test knows by itself of what was done: which changes must be in the log, and each flight's versions.

Every command of a flight runs in a transaction of the test's own, which holds the flight, compares it before and
after, and, if it differs, writes a new version into its notes, with a plain UPDATE that the change log does not know.
The transaction leaves a mark of its own behind, by which it is known afterwards whether it was committed when the
database died in that very moment.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection as database
from django.db import transaction

from airstair.hub.models import Connection, TickedAircraft
from airstair.records.flights.models import BlockTimes, EmptyLeg, Flight, FlightService, Trip

from .outages import DATABASE_ERRORS, Interrupted, went_away, when_it_is_back

Subject = tuple[str, int]
_NOT_SEEN = {"notes", "import_key", "imported"}


@dataclass(frozen=True, order=True)
class Version:
    """One state of one flight: its number, whose schedule it was in, and whether anybody could see it."""

    number: int
    aircraft: int
    deleted: bool


@dataclass
class Noted:
    """What one transaction adds to the book if it is committed."""

    subjects: list[Subject] = field(default_factory=list)
    versions: list[tuple[int, Version]] = field(default_factory=list)

    def add(self, other: Noted) -> None:
        self.subjects += other.subjects
        self.versions += other.versions


MAKE_MARKS = "CREATE TABLE IF NOT EXISTS convergence_mark (token bigint PRIMARY KEY)"


class Book:
    """The test's own account of what was changed."""

    def __init__(self, operator_id: int) -> None:
        self._operator = operator_id
        self._numbers = itertools.count(1)
        self._marks = itertools.count(1)
        self._taking = threading.Lock()
        self.changes: Counter[Subject] = Counter()
        self.versions: dict[int, list[Version]] = defaultdict(list)
        self.commands = 0

    def take(self, noted: Noted) -> None:
        """The transaction was committed."""
        with self._taking:
            self.changes.update(noted.subjects)
            self.commands += 1
            for flight, version in noted.versions:
                self.versions[flight].append(version)

    def number(self) -> int:
        """The number of a new version."""
        return next(self._numbers)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Noted]:
        """A transaction that is in the book if, and only if, it was committed. Raises `Interrupted` when it was not,
        because the database went away.
        """
        noted, mark = Noted(), next(self._marks)
        try:
            with transaction.atomic():
                yield noted
                _execute("INSERT INTO convergence_mark VALUES (%s)", mark)
        except DATABASE_ERRORS as error:
            if not went_away(error):
                raise
            if not when_it_is_back(lambda: _execute("SELECT 1 FROM convergence_mark WHERE token = %s", mark)):
                raise Interrupted("The database went away.") from error
        self.take(noted)

    def alter(
        self, flights: Iterable[int], command: Callable[[], Sequence[int] | None], *, imports: bool = False
    ) -> None:
        """Run one command on these flights, in a transaction of its own. It answers the flights that it made.

        `imports`: the trips that it makes come without a change of their own; their flights' changes name them.
        """
        with self.transaction() as noted:
            noted.add(self.alter_inside(flights, command))
            if imports:
                noted.subjects = [subject for subject in noted.subjects if subject[0] != "trip"]

    def alter_inside(self, flights: Iterable[int], command: Callable[[], Sequence[int] | None]) -> Noted:
        """The same in a transaction under way; for its note."""
        ids = sorted(set(flights))
        self._hold(ids)
        before, trips = self._pictures(ids), self._trips(ids)
        made = command() or ()
        ids = sorted({*ids, *made})
        after = self._pictures(ids)
        moved = [id_ for id_ in ids if before.get(id_) != after[id_]]
        now = self._trips(ids)
        noted = Noted([("trip", id_) for id_ in now if trips.get(id_) != now[id_]])
        noted.subjects += [("flight", id_) for id_ in moved]
        noted.versions = self._stamped(moved)
        return noted

    def _hold(self, ids: Sequence[int]) -> None:
        rows = Flight.objects.select_for_update(no_key=True).filter(operator_id=self._operator, id__in=ids)
        list(rows.order_by("id"))

    def _stamped(self, flights: Sequence[int]) -> list[tuple[int, Version]]:
        # Drawn while the flights are held, so a later state of one has a higher number.
        numbers = {flight: self.number() for flight in flights}
        rows = _execute(
            "UPDATE flights_flight SET notes = n FROM unnest(%s::bigint[], %s::text[]) AS new(f, n)"
            " WHERE (operator_id, id) = (%s, f) RETURNING id, aircraft_id, deleted",
            list(numbers),
            [str(number) for number in numbers.values()],
            self._operator,
        )
        return [(flight, Version(numbers[flight], *state)) for flight, *state in rows]

    def _pictures(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """All that is stored of each flight, but for what no command of a person shows."""
        of = {"operator_id": self._operator}
        found: dict[int, dict[str, Any]] = {}
        for row in Flight.objects.filter(**of, id__in=ids).values():
            found[row["id"]] = {name: value for name, value in row.items() if name not in _NOT_SEEN}
        for leg in EmptyLeg.objects.filter(**of, id__in=ids).values():
            found[leg["id"]]["offer"] = leg
        for page in BlockTimes.objects.filter(**of, flight_id__in=ids).order_by("book"):
            times = (page.book, page.off_block, page.take_off, page.landing, page.on_block)
            found[page.flight_id].setdefault("pages", []).append(times)
        for one in FlightService.objects.filter(**of, flight_id__in=ids).order_by("id"):
            found[one.flight_id].setdefault("services", []).append((one.airport, one.kind, one.provider_id))
        return found

    def _trips(self, flights: Sequence[int]) -> dict[int, dict[str, Any]]:
        ids = Flight.objects.filter(operator_id=self._operator, id__in=flights).values_list("trip_id", flat=True)
        return {row["id"]: row for row in Trip.objects.filter(operator_id=self._operator, id__in=list(ids)).values()}

    def alter_row(self, subject: Callable[[], Subject] | Subject, picture: Callable[[], Any], command: Any) -> None:
        """Run one command on something that is no flight: one change if its picture differs. The command may call
        a partner, and so is in no transaction of ours.
        """
        before, interrupted = picture(), None
        try:
            command()
        except DATABASE_ERRORS as error:
            if not went_away(error):
                raise
            interrupted = error
        differs = when_it_is_back(picture) != before  # it may end after the command too
        if interrupted and not differs:
            raise Interrupted("The database went away.") from interrupted
        self.take(Noted([subject() if callable(subject) else subject] if differs else []))


def _execute(statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def connection_picture(operator_id: int, addon: str, name: str) -> Any:
    """What an admin configures of one connection."""
    of = {"operator_id": operator_id}
    row = Connection.objects.filter(**of, addon=addon, name=name or "default").first()
    if row is None:
        return None
    ticks = TickedAircraft.objects.filter(**of, connection_id=row.id).values_list("aircraft_id", flat=True)
    return row.settings, row.on, row.all_aircraft, sorted(ticks)
