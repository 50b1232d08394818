"""Slows down guessing of passwords: counts failed sign-ins by address and email, as fingerprints, in Django's cache.

With the default cache that is this process's own memory: it stops a script, and forgets with a restart.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

PER_PERSON, PER_ADDRESS = 5, 30
WINDOW_SECONDS = 5 * 60


def too_many(address: str, email: str) -> bool:
    """Whether this address must wait before it may try this email again."""
    person, everybody = _keys(address, email)
    counts = cache.get_many([person, everybody])
    return bool(counts.get(person, 0) >= PER_PERSON or counts.get(everybody, 0) >= PER_ADDRESS)


def failed(address: str, email: str) -> None:
    """Count a failure. The window starts with the first one."""
    for key in _keys(address, email):
        if not cache.add(key, 1, WINDOW_SECONDS):
            try:
                cache.incr(key)
            except ValueError:  # it ran out between the two calls
                cache.add(key, 1, WINDOW_SECONDS)


def succeeded(address: str, email: str) -> None:
    """Forget the failures of this email from this address."""
    cache.delete(_keys(address, email)[0])


def _keys(address: str, email: str) -> tuple[str, str]:
    person, everybody = (
        hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]
        for text in (f"{address}|{email.strip().lower()}", address)
    )
    return f"sign-in:person:{person}", f"sign-in:address:{everybody}"
