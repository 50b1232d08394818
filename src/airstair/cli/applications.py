"""`airstair application`: the third parties' programs that operators of this installation may connect.

Which may, whoever runs the installation decides, here; whether it does, and what it sees, each operator's admin.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from airstair.cli.session import open_record
from airstair.cli.speaking import home_option, json_option, tell

if TYPE_CHECKING:
    from airstair.records.access.snapshots import ApplicationFacts


@click.group("application", no_args_is_help=True)
def application_group() -> None:
    """Third parties' programs that operators may connect (OAuth2)."""


@application_group.command("register")
@click.argument("name")
@click.option("--redirect-uri", "redirects", multiple=True, required=True, metavar="URI", help="Where users return.")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="SCOPE", help="What it may ask for at most.")
@click.option("--key", default="", help="Its short name; else made from NAME.")
@click.option("--description", default="", help="What people are told that it does.")
@click.option("--contact-email", default="", help="Whom to write to about it.")
@click.option("--website", default="", help="Its maker's page.")
@click.option("--public", is_flag=True, help="It can keep no secret (an app on a phone): PKCE in its place.")
@json_option
@home_option
def register_command(
    name: str, redirects: tuple[str, ...], scopes: tuple[str, ...], as_json: bool, home: Path | None, **more: Any
) -> None:
    """Register the application NAME. Its secret is printed once.

    --redirect-uri and --scope can be given several times; scopes also as a list in quotes. “airstair application
    scopes” lists them.

    \b
    With --json: key, name, client_id, client_secret (empty for --public), redirect_uris, scopes, active.
    """
    with open_record(home):
        from airstair.records.access.commands import ApplicationInput, register_application

        wanted = ApplicationInput(
            name=name, redirect_uris=redirects, scopes=tuple(one for some in scopes for one in some.split()), **more
        )
        made = register_application(wanted)
    _tell_secret(made.facts, made.client_secret, f"{made.facts.name} is registered as “{made.facts.key}”.", as_json)


@application_group.command("scopes")
@json_option
def scopes_command(as_json: bool) -> None:
    """What an application can ask for.

    \b
    With --json: scopes {name: words}.
    """
    from airstair.records.access.scopes import TABLE

    told = {one.name: one.words for one in TABLE}
    tell({"scopes": told}, [f"{name:<34} {words}" for name, words in told.items()], as_json=as_json)


@application_group.command("secret")
@click.argument("key")
@json_option
@home_option
def secret_command(key: str, as_json: bool, home: Path | None) -> None:
    """Give the application KEY a new secret, printed once. The old one is good no more.

    \b
    With --json: as “register”.
    """
    with open_record(home):
        from airstair.records.access.commands import replace_secret

        made = replace_secret(key)
    _tell_secret(made.facts, made.client_secret, f"{made.facts.name} has a new secret.", as_json)


@application_group.command("list")
@json_option
@home_option
def list_command(as_json: bool, home: Path | None) -> None:
    """All that were registered.

    \b
    With --json: applications [{key, name, client_id, redirect_uris, scopes, active}].
    """
    with open_record(home):
        from airstair.records.access.queries import applications

        found = applications()
    lines = [f"{one.key:<20} {'' if one.active else '(revoked) '}{one.name}: {' '.join(one.scopes)}" for one in found]
    tell({"applications": [_facts(one) for one in found]}, lines or ["None is registered."], as_json=as_json)


@application_group.command("revoke")
@click.argument("key")
@json_option
@home_option
def revoke_command(key: str, as_json: bool, home: Path | None) -> None:
    """Let the application KEY in no more, at any operator.

    \b
    With --json: key, name, client_id, redirect_uris, scopes, active.
    """
    with open_record(home):
        from airstair.records.access.commands import revoke_application

        facts = revoke_application(key)
    tell(_facts(facts), [f"{facts.name} is revoked. It is let in no more, at any operator."], as_json=as_json)


def _facts(one: ApplicationFacts) -> dict[str, object]:
    names = ("key", "name", "client_id", "redirect_uris", "scopes", "active")
    return {name: getattr(one, name) for name in names}


def _tell_secret(facts: ApplicationFacts, secret: str, sentence: str, as_json: bool) -> None:
    shown = f"client_secret: {secret}  (shown this once)" if secret else "It has no secret: it must use PKCE."
    told = {**_facts(facts), "client_secret": secret}
    tell(told, [sentence, f"client_id: {facts.client_id}", shown], as_json=as_json)
