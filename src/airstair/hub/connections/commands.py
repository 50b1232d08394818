"""Configuring connections: the only writers of settings, secrets, ticks and switches.

Credentials are checked with the partner before they are saved, outside any transaction. A wrong one is
saved, but the connection is not left on, and the warning names the field.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction

from airstair.changes.record import NewChange, record
from airstair.hub.connections.queries import ConnectionFacts, account_of, connection, typed_settings
from airstair.hub.connections.secrets import SecretsUnreadable, seal, unseal
from airstair.hub.connections.ticks import fall_back, tick, ticks
from airstair.hub.contract import Addon
from airstair.hub.doors.commands import Issued, follow_switch
from airstair.hub.engine.calling import ask_whether_it_works
from airstair.hub.forgetting import fetches, forget_fetched
from airstair.hub.http import HttpPool, PartnerHttp, is_private, same_origin
from airstair.hub.models import Connection
from airstair.hub.registry import addon
from airstair.hub.setting import Settings, missing_when_on, read_settings, secret_names, settings_of
from airstair.kernel.actor import Actor
from airstair.kernel.clock import Clock, SystemClock
from airstair.kernel.errors import Conflict, Invalid, NotFound, Problem, Problems
from airstair.kernel.outcome import Outcome, OutcomeKind
from airstair.kernel.units import Unit, UnitKind
from airstair.records.fleet import queries as fleet
from airstair.records.operators import queries as operators
from airstair.records.operators.rules import Right

ALL_AIRCRAFT = "all"
_CHECK_DEADLINE = timedelta(seconds=10)
_LONGEST_NAME = 60  # characters


class ConnectionInput(msgspec.Struct, frozen=True, kw_only=True):
    """What to change of a connection. `None` leaves a thing as it is.

    `values`: settings by name, typed or as text; a secret that is absent or empty keeps its value.
    `aircraft`: their ids, or `ALL_AIRCRAFT` for the default connection. `name`: which connection of the add-on;
    the default one when empty.
    """

    values: Mapping[str, Any] = {}
    aircraft: Sequence[int] | str | None = None
    on: bool | None = None
    name: str = ""


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """The connection as it is now, and what a person must hear about it."""

    connection: ConnectionFacts
    warnings: tuple[Problem, ...] = ()
    issued: Issued | None = None  # what its partner comes in by, told this once


def configure(actor: Actor, addon_key: str, wanted: ConnectionInput, *, clock: Clock | None = None) -> Configured:
    """Save what an admin filled in, checking it first. Raises `Invalid`, `Forbidden`, `NotFound`.

    Makes the connection if it is not there yet.
    """
    actor.require(Right.ADDONS_MANAGE, "configure add-ons")
    clock = clock or SystemClock()
    one = addon(addon_key)
    row = _row(actor, one, wanted)
    found = _seen(row)
    before = _picture(row, ticks(row))
    typed = _new_settings(actor, one, row, wanted)
    on = row.on if wanted.on is None else wanted.on
    _refuse_wrong(actor, one, row, typed, wanted, on=on)
    credentials_changed = _changed_what_is_checked(one, row, typed)
    warnings: tuple[Problem, ...] = ()
    if on and (credentials_changed or not row.on):
        outcome = _check(one, typed, clock)
        warnings = _warnings(one, outcome)
        row.check_problem = warnings[0].sentence[:500] if warnings else ""
        row.checked_at = clock.now() if outcome is not None and outcome.kind.delivered else None
        # A partner that is away has not said that the credentials are wrong: then the connection stays on.
        on = outcome is None or outcome.kind not in _WRONG
    row.on = on
    names = secret_names(one.settings)
    values = msgspec.json.decode(msgspec.json.encode(typed))  # as the table gives it back, so that equal is equal
    row.settings = {name: value for name, value in values.items() if name not in names}
    secrets = {name: values[name] for name in names if values[name]}
    replaced = secrets != _stored_secrets(row)
    if replaced:
        row.secrets = seal(actor.operator_id, secrets)
    row.account = account_of(one, typed)
    with transaction.atomic():
        _save(actor, row, wanted, before, found, secrets_changed=replaced)
        if wanted.on is False or not fetches(one, typed):
            forget_fetched(actor, one, row.id, clock.now())
        issued = follow_switch(actor, row, clock.now())
    return Configured(connection=connection(actor.operator_id, row.id), warnings=warnings, issued=issued)


def remove_connection(actor: Actor, connection_id: int) -> None:
    """Remove an aircraft's own connection; its aircraft fall back to the default one. Raises `NotFound`, `Conflict`."""
    actor.require(Right.ADDONS_MANAGE, "configure add-ons")
    with transaction.atomic():
        row = Connection.objects.select_for_update().filter(operator_id=actor.operator_id, id=connection_id).first()
        if row is None:
            raise NotFound(f"Connection {connection_id}")
        if row.is_default:
            raise Conflict("The default connection stays. Switch it off instead.")
        before = _picture(row, ticks(row))
        default = Connection.objects.filter(operator_id=row.operator_id, addon=row.addon, is_default=True).first()
        if default is not None:
            fall_back(row, default)
        # Not row.delete(): that takes the row's own id away, which the change still names.
        Connection.objects.filter(operator_id=row.operator_id, id=row.id).delete()
        _record(actor, row, "connection.removed", before, None)


def _row(actor: Actor, one: Addon, wanted: ConnectionInput) -> Connection:
    rows = Connection.objects.filter(operator_id=actor.operator_id, addon=one.key)
    default = rows.filter(is_default=True).first()
    name = wanted.name.strip()
    if not name or (default is not None and default.name == name):
        return default or Connection(operator_id=actor.operator_id, addon=one.key, name="default", is_default=True)
    found = rows.filter(name=name).first()
    if found is not None:
        return found
    made = Connection(operator_id=actor.operator_id, addon=one.key, name=name, is_default=False)
    if default is not None:  # everything but the credentials is usually the same
        made.settings = dict(default.settings)
        made.secrets = default.secrets
    return made


def _new_settings(actor: Actor, one: Addon, row: Connection, wanted: ConnectionInput) -> Settings:
    stored: dict[str, Any] = {**row.settings, **_stored_secrets(row)}
    secrets = secret_names(one.settings)
    given = {k: v for k, v in wanted.values.items() if not (k in secrets and v in ("", None))}
    goes_to_sandbox = given.get("environment") == "sandbox" and stored.get("environment") != "sandbox"
    if goes_to_sandbox and one.for_sandbox is not None:
        stored |= one.for_sandbox(django_settings.SANDBOX_URL)
    if given.get("environment") == "live" and stored.get("environment") == "sandbox" and one.for_sandbox is not None:
        for name in one.for_sandbox(django_settings.SANDBOX_URL):  # what leads to the sandbox is of no use live
            stored.pop(name, None)
    return read_settings(one.settings, stored | given)


def _stored_secrets(row: Connection) -> dict[str, str]:
    """The secrets that can still be read. Those that cannot have to be entered again, and only then can it be on."""
    try:
        return unseal(row.operator_id, row.secrets)
    except SecretsUnreadable:
        return {}


def _refuse_wrong(
    actor: Actor, one: Addon, row: Connection, typed: Settings, wanted: ConnectionInput, *, on: bool
) -> None:
    problems = Problems()
    for problem in one.problems(typed) if one.problems is not None else ():
        problems.add(problem.field, problem.sentence)
    _refuse_the_sandboxs_secrets(one, typed, problems)
    _refuse_private_addresses(one, typed, problems)
    if on:
        for missing in missing_when_on(one.settings, typed):
            problems.add(missing.name, f"{missing.meaning.label} is needed before {one.name} can be switched on.")
    _refuse_wrong_name(row, problems)
    _refuse_unknown_recipients(actor, one, typed, problems)
    _refuse_wrong_aircraft(actor, row, wanted, problems)
    problems.refuse()


def _refuse_wrong_name(row: Connection, problems: Problems) -> None:
    if not row.name or len(row.name) > _LONGEST_NAME or not row.name.isprintable():
        problems.add("name", f"A connection's name has 1 to {_LONGEST_NAME} letters, digits and signs. Choose another.")


def _refuse_unknown_recipients(actor: Actor, one: Addon, typed: Settings, problems: Problems) -> None:
    if one.recipients is None:
        return
    known = {member.code for member in operators.members(actor.operator_id)}
    for code in one.recipients(typed):
        if code not in known:
            problems.add("recipients", f"Nobody here has the code {code}. Choose among {', '.join(sorted(known))}.")


def _refuse_wrong_aircraft(actor: Actor, row: Connection, wanted: ConnectionInput, problems: Problems) -> None:
    if isinstance(wanted.aircraft, str):
        if wanted.aircraft != ALL_AIRCRAFT:
            problems.add("aircraft", "Tick aircraft one by one, or all of them.")
        elif not row.is_default:
            problems.add("aircraft", "Only the default connection can take all aircraft. Tick those that use this one.")
    elif wanted.aircraft is not None:
        known_ids = {aircraft.id for aircraft in fleet.fleet(actor.operator_id)}
        for unknown in sorted(set(wanted.aircraft) - known_ids, key=str):
            problems.add("aircraft", f"Aircraft {unknown} is not in your fleet. Choose among your own.")


def _refuse_the_sandboxs_secrets(one: Addon, typed: Settings, problems: Problems) -> None:
    """They are public, and open nothing that is live."""
    if typed.environment == "sandbox" or one.for_sandbox is None:
        return
    public = one.for_sandbox("")
    for setting in settings_of(one.settings):
        value = getattr(typed, setting.name)
        if setting.meaning.secret and value and value == public.get(setting.name):
            sentence = f"{setting.meaning.label}: this one opens the local sandbox only. Enter {one.name}'s own."
            problems.add(setting.name, sentence)


def _refuse_private_addresses(one: Addon, typed: Settings, problems: Problems) -> None:
    """An address typed in for a live partner must not lead into the network that Airstair runs in."""
    if django_settings.ALLOW_PRIVATE_ADDRESSES:
        return
    for setting in settings_of(one.settings):
        value = getattr(typed, setting.name)
        if not (isinstance(value, str) and value.startswith(("http://", "https://"))):
            continue
        try:
            host = urlsplit(value).hostname or ""
        except ValueError:
            problems.add(setting.name, f"“{value}” is not a web address. It looks like https://partner.example/api.")
            continue
        to_sandbox = typed.environment == "sandbox" and same_origin(value, django_settings.SANDBOX_URL)
        if is_private(host) and not to_sandbox:
            problems.add(
                setting.name,
                f"{host} is a private address; a live partner has a public one."
                " Use the partner's address, or set the environment to sandbox.",
            )


def _changed_what_is_checked(one: Addon, row: Connection, typed: Settings) -> bool:
    if row._state.adding or not row.settings:
        return True
    try:
        old = typed_settings(one, row.operator_id, row.settings, row.secrets)
    except (Invalid, SecretsUnreadable):
        return True
    names = secret_names(one.settings) | {
        s.name for s in settings_of(one.settings) if s.kind.value in ("text", "choice")
    }
    return any(getattr(old, name) != getattr(typed, name) for name in names)


def _check(one: Addon, typed: Settings, clock: Clock) -> Outcome | None:
    """Ask the partner whether the settings work; `None` where it has no way to be asked."""
    return asyncio.run(_ask(one, typed, clock)) if one.check is not None else None


_WRONG = frozenset({OutcomeKind.UNAUTHORISED, OutcomeKind.MISCONFIGURED, OutcomeKind.REFUSED, OutcomeKind.UNMATCHED})


def _warnings(one: Addon, outcome: Outcome | None) -> tuple[Problem, ...]:
    if outcome is None or outcome.kind.delivered:
        return ()
    field = next((message.field for message in outcome.messages if message.field), "")
    if outcome.kind in _WRONG:
        return (Problem(field, f"{one.name} says: {outcome.sentence.rstrip('.')}. It is saved, but not switched on."),)
    sentence = f"{one.name} could not be asked whether this works: {outcome.sentence} The next call will show."
    return (Problem(field, sentence),)


async def _ask(one: Addon, typed: Settings, clock: Clock) -> Outcome:
    pool = HttpPool(allow_private=django_settings.ALLOW_PRIVATE_ADDRESSES, sandbox_url=django_settings.SANDBOX_URL)
    secrets = [getattr(typed, name) for name in secret_names(one.settings)]
    http = PartnerHttp(
        pool,
        clock,
        deadline=_CHECK_DEADLINE,
        secrets=secrets,
        sandbox=typed.environment == "sandbox",
        shown=one.shown_headers,
    )
    try:
        return http.hide_secrets(await ask_whether_it_works(one, http, typed))
    finally:
        await pool.close()


def _seen(row: Connection) -> tuple[Any, ...]:
    """What two admins could change under each other's hands."""
    return (row.settings, bytes(row.secrets), row.on, row.all_aircraft)


def _save(
    actor: Actor,
    row: Connection,
    wanted: ConnectionInput,
    before: dict[str, Any],
    found: tuple[Any, ...],
    *,
    secrets_changed: bool,
) -> None:
    """Write it, unless somebody else has since `found` was read: the partner was asked in between, outside any lock."""
    made = row._state.adding
    with transaction.atomic():
        if made:
            _insert(row)
        else:
            rows = Connection.objects.select_for_update(no_key=True)
            now = rows.filter(operator_id=row.operator_id, id=row.id).first()
            if now is None or _seen(now) != found:
                raise Conflict("Somebody else has changed this connection meanwhile. Look at it again, then save.")
            row.save(update_fields=_CONFIGURED)
        if wanted.aircraft is not None:
            tick(row, None if isinstance(wanted.aircraft, str) else wanted.aircraft)
        after = _picture(row, ticks(row))
        if secrets_changed and not made:
            # That a secret was replaced is part of the audit trail; neither value is.
            before, after = before | {"credentials": "(hidden)"}, after | {"credentials": "(changed)"}
        _record(actor, row, "connection.made" if made else "connection.changed", None if made else before, after)


_CONFIGURED = ["settings", "secrets", "account", "on", "checked_at", "check_problem"]


def _insert(row: Connection) -> None:
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        raise Conflict("Somebody else has just made this connection. Look at it again, then save.") from None


def _picture(row: Connection, ticks: list[int]) -> dict[str, Any]:
    return {**row.settings, "on": row.on, "all_aircraft": row.all_aircraft, "aircraft": ticks}


def _record(
    actor: Actor, row: Connection, kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    if before is not None and after is not None:
        changed = [name for name in after.keys() | before.keys() if before.get(name) != after.get(name)]
        if not changed:
            return
        before, after = {n: before.get(n) for n in changed}, {n: after.get(n) for n in changed}
    unit = Unit(UnitKind.CONNECTION, row.id)
    title = f"{addon(row.addon).name} ({row.name})"
    record(actor, [NewChange(kind=kind, subject=unit, title=title, units=(unit,), before=before, after=after)])
