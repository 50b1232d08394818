"""What can go wrong with a person's request, as sentences with the next step. Nothing here knows how it is shown."""

from __future__ import annotations


class ConnectError(Exception):
    """Anything that is told to the person who asked. Never a fault of our own code."""


class Invalid(ConnectError):
    """The input is wrong; nothing was changed. `problems` are pairs of a field's name and a sentence."""

    def __init__(self, *problems: tuple[str, str]) -> None:
        self.problems = problems
        super().__init__(" ".join(sentence for _, sentence in problems))


class Forbidden(ConnectError):
    """The actor lacks the right, which is named."""

    def __init__(self, module: str, act: str) -> None:
        super().__init__(
            f"You need the right {act} on {module} to do this. Whoever may MODIFY the organisation can give it to you."
        )


class NotFound(ConnectError):
    """There is no such thing for this organisation. Never says whether another one has it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} was not found. It may have been removed, or the address is mistyped.")


class Refused(ConnectError):
    """The rules do not allow this step in the order's present state; the sentence says why and what may be done."""
