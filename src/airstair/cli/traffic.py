"""`airstair addon messages` and `airstair addon fetch`: what cannot be taken back, and what is fetched."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airstair.cli.records import operator_option
from airstair.cli.session import open_operator
from airstair.cli.speaking import home_option, json_option, tell

if TYPE_CHECKING:
    from airstair.hub.messages.queries import MessageLine
    from airstair.hub.pulls import PullLine, RunLine


@click.command("messages")
@click.argument("key")
@operator_option
@click.option("--waiting", is_flag=True, help="Only those that wait for a person.")
@click.option("--arrived", type=int, metavar="ID", help="You have found it at the partner.")
@click.option("--send-again", type=int, metavar="ID", help="Let it go out once more, as the record is now.")
@click.option("--drop", type=int, metavar="ID", help="It shall not go out.")
@json_option
@home_option
def messages_command(
    key: str,
    operator: str,
    waiting: bool,
    arrived: int | None,
    send_again: int | None,
    drop: int | None,
    as_json: bool,
    home: Path | None,
) -> None:
    """Messages of the add-on KEY that cannot be taken back; decide about those that wait for a person.

    \b
    With --json: addon, messages [{id, connection, flow, unit, title, state, waits, sentence, made_at, sent_at, tries,
    outcome, asked_by, decided_by, messages}].
    """
    decisions = {"it_arrived": arrived, "send_again": send_again, "drop": drop}
    chosen = [(name, id_) for name, id_ in decisions.items() if id_ is not None]
    if len(chosen) > 1:
        raise click.UsageError("Use one of --arrived, --send-again and --drop at a time.")
    with open_operator(home, operator) as who:
        from airstair.hub.connections.queries import connections
        from airstair.hub.messages import commands
        from airstair.hub.messages.queries import message, messages, messages_waiting
        from airstair.hub.registry import addon
        from airstair.kernel.errors import NotFound
        from airstair.records.operators.queries import cli_actor

        one = addon(key)
        names = {facts.id: facts.name for facts in connections(who.id, key)}
        for name, id_ in chosen:
            if message(who.id, id_).connection_id not in names:
                raise NotFound(f"Message {id_} of {one.name}")
            getattr(commands, name)(cli_actor(who.id), id_)
        found = messages_waiting(who.id, names) if waiting else messages(who.id, names)
    told = [{**message_facts(line), "connection": names[line.connection_id]} for line in found]
    nothing = f"No message of {one.name} waits for a person." if waiting else f"{one.name} has sent no message."
    tell({"addon": key, "messages": told}, [message_words(line) for line in found] or [nothing], as_json=as_json)


def message_facts(line: MessageLine) -> dict[str, Any]:
    """A message as --json has it."""
    from msgspec import to_builtins

    return {
        "id": line.id,
        "flow": line.flow,
        "unit": str(line.unit),
        "title": line.title,
        "state": line.state.value,
        "waits": line.waits_for_a_person,
        "sentence": line.sentence,
        "made_at": line.made_at,
        "sent_at": line.sent_at,
        "tries": line.tries,
        "outcome": line.outcome.value if line.outcome else None,
        "asked_by": line.asked_by,
        "decided_by": line.decided_by,
        "messages": to_builtins(line.messages),
    }


def message_words(line: MessageLine) -> str:
    """A message in one line."""
    said = "; ".join(message.text for message in line.messages)
    todo = f"  {line.sentence}" if line.waits_for_a_person else ""
    return f"  {line.id:>6} {line.state.value:<10} {line.title}  {said}{todo}".rstrip()


def pull_facts(line: PullLine) -> dict[str, Any]:
    """What is fetched, as --json has it."""
    return {
        "flow": line.flow,
        "title": line.title,
        "next_due": line.next_due,
        "last_success": line.last_success,
        "running": line.running,
        "failures": line.failures,
        "latest": _run_facts(line.latest) if line.latest else None,
    }


def _run_facts(run: RunLine) -> dict[str, Any]:
    from msgspec import to_builtins

    counts = {name: getattr(run, name) for name in ("fetched", "new", "updated", "unchanged", "skipped")}
    return {
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "outcome": run.outcome.value if run.outcome else None,
        **counts,
        "reasons": [list(one) for one in run.reasons],
        "messages": to_builtins(run.messages),
    }


def pull_words(line: PullLine) -> str:
    """What is fetched, in one line."""
    run = line.latest
    if run is None:
        return f"  {line.title}: never fetched"
    counts = f"{run.new} new, {run.updated} updated, {run.unchanged} unchanged, {run.skipped} skipped"
    said = "; ".join(message.text for message in run.messages)
    state = run.outcome.label if run.outcome else "fetching"
    return f"  {line.title}: {state} at {run.started_at:%d %b %H:%M:%S}Z, {counts}  {said}".rstrip()


@click.command("fetch")
@click.argument("key")
@operator_option
@json_option
@home_option
def fetch_command(key: str, operator: str, as_json: bool, home: Path | None) -> None:
    """Fetch from the partner now. One that was just fetched from waits for the partner's floor: its time is printed.

    \b
    With --json: runs [{connection, flow, from}].
    """
    with open_operator(home, operator) as who:
        from airstair.hub.connections.queries import connections
        from airstair.hub.pulls import pull_now
        from airstair.hub.registry import addon
        from airstair.kernel.errors import Conflict
        from airstair.records.operators.queries import cli_actor

        one, actor = addon(key), cli_actor(who.id)
        runs = [
            {"connection": facts.name, "flow": pull.key, "from": pull_now(actor, facts.id, pull.key)}
            for facts in connections(who.id, key)
            for pull in one.pulls
            if facts.on
        ]
        if not runs:
            raise Conflict(f"Nothing to fetch: {one.name} is off, or there is nothing to fetch from it.")
    words = [f"{run['connection']}, {run['flow']}: from {run['from']:%H:%M:%S}Z." for run in runs]
    tell({"runs": runs}, words, as_json=as_json)
