"""Slows down guessing of passwords: counts failed sign-ins by address and email.

The counts live in Django's cache: with the default cache that is each web process's own memory, so several processes
allow several times as many attempts, and a restart forgets them. That stops a script without needing a table; a
shared cache (`CACHES`) makes the limit exact. Emails are kept as fingerprints only.
"""

from __future__ import annotations

import hashlib

from django.core.cache import cache

PER_PERSON = 5  # failures of one email from one address
PER_ADDRESS = 30  # failures of all emails from one address
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
    fingerprint = hashlib.sha256(f"{address}|{email.strip().lower()}".encode("utf-8", "replace")).hexdigest()[:32]
    from_there = hashlib.sha256(address.encode("utf-8", "replace")).hexdigest()[:32]
    return f"sign-in:person:{fingerprint}", f"sign-in:address:{from_there}"
