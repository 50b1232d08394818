"""The form of a duty."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from airstair.records.crewing.commands import DutyEdit, DutyInput
from airstair.records.crewing.rules import DutyKind
from airstair.records.people.snapshots import CrewMemberFacts
from airstair.web.forms import CommandForm, LineField, UtcField, WholeField, airport_field, choice_field, note_field


class DutyForm(CommandForm):
    """A positioning or any other duty of one crew member."""

    crew_member_id = WholeField(label="Crew member", widget=forms.Select())
    kind = choice_field("Kind", [(kind.value, kind.label) for kind in DutyKind])
    start = UtcField(label="Start", required=True)
    end = UtcField(label="End", required=True)
    start_airport = airport_field("From airport", help_text="Only a positioning needs airports.")
    end_airport = airport_field("To airport")
    title = LineField(label="Title")
    notes = note_field("Notes")

    def __init__(self, *args: Any, members: Sequence[CrewMemberFacts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.initial.get("crew_member_id")
        offered = [one for one in members if one.active or one.id == chosen]
        self.fields["crew_member_id"].widget.choices = [(str(one.id), f"{one.code} · {one.name}") for one in offered]

    def as_input(self) -> DutyInput:
        return DutyInput(**self.cleaned_data)

    def as_edit(self) -> DutyEdit:
        return DutyEdit(**self.cleaned_data)
