"""Which column of a file is which field of the record: layouts, how one is chosen by the header, and single cells.

Pure. A layout is a plain table of names; it computes nothing, so that it stays readable and cannot grow into a
programming language.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import msgspec
from rapidfuzz import process
from rapidfuzz.fuzz import WRatio

from airstair.kernel.errors import Invalid, Problems

T = TypeVar("T")


class Field(NamedTuple):
    """A field that a file can fill."""

    name: str
    title: str
    needed: bool = False


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """A named way of reading one kind of file: field of the record → column of the file.

    Every column in `columns` must be in the file; one in `optional` may be missing.
    """

    name: str
    columns: Mapping[str, str]
    optional: Mapping[str, str] = {}

    def missing(self, header: Sequence[str]) -> list[str]:
        there = {tidy(column) for column in header}
        return [column for column in self.columns.values() if tidy(column) not in there]

    def places(self, header: Sequence[str]) -> dict[str, int]:
        """Field → index of its cell in a row of this file."""
        at = {tidy(column): place for place, column in enumerate(header) if column}
        both = {**self.optional, **self.columns}
        return {field: at[tidy(column)] for field, column in both.items() if tidy(column) in at}


def tidy(column: str) -> str:
    """A column's name without regard to case, blanks and underscores."""
    return column.casefold().replace(" ", "").replace("_", "").replace("-", "")


def nearest(word: str, among: Iterable[str], *, limit: int = 3) -> list[str]:
    """Up to `limit` of the words that look most like it, best first; none when nothing is near."""
    found = process.extract(word.upper(), list(among), scorer=WRatio, processor=str.upper, limit=limit, score_cutoff=60)
    return [match for match, _, _ in found]


def or_nothing(suggestions: Sequence[str], before: str = " Did you mean ") -> str:
    """“ Did you mean A, B or C?”, or nothing."""
    if not suggestions:
        return ""
    *most, last = suggestions
    return f"{before}{', '.join(most)}{' or ' if most else ''}{last}?"


def choose_layout(header: Sequence[str], layouts: Sequence[Layout], name: str | None = None) -> Layout:
    """The layout of that name, else the one that fits the header and reads most of it; earlier ones win a draw.

    Raises `Invalid`: no such name, or columns missing, each with the nearest column that the file has.
    """
    if name is not None:
        chosen = next((layout for layout in layouts if layout.name.casefold() == name.strip().casefold()), None)
        if chosen is None:
            names = ", ".join(layout.name for layout in layouts)
            raise Invalid.one("mapping", f"There is no mapping “{name}”. There are: {names}.")
        if chosen.missing(header):
            raise _lacks(header, chosen)
        return chosen
    fitting = [layout for layout in layouts if not layout.missing(header)]
    if fitting:
        return max(fitting, key=lambda layout: len(layout.places(header)))
    closest = max(layouts, key=lambda layout: -len(layout.missing(header)) / len(layout.columns))
    raise _lacks(header, closest)


def _lacks(header: Sequence[str], layout: Layout) -> Invalid:
    used = {tidy(column) for column in layout.columns.values()}
    spare = [column for column in header if column and tidy(column) not in used]
    lacking = []
    for column in layout.missing(header):
        near = nearest(column, spare, limit=2)
        lacking.append(f"“{column}”" + (f" (nearest in the file: {', '.join(near)})" if near else ""))
    return Invalid.one(
        "file",
        f"The file lacks {'a column' if len(lacking) == 1 else 'columns'} of the mapping “{layout.name}”:"
        f" {', '.join(lacking)}. Add what is missing or rename the column, name another mapping, or save a mapping"
        " for this kind of file.",
    )


def check_columns(columns: Mapping[str, str], fields: Sequence[Field]) -> dict[str, str]:
    """A mapping as somebody wrote it, tidied. Raises `Invalid`: unknown or missing field, a column used twice."""
    problems = Problems()
    known = {field.name: field for field in fields}
    tidied: dict[str, str] = {}
    for name, column in columns.items():
        if name not in known:
            near = nearest(name, known)
            problems.add(name, f"There is no such field.{or_nothing(near) or ' There are: ' + ', '.join(known) + '.'}")
        elif not column.strip():
            problems.add(name, "No column is named. Write the column's name as it stands in the header.")
        elif len(column) > 200 or not column.isprintable():
            problems.add(name, "That is no column's name. Write the name as it stands in the header.")
        elif tidy(column) in {tidy(other) for other in tidied.values()}:
            problems.add(name, f"The column “{column.strip()}” is named for another field already. Name another one.")
        else:
            tidied[name] = column.strip()
    for field in fields:
        if field.needed and field.name not in columns:
            problems.add(field.name, f"{field.title} is needed. Say which column has it: {field.name}=COLUMN.")
    problems.refuse()
    return tidied


class Cells:
    """One row's cells by field, with what was found wrong in them."""

    def __init__(self, places: Mapping[str, int], cells: Sequence[str]) -> None:
        self._places = places
        self._cells = cells
        self.problems: list[str] = []

    def text(self, field: str) -> str:
        """The cell without blanks around it; empty when the file has no such column."""
        place = self._places.get(field)
        return "" if place is None else self._cells[place].strip()

    def has(self, field: str) -> bool:
        """Whether the file has a column for the field: an empty cell in it says something, a missing column nothing."""
        return field in self._places

    def needed(self, field: str, title: str) -> str:
        """The cell, which must not be empty."""
        text = self.text(field)
        if not text:
            self.problems.append(f"{title} is missing.")
        return text

    def read(self, field: str, title: str, reader: Callable[[str, str], T]) -> T | None:
        """What `reader(text, title)` makes of the cell; `None` when it is empty or wrong."""
        text = self.text(field)
        if not text:
            return None
        try:
            return reader(text, title)
        except Invalid as wrong:
            self.problems.extend(str(problem) for problem in wrong.problems)
            return None

    def whole(self, field: str, title: str, highest: int) -> int | None:
        """A whole number from nought to `highest`; `None` when the cell is empty."""

        def number(text: str, field: str) -> int:
            digits = text.removesuffix(".0")
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 9 and int(digits) <= highest):
                raise Invalid.one(field, f"“{text[:40]}” is not a whole number from 0 to {highest}.")
            return int(digits)

        return self.read(field, title, number)

    def yes(self, field: str, title: str) -> bool | None:
        """Yes or no, as schedules write it; `None` when the cell is empty."""

        def word(text: str, field: str) -> bool:
            try:
                return _YES_OR_NO[text.casefold()]
            except KeyError:
                raise Invalid.one(field, f"“{text[:40]}” is neither yes nor no. Write yes or no.") from None

        return self.read(field, title, word)


_YES_OR_NO = {
    **dict.fromkeys(("yes", "y", "true", "t", "1", "x"), True),
    **dict.fromkeys(("no", "n", "false", "f", "0"), False),
}
