"""What can go wrong with a person's or a partner's request, as sentences with the next step.

Pages, command line and APIs show these as they are: the message is written for the person who
acts, and `field` names the input that it is about. Nothing here knows how it will be shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One wrong input: the field's name as the person knows it, and a sentence with the remedy."""

    field: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.field}: {self.sentence}" if self.field else self.sentence


class AirstairError(Exception):
    """Anything that is told to the person who asked. Never a fault of our own code."""


class Invalid(AirstairError):
    """The input is wrong. Carries every problem found, not only the first; nothing was changed."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(" ".join(str(p) for p in self.problems))

    @classmethod
    def one(cls, field: str, sentence: str) -> Invalid:
        return cls([Problem(field, sentence)])


class Forbidden(AirstairError):
    """The actor lacks the right. Says which right, and who can give it."""

    def __init__(self, right: str, doing: str) -> None:
        self.right = right
        super().__init__(
            f"You need the right “{right}” to {doing}. An admin can give it to you under Settings > Users."
        )


class NotFound(AirstairError):
    """There is no such thing for this operator. Never says whether another operator has it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was not found. It may have been removed, or the address is mistyped.")


class Conflict(AirstairError):
    """Somebody else changed the same thing in between; the sentence says what to do."""


class Problems:
    """Collects problems while a command looks at its input, then refuses them all at once."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, field: str, sentence: str) -> None:
        self.found.append(Problem(field, sentence))

    def refuse(self) -> None:
        """Raise `Invalid` if anything was found."""
        if self.found:
            raise Invalid(self.found)
