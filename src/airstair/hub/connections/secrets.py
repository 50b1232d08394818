"""Partners' secrets: encrypted at rest, written and replaced, never shown again."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from airstair.kernel.errors import AirstairError


class SecretsUnreadable(AirstairError):
    """The stored secrets were encrypted with another key."""

    def __init__(self) -> None:
        super().__init__(
            "The stored credentials cannot be read with this installation's key. Start with the AIRSTAIR_SECRET_KEY"
            " that they were saved under, or enter them again with CHANGE."
        )


def _box(operator_id: int) -> Fernet:
    # One key for each operator, so that one operator's ciphertext is of no use in another's row.
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=f"airstair connection secrets {operator_id}".encode())
    return Fernet(base64.urlsafe_b64encode(derive.derive(settings.SECRET_KEY.encode())))


def seal(operator_id: int, secrets: Mapping[str, str]) -> bytes:
    """The secrets as stored. No secrets are no bytes."""
    return _box(operator_id).encrypt(msgspec.json.encode(dict(secrets))) if secrets else b""


def unseal(operator_id: int, sealed: bytes | memoryview) -> dict[str, str]:
    """The secrets again. Raises `SecretsUnreadable`."""
    if not sealed:
        return {}
    try:
        return msgspec.json.decode(_box(operator_id).decrypt(bytes(sealed)), type=dict[str, str])
    except InvalidToken:
        raise SecretsUnreadable from None
