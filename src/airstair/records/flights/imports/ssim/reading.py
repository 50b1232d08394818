"""An SSIM file's text as records. Tolerant of line ends, padding and lines cut short; a bad line spoils no other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from airstair.kernel.errors import Invalid
from airstair.records.flights.imports.ssim import records as rec
from airstair.records.flights.imports.ssim.fields import Unfit, read_field

_LINE_END = re.compile(r"\r\n|\r|\n")  # not splitlines(): it takes more signs for the end of a line
_PADDING = re.compile(r"0*")
_NEEDED = {"airline": "the airline", "number": "the flight number", "adep": "the departure station",
           "ades": "the arrival station", "period_from": "the period", "std": "the departure time",
           "sta": "the arrival time", "weekdays": "the days of the week"}  # fmt: skip
LONGEST_TITLE = 40
R = TypeVar("R", bound=msgspec.Struct)


def read_ssim(text: str) -> rec.SsimFile:
    """The file. Lines that cannot be read are in its `notes`. Raises `Invalid` for text that is no such file at all."""
    return _Reading().of(_LINE_END.split(text))


class _Reading:
    """A file while it is read: the carrier whose legs come, and the leg whose segments come."""

    def __init__(self) -> None:
        self.header: dict[str, Any] = {}
        self.carriers: list[rec.Carrier] = []
        self.legs: list[list[rec.Leg]] = []
        self.segments: list[rec.Segment] = []
        self.notes: list[rec.Note] = []
        self.leg_key = ""
        self.recognised = False

    def of(self, lines: Iterable[str]) -> rec.SsimFile:
        for number, written in enumerate(lines, start=1):
            line = written.rstrip("\x1a\r\n").ljust(rec.WIDTH)
            if not line.strip() or _PADDING.fullmatch(line.strip()):
                continue
            try:
                self._line(line)
            except Unfit as why:
                self.notes.append(rec.Note(number, _title_of(line), str(why)))
        self._close_leg()
        if not self.recognised:
            raise Invalid.one("file", "This is no SSIM chapter 7 file: it has no line for a carrier or a flight leg.")
        blocks = (rec.Block(carrier=c, legs=tuple(legs)) for c, legs in zip(self.carriers, self.legs, strict=True))
        return rec.SsimFile(blocks=tuple(blocks), notes=tuple(self.notes), **self.header)

    def _line(self, line: str) -> None:
        match line[0]:
            case "1":
                if rec.DATA_SET in line:
                    self.header = _fields(rec.HEADER, line)
            case "2":
                self._close_leg()
                self.carriers.append(_record(rec.Carrier, rec.CARRIER, line))
                self.legs.append([])
                self.recognised = True
            case "3":
                self._close_leg()
                self._leg(line)
            case "4":
                self._segment(line)
            case "5":
                self._close_leg()
            case other:
                raise Unfit(f"A line begins with 1 to 5 for what it is, this one with “{other}”. It is left out.")

    def _leg(self, line: str) -> None:
        if not self.carriers:
            raise Unfit("There is no carrier line before it, so nobody can say in which time it is written.")
        self.recognised = True
        leg = _record(rec.Leg, rec.LEG, line)
        if not leg.weekdays:
            raise Unfit("The days of the week (columns 29 to 35) are missing.")
        if leg.period_to is not None and leg.period_to < leg.period_from:
            raise Unfit(f"Its period ends {leg.period_to:%d %b %Y}, before it begins.")
        self.legs[-1].append(leg)
        self.leg_key = line[1:14]

    def _segment(self, line: str) -> None:
        if not self.legs or not self.legs[-1] or line[1:14] != self.leg_key:
            raise Unfit("It is about another flight than the line before it, so it is left out.")
        self.segments.append(_record(rec.Segment, rec.SEGMENT, line))

    def _close_leg(self) -> None:
        """What was said about the latest leg belongs to it."""
        if self.segments:
            self.legs[-1][-1] = msgspec.structs.replace(self.legs[-1][-1], segments=tuple(self.segments))
            self.segments = []
        self.leg_key = ""


def _record(kind: type[R], columns: tuple[rec.Column, ...], line: str) -> R:
    found = _fields(columns, line)
    defaults = {one.name for one in msgspec.structs.fields(kind) if not one.required}
    for name, value in found.items():
        if name not in defaults and (value is None or value == ""):
            raise Unfit(f"It says nothing about {_NEEDED.get(name, name)}.")
    return kind(**found)


def _fields(columns: tuple[rec.Column, ...], line: str) -> dict[str, Any]:
    return {column.field: read_field(column, line) for column in columns}


def _title_of(line: str) -> str:
    """What a person finds the line by: the flight, or what it begins with."""
    if line[0] in "34":
        return " ".join(f"{line[2:5].strip()}{line[5:9].strip()}{line[1].strip()} {line[36:39].strip()}".split())
    return line[:LONGEST_TITLE].strip()
