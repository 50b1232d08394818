"""`python -m tests.convergence`, behind `airstair converge`: plays for as long as is asked, or what was printed.

On a PostgreSQL of its own, made and removed here; never on one that AIRSTAIR_DATABASE_URL names.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .machines import Database
    from .tally import Tally

SEQUENCES_BETWEEN_ROUNDS = 12


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="airstair converge", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1, help="the first; the following ones count on")
    parser.add_argument("--length", type=int, default=30, help="steps of each sequence")
    parser.add_argument("--steps", default="", help="play this sequence alone: name#number name#number …")
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--sequences", action="store_true", help="sequences alone")
    only.add_argument("--rounds", action="store_true", help="rounds with processes alone")
    parser.add_argument("--seconds", type=float, default=20.0, help="of trouble in each round")
    parser.add_argument("--verbose", action="store_true", help="tell what is done in rounds while it is done")
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play; 0 when everything held, 1 with the shortest failing sequence on standard output."""
    options = _options(arguments)
    from .machines import Database

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was made is removed then too
    made = Database()
    try:
        _set_up(made)
        if unknown := _unknown_steps(options.steps):
            print(f"There is no step {', '.join(unknown)}. Copy --steps as the failure printed it.", file=sys.stderr)
            return 2
        _migrate()
        return _Play(options, made).run()
    except KeyboardInterrupt:
        return 130
    finally:
        _close()
        made.remove()


def _set_up(made: Database) -> None:
    """Django on that database, without a word."""
    os.environ["AIRSTAIR_DATABASE_URL"] = made.url
    os.environ["AIRSTAIR_HOME"] = str(made.home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "airstair.settings"
    os.environ["AIRSTAIR_LOG"] = os.environ.get("AIRSTAIR_LOG", "CRITICAL")
    import django

    django.setup()
    logging.disable(logging.ERROR if os.environ["AIRSTAIR_LOG"] == "CRITICAL" else logging.NOTSET)


def _migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0, interactive=False)


def _unknown_steps(steps: str) -> list[str]:
    from .playing import DOING

    parts = [one.partition("#") for one in steps.split()]
    return ["".join(part) for part in parts if part[0] not in DOING or not part[2].isdecimal()]


def _close() -> None:
    from django.db import connection

    connection.close()
    if pool := getattr(connection, "pool", None):
        pool.close()


class _Play:
    """One run of the command."""

    def __init__(self, options: argparse.Namespace, made: Database) -> None:
        from .tally import Tally

        self._options = options
        self._database = made
        self._survived = Tally()
        self._told = sys.stderr if options.json else sys.stdout

    def run(self) -> int:
        found = ""
        try:
            if self._options.steps:
                self._steps()
            else:
                self._for_minutes()
        except AssertionError as wrong:
            found = str(wrong)
        if self._options.json:
            print(json.dumps({"held": not found, "found": found, "survived": self._figures()}))
        else:
            print("\n".join([*([found] if found else []), f"Survived: {self._survived}."]))
        return 1 if found else 0

    def _figures(self) -> dict[str, float]:
        import msgspec

        figures: dict[str, float] = msgspec.to_builtins(self._survived)
        return figures

    def _steps(self) -> None:
        from .playing import play
        from .steps import Step

        played = play([Step.read(one) for one in self._options.steps.split()])
        self._say("\n".join(played.story))
        self._survived.add(played.tally)
        assert not played.wrong, "\n".join(played.wrong)

    def _for_minutes(self) -> None:
        """Sequences, and after every dozen of them a round; at least one of what is asked for."""
        from .playing import examine

        options, seed = self._options, self._options.seed
        until = time.monotonic() + options.minutes * 60
        while True:
            for _ in range(0 if options.rounds else SEQUENCES_BETWEEN_ROUNDS):
                self._one(f"sequence {seed}", lambda seed=seed: examine(seed, length=options.length))
                seed += 1
                if time.monotonic() >= until:
                    return
            if not options.sequences:
                self._one(f"round {seed}", lambda seed=seed: self._round(seed))
                seed += options.rounds
            if time.monotonic() >= until:
                return

    def _round(self, seed: int) -> Tally:
        from .processes import play_round

        return play_round(seed, self._database, self._whisper, seconds=self._options.seconds)

    def _one(self, name: str, play: Callable[[], Tally]) -> None:
        began = time.monotonic()
        tally = play()
        self._survived.add(tally)
        self._say(f"{name} held, {time.monotonic() - began:.1f} s")

    def _whisper(self, words: str) -> None:
        if self._options.verbose:
            self._say(words)

    def _say(self, words: str) -> None:
        print(words, file=self._told, flush=True)


if __name__ == "__main__":
    sys.exit(main())
