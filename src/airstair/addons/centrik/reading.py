"""How far a reading of Centrik has come: which list and page, since when. Between pages it is the pull's cursor."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

_GIVEN_UP_AFTER = timedelta(hours=6)  # a reading that broke off then begins anew: what it saw is too old
_OVERLAP = timedelta(minutes=10)  # its clock and ours may differ; what comes twice changes nothing
_FIRST_LOOK = timedelta(hours=3)  # of changes, where nobody has looked yet: the full reading has the rest


class Stage(StrEnum):
    """The lists in their order: who and what must be known before who has what."""

    QUALIFICATIONS = "qualifications"
    USERS = "users"
    HELD = "userqualifications"
    DONE = "done"

    @property
    def next(self) -> Stage:
        every = list(Stage)
        return every[every.index(self) + 1]


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A reading under way, or the last one. `since`: only what changed after it; `None`: everything."""

    began: datetime
    since: datetime | None = None
    stage: Stage = Stage.QUALIFICATIONS
    page: int = 1

    def after(self, *, more: bool) -> Reading:
        """The reading after one more page; `more`: of the same list there is another."""
        if more:
            return msgspec.structs.replace(self, page=self.page + 1)
        return msgspec.structs.replace(self, stage=self.stage.next, page=1)

    def write(self) -> str:
        return msgspec.json.encode(self).decode()


def read(cursor: str | None) -> Reading | None:
    """What a cursor says; `None` for none, and for one that an older version wrote."""
    try:
        return msgspec.json.decode(cursor, type=Reading) if cursor else None
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def of_everything(cursor: str | None, now: datetime) -> Reading:
    """Where a reading of everything goes on, or begins."""
    last = read(cursor)
    return last if last is not None and _goes_on(last, now) else Reading(began=now)


def of_changes(cursor: str | None, now: datetime) -> Reading:
    """Where a reading of changes goes on, or begins: it reaches back to where the last whole one began."""
    last = read(cursor)
    if last is None:
        return Reading(began=now, since=now - _FIRST_LOOK)
    if _goes_on(last, now):
        return last
    since = last.began - _OVERLAP if last.stage is Stage.DONE else last.since
    return Reading(began=now, since=since)


def _goes_on(last: Reading, now: datetime) -> bool:
    return last.stage is not Stage.DONE and now - last.began < _GIVEN_UP_AFTER
