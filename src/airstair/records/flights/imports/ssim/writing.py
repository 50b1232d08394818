"""Records as an SSIM file's text: 200 columns a line, numbered through, each carrier with its trailer."""

from __future__ import annotations

from typing import Any

import msgspec

from airstair.records.flights.imports.ssim import records as rec
from airstair.records.flights.imports.ssim.fields import OPEN, Unfit, write_field

LINE_END = "\r\n"
_MOST_LINES = 999_999


def write_ssim(file: rec.SsimFile) -> str:
    """The text. Raises `Unfit` for a value that has no place in its columns. Notes are not written."""
    lines: list[str] = []
    _add(lines, "1" + rec.DATA_SET, {"seasons": file.seasons, "serial": file.serial}, rec.HEADER)
    for block in file.blocks:
        _add(lines, "2", msgspec.structs.asdict(block.carrier), rec.CARRIER, blank_days=True)
        for leg in block.legs:
            values = msgspec.structs.asdict(leg)
            if not leg.weekdays:
                raise Unfit(f"{leg.title} flies on no day. Give its days of the week.")
            _add(lines, "3", values, rec.LEG)
            for segment in leg.segments:
                _add(lines, "4", values | msgspec.structs.asdict(segment), (*rec.KEY, *rec.SEGMENT))
        _trailer(lines, block.carrier)
    return LINE_END.join(lines) + LINE_END


def _add(
    lines: list[str],
    begins: str,
    values: dict[str, Any],
    columns: tuple[rec.Column, ...],
    *,
    blank_days: bool = False,
) -> None:
    """Another line. `blank_days`: a day that is not known is left blank, rather than open."""
    signs = list(begins.ljust(rec.WIDTH))
    for column in columns:
        text = write_field(column, values[column.field])
        if blank_days and text == OPEN:
            text = " " * len(OPEN)
        signs[column.first - 1 : column.last] = text
    _number(lines, signs)


def _number(lines: list[str], signs: list[str]) -> None:
    if len(lines) >= _MOST_LINES:
        raise Unfit("An SSIM file has at most 999,999 lines. Write fewer flights into it.")
    signs[rec.SERIAL.first - 1 :] = f"{len(lines) + 1:06}"
    lines.append("".join(signs))


def _trailer(lines: list[str], carrier: rec.Carrier) -> None:
    signs = list("5".ljust(rec.WIDTH))
    signs[2:5] = carrier.airline.ljust(3)
    if carrier.released is not None:
        signs[5:12] = write_field(rec.Column("released", 6, 12, rec.Kind.DAY), carrier.released)
    signs[187:194] = f"{len(lines):06}E"
    _number(lines, signs)
