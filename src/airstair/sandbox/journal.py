"""The calls a partner received, latest last: what came, what was answered, which fault struck.

Bounded in number and in bytes, so that a sandbox left running for weeks does not fill the machine; secrets are
masked before anything is kept.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

KEPT_CALLS = 5_000
KEPT_BYTES = 64 * 1024 * 1024
LONGEST_TEXT = 2 * 1024 * 1024

_SECRET_HEADER = re.compile(r"authorization|token|cookie|secret|password|api-?key", re.IGNORECASE)
_SECRET_FIELD = re.compile(
    r"((?:client_secret|client_assertion|password|access_token|refresh_token)\"?\s*[=:]\s*\"?)([^\"&\s,}]+)",
    re.IGNORECASE,
)


class CallRecord(msgspec.Struct, frozen=True):
    """One call. `status` is None when no answer was given; `fault` names the switch that struck, if any."""

    seq: int
    at: datetime
    method: str
    path: str
    headers: dict[str, str]
    body: str
    aircraft: str | None
    caller: str | None
    status: int | None
    answer: str
    answer_headers: dict[str, str]
    duration_ms: float
    fault: str | None = None

    @property
    def succeeded(self) -> bool:
        """Whether the client got a whole answer in the two hundreds; a delayed one counts, a spoiled one does not."""
        spoiled = self.fault is not None and not re.fullmatch(r"latency [\d.]+ s", self.fault)
        return self.status is not None and 200 <= self.status < 300 and not spoiled

    def size(self) -> int:
        return len(self.body) + len(self.answer) + 600


def mask(secret: str) -> str:
    """A secret as it may be shown: the scheme and the last four characters, enough to tell two apart."""
    scheme, _, value = secret.rpartition(" ")
    shown = f"…{value[-4:]}" if len(value) >= 16 else "…"
    return f"{scheme} {shown}".strip()


def mask_headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: mask(value) if _SECRET_HEADER.search(name) else value for name, value in headers.items()}


def mask_text(body: str) -> str:
    """A form or JSON body with the values of secret-looking fields taken out."""
    return _SECRET_FIELD.sub(r"\1…", body)


def readable(body: bytes) -> str:
    """A body as text for people: cut where it is enormous, never failing on what is not UTF-8."""
    shown = body[:LONGEST_TEXT].decode("utf-8", errors="replace")
    return mask_text(shown if len(body) <= LONGEST_TEXT else shown + "…")


class Journal:
    """The latest calls of one partner. `KEPT_CALLS` and `KEPT_BYTES` bound it; the oldest go first."""

    def __init__(self, kept_calls: int = KEPT_CALLS, kept_bytes: int = KEPT_BYTES) -> None:
        self._kept_calls = kept_calls
        self._kept_bytes = kept_bytes
        self._calls: deque[CallRecord] = deque()
        self._bytes = 0
        self._seq = 0
        self._unsaved: list[CallRecord] = []

    def next_seq(self) -> int:
        self._seq += 1
        return self._seq

    @property
    def begun(self) -> int:
        """The number of the latest call, ended or not."""
        return self._seq

    def add(self, record: CallRecord) -> None:
        self._keep(record)
        self._unsaved.append(record)

    def _keep(self, record: CallRecord) -> None:
        self._calls.append(record)
        self._bytes += record.size()
        while len(self._calls) > self._kept_calls or (self._bytes > self._kept_bytes and len(self._calls) > 1):
            self._bytes -= self._calls.popleft().size()

    def restore(self, records: Iterable[CallRecord]) -> None:
        for record in records:
            self._keep(record)
            self._seq = max(self._seq, record.seq)

    def clear(self) -> None:
        """Forget the calls; sequence numbers go on."""
        self._calls.clear()
        self._unsaved.clear()
        self._bytes = 0

    def take_unsaved(self) -> list[CallRecord]:
        unsaved, self._unsaved = self._unsaved, []
        return unsaved

    def oldest_seq(self) -> int:
        """Sequence number of the oldest call still kept; what is older may be deleted."""
        return self._calls[0].seq if self._calls else self._seq + 1

    def __len__(self) -> int:
        return len(self._calls)

    def find(self, seq: int) -> CallRecord | None:
        return next((record for record in self._calls if record.seq == seq), None)

    def calls(
        self,
        *,
        aircraft: str | None = None,
        since: datetime | None = None,
        after_seq: int = 0,
        limit: int | None = None,
    ) -> list[CallRecord]:
        """The calls that fit, oldest first; with `limit` the latest so many of them."""
        wanted = same_registration(aircraft) if aircraft is not None else None
        found: list[CallRecord] = []
        for record in reversed(self._calls):
            if record.seq <= after_seq or (limit is not None and len(found) >= limit):
                break
            if since is not None and record.at < since:
                continue
            if wanted is not None and (record.aircraft is None or same_registration(record.aircraft) != wanted):
                continue
            found.append(record)
        found.reverse()
        return found


def same_registration(registration: str) -> str:
    """A registration reduced to what decides whether two are the same: SP-KXA and spkxa are."""
    return re.sub(r"[^0-9A-Z]", "", registration.upper())
