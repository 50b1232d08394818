"""`python -m tests.convergence`: sequences one after the other for as long as is asked, or one that was printed.

Works on a database of its own, made and removed here; never on the one that AIRSTAIR_DATABASE_URL names.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.convergence", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=1, help="of the first sequence; the following ones count on")
    parser.add_argument("--length", type=int, default=30, help="steps of each sequence")
    parser.add_argument("--steps", default="", help="play these instead: name#number name#number …")
    parser.add_argument("--verbose", action="store_true", help="say how long each sequence takes")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Play; 0 when everything held, 1 with the shortest failing sequence on standard output."""
    options = _options(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "airstair.settings")
    os.environ["AIRSTAIR_LOG"] = os.environ.get("AIRSTAIR_LOG", "CRITICAL")
    from airstair.running.testing import provide_database

    provide_database()
    import django

    django.setup()
    logging.disable(logging.ERROR if os.environ["AIRSTAIR_LOG"] == "CRITICAL" else logging.NOTSET)
    from django.db import connection

    name = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        return _play_steps(options.steps) if options.steps else _play_on(options)
    finally:
        if pool := getattr(connection, "pool", None):
            pool.close()
        connection.creation.destroy_test_db(name, verbosity=0)


def _play_steps(steps: str) -> int:
    from .playing import play
    from .steps import Step

    played = play([Step.read(one) for one in steps.split()])
    print("\n".join([*played.story, *(f"WRONG: {line}" for line in played.wrong), str(played.tally)]))
    return 1 if played.wrong else 0


def _play_on(options: argparse.Namespace) -> int:
    from .playing import examine
    from .world import Tally

    survived, seed, until = Tally(), options.seed, time.monotonic() + options.minutes * 60
    try:
        while time.monotonic() < until:
            began = time.monotonic()
            survived.add(examine(seed, length=options.length))
            if options.verbose:
                print(f"seed {seed}: {time.monotonic() - began:.1f} s", flush=True)
            seed += 1
    except AssertionError as found:
        print(found)
        return 1
    finally:
        print(f"Survived, seeds {options.seed} to {seed - 1}: {survived}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
