"""The forms of people: crew members, passengers, contacts, companies, their documents, and endorsements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

import msgspec
from django import forms
from django.core.exceptions import ValidationError

from airstair.kernel.errors import Invalid
from airstair.kernel.utc import parse_day
from airstair.records.endorsements.commands import DefinitionInput, EndorsementInput
from airstair.records.endorsements.rules import WhenExpiring
from airstair.records.endorsements.snapshots import DefinitionFacts
from airstair.records.people.commands import (
    CompanyInput,
    ContactInput,
    CrewMemberEdit,
    CrewMemberInput,
    DocumentInput,
    PassengerInput,
)
from airstair.records.people.rules import CompanyKind, DocumentKind, PassengerCategory, Sex
from airstair.records.people.snapshots import CompanyFacts
from airstair.web.forms import CommandForm, LineField, WholeField, airport_field, choice_field, code_field, note_field

Input = TypeVar("Input", bound=msgspec.Struct)


class DayField(forms.CharField):
    """A calendar day. Empty is `None`."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("required", False)
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), max_length=40, **kwargs)
        self.widget.attrs.pop("maxlength", None)

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_day(text)
        except Invalid as refusal:
            raise ValidationError(refusal.problems[0].sentence) from None


def day_field(label: str, **kwargs: Any) -> DayField:
    return DayField(label=label, **kwargs)


def _words(words: Iterable[Any], empty: str = "") -> list[tuple[str, str]]:
    """The choices that a list of words gives."""
    named = [(one.value, getattr(one, "label", one.value.replace("_", " ").capitalize())) for one in words]
    return [("", empty), *named] if empty else named


class InputForm(CommandForm):
    """A form with a field for each of a command's input; what is empty has the input's own default."""

    def as_input(self, kind: type[Input]) -> Input:
        clean = self.cleaned_data
        return kind(**{name: clean[name] for name in kind.__struct_fields__ if name in clean})


class CrewMemberForm(InputForm):
    """Everything that is entered about a crew member."""

    code = code_field("Code", help_text="Flights name crew members by it, such as ABE.")
    first_name = LineField(label="First name")
    last_name = LineField(label="Last name")
    email = LineField(label="Work email", help_text="Partners match people by it.")
    phone = LineField(label="Phone")
    sex = choice_field("Sex", _words(Sex, "–"))
    positions = code_field("Positions", help_text="Such as CPT FO, or FA1 FA2.")
    home_base = airport_field("Home base")
    nationality = code_field("Nationality", help_text="Two letters, such as PL.")
    born = day_field("Date of birth", help_text="Kept encrypted.")
    notes = note_field("Notes")

    def clean_positions(self) -> tuple[str, ...]:
        return tuple(str(self.cleaned_data["positions"]).replace(",", " ").split())

    def as_edit(self, *, with_born: bool) -> CrewMemberEdit:
        """`with_born`: the date of birth was shown, so that an empty one means to take it away."""
        values = {name: self.cleaned_data[name] for name in CrewMemberEdit.__struct_fields__ if name != "born"}
        if with_born or self.cleaned_data["born"] is not None:
            values["born"] = self.cleaned_data["born"]
        return CrewMemberEdit(**values)

    def as_new(self) -> CrewMemberInput:
        return self.as_input(CrewMemberInput)


class DocumentForm(InputForm):
    """A licence or travel document. An empty number leaves the stored one as it is."""

    kind = choice_field("Document", _words(DocumentKind))
    number = LineField(label="Number", help_text="Kept encrypted.")
    country = code_field("Issued by", help_text="The state, two letters.")
    issued = day_field("Issued")
    expires = day_field("Expires")
    notes = LineField(label="Notes", help_text="Such as ATPL(A), C56X.")

    def as_document(self) -> DocumentInput:
        wanted = self.as_input(DocumentInput)
        return msgspec.structs.replace(wanted, number=wanted.number or None)


class _Companies(InputForm):
    """A form of somebody who can belong to a company."""

    def __init__(self, *args: Any, companies: Sequence[CompanyFacts] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(one.id), one.name) for one in companies]
        self.fields["company_id"].widget.choices = [("", "–"), *names]


class PassengerForm(_Companies):
    """A passenger."""

    first_name = LineField(label="First name")
    last_name = LineField(label="Last name")
    category = choice_field("Counted as", _words(PassengerCategory))
    nationality = code_field("Nationality", help_text="Two letters, such as PL.")
    born = day_field("Date of birth", help_text="Kept encrypted.")
    email = LineField(label="Email")
    phone = LineField(label="Phone")
    company_id = WholeField(label="Company", required=False, widget=forms.Select())
    notes = note_field("Notes")

    wanted = PassengerInput


class ContactForm(_Companies):
    """A contact person."""

    first_name = LineField(label="First name")
    last_name = LineField(label="Last name")
    job = LineField(label="Job")
    email = LineField(label="Email")
    phone = LineField(label="Phone")
    company_id = WholeField(label="Company", required=False, widget=forms.Select())
    notes = note_field("Notes")

    wanted = ContactInput


class CompanyForm(InputForm):
    """A company."""

    name = LineField(label="Name")
    kind = choice_field("Kind", _words(CompanyKind))
    country = code_field("Country", help_text="Two letters, such as PL.")
    address = LineField(label="Address")
    email = LineField(label="Email")
    phone = LineField(label="Phone")
    notes = note_field("Notes")

    wanted = CompanyInput

    def __init__(self, *args: Any, companies: Sequence[CompanyFacts] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class EndorsementForm(InputForm):
    """An endorsement of the operator's own."""

    definition_id = WholeField(label="Endorsement", widget=forms.Select())
    number = LineField(label="Number")
    issued = day_field("Issued")
    expires = day_field("Expires", help_text="The last day on which it is good. Empty: without end.")
    notes = note_field("Notes")

    def __init__(self, *args: Any, kinds: Sequence[DefinitionFacts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [one for one in kinds if not one.partner]
        names = [(str(one.id), f"{one.name} ({one.airport})" if one.airport else one.name) for one in own]
        self.fields["definition_id"].widget.choices = names

    def as_endorsement(self) -> EndorsementInput:
        return self.as_input(EndorsementInput)


class DefinitionForm(InputForm):
    """A kind of endorsement."""

    name = LineField(label="Name")
    airport = airport_field("For the airport", help_text="ICAO or IATA code. Empty: for no airport in particular.")
    when_expiring = choice_field("When it expires", _words(WhenExpiring))
    warn_days = WholeField(label="Warn, days before")

    def as_definition(self) -> DefinitionInput:
        return self.as_input(DefinitionInput)


def born_of(born: date | None) -> str:
    return born.isoformat() if born else ""
