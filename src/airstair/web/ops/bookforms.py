"""The forms of a flight's two books, flight watch and journey log, with their fields for fuel, delays and durations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

from airstair.kernel.errors import Invalid
from airstair.records.flights.books import Fuel, FuelUnit
from airstair.records.flights.commands import LogInput, WatchInput
from airstair.records.flights.facts import FlightFacts
from airstair.records.flights.rules import TIME_NAMES, TIMES_IN_ORDER, Book
from airstair.web.forms import AmountField, CommandForm, LineField, ReadField, UtcField, WholeField, parse_moment
from airstair.web.ops.cells import nearest, read_delays, read_duration

_UNITS = [(unit.value, word) for unit, word in zip(FuelUnit, ("kg", "lb", "l", "US gal"), strict=True)]


class DurationField(ReadField):
    """Hours and minutes as `2:10` or `0210`; a whole number of minutes inside."""

    def to_python(self, value: Any) -> Any:
        text = self.typed(value)
        return _read(read_duration, text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return f"{value // 60}:{value % 60:02d}" if isinstance(value, int) else value


class DelaysField(ReadField):
    """Delay codes with their times: `93/0012 41/0005`."""

    def to_python(self, value: Any) -> Any:
        return _read(read_delays, self.typed(value))

    def prepare_value(self, value: Any) -> Any:
        return " ".join(map(str, value)) if isinstance(value, tuple) else value


def _read(how: Any, text: str) -> Any:
    try:
        return how(text, "")
    except Invalid as refusal:
        raise ValidationError(refusal.problems[0].sentence) from None


class FuelWidget(forms.MultiWidget):
    """An amount and the unit in which it was read."""

    def __init__(self, label: str) -> None:
        amount = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "aria-label": label})
        unit = forms.Select(choices=_UNITS, attrs={"aria-label": f"{label}: unit"})
        super().__init__({"amount": amount, "unit": unit})

    def decompress(self, value: Fuel | None) -> list[Any]:
        return [None, FuelUnit.KG.value] if value is None else [f"{value.amount.normalize():f}", value.unit]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        inner = super().render(name, value, attrs, renderer)
        return SafeString(f'<span class="fuel">{inner}</span>')


class FuelField(forms.MultiValueField):
    """Fuel as it was read. Empty is `None`."""

    def __init__(self, label: str, **kwargs: Any) -> None:
        parts = (AmountField(required=False), LineField(max_length=10))
        widget = FuelWidget(label)
        super().__init__(fields=parts, label=label, required=False, require_all_fields=False, widget=widget, **kwargs)

    def compress(self, data_list: Sequence[Any]) -> Fuel | None:
        if not data_list or data_list[0] is None:
            return None
        amount, unit = (*data_list, "")[:2]
        if not isinstance(amount, Decimal):
            raise ValidationError("It is not an amount. Type it like 1250.")
        return Fuel(amount=amount, unit=unit or FuelUnit.KG.value)


class BookForm(CommandForm):
    """The four actual times that both books have."""

    off_block = UtcField(label="BLOFF")
    take_off = UtcField(label="T/O")
    landing = UtcField(label="LDG")
    on_block = UtcField(label="BLON")

    aliases = {short: name for name, short in TIME_NAMES.items()}

    def __init__(self, data: Any = None, *, flight: FlightFacts, **kwargs: Any) -> None:
        super().__init__(data if data is None else self._with_days(data, flight), **kwargs)

    def _with_days(self, data: Any, flight: FlightFacts) -> Any:
        """A clock that was typed without its day is the one nearest to the schedule."""
        whole = data.copy()
        for name, field in self.base_fields.items():
            if not isinstance(field, UtcField) or data.get(f"{name}_date") or not data.get(f"{name}_time"):
                continue
            scheduled = flight.sta if name in ("eta", "landing", "on_block") else flight.std
            try:
                clock = parse_moment(scheduled.date().isoformat(), data[f"{name}_time"])
            except ValidationError:
                continue  # the field says what is wrong
            whole[f"{name}_date"] = nearest(clock, scheduled).date().isoformat()
        return whole


class WatchForm(BookForm):
    """What flight watch knows of a flight."""

    etd = UtcField(label="ETD")
    ctot = UtcField(label="CTOT")
    eta = UtcField(label="ETA")
    eet_minutes = DurationField(label="EET", help_text="Take-off to landing, such as 2:10.")
    pax = WholeField(label="PAX", required=False)
    delays = DelaysField(label="Delays", help_text="Code and time, such as 93/0012 41/0005.")

    def as_input(self) -> WatchInput:
        return WatchInput(**self.cleaned_data)


class LogForm(BookForm):
    """What the journey log tells of a flight."""

    pax = WholeField(label="PAX", required=False)
    landings = WholeField(label="Landings", required=False)
    pilot_flying = LineField(label="Pilot flying")
    block_fuel = FuelField("Block fuel", help_text="In the tanks at block-off.")
    uplift = FuelField("Uplift")
    remaining_fuel = FuelField("Remaining fuel", help_text="In the tanks at block-on.")
    apu_hours = AmountField(label="APU hours", required=False, help_text="The APU's own counter, as read.")
    delays = DelaysField(label="Delays", help_text="Code and time, such as 93/0012 41/0005.")

    def as_input(self) -> LogInput:
        return LogInput(**self.cleaned_data)


FORMS: dict[Book, type[WatchForm | LogForm]] = {Book.FLIGHT_WATCH: WatchForm, Book.JOURNEY_LOG: LogForm}


def initial_of(facts: FlightFacts, book: Book) -> dict[str, Any]:
    """The book as its form shows it."""
    times = facts.times.get(book.value)
    values = facts.watch if book is Book.FLIGHT_WATCH else facts.log
    found: dict[str, Any] = {name: getattr(times, name) if times else None for name in TIMES_IN_ORDER}
    return found | {name: getattr(values, name) for name in FORMS[book].base_fields if name not in TIMES_IN_ORDER}


def sources_of(facts: FlightFacts, book: Book) -> list[tuple[str, str]]:
    """Who said each value that is known, by the label of its field."""
    times = facts.times.get(book.value)
    values = facts.watch if book is Book.FLIGHT_WATCH else facts.log
    said = {**(times.sources if times else {}), **values.sources}
    fields = FORMS[book].base_fields
    return [(str(fields[name].label), who) for name, who in said.items() if name in fields]


def values_of(facts: FlightFacts, book: Book) -> list[tuple[str, str, str]]:
    """What the book knows beside the times: label, value as text, and who said it."""
    values = facts.watch if book is Book.FLIGHT_WATCH else facts.log
    fields = FORMS[book].base_fields
    return [
        (str(fields[name].label), _shown(name, value), values.sources.get(name, ""))
        for name in fields
        if name not in TIMES_IN_ORDER and (value := getattr(values, name)) not in (None, "", ())
    ]


def _shown(name: str, value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%-d %b %H:%MZ}"
    if name == "eet_minutes":
        return f"{value // 60}:{value % 60:02d}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
