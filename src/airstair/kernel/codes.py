"""Codes of the field: aircraft registrations, airport codes, currencies. Pure text rules, no look-up."""

from __future__ import annotations

import re

from airstair.kernel.errors import Invalid

_REGISTRATION = re.compile(r"^(?=.{2,10}$)[A-Z0-9]+(-[A-Z0-9]+)?$")
_ICAO = re.compile(r"^[A-Z][A-Z0-9]{3}$")
_IATA = re.compile(r"^[A-Z]{3}$")
_CURRENCY = re.compile(r"^[A-Z]{3}$")


def registration(text: str, field: str = "registration") -> str:
    """The registration in its written form: upper case, no blanks, hyphen as the state writes it.

    Raises `Invalid` when it is not two to ten letters and digits with at most one hyphen.
    """
    tidy = text.strip().upper().replace(" ", "")
    if not _REGISTRATION.match(tidy):
        raise Invalid.one(
            field, f"“{text}” is not a registration. Use two to ten letters and digits, such as N14923 or SP-KXA."
        )
    return tidy


def same_registration(one: str, other: str) -> bool:
    """Whether two spellings mean the same aircraft: partners drop the hyphen or change the case."""
    return one.upper().replace("-", "") == other.upper().replace("-", "")


def looks_like_icao(text: str) -> bool:
    return bool(_ICAO.match(text))


def looks_like_iata(text: str) -> bool:
    return bool(_IATA.match(text))


def currency(text: str, field: str = "currency") -> str:
    """An ISO 4217 code in capitals. Raises `Invalid` when it is not three letters."""
    tidy = text.strip().upper()
    if not _CURRENCY.match(tidy):
        raise Invalid.one(field, f"“{text}” is not a currency. Use three letters, such as EUR or USD.")
    return tidy
