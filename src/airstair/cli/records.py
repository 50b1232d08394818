"""`airstair operator`, `airstair import`, `airstair migrate`: setting up the record and filling it from files."""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from airstair.cli.session import open_operator, open_record
from airstair.cli.speaking import home_option, json_option, tell
from airstair.kernel.errors import Invalid

if TYPE_CHECKING:
    from airstair.kernel.actor import Actor
    from airstair.records.imports.report import ImportReport
    from airstair.records.operators.snapshots import OperatorFacts

REPORT_KEYS = """
    \b
    With --json: file, mapping, rows, new, updated, unchanged, skipped [{row, reason}],
    notes [{row, reason}], dry_run, shifted_days, not_yet_flown. new + updated + unchanged + skipped = rows.
    Row numbers are a spreadsheet's: the header is row 1.
"""


def _day(_ctx: click.Context, _option: click.Parameter, given: str | None) -> date | None:
    """A calendar day, or `today` in UTC."""
    if given is None:
        return None
    if given == "today":
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(f"“{given}” is not a day. Write it like 2027-03-04, or today.") from None


operator_option = click.option("--operator", "operator", required=True, metavar="CODE", help="The operator's code.")


@click.group("operator", no_args_is_help=True)
def operator_group() -> None:
    """The companies whose schedules are kept here."""


@operator_group.command("create")
@click.argument("code")
@click.option("--name", required=True, help="The company's name.")
@click.option("--admin-email", required=True, help="Who signs in first, with every right.")
@click.option("--admin-name", default="", help="The first admin's name.")
@click.option("--password-stdin", is_flag=True, help="Read the first admin's password from standard input.")
@json_option
@home_option
def create_operator_command(
    code: str, name: str, admin_email: str, admin_name: str, password_stdin: bool, as_json: bool, home: Path | None
) -> None:
    """Make the operator CODE with its first admin.

    Without --password-stdin a password is made up and printed, once. Somebody who signs in here already, for another
    operator, keeps their own.

    \b
    With --json: id, code, name, admin_email, password (null when one was given or kept).
    """
    given = _password_from_stdin() if password_stdin else None
    with open_record(home):
        from airstair.kernel.scope import all_operators
        from airstair.records.operators.commands import create_operator
        from airstair.records.operators.queries import members, memberships_of_user

        made_up = given or secrets.token_urlsafe(12)
        with all_operators():  # whether the code is taken, and where else the admin works
            facts = create_operator(
                code=code, name=name, admin_email=admin_email, admin_name=admin_name, admin_password=made_up
            )
            admin = members(facts.id)[0]
            kept = len(memberships_of_user(admin.user_id)) > 1
    password = None if given or kept else made_up
    sentences = [f"Operator {facts.code} ({facts.name}) is made. {admin.email} is its admin."]
    if kept:
        sentences.append("They sign in with the password that they have here already.")
    elif password:
        sentences.append(f"Password: {password}  (shown this once; it can be changed after signing in)")
    told = {"id": facts.id, "code": facts.code, "name": facts.name, "admin_email": admin.email, "password": password}
    tell(told, sentences, as_json=as_json)


def _password_from_stdin() -> str:
    try:
        given = sys.stdin.readline(1000).rstrip("\r\n")
    except UnicodeDecodeError:
        raise Invalid.one("password", "What standard input gave is not UTF-8 text. Type it again.") from None
    if not given:
        raise Invalid.one("password", "Standard input was empty. Send the password as its first line.")
    return given


@click.group("import", no_args_is_help=True)
def import_group() -> None:
    """Bring fleets and flights in from files (CSV, UTF-8)."""


@import_group.command("fleet", help=f"Add and change aircraft from FILE.\n{REPORT_KEYS}")
@click.argument("file", type=click.Path(path_type=Path))
@operator_option
@click.option("--home-base", metavar="AIRPORT", help="For new aircraft whose row names none: ICAO or IATA code.")
@click.option("--mapping", metavar="NAME", help="How to read the columns; else chosen by the header.")
@click.option("--dry-run", is_flag=True, help="Report what would happen; write nothing.")
@json_option
@home_option
def import_fleet_command(
    file: Path,
    operator: str,
    home_base: str | None,
    mapping: str | None,
    dry_run: bool,
    as_json: bool,
    home: Path | None,
) -> None:
    with open_operator(home, operator) as who:
        from airstair.records.fleet.imports import import_fleet

        report = import_fleet(_actor(who), file, home_base=home_base, mapping=mapping, dry_run=dry_run)
    _tell_report(report, as_json)


@import_group.command("flights", help=f"Bring in the flights of FILE; importing it again updates them.\n{REPORT_KEYS}")
@click.argument("file", type=click.Path(path_type=Path))
@operator_option
@click.option(
    "--centre-on",
    metavar="DATE|today",
    callback=_day,
    help="Move the whole file by whole days, so that its middle day is this one (UTC).",
)
@click.option("--mapping", metavar="NAME", help="How to read the columns; else chosen by the header.")
@click.option("--dry-run", is_flag=True, help="Report what would happen; write nothing.")
@json_option
@home_option
def import_flights_command(
    file: Path,
    operator: str,
    centre_on: date | None,
    mapping: str | None,
    dry_run: bool,
    as_json: bool,
    home: Path | None,
) -> None:
    with open_operator(home, operator) as who:
        from airstair.records.flights.imports import import_flights

        report = import_flights(_actor(who), file, mapping=mapping, centre_on=centre_on, dry_run=dry_run)
    _tell_report(report, as_json)


@import_group.command("mapping")
@click.argument("name")
@click.argument("columns", nargs=-1, required=True, metavar="FIELD=COLUMN…")
@operator_option
@json_option
@home_option
def import_mapping_command(
    name: str, columns: tuple[str, ...], operator: str, as_json: bool, home: Path | None
) -> None:
    """Save how to read one kind of file of flights, as NAME: which column has which field.

    \b
    airstair import mapping roster --operator DEMO registration=Tail adep=From ades=To std=Dep sta=Arr
    Fields: registration, adep, ades, std, sta (all needed); number, off_block, take_off, landing,
    on_block, cancelled, status, flight_type, ferry, pax_count, notes.
    With --json: name, columns {field: column}.
    """
    pairs: dict[str, str] = {}
    for text in columns:
        field, equals, column = text.partition("=")
        if not equals:
            raise click.UsageError(f"“{text}” is no FIELD=COLUMN. Write it like std=Departure.")
        if field.strip() in pairs:
            raise click.UsageError(f"The field {field.strip()} is given twice.")
        pairs[field.strip()] = column
    with open_operator(home, operator) as who:
        from airstair.records.flights.imports import save_mapping

        layout = save_mapping(_actor(who), name, pairs)
    told = {"name": layout.name, "columns": dict(layout.columns)}
    tell(told, [f"The mapping “{layout.name}” is saved; it reads {len(pairs)} columns."], as_json=as_json)


@click.command("migrate")
@json_option
@home_option
def migrate_command(as_json: bool, home: Path | None) -> None:
    """Bring the database to this version of Airstair. Repeats harmlessly.

    \b
    With --json: applied (a number).
    """
    with open_record(home):
        from django.core.management import call_command
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        call_command("migrate", interactive=False, verbosity=0)
    sentence = f"{waiting} migrations applied." if waiting else "The database is up to date."
    tell({"applied": waiting}, [sentence], as_json=as_json)


def _actor(who: OperatorFacts) -> Actor:
    from airstair.records.operators.queries import cli_actor

    return cli_actor(who.id)


def _tell_report(report: ImportReport, as_json: bool) -> None:
    tell(report, report.lines(), as_json=as_json)
