"""The command line: `airstair …`. Each command is a thin door to commands and queries; no rule of the record is here.

Exit status: 0 done, 1 failed (a sentence on standard error says why and what to do), 2 wrong use. Modules here import
Django and the record inside the commands only, so that `--help` answers at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import airstair
from airstair.cli.addons import addon_group, golive_command
from airstair.cli.applications import application_group
from airstair.cli.converge import converge_command
from airstair.cli.records import import_group, migrate_command, operator_group
from airstair.cli.run import live_command, sandbox_command, up_command, web_command, worker_command
from airstair.cli.speaking import JSON, Told, tell_error
from airstair.kernel.errors import AirstairError


class Airstair(click.Group):
    """The group that turns refusals into sentences and exit status 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AirstairError as error:
            tell_error(error, as_json=bool(ctx.meta.get(JSON)))
            raise Told from None


@click.group(cls=Airstair, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(airstair.__version__, prog_name="airstair")
@click.option("--home", type=click.Path(path_type=Path), help="State folder (AIRSTAIR_HOME, else .airstair).")
@click.pass_context
def main(ctx: click.Context, home: Path | None) -> None:
    """Airstair: flight operations, and every partner in step with the schedule.

    \b
    Exit status: 0 done, 1 failed, 2 wrong use.
    AIRSTAIR_HOME          the state folder
    AIRSTAIR_DATABASE_URL  a PostgreSQL of your own, in place of the private one
    """
    ctx.obj = home


for command in (
    up_command,
    web_command,
    live_command,
    worker_command,
    sandbox_command,
    migrate_command,
    operator_group,
    import_group,
    addon_group,
    application_group,
    golive_command,
    converge_command,
):
    main.add_command(command)
