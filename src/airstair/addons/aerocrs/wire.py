"""AeroCRS's messages as types, in its own words. Strict in what is sent, tolerant in what is read.

Sources: [REF] docs.aerocrs.com, reference pages; [COLLECTOR] the comments of a public collector of schedules that runs
against a real airline and repeats the vendor's words.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec


class Parms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What getSchedule takes [COLLECTOR]. The days are local ones; the spelling of `parms` is AeroCRS's [REF]."""

    fltsFROMperiod: str
    fltsTOperiod: str
    codeformat: str
    soldonline: bool
    ssim: bool
    companycode: str = ""


class Flight(msgspec.Struct, frozen=True, kw_only=True):
    """One period of one flight in the JSON form [COLLECTOR]. What is missing is empty, and judged later."""

    fltnumber: str | int = ""
    fromdestination: str = ""
    todestination: str = ""
    std: str = ""  # local, 07:10
    sta: str = ""
    weekdaysun: bool | None = False
    weekdaymon: bool | None = False
    weekdaytue: bool | None = False
    weekdaywed: bool | None = False
    weekdaythu: bool | None = False
    weekdayfri: bool | None = False
    weekdaysat: bool | None = False
    accode: str | None = ""
    fltsfromperiod: str = ""
    fltstoperiod: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What every answer says [REF]: whether it worked, why not, and the flights as one text or as records."""

    success: bool
    details: tuple[str, ...] = ()
    flight: str | list[Any] | None = None


def body(parms: Parms) -> bytes:
    """The envelope of every request [REF]."""
    return msgspec.json.encode({"aerocrs": {"parms": parms}})


def read_answer(written: bytes) -> Answer | None:
    """The answer; `None` for what is not AeroCRS's: HTML, half a body, another's JSON.

    Not msgspec: the SSIM form carries line ends as they are inside of a JSON text [COLLECTOR], which is against the
    standard; only the standard library's reader can be told to take it. The envelope is sometimes missing.
    """
    try:
        found = json.loads(written.decode("utf-8"), strict=False)
    except (ValueError, RecursionError):
        return None
    inner = found.get("aerocrs", found) if isinstance(found, dict) else None
    if not isinstance(inner, dict) or "success" not in inner:
        return None
    details = inner.get("details")
    said = details.get("detail") if isinstance(details, dict) else details
    words = tuple(str(one) for one in said) if isinstance(said, list) else ((str(said),) if said else ())
    flight = inner.get("flight")
    return Answer(
        success=str(inner["success"]).lower() == "true",
        details=words,
        flight=flight if isinstance(flight, str | list) else None,
    )
