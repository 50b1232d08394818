"""The editors' forms: text of a page to the inputs of the commands, and a flight's facts back to text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.flights.commands import (
    EmptyLegEdit,
    EmptyLegInput,
    EventEdit,
    EventInput,
    FlightEdit,
    FlightInput,
    Passenger,
)
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import (
    EventKind,
    FlightRules,
    FlightType,
    PaxCategory,
    Regulation,
    SalesType,
    Status,
)
from airstair.web.forms import (
    AmountField,
    CommandForm,
    LineField,
    UtcField,
    WholeField,
    airport_field,
    choice_field,
    code_field,
    note_field,
)
from airstair.web.templatetags.airstair import words

_RULES = {
    FlightRules.IFR: "IFR",
    FlightRules.VFR: "VFR",
    FlightRules.IFR_THEN_VFR: "Y (IFR, then VFR)",
    FlightRules.VFR_THEN_IFR: "Z (VFR, then IFR)",
}
STATUSES = [(s.value, words(s.value)) for s in Status]
_CATEGORIES = [c.value for c in PaxCategory]


def _all(of: Any, empty: str | None = None) -> list[tuple[str, str]]:
    return ([("", empty)] if empty is not None else []) + [(w.value, words(w.value)) for w in of]


class AircraftChoice(WholeField):
    """One of the fleet, by id."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(label="Aircraft", widget=forms.Select(), **kwargs)
        self.error_messages |= {
            "required": "It is missing. Choose an aircraft.",
            "invalid": "There is no such aircraft in the fleet. Choose one, or add it under Fleet.",
        }

    def offer(self, fleet: Sequence[AircraftFacts], chosen: int | None) -> None:
        usable = [one for one in fleet if one.active or one.id == chosen]
        names = [(str(one.id), f"{one.registration} {one.icao_type}".strip()) for one in usable]
        self.widget.choices = [("", "–"), *names]  # type: ignore[attr-defined]


class FlightForm(CommandForm):
    """Every field of a flight."""

    aircraft_id = AircraftChoice()
    number = code_field("Flight number", help_text="Empty: the registration.")
    status = choice_field("Status", STATUSES)
    adep = airport_field("ADEP")
    std = UtcField(label="STD", required=True)
    ades = airport_field("ADES")
    sta = UtcField(label="STA", help_text="Empty: estimated from the aircraft's performance.")
    altn = airport_field("ALTN")
    altn2 = airport_field("ALTN2")
    flight_type = choice_field("Flight type", _all(FlightType))
    regulation = choice_field("Regulation", _all(Regulation, "–"))
    flight_rules = choice_field("Flight rules", list(_RULES.items()))
    sales_type = choice_field("Sales type", _all(SalesType))
    ferry = forms.BooleanField(label="Ferry flight (no PAX)", required=False)
    pax_count = WholeField(label="PAX", required=False, help_text="Empty: counted from below.")
    pax_male = WholeField(label="Male", required=False)
    pax_female = WholeField(label="Female", required=False)
    pax_child = WholeField(label="Children", required=False)
    pax_infant = WholeField(label="Infants", required=False)
    pax_list = note_field("PAX list", help_text="One a line: name, then ; and male, female, child or infant.")
    crew = LineField(label="Crew", help_text="Positions and codes: CPT ABC, FO DEF")
    cargo_kg = WholeField(label="Cargo, kg", required=False)
    catering_kg = WholeField(label="Catering, kg", required=False)
    notes = note_field("Notes")

    aliases = {f"pax_by_category.{category}": f"pax_{category}" for category in _CATEGORIES}

    def __init__(self, *args: Any, fleet: Sequence[AircraftFacts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["aircraft_id"]
        assert isinstance(field, AircraftChoice)  # so it is declared above
        field.offer(fleet, self.initial.get("aircraft_id"))

    @property
    def values(self) -> dict[str, Any]:
        """As the commands' inputs name them. After `is_valid()` only."""
        clean = dict(self.cleaned_data)
        categories = {name: clean.pop(f"pax_{name}") for name in _CATEGORIES}
        clean["pax_by_category"] = {name: count for name, count in categories.items() if count}
        clean["pax_list"] = _passengers(clean["pax_list"])
        clean["crew"] = _crew(clean["crew"])
        for mass in ("cargo_kg", "catering_kg"):
            clean[mass] = clean[mass] or 0
        return clean

    def as_input(self) -> FlightInput:
        return FlightInput(**self.values)

    def as_edit(self) -> FlightEdit:
        return FlightEdit(**self.values)


def _passengers(text: str) -> tuple[Passenger, ...]:
    found = []
    for line in text.splitlines():
        name, _, category = line.partition(";")
        if name.strip():
            found.append(Passenger(name=name.strip(), category=category.strip().lower()))
    return tuple(found)


def _crew(text: str) -> dict[str, str]:
    """`CPT ABC, FO DEF` or `CPT=ABC FO=DEF`."""
    crew: dict[str, str] = {}
    for part in text.replace("=", " ").replace(";", ",").split(","):
        tokens = part.split()
        for position, person in zip(tokens[::2], (*tokens[1::2], ""), strict=False):
            crew[position] = person
    return crew


def initial_of(flight: FlightFacts) -> dict[str, Any]:
    """A flight as its form shows it."""
    names = [f for f in FlightEdit.__struct_fields__ if f not in ("pax_by_category", "pax_list", "crew")]
    return {
        **{name: getattr(flight, name) for name in names},
        **{f"pax_{name}": flight.pax_by_category.get(name) for name in _CATEGORIES},
        "pax_list": "\n".join("; ".join(filter(None, (p["name"], p.get("category")))) for p in flight.pax_list),
        "crew": ", ".join(f"{position} {person}" for position, person in flight.crew.items()),
    }


class TripForm(CommandForm):
    """What a trip has beside its flights."""

    client = LineField(label="Client")
    booked_from = LineField(label="Booked from", help_text="Requests at partners, such as avinode:asellerlift-500123.")
    notes = note_field("Notes")

    @property
    def requests(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["booked_from"].replace(",", " ").split())


class NewTripForm(TripForm):
    status = choice_field("Status", STATUSES)
    number = code_field("Trip number", help_text="Empty: the next one.")


class EventForm(CommandForm):
    """A reservation, maintenance event or grounding."""

    kind = choice_field(
        "Kind", [(k.value, "AOG (grounded)" if k is EventKind.AOG else words(k.value)) for k in EventKind]
    )
    aircraft_id = AircraftChoice()
    airport = airport_field("Airport")
    start = UtcField(label="Start", required=True)
    end = UtcField(label="End", required=True)
    title = LineField(label="Title")
    notes = note_field("Notes")

    def __init__(self, *args: Any, fleet: Sequence[AircraftFacts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["aircraft_id"]
        assert isinstance(field, AircraftChoice)  # so it is declared above
        field.offer(fleet, self.initial.get("aircraft_id"))

    def as_input(self) -> EventInput:
        return EventInput(**self.cleaned_data)

    def as_edit(self) -> EventEdit:
        return EventEdit(**self.cleaned_data)


class EmptyLegForm(CommandForm):
    """The offer that goes with an empty leg."""

    price = AmountField(label="Price", required=False)
    currency = code_field("Currency")
    marketing_start = UtcField(label="Marketing window from", help_text="Empty: the flight's own times.")
    marketing_end = UtcField(label="Marketing window to", help_text="At most five days after its start.")
    message = note_field("Message to buyers")

    def as_input(self) -> EmptyLegInput:
        return EmptyLegInput(**self.cleaned_data)

    def as_edit(self) -> EmptyLegEdit:
        return EmptyLegEdit(**self.cleaned_data)
