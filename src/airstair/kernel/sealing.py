"""Encrypting what must not be readable in a copy of the database. Pure: the installation's key is an argument.

What is sealed is of no use elsewhere: every purpose (and so every operator) has a key of its own, derived from the
installation's.
"""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class WrongKey(Exception):
    """It was sealed with another key, or for another purpose."""


@lru_cache(maxsize=1000)
def _box(key: str, purpose: str) -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode())
    return Fernet(base64.urlsafe_b64encode(derive.derive(key.encode())))


def seal(key: str, purpose: str, plain: bytes) -> bytes:
    """The bytes as they may be stored. Nothing stays nothing."""
    return _box(key, purpose).encrypt(plain) if plain else b""


def unseal(key: str, purpose: str, sealed: bytes | memoryview) -> bytes:
    """The bytes again. Raises `WrongKey`."""
    if not sealed:
        return b""
    try:
        return _box(key, purpose).decrypt(bytes(sealed))
    except InvalidToken:
        raise WrongKey from None
