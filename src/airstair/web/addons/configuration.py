"""An add-on's Configuration: its settings, secrets, switch and aircraft, for each of its connections.

What is saved, checked and refused, the hub's command says; this shows it in its place.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters

from airstair.hub.connections.commands import ConnectionInput, configure, remove_connection
from airstair.hub.connections.queries import ConnectionFacts, connections, ticked_elsewhere
from airstair.hub.contract import Addon
from airstair.hub.registry import addon
from airstair.kernel.errors import AirstairError, Forbidden, Invalid, NotFound, Problem
from airstair.records.fleet import queries as fleet
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.addons.doors import address_of, door_of, issued_page
from airstair.web.addons.forms import NEW, ConnectionForm

_DOING = "configure add-ons"
_SAID = "addon-configured"  # in the session: what the last save must still tell


@sensitive_post_parameters()
@page(Right.ADDONS_MANAGE, doing=_DOING)
def configuration(request: PageRequest, key: str) -> HttpResponse:
    """The form of one connection: `?connection=` its id, or `new`; else the default one."""
    one = addon(key)
    mine = connections(request.operator.id, key)
    which = (request.POST if request.method == "POST" else request.GET).get("connection", "")
    form = _form(request, one, mine, which)
    if request.method != "POST":
        said = _said(request, form)
        return _shown(request, one, mine, form, said)
    wanted = _wanted(request, form, mine)
    if form.wrong:
        return _shown(request, one, mine, form, "", status=422)
    try:
        done = configure(request.actor, key, wanted)
    except Invalid as refusal:
        form.note(refusal.problems)
        return _shown(request, one, mine, form, "", status=422)
    except (Forbidden, NotFound):
        raise
    except AirstairError as error:
        form.loose.append(str(error))
        return _shown(request, one, mine, form, "", status=422)
    if done.issued is not None:
        return issued_page(request, one, done.issued)
    _remember(request, one, done.connection, done.warnings, asked_on=bool(wanted.on))
    return redirect(f"{reverse('addon-configuration', args=[key])}?connection={done.connection.id}")


@page(Right.ADDONS_MANAGE, doing=_DOING, methods=("POST",))
def remove(request: PageRequest, key: str, connection_id: int) -> HttpResponse:
    """Remove an aircraft's own connection."""
    one = _find(connections(request.operator.id, addon(key).key), str(connection_id))
    remove_connection(request.actor, one.id)
    messages.success(request, f"{one.name} is removed. Its aircraft use the default connection, where they are ticked.")
    return redirect("addon-configuration", key)


def _find(mine: list[ConnectionFacts], which: str) -> ConnectionFacts:
    for one in mine:
        if str(one.id) == which:
            return one
    raise NotFound("This connection")


def _form(request: PageRequest, one: Addon, mine: list[ConnectionFacts], which: str) -> ConnectionForm:
    default = next((facts for facts in mine if facts.is_default), None)
    members = operators.members(request.operator.id)
    if which == NEW:
        form = ConnectionForm(one, None, like=default, members=members)
        form.is_own = True
    else:
        form = ConnectionForm(one, _find(mine, which) if which else default, members=members)
    if one.choose_aircraft:
        ticked = ticked_elsewhere(request.operator.id, one.key)
        form.list_aircraft(fleet.fleet(request.operator.id), ticked, {facts.id: facts.name for facts in mine})
    return form


def _wanted(request: PageRequest, form: ConnectionForm, mine: list[ConnectionFacts]) -> ConnectionInput:
    posted = request.POST
    name = form.facts.name if form.facts else ""
    if form.is_own:
        name = form.read_name(posted, [facts.name for facts in mine])
    if "on" in posted.getlist("here"):
        form.on = "on" in posted
    values = form.read(posted, request.operator.id)
    return ConnectionInput(values=values, aircraft=form.read_aircraft(posted), on=form.on, name=name)


def _remember(
    request: PageRequest, one: Addon, facts: ConnectionFacts, warnings: tuple[Problem, ...], *, asked_on: bool
) -> None:
    """What the page says after the redirect: the warnings of the check, at their fields, once."""
    state = "on" if facts.on else "off"
    if asked_on and not facts.on:
        said = f"Saved, but {one.name} is NOT switched on. Mend what it says, then switch it on and save again."
    elif warnings:
        said = f"Saved. {one.name} is {state}."
    else:
        messages.success(request, f"Saved. {one.name} ({facts.name}) is {state}.")
        return
    request.session[_SAID] = {
        "connection": facts.id,
        "said": said,
        "warnings": [[problem.field, problem.sentence] for problem in warnings],
    }


def _said(request: PageRequest, form: ConnectionForm) -> str:
    kept = request.session.pop(_SAID, None)
    if not isinstance(kept, dict) or form.facts is None or kept.get("connection") != form.facts.id:
        return ""
    problems = [Problem(field, sentence) for field, sentence in kept["warnings"]]
    form.warn(problems)
    told = [
        f"{form.inputs[p.field].setting.meaning.label}: marked below." if p.field in form.inputs else p.sentence
        for p in problems
    ]
    return " ".join([kept["said"], *told])


def _shown(
    request: PageRequest, one: Addon, mine: list[ConnectionFacts], form: ConnectionForm, said: str, *, status: int = 200
) -> HttpResponse:
    registrations = {tick.aircraft.id: tick.aircraft.registration for tick in form.aircraft}
    context = {
        "addon": one,
        "tab": "configuration",
        "form": form,
        "said": said,
        "connections": [(facts, [registrations.get(i, str(i)) for i in facts.aircraft_ids]) for facts in mine],
        "there_is_a_default": any(facts.is_default for facts in mine),
        "warned": bool(said),
        "door": door_of(one, form.facts),
        "door_address": address_of(request, form.facts) if form.facts is not None else "",
    }
    return render(request, "web/addons/configuration.html", context, status=status)
