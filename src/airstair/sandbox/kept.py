"""An imitation whose whole state is one struct, kept as one document. For partners that hold little."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from airstair.kernel.clock import Clock
from airstair.sandbox.markup import Html, el
from airstair.sandbox.partner import Imitation, Refusal

_DOCUMENT = "held"
_WINDOW = timedelta(hours=1)

Held = TypeVar("Held", bound=msgspec.Struct)


class KeptImitation(Imitation, Generic[Held]):
    """Says `first_day`, and changes `held`; keeping, restoring and starting over are done here."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.held: Held = self.first_day()
        self._kept = b""

    @abstractmethod
    def first_day(self) -> Held:
        """What the partner holds before anybody has called it."""

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = msgspec.to_builtins(self.held)
        return found

    def reset(self) -> None:
        self.held = self.first_day()

    def changed_documents(self) -> dict[str, bytes | None]:
        now = msgspec.json.encode(self.held)
        if now == self._kept:
            return {}
        self._kept = now
        return {_DOCUMENT: now}

    def restore(self, documents: Mapping[str, bytes]) -> None:
        kept = documents.get(_DOCUMENT)
        if kept is not None:
            self.held = msgspec.json.decode(kept, type=type(self.held))
            self._kept = kept

    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        raise Refusal(f"There is no question {name!r}. Look at the state: it holds everything.")


class RateLimit:
    """At most so many calls in any hour, for each caller."""

    def __init__(self) -> None:
        self._calls: dict[str, deque[datetime]] = {}

    def take(self, caller: str, at: datetime, most: int) -> int | None:
        """Counts a call; how many are left in the hour, or None when this one is too many."""
        calls = self._calls.setdefault(caller, deque())
        while calls and calls[0] <= at - _WINDOW:
            calls.popleft()
        if len(calls) >= most:
            return None
        calls.append(at)
        return most - len(calls)

    def seconds_to_wait(self, caller: str, at: datetime) -> int:
        """Until a call may be made again."""
        calls = self._calls.get(caller)
        return max(1, int((calls[0] + _WINDOW - at).total_seconds())) if calls else 1


def text_in(wish: Mapping[str, Any], field: str) -> str:
    """A text that a person's wish must have. Raises `Refusal`."""
    found = wish.get(field)
    if not isinstance(found, str) or not found.strip():
        raise Refusal(f"Field {field!r} must be given.")
    return found.strip()


def switch_in(wish: Mapping[str, Any], field: str) -> bool:
    """A switch that a person's wish must have: true or on, false or off. Raises `Refusal`."""
    found = str(wish.get(field)).lower()
    if found not in ("true", "on", "false", "off"):
        raise Refusal(f"Field {field!r} must be on or off.")
    return found in ("true", "on")


def number_in(wish: Mapping[str, Any], field: str, least: int, most: int) -> int:
    """A whole number that a person's wish must have. Raises `Refusal`."""
    found = str(wish.get(field))
    if not (found.isascii() and found.isdigit() and len(found) < 10 and least <= int(found) <= most):
        raise Refusal(f"Field {field!r} must be a whole number between {least} and {most}.")
    return int(found)


def utc(when: datetime | None) -> str:
    """A time as inspector pages write it; nothing for None."""
    return f"{when:%d %b %Y %H:%MZ}".replace(" ", "\u00a0") if when else ""


def form(partner: str, action: str, page: str, *fields: Html, label: str, **hidden: str) -> Html:
    """A form whose button does one of the partner's actions and comes back to its page."""
    back = f"/inspect/{partner}/{page}"
    kept = [el("input", type="hidden", name=name, value=value) for name, value in {**hidden, "next": back}.items()]
    where = f"/inspect/{partner}/act/{action}"
    return el("form", *kept, *fields, el("button", label), method="post", action=where, class_="row")
