"""How much one request may ask for: text, depth and cost. Counted on the query as it was sent, before it is looked at.

Cost: one for each field, twenty for one that reads a list, and what stands in a list that is inside another counts
five times; a list over a longer time counts once for each month begun. Aliases and fragments count as often as used.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.language import ObjectValueNode, StringValueNode, ValueNode, VariableNode

from airstair.api.leon.errors import Refused
from airstair.api.leon.scalars import moment

MOST_BYTES = 1024 * 1024  # a schedule of 3 000 flights fits
MOST_TOKENS = 10_000
MOST_COST = 1600
MOST_DEPTH = 12

# Fields that read lists of the record themselves, wherever they stand.
_READS = frozenset(
    {
        "flightList", "getModifiedFlightList", "getFlightListOnWhichModifiedCrew", "tripList", "getModifiedTripList",
        "getFlightListOnWhichModifiedPassengerList", "aircraftList", "aircraftTypeList", "airportByWildcard",
        "emptyLegList", "availabilityList", "contactList", "contactListByPage", "findTripByWildcard",
        "getCreatedFlightServiceList", "getModifiedFlightServiceList", "getModifiedFlightScheduleList",
        "dutyList", "ftlDutyForCrewMembers", "ftlCalculationsForCrewMember", "tripHistoryListByFlightNidList",
        "apiKeyList", "crewMemberList", "crewList", "passengerContactList", "allItems",
    }
)  # fmt: skip
_READING = 20
_INTROSPECTION = frozenset({"__schema", "__type"})
_READING_THE_SCHEMA = 100
_LISTS_IN_LISTS = frozenset({"flightList", "tripList"})
_NESTED = 5
_MONTH = timedelta(days=31)
_INTERVALS = frozenset({"timeInterval", "filter"})


class TooMuch(GraphQLError):
    """The request asks for more than is answered; the message says what to do."""


class OutOfBounds(Refused):
    """An interval or a cursor that is not answered: the request is the caller's to change, and gets a 400."""


def check(document: DocumentNode, variables: Mapping[str, Any], operation_name: str | None) -> None:
    """Raise `TooMuch` for the operation that would be carried out. As deep as it likes is introspection alone."""
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    chosen = [one for one in operations if one.name and one.name.value == operation_name] or operations
    for operation in chosen:
        cost = _Counter(fragments, variables).selection(operation.selection_set, 1, frozenset(), nested=False)
        if cost > MOST_COST:
            raise TooMuch(
                f"The complexity of the query is {cost}, and {MOST_COST} is the most. Ask for fewer fields, a shorter"
                " interval, or in several requests."
            )


class _Counter:
    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]) -> None:
        self._fragments, self._variables = fragments, variables
        self._looked_at = 0

    def selection(self, found: SelectionSetNode | None, depth: int, inside: frozenset[str], *, nested: bool) -> int:
        if found is None:
            return 0
        if depth > MOST_DEPTH:
            raise TooMuch(f"The query is deeper than {MOST_DEPTH} levels. Ask for less at once.")
        cost = 0
        for one in found.selections:
            # Fragments in fragments grow without bound; so counting stops when there is enough.
            self._looked_at += 1
            if self._looked_at > MOST_COST * 2:
                raise TooMuch(f"The query has far more than {MOST_COST} fields. Ask in several requests.")
            match one:
                case FieldNode():
                    cost += self._field(one, depth, inside, nested=nested)
                case InlineFragmentNode():
                    cost += self.selection(one.selection_set, depth, inside, nested=nested)
                case FragmentSpreadNode() if one.name.value not in inside:
                    fragment = self._fragments.get(one.name.value)
                    if fragment is not None:
                        within = inside | {one.name.value}
                        cost += self.selection(fragment.selection_set, depth, within, nested=nested)
        return cost

    def _field(self, field: FieldNode, depth: int, inside: frozenset[str], *, nested: bool) -> int:
        name = field.name.value
        if name in _INTROSPECTION:  # however deep: that has a rule of its own
            return _READING_THE_SCHEMA + self.selection(field.selection_set, depth - 100, inside, nested=nested)
        a_list = name in _LISTS_IN_LISTS
        cost = 1 + (_READING if name in _READS and not nested else 0)
        cost += self.selection(field.selection_set, depth + 1, inside, nested=nested or a_list)
        return cost * self._months(field) * (_NESTED if nested and a_list else 1)

    def _months(self, field: FieldNode) -> int:
        for argument in field.arguments or ():
            if argument.name.value in _INTERVALS:
                length = _length(self._plain(argument.value))
                return max(1, -(-length // _MONTH)) if length is not None else 1
        return 1

    def _plain(self, value: ValueNode) -> Any:
        match value:
            case VariableNode():
                return self._variables.get(value.name.value)
            case StringValueNode():
                return value.value
            case ObjectValueNode():
                return {one.name.value: self._plain(one.value) for one in value.fields}
            case _:
                return None


def _length(given: Any) -> timedelta | None:
    """Of the interval in an argument, as far as it can be read; what cannot is refused elsewhere."""
    if isinstance(given, dict) and isinstance(given.get("timeInterval"), dict):
        given = given["timeInterval"]
    if not isinstance(given, dict):
        return None
    try:
        start, end = moment(given.get("start")), moment(given.get("end"))
    except ValueError:
        return None
    return end - start


def interval(start: datetime, end: datetime, longest: timedelta, said: str) -> None:
    """Raise `OutOfBounds` unless the interval runs forwards and is no longer than this."""
    if end < start:
        raise OutOfBounds("The interval ends before it starts.")
    if end - start > longest:
        raise OutOfBounds(said)
