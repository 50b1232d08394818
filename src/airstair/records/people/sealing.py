"""Dates of birth and numbers of documents as they are stored: sealed with a key of each operator's own."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from airstair.kernel import sealing
from airstair.records.people.snapshots import Sensitive


def _purpose(operator_id: int) -> str:
    return f"airstair personal details {operator_id}"


def seal_text(operator_id: int, text: str) -> bytes:
    return sealing.seal(settings.SECRET_KEY, _purpose(operator_id), text.encode())


def unseal_text(operator_id: int, sealed: bytes | memoryview) -> str | None:
    """The text; `None` where it was stored under another key of the installation."""
    try:
        return sealing.unseal(settings.SECRET_KEY, _purpose(operator_id), sealed).decode()
    except sealing.WrongKey:
        return None


def seal_born(operator_id: int, born: date | None) -> bytes:
    return seal_text(operator_id, born.isoformat() if born else "")


def unseal_born(operator_id: int, sealed: bytes | memoryview) -> Sensitive:
    text = unseal_text(operator_id, sealed)
    if text is None:
        return Sensitive(readable=False)
    return Sensitive(born=date.fromisoformat(text) if text else None)
