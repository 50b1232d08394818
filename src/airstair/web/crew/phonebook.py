"""The phonebook: passengers, contact persons and companies, each with a list and a page of the same kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.changes.queries import trail
from airstair.kernel.errors import Conflict, NotFound
from airstair.kernel.units import Unit, UnitKind
from airstair.records.operators.rules import Right
from airstair.records.people import commands, queries
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.crew.forms import CompanyForm, ContactForm, PassengerForm, born_of
from airstair.web.ops.answering import said
from airstair.web.trails import told

_SEE = "see the phonebook"


@dataclass(frozen=True)
class Shelf:
    """One of the phonebook's lists."""

    key: str
    name: str
    single: str
    form: type[PassengerForm] | type[ContactForm] | type[CompanyForm]
    every: Callable[[int], list[Any]]
    one: Callable[[int, int], Any]
    add: Callable[..., Any]
    change: Callable[..., Any]
    remove: Callable[..., None]


SHELVES = {
    shelf.key: shelf
    for shelf in (
        Shelf("passengers", "Passengers", "passenger", PassengerForm, queries.passengers, queries.passenger,
              commands.add_passenger, commands.change_passenger, commands.remove_passenger),
        Shelf("contacts", "Contact persons", "contact person", ContactForm, queries.contacts, queries.contact,
              commands.add_contact, commands.change_contact, commands.remove_contact),
        Shelf("companies", "Companies", "company", CompanyForm, queries.companies, queries.company,
              commands.add_company, commands.change_company, commands.remove_company),
    )
}  # fmt: skip


def _shelf(key: str) -> Shelf:
    if key not in SHELVES:
        raise NotFound("This part of the phonebook")
    return SHELVES[key]


@page(Right.PHONEBOOK_VIEW, doing=_SEE, methods=("GET",))
def phonebook(request: PageRequest, shelf: str = "passengers") -> HttpResponse:
    """One list, with what fits the words typed."""
    here, typed = _shelf(shelf), request.GET.get("q", "").strip()[:60]
    everybody = here.every(request.operator.id)
    companies = {one.id: one.name for one in queries.companies(request.operator.id)}
    rows = [
        (one, company)
        for one in everybody
        if typed.lower() in _words(one, company := companies.get(getattr(one, "company_id", None) or 0, ""))
    ]
    context = {"shelf": here, "shelves": SHELVES.values(), "rows": rows, "typed": typed, "total": len(everybody)}
    return render(request, "web/crew/phonebook.html", context)


def _words(one: Any, company: str) -> str:
    return f"{one.name} {one.email} {one.phone} {getattr(one, 'job', '')} {company}".lower()


@page(Right.PHONEBOOK_EDIT, doing="add to the phonebook")
def new_entry(request: PageRequest, shelf: str) -> HttpResponse:
    here = _shelf(shelf)
    companies = queries.companies(request.operator.id)
    form = here.form(request.POST if request.method == "POST" else None, companies=companies)
    if form.is_bound and form.is_valid():
        wanted = form.as_input(here.form.wanted)
        facts = form.run(lambda: here.add(request.actor, wanted))
        if facts is not None:
            said(request, f"{facts.name} is in the phonebook.")
            return redirect("phonebook-entry", shelf, facts.id)
    context = {"form": form, "shelf": here, "shelves": SHELVES.values(), "entry": None, "may_edit": True}
    return render(request, "web/crew/entry.html", context, status=form.http_status)


@page(Right.PHONEBOOK_VIEW, doing=_SEE)
def entry(request: PageRequest, shelf: str, entry_id: int) -> HttpResponse:
    """One passenger, contact person or company, with the form for whoever may change them."""
    here, may_edit = _shelf(shelf), request.actor.may(Right.PHONEBOOK_EDIT)
    facts = here.one(request.operator.id, entry_id)
    form = _form(request, here, facts, may_edit=may_edit)
    if form.is_bound:
        request.actor.require(Right.PHONEBOOK_EDIT, "change the phonebook")
        if form.is_valid():
            wanted = form.as_input(here.form.wanted)
            after = form.run(lambda: here.change(request.actor, entry_id, wanted))
            if after is not None:
                said(request, f"{after.name} saved.")
                return redirect("phonebook-entry", shelf, entry_id)
    context = {"form": form, "shelf": here, "shelves": SHELVES.values(), "entry": facts, "may_edit": may_edit}
    return render(request, "web/crew/entry.html", context | _around(request, here, facts), status=form.http_status)


def _form(request: PageRequest, here: Shelf, facts: Any, *, may_edit: bool) -> Any:
    initial = {name: getattr(facts, name) for name in here.form.base_fields if hasattr(facts, name)}
    if here.key == "passengers" and may_edit:
        initial["born"] = born_of(queries.passenger_sensitive(request.operator.id, facts.id).born)
    form = here.form(
        request.POST if request.method == "POST" else None,
        companies=queries.companies(request.operator.id),
        initial=initial,
    )
    if not may_edit:
        form.fields.pop("born", None)
        for field in form.fields.values():
            field.disabled = True
    return form


def _around(request: PageRequest, here: Shelf, facts: Any) -> dict[str, Any]:
    history = None
    if request.actor.may(Right.AUDIT_VIEW):
        history = told(trail(request.operator.id, subject=Unit(UnitKind.PHONEBOOK, facts.id), limit=30), ())
    documents = queries.documents_of(request.operator.id, facts.id) if here.key == "passengers" else None
    return {"documents": documents, "history": history, "today": times.now().date()}


@page(Right.PHONEBOOK_EDIT, doing="change the phonebook", methods=("POST",))
def remove_entry(request: PageRequest, shelf: str, entry_id: int) -> HttpResponse:
    here = _shelf(shelf)
    name = here.one(request.operator.id, entry_id).name
    try:
        here.remove(request.actor, entry_id)
    except Conflict as refusal:
        messages.error(request, str(refusal))
        return redirect("phonebook-entry", shelf, entry_id)
    said(request, f"{name} is removed from the phonebook.")
    return redirect("phonebook-shelf", shelf)
