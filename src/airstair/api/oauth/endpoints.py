"""Endpoints that programs call without a browser: tokens for codes, renewal, giving tokens back.

Each opens the scope of the operator that the text names, and one transaction, in which a refusal may revoke. Nothing of
a browser's opens anything here: no session, no cookie, and so no form token.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from authlib.oauth2.rfc6749 import InvalidRequestError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.views.decorators.csrf import csrf_exempt

from airstair.api.oauth import server
from airstair.api.oauth.bodies import Asked, Fields, Unreadable, fields_of
from airstair.kernel.about import also_about
from airstair.kernel.scope import no_operator, operator_scope
from airstair.records.access.commands import tokens
from airstair.records.access.rules import Kind, read_text

_PLAIN = "text/plain; charset=utf-8"
_REFUSED = "This refresh token is not valid. An admin has to connect the application anew, or make a new API key."


@csrf_exempt
def token(request: HttpRequest) -> HttpResponse:
    """Tokens for a code, or for a refresh token, which is replaced."""
    return _answered(request, ("code", "refresh_token"), server.tokens_for)


@csrf_exempt
def revoke(request: HttpRequest) -> HttpResponse:
    """An application gives a token back (RFC 7009)."""
    return _answered(request, ("token",), server.given_back)


def _answered(request: HttpRequest, names: tuple[str, ...], answer: Callable[[Asked], HttpResponse]) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        fields = fields_of(request)
    except Unreadable as problem:
        return server.refused(InvalidRequestError(str(problem)))
    asked = Asked("POST", fields, request.META.get("HTTP_AUTHORIZATION", ""))
    with _scope_of(_first(fields, *names)), transaction.atomic():
        try:
            return answer(asked)
        except tokens.TooManyTokens as refusal:
            return server.refused(server.TooMany(refusal))


@csrf_exempt
def refresh(request: HttpRequest) -> HttpResponse:
    """An access token, as plain text, for an API key or an application's refresh token, which stays good."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        text = _first(fields_of(request), "refresh_token").strip()
    except Unreadable as problem:
        return _said(400, str(problem))
    if not text:
        return _said(400, "Send the field refresh_token: an API key, or an application's refresh token.")
    with _scope_of(text), transaction.atomic():
        now = server.CLOCK.now()
        try:
            made = tokens.exchange_key(text, now) or tokens.renew(text, now, rotate=False)
        except tokens.TooManyTokens as refusal:
            return _said(429, str(refusal), ("Retry-After", str(refusal.seconds)))
    if made is None:
        return _said(401, _REFUSED, ("WWW-Authenticate", 'Bearer error="invalid_token"'))
    return _said(200, made.access)


def _said(status: int, text: str, *headers: tuple[str, str]) -> HttpResponse:
    """Without a line end: some clients would take it for a part of the token."""
    response = HttpResponse(text, status=status, content_type=_PLAIN)
    for name, value in (*headers, ("Cache-Control", "no-store")):
        response.headers[name] = value
    return response


def _first(fields: Fields, *names: str) -> str:
    return next((fields[name][-1] for name in names if name in fields), "")


@contextmanager
def _scope_of(text: str) -> Iterator[None]:
    """Of the operator that the text says it is of; of nobody, for what is no text of ours."""
    parts = read_text(text, *Kind)
    if parts is None:
        with no_operator():
            yield
        return
    also_about(operator=parts[1])
    with operator_scope(parts[1]):
        yield
