"""Encrypting what must not be readable in a copy of the database: client secrets and tokens."""

from __future__ import annotations

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=4)
def _box(key: str) -> Fernet:
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"connect tokens")
    return Fernet(base64.urlsafe_b64encode(derive.derive(key.encode())))


def seal(plain: str) -> str:
    """The text as it may be stored. Nothing stays nothing."""
    return _box(settings.SECRET_KEY).encrypt(plain.encode()).decode() if plain else ""


def unseal(sealed: str) -> str:
    """The text again; nothing, when the installation's key has changed since: the connection is then made anew."""
    if not sealed:
        return ""
    try:
        return _box(settings.SECRET_KEY).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return ""
