"""Who acts on a page, and what becomes of what goes wrong: one decorator for all pages. Holds no rule.

A page of the other party, and anything of another organisation, is “not found”; a right that is missing is named.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from connect.errors import ConnectError, Forbidden, Invalid, NotFound
from connect.pages.places import places_for
from connect.parties.queries import actor_for
from connect.parties.rights import Act, Actor, Module

P = ParamSpec("P")


class Acting(HttpRequest):
    """A request of somebody who is signed in."""

    actor: Actor


View = Callable[Concatenate[Acting, P], HttpResponse]
Right = tuple[Module, Act]


def page(kind: str = "", right: Right | None = None, methods: str = "GET") -> Callable[[View[P]], Any]:
    """A view for one party (`kind`; empty: both) that holds the right. `methods` is GET, POST or both."""

    def decorate(view: View[P]) -> Any:
        @wraps(view)
        def acting(request: Acting, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            user: Any = request.user
            if not user.is_authenticated:
                return _to_sign_in(request)
            request.actor = actor_for(user)
            try:
                if kind:
                    request.actor.need_kind(kind, "This page")
                if right:
                    request.actor.need(*right)
                return view(request, *args, **kwargs)
            except NotFound as missing:
                return problem(request, 404, "Not found", str(missing))
            except Forbidden as forbidden:
                return problem(request, 403, "You may not do this", str(forbidden))

        return {"GET": require_safe, "POST": require_POST}.get(methods, require_http_methods(["GET", "POST"]))(acting)

    return decorate


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """And back to the same page afterwards, if it is one that can be opened."""
    back = {"next": request.get_full_path()} if request.method == "GET" and "X-Live" not in request.headers else {}
    return HttpResponseRedirect(f"{reverse('sign-in')}{'?' + urlencode(back) if back else ''}")


def shown(request: Acting, template: str, status: int = 200, **context: Any) -> HttpResponse:
    """A page with what all pages have."""
    user: Any = request.user
    around = {"actor": request.actor, "places": places_for(request.actor, request.path)}
    around |= {"organisation_name": user.organisation.name}
    return render(request, f"connect/{template}", around | context, status=status)


def problem(request: Acting, status: int, heading: str, sentence: str) -> HttpResponse:
    """A page that says what is wrong and where to go."""
    return shown(request, "problem.html", status, heading=heading, sentence=sentence)


def done(request: Acting, act: Callable[[], str], back: str) -> HttpResponse:
    """Do it, say so on the page that the person comes back to; or say there why it cannot be done."""
    try:
        said = act()
    except (NotFound, Forbidden):
        raise
    except ConnectError as refused:
        messages.error(request, str(refused))
    else:
        if said:
            messages.success(request, said)
    return HttpResponseRedirect(back)


def faults_of(refused: ConnectError) -> list[str]:
    """The sentences of what was refused, each by itself."""
    return [sentence for _, sentence in refused.problems] if isinstance(refused, Invalid) else [str(refused)]
