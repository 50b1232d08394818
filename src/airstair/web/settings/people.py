"""Users: who works here, as what, with which single rights; and one's own password."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters

from airstair.kernel.actor import Actor
from airstair.kernel.errors import NotFound
from airstair.records.fleet.queries import fleet
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators import commands
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import RIGHTS_OF_ROLE, Right, Role
from airstair.records.operators.snapshots import MemberFacts
from airstair.web.acting import PageRequest, page
from airstair.web.forms import CommandForm, LineField, choice_field, code_field
from airstair.web.ops.answering import said
from airstair.web.templatetags.airstair import words

_DOING = "manage users"
_ROLES = [(role.value, words(role.value)) for role in Role]


class TermsForm(CommandForm):
    """Role, single rights and, for owners, aircraft."""

    code = code_field("Code", help_text="The letters that colleagues know the person by.")
    role = choice_field("Role", _ROLES)
    granted = forms.MultipleChoiceField(
        label="Granted beside the role", required=False, widget=forms.CheckboxSelectMultiple
    )
    refused = forms.MultipleChoiceField(
        label="Refused in spite of the role", required=False, widget=forms.CheckboxSelectMultiple
    )
    aircraft_ids = forms.MultipleChoiceField(
        label="Aircraft (of an aircraft owner)", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, fleet: Sequence[AircraftFacts], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rights = [(right.value, right.value) for right in Right]
        self._offer("granted", rights)
        self._offer("refused", rights)
        self._offer("aircraft_ids", [(str(one.id), one.registration) for one in fleet])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)  # so it is declared above
        field.choices = choices
        field.error_messages["invalid_choice"] = "“%(value)s” is not one of them. Choose from the list."

    @property
    def terms(self) -> dict[str, Any]:
        clean = self.cleaned_data
        return {
            "code": clean["code"],
            "role": clean["role"],
            "granted": tuple(clean["granted"]),
            "refused": tuple(clean["refused"]),
            "aircraft_ids": tuple(int(one) for one in clean["aircraft_ids"]),
        }


class InviteForm(TermsForm):
    email = LineField(label="Email")
    name = LineField(label="Name")
    password = LineField(
        label="First password",
        help_text="Ten characters at least; tell the person in private. Empty when they have an account already.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )
    field_order = ("email", "name", "password", "code", "role")


class PasswordForm(CommandForm):
    new = LineField(
        label="New password",
        help_text="Ten characters at least.",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )


class OwnPasswordForm(PasswordForm):
    current = LineField(
        label="Current password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
    field_order = ("current", "new")


@page(Right.USERS_MANAGE, doing=_DOING, methods=("GET",))
def users(request: PageRequest) -> HttpResponse:
    everybody = operators.members(request.operator.id)
    context = {"members": sorted(everybody, key=lambda m: not m.active), "tab": "users"}
    return render(request, "web/settings/users.html", context)


@sensitive_post_parameters("password")
@page(Right.USERS_MANAGE, doing=_DOING)
def invite(request: PageRequest) -> HttpResponse:
    bound = request.POST if request.method == "POST" else None
    form = InviteForm(bound, fleet=fleet(request.operator.id), initial={"role": Role.OPS.value})
    if form.is_bound and form.is_valid():
        clean = form.cleaned_data
        added = form.run(
            lambda: commands.invite_user(
                request.actor, clean["email"], clean["name"], password=clean["password"] or None, **form.terms
            )
        )
        if added is not None:
            said(request, f"{added.name} can sign in as {words(added.role).lower()}.")
            return redirect("settings-users")
    return _page(request, form, None)


@page(Right.USERS_MANAGE, doing=_DOING)
def user(request: PageRequest, membership_id: int) -> HttpResponse:
    facts = operators.member(request.operator.id, membership_id)
    initial = {
        "code": facts.code,
        "role": facts.role.value,
        "granted": list(facts.granted),
        "refused": list(facts.refused),
        "aircraft_ids": [str(one) for one in facts.aircraft_ids],
    }
    bound = request.POST if request.method == "POST" else None
    form = TermsForm(bound, fleet=fleet(request.operator.id), initial=initial)
    if form.is_bound and form.is_valid():
        edit = commands.MembershipEdit(**form.terms)
        if form.run(lambda: commands.change_membership(request.actor, membership_id, edit)) is not None:
            said(request, f"{facts.name} saved.")
            return redirect("settings-users")
    return _page(request, form, facts)


def _page(
    request: PageRequest, form: TermsForm, member: MemberFacts | None, password: PasswordForm | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "member": member,
        "tab": "users",
        "roles": [(words(role.value), sorted(rights)) for role, rights in RIGHTS_OF_ROLE.items()],
        "password_form": password or PasswordForm(prefix="p"),
    }
    status = password.http_status if password is not None else form.http_status
    return render(request, "web/settings/user.html", context, status=status)


@sensitive_post_parameters("p-new")
@page(Right.USERS_MANAGE, doing="reset passwords", methods=("POST",))
def set_password(request: PageRequest, membership_id: int) -> HttpResponse:
    facts = operators.member(request.operator.id, membership_id)
    form = PasswordForm(request.POST, prefix="p")
    if form.is_valid():
        new = form.cleaned_data["new"]
        form.run(lambda: commands.reset_password(request.actor, membership_id, new))
    if form.errors:
        terms = TermsForm(fleet=fleet(request.operator.id), initial={"code": facts.code, "role": facts.role.value})
        return _page(request, terms, facts, form)
    said(request, f"{facts.name} has a new password. Tell it to them in private.")
    return redirect("settings-users")


_ACTIONS: dict[str, tuple[Callable[[Actor, int], MemberFacts], str]] = {
    "deactivate": (commands.deactivate_member, "can no longer sign in here"),
    "reactivate": (commands.reactivate_member, "can sign in again"),
}


@page(Right.USERS_MANAGE, doing=_DOING, methods=("POST",))
def act_on_user(request: PageRequest, membership_id: int, action: str) -> HttpResponse:
    if action not in _ACTIONS:
        raise NotFound("This action")
    command, done = _ACTIONS[action]
    facts = command(request.actor, membership_id)
    said(request, f"{facts.name} {done}.")
    return redirect("settings-users")


@sensitive_post_parameters("current", "new")
@page()
def own_password(request: PageRequest) -> HttpResponse:
    form = OwnPasswordForm(request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid():
        clean = form.cleaned_data
        form.run(lambda: commands.change_own_password(request.actor, clean["current"], clean["new"]))
        if not form.errors:
            request.user.refresh_from_db()
            update_session_auth_hash(request, request.user)  # other sessions of the person end
            said(request, "Your password is changed. You are signed out everywhere else.")
            return redirect("own-password")
    return render(request, "web/settings/password.html", {"form": form, "tab": "password"}, status=form.http_status)
