"""What one room's change means to another, in the same transaction: a flight is re-timed, its checklist falls back.

Rooms register when they start. `record()` tells them of the changes that their prefix fits, all of one command at once,
so that a rule costs the same number of statements for one flight as for ten thousand. What a rule changes it writes
through `record()` itself, and so is heard by others in turn; a rule must not listen to what it writes.

Not for work that may wait or fail by itself: that reads the log with a cursor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from airstair.kernel.actor import Actor

if TYPE_CHECKING:
    from airstair.changes.record import NewChange

Rule = Callable[[Actor, "Sequence[NewChange]", bool], None]

_rules: list[tuple[str, Rule]] = []


def on(prefix: str, rule: Rule) -> None:
    """From now on call `rule(actor, changes, bulk)` with the changes whose kind starts with `prefix`.

    It is called after the changes were written, and only when there are any. What it raises undoes the whole command.
    """
    if (prefix, rule) not in _rules:
        _rules.append((prefix, rule))


def follow(actor: Actor, changes: Sequence[NewChange], bulk: bool) -> None:
    """Let the rules do what follows from these changes. Called by `record()` alone."""
    for prefix, rule in _rules:
        fitting = [change for change in changes if change.kind.startswith(prefix)]
        if fitting:
            rule(actor, fitting, bulk)
