"""How healths and outcomes look: a word, a symbol that says the same without colour, and a tone. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from airstair.hub.flows import MessageState
from airstair.hub.health import Health
from airstair.kernel.outcome import OutcomeKind, WhoActs


@dataclass(frozen=True)
class Look:
    """`tone` is a class of `.badge`; `symbol` stands before the word."""

    word: str
    symbol: str
    tone: str
    hint: str = ""


_HEALTHS = {
    Health.OFF: Look("Off", "○", "quiet"),
    Health.STARTING: Look("Starting", "…", "info"),
    Health.WELL: Look("Well", "✓", "ok"),
    Health.WITH_ERRORS: Look("Accepted with errors", "!", "warn"),
    Health.WAITING: Look("Waits for a person", "?", "warn", "A message was refused, or its answer was lost."),
    Health.FAILING: Look("Failing", "×", "bad"),
    Health.LATE: Look("Late", "◷", "warn"),
    Health.UNSERVED: Look("No worker", "◌", "bad", "Nothing is sent until a worker runs: “airstair worker”."),
}
_SYMBOLS = {
    OutcomeKind.ACCEPTED: ("✓", "ok"),
    OutcomeKind.ACCEPTED_WITH_ERRORS: ("!", "warn"),
    OutcomeKind.UNCHANGED: ("=", "quiet"),
    OutcomeKind.REFUSED: ("×", "bad"),
    OutcomeKind.UNMATCHED: ("≠", "bad"),
    OutcomeKind.UNAUTHORISED: ("⊘", "bad"),
    OutcomeKind.MISCONFIGURED: ("×", "bad"),
    OutcomeKind.THROTTLED: ("◷", "warn"),
    OutcomeKind.UNAVAILABLE: ("×", "bad"),
    OutcomeKind.UNKNOWN: ("?", "warn"),
    OutcomeKind.UNREADABLE: ("×", "bad"),
}
_WHO = {
    WhoActs.NOBODY: "Passes by itself; nothing to do.",
    WhoActs.OPS: "For OPS: mend the flight or event that the message names.",
    WhoActs.ADMIN: "For an admin: look at the configuration.",
    WhoActs.DEVELOPERS: "For the developers: the answer could not be read. The call shows it.",
}
MESSAGES = {
    MessageState.READY: Look("Ready", "…", "info"),
    MessageState.SENDING: Look("Sending", "→", "info"),
    MessageState.DELIVERED: Look("Delivered", "✓", "ok"),
    MessageState.REFUSED: Look("Refused", "×", "bad"),
    MessageState.DOUBTFUL: Look("In doubt", "?", "warn"),
    MessageState.WITHDRAWN: Look("Withdrawn", "○", "quiet"),
}
NEVER_SENT = Look("Not sent yet", "○", "quiet", "Nothing has been sent since it was ticked.")
HELD = Look("Waits for a person", "?", "warn", "It is not sent until somebody says so.")
TAKEN_AWAY = Look("Taken away", "○", "quiet", "The partner was told that there is nothing of it any more.")
SENDING = Look("Sending", "→", "info", "A call is under way.")


def look_of_health(health: Health) -> Look:
    return _HEALTHS[health]


def look_of_outcome(kind: OutcomeKind | None) -> Look:
    """`None` is a unit that was never sent."""
    if kind is None:
        return NEVER_SENT
    symbol, tone = _SYMBOLS[kind]
    good = kind in (OutcomeKind.ACCEPTED, OutcomeKind.UNCHANGED)
    word = kind.label[:1].upper() + kind.label[1:]
    return Look(word, symbol, tone, "" if good else _WHO[kind.who_acts])


LEVELS = {
    "error": Look("Error", "×", "bad"),
    "warning": Look("Warning", "!", "warn"),
    "info": Look("Note", "i", "info"),
}


def look_of_level(level: str) -> Look:
    """A partner's own word for a level is shown as a note."""
    return LEVELS.get(level, LEVELS["info"])
