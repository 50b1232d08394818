"""The imitated marketplace itself: companies, aircraft, uploads, mapping tables, what members and staff change.

It knows nothing of HTTP. Each change marks the document it belongs to, so that only that is kept anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from airstair.addons.avinode.sandbox import seed
from airstair.addons.avinode.sandbox.airports import resolve
from airstair.addons.avinode.sandbox.availability import Interval, Reading
from airstair.addons.avinode.sandbox.documents import Document, Message, SentActivity
from airstair.addons.avinode.sandbox.emptylegs import Offer, offers
from airstair.addons.avinode.sandbox.model import (
    BLACK,
    EQUIVALENTS,
    FULLY_ACTIVE,
    INTEGRATED,
    OCCUPIED,
    STATUSES,
    UPDATE_TYPES,
    Activity,
    Aircraft,
    Company,
    MappingRow,
)
from airstair.sandbox.journal import same_registration
from airstair.sandbox.partner import Refusal

# Assumed: Avinode tells brokers how fresh a schedule is (documented); its words and limits for it are not public.
FRESHNESS = ((timedelta(minutes=30), "fresh"), (timedelta(hours=24), "ageing"))


class NotAllowed(Exception):
    """An upload for an aircraft that the caller may not update; the text is the error's title."""


class Market:
    """Companies, aircraft and mapping tables."""

    def __init__(self) -> None:
        self.companies = {company.key: company for company in seed.companies()}
        self.aircraft = {same_registration(plane.tail): plane for plane in seed.aircraft()}
        self.changed: set[str] = set()

    # -- uploads -------------------------------------------------------------------------------------------------

    def find(self, tail: str) -> Aircraft | None:
        """The aircraft with this registration, with or without its hyphen."""
        return self.aircraft.get(same_registration(tail))

    def permit(self, company: str, tail: str) -> Aircraft | None:
        """The aircraft that `company` may upload for; None when it is unknown and would be adopted.

        Raises `NotAllowed`. Documented conditions: the aircraft is the marketing company's, Fully Active, and its
        schedule update type is Integrated; Avinode answers others with 403. An aircraft of another company
        gets the same words as an unknown one, so that nothing leaks.
        """
        plane = self.find(tail)
        if plane is None and self.companies[company].adopts:
            return None
        if plane is None or plane.company != company:
            raise NotAllowed(f"Aircraft {tail} is not configured for this company and integration")
        if plane.status != FULLY_ACTIVE:
            raise NotAllowed(f"Aircraft {tail} is not Fully Active: its status is {plane.status}")
        if plane.update_type != INTEGRATED:
            raise NotAllowed(f"The schedule update type of aircraft {tail} is {plane.update_type}, not Integrated")
        return plane

    def upload(self, company: str, document: Document, now: datetime) -> list[Message]:
        """Replace the aircraft's whole schedule by the document's; the soft errors found. Raises `NotAllowed`.

        Documented, "Complete schedule": what exists before the call and is not included in it is removed.
        """
        assert document.tail is not None and not document.errors
        plane = self.permit(company, document.tail) or self._adopt(company, document)
        if plane.home_base is None:
            plane.home_base = _first_airport(document)
        soft: list[Message] = []
        plane.activities = [
            _stored(sent, index, plane.home_base, soft) for index, sent in enumerate(document.activities)
        ]
        plane.uploaded_at = now
        plane.uploads += 1
        self._map_new_types(company, plane.activities)
        self._touch_aircraft(plane)
        return soft

    def _adopt(self, company: str, document: Document) -> Aircraft:
        """Convenience that the real marketplace lacks: there, staff configure each aircraft beforehand."""
        assert document.tail is not None
        number = max((plane.number for plane in self.aircraft.values()), default=0) + 1
        plane = Aircraft(document.tail, number, company, _first_airport(document), adopted=True)
        self.aircraft[same_registration(document.tail)] = plane
        return plane

    def _map_new_types(self, company: str, activities: list[Activity]) -> None:
        """Documented: new types are created in the mapping table when first sent, as Occupied; black is observed."""
        mapping = self.companies[company].mapping
        new = {activity.activity_type for activity in activities} - set(mapping)
        for activity_type in sorted(new):
            mapping[activity_type] = MappingRow(OCCUPIED, BLACK)
        if new:
            self._touch_company(company)

    # -- reading -------------------------------------------------------------------------------------------------

    def reading(self, plane: Aircraft) -> Reading:
        return Reading(plane.activities, self.companies[plane.company].mapping, plane.home_base)

    def intervals(self, plane: Aircraft) -> list[Interval]:
        return self.reading(plane).intervals()

    def offers(self, now: datetime) -> list[Offer]:
        return offers(self.aircraft.values(), self.companies, now)

    # -- members and staff ---------------------------------------------------------------------------------------

    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        """One change by a member or by Avinode's staff. Raises `Refusal`."""
        acts = {
            "set-mapping": self._set_mapping,
            "set-aircraft": self._set_aircraft,
            "set-adoption": self._set_adoption,
        }
        if name not in acts:
            raise Refusal(f"There is no action {name!r}.")
        acts[name](wish)

    def _company(self, wish: Mapping[str, Any]) -> Company:
        company = self.companies.get(str(wish.get("company", "demo")))
        if company is None:
            raise Refusal(f"Field 'company' must be one of {', '.join(self.companies)}.")
        return company

    def _set_mapping(self, wish: Mapping[str, Any]) -> None:
        """`company`, `type`, `equivalent`, `colour`: a row of the mapping table, also one not sent yet."""
        company = self._company(wish)
        activity_type = wish.get("type")
        if not isinstance(activity_type, str) or not activity_type.strip() or len(activity_type) > 20:
            raise Refusal("Field 'type' must be an activity type of 1 to 20 characters.")
        before = company.mapping.get(activity_type, MappingRow())
        equivalent = _given(wish, "equivalent", before.equivalent)
        if not isinstance(equivalent, str) or equivalent not in EQUIVALENTS:
            raise Refusal(f"Field 'equivalent' must be one of {', '.join(EQUIVALENTS)}.")
        colour = _given(wish, "colour", before.colour)
        if not isinstance(colour, str) or not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise Refusal("Field 'colour' must be a colour such as #1f6feb.")
        company.mapping[activity_type] = MappingRow(equivalent, colour.lower())
        self._touch_company(company.key)

    def _set_aircraft(self, wish: Mapping[str, Any]) -> None:
        """`tail` and any of `company`, `status`, `update_type`, `home_base`; an unknown tail is created."""
        tail = wish.get("tail")
        if not isinstance(tail, str) or not same_registration(tail) or len(tail.strip()) > 16:
            raise Refusal("Field 'tail' must be a registration.")
        plane = self.find(tail)
        company = self._company({"company": _given(wish, "company", plane.company if plane else "demo")}).key
        status = _given(wish, "status", plane.status if plane else FULLY_ACTIVE)
        update_type = _given(wish, "update_type", plane.update_type if plane else INTEGRATED)
        if status not in STATUSES:
            raise Refusal(f"Field 'status' must be one of {', '.join(STATUSES)}.")
        if update_type not in UPDATE_TYPES:
            raise Refusal(f"Field 'update_type' must be one of {', '.join(UPDATE_TYPES)}.")
        home_base = plane.home_base if plane else None
        if _given(wish, "home_base", None) is not None:
            home_base, written = resolve(wish["home_base"])
            if home_base is None:
                raise Refusal(f"Field 'home_base': there is no airport {written!r}. Use its ICAO, IATA or FAA code.")
        if plane is None:
            number = max((other.number for other in self.aircraft.values()), default=0) + 1
            plane = self.aircraft[same_registration(tail)] = Aircraft(tail.strip().upper(), number, company, home_base)
        if update_type == INTEGRATED and plane.update_type != INTEGRATED:
            # Observed by integrators: switching from Manual to Integrated clears the existing schedule.
            plane.activities, plane.uploaded_at = [], None
        plane.company, plane.status, plane.update_type, plane.home_base = company, status, update_type, home_base
        self._touch_aircraft(plane)

    def _set_adoption(self, wish: Mapping[str, Any]) -> None:
        """`company`, `on`: whether unknown aircraft become the company's at their first call."""
        company = self._company(wish)
        on = wish.get("on")
        if on not in (True, False, "on", "off", "true", "false"):
            raise Refusal("Field 'on' must be true or false.")
        company.adopts = on in (True, "on", "true")
        self._touch_company(company.key)

    # -- keeping -------------------------------------------------------------------------------------------------

    def _touch_aircraft(self, plane: Aircraft) -> None:
        self.changed.add(f"aircraft/{same_registration(plane.tail)}")

    def _touch_company(self, key: str) -> None:
        self.changed.add(f"company/{key}")

    def document(self, name: str) -> bytes | None:
        """One changed document, encoded; None when it is gone."""
        kind, _, key = name.partition("/")
        held: Aircraft | Company | None = self.aircraft.get(key) if kind == "aircraft" else self.companies.get(key)
        return None if held is None else msgspec.msgpack.encode(held)

    def restore(self, name: str, body: bytes) -> None:
        kind, _, key = name.partition("/")
        if kind == "aircraft":
            self.aircraft[key] = msgspec.msgpack.decode(body, type=Aircraft)
        else:
            self.companies[key] = msgspec.msgpack.decode(body, type=Company)


def _given(wish: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """A wish's field; what forms send for an empty field counts as absent."""
    value = wish.get(name)
    return otherwise if value is None or value == "" else value


def freshness(uploaded_at: datetime | None, now: datetime) -> str:
    """How fresh a schedule is, in a word: never sent, fresh, ageing or stale."""
    if uploaded_at is None:
        return "never sent"
    age = now - uploaded_at
    return next((word for limit, word in FRESHNESS if age <= limit), "stale")


def _first_airport(document: Document) -> str | None:
    """The earliest airport of a document that exists: an adopted aircraft's home base (assumed)."""
    for sent in sorted(document.activities, key=lambda activity: activity.start.at):
        for airport in (sent.start_airport, sent.end_airport):
            code, _ = resolve(airport)
            if code is not None:
                return code
    return None


def _stored(sent: SentActivity, index: int, home_base: str | None, soft: list[Message]) -> Activity:
    """An activity as stored; invalid airports replaced by the home base and noted in `soft`."""
    start, written_start = resolve(sent.start_airport)
    end, written_end = resolve(sent.end_airport)
    activity_id = sent.texts["activityId"]
    for side, code, written in (("start", start, written_start), ("end", end, written_end)):
        if code is None:
            # Documented: Error handling guide, "HTTP 200 + Errors": title, code, path. That the message says which
            # activity and airport code caused it is documented too; the words after the colon are assumed.
            named = (
                f"airport code '{written[:16]}' of activity '{activity_id}'"
                if written
                else f"no airport code in activity '{activity_id}'"
            )
            title = f"Invalid {side} airport: {named}"
            soft.append(Message(title, f"{side.upper()}_AIRPORT_INVALID", f"activities[{index}].{side}Airport"))
    texts = sent.texts
    return Activity(
        activity_id=activity_id,
        activity_type=sent.activity_type,
        start=sent.start.at,
        end=sent.end.at,
        start_airport=start or home_base,
        end_airport=end or home_base,
        sent_start_airport=written_start,
        sent_end_airport=written_end,
        external_trip_id=texts["externalTripId"],
        trip_id=texts["tripId"],
        flight_number=texts["flightNumber"],
        pax_count=sent.pax_count,
        note=texts["note"],
        price=sent.price,
        currency=sent.currency,
        flight_regulations=texts["flightRegulations"],
        flight_regulations_description=texts["flightRegulationsDescription"],
        marketing_start=sent.marketing_start.at if sent.marketing_start else None,
        marketing_end=sent.marketing_end.at if sent.marketing_end else None,
        marketing_verified=sent.marketing_verified,
        marketing_message=texts["marketingMessage"],
        services=sent.services,
        unknown_properties=sent.unknown_properties,
    )
