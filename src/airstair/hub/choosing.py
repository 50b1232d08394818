"""What a person chooses before something is fetched or sent: days, a file, values from the partner's own lists.

Flows carry these as facts; the import window and the send window are drawn from them, whoever the partner is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import msgspec


class Days(msgspec.Struct, frozen=True):
    """The days that a person chose, both included, in UTC."""

    first: date
    last: date

    @property
    def count(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """How a person brings a pull in: chooses days, sees what would be new, updated and skipped, then says yes.

    What was fetched is kept meanwhile, so that what is seen is what is imported. Items of such a pull are bytes.
    `beforehand` is said before anything else. `read_file` makes the same items from a file that a person hands in, as
    an alternative to the call; pure, raises `Invalid` for what is no such file; `file` is what people call such a file.
    """

    most_days: int
    beforehand: str
    file: str = ""
    read_file: Callable[[bytes, Days, Any], Sequence[bytes]] | None = None

    def __post_init__(self) -> None:
        if bool(self.file) != (self.read_file is not None):
            raise ValueError("A file has a name and a reader, or neither.")


class Option(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a choice. `suggested`: it fits what is sent; the first such one is chosen until a person says."""

    value: str
    label: str
    suggested: bool = False


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Something to choose for one message. `options`: those suggested first. `none`: what choosing nothing means."""

    key: str
    label: str
    options: tuple[Option, ...] = ()
    none: str = ""  # empty: one of the options must be chosen
    help: str = ""

    @property
    def proposed(self) -> str:
        """The value that is chosen until a person chooses."""
        return next((option.value for option in self.options if option.suggested), "")
