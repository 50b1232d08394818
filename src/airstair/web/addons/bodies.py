"""Bodies of calls as people read them: JSON laid out, with the parts that a message is about marked. Pure.

A body can be anything, also half an answer or a picture: what is not JSON is shown as text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LONGEST_SHOWN = 300_000  # bytes laid out on a page; the whole is there as a file
_LONGEST_LINE = 108


@dataclass(frozen=True)
class Piece:
    """A run of text. `part` is the number of the marked part it belongs to, `field` whether it is the wrong field."""

    text: str
    part: int | None = None
    field: bool = False
    first: bool = False  # of its part, where links lead to


@dataclass(frozen=True)
class ShownBody:
    pieces: list[Piece]
    size: int
    is_json: bool
    cut: bool


class _Figure(str):
    """A number in the digits that were sent."""

    __slots__ = ()


class _Object(list[tuple[str, Any]]):
    """An object with its keys in order, doubled ones included."""


def shown(body: bytes, *, parts: int = 0, marks: Mapping[int, frozenset[str]] | None = None) -> ShownBody:
    """The body laid out. `parts`: how many parts the document holds; `marks`: number of a part → its wrong fields."""
    if len(body) > LONGEST_SHOWN:
        return ShownBody([Piece(_printable(body[:LONGEST_SHOWN]))], len(body), is_json=False, cut=True)
    try:
        value = json.loads(
            body, object_pairs_hook=_Object, parse_float=_Figure, parse_int=_Figure, parse_constant=_Figure
        )
        pieces = _Writer(_list_of_parts(value, parts), marks or {}).written(value)
    except (ValueError, RecursionError):  # not JSON, or nested deeper than anybody reads
        return ShownBody([Piece(_printable(body))] if body else [], len(body), is_json=False, cut=False)
    return ShownBody(pieces, len(body), is_json=True, cut=False)


def _printable(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\0", "\N{SYMBOL FOR NULL}")


def _list_of_parts(value: Any, parts: int) -> list[Any] | None:
    """The first list, from the outside in, that has as many objects as the document has parts."""
    level = [value]
    while level and parts:
        for one in level:
            is_list = isinstance(one, list) and not isinstance(one, _Object)
            if is_list and len(one) == parts and all(isinstance(item, _Object) for item in one):
                found: list[Any] = one
                return found
        level = [inner for one in level for inner in _inside(one)]
    return None


def _inside(value: Any) -> list[Any]:
    if isinstance(value, _Object):
        return [inner for _, inner in value]
    return list(value) if isinstance(value, list) else []


class _Writer:
    """Lays out one value, two blanks a level, short things on one line."""

    def __init__(self, marked_list: list[Any] | None, marks: Mapping[int, frozenset[str]]) -> None:
        self._marked_list = marked_list
        self._marks = marks
        self._pieces: list[Piece] = []
        self._text: list[str] = []
        self._part: int | None = None
        self._field = False
        self._first = False

    def written(self, value: Any) -> list[Piece]:
        self._write(value, 0)
        self._close()
        return self._pieces

    def _close(self) -> None:
        """End the run of text that looks alike."""
        if self._text:
            text = "".join(self._text).encode("utf-8", "replace").decode()  # half a surrogate cannot be sent
            self._pieces.append(Piece(text, self._part, self._field, self._first))
            self._text, self._first = [], False

    def _write(self, value: Any, depth: int, *, holds_wrong_field: bool = False) -> None:
        """A part with a wrong field is laid out however short it is, so that the field can be marked."""
        is_marked_list = value is not None and value is self._marked_list
        if not is_marked_list and not holds_wrong_field:
            line = _in_one_line(value, _LONGEST_LINE - 2 * depth)
            if line is not None:
                self._text.append(line)
                return
        if isinstance(value, _Object):
            self._items("{", "}", list(value), depth)
        else:
            self._items("[", "]", [(None, inner) for inner in value], depth, marked=is_marked_list)

    def _items(
        self, opening: str, closing: str, items: list[tuple[str | None, Any]], depth: int, *, marked: bool = False
    ) -> None:
        if not items:
            self._text.append(opening + closing)
            return
        inner, outside = "\n" + "  " * (depth + 1), self._part
        fields = self._marks.get(outside, frozenset()) if outside is not None else frozenset()
        self._text.append(opening)
        for number, (key, value) in enumerate(items):
            self._text.append(inner)
            is_part = marked and number in self._marks
            if is_part:
                self._close()
                self._part, self._first = number, True
            wrong = key is not None and key in fields and not self._field
            if wrong:
                self._close()
                self._field = True
            if key is not None:
                self._text.append(json.dumps(key, ensure_ascii=False) + ": ")
            self._write(value, depth + 1, holds_wrong_field=is_part and bool(self._marks[number]))
            if wrong:
                self._close()
                self._field = False
            if is_part:
                self._close()
                self._part = outside
            self._text.append("," if number < len(items) - 1 else "")
        self._text.append("\n" + "  " * depth + closing)


def _in_one_line(value: Any, room: int) -> str | None:
    """The value on one line, if it fits in so many characters and holds nothing nested twice."""
    if isinstance(value, _Figure):
        return str(value)
    if isinstance(value, str) or value is None or isinstance(value, bool):
        return json.dumps(value, ensure_ascii=False)
    if len(value) > 12 or any(isinstance(inner, list) for inner in _inside(value)):
        return None
    if isinstance(value, _Object):
        text = ", ".join(f"{json.dumps(key, ensure_ascii=False)}: {_in_one_line(one, room)}" for key, one in value)
        text = "{" + text + "}"
    else:
        text = "[" + ", ".join(str(_in_one_line(one, room)) for one in value) + "]"
    return text if len(text) <= room else None
