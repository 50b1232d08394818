"""What an add-on is: a description, pure functions, and one thing that is not pure, how to make one call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from importlib import resources
from typing import Any

from airstair.hub.computing import Compute
from airstair.hub.facts import Fact
from airstair.hub.flows import Budget, Flow, Mirror, Post, Pull
from airstair.hub.http import PartnerHttp
from airstair.hub.setting import Settings
from airstair.hub.verdicts import GoLiveItem
from airstair.hub.visits import Entrance, Handoff, Receive, Serve
from airstair.kernel.actor import Actor
from airstair.kernel.errors import Problem
from airstair.kernel.outcome import Outcome


class Category(StrEnum):
    """The shelves of the Add-ons page."""

    MARKETPLACES = "Marketplaces"
    FLIGHT_PLANNING = "Flight planning"
    HANDLING = "Handling and slots"
    CREW = "Crew"
    MAINTENANCE = "Maintenance"
    SCHEDULE = "Schedule and reservations"
    DOCUMENTS = "Documents"
    SERVICES = "Services"
    SAFETY = "Safety"


@dataclass(frozen=True, kw_only=True)
class Addon:
    """An integration with one partner, as its folder describes it.

    `check` asks the partner whether the settings work; its outcome's messages name the wrong field. It is absent
    where the partner has no way to check. `problems` looks at settings that are wrong together. `for_sandbox` gives
    the values that reach the local sandbox, from its address. `golive` judges the partner's own list of
    conditions, where it has one, instead of the standard one (`hub/golive/standard.py`); it gets
    `hub.golive.GoLiveSources`.
    """

    key: str
    name: str
    category: Category
    purpose: str
    settings: type[Settings]
    flows: tuple[Flow, ...]
    facts: tuple[Fact, ...]
    budget: Budget | None = None
    check: Callable[[PartnerHttp, Any], Awaitable[Outcome]] | None = None
    problems: Callable[[Any], Sequence[Problem]] | None = None
    for_sandbox: Callable[[str], Mapping[str, Any]] | None = None
    account: Callable[[Any], str] | None = None  # what the partner counts calls by: usually the credentials
    recipients: Callable[[Any], Sequence[str]] | None = None  # member codes told after each export
    golive: Callable[[Any], Coroutine[Any, Any, list[GoLiveItem]]] | None = None
    choose_aircraft: bool = True
    # Removes all that was fetched from the partner: when fetching is switched off, or reset. Answers how much it was.
    forget: Callable[[Actor], int] | None = None
    shown_headers: tuple[str, ...] = ()  # headers of the partner's that hold no secret
    entrance: Entrance = field(default_factory=Entrance)  # how the partner comes in, where it comes to us
    words: Mapping[str, str] = field(
        default_factory=dict
    )  # a family's about.md says `@name@` where a member says its own
    package: str = field(default="")

    def mirror(self, key: str) -> Mirror:
        """The mirror of that key. Raises StopIteration."""
        return next(flow for flow in self.mirrors if flow.key == key)

    @property
    def mirrors(self) -> tuple[Mirror, ...]:
        return tuple(flow for flow in self.flows if isinstance(flow, Mirror))

    @property
    def posts(self) -> tuple[Post, ...]:
        return tuple(flow for flow in self.flows if isinstance(flow, Post))

    @property
    def pulls(self) -> tuple[Pull, ...]:
        return tuple(flow for flow in self.flows if isinstance(flow, Pull))

    @property
    def inbound(self) -> tuple[Serve | Receive, ...]:
        """Flows that the partner begins."""
        return tuple(flow for flow in self.flows if isinstance(flow, Serve | Receive))

    @property
    def handoffs(self) -> tuple[Handoff, ...]:
        return tuple(flow for flow in self.flows if isinstance(flow, Handoff))

    @property
    def computes(self) -> tuple[Compute, ...]:
        return tuple(flow for flow in self.flows if isinstance(flow, Compute))

    @property
    def stays_inside(self) -> bool:
        """Whether nothing of it ever travels: there is no partner to reach, and none who comes."""
        return len(self.computes) == len(self.flows)

    @property
    def calls_out(self) -> bool:
        """Whether we ever call the partner by ourselves."""
        return bool(self.mirrors or self.posts or self.pulls)

    @cached_property
    def about(self) -> str:
        """The About page in Markdown."""
        text = resources.files(self.package).joinpath("about.md").read_text(encoding="utf-8")
        for mark, word in self.words.items():
            text = text.replace(f"@{mark}@", word)
        return text
