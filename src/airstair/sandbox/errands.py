"""Makes the calls that imitations want made: partners that come to Airstair are clients of it.

An imitation names its errands and hears what came of them (`partner.py`); sockets are this module's alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

import aiohttp

from airstair.sandbox.partner import Errand, Returned

Carrier = Callable[[Errand, datetime], Awaitable[Returned]]
_TIMEOUT = aiohttp.ClientTimeout(total=20)
_LONGEST = 4 * 1024 * 1024  # bytes of an answer


async def carry(errand: Errand, now: datetime) -> Returned:
    """Make the call. Never raises: why there is no answer is part of what comes back."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.request(
                errand.method, errand.url, headers=errand.headers, data=errand.body or None, allow_redirects=False
            ) as response,
        ):
            body = await response.content.read(_LONGEST)
            while len(body) < _LONGEST and not response.content.at_eof():
                body += await response.content.read(_LONGEST - len(body))
            return Returned(errand, now, response.status, dict(response.headers), body)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as problem:
        return Returned(errand, now, failure=f"No answer from {errand.url}: {problem or type(problem).__name__}.")
