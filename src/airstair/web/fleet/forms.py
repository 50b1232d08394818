"""The form of an aircraft."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from airstair.records.fleet.commands import AircraftEdit, AircraftInput
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.snapshots import SubsidiaryFacts
from airstair.web.forms import CommandForm, LineField, WholeField, airport_field, code_field

_NUMBERS = ("seats", "cruise_speed_kt", "taxi_minutes", "climb_minutes", "range_nm")


class AircraftForm(CommandForm):
    """Everything that is entered about an aircraft."""

    registration = code_field("Registration", help_text="With its hyphen, as the state writes it.")
    home_base = airport_field("Home base")
    icao_type = code_field("ICAO type", help_text="Such as C56X.")
    iata_type = code_field("IATA type")
    model = LineField(label="Model")
    serial_number = LineField(label="Serial number")
    call_sign = code_field("Call sign")
    seats = WholeField(label="Seats", required=False)
    owner = LineField(label="Owner")
    subsidiary_id = WholeField(label="Subsidiary", required=False, widget=forms.Select())
    cruise_speed_kt = WholeField(
        label="Cruise speed, kt", required=False, help_text="0: block times are not estimated."
    )
    taxi_minutes = WholeField(label="Taxi, minutes", required=False)
    climb_minutes = WholeField(label="Climb and approach allowance, minutes", required=False)
    range_nm = WholeField(label="Range, nm", required=False)
    mx_set_up = LineField(label="MX set-up", help_text="Maintenance program and tracking system.")

    def __init__(self, *args: Any, subsidiaries: Sequence[SubsidiaryFacts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(one.id), one.name) for one in subsidiaries]
        self.fields["subsidiary_id"].widget.choices = [("", "–"), *names]

    @property
    def values(self) -> dict[str, Any]:
        return {**self.cleaned_data, **{name: self.cleaned_data[name] or 0 for name in _NUMBERS}}

    def as_input(self) -> AircraftInput:
        return AircraftInput(**self.values)

    def as_edit(self) -> AircraftEdit:
        return AircraftEdit(**self.values)


def initial_of(facts: AircraftFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in AircraftForm.base_fields}
