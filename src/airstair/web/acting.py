"""Who looks at a page, for which operator, and what they are told when something is wrong.

Every view is decorated with `@page(...)`. Views never check rights beyond hiding what cannot be offered: the
commands check them. Must not hold anything about one page.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse
from django_htmx.middleware import HtmxDetails

from airstair.kernel.about import also_about
from airstair.kernel.actor import Actor
from airstair.kernel.errors import AirstairError, Conflict, Forbidden, Invalid, NotFound
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Right
from airstair.records.operators.snapshots import OperatorFacts
from airstair.web.live.cursor import current_cursor
from airstair.web.security import with_headers

if TYPE_CHECKING:
    from airstair.records.operators.models import User  # what a signed-in person is; pages never query it

OPERATOR_KEY = "operator_id"  # in the session: whom this person acts for
SEVERAL_KEY = "several_operators"


class PageRequest(HttpRequest):
    """A request as views get it: somebody is signed in and acts for one operator."""

    user: User
    operator: OperatorFacts
    actor: Actor
    htmx: HtmxDetails
    live_cursor: str


Rest = ParamSpec("Rest")
View = Callable[Concatenate[PageRequest, Rest], HttpResponseBase]
Plain = Callable[Concatenate[HttpRequest, Rest], HttpResponseBase]


def page(
    right: Right | None = None, *, doing: str = "see this page", methods: tuple[str, ...] = ("GET", "POST")
) -> Callable[[View[Rest]], Plain[Rest]]:
    """A view for signed-in people. Sets `request.operator`, `request.actor`, `request.live_cursor`.

    `right` is needed for the page as a whole; `doing` completes “You need … to …”. What the view raises from
    `kernel.errors` and does not show itself becomes a page (or, for htmx, a sentence) with status 403, 404, 409 or 422.
    """
    allowed = tuple(methods) + (("HEAD", "OPTIONS") if "GET" in methods else ("OPTIONS",))

    def decorate(view: View[Rest]) -> Plain[Rest]:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: Rest.args, **kwargs: Rest.kwargs) -> HttpResponseBase:
            if request.method not in allowed or request.method == "OPTIONS":
                return HttpResponseNotAllowed(allowed)
            return with_headers(request, _answer(request, lambda acting: view(acting, *args, **kwargs), right, doing))

        return cast("Plain[Rest]", wrapped)

    return decorate


def _answer(
    request: HttpRequest, view: Callable[[PageRequest], HttpResponseBase], right: Right | None, doing: str
) -> HttpResponseBase:
    turned_away = _acting(request)
    if turned_away is not None:
        return turned_away
    acting: PageRequest = request  # type: ignore[assignment]  # `_acting` has just made it one
    if _unprintable(request):
        sentence = "The address or the form holds a character that text cannot have. Type it anew."
        return problem(request, "That cannot be read", sentence, 400)
    try:
        if right is not None:
            acting.actor.require(right, doing)
        response = view(acting)
    except AirstairError as error:
        return told(request, error)
    response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def _acting(request: HttpRequest) -> HttpResponseBase | None:
    """Find out who acts for whom. Returns where to send somebody who does not act for anybody yet."""
    if not request.user.is_authenticated:
        return _to(request, "sign-in")
    operator_id = request.session.get(OPERATOR_KEY)
    if not isinstance(operator_id, int):
        return _to(request, "choose-operator")
    acting: PageRequest = request  # type: ignore[assignment]
    acting.live_cursor = "" if acting.htmx or request.method != "GET" else current_cursor()
    try:
        acting.actor = operators.actor_for_user(request.user.id, operator_id)
        acting.operator = operators.operator(operator_id)
        also_about(operator=operator_id, member=request.user.id)
    except NotFound:
        # The place was taken away while the session lived on.
        request.session.pop(OPERATOR_KEY, None)
        return _elsewhere(request, reverse("choose-operator"))
    return None


def _to(request: HttpRequest, name: str) -> HttpResponseBase:
    """Elsewhere first, and then on to what the person came for."""
    return _elsewhere(request, f"{reverse(name)}?{urlencode({'next': _came_for(request)})}")


def _came_for(request: HttpRequest) -> str:
    htmx = getattr(request, "htmx", None)
    if htmx:
        return htmx.current_url_abs_path or "/"
    return request.get_full_path() if request.method == "GET" else "/"


def _elsewhere(request: HttpRequest, address: str) -> HttpResponseBase:
    """A redirect that also moves the whole page when a fragment was asked for."""
    if getattr(request, "htmx", None):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def _unprintable(request: HttpRequest) -> bool:
    """Whether a value holds what PostgreSQL cannot keep: NUL."""
    values = [value for form in (request.GET, request.POST) for field in form for value in form.getlist(field)]
    return any("\x00" in value for value in values)


def told(request: HttpRequest, error: AirstairError) -> HttpResponse:
    """An error of the person's as a page, or a sentence for htmx, with the status that fits."""
    match error:
        case Forbidden():
            heading, status = "Not allowed", 403
        case NotFound():
            heading, status = "Not found", 404
        case Conflict():
            heading, status = "Changed in between", 409
        case Invalid():
            heading, status = "That does not fit", 422
        case _:
            heading, status = "That did not work", 422
    return problem(request, heading, str(error), status)


def problem(request: HttpRequest, heading: str, sentence: str, status: int) -> HttpResponse:
    """A page, or for htmx a notice in place of the fragment."""
    template = "web/_problem.html" if getattr(request, "htmx", None) else "web/problem.html"
    response = render(request, template, {"heading": heading, "sentence": sentence}, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def sign_out_of(request: HttpRequest) -> None:
    """End the session."""
    logout(request)
