"""What all commands share: the options `--home` and `--json`, and how facts and errors are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from airstair.kernel.errors import AirstairError, Invalid

JSON = "airstair.json"
F = TypeVar("F", bound=Callable[..., Any])


class Told(click.exceptions.Exit):
    """The command has failed and said why."""

    def __init__(self) -> None:
        super().__init__(1)


def home_option(command: F) -> F:
    """`--home DIR` after the command's name as well as before it; the command gets it as `home`."""

    def chosen(ctx: click.Context, _option: click.Parameter, given: Path | None) -> Path | None:
        return given or ctx.find_object(Path)

    option = click.option(
        "--home",
        type=click.Path(path_type=Path),
        callback=chosen,
        help="State folder (AIRSTAIR_HOME, else .airstair).",
    )
    return option(command)


def json_option(command: F) -> F:
    """`--json`: facts as one JSON object on standard output; the command gets it as `as_json`."""

    def noted(ctx: click.Context, _option: click.Parameter, given: bool) -> bool:
        ctx.meta[JSON] = given  # `meta` is one for all nested contexts: errors are told in the same form
        return given

    option = click.option(
        "--json",
        "as_json",
        is_flag=True,
        callback=noted,
        is_eager=True,
        help="Print one JSON object, not sentences; errors too: error, problems [{field, sentence}].",
    )
    return option(command)


def tell(facts: object, sentences: Iterable[str], *, as_json: bool) -> None:
    """Print `facts` as one JSON object, or the sentences."""
    if as_json:
        click.echo(msgspec.json.encode(facts).decode())
        return
    for sentence in sentences:
        click.echo(sentence)


def tell_error(error: AirstairError, *, as_json: bool) -> None:
    """The refusal on standard error, a line for each problem; with `--json` on standard output as well."""
    problems = error.problems if isinstance(error, Invalid) else ()
    if as_json:
        found = [{"field": problem.field, "sentence": problem.sentence} for problem in problems]
        click.echo(msgspec.json.encode({"error": str(error), "problems": found}).decode())
    for line in [str(problem) for problem in problems] or [str(error)]:
        click.echo(line, err=True)
