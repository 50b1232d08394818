"""`externalMarketplace { createTrip }`: the trip, or a list of what is wrong with it beside no error at all."""

from __future__ import annotations

from typing import Any

from ariadne import MutationType, ObjectType, UnionType

from airstair.api.leon.asking import Asking, Info
from airstair.api.leon.errors import ACCESS, Refused, category_of
from airstair.api.leon.roots import further
from airstair.api.leon.writes.grasp import contact_name, given, written
from airstair.api.leon.writes.trips import make_trip, may_plan, not_too_many
from airstair.kernel.errors import AirstairError, Forbidden, Invalid
from airstair.records.flights.facts import TripFacts
from airstair.records.flights.rules import Status

# The words here, and those of `createTrip`.
_WORDS = {
    "startAirport": "adepCode", "endAirport": "adesCode", "startTime": "startTimeUTC", "endTime": "endTimeUTC",
    "paxNumber": "paxNumber", "isFerry": "isEmptyLeg", "aircraft": "aircraftNid",
}  # fmt: skip
_BACK = {theirs: ours for ours, theirs in _WORDS.items()}

mutation, marketplace = MutationType(), ObjectType("ExternalMarketplaceMutation")
answer = UnionType(
    "ExternalMarketplaceCreateTripResult",
    lambda told, *_: "ErrorList" if "errorList" in told else "ExternalMarketplaceTrip",
)
mutation.set_field("externalMarketplace", further)


@marketplace.field("createTrip")
def _create_trip(parent: object, info: Info, **sent: Any) -> dict[str, Any]:
    """A missing resource is an error as everywhere: no change of the trip would help."""
    try:
        return {"value": _made(parent, info, **sent)}
    except (Refused, AirstairError) as refusal:
        if isinstance(refusal, Forbidden) or (isinstance(refusal, Refused) and refusal.category == ACCESS):
            raise
        return {"errorList": _listed(refusal)}


@written
def _made(
    asking: Asking,
    flights: list[dict[str, Any]],
    trip: dict[str, Any] | None = None,
    client: dict[str, Any] | None = None,
) -> TripFacts:
    may_plan(asking)
    not_too_many(flights, "flights")
    wanted = {"status": Status.OPTION.value, **given(trip or {})}
    wanted["flights"] = [{"flightNo": "", **_renamed(given(leg))} for leg in flights]
    return make_trip(asking, wanted, _client(asking, given(client or {})))


def _renamed(leg: dict[str, Any]) -> dict[str, Any]:
    return {_WORDS[word]: value for word, value in leg.items()}


def _client(asking: Asking, client: dict[str, Any]) -> str:
    if len(client) > 1:
        raise Refused("client: it has both a clientNid and a name. Send one of them.")
    return contact_name(asking, client["clientNid"]) if "clientNid" in client else str(client.get("name", ""))


def _listed(refusal: Refused | AirstairError) -> list[dict[str, Any]]:
    category = category_of(refusal).upper()
    if isinstance(refusal, Invalid):
        return [{"message": one.sentence, "category": category, "path": _path(one.field)} for one in refusal.problems]
    return [{"message": str(refusal), "category": category, "path": []}]


def _path(field: str) -> list[str]:
    return [_BACK.get(part, part) for part in field.split(".") if part]


BINDABLES = [mutation, marketplace, answer]
