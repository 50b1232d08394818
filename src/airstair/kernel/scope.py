"""For which operator the code under way works: what row-level security lets it see and write.

Entrances open a scope (a page once somebody is signed in, a command line, a job, the engine); what runs inside need not
name it. Without one, no operator's row exists. Nothing is told to the database here: `changes/sessions.py` does that.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ALL = "*"
NOBODY = ""

_scope: ContextVar[str] = ContextVar("airstair.operator", default=NOBODY)


def current() -> str:
    """The operator's id as text; `ALL`; or `NOBODY`, where no scope is open."""
    return _scope.get()


@contextmanager
def operator_scope(operator_id: int) -> Iterator[None]:
    """Inside, this operator's rows exist and no others."""
    with _open(str(int(operator_id))):
        yield


@contextmanager
def all_operators() -> Iterator[None]:
    """Inside, every operator's rows exist. For what cannot know whose they are yet, or looks after all of them alike.

    `tests/tenancy` keeps the list of who may, with reasons.
    """
    with _open(ALL):
        yield


@contextmanager
def no_operator() -> Iterator[None]:
    """Inside, no operator's row exists, whatever scope is open outside."""
    with _open(NOBODY):
        yield


@contextmanager
def _open(scope: str) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)
