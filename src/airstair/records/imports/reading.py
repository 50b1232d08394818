"""A comma-separated file as rows of text, read as a stream and refused with a sentence when it is something else.

Never guesses an encoding and never repairs: a table that was half understood would be a schedule half wrong.
"""

from __future__ import annotations

import contextlib
import csv
import io
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from airstair.kernel.errors import Invalid

MEGABYTE = 1_000_000
LARGEST_FILE = 100 * MEGABYTE
MOST_ROWS = 250_000  # what one transaction and the memory of a small machine hold without trouble
LONGEST_LINE = 64 * 1024  # bytes; a row of a schedule has some hundreds
LONGEST_CELL = 10_000
DELIMITERS = ",;\t"  # a spreadsheet set to a language with decimal commas writes semicolons

_NOT_TEXT = (
    (b"PK\x03\x04", "a spreadsheet or ZIP file"),
    (b"\xd0\xcf\x11\xe0", "an old Excel file"),
    (b"\x1f\x8b", "a compressed file"),
    (b"%PDF", "a PDF"),
    (b"\xff\xfe", "a text file in UTF-16"),
    (b"\xfe\xff", "a text file in UTF-16"),
)
_SAVE_AS = "Save it as “CSV UTF-8” and import that."


class Row(NamedTuple):
    """One row by its number as a spreadsheet shows it (the header is row 1), with its cells in file order."""

    number: int
    cells: list[str]


class Table:
    """An open table: its header, and its rows once over. Blank lines count as rows of the file but are not given."""

    def __init__(self, name: str, stream: BinaryIO) -> None:
        self.name = name
        self._lines = _Lines(stream)
        first = next(self._lines, None)
        while first is not None and not first.strip():
            first = next(self._lines, None)
        if first is None:
            raise _refused(f"{name} is empty. Choose the file that has the rows, with a header line at the top.")
        delimiter = max(DELIMITERS, key=first.count)
        self._reader = csv.reader(_again(first, self._lines), delimiter=delimiter, strict=True)
        self._row = self._lines.number - 1
        header = self._next()
        assert header is not None
        self.header = tuple(cell.strip() for cell in header.cells)
        self._check_header()

    def rows(self) -> Iterator[Row]:
        """The rows in order. Raises `Invalid` where the file stops being a table."""
        given = 0
        while (row := self._next()) is not None:
            if not any(cell.strip() for cell in row.cells):
                continue
            given += 1
            if given > MOST_ROWS:
                raise _refused(
                    f"{self.name} has more than {MOST_ROWS:,} rows. Split it into smaller files, by month for example."
                )
            yield row

    def _next(self) -> Row | None:
        before = self._lines.number
        try:
            cells = next(self._reader)
        except StopIteration:
            return None
        except csv.Error as error:
            raise _refused(self._fault(str(error), max(1, before + 1 if self._row else before))) from None
        self._row += 1
        for cell in cells:
            if len(cell) > LONGEST_CELL:
                raise _refused(
                    f"A cell in row {self._row} has {len(cell):,} characters, which looks like a quotation mark that is"
                    f" never closed. Look at line {max(1, before + 1)}."
                )
        return Row(self._row, cells)

    def _fault(self, said: str, line: int) -> str:
        if "unexpected end of data" in said or "field larger" in said:
            return f"A quotation mark in line {line} is never closed. Close it, or write it twice when it is meant."
        return (
            f"Line {line} is not a table row ({said}). Mend the quotation marks in it, or save the file as CSV again."
        )

    def _check_header(self) -> None:
        seen: set[str] = set()
        for cell in self.header:
            if cell and cell.casefold() in seen:
                raise _refused(f"The column “{cell}” is there twice. Remove or rename one of the two.")
            seen.add(cell.casefold())


class _Lines:
    """The file's lines as text, with the number of the last one. Refuses what is no UTF-8 text at its first byte."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        raw = self._stream.readline(LONGEST_LINE + 1)
        if not raw:
            raise StopIteration
        if self.number == 0:
            raw = self._first(raw)
        self.number += 1
        if len(raw) > LONGEST_LINE:
            raise _refused(
                f"Line {self.number} is longer than {LONGEST_LINE // 1024} KB, so this is no table of rows. {_SAVE_AS}"
            )
        if (at := raw.find(b"\0")) >= 0:
            raise _refused(
                f"Line {self.number} holds a NUL character at byte {at + 1}: the file is binary or damaged. {_SAVE_AS}"
            )
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise _refused(
                f"Line {self.number} is not UTF-8: byte {error.start + 1} of the line is 0x{raw[error.start]:02X}."
                f" {_SAVE_AS}"
            ) from None

    @staticmethod
    def _first(raw: bytes) -> bytes:
        for beginning, what in _NOT_TEXT:
            if raw.startswith(beginning):
                raise _refused(f"This is {what}, not a comma-separated table. {_SAVE_AS}")
        return raw.removeprefix(b"\xef\xbb\xbf")


def _again(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _refused(sentence: str) -> Invalid:
    return Invalid.one("file", sentence)


@contextlib.contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """The table in the file at `path`. Raises `Invalid` when it cannot be read or is no table; reads only as asked."""
    try:
        # Not blocking: a named pipe without a writer would keep us here for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise _refused(f"There is no file {path}. Check the path.") from None
    except PermissionError:
        raise _refused(f"You may not read {path}. Give yourself the right to, or copy the file.") from None
    except (OSError, ValueError) as error:
        raise _refused(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}.") from None
    kind = os.fstat(descriptor)
    if not stat.S_ISREG(kind.st_mode):
        os.close(descriptor)
        if stat.S_ISDIR(kind.st_mode):
            raise _refused(f"{path} is a folder. Name the file in it.")
        raise _refused(f"{path} is a device or pipe. Save what it gives into a file and import that.")
    with os.fdopen(descriptor, "rb", buffering=1 << 20) as stream:
        _check_size(path.name, kind.st_size)
        yield Table(path.name, stream)


def table_of(name: str, content: BinaryIO, size: int) -> Table:
    """The table in an uploaded file. Raises `Invalid` as `open_table` does."""
    _check_size(name, size)
    return Table(name, content if isinstance(content, io.BufferedIOBase) else io.BufferedReader(content))  # type: ignore[type-var]


def _check_size(name: str, size: int) -> None:
    if size > LARGEST_FILE:
        raise _refused(
            f"{name} has {size / MEGABYTE:,.0f} MB; the limit is {LARGEST_FILE // MEGABYTE} MB. Split it into smaller"
            " files, by month for example, and import one after the other."
        )
