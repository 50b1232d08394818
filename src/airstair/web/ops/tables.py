"""A table that people look at as a file: CSV, or a workbook for Excel. Holds no rule about one page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

import xlsxwriter
from django.http import HttpResponse

# A spreadsheet takes a text that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_WIDEST = 40


class Format(StrEnum):
    """What a table can be handed out as."""

    CSV = "csv"
    EXCEL = "xlsx"


def table_file(kind: Format, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """The table as a download. Times are UTC, durations hours and minutes; `name` is without its ending."""
    made = _csv(header, rows) if kind is Format.CSV else _excel(name, header, rows)
    types = {
        Format.CSV: "text/csv; charset=utf-8",
        Format.EXCEL: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
    response = HttpResponse(made, content_type=types[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.{kind.value}"'
    return response


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([_text(value) for value in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")  # with the mark by which Excel knows UTF-8


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%MZ}"
    if isinstance(value, timedelta):
        minutes = value // timedelta(minutes=1)
        return f"{minutes // 60}:{minutes % 60:02d}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _excel(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(made, options) as book:
        sheet = book.add_worksheet(name[:31])
        bold = book.add_format({"bold": True})
        kinds = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            timedelta: book.add_format({"num_format": "[h]:mm"}),
        }
        widths = [len(word) for word in header]
        sheet.write_row(0, 0, header, bold)
        for at, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if value is None:
                    continue
                plain = value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value
                plain = float(plain) if isinstance(plain, Decimal) else plain
                sheet.write(at, column, plain, kinds.get(type(value)))
                widths[column] = max(widths[column], len(_text(value)))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, min(width, _WIDEST) + 2)
        sheet.freeze_panes(1, 0)
    return made.getvalue()
