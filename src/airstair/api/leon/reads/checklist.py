"""Checklists of flights, their kinds of item, statuses and handlers. All of it is of the group OPS."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ariadne import ObjectType, QueryType, ScalarType, UnionType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.nids import definition_nid, definition_of
from airstair.api.leon.reads.flights import FLIGHT, flights_of
from airstair.api.leon.roots import further
from airstair.records.checklist.rules import STATUSES, PermitKind, StatusWord
from airstair.records.checklist.snapshots import ChecklistFacts, DefinitionFacts, HandlerFacts, ItemFacts, PermitFacts
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import ServiceKind

SEE = ("GRAPHQL_CHECKLIST_OPS_SEE", "GRAPHQL_CHECKLIST_EDIT")
_COLOURS = {"green": "Green", "red": "Red", "orange": "Yellow", "grey": "Gray"}
_LINK = re.compile(r"https?://[^\s<>\"']+")

query, flight, trip = QueryType(), ObjectType("Flight"), ObjectType("Trip")
checklists, checklist, item = ObjectType("ChecklistQuery"), ObjectType("Checklist"), ObjectType("ChecklistItem")
definition, status = ObjectType("ChecklistDefType"), ObjectType("ChecklistStatusType")
permit = ObjectType("Permit")
wrapped = UnionType("FlightAndTripChecklistItemType", lambda *_: "NonNullChecklistItemValue")
query.set_field("checklist", further)

# --- of a flight ----------------------------------------------------------------------------------------------------


@flight.field("checklist")
def _of_flight(facts: FlightFacts, info: Info) -> ChecklistFacts | None:
    info.context.require(*SEE)
    found: ChecklistFacts | None = info.context.load.checklists.get(facts.id)
    return found


def _permits(kind: PermitKind) -> Callable[..., list[PermitFacts]]:
    """The list cannot be null, and an error would take the whole flight away: without the resource it is empty."""

    def resolve(facts: FlightFacts, info: Info) -> list[PermitFacts]:
        asking: Asking = info.context
        if not any(asking.has(one) for one in SEE):
            return []
        found: ChecklistFacts | None = asking.load.checklists.get(facts.id)
        return [one for one in found.permits if one.kind is kind] if found else []

    return resolve


flight.set_field("landingPermits", _permits(PermitKind.LANDING))
flight.set_field("overflightPermits", _permits(PermitKind.OVERFLIGHT))
permit.set_alias("validUntil", "valid_until")
permit.set_alias("status", "designation")
for _text in ("country", "airport", "number", "note"):
    permit.set_field(_text, lambda one, _info, name=_text: getattr(one, name) or None)


@trip.field("checklist")
def _of_trip(_facts: object, info: Info) -> dict[str, Any]:
    """The record keeps checklists of flights only."""
    info.context.require(*SEE)
    return {"allItems": [], "allExtra": []}


@flight.field("legHandling")
def _handling(facts: FlightFacts, info: Info) -> dict[str, Any]:
    info.context.require("GRAPHQL_HANDLING_AGENT", *SEE)
    found: ChecklistFacts | None = info.context.load.checklists.get(facts.id)
    return {
        f"{side.lower()}Handler": _handler(facts, found, side, airport, info.context)
        for side, airport in (("ADEP", facts.adep), ("ADES", facts.ades))
    }


def _handler(
    facts: FlightFacts, found: ChecklistFacts | None, side: str, airport: str, asking: Asking
) -> dict[str, Any] | None:  # fmt: skip
    """Of the checklist's item Handling; else of the module by which an application was asked; else as imported."""
    place = asking.load.airports.get(airport)
    items = found.items if found else ()
    named: list[HandlerFacts | None] = [one.handler for one in items if one.definition.key == f"HANDLING_{side}"]
    modules = found.modules if found else ()
    named += [getattr(one, f"{side.lower()}_handler") for one in modules if not one.removed]
    for one in named:
        if one is not None:
            return {
                "handlerNid": one.id, "name": one.name, "email": one.email or None, "telephone": one.phone or None,
                "telephoneAfterHours": one.phone_after_hours or None, "frequency": one.frequency or None,
                "airport": place,
            }  # fmt: skip
    for order in facts.services:
        if order.airport == airport and order.kind in (ServiceKind.HANDLING, ServiceKind.FBO):
            return {"name": order.provider_name, "airport": place}
    return None


checklist.set_alias("checklistNid", "flight_id")
checklist.set_field("isArchived", lambda *_: False)
checklist.set_field("allExtra", lambda *_: [])


@checklist.field("allItems")
def _items(facts: Any, _info: object) -> Any:
    return facts.items if isinstance(facts, ChecklistFacts) else []


@checklist.field("item")
def _one(facts: Any, _info: object, cd_nid: int) -> ItemFacts | None:
    items = facts.items if isinstance(facts, ChecklistFacts) else ()
    return next((one for one in items if definition_nid(one.definition) == cd_nid), None)


item.set_field("cdNid", lambda one, _info: definition_nid(one.definition))
item.set_alias("csId", "status")
item.set_field("status", lambda one, _info: one.word)
item.set_field("statusCaption", lambda one, _info: one.word.caption)
item.set_field("comment", lambda one, _info: one.note or None)
item.set_field("confirmationCode", lambda one, _info: one.confirmation or None)
item.set_field("itemLinks", lambda one, _info: _LINK.findall(one.note))
item.set_field("files", lambda one, _info: [{"fileName": file.name} for file in one.files])

definition.set_field("nid", lambda one, _info: definition_nid(one))
definition.set_field("groupId", lambda *_: "OPS")
definition.set_field("typeId", lambda *_: "FLIGHT")
definition.set_field("label", lambda one, _info: f"{one.label} ({one.side})" if one.side else one.label)
definition.set_field("shortLabel", lambda one, _info: one.label)
definition.set_field("statuses", lambda one, _info: [STATUSES[each] for each in one.statuses if each in STATUSES])
definition.set_field("defaultStatus", lambda one, _info: STATUSES.get(one.default_status))
definition.set_field("isAutoAddToLeg", lambda one, _info: bool(one.auto_add))
definition.set_field("autoAddToLegCondition", lambda one, _info: str(one.auto_add) or None)
definition.set_field("enableForUse", lambda one, _info: one.enabled)

status.set_alias("status", "id")
status.set_alias("checklistStatusId", "id")
status.set_alias("typeNid", "order")
status.set_alias("color", "colour")

# --- queries --------------------------------------------------------------------------------------------------------


@checklists.field("getAvailableDefinitions")
def _definitions(
    _: object, info: Info, groupId: str | None = None
) -> list[DefinitionFacts]:  # fmt: skip
    asking: Asking = info.context
    asking.require(*SEE)
    return [one for one in asking.load.definitions if one.enabled] if groupId in (None, "OPS", "ALL") else []


@checklists.field("getDefinition")
def _definition(_: object, info: Info, checklistItemNid: int) -> DefinitionFacts | None:
    info.context.require(*SEE)
    return definition_of(checklistItemNid, info.context.load.definitions)


@checklists.field("fullStatusList")
def _statuses(_: object, info: Info) -> list[StatusWord]:
    info.context.require(*SEE)
    return list(STATUSES.values())


@checklists.field("getFlightOpsChecklistItems")
def _flight_items(_: object, info: Info, flightNid: int) -> list[dict[str, Any]]:
    return [one["checklistItem"] for one in _wrapped(info.context, [flightNid])]


@checklists.field("getFlightListOpsChecklistItems")
def _flights_items(_: object, info: Info, flightNidList: list[int]) -> list[dict[str, Any]]:
    return _wrapped(info.context, flightNidList)


@checklists.field("getFlightSalesChecklistItems")
def _sales(_: object, info: Info, flightNid: int) -> list[object]:
    info.context.require("GRAPHQL_CHECKLIST_SALES_SEE")
    return []


@checklists.field("getChecklistOverallStatusOps")
def _overall(_: object, info: Info, flightNid: int) -> str | None:
    asking: Asking = info.context
    asking.require(*SEE)
    for one in flights_of(asking, [flightNid]):
        found = asking.load.checklists.get(one.id)
        return _COLOURS[found.colour] if found else None
    return None


def _wrapped(asking: Asking, flight_ids: list[int]) -> list[dict[str, Any]]:
    """Every item of the flights that the token reaches."""
    asking.require(*SEE)
    asking.require(FLIGHT)
    return [
        {"flightNid": one.id, "checklistItem": {"value": item}}
        for one in flights_of(asking, flight_ids)
        for item in getattr(asking.load.checklists.get(one.id), "items", ())
    ]


BINDABLES = [
    query, flight, trip, checklists, checklist, item, definition, status, wrapped, permit,
    ScalarType("ChecklistStatusId", serializer=str, value_parser=str),
]  # fmt: skip
