"""Forms of the checklist: one item; and what an application is asked for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from airstair.records.checklist import queries
from airstair.records.checklist.commands import ItemEdit, Submission
from airstair.records.checklist.rules import STATUSES
from airstair.records.checklist.snapshots import HandlerFacts, ItemFacts
from airstair.web.forms import CommandForm, LineField, choice_field, note_field

_NOBODY = ("", "–")


def handler_choices(operator_id: int, airport: str, chosen: HandlerFacts | None) -> list[tuple[str, str]]:
    """Handlers at the airport, those of any airport too; and who is chosen now, wherever that is."""
    found = queries.handlers(operator_id, airport=airport)
    if chosen is not None and all(one.id != chosen.id for one in found):
        found = [chosen, *found]
    return [_NOBODY, *((str(one.id), _named(one)) for one in found)]


def _named(one: HandlerFacts) -> str:
    where = f" ({', '.join(one.airports[:4])})" if one.airports else ""
    return f"{one.name}{where}{'' if one.email else ', no e-mail'}"


def whole_number(text: str) -> int | None:
    """An id as forms send it; `None` for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class ItemForm(CommandForm):
    """One item of a flight."""

    status = choice_field("Status", ())
    handler_id = choice_field("Provider", ())
    confirmation = LineField(label="Confirmation number")
    details = note_field("Details for the provider")
    note = note_field("Note", help_text="Links in it can be opened.")

    def offer(self, item: ItemFacts, handlers: list[tuple[str, str]]) -> None:
        """Fill the lists. Who arranges something through an application is that application's business."""
        allowed = [one for one in STATUSES.values() if one.id in item.definition.statuses or one.id == item.status]
        self.fields["status"].widget = forms.Select(choices=[(one.id, one.caption) for one in allowed])
        self.fields["handler_id"].widget = forms.Select(choices=handlers)
        if item.ticked:
            del self.fields["handler_id"], self.fields["details"]

    def as_edit(self) -> ItemEdit:
        """Only what differs from what the person saw, so that an answer that came meanwhile is not undone."""
        clean, seen = dict(self.cleaned_data), self.initial
        values: dict[str, Any] = {
            name: value for name, value in clean.items() if _tidy(value) != _tidy(seen.get(name, ""))
        }
        if "handler_id" in values:
            values["handler_id"] = whole_number(values["handler_id"])
        return ItemEdit(**values)


def _tidy(value: object) -> str:
    return str(value or "").replace("\r\n", "\n").strip()


def typed_submission(post: QueryDict) -> Submission:
    """What the module's form asks for: `service` names those ticked, `details-KEY` says more of each."""
    ticked = dict.fromkeys(post.getlist("service")[:200])
    return Submission(
        adep_handler_id=whole_number(post.get("adep_handler_id", "")),
        ades_handler_id=whole_number(post.get("ades_handler_id", "")),
        services={key: post.get(f"details-{key}", "") for key in ticked},
    )
