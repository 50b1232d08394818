"""Reading keys and connected applications. Each reader says its number of statements."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from airstair.kernel.errors import NotFound
from airstair.records.access.models import ApiKey, Application, Grant, Token
from airstair.records.access.rules import opens
from airstair.records.access.snapshots import ApiKeyFacts, ApplicationFacts, Connected, GrantFacts

_FIELDS = ApiKeyFacts.__struct_fields__
_PLAIN = ("id", "key", "name", "description", "client_id", "contact_email", "website", "active")
_GRANT_FIELDS = tuple(name for name in GrantFacts.__struct_fields__ if name not in ("scopes", "aircraft"))


def api_keys(operator_id: int) -> list[ApiKeyFacts]:
    """The operator's keys, those in use first, by name. One statement."""
    found = [key_facts(row) for row in ApiKey.objects.filter(operator_id=operator_id)]
    return sorted(found, key=lambda key: (key.revoked_at is not None, key.name.lower(), key.id))


def key_facts(row: ApiKey) -> ApiKeyFacts:
    values = {field: getattr(row, field) for field in _FIELDS}
    return ApiKeyFacts(**{**values, "reads": tuple(row.reads), "writes": tuple(row.writes)})


# --- applications: of the installation --------------------------------------------------------------------------


def applications() -> list[ApplicationFacts]:
    """All that were registered, by name. One statement."""
    return [application_facts(row) for row in Application.objects.order_by("name", "id")]


def applications_offering(scope: str) -> list[ApplicationFacts]:
    """Those in use that may ask for the scope, by name. One statement."""
    rows = Application.objects.filter(active=True, scopes__contains=[scope])
    return [application_facts(row) for row in rows.order_by("name", "id")]


def application(application_id: int) -> ApplicationFacts:
    """One statement. Raises `NotFound`."""
    row = Application.objects.filter(id=application_id).first()
    if row is None:
        raise NotFound("This application")
    return application_facts(row)


def application_of_client(client_id: str) -> ApplicationFacts | None:
    """The application that calls itself so, if it may be connected. One statement."""
    row = Application.objects.filter(client_id=client_id, active=True).first()
    return None if row is None else application_facts(row)


def is_its_secret(application_id: int, secret: str) -> bool:
    """Whether the application proves who it is. One statement."""
    row = Application.objects.filter(id=application_id, active=True).first()
    return row is not None and bool(row.secret_hash) and opens(secret, row.secret_hash)


def application_facts(row: Application) -> ApplicationFacts:
    values = {name: getattr(row, name) for name in _PLAIN}
    return ApplicationFacts(
        **values, public=not row.secret_hash, redirect_uris=tuple(row.redirect_uris), scopes=tuple(row.scopes)
    )


# --- grants: of an operator -------------------------------------------------------------------------------------


def active_application(operator_id: int, application_id: int) -> ApplicationFacts | None:
    """The application, if the operator has it connected and its tokens are good. Two statements at most."""
    if not _renewable(Grant.objects.filter(operator_id=operator_id, application_id=application_id)).exists():
        return None
    row = Application.objects.filter(id=application_id, active=True).first()
    return None if row is None else application_facts(row)


def connected_applications(operator_id: int) -> list[Connected]:
    """Every application that the operator has connected, or had, each once; those connected first. Three statements."""
    latest: dict[int, Grant] = {}
    for row in Grant.objects.filter(operator_id=operator_id).order_by("id"):
        latest[row.application_id] = row  # a live one is later than those withdrawn
    known = Application.objects.in_bulk(list(latest))
    good = set(_renewable(Grant.objects.filter(operator_id=operator_id)).values_list("id", flat=True))
    found = [_connected(known[key], row, row.id in good) for key, row in latest.items()]
    return sorted(found, key=lambda one: (one.grant.withdrawn_at is not None, one.application.name.lower()))


def grant(operator_id: int, grant_id: int) -> GrantFacts:
    """One statement. Raises `NotFound`."""
    row = Grant.objects.filter(operator_id=operator_id, id=grant_id).first()
    if row is None:
        raise NotFound("This connected application")
    return grant_facts(row)


def _renewable(rows: Any) -> Any:
    """Those not withdrawn whose refresh token is good."""
    tokens = Token.objects.filter(
        operator_id=OuterRef("operator_id"), family=OuterRef("family"), grant_id=OuterRef("id"), kind="refresh",
        revoked_at=None, replaced_at=None, expires_at__gt=Now(),
    )  # fmt: skip
    return rows.filter(Exists(tokens), withdrawn_at=None)


def _connected(application: Application, row: Grant, good: bool) -> Connected:
    active = good and application.active
    return Connected(
        application=application_facts(application),
        grant=grant_facts(row),
        active=active,
        trouble=_trouble(application, row, active),
    )


def _trouble(application: Application, row: Grant, active: bool) -> str:
    if row.withdrawn_at is not None:
        return ""
    if not application.active:
        return f"{application.name} was revoked on this installation. Ask whoever runs it."
    if row.refused_at is not None:
        return f"Refused since {row.refused_at:%Y-%m-%d %H:%M}Z. {row.refused_why}"
    if row.family is None:
        return f"{application.name} has not collected its access yet. Connect it anew from {application.name}."
    if not active:
        return f"Its access has run out. Connect it anew from {application.name}."
    if row.warned_at is not None:
        return f"It has not renewed its access since {row.renewed_at:%Y-%m-%d %H:%M}Z. Ask whoever runs it."
    return ""


def grant_facts(row: Grant) -> GrantFacts:
    values = {name: getattr(row, name) for name in _GRANT_FIELDS}
    seen = None if row.all_aircraft else frozenset(row.aircraft)
    return GrantFacts(**values, scopes=tuple(row.scopes), aircraft=seen)
