"""What must stand in an activity by the record, for what was sent to be compared with.

The mapping that made it is no part of this. `None`: the field must be left out.
"""

from __future__ import annotations

from typing import Any

from airstair.addons.avinode.golive.schedules import Schedules
from airstair.hub.golive.listings import Pair, as_recorded, compared
from airstair.hub.verdicts import Judgement, Verdict, judged
from airstair.kernel.utc import minutes_z

_EMPTY_LEG = "EMPTY LEG"  # the word that members map to an empty leg for sale
_REQUEST = "avinode:"  # how a request of Avinode's is marked in what a flight was booked from


def _block(one: Pair, name: str) -> str:
    """Actual where a book has it, the journey log's first; else scheduled."""
    actual = (getattr(book, name) for book in one.known.actual)
    scheduled = one.known.scheduled_start if name == "off_block" else one.known.scheduled_end
    return minutes_z(next(filter(None, actual), scheduled))


block_times = as_recorded(
    startDateTime=lambda one: _block(one, "off_block"), endDateTime=lambda one: _block(one, "on_block")
)


def _trip(one: Pair) -> str | None:
    return one.known.trip_number or (str(one.known.trip_id) if one.known.trip_id else None)


def requests(one: Pair) -> str | None:
    """Those that a booked flight came from; what is not booked yet came from none."""
    marked = [entry for entry in one.known.booked_from if entry.startswith(_REQUEST) and one.known.moves_the_aircraft]
    return ",".join(entry.removeprefix(_REQUEST) for entry in marked) or None


def services(one: Pair) -> list[dict[str, Any]] | None:
    """Each with its six fields, where the operator shares them; else none."""
    shared = one.known.services if one.settings.share_services else ()
    return [
        {
            "serviceProviderId": service.provider_id,
            "serviceProviderName": service.provider_name,
            "airport": {"icao": service.airport},
            "serviceType": service.kind,
            "serviceFor": service.served,
            "dataSource": service.source,
        }
        for service in shared
    ] or None


def regulation(one: Pair) -> str | None:
    return one.known.regulation or None


def _verified(one: Pair) -> bool | None:
    """Whether a named person marked this very leg; only empty legs say so."""
    offer = one.known.empty_leg
    if one.sent.text("activityType") != _EMPTY_LEG:
        return None
    return offer is not None and offer.verified and bool(offer.verified_by)


# -- conditions that ask for more than that -----------------------------------------------------------------------


def trips_named(case: Schedules) -> Judgement:
    wrong, well = compared(case, "external-trip-id-missing", externalTripId=_trip)
    unnamed = (one for one in case.everything if one.id.startswith("f-") and not one.text("externalTripId"))
    return judged(wrong + [f"{one.named} has no externalTripId." for one in unnamed], well)


def verified_by_a_person(case: Schedules) -> Judgement:
    wrong, well = compared(case, marketingVerified=_verified)
    legs = [one for one in case.matched if _verified(one) is not None]
    people = [f"{one.sent.id} by {one.known.empty_leg.verified_by}" for one in legs if _verified(one)]
    if len(legs) == len(people) >= 2 and not wrong:
        confirm = "All of them are: confirm that each was looked at, and none by routine."
        return Verdict.PERSON, (f"Verified: {', '.join(people)}.", confirm)
    return judged(wrong, f"{well} Verified: {', '.join(people) or 'none'}.")
