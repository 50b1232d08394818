"""The quiet banner about connections that need somebody, for every page's head; and the list on the Add-ons page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from airstair.hub.health import NoticeLine, notices
from airstair.hub.registry import addons
from airstair.kernel.actor import Actor
from airstair.records.operators.rules import Right
from airstair.web.addons.looks import Look

_LOOKS = {"failing": Look("Failing", "×", "bad"), "late": Look("Late", "◷", "warn")}


@dataclass(frozen=True)
class Shown:
    """One open notice with the page where it can be understood."""

    notice: NoticeLine
    look: Look
    address: str


def open_notices(operator_id: int) -> list[Shown]:
    """What is open now, the newest first. Two statements. Notices of add-ons that are not installed are left out."""
    installed = addons()
    return [
        Shown(
            notice=one,
            look=_LOOKS.get(one.kind, Look(one.kind.capitalize(), "!", "warn")),
            address=f"{reverse('addon-activity', args=[one.addon])}?connection={one.connection_id}",
        )
        for one in notices(operator_id)
        if one.addon in installed
    ]


def banner(request: HttpRequest) -> dict[str, Any]:
    """Context processor. Asks the database only when a template uses `hub_notices`, for people who see calls."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or not actor.may(Right.CALLS_VIEW):
        return {}
    operator_id = actor.operator_id
    return {"hub_notices": SimpleLazyObject(lambda: open_notices(operator_id))}
