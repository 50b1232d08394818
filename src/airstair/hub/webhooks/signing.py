"""The installation's key pairs for signing calls: made when first needed, the private one kept encrypted.

A pair that was encrypted under another AIRSTAIR_SECRET_KEY is of no use any more, and is replaced: receivers fetch the
public key again.
"""

from __future__ import annotations

from functools import lru_cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.db import transaction

from airstair.hub.webhooks.models import SigningKey
from airstair.kernel import sealing

_BITS = 2048
_PURPOSE = "airstair webhook signing"


def public_key(name: str) -> str:
    """The public key, as PEM."""
    return _pair(name)[1]


def private_key(name: str) -> rsa.RSAPrivateKey:
    return _loaded(_pair(name)[0])


def _pair(name: str) -> tuple[bytes, str]:
    """The pair as it is stored, PEM both; one worker makes it, however many ask at once."""
    row = SigningKey.objects.filter(name=name).first()
    if row is not None and (found := _opened(row)) is not None:
        return found, row.public
    with transaction.atomic():
        made, public = _make()
        sealed = sealing.seal(settings.SECRET_KEY, _PURPOSE, made)
        SigningKey.objects.bulk_create([SigningKey(name=name, private=sealed, public=public)], ignore_conflicts=True)
        row = SigningKey.objects.select_for_update().get(name=name)
        found = _opened(row)
        if found is None:
            SigningKey.objects.filter(name=name).update(private=sealed, public=public)
            return made, public
    return found, row.public


def _opened(row: SigningKey) -> bytes | None:
    try:
        return sealing.unseal(settings.SECRET_KEY, _PURPOSE, row.private)
    except sealing.WrongKey:
        return None


def _make() -> tuple[bytes, str]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private, public.decode()


@lru_cache(maxsize=4)
def _loaded(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
