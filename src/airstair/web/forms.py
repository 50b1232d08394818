"""Forms as all pages write them: fields for UTC times, and commands' refusals shown at the field they are about.

Forms only turn text into types. What is allowed, the commands say: so a form never refuses what a command would take.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.safestring import SafeString

from airstair.kernel.errors import Conflict, Invalid
from airstair.kernel.utc import parse_day

Done = TypeVar("Done")
_CLOCK = re.compile(r"([0-9]{1,2}):?([0-9]{2})\s*[Zz]?")
LONGEST_LINE = 2000


class UtcWidget(forms.MultiWidget):
    """A day and a time of day beside each other."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        clock = forms.TextInput(
            attrs={
                "inputmode": "numeric",
                "placeholder": "hhmmZ",
                "maxlength": "6",
                "autocomplete": "off",
                "data-clock": "",
            }
        )
        super().__init__({"date": day, "time": clock}, attrs)

    def decompress(self, value: datetime | None) -> list[Any]:
        if value is None:
            return [None, None]
        when = value.astimezone(UTC)
        return [when.date(), f"{when:%H:%M}"]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        inner = super().render(name, value, attrs, renderer)
        return SafeString(f'<span class="pair">{inner}</span>')

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        label = (attrs or {}).get("data-label", name)
        for part, word in zip(context["widget"]["subwidgets"], ("day", "time, UTC"), strict=True):
            part["attrs"]["aria-label"] = f"{label}: {word}"
            part["attrs"].pop("data-label", None)
        return context


class UtcField(forms.MultiValueField):
    """A time in UTC, typed as a day and as `0930` or `09:30`. Empty is `None`."""

    def __init__(self, **kwargs: Any) -> None:
        parts = (forms.CharField(required=False, max_length=40), forms.CharField(required=False, max_length=20))
        kwargs.setdefault("required", False)
        label = kwargs.get("label", "")
        widget = UtcWidget(attrs={"data-label": label} if label else None)
        super().__init__(fields=parts, require_all_fields=False, widget=widget, **kwargs)

    def clean(self, value: Any) -> Any:
        if value and not any(value) and self.required:
            raise ValidationError("It is missing. Give the day and the time in UTC.")
        return super().clean(value)

    def compress(self, data_list: Sequence[str]) -> datetime | None:
        if not data_list or not any(data_list):
            return None
        day, clock = (*data_list, "")[:2]
        if not clock:
            raise ValidationError("It has a day but no time. Type it like 0930, in UTC.")
        if not day:
            raise ValidationError("It has a time but no day. Choose the day.")
        return parse_moment(day, clock)


def parse_moment(day: str, clock: str) -> datetime:
    """The two texts as one time in UTC. Raises `ValidationError`."""
    try:
        date = parse_day(day)
    except Invalid as refusal:
        raise ValidationError(refusal.problems[0].sentence) from None
    fits = _CLOCK.fullmatch(clock.strip())
    if not fits or int(fits[1]) > 23 or int(fits[2]) > 59:
        raise ValidationError(f"“{clock[:20]}” is not a time of day. Type it like 0930, in UTC.")
    return datetime.combine(date, time(int(fits[1]), int(fits[2])), tzinfo=UTC)


class WholeField(forms.IntegerField):
    """A whole number. Its range is the command's to check."""

    default_error_messages = {"invalid": "Use a whole number, such as 4."}
    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if isinstance(self.widget, forms.TextInput):
            # Not type=number: its spinner and the mouse wheel change figures that nobody meant to touch.
            self.widget.attrs |= {"inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        if isinstance(value, str) and len(value) > 12:
            raise ValidationError(self.error_messages["invalid"])
        return super().to_python(value)


class AmountField(forms.CharField):
    """An amount of money. `12,500.00` and `12500` mean the same."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        if not text:
            return None
        try:
            return Decimal(str(text).replace(",", "").replace(" ", ""))
        except InvalidOperation:
            raise ValidationError(f"“{text[:20]}” is not an amount. Type it like 12500 or 12500.50.") from None


class LineField(forms.CharField):
    """One line of text, not required. Its rules are the command's."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        kwargs.setdefault("max_length", LONGEST_LINE)
        super().__init__(**kwargs)
        self.widget.attrs.pop("maxlength", None)


class ReadField(forms.CharField):
    """One line that is read as something else than a text. Not required unless said; too long is not read at all."""

    longest = 120

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "off")

    def typed(self, value: Any) -> str:
        """What was typed, without blanks around it. Raises `ValidationError`."""
        text = str(super().to_python(value) or "")
        if len(text) > self.longest:
            raise ValidationError(f"It has {len(text)} characters. Shorten it to {self.longest}.")
        return text


def airport_field(label: str, **kwargs: Any) -> LineField:
    """An airport's code, with suggestions while somebody types."""
    attrs = {"data-airport": "", "autocomplete": "off", "spellcheck": "false"}
    return LineField(label=label, widget=forms.TextInput(attrs=attrs), **kwargs)


def code_field(label: str, **kwargs: Any) -> LineField:
    """A code in capitals."""
    attrs = {"data-upper": "", "autocomplete": "off", "spellcheck": "false"}
    return LineField(label=label, widget=forms.TextInput(attrs=attrs), **kwargs)


def choice_field(label: str, choices: Sequence[tuple[str, str]], **kwargs: Any) -> LineField:
    """A choice whose words the command checks, so that a wrong one gets its sentence."""
    return LineField(label=label, widget=forms.Select(choices=list(choices)), **kwargs)


def note_field(label: str, **kwargs: Any) -> LineField:
    return LineField(label=label, max_length=20_000, widget=forms.Textarea(attrs={"rows": 3}), **kwargs)


class CommandForm(forms.Form):
    """A form whose values go to a command.

    `aliases` turns a command's name of a field into the form's, where they differ. After `run` failed, `conflict`
    holds the sentence when somebody else was faster.
    """

    aliases: Mapping[str, str] = {}
    use_required_attribute = False
    conflict = ""

    def run(self, command: Callable[[], Done]) -> Done | None:
        """What the command returns; `None` after its refusal was noted at the fields."""
        try:
            return command()
        except Invalid as refusal:
            self.take(refusal)
        except Conflict as conflict:
            self.conflict = str(conflict)
        return None

    def take(self, refusal: Invalid) -> None:
        """Show each problem at its field, or above the form when the form has no such field."""
        for problem in refusal.problems:
            self.add_error(*self._placed(problem.field, problem.sentence))

    def _placed(self, name: str, sentence: str) -> tuple[str | None, str]:
        start = name.partition(".")[0]
        for known in (name, self.aliases.get(name, ""), start, self.aliases.get(start, "")):
            if known in self.fields:
                return known, sentence
        return None, f"{name.replace('_', ' ').capitalize()}: {sentence}" if name else sentence

    @property
    def http_status(self) -> int:
        """The status of a page that shows this form again."""
        if self.conflict:
            return 409
        return 422 if self.is_bound and self.errors else 200
