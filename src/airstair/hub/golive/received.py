"""What the sandbox received: the calls as they arrived, and what the partner's imitation objects to in them.

The sandbox is another program, which answers alike for every partner. What was received is read only as far as its
own words go, and with none of the code that made it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import aiohttp
import msgspec

from airstair.kernel.errors import Conflict

_KEPT_CALLS = "5000"  # as many as the sandbox keeps
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class ReceivedCall(msgspec.Struct, frozen=True, kw_only=True):
    """One call as it arrived. `status` is `None` when no answer was given; header names in any case.

    `aircraft`: the registration that it is about, as the partner reads it; `None` where it is about none. `fault`: the
    switch that struck it, by its name.
    """

    at: datetime
    method: str
    path: str
    headers: dict[str, str]
    body: str
    seq: int = 0
    aircraft: str | None = None
    status: int | None = None
    answer: str = ""
    answer_headers: dict[str, str] = {}
    fault: str | None = None

    @property
    def spoiled(self) -> bool:
        """Whether a fault that was switched on kept the answer from arriving as it should."""
        return self.fault is not None and not self.fault.startswith("latency")

    @property
    def succeeded(self) -> bool:
        """Whether a whole answer in the two hundreds went out."""
        return self.status is not None and 200 <= self.status < 300 and not self.spoiled

    @property
    def answered_as_usual(self) -> bool:
        """Whether the partner was well when it answered, be it with yes or no."""
        return self.status is not None and self.status < 500 and self.status != 429 and not self.spoiled

    @property
    def writes(self) -> bool:
        """Whether it may have changed something there."""
        return self.method not in _READING

    @property
    def place(self) -> str:
        """The path without its query, and without a slash at its end."""
        return self.path.partition("?")[0].rstrip("/")

    @property
    def asked_to_wait(self) -> timedelta:
        """For how long the answer wanted no other call, as far as Retry-After says it in seconds."""
        wait = _header(self.answer_headers, "Retry-After").strip()
        return timedelta(seconds=int(wait)) if re.fullmatch(r"[0-9]{1,6}", wait) else timedelta(0)

    def header(self, name: str) -> str:
        """The value of a header; empty when it is absent."""
        return _header(self.headers, name)


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), "")


class Upload:
    """One received call about an aircraft. `document`: its body as JSON; `None` when that cannot be read."""

    hint = "If it was edited since, check again after the next call."  # where it is not as the record says

    def __init__(self, registration: str, call: ReceivedCall) -> None:
        self.registration = registration
        self.call = call

    @cached_property
    def document(self) -> Any:
        try:
            return msgspec.json.decode(self.call.body)
        except (msgspec.DecodeError, UnicodeError):
            return None

    @property
    def when(self) -> str:
        """For evidence."""
        return f"{self.call.at:%d %b %H:%M}Z"

    @property
    def where(self) -> str:
        """For evidence about a part of it."""
        return f"in the call of {self.when}"


async def received(sandbox_url: str, addon_key: str) -> tuple[tuple[ReceivedCall, ...], dict[str, Any]]:
    """The calls that the sandbox keeps, oldest first, and the imitation's audit of all there ever were.

    Raises `Conflict` when it does not answer.
    """
    control = f"{sandbox_url.rstrip('/')}/control/{addon_key}"
    timeout = aiohttp.ClientTimeout(total=30)
    try:
        async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
            async with session.get(f"{control}/calls", params={"limit": _KEPT_CALLS}) as answer:
                kept = msgspec.json.decode(await answer.read(), type=tuple[ReceivedCall, ...])
            async with session.get(f"{control}/audit") as answer:
                return kept, msgspec.json.decode(await answer.read(), type=dict[str, Any])
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as failure:
        raise Conflict(
            f"The sandbox at {sandbox_url} does not answer as one ({failure}). Start it with: airstair sandbox."
        ) from None
