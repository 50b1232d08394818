"""What resolvers read, each kind once for a request: set-based, by the record's queries."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property

import msgspec

from airstair.api.leon.loading import Loader
from airstair.changes.lately import Times, times_of
from airstair.records.checklist.queries import checklists, definitions
from airstair.records.checklist.snapshots import ChecklistFacts, DefinitionFacts
from airstair.records.fleet.queries import fleet
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.facts import FlightFacts, TripFacts
from airstair.records.flights.listing import trips
from airstair.records.flights.queries import flights
from airstair.records.operators.queries import operator
from airstair.records.operators.snapshots import OperatorFacts
from airstair.records.people.queries import crew_by_code, crew_members, passengers
from airstair.records.people.snapshots import CrewMemberFacts, PassengerFacts
from airstair.records.places.queries import Resolver, resolver

# Fields of a flight whose last change has a stamp of its own.
_GROUPS = {"crew": ("crew",), "pax": ("pax_count", "pax_by_category", "pax_list"), "status": ("status",)}


class Loaders:
    """Of one request. `aircraft_ids`: those that the token was given; `None` means all."""

    def __init__(self, operator_id: int, aircraft_ids: Collection[int] | None) -> None:
        self._operator_id = operator_id
        self._aircraft_ids = aircraft_ids
        self.flights: Loader[int, FlightFacts] = Loader(self._flights)
        self.trips: Loader[int, TripFacts] = Loader(self._trips)
        self.checklists: Loader[int, ChecklistFacts] = Loader(lambda ids: checklists(operator_id, ids))
        self.flight_times: Loader[int, Times] = Loader(self._flight_times)
        self.trip_times: Loader[int, Times] = Loader(self._trip_times)
        self.crew: Loader[str, CrewMemberFacts] = Loader(lambda codes: crew_by_code(operator_id, codes))

    @cached_property
    def fleet(self) -> dict[int, AircraftFacts]:
        """The aircraft that the token was given, by id. One statement."""
        return {
            one.id: one
            for one in fleet(self._operator_id)
            if self._aircraft_ids is None or one.id in self._aircraft_ids
        }

    @cached_property
    def airports(self) -> Resolver:
        """One statement."""
        return resolver(self._operator_id)

    @cached_property
    def definitions(self) -> list[DefinitionFacts]:
        """The operator's kinds of checklist item. One statement."""
        return definitions(self._operator_id)

    @cached_property
    def members(self) -> dict[int, CrewMemberFacts]:
        """The operator's crew members, those who have left too, by id. One statement."""
        return {one.id: one for one in crew_members(self._operator_id)}

    @cached_property
    def passengers(self) -> dict[str, PassengerFacts]:
        """The passengers of the phonebook whose name nobody else has, by that in small letters. One statement."""
        found: dict[str, list[PassengerFacts]] = {}
        for one in passengers(self._operator_id):
            found.setdefault(one.name.lower(), []).append(one)
        return {name: some[0] for name, some in found.items() if len(some) == 1}

    @cached_property
    def operator(self) -> OperatorFacts:
        """One statement."""
        return operator(self._operator_id)

    def about(self, found: Iterable[FlightFacts]) -> None:
        """These flights are in the answer: what belongs to them will be asked for. No statement."""
        for one in found:
            self.flights.know(one.id, one)
            self.trips.expect([one.trip_id])
            self.crew.expect(code.upper() for code in one.crew.values())
            self.flight_times.expect([one.id])
            self.checklists.expect([one.id])

    def _flights(self, ids: list[int]) -> dict[int, FlightFacts]:
        return {one.id: one for one in flights(self._operator_id, ids, aircraft_ids=self._aircraft_ids)}

    def _trips(self, ids: list[int]) -> dict[int, TripFacts]:
        """With the flights that the token reaches; without these, there is no trip for a token of some aircraft."""
        found = {one.id: one for one in trips(self._operator_id, ids)}
        allowed = self._aircraft_ids
        if allowed is not None:
            found = {
                id_: msgspec.structs.replace(one, flights=seen)
                for id_, one in found.items()
                if (seen := tuple(leg for leg in one.flights if leg.aircraft_id in allowed))
            }
        self.about(leg for one in found.values() for leg in one.flights)
        return found

    def _flight_times(self, ids: list[int]) -> dict[int, Times]:
        return times_of(self._operator_id, "flight", ids, kinds=("flight.",), fields=_GROUPS)

    def _trip_times(self, ids: list[int]) -> dict[int, Times]:
        return times_of(self._operator_id, "trip", ids, kinds=("trip.",), fields={})
