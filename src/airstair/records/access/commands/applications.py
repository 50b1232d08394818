"""Registering applications, and an operator's word for them: given, changed, withdrawn.

Applications are registered for the whole installation by whoever runs its command line, so that no operator's admin
can pass a program of their own off as somebody's product. Must not issue tokens: `tokens.py` does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from urllib.parse import urlsplit

import msgspec
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from airstair.kernel.actor import Actor
from airstair.kernel.errors import Invalid, NotFound, Problems
from airstair.records import checks
from airstair.records.access.commands.letters import write_letter
from airstair.records.access.models import Application, Grant, Token
from airstair.records.access.queries import application, application_facts, grant_facts
from airstair.records.access.rules import new_secret, secret_hash
from airstair.records.access.scopes import SCOPES, in_words, known
from airstair.records.access.snapshots import ApplicationFacts, GrantFacts, NewApplication
from airstair.records.fleet import queries as fleet
from airstair.records.operators.rows import lock_operator, record_change
from airstair.records.operators.rules import Right

_ON_THIS_MACHINE = {"localhost", "127.0.0.1", "::1"}


class ApplicationInput(msgspec.Struct, frozen=True, kw_only=True):
    """A new application: where its users come back to, and the most that it may ask for. Public: it keeps no secret."""

    name: str
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    key: str = ""  # its short name; made from its name without one
    description: str = ""
    contact_email: str = ""
    website: str = ""
    public: bool = False


def register_application(wanted: ApplicationInput) -> NewApplication:
    """Register an application for this installation. Raises `Invalid`. Its secret is in the answer, nowhere else."""
    problems = Problems()
    name = checks.text(problems, "name", wanted.name, longest=60, needed=True)
    key = wanted.key.strip().lower() or re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40]
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,39}", key):
        problems.add("key", f"“{checks.shown(key)}” does not fit. Use small letters, digits and hyphens, 40 at most.")
    for one in sorted(set(wanted.scopes) - SCOPES.keys()):
        problems.add("scope", f"“{checks.shown(one)}” is not a scope. Use {checks.listed(SCOPES)}.")
    if not wanted.scopes:
        problems.add("scope", "The application could ask for nothing. Name at least one scope.")
    values = {
        "name": name,
        "key": key,
        "description": checks.text(problems, "description", wanted.description, longest=500),
        "contact_email": checks.email(problems, "contact_email", wanted.contact_email),
        "website": _website(problems, wanted.website),
        "redirect_uris": _redirects(problems, wanted.redirect_uris),
        "scopes": list(known(wanted.scopes)),
    }
    problems.refuse()
    secret = "" if wanted.public else new_secret()
    hashed = secret_hash(secret) if secret else ""
    try:
        with transaction.atomic():
            row = Application.objects.create(client_id=f"app-{secrets.token_hex(12)}", secret_hash=hashed, **values)
    except IntegrityError:
        raise Invalid.one("key", f"There is already an application “{key}”. Choose another key.") from None
    return NewApplication(facts=application_facts(row), client_secret=secret)


def _redirects(problems: Problems, wanted: Collection[str]) -> list[str]:
    """Addresses as they must be sent, to the letter."""
    found = [one.strip() for one in wanted if one.strip()]
    if not found:
        problems.add("redirect_uri", "It is missing. Say where people come back to after they have agreed.")
    for one in found:
        if not _fit_to_return_to(one):
            problems.add(
                "redirect_uri",
                f"“{checks.shown(one)}” does not fit. Use a full https address without “#” and without a user name;"
                " http only for this machine.",
            )
    return list(dict.fromkeys(found))


def _fit_to_return_to(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = parts.scheme == "http" and host in _ON_THIS_MACHINE
    written = address.isascii() and address.isprintable() and not set(address) & set(' \\"<>#') and len(address) <= 500
    return written and bool(host) and "@" not in parts.netloc and (parts.scheme == "https" or plain)


def _website(problems: Problems, wanted: str) -> str:
    tidy = checks.text(problems, "website", wanted, longest=300)
    if tidy and not tidy.startswith(("https://", "http://")):
        problems.add("website", f"“{checks.shown(tidy)}” does not fit. Begin it with https://.")
    return tidy


def revoke_application(key: str) -> ApplicationFacts:
    """Let the application in no more, at any operator. Again changes nothing. Raises `NotFound`."""
    if not Application.objects.filter(key=key.strip().lower()).update(active=False):
        raise NotFound(f"Application “{checks.shown(key)}”")
    return application_facts(Application.objects.get(key=key.strip().lower()))


def replace_secret(key: str) -> NewApplication:
    """A new secret for an application that has one; the old one is good no more. Raises `Invalid`, `NotFound`."""
    tidy = key.strip().lower()
    row = Application.objects.filter(key=tidy).first()
    if row is None:
        raise NotFound(f"Application “{checks.shown(key)}”")
    if not row.secret_hash:
        raise Invalid.one("key", f"{row.name} has no secret: it is public, and proves itself with PKCE.")
    secret = new_secret()
    Application.objects.filter(key=tidy).update(secret_hash=secret_hash(secret))
    return NewApplication(facts=application_facts(row), client_secret=secret)


# --- an operator's word -----------------------------------------------------------------------------------------


class GrantInput(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin agrees to. Neither all aircraft nor any: it sees none."""

    application_id: int
    scopes: tuple[str, ...]
    all_aircraft: bool = False
    aircraft: tuple[int, ...] = ()


class GrantEdit(msgspec.Struct, frozen=True, kw_only=True):
    """Which aircraft from now on."""

    all_aircraft: bool = False
    aircraft: tuple[int, ...] = ()


_TOLD = ("scopes", "all_aircraft", "aircraft")


def grant_application(actor: Actor, wanted: GrantInput) -> GrantFacts:
    """Let an application reach the operator's record; once more replaces what was agreed. Right: APPLICATIONS_MANAGE.

    Raises `Invalid`, `NotFound`. The admins are told by mail.
    """
    actor.require(Right.APPLICATIONS_MANAGE, "connect applications")
    asked = application(wanted.application_id)
    if not asked.active:
        raise Invalid.one("application", f"{asked.name} was revoked. Ask whoever runs this installation.")
    scopes = [name for name in known(wanted.scopes) if name in asked.scopes]
    if not scopes:
        raise Invalid.one("scope", f"{asked.name} may not ask for that. Ask its maker.")
    aircraft = _aircraft(actor, wanted.all_aircraft, wanted.aircraft)
    values = {"scopes": scopes, "all_aircraft": wanted.all_aircraft, "aircraft": aircraft}
    with transaction.atomic():
        lock_operator(actor.operator_id)
        live = Grant.objects.filter(operator_id=actor.operator_id, application_id=asked.id, withdrawn_at=None)
        row = live.first()
        before = None if row is None else {name: getattr(row, name) for name in _TOLD}
        given = {**values, "granted_by_name": actor.label[:200]}
        if row is None:
            row = Grant.objects.create(operator_id=actor.operator_id, application_id=asked.id, **given)
            row.refresh_from_db()
        else:
            live.update(granted_at=Now(), refused_at=None, refused_why="", warned_at=None, **given)
            row = live.get()
        record_change(
            actor, "application.granted", asked.name, before, {**values, "granted": row.granted_at.isoformat()}
        )
        text = f"{actor.label} connected {asked.name}.\n\nIt may:\n{_listed(in_words(scopes))}\n\n{_about(row)}"
        write_letter(row, f"{asked.name} is connected", text)
    return grant_facts(row)


def change_grant(actor: Actor, grant_id: int, edit: GrantEdit) -> GrantFacts:
    """Choose other aircraft. Right: APPLICATIONS_MANAGE. Raises `Invalid`, `NotFound`."""
    actor.require(Right.APPLICATIONS_MANAGE, "change what applications may see")
    aircraft = _aircraft(actor, edit.all_aircraft, edit.aircraft)
    with transaction.atomic():
        row = _locked(actor, grant_id)
        before = {"all_aircraft": row.all_aircraft, "aircraft": row.aircraft}
        after = {"all_aircraft": edit.all_aircraft, "aircraft": aircraft}
        if before != after:
            row.all_aircraft, row.aircraft = edit.all_aircraft, aircraft
            row.save(update_fields=["all_aircraft", "aircraft"])
            record_change(actor, "application.changed", application(row.application_id).name, before, after)
    return grant_facts(row)


def withdraw_grant(actor: Actor, grant_id: int) -> GrantFacts:
    """Take the word back: all tokens die at once. Right: APPLICATIONS_MANAGE. Raises `NotFound`. Admins are told."""
    actor.require(Right.APPLICATIONS_MANAGE, "disconnect applications")
    with transaction.atomic():
        row = _locked(actor, grant_id)
        rows = Grant.objects.filter(operator_id=actor.operator_id, id=grant_id)
        rows.update(withdrawn_at=Now(), withdrawn_by_name=actor.label[:200])
        tokens = Token.objects.filter(operator_id=actor.operator_id, grant_id=grant_id, revoked_at=None)
        tokens.update(revoked_at=Now())
        name = application(row.application_id).name
        record_change(actor, "application.withdrawn", name, {"withdrawn": False}, {"withdrawn": True})
        write_letter(row, f"{name} is disconnected", f"{actor.label} disconnected {name}. It is let in no more.")
    return grant_facts(rows.get())


def _locked(actor: Actor, grant_id: int) -> Grant:
    rows = Grant.objects.select_for_update(no_key=True)
    row = rows.filter(operator_id=actor.operator_id, id=grant_id, withdrawn_at=None).first()
    if row is None:
        raise NotFound("This connected application")
    return row


def _aircraft(actor: Actor, everything: bool, wanted: Collection[int]) -> list[int]:
    """Those that are chosen one by one; the operator's own, and none where all are meant."""
    if everything:
        return []
    unknown = set(wanted) - {one.id for one in fleet.fleet(actor.operator_id)}
    if unknown:
        raise Invalid.one("aircraft_ids", "One of the aircraft is not in your fleet. Choose again.")
    return sorted(set(wanted))


def _about(row: Grant) -> str:
    if row.all_aircraft:
        seen = "It sees all aircraft."
    else:
        seen = f"It sees {len(row.aircraft)} aircraft." if row.aircraft else "It sees no aircraft yet."
    return f"{seen} Settings > Connected applications shows when it was last here, and disconnects it."


def _listed(words: Collection[str]) -> str:
    return "\n".join(f"- {one}" for one in words)


__all__ = [
    "ApplicationInput",
    "GrantEdit",
    "GrantInput",
    "change_grant",
    "grant_application",
    "register_application",
    "replace_secret",
    "revoke_application",
    "withdraw_grant",
]
