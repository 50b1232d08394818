"""Connecting an operator to its schedule system, staying let in, and saying so when that fails.

The administrator of the schedule system grants it there; the administrator of Connect switches it on here.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import transaction

from connect.clock import Clock, short, utc_now
from connect.errors import Invalid, NotFound, Refused
from connect.parties.models import Organisation
from connect.parties.rights import Act, Actor, Module
from connect.sealing import seal, unseal
from connect.sync.mailing import contact_email, mail
from connect.sync.models import Connection
from connect.wire import oauth
from connect.wire.graphql import Api
from connect.wire.oauth import Application, Tokens
from connect.wire.problems import NotAnswering, NotGranted, WireProblem
from connect.wire.webhooks import unsubscribe

CALLBACK = "/external-api/callback"
RENEW_BEFORE = timedelta(minutes=5)
PATIENCE = timedelta(minutes=2)
"""How long a schedule system may not answer before somebody is told."""


def _may(actor: Actor, act: Act = Act.MODIFY) -> None:
    actor.need_kind(Organisation.OPERATOR, "The connection")
    if actor.organisation_id != actor.main_id:
        raise Refused("The connection is the main organisation's: its administrator makes it, for all subsidiaries.")
    actor.need(Module.ORGANISATION, act)


def _public(host: str) -> bool:
    """Whether a host may be a schedule system somewhere else: an address inside this network may not."""
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".internal", ".localhost"))


def _locked(actor: Actor) -> Connection:
    found = Connection.objects.select_for_update().filter(operator_id=actor.main_id).first()
    if found is None:
        raise NotFound("The connection")
    return found


def base_url_of(connection: Connection) -> str:
    """Where its schedule system is. Empty in the table: the one of this installation, wherever that is today."""
    return connection.base_url or settings.AIRSTAIR_URL


def application_of(connection: Connection) -> Application:
    """How the schedule system knows us."""
    return Application(
        base_url_of(connection), connection.client_id, unseal(connection.client_secret), settings.URL + CALLBACK
    )


@transaction.atomic
def begin(actor: Actor, base_url: str, client_id: str, client_secret: str) -> str:
    """The address where the administrator of the schedule system grants it."""
    _may(actor)
    connection, _ = Connection.objects.select_for_update().get_or_create(operator_id=actor.main_id)
    base = base_url.strip().rstrip("/")
    try:
        parts = urlsplit(base)
    except ValueError:
        raise Invalid(("base_url", f"“{base}” is not an address.")) from None
    problems = []
    if base != settings.AIRSTAIR_URL and (parts.scheme != "https" or not _public(parts.hostname or "")):
        problems.append(("base_url", "Give the address of your schedule system, beginning with https://."))
    if parts.query or parts.fragment or parts.username:
        problems.append(("base_url", "Give the address alone, without anything after or in it."))
    if not client_id.strip():
        problems.append(("client_id", "Give the client id that the schedule system gave this Connect."))
    if not client_secret and (not connection.client_secret or client_id.strip() != connection.client_id):
        problems.append(("client_secret", "Give the client secret that belongs to this client id."))
    if problems:
        raise Invalid(*problems)
    connection.base_url = "" if base == settings.AIRSTAIR_URL else base
    connection.client_id = client_id.strip()
    if client_secret:
        connection.client_secret = seal(client_secret)
    address, connection.oauth_state, verifier = oauth.authorization(application_of(connection))
    connection.oauth_verifier = seal(verifier)
    connection.save()
    return address


@transaction.atomic
def finish(
    actor: Actor, code: str, state: str, now: Clock = utc_now, transport: httpx.BaseTransport | None = None
) -> Connection:
    """The administrator came back with a code. Only the authorisation that was begun here is finished."""
    _may(actor)
    connection = _locked(actor)
    if not state or state != connection.oauth_state:
        raise Refused("This is not the authorisation that was begun here. Begin again.")
    verifier = unseal(connection.oauth_verifier)
    try:
        tokens = oauth.tokens_for(application_of(connection), code, verifier, now(), transport)
    except NotGranted as refusal:
        raise Refused(f"{refusal} Begin again.") from refusal
    except NotAnswering as silence:
        raise Refused(f"{silence} Try again.") from silence
    connection.oauth_state = connection.oauth_verifier = ""
    connection.cursors, connection.enabled = {}, True
    _forget_hook(connection)
    keep_tokens(connection, tokens)
    return connection


def keep_tokens(connection: Connection, tokens: Tokens) -> None:
    """They are good: the connection works."""
    connection.access_token, connection.refresh_token = seal(tokens.access), seal(tokens.refresh)
    connection.access_expires_at = tokens.expires_at
    connection.state, connection.failed_at, connection.failed_why, connection.warned_at = "working", None, "", None
    connection.save()


@transaction.atomic
def set_enabled(actor: Actor, enabled: bool) -> Connection:
    """The administrator's check box. While it is off nothing is heard and nothing told; afterwards what was missed."""
    _may(actor)
    connection = _locked(actor)
    connection.enabled = enabled
    if not enabled or not connection.refresh_token:
        connection.state = Connection.OFF
    else:
        connection.state = Connection.FAILED if connection.failed_at else Connection.WORKING
    connection.save()
    return connection


@transaction.atomic
def disconnect(actor: Actor, transport: httpx.BaseTransport | None = None) -> None:
    """Give the grant back. Flights and orders stay as they are."""
    _may(actor, Act.DELETE)
    connection = _locked(actor)
    _end_hook(connection, transport)
    oauth.give_back(application_of(connection), unseal(connection.refresh_token), transport)
    connection.access_token = connection.refresh_token = connection.oauth_state = connection.oauth_verifier = ""
    connection.enabled, connection.state, connection.cursors = False, Connection.OFF, {}
    connection.failed_at, connection.failed_why, connection.warned_at = None, "", None
    connection.save()


def _end_hook(connection: Connection, transport: httpx.BaseTransport | None) -> None:
    """It need call no more. Where that is not heard, its calls are refused from now on."""
    if connection.hook_remote is not None and (access := unseal(connection.access_token)):
        api = Api(base_url_of(connection), access, transport)
        with contextlib.suppress(WireProblem):
            unsubscribe(api, connection.hook_remote)
        api.close()
    _forget_hook(connection)


def _forget_hook(connection: Connection) -> None:
    connection.hook, connection.hook_secret, connection.hook_remote = None, "", None


# -- what the process that serves it writes --------------------------------------------------------------------------


def needs_renewal(connection: Connection, now: datetime) -> bool:
    """Whether the access token ends soon."""
    ends = connection.access_expires_at
    return not connection.access_token or ends is None or ends - now < RENEW_BEFORE


def renew(connection_id: int, now: Clock = utc_now, transport: httpx.BaseTransport | None = None) -> None:
    """New tokens, kept at once. Raises `NotGranted`, `NotAnswering`."""
    connection = Connection.objects.get(id=connection_id)
    tokens = oauth.renewed(application_of(connection), unseal(connection.refresh_token), now(), transport)
    Connection.objects.filter(id=connection_id, refresh_token=connection.refresh_token).update(
        access_token=seal(tokens.access), refresh_token=seal(tokens.refresh), access_expires_at=tokens.expires_at
    )


def worked(connection_id: int) -> None:
    """The schedule system answers: whatever failed is over."""
    failed = Connection.objects.filter(id=connection_id, enabled=True).exclude(state=Connection.WORKING)
    failed.update(state=Connection.WORKING, failed_at=None, failed_why="", warned_at=None)


@transaction.atomic
def failed(connection_id: int, why: str, now: Clock = utc_now, for_good: bool = False) -> None:
    """It did not work. The administrator is mailed once per failure: at once when the grant is gone (`for_good`), else
    when it has lasted.
    """
    connection = (
        Connection.objects.select_for_update(of=("self",))
        .select_related("operator__operations_contact")
        .get(id=connection_id)
    )
    if not connection.enabled:
        return
    connection.state, connection.failed_why = Connection.FAILED, why[:400]
    connection.failed_at = connection.failed_at or now()
    if connection.warned_at is None and (for_good or now() - connection.failed_at >= PATIENCE):
        connection.warned_at = now()
        _warn(connection, why)
    connection.save()


def _warn(connection: Connection, why: str) -> None:
    assert connection.failed_at is not None
    body = (
        f"The connection of {connection.operator.name} to its schedule system has failed since "
        f"{short(connection.failed_at)}.\n\n{why}\n\nFlights and orders are kept; when the connection works again, "
        f"everything that was missed is fetched. See {settings.URL}/external-api/\n"
    )
    mail(contact_email(connection.operator), "The connection to your schedule system has failed", body)
