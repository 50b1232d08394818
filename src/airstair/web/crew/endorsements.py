"""Endorsements: the matrix and the list of all of them, one with its form, and its scan."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from airstair.kernel.errors import Conflict, Invalid
from airstair.records.endorsements import commands
from airstair.records.endorsements.queries import definitions, endorsement, endorsements, scan, unmatched_people
from airstair.records.endorsements.rules import Standing
from airstair.records.endorsements.snapshots import DefinitionFacts
from airstair.records.operators.rules import Right
from airstair.records.people.queries import crew_member, crew_members
from airstair.records.people.snapshots import CrewMemberFacts
from airstair.web.acting import PageRequest, page
from airstair.web.addons import times
from airstair.web.crew.forms import EndorsementForm
from airstair.web.crew.looks import LOOKS, Shown, latest, shown
from airstair.web.ops.answering import said

_SEE = "see endorsements"


@dataclass(frozen=True)
class _Filter:
    """What the page was asked to show."""

    typed: str
    kind: int
    standing: str
    source: str
    position: str
    view: str

    @classmethod
    def of(cls, request: PageRequest) -> _Filter:
        asked = request.GET
        kind = asked.get("kind", "")
        return cls(
            typed=asked.get("q", "").strip()[:60],
            kind=int(kind) if kind.isascii() and kind.isdigit() and len(kind) < 19 else 0,
            standing=asked.get("standing", "")[:20],
            source=asked.get("source", "")[:40],
            position=asked.get("position", "")[:6].upper(),
            view="list" if asked.get("view") == "list" else "matrix",
        )

    def takes(self, one: Shown) -> bool:
        return (not self.standing or one.standing == self.standing) and (
            not self.source or (one.one.partner or "own") == self.source
        )

    def takes_member(self, one: CrewMemberFacts) -> bool:
        fits = self.typed.lower() in f"{one.code} {one.name} {one.email}".lower()
        return one.active and fits and (not self.position or self.position in one.positions)

    def takes_kind(self, one: DefinitionFacts) -> bool:
        return not self.kind or one.id == self.kind

    @property
    def any(self) -> bool:
        return bool(self.typed or self.kind or self.standing or self.source or self.position)


@page(Right.CREW_VIEW, doing=_SEE, methods=("GET",))
def every_endorsement(request: PageRequest) -> HttpResponse:
    """Who has what until when: kinds across, crew members down; or one line for each."""
    wanted, today = _Filter.of(request), times.now().date()
    everybody = crew_members(request.operator.id, active_only=True)
    kinds = definitions(request.operator.id)
    found = [shown(one, today) for one in endorsements(request.operator.id)]
    crew = [one for one in everybody if wanted.takes_member(one)]
    columns = [one for one in kinds if wanted.takes_kind(one)]
    held = [one for one in found if wanted.takes(one) and wanted.takes_kind(one.one.definition)]
    if wanted.view == "matrix" and (wanted.standing or wanted.source):
        ids = {one.one.definition.id for one in held}
        columns = [one for one in columns if one.id in ids]
        holders = {one.one.crew_member_id for one in held}
        crew = [one for one in crew if one.id in holders]
    context = {
        "wanted": wanted, "kinds": kinds, "columns": columns, "tab": "endorsements",
        "rows": _matrix(crew, columns, held, today) if wanted.view == "matrix" else _list(crew, held),
        "standings": [(kind.value, look.word) for kind, look in LOOKS.items()],
        "sources": sorted({(one.partner, one.partner_name) for one in kinds if one.partner}),
        "positions": sorted({name for one in everybody for name in one.positions}),
        "unmatched": unmatched_people(request.operator.id),
        "tally": [(LOOKS[kind], kind.value, sum(one.standing is kind for one in found)) for kind in Standing],
    }  # fmt: skip
    return render(request, "web/crew/endorsements.html", context)


def _matrix(
    crew: list[CrewMemberFacts], columns: list[DefinitionFacts], held: list[Shown], today: date
) -> list[tuple[CrewMemberFacts, list[Shown | None]]]:
    """For each crew member a cell for each kind: the one that lasts longest, or none."""
    by_member: dict[int, list[Any]] = {}
    for one in held:
        by_member.setdefault(one.one.crew_member_id, []).append(one.one)
    rows = []
    for member in crew:
        best = {one.definition.id: shown(one, today) for one in latest(by_member.get(member.id, []))}
        rows.append((member, [best.get(kind.id) for kind in columns]))
    return rows


def _list(crew: list[CrewMemberFacts], held: list[Shown]) -> list[tuple[CrewMemberFacts, Shown]]:
    """The soonest to expire first; what has no end at the end."""
    members = {one.id: one for one in crew}
    rows = [(members[one.one.crew_member_id], one) for one in held if one.one.crew_member_id in members]
    return sorted(rows, key=lambda row: (row[1].one.expires or date.max, row[0].code))


@page(Right.ENDORSEMENTS_EDIT, doing="add endorsements")
def new_endorsement(request: PageRequest, crew_member_id: int) -> HttpResponse:
    member = crew_member(request.operator.id, crew_member_id)
    kinds = definitions(request.operator.id)
    form = EndorsementForm(
        request.POST if request.method == "POST" else None,
        kinds=kinds,
        initial={"definition_id": request.GET.get("kind", "")[:19]},
    )
    if form.is_bound and form.is_valid():
        wanted = form.as_endorsement()
        facts = form.run(lambda: commands.add_endorsement(request.actor, crew_member_id, wanted))
        if facts is not None:
            said(request, f"{facts.definition.name} is added to {member.code}.")
            return redirect("crew-member", crew_member_id)
    context = {"form": form, "member": member, "shown": None, "own_kinds": [k for k in kinds if not k.partner]}
    return render(request, "web/crew/endorsement.html", context | {"tab": "endorsements"}, status=form.http_status)


@page(Right.CREW_VIEW, doing=_SEE)
def one_endorsement(request: PageRequest, endorsement_id: int) -> HttpResponse:
    """One endorsement, its form for whoever may change it; an imported one can only be looked at."""
    facts = endorsement(request.operator.id, endorsement_id)
    kinds = definitions(request.operator.id)
    initial: dict[str, Any] = {"definition_id": facts.definition.id, "number": facts.number, "notes": facts.notes}
    initial |= {"issued": str(facts.issued or ""), "expires": str(facts.expires or "")}
    form = EndorsementForm(request.POST if request.method == "POST" else None, kinds=kinds, initial=initial)
    if form.is_bound:
        request.actor.require(Right.ENDORSEMENTS_EDIT, "change endorsements")
        if form.is_valid():
            wanted = form.as_endorsement()
            after = form.run(lambda: commands.change_endorsement(request.actor, endorsement_id, wanted))
            if after is not None:
                said(request, f"{after.definition.name} saved.")
                return redirect("crew-member", after.crew_member_id)
    context = {
        "form": form, "member": crew_member(request.operator.id, facts.crew_member_id), "tab": "endorsements",
        "shown": shown(facts, times.now().date()), "own_kinds": [one for one in kinds if not one.partner],
        "may_edit": request.actor.may(Right.ENDORSEMENTS_EDIT) and not facts.partner,
    }  # fmt: skip
    return render(request, "web/crew/endorsement.html", context, status=form.http_status)


@page(Right.ENDORSEMENTS_EDIT, doing="remove endorsements", methods=("POST",))
def remove_endorsement(request: PageRequest, endorsement_id: int) -> HttpResponse:
    facts = endorsement(request.operator.id, endorsement_id)
    commands.remove_endorsement(request.actor, endorsement_id)
    said(request, f"{facts.definition.name} is removed.")
    return redirect("crew-member", facts.crew_member_id)


@page(Right.CREW_VIEW, doing=_SEE)
def endorsement_scan(request: PageRequest, endorsement_id: int) -> HttpResponse:
    """The document, as a file to keep; or a new one in its place."""
    if request.method == "POST":
        return _attach(request, endorsement_id)
    found = scan(request.operator.id, endorsement_id)
    # As a download, with the type that its own bytes have: nothing in it runs on these pages.
    answer = HttpResponse(found.content, content_type=found.media_type)
    name = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "._-") else "_" for sign in found.name)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


def _attach(request: PageRequest, endorsement_id: int) -> HttpResponse:
    endorsement(request.operator.id, endorsement_id)  # NotFound for what is not there, whatever was posted
    uploaded = request.FILES.get("document")
    try:
        if request.POST.get("remove"):
            commands.remove_scan(request.actor, endorsement_id)
            said(request, "The document is removed.")
        elif uploaded is None:
            messages.error(request, "No file was chosen. Choose a PDF, PNG or JPEG, then attach it.")
        else:
            content = uploaded.read(commands.LARGEST_SCAN + 1)
            commands.attach_scan(request.actor, endorsement_id, uploaded.name or "", content)
            said(request, "The document is attached.")
    except Invalid as refusal:
        messages.error(request, " ".join(problem.sentence for problem in refusal.problems))
    except Conflict as refusal:
        messages.error(request, str(refusal))
    return redirect("endorsement", endorsement_id)
