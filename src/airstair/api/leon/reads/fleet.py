"""Aircraft, their types, airports and the operator."""

from __future__ import annotations

from typing import Any

from ariadne import ObjectType, QueryType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.nids import location_nid
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.snapshots import OperatorFacts
from airstair.records.places.queries import find
from airstair.records.places.snapshots import AirportFacts

ACFT = "GRAPHQL_ACFT"
_MOST_AIRPORTS = 50

query = QueryType()
aircraft, aircraft_type, airport = ObjectType("Aircraft"), ObjectType("AircraftType"), ObjectType("Airport")
operator, base = ObjectType("Operator"), ObjectType("OperatorBase")


def bare(registration: str) -> str:
    """As people write it: case, hyphens and spaces do not matter."""
    return "".join(one for one in registration.upper() if one.isalnum())


# --- queries --------------------------------------------------------------------------------------------------------


@query.field("aircraftList")
def _aircraft_list(
    _: object, info: Info, onlyActive: bool | None = None,
    filterSpecialAircraft: bool | None = None, easaType: str | None = None,
) -> list[AircraftFacts]:  # fmt: skip
    asking: Asking = info.context
    asking.require(ACFT)
    found = [one for one in asking.load.fleet.values() if one.active or not onlyActive]
    return [] if easaType else found  # the record has no EASA types, so none is of that one


@query.field("aircraft")
def _aircraft(
    _: object, info: Info, acftNid: int | None = None, aircraftNid: int | None = None
) -> AircraftFacts | None:  # fmt: skip
    info.context.require(ACFT)
    found: AircraftFacts | None = info.context.load.fleet.get(aircraftNid or acftNid or 0)
    return found


@query.field("aircraftByRegistration")
def _by_registration(_: object, info: Info, registration: str) -> AircraftFacts | None:
    info.context.require(ACFT)
    wanted = bare(registration)
    fleet: list[AircraftFacts] = list(info.context.load.fleet.values())
    return next((one for one in fleet if wanted and bare(one.registration) == wanted), None)


@query.field("aircraftTypeList")
def _types(_: object, info: Info, wildcard: str | None = None) -> list[AircraftFacts]:
    """One aircraft stands for all of its type."""
    info.context.require(ACFT)
    types = {_type_id(one): one for one in info.context.load.fleet.values() if _type_id(one)}
    part = (wildcard or "").strip("*% ").lower()
    return [
        one for id_, one in sorted(types.items()) if part in f"{id_} {one.iata_type} {one.model}".lower()
    ]  # fmt: skip


@query.field("aircraftVirtualList")
def _virtual(_: object, info: Info) -> list[object]:
    """The record has aircraft only that there are."""
    info.context.require(ACFT)
    return []


@query.field("airportByCode")
def _airport_by_code(_: object, info: Info, airportCode: str) -> AirportFacts | None:
    info.context.require("GRAPHQL_AIRPORT")
    found: AirportFacts | None = info.context.load.airports.get(airportCode)
    return found


@query.field("airportByWildcard")
def _airports(_: object, info: Info, wildcard: str, limit: int | None = None) -> list[AirportFacts]:
    info.context.require("GRAPHQL_AIRPORT")
    most = min(max(limit or _MOST_AIRPORTS, 0), _MOST_AIRPORTS)
    return find(info.context.operator_id, wildcard.strip("*% \0"), most)


@query.field("operator")
def _operator(_: object, info: Info) -> OperatorFacts:
    info.context.require("GRAPHQL_OPERATOR")
    found: OperatorFacts = info.context.load.operator
    return found


# --- aircraft -------------------------------------------------------------------------------------------------------


def _of(read: Any) -> Any:
    return lambda facts, _info: read(facts)


def _type_id(one: AircraftFacts) -> str:
    return one.icao_type or one.iata_type or one.model


aircraft.set_alias("aircraftNid", "id")
aircraft.set_alias("acftNid", "id")
aircraft.set_alias("isActive", "active")
aircraft.set_field("registrationWithoutSpecialChars", _of(lambda one: bare(one.registration)))
aircraft.set_field("acftTypeId", _of(lambda one: _type_id(one) or None))
aircraft.set_field("acftTypeName", _of(lambda one: one.model or _type_id(one) or None))
aircraft.set_field("acftType", _of(lambda one: one if _type_id(one) else None))
aircraft.set_field("notUsed", _of(lambda one: not one.active))
aircraft.set_field("paxCapacity", _of(lambda one: one.seats or None))
aircraft.set_field("defFltNo", _of(lambda one: one.call_sign or None))
aircraft.set_field("serialNo", _of(lambda one: one.serial_number or None))
aircraft.set_field("homeBase", lambda one, info: info.context.load.airports.get(one.home_base))
aircraft.set_field("operator", lambda one, info: info.context.load.operator)

aircraft_type.set_field("acftTypeId", _of(_type_id))
for _name in ("icao", "iCAO"):
    aircraft_type.set_field(_name, _of(lambda one: one.icao_type or None))
for _name in ("iata", "iATA"):
    aircraft_type.set_field(_name, _of(lambda one: one.iata_type or None))
for _name in ("name", "typeName", "shortName"):
    aircraft_type.set_field(_name, _of(lambda one: one.model or one.icao_type or None))

# --- airports -------------------------------------------------------------------------------------------------------


def code_of(one: AirportFacts) -> dict[str, str | None]:
    """An airport of the operator's own that has no ICAO code is known by that."""
    own = one.own and not one.iata
    return {
        "icao": None if own else one.code, "iata": one.iata or None, "cust": one.code if own else None,
        "mostDescriptive": one.code, "mostDescriptiveWithPriority": one.code,
    }  # fmt: skip


airport.set_field("locationNid", _of(lambda one: location_nid(one.code)))
airport.set_field("code", _of(code_of))
airport.set_field("icao", _of(lambda one: code_of(one)["icao"]))
airport.set_field("iata", _of(lambda one: one.iata or None))
airport.set_alias("latitudeDec", "latitude")
airport.set_alias("longitudeDec", "longitude")
airport.set_field("timezone", _of(lambda one: {"name": one.time_zone, "nativeTimezoneName": one.time_zone}))

# --- operator -------------------------------------------------------------------------------------------------------

operator.set_alias("oprNid", "id")
operator.set_field("oprId", _of(lambda one: one.code.lower()))
operator.set_field("oprIcao", _of(lambda one: one.icao_code or None))
operator.set_field("oprIata", _of(lambda one: one.iata_code or None))
operator.set_field("baseList", _of(lambda one: [one]))
operator.set_field("baseDefault", _of(lambda one: one))
operator.set_field("isGuest", _of(lambda one: False))
for _name in ("aocList", "roleList"):
    operator.set_field(_name, _of(lambda one: []))


@operator.field("acfts")
def _acfts(_facts: OperatorFacts, info: Info) -> list[AircraftFacts]:
    info.context.require(ACFT)
    return list(info.context.load.fleet.values())


base.set_alias("baseNid", "id")
base.set_field("timezone", _of(lambda one: {"name": one.base_time_zone, "nativeTimezoneName": one.base_time_zone}))

BINDABLES = [query, aircraft, aircraft_type, airport, operator, base]
