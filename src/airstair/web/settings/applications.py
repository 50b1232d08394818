"""Connected applications: which third parties reach the record, what they may, when they were here; taking it back.

They are connected from their own side: an application sends an admin to the consent page (`api/oauth/consent.py`).
"""

from __future__ import annotations

import msgspec
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.errors import Invalid
from airstair.records.access import queries as access
from airstair.records.access.commands import GrantEdit, change_grant, withdraw_grant
from airstair.records.access.scopes import in_words
from airstair.records.access.snapshots import Connected
from airstair.records.fleet import queries as fleet
from airstair.records.fleet.snapshots import AircraftFacts
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page
from airstair.web.ops.answering import said

_DOING = "manage connected applications"
_ACTIVE, _TROUBLE, _WITHDRAWN = ("ok", "✓", "Connected"), ("bad", "!", "Trouble"), ("quiet", "–", "Withdrawn")


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One application as the page has it."""

    one: Connected
    words: tuple[str, ...]
    badge: tuple[str, str, str]  # css, sign, word
    everything: bool
    ticked: frozenset[int]
    seen: str


@page(Right.APPLICATIONS_MANAGE, doing=_DOING)
def applications(request: PageRequest) -> HttpResponse:
    """All that are connected, or were."""
    return _page(request)


@page(Right.APPLICATIONS_MANAGE, doing=_DOING, methods=("POST",))
def change(request: PageRequest, grant_id: int) -> HttpResponse:
    """Other aircraft."""
    try:
        change_grant(request.actor, grant_id, chosen(request))
    except Invalid as refusal:
        return _page(request, " ".join(one.sentence for one in refusal.problems))
    said(request, "It sees the aircraft that you chose, from now on.")
    return redirect("settings-applications")


@page(Right.APPLICATIONS_MANAGE, doing=_DOING, methods=("POST",))
def withdraw(request: PageRequest, grant_id: int) -> HttpResponse:
    facts = withdraw_grant(request.actor, grant_id)
    said(request, f"{access.application(facts.application_id).name} is disconnected. It is let in no more.")
    return redirect("settings-applications")


def chosen(request: PageRequest) -> GrantEdit:
    """The aircraft that were ticked. What is no number is no aircraft of theirs, and the command says so."""
    if request.POST.get("seen") == "all":
        return GrantEdit(all_aircraft=True)
    given = request.POST.getlist("aircraft_ids")
    # isdecimal() alone takes digits of all scripts, and as many as there are
    return GrantEdit(aircraft=tuple(int(one) if one.isdecimal() and len(one) < 18 else 0 for one in given))


def _page(request: PageRequest, problem: str = "") -> HttpResponse:
    aircraft = fleet.fleet(request.operator.id)
    found = [_shown(one, aircraft) for one in access.connected_applications(request.operator.id)]
    context = {
        "connected": found,
        "fleet": [one for one in aircraft if one.active],
        "problem": problem,
        "tab": "applications",
    }
    return render(request, "web/settings/applications.html", context, status=422 if problem else 200)


def _shown(one: Connected, aircraft: list[AircraftFacts]) -> Shown:
    badge = _WITHDRAWN if one.grant.withdrawn_at else _TROUBLE if one.trouble else _ACTIVE
    ticked = one.grant.aircraft
    names = [each.registration for each in aircraft if ticked is None or each.id in ticked]
    seen = "All aircraft, new ones too" if ticked is None else " ".join(names) or "No aircraft"
    return Shown(
        one=one,
        words=in_words(one.grant.scopes),
        badge=badge,
        everything=ticked is None,
        ticked=ticked or frozenset(),
        seen=seen,
    )
