"""Signing in and out, and the first page. Must not know what an order is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from connect.pages import attempts
from connect.pages.acting import Acting, page, problem
from connect.pages.places import places_for
from connect.pages.reading import text

WRONG = "That email and password do not fit. Type them again; an administrator of your organisation can set a new one."
WAIT = "Too many attempts. Wait five minutes, then try again."


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Only back to a page of ours."""
    given = request.POST if request.method == "POST" else request.GET
    after = text(given, "next", 2000)
    if not url_has_allowed_host_and_scheme(after, allowed_hosts=None) or after.startswith(reverse("sign-in")):
        after = ""
    if request.method != "POST":
        if request.user.is_authenticated:
            return HttpResponseRedirect(after or reverse("home"))
        return render(request, "connect/sign_in.html", {"next": after})
    email, address = text(given, "email", 254), request.META.get("REMOTE_ADDR", "")
    if attempts.too_many(address, email):
        return _again(request, email, after, WAIT, 429)
    user: Any = authenticate(request, username=email.lower(), password=text(given, "password", 500))
    if user is None:
        attempts.failed(address, email)
        return _again(request, email, after, WRONG, 422)
    attempts.succeeded(address, email)
    login(request, user)
    return HttpResponseRedirect(after or reverse("home"))


def _again(request: HttpRequest, email: str, after: str, trouble: str, status: int) -> HttpResponse:
    shown = {"next": after, "email": email, "trouble": trouble}
    return render(request, "connect/sign_in.html", shown, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return HttpResponseRedirect(reverse("sign-in"))


@page()
def home(request: Acting) -> HttpResponse:
    """The first page that somebody may see."""
    for place in places_for(request.actor, ""):
        return HttpResponseRedirect(place.address)
    sentence = "You have no rights yet. Whoever may MODIFY your organisation gives them to you, under Users."
    return problem(request, 403, "Nothing to see yet", sentence)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address that there is not."""
    context = {"heading": "Not found", "sentence": "There is no such page. The address may be mistyped."}
    return render(request, "connect/problem.html", context, status=404)


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that did not come from a page of ours, or from one that is too old."""
    sentence = "The form is too old or came from elsewhere; nothing was changed. Open the page again and repeat it."
    return render(request, "connect/problem.html", {"heading": "Not accepted", "sentence": sentence}, status=403)
