"""What an imitation of a partner is. Each add-on's `sandbox` module exports one as `PARTNER`.

An imitation knows nothing of sockets: the shell reads a request into a `Call`, asks the imitation for the `Answer`,
and does everything all partners share (faults, journal, keeping, pages around the partner's own).
So an imitation is synchronous, and each call is one step that nothing can interrupt.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airstair.kernel.clock import Clock
from airstair.sandbox.journal import CallRecord
from airstair.sandbox.markup import Html


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived. `path` starts after the partner's mount point; header names are lower case."""

    received_at: datetime
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base_url: str = ""
    """Address of the partner's mount point as the client wrote it, for links in answers: no trailing slash."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One response. `caller` says, for the journal, as whom the partner recognised the client; never a secret."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    caller: str | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """A call that the partner itself makes to somebody: the imitation says which, and the shell makes it."""

    name: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of an errand: the answer, or in `failure` why there was none (`status` None)."""

    errand: Errand
    at: datetime
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One of a partner's inspector pages: a title and the markup inside the shell's frame."""

    title: str
    body: Html


class Refusal(ValueError):
    """A person's or a test's wish that the imitation cannot follow; its text is a sentence with the next step."""


class Imitation(ABC):
    """One partner, imitated: its rules, its refusals, and what it holds."""

    @abstractmethod
    def answer(self, call: Call) -> Answer:
        """Do what the partner would do with this call, and say what it would say."""

    @abstractmethod
    def aircraft_of(self, call: Call) -> str | None:
        """The registration a call is about, for the journal and for faults that strike one aircraft only."""

    @abstractmethod
    def failure(self, status: int, title: str) -> Answer:
        """The answer this partner gives when it fails with `status` for a reason of its own."""

    @abstractmethod
    def expired_credentials(self) -> Answer:
        """The answer this partner gives to credentials that were good once."""

    def observe(self, record: CallRecord) -> None:  # noqa: B027 - an imitation without an audit needs none
        """Told of every call after it ended, also of those that a fault kept from `answer`."""

    def errands(self) -> list[Errand]:
        """Calls that it wants made now; it does not name them again. An imitation that only answers has none."""
        return []

    def came_back(self, returned: Returned) -> None:  # noqa: B027 - one that only answers sends nobody
        """Told what came of each of its errands, in order."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What the partner now holds, as JSON."""

    @abstractmethod
    def audit(self) -> dict[str, Any]:
        """What the partner's people would object to in the calls so far, with evidence, as JSON."""

    @abstractmethod
    def reset(self) -> None:
        """Back to the first day, as when a partner rebuilds its test environment."""

    @abstractmethod
    def changed_documents(self) -> dict[str, bytes | None]:
        """What must be kept: documents by name that changed since the last time this was asked; None = gone."""

    @abstractmethod
    def restore(self, documents: Mapping[str, bytes]) -> None:
        """Take up again what `changed_documents` gave before a restart."""

    @abstractmethod
    def act(self, name: str, wish: Mapping[str, Any]) -> None:
        """What the partner's own users and staff do on its pages. Raises `Refusal` with the reason."""

    @abstractmethod
    def ask(self, name: str, wish: Mapping[str, str]) -> dict[str, Any]:
        """A question to the partner that its API does not offer, as JSON. Raises `Refusal` with the reason."""

    @abstractmethod
    def credentials(self) -> dict[str, str]:
        """Credentials that work, by name. They open nothing but this sandbox."""

    @abstractmethod
    def pages(self) -> list[tuple[str, str]]:
        """The partner's own inspector pages as (path, label), the first of them being its front page, path ''."""

    @abstractmethod
    def page(self, path: str, calls: Callable[[str], list[CallRecord]]) -> Page | None:
        """One inspector page, or None where there is none. `calls` gives the latest calls about an aircraft."""


@dataclass(frozen=True, slots=True)
class Partner:
    """A partner that the sandbox can imitate: `key` is its mount point, `start` makes its first day."""

    key: str
    name: str
    about: str
    start: Callable[[Clock], Imitation]


def json_bytes(value: object) -> bytes:
    """Compact JSON, as UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
