"""The forms of start values: of the airframe, and of an engine."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from airstair.kernel.errors import Invalid
from airstair.kernel.utc import parse_day
from airstair.records.fleet.cam import Counts, Cycles
from airstair.records.fleet.commands import CamInput, EngineEdit, EngineInput
from airstair.web.forms import CommandForm, LineField, ReadField, WholeField, choice_field

_COUNTS = [(Counts.AIR.value, "Air time: T/O to LDG"), (Counts.BLOCK.value, "Block time: BLOFF to BLON")]
_CYCLES = [(Cycles.FLIGHTS.value, "A flight"), (Cycles.LANDINGS.value, "A landing in the journey log")]
_HOURS = re.compile(r"([0-9]{1,6})(?:[:h]([0-9]{2})|\.([0-9]{1,2}))?")


class DayField(ReadField):
    """A day, UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = self.typed(value)
        if not text:
            if self.required:
                raise ValidationError("It is missing. Choose the day.")
            return None
        try:
            return parse_day(text)
        except Invalid as refusal:
            raise ValidationError(refusal.problems[0].sentence) from None

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class HoursField(ReadField):
    """Hours as `1234:30` or `1234.5`; a whole number of minutes inside."""

    def to_python(self, value: Any) -> Any:
        text = self.typed(value).replace(",", "").replace(" ", "")
        found = _HOURS.fullmatch(text)
        if not found or (found[2] and int(found[2]) > 59):
            raise ValidationError("Type hours like 1234:30 or 1234.5.")
        share = round(int(found[3]) * 60 / 10 ** len(found[3])) if found[3] else int(found[2] or 0)
        return int(found[1]) * 60 + share

    def prepare_value(self, value: Any) -> Any:
        return f"{value // 60}:{value % 60:02d}" if isinstance(value, int) else value


class _StartForm(CommandForm):
    """The totals at 00:00 UTC of a day."""

    start_date = DayField(label="Start date", required=True, help_text="Counted from 00:00 UTC of this day.")
    start_minutes = HoursField(label="Hours at the start", help_text="Such as 1234:30 or 1234.5.")
    start_cycles = WholeField(label="Cycles at the start")


class CamForm(_StartForm):
    """The airframe's start values, and how it counts."""

    counts = choice_field("Hours are", _COUNTS)
    cycles = choice_field("A cycle is", _CYCLES)

    def as_input(self) -> CamInput:
        return CamInput(**self.cleaned_data)


class EngineForm(_StartForm):
    """One engine on the aircraft."""

    position = WholeField(label="Position", help_text="1 is the leftmost.")
    serial = LineField(label="Serial number")
    removed_on = DayField(label="Off the wing on", required=False, help_text="Empty while it is on the wing.")

    field_order = ("position", "serial", "start_date", "start_minutes", "start_cycles", "removed_on")

    def as_input(self) -> EngineInput:
        return EngineInput(**self.cleaned_data)

    def as_edit(self) -> EngineEdit:
        return EngineEdit(**self.cleaned_data)
