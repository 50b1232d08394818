"""API keys: which programs reach the record, what each may read or write, and where it was last used."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.records.access import commands
from airstair.records.access import queries as access
from airstair.records.access.rules import RIGHTS_TO_WRITE, Resource
from airstair.records.access.snapshots import NewApiKey
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm, LineField
from airstair.web.ops.answering import said

_DOING = "manage API keys"


class ResourcesField(forms.MultipleChoiceField):
    """Ticked resources. Which there are is the command's to check."""

    widget = forms.CheckboxSelectMultiple

    def valid_value(self, value: str) -> bool:
        return True


class KeyForm(CommandForm):
    name = LineField(label="Name", help_text="What the audit trail calls it: the program that uses it.")
    reads = ResourcesField(label="May read", required=False, choices=[(one.value, one.value) for one in Resource])
    writes = ResourcesField(
        label="May read and write",
        required=False,
        choices=[(one.value, one.value) for one in Resource if one in RIGHTS_TO_WRITE],
    )

    def as_input(self) -> commands.ApiKeyInput:
        clean = self.cleaned_data
        return commands.ApiKeyInput(name=clean["name"], reads=tuple(clean["reads"]), writes=tuple(clean["writes"]))


@page(Right.KEYS_MANAGE, doing=_DOING)
def api_keys(request: PageRequest) -> HttpResponse:
    """All keys, and the form for a new one. A key that was just made is shown in the answer, and never again."""
    form = KeyForm(request.POST if request.method == "POST" else None)
    made: NewApiKey | None = None
    if form.is_bound and form.is_valid():
        made = form.run(lambda: commands.create_api_key(request.actor, form.as_input()))
    status = form.http_status
    context = {
        "form": KeyForm() if made else form,
        "made": made,
        "keys": access.api_keys(request.operator.id),
        "tab": "keys",
    }
    return render(request, "web/settings/keys.html", context, status=status)


@page(Right.KEYS_MANAGE, doing=_DOING, methods=("POST",))
def revoke(request: PageRequest, key_id: int) -> HttpResponse:
    facts = commands.revoke_api_key(request.actor, key_id)
    said(request, f"{facts.name} is revoked. What uses it is let in no more.")
    return redirect("settings-keys")
