"""Partners' secrets: encrypted at rest, written and replaced, never shown again."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from django.conf import settings

from airstair.kernel import sealing
from airstair.kernel.errors import AirstairError


class SecretsUnreadable(AirstairError):
    """The stored secrets were encrypted with another key."""

    def __init__(self) -> None:
        super().__init__(
            "The stored credentials cannot be read with this installation's key. Start with the AIRSTAIR_SECRET_KEY"
            " that they were saved under, or enter them again with CHANGE."
        )


def _purpose(operator_id: int) -> str:
    # One key for each operator, so that one operator's ciphertext is of no use in another's row.
    return f"airstair connection secrets {operator_id}"


def seal(operator_id: int, secrets: Mapping[str, str]) -> bytes:
    """The secrets as stored. No secrets are no bytes."""
    plain = msgspec.json.encode(dict(secrets)) if secrets else b""
    return sealing.seal(settings.SECRET_KEY, _purpose(operator_id), plain)


def unseal(operator_id: int, sealed: bytes | memoryview) -> dict[str, str]:
    """The secrets again. Raises `SecretsUnreadable`."""
    if not sealed:
        return {}
    try:
        plain = sealing.unseal(settings.SECRET_KEY, _purpose(operator_id), sealed)
    except sealing.WrongKey:
        raise SecretsUnreadable from None
    return msgspec.json.decode(plain, type=dict[str, str])
