"""`airstair addon …` and `airstair golive …`: configuring and watching add-ons from the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airstair.cli.records import operator_option
from airstair.cli.session import open_operator
from airstair.cli.speaking import Told, home_option, json_option, tell
from airstair.cli.traffic import (
    fetch_command,
    message_facts,
    message_words,
    messages_command,
    pull_facts,
    pull_words,
)
from airstair.kernel.errors import Invalid, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airstair.hub.connections.queries import ConnectionFacts
    from airstair.hub.health import LedgerLine


@click.group("addon", no_args_is_help=True)
def addon_group() -> None:
    """The integrations with partners."""


addon_group.add_command(messages_command)
addon_group.add_command(fetch_command)


@addon_group.command("list")
@json_option
@home_option
def list_command(as_json: bool, home: Path | None) -> None:
    """Every add-on there is.

    \b
    With --json: addons [{key, name, category, purpose, settings [names]}].
    """
    from airstair.hub.registry import addons
    from airstair.hub.setting import settings_of

    found = [
        {
            "key": one.key,
            "name": one.name,
            "category": one.category.value,
            "purpose": one.purpose,
            "settings": [setting.name for setting in settings_of(one.settings)],
        }
        for one in addons().values()
    ]
    tell({"addons": found}, [f"{one['key']:<16} {one['name']:<20} {one['purpose']}" for one in found], as_json=as_json)


@addon_group.command("configure")
@click.argument("key")
@click.argument("values", nargs=-1, metavar="[name=value …]")
@operator_option
@click.option("--aircraft", multiple=True, metavar="REG …", help="Registrations to send; several in one, or repeated.")
@click.option("--all-aircraft", is_flag=True, help="Send every aircraft, also those added later.")
@click.option("--on/--off", "on", default=None, help="Switch it on or off.")
@click.option("--connection", "name", default="", help="An aircraft's own connection, by name; made if new.")
@json_option
@home_option
def configure_command(
    key: str,
    values: tuple[str, ...],
    operator: str,
    aircraft: tuple[str, ...],
    all_aircraft: bool,
    on: bool | None,
    name: str,
    as_json: bool,
    home: Path | None,
) -> None:
    """Change the settings of the add-on KEY, tick aircraft, switch it on or off.

    Registrations may follow --aircraft one after the other. Status 1 when it was to be, or to stay, on and is not.

    \b
    With --json: addon, connection, on, all_aircraft, settings, secrets_set [names], aircraft [registrations],
    warnings [{field, sentence}]; issued {path, login, key} when credentials were issued for the partner.
    """
    if aircraft and all_aircraft:
        raise click.UsageError("Use --aircraft or --all-aircraft, not both.")
    given, more_aircraft = _sorted_out(values, after_aircraft=bool(aircraft))
    wanted = _registrations((*aircraft, *more_aircraft))
    with open_operator(home, operator) as who:
        from airstair.hub.connections.commands import ALL_AIRCRAFT, ConnectionInput, configure
        from airstair.records.operators.queries import cli_actor

        ticked: Any = ALL_AIRCRAFT if all_aircraft else (_aircraft_ids(who.id, wanted) if wanted else None)
        done = configure(cli_actor(who.id), key, ConnectionInput(values=given, aircraft=ticked, on=on, name=name))
        facts = _connection_facts(done.connection, done.warnings)
    sentences = [
        f"{key} ({facts['connection']}) is {'on' if facts['on'] else 'off'}, {len(facts['aircraft'])} aircraft ticked.",
        *(str(warning) for warning in done.warnings),
    ]
    if done.issued is not None:  # told once, here
        facts["issued"] = {"path": done.issued.path, "login": done.issued.login, "key": done.issued.key}
        sentences.append("Pass on to the partner; the key cannot be shown again:")
        sentences += [f"  {name:<6} {value}" for name, value in facts["issued"].items()]
    tell(facts, sentences, as_json=as_json)
    if not done.connection.on and (on or done.warnings):  # a wrong key also switches off what was on
        raise Told


def _sorted_out(values: tuple[str, ...], *, after_aircraft: bool) -> tuple[dict[str, str], list[str]]:
    """Settings are name=value; what has no = after --aircraft are more registrations."""
    given: dict[str, str] = {}
    rest: list[str] = []
    for word in values:
        name, equals, value = word.partition("=")
        if equals and name.strip() in given:
            raise click.UsageError(f"The setting {name.strip()} is given twice.")
        if equals and name.strip():
            given[name.strip()] = value
        elif after_aircraft and not equals:
            rest.append(word)
        else:
            raise click.UsageError(f"“{word}” is not name=value. Write for example interval_minutes=15.")
    return given, rest


def _registrations(given: Sequence[str]) -> list[str]:
    """Each once, in the order given; several may stand in one word, apart by commas or blanks."""
    found = list(dict.fromkeys(reg for words in given for reg in words.replace(",", " ").split()))
    if given and not found:
        raise click.UsageError("--aircraft names no registration. Write for example --aircraft N14923 N16561.")
    return found


def _aircraft_ids(operator_id: int, registrations: Sequence[str]) -> list[int]:
    from airstair.records.fleet.queries import by_registrations

    found = by_registrations(operator_id, registrations)
    missing = [reg for reg in registrations if reg.upper() not in {known.upper() for known in found}]
    if missing:
        raise Invalid(
            Problem("aircraft", f"{reg} is not in the fleet. Check the registration, or add the aircraft first.")
            for reg in missing
        )
    return [facts.id for facts in found.values()]


def _refuse_unticked(operator_id: int, partner: str, unticked: set[int]) -> None:
    from airstair.records.fleet.queries import fleet

    if unticked:
        raise Invalid(
            Problem("aircraft", f"{one.registration} is not ticked for {partner}. Tick it, or leave it out.")
            for one in fleet(operator_id)
            if one.id in unticked
        )


def _connection_facts(facts: ConnectionFacts, warnings: Sequence[Problem] = ()) -> dict[str, Any]:
    from airstair.records.fleet.queries import fleet

    names = {aircraft.id: aircraft.registration for aircraft in fleet(facts.operator_id)}
    return {
        "addon": facts.addon,
        "connection": facts.name,
        "on": facts.on,
        "all_aircraft": facts.all_aircraft,
        "settings": facts.settings,
        "secrets_set": sorted(facts.filled_secrets),
        "aircraft": sorted(names[id_] for id_ in facts.aircraft_ids),
        "warnings": [{"field": warning.field, "sentence": warning.sentence} for warning in warnings],
    }


@addon_group.command("status")
@click.argument("key")
@operator_option
@json_option
@home_option
def status_command(key: str, operator: str, as_json: bool, home: Path | None) -> None:
    """How the add-on KEY is doing: each connection, each aircraft, latest call and messages.

    \b
    With --json: addon, connections [{addon, connection, on, all_aircraft, settings, secrets_set, aircraft, warnings,
    health, sentence, units [{unit, title, outcome, http_status, last_attempt, last_success, last_change, next_due,
    sent, tries, waits_for_a_person, messages [{level, text, code, path, about, field}], warnings}],
    messages_waiting [{id, title, state, sentence, …}], fetches [{flow, title, next_due, last_success, latest}]}].
    """
    with open_operator(home, operator) as who:
        from airstair.hub.connections.queries import connections
        from airstair.hub.health import lines_of, stands
        from airstair.hub.registry import addon
        from airstair.hub.traffic import Traffic, traffic_of
        from airstair.kernel.clock import SystemClock

        one = addon(key)
        configured = connections(who.id, key)
        lines = lines_of(who.id, configured)
        standing = stands(who.id, configured, lines, SystemClock().now())
        beside = traffic_of(who.id, configured)
        told, sentences = [], []
        for facts in configured:
            traffic = beside.get(facts.id) or Traffic()
            health, sentence = standing[facts.id].health, standing[facts.id].sentence
            told.append(
                {
                    **_connection_facts(facts),
                    "health": health.value,
                    "sentence": sentence,
                    "units": [_unit(line) for line in lines[facts.id]],
                    "messages_waiting": [message_facts(line) for line in traffic.waiting],
                    "fetches": [pull_facts(line) for line in traffic.pulls],
                }
            )
            sentences.append(f"{one.name} ({facts.name}): {health.value}. {sentence}".strip())
            sentences += [_line(line) for line in lines[facts.id]]
            sentences += [pull_words(line) for line in traffic.pulls]
            sentences += [message_words(line) for line in traffic.waiting]
    tell({"addon": key, "connections": told}, sentences or [f"{one.name} has never been configured."], as_json=as_json)


def _unit(line: LedgerLine) -> dict[str, Any]:
    from msgspec import to_builtins

    return {
        "unit": str(line.unit),
        "title": line.title,
        "outcome": line.outcome.value if line.outcome else None,
        "http_status": line.http_status,
        "last_attempt": line.last_attempt,
        "last_success": line.last_success,
        "last_change": line.last_change,
        "next_due": line.next_due,
        "sent": line.sent,
        "tries": line.tries,
        "waits_for_a_person": bool(line.question),
        "messages": to_builtins(line.messages),
        "warnings": to_builtins(line.warnings),
    }


def _line(line: LedgerLine) -> str:
    from airstair.kernel.units import UnitKind

    when = f"{line.last_attempt:%d %b %H:%M:%S}Z" if line.last_attempt else "never"
    said = "; ".join(message.text for message in line.messages)
    outcome = line.outcome.label if line.outcome else "not sent yet"
    if line.unit.kind is UnitKind.FLIGHT:
        outcome = "taken away" if line.not_there else outcome
        return f"  {line.title:<34} {outcome:<20} {when:<18} {said}".rstrip()
    return f"  {line.title:<10} {outcome:<20} {when:<18} {line.sent:>4} activities  {said}".rstrip()


@addon_group.command("export")
@click.argument("key")
@click.argument("more", nargs=-1, metavar="[REG …]")
@operator_option
@click.option("--aircraft", multiple=True, metavar="REG …", help="Only these; all of the connection's when left out.")
@json_option
@home_option
def export_command(
    key: str, more: tuple[str, ...], operator: str, aircraft: tuple[str, ...], as_json: bool, home: Path | None
) -> None:
    """Ask for an export now. An aircraft that was just sent waits for the partner's floor: its time is printed.

    \b
    With --json: runs [{connection, run_id, now [registrations], later [{registration, at}]}].
    """
    wanted = _registrations((*aircraft, *more))
    with open_operator(home, operator) as who:
        from airstair.hub.connections.queries import connections
        from airstair.hub.exports import export_now
        from airstair.hub.registry import addon
        from airstair.kernel.errors import Conflict
        from airstair.records.operators.queries import cli_actor

        one = addon(key)
        ids = set(_aircraft_ids(who.id, wanted)) if wanted else None
        sending = [facts for facts in connections(who.id, key) if facts.on]
        if sending and ids is not None:
            _refuse_unticked(who.id, one.name, ids - {id_ for facts in sending for id_ in facts.aircraft_ids})
        runs, sentences = [], []
        for facts in sending:
            mine = [id_ for id_ in facts.aircraft_ids if ids is None or id_ in ids]
            if not mine:
                continue
            asked = export_now(cli_actor(who.id), facts.id, mine)
            later = [{"registration": reg, "at": at} for reg, at in asked.later]
            runs.append({"connection": facts.name, "run_id": asked.run_id, "now": asked.now, "later": later})
            sentences += [f"{reg}: being exported." for reg in asked.now]
            sentences += [f"{reg}: sent a moment ago; possible again at {at:%H:%M:%S}Z." for reg, at in asked.later]
        if not runs:
            raise Conflict(f"Nothing to export: {one.name} is off, or has no aircraft ticked.")
    tell({"runs": runs}, sentences, as_json=as_json)


@click.command("golive")
@click.argument("key")
@operator_option
@json_option
@home_option
def golive_command(key: str, operator: str, as_json: bool, home: Path | None) -> None:
    """Check whether the operator can go live with the add-on KEY: the partner's own list, else the standard one.

    It looks at what the hub knows and at what the sandbox received. Status 1 when a condition fails, or nothing can be
    judged.

    \b
    With --json: addon, operator, passed, failed, to_confirm, items [{number, title, verdict, evidence}].
    """
    with open_operator(home, operator) as who:
        from airstair.cli.golive import examined, report, sentences

        items = examined(key, who)
        told = report(key, who, items)
    tell(told, sentences(told, items), as_json=as_json)
    if told["failed"]:
        raise Told
