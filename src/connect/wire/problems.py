"""How a call to a schedule system can go wrong, as far as we go on differently."""

from __future__ import annotations


class WireProblem(Exception):
    """The sentence is for the page of the connection."""


class NotAnswering(WireProblem):
    """No answer, or one of a system in trouble: asked again later, as if nothing had happened."""


class TooMany(WireProblem):
    """We asked more often than we may; after `seconds` we may again."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(f"The schedule system lets Connect ask again in {seconds} seconds.")


class NotLetIn(WireProblem):
    """The access token is not taken: it is renewed."""


class NotGranted(WireProblem):
    """The grant is gone: somebody has to connect again."""


class NotTaken(WireProblem):
    """It answered, and did not take this one thing."""
