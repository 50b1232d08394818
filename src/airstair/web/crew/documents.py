"""Licences and travel documents: adding one to a crew member or passenger, changing and removing it."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from airstair.kernel.errors import Forbidden, NotFound
from airstair.records.operators.rules import Right
from airstair.records.people import commands
from airstair.records.people.queries import crew_member, document, passenger
from airstair.records.people.rules import DocumentKind
from airstair.web.acting import PageRequest, page
from airstair.web.crew.forms import DocumentForm
from airstair.web.ops.answering import said

_DOING = "change people's documents"


@page(doing=_DOING)
def new_document(request: PageRequest, holder_id: int) -> HttpResponse:
    name, back = _holder(request, holder_id)
    form = DocumentForm(request.POST if request.method == "POST" else None, initial={"kind": DocumentKind.PASSPORT})
    if form.is_bound and form.is_valid():
        wanted = form.as_document()
        if form.run(lambda: commands.add_document(request.actor, holder_id, wanted)) is not None:
            said(request, "The document is added.")
            return redirect(back)
    context = {"form": form, "name": name, "back": back, "document": None}
    return render(request, "web/crew/document.html", context, status=form.http_status)


@page(doing=_DOING)
def edit_document(request: PageRequest, document_id: int) -> HttpResponse:
    facts = document(request.operator.id, document_id)
    name, back = _holder(request, facts.holder_id)
    initial: dict[str, Any] = {field: getattr(facts, field) for field in DocumentForm.base_fields}
    initial |= {field: str(initial[field] or "") for field in ("issued", "expires")}
    form = DocumentForm(request.POST if request.method == "POST" else None, initial=initial)
    if form.is_bound and form.is_valid():
        wanted = form.as_document()
        if form.run(lambda: commands.change_document(request.actor, document_id, wanted)) is not None:
            said(request, "The document is saved.")
            return redirect(back)
    context = {"form": form, "name": name, "back": back, "document": facts}
    return render(request, "web/crew/document.html", context, status=form.http_status)


@page(doing=_DOING, methods=("POST",))
def remove_document(request: PageRequest, document_id: int) -> HttpResponse:
    facts = document(request.operator.id, document_id)
    _, back = _holder(request, facts.holder_id)
    commands.remove_document(request.actor, document_id)
    said(request, "The document is removed.")
    return redirect(back)


def _holder(request: PageRequest, holder_id: int) -> tuple[str, str]:
    """Whose document it is, and the page to go back to; only for whoever may change that person's documents."""
    try:
        member = crew_member(request.operator.id, holder_id)
    except NotFound:
        if not request.actor.may(Right.PHONEBOOK_EDIT):
            raise Forbidden(Right.PHONEBOOK_EDIT, _DOING) from None
        found = passenger(request.operator.id, holder_id)
        return found.name, reverse("phonebook-entry", args=["passengers", holder_id])
    request.actor.require(Right.CREW_EDIT, _DOING)
    return f"{member.code} {member.name}", reverse("crew-member", args=[holder_id])
