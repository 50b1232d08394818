"""Readings of many things at once: whoever hands out a list says what will be wanted, the first who asks fetches all.

So a query of five hundred flights costs as many statements as a query of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Loader(Generic[Key, Value]):
    """One kind of thing, by its key, within one request. `fetch` takes keys and a fixed number of statements."""

    def __init__(self, fetch: Callable[[list[Key]], Mapping[Key, Value]]) -> None:
        self._fetch = fetch
        self._expected: dict[Key, None] = {}  # in order, each once
        self._found: dict[Key, Value | None] = {}

    def expect(self, keys: Iterable[Key]) -> None:
        """These will be asked for. No statement."""
        for key in keys:
            if key not in self._found:
                self._expected[key] = None

    def get(self, key: Key) -> Value | None:
        """The thing, or `None` where there is none. Fetches whatever is expected and not fetched yet."""
        if key not in self._found:
            self._expected[key] = None
            wanted = list(self._expected)
            self._expected.clear()
            found = self._fetch(wanted)
            self._found.update({one: found.get(one) for one in wanted})
        return self._found[key]

    def know(self, key: Key, value: Value) -> None:
        """It is at hand already."""
        self._found[key] = value

    def forget(self) -> None:
        """What was read is old: something was written."""
        self._found.clear()
