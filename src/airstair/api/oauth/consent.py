"""Where an admin is sent by an application, and agrees, or does not: what it may do, and about which aircraft.

Must never send anybody to an address that is not registered, to the letter: until that is sure, problems are shown
here. What the application asked stands in the address of both the page and its form, and is examined both times.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from django.db import transaction
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render

from airstair.api.oauth.bodies import Asked, Fields, Unreadable, query_of
from airstair.api.oauth.server import SERVER, Client, decided, refused
from airstair.kernel.errors import Invalid
from airstair.records.access import queries as access
from airstair.records.access.commands import GrantInput, grant_application
from airstair.records.access.scopes import in_words
from airstair.records.fleet import queries as fleet
from airstair.records.operators.rules import Right
from airstair.web.acting import PageRequest, page, problem
from airstair.web.security import content_security_policy
from airstair.web.settings.applications import chosen

_HEADING = "This application cannot be connected"


@page(Right.APPLICATIONS_MANAGE, doing="connect applications")
def authorize(request: PageRequest) -> HttpResponseBase:
    """The page, and the decision."""
    try:
        fields = query_of(request)
        client = _client(fields)
    except Unreadable as unfit:
        return problem(request, _HEADING, str(unfit), 400)
    try:
        asked, grant = _examined(fields, client, request)
    except OAuth2Error as refusal:
        return refused(refusal)
    if request.method == "POST" and request.POST.get("decision") == "deny":
        return decided(asked, grant, None)
    unfit_choice = ""
    if request.method == "POST" and request.POST.get("operator") != str(request.operator.id):
        # Who works for two operators may have gone over to the other one since the page was shown.
        unfit_choice = f"You act for {request.operator.name} now. Read it again, and decide anew."
    elif request.method == "POST" and request.POST.get("decision") == "allow":
        try:
            with transaction.atomic():
                granted = grant_application(request.actor, _agreed(request, client, asked.scope))
                return decided(asked, grant, granted)
        except Invalid as refusal:
            unfit_choice = " ".join(one.sentence for one in refusal.problems)
    return _page(request, client, asked, unfit_choice)


def _client(fields: Fields) -> Client:
    """Whose users may be sent back where it says. Raises `Unreadable`: then nobody is sent anywhere."""
    named, address = fields.get("client_id", []), fields.get("redirect_uri", [])
    client = SERVER.query_client(named[0]) if len(named) == 1 else None
    if client is None:
        raise Unreadable("It is not registered here, or was revoked. Ask its maker, or whoever runs this installation.")
    if len(address) > 1 or (address and not client.check_redirect_uri(address[0])):
        raise Unreadable("It would send you to an address that is not registered for it. Ask its maker.")
    if not address and client.get_default_redirect_uri() is None:
        raise Unreadable("It does not say where to send you afterwards. Ask its maker.")
    return client


def _examined(fields: Fields, client: Client, request: PageRequest) -> tuple[Asked, object]:
    """What Authlib makes of it. Raises `OAuth2Error`, which knows where to go."""
    asked = Asked("GET", fields)
    back = asked.payload.redirect_uri or client.get_default_redirect_uri()
    try:
        if fields.get("response_type") != ["code"]:
            raise OAuth2Error("Ask with response_type code.", error="unsupported_response_type")
        return asked, SERVER.get_consent_grant(asked, end_user=request.actor)
    except OAuth2Error as refusal:
        refusal.redirect_uri, refusal.state = back, asked.payload.state
        raise


def _agreed(request: PageRequest, client: Client, scope: str) -> GrantInput:
    """What was asked for and ticked."""
    ticked = chosen(request)
    return GrantInput(
        application_id=client.facts.id,
        scopes=tuple(scope.split()),
        all_aircraft=ticked.all_aircraft,
        aircraft=ticked.aircraft,
    )


def _page(request: PageRequest, client: Client, asked: Asked, unfit_choice: str) -> HttpResponse:
    connected = access.connected_applications(request.operator.id)
    mine = [one for one in connected if one.application.id == client.facts.id and one.grant.withdrawn_at is None]
    ticked = frozenset[int]() if not mine else mine[0].grant.aircraft
    back = asked.payload.redirect_uri or client.get_default_redirect_uri() or ""
    context = {
        "application": client.facts,
        "words": in_words(asked.scope.split()),
        "host": urlsplit(back).netloc,
        "fleet": [one for one in fleet.fleet(request.operator.id) if one.active],
        "again": bool(mine),
        "ticked": ticked or frozenset(),
        "everything": ticked is None,
        "problem": unfit_choice,
    }
    status = 422 if request.method == "POST" else 200
    response = render(request, "web/settings/consent.html", context, status=status)
    # Browsers hold a form's answer, too, to where its page says that forms may go.
    parts = urlsplit(back)
    policy = content_security_policy(request)
    allowed = f"form-action 'self' {parts.scheme}://{parts.netloc};"
    response.headers["Content-Security-Policy"] = policy.replace("form-action 'self';", allowed)
    return response
