"""Who signs in for the organisation, and what each may do in which module."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from connect.errors import ConnectError
from connect.pages.acting import Acting, done, faults_of, page, shown
from connect.pages.reading import text
from connect.parties import commands, people, queries
from connect.parties.models import User
from connect.parties.rights import EVERYTHING, Act, Module

VIEW, CREATE, CHANGE = ((Module.ORGANISATION, act) for act in (Act.VIEW, Act.CREATE, Act.MODIFY))
VERBS = tuple(act.value for act in Act)


@sensitive_post_parameters("password")
@page("", VIEW, "GET POST")
def users(request: Acting) -> HttpResponse:
    """All of them with their rights; a POST adds one."""
    typed: dict[str, str] = {}
    faults: list[str] = []
    if request.method == "POST":
        request.actor.need(*CREATE)
        typed = {name: text(request.POST, name, 254) for name in ("name", "email")}
        new = commands.NewPerson(**typed, password=text(request.POST, "password", 500), rights=_rights(request))
        try:
            made = commands.add_person(request.actor, request.actor.organisation_id, new)
        except ConnectError as refused:
            faults = faults_of(refused)
        else:
            return done(request, lambda: f"{made.name} may sign in now.", reverse("users"))
    return _page(request, typed, faults)


def _page(request: Acting, typed: dict[str, str], faults: list[str]) -> HttpResponse:
    contact = queries.organisation(request.actor).operations_contact_id
    rows = [
        {"id": one.id, "name": one.name, "email": one.email, "active": one.is_active, "table": _table(_held(one)),
         "operations_contact": one.id == contact, "myself": one.id == request.actor.user_id}
        for one in queries.people(request.actor)
    ]  # fmt: skip
    ticked = _rights(request) if faults else EVERYTHING
    context = {
        "users": rows, "verbs": VERBS, "new": {**typed, "table": _table(ticked)},
        "may_change": request.actor.may(*CHANGE), "may_add": request.actor.may(*CREATE), "faults": faults,
    }  # fmt: skip
    return shown(request, "users.html", status=422 if faults else 200, **context)


def _held(one: User) -> dict[str, frozenset[str]]:
    return {right.module: frozenset(right.acts) for right in one.rights.all()}


def _table(held: Any) -> list[tuple[str, list[tuple[str, bool]]]]:
    """For each module, each right's name in the form, and whether it is held."""
    return [
        (module.value, [(f"{module.value}.{verb}", verb in held.get(module.value, ())) for verb in VERBS])
        for module in Module
    ]


def _rights(request: Acting) -> dict[str, frozenset[str]]:
    ticked = set(request.POST.getlist("rights"))
    found = {module.value: frozenset(v for v in VERBS if f"{module.value}.{v}" in ticked) for module in Module}
    return {module: acts for module, acts in found.items() if acts}


@sensitive_post_parameters("password")
@page("", CHANGE, "POST")
def user_do(request: Acting, user_id: int) -> HttpResponse:
    """Rights, a new password, and whether they may sign in, saved together or not at all."""

    def act() -> str:
        edit = people.PersonEdit(
            rights=_rights(request), active=request.POST.get("active") == "1",
            password=text(request.POST, "password", 500),
        )  # fmt: skip
        return f"{people.change_person(request.actor, user_id, edit).name}: saved."

    return done(request, act, reverse("users"))
