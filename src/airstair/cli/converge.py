"""`airstair converge`: runs the convergence test of the source checkout. The test itself is not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click

from airstair.cli.speaking import Told, json_option


@click.command("converge")
@click.option("--minutes", type=click.FloatRange(0, 10_000), default=5.0, show_default=True, help="How long to play.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="The first; the others count on.")
@click.option("--steps", metavar="“NAME#NUMBER …”", help="Play this one sequence, as a failure printed it.")
@click.option("--rounds", is_flag=True, help="Rounds with processes that are killed, and no sequences.")
@click.option("--verbose", is_flag=True, help="Tell what is done in a round while it is done.")
@json_option
def converge_command(minutes: float, seed: int, steps: str | None, rounds: bool, verbose: bool, as_json: bool) -> None:
    """Play any edits, faults and kills, and see every partner's copy equal the schedule afterwards.

    Needs the source checkout. Works on a database of its own; nothing of yours is touched. Exit status 1: something
    did not hold, and the shortest sequence that shows it is printed with its seed.
    """
    if steps and rounds:
        raise click.UsageError("Give --steps or --rounds, not both: a round is not made of steps that can be replayed.")
    argv = [sys.executable, "-m", "tests.convergence", "--minutes", str(minutes), "--seed", str(seed)]
    argv += ["--steps", steps] if steps else []
    argv += [flag for flag, given in (("--rounds", rounds), ("--verbose", verbose), ("--json", as_json)) if given]
    ended = subprocess.run(argv, check=False, cwd=_checkout(), env={**os.environ})  # noqa: S603 - our own command line
    if ended.returncode == 2:
        raise click.exceptions.Exit(2)
    if ended.returncode:
        raise Told


def _checkout() -> Path:
    """The source checkout that this package is part of. Raises `CannotRun`."""
    from airstair.running.problems import CannotRun

    root = Path(__file__).resolve().parents[3]
    if not (root / "tests" / "convergence" / "__main__.py").is_file():
        raise CannotRun(
            "The convergence test is part of the source code and not of the installed package. Get a checkout, run"
            " “make setup” in it, and then “.venv/bin/airstair converge” there."
        )
    return root
