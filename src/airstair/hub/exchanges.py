"""What the call log keeps of a call: what went out, and what came back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec


class Exchange(msgspec.Struct, kw_only=True):
    """What went out and what came back, for the call log; without secrets, but for `sent`.

    `sent`: the body as it went out. It is for comparing, and never written down: `request_body` is.
    """

    at: datetime
    method: str
    url: str
    request_headers: dict[str, str]
    sent: bytes
    hide: Callable[[bytes], bytes]
    duration_ms: float = 0.0
    status: int | None = None
    response_headers: dict[str, str] = {}
    response_body: bytes = b""
    failure: str = ""

    @property
    def request_body(self) -> bytes:
        """What was sent, without secrets. Looked for only now: most bodies are in the call log from an earlier call."""
        return self.hide(self.sent)

    def __repr__(self) -> str:
        return f"<{self.method} {self.url}: {self.status}>"
