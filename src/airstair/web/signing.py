"""Signing in and out, and choosing the operator to act for. Only these views work without an operator."""

from __future__ import annotations

from urllib.parse import urlencode

from django.contrib.auth import authenticate, login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from airstair.kernel.scope import all_operators
from airstair.records.operators import queries as operators
from airstair.records.operators.snapshots import PlaceOfWork
from airstair.web import attempts
from airstair.web.acting import OPERATOR_KEY, SEVERAL_KEY, sign_out_of
from airstair.web.security import with_headers

_WRONG = "This email and password do not belong together. Check both; capitals matter in the password."
_WAIT = "Too many attempts. Wait five minutes, then try again; an admin can also give you a new password."
_NOWHERE = "You belong to no operator any more. Ask an admin of yours to let you in again."


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """The form, and what becomes of it. The answer never tells whether an email is known."""
    aim = _safe_aim(request)
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(aim)
        return _form(request, aim)
    email, password = request.POST.get("email", "")[:254], request.POST.get("password", "")[:1000]
    address = request.META.get("REMOTE_ADDR", "")
    if attempts.too_many(address, email):
        return _form(request, aim, email, _WAIT, status=429)
    user = authenticate(request, username=email, password=password) if "\x00" not in email + password else None
    if user is None:
        attempts.failed(address, email)
        return _form(request, aim, email, _WRONG, status=422)
    places = _places(int(user.pk))
    if not places:
        return _form(request, aim, email, _NOWHERE, status=403)
    attempts.succeeded(address, email)
    login(request, user)
    request.session[SEVERAL_KEY] = len(places) > 1
    if len(places) == 1:
        request.session[OPERATOR_KEY] = places[0].operator_id
        return redirect(aim)
    return redirect(f"{reverse('choose-operator')}?{urlencode({'next': aim})}" if aim != "/" else "choose-operator")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def choose_operator(request: HttpRequest) -> HttpResponseBase:
    """For somebody with a place at several operators."""
    if not request.user.is_authenticated:
        return redirect("sign-in")
    aim = _safe_aim(request)
    places = _places(request.user.id)
    request.session[SEVERAL_KEY] = len(places) > 1
    wanted = request.POST.get("operator", "") if request.method == "POST" else ""
    chosen = [place for place in places if str(place.operator_id) == wanted]
    if len(places) == 1 and not wanted:
        chosen = places
    if chosen:
        request.session[OPERATOR_KEY] = chosen[0].operator_id
        return redirect(aim)
    context = {"choices": places, "next": aim if aim != "/" else ""}
    response = render(request, "web/choose_operator.html", context, status=422 if wanted else 200)
    return with_headers(request, response)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    sign_out_of(request)
    return redirect("sign-in")


def _places(user_id: int) -> list[PlaceOfWork]:
    with all_operators():  # the person is known, and not yet for whom they act
        return operators.memberships_of_user(user_id)


def _form(request: HttpRequest, aim: str, email: str = "", sentence: str = "", status: int = 200) -> HttpResponse:
    context = {"next": aim if aim != "/" else "", "email": email, "sentence": sentence}
    response = render(request, "web/sign_in.html", context, status=status)
    with_headers(request, response)
    return response


def _safe_aim(request: HttpRequest) -> str:
    """Where the person wanted to go, if that is a page of ours."""
    aim = request.POST.get("next") or request.GET.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(aim, {request.get_host()}, require_https=request.is_secure())
    return aim if ours and aim.startswith("/") and len(aim) < 2000 and aim.isprintable() else "/"
