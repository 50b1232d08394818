"""What the running code is about: operator, connection, unit, call, request. Log lines carry it.

Each task and each thread has its own. Put in only what may stand in a log for years: numbers and codes, never a secret,
a name, or anything else of a person's.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar

_NOTHING: Mapping[str, object] = {}
_ABOUT: ContextVar[Mapping[str, object]] = ContextVar("about", default=_NOTHING)


_LATER: ContextVar[Callable[[], Mapping[str, object]] | None] = ContextVar("about-later", default=None)


def about_now() -> Mapping[str, object]:
    """What has been said of the running code so far."""
    later = _LATER.get()
    return _ABOUT.get() if later is None else {**_ABOUT.get(), **later()}


def about_later(facts: Callable[[], Mapping[str, object]] | None) -> None:
    """Say more of the running task, worked out only when a line is logged: for where there is no time to lose.

    What was said so before is forgotten; `None` says nothing.
    """
    _LATER.set(facts)


def also_about(**facts: object) -> None:
    """Say more of the running code, for as long as its task or the surrounding `about` lasts."""
    _ABOUT.set({**_ABOUT.get(), **facts})


@contextlib.contextmanager
def about(**facts: object) -> Iterator[None]:
    """Say more of what runs inside."""
    before = _ABOUT.set({**_ABOUT.get(), **facts})
    try:
        yield
    finally:
        _ABOUT.reset(before)
