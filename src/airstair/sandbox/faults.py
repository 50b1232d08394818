"""The fault switches: ways in which a partner can let a client down, none of them particular to one partner.

A fault strikes every call it matches until its count is used up or it is switched off. Delays add up; of the
other faults that match a call the oldest strikes alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from airstair.sandbox.journal import same_registration

KINDS: dict[str, str] = {
    "latency": "Wait `seconds` before the call is worked on.",
    "status": "Answer `status` in the partner's own words; the call is not worked on.",
    "rate_limit": "Answer 429 with Retry-After: `retry_after` seconds.",
    "html": "Answer an HTML page (with `status`, 200 unless given) instead of JSON.",
    "half_body": "Work on the call, then send half of the answer and close the connection.",
    "malformed_json": "Work on the call, then answer JSON that does not parse.",
    "drop_before": "Close the connection before the call is worked on.",
    "drop_after": "Work on the call, then close the connection without an answer.",
    "hang": "Say nothing until switched off or the client goes; only then work on the call.",
    "hang_after": "Work on the call, then say nothing until switched off or the client goes.",
    "expired_credentials": "Refuse the credentials as no longer valid.",
}
STATUSES = (400, 401, 403, 404, 500, 503)
_WORKED_ON = frozenset({"half_body", "malformed_json", "drop_after", "hang_after"})


class Fault(msgspec.Struct, frozen=True):
    """One switch that is on. `count` None means until switched off; `aircraft` None means every call."""

    kind: str
    status: int | None = None
    seconds: float = 5.0
    retry_after: int = 60
    count: int | None = None
    aircraft: str | None = None
    path: str | None = None
    processed: bool = False
    id: int = 0

    def matches(self, aircraft: str | None, path: str) -> bool:
        if self.aircraft is not None and same_registration(self.aircraft) != same_registration(aircraft or ""):
            return False
        return self.path is None or self.path in path

    def sentence(self) -> str:
        """The switch in words, for pages and journals."""
        amount = {"latency": f"{self.seconds:g} s", "status": str(self.status), "rate_limit": f"{self.retry_after} s"}
        where = f" for {self.aircraft}" if self.aircraft else ""
        path = f" on {self.path}" if self.path else ""
        times = f", next {self.count} calls" if self.count is not None else ", until switched off"
        return f"{self.kind} {amount.get(self.kind, '')}".strip() + where + path + times


class WrongFault(ValueError):
    """A switch that cannot be set; the text names the field and the remedy."""


def read_fault(wish: Mapping[str, Any]) -> Fault:
    """A fault from JSON or form values. Raises `WrongFault`.

    Fields: kind (one of `KINDS`), status, seconds, retry_after, count, aircraft, path; empty strings count as absent.
    """
    given = {name: value for name, value in wish.items() if value not in (None, "")}
    unknown = set(given) - set(Fault.__struct_fields__)
    if unknown:
        raise WrongFault(f"Field {sorted(unknown)[0]!r} is unknown. Use {', '.join(Fault.__struct_fields__[:-2])}.")
    kind = given.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        raise WrongFault(f"Field 'kind' must be one of {', '.join(KINDS)}.")
    for name in ("aircraft", "path"):
        if not isinstance(given.get(name, ""), str):
            raise WrongFault(f"Field {name!r} must be text.")
    retry_after = _whole(given, "retry_after", 0, 86_400)
    fault = Fault(
        kind=kind,
        status=_whole(given, "status", 100, 599),
        seconds=_seconds(given.get("seconds", 5.0)),
        retry_after=60 if retry_after is None else retry_after,
        count=_whole(given, "count", 1, 1_000_000),
        aircraft=given.get("aircraft"),
        path=given.get("path"),
        processed=kind in _WORKED_ON,
    )
    if kind == "status" and fault.status not in STATUSES:
        raise WrongFault(f"Field 'status' must be one of {', '.join(map(str, STATUSES))} for kind 'status'.")
    if kind == "html" and fault.status is not None and fault.status < 200:
        raise WrongFault("Field 'status' must be 200 or more for kind 'html'.")
    return fault


def _whole(given: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    if name not in given:
        return None
    try:
        value = int(str(given[name]))
    except ValueError:
        raise WrongFault(f"Field {name!r} must be a whole number.") from None
    if not least <= value <= most:
        raise WrongFault(f"Field {name!r} must be between {least} and {most}.")
    return value


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        raise WrongFault("Field 'seconds' must be a number.") from None
    if not 0 <= seconds <= 3600:
        raise WrongFault("Field 'seconds' must be between 0 and 3600.")
    return seconds


@dataclass(frozen=True, slots=True)
class Strike:
    """What hits one call: a delay, and at most one fault."""

    seconds: float = 0.0
    fault: Fault | None = None

    @property
    def label(self) -> str | None:
        """What the journal says struck this call."""
        names = [f"latency {self.seconds:g} s"] if self.seconds else []
        if self.fault is not None:
            names.append(f"{self.fault.kind} {self.fault.status or ''}".strip())
        return " + ".join(names) or None


class FaultBoard:
    """The switches of one partner."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._ids = itertools.count(1)
        self._changed = asyncio.Event()
        self._hanging: set[int] = set()

    def add(self, kind: str | Fault, **fields: Any) -> Fault:
        """Switch one on: `add("status", status=503, count=2, aircraft="N1")`. Raises `WrongFault`."""
        fault = kind if isinstance(kind, Fault) else read_fault({"kind": kind, **fields})
        fault = msgspec.structs.replace(fault, id=next(self._ids))
        self._faults.append(fault)
        self._notify()
        return fault

    def replace(self, faults: list[Fault]) -> None:
        self.clear()
        for fault in faults:
            self.add(fault)

    def remove(self, fault_id: int) -> bool:
        known = fault_id in self._hanging or any(fault.id == fault_id for fault in self._faults)
        self._faults = [fault for fault in self._faults if fault.id != fault_id]
        self._hanging.discard(fault_id)
        self._notify()
        return known

    def clear(self) -> None:
        self._faults = []
        self._hanging.clear()
        self._notify()

    def all(self) -> list[Fault]:
        return list(self._faults)

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def strike(self, aircraft: str | None, path: str) -> Strike:
        """What hits a call that arrives now; counts go down."""
        seconds, hit = 0.0, None
        used: set[int] = set()
        for fault in self._faults:
            if not fault.matches(aircraft, path):
                continue
            if fault.kind == "latency":
                seconds += fault.seconds
            elif hit is None:
                hit = fault
            else:
                continue
            used.add(fault.id)
        if hit is not None and hit.kind in ("hang", "hang_after"):
            self._hanging.add(hit.id)
        if used:
            self._faults = [left for fault in self._faults if (left := _spent(fault, used)) is not None]
        return Strike(seconds, hit)

    async def released(self, fault: Fault, *, within: float) -> bool:
        """Wait up to `within` seconds of real time; whether a hanging call may go on, its switch being off.

        A hang with a count stays releasable after the count is used up: by its id, or by switching all off.
        """
        changed = self._changed
        if fault.id in self._hanging:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), within)
        return fault.id not in self._hanging


def _spent(fault: Fault, used: set[int]) -> Fault | None:
    if fault.id not in used or fault.count is None:
        return fault
    return msgspec.structs.replace(fault, count=fault.count - 1) if fault.count > 1 else None
