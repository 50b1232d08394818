"""Documents that are a list of things: an aircraft's activities, say, each with a name of its own.

They are read as they were received, only as far as their words go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from airstair.hub.golive.case import Case
from airstair.hub.golive.received import Upload
from airstair.kernel.errors import Invalid
from airstair.kernel.utc import parse_utc

_UTC = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+]00:?00)")


class SentObject:
    """One thing of a received list. `id` is the partner's name of it; empty when it has none."""

    def __init__(self, upload: Upload, fields: Mapping[str, Any], named_by: str) -> None:
        self.upload = upload
        self._fields = fields
        self.id = self.text(named_by)

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def get(self, name: str) -> Any:
        return self._fields.get(name)

    def text(self, name: str) -> str:
        """The field as text; empty when it is absent."""
        value = self._fields.get(name)
        return "" if value is None else str(value)

    def time(self, name: str) -> datetime | None:
        """The field as a time; `None` when it cannot be read as one."""
        try:
            return parse_utc(self.text(name))
        except Invalid:
            return None

    @property
    def named(self) -> str:
        """For evidence: which thing, of which aircraft, in which call."""
        return f"{self.upload.registration} {self.id or '(no id)'} in the call of {self.upload.when}"


class Listings(Case):
    """A case whose uploads hold lists. A subclass says under which name, and by which field a thing is named."""

    listed_as: ClassVar[str]
    named_by: ClassVar[str]

    def read(self, upload: Upload) -> tuple[SentObject, ...] | None:
        """What is listed in a document, in its order; `None` when it cannot be read."""
        body = upload.document
        listed = body.get(self.listed_as) if isinstance(body, dict) else None
        if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
            return None
        return tuple(SentObject(upload, one, self.named_by) for one in listed)

    @cached_property
    def listed(self) -> dict[Upload, tuple[SentObject, ...] | None]:
        """By upload; `None` for one that cannot be read."""
        return {upload: self.read(upload) for upload in self.every_upload}

    @property
    def everything(self) -> Iterator[SentObject]:
        """All that was ever listed, by aircraft, oldest call first."""
        for listed in self.listed.values():
            yield from listed or ()

    def amiss(self, *rules: str) -> list[str]:
        """What is wrong before anything listed is looked at; `rules` are those of the imitation's audit."""
        unread = (upload for upload, listed in self.listed.items() if listed is None)
        return [
            *self.nothing_sent(),
            *(f"{one.registration}: the call of {one.when} holds no readable {self.flow.key}." for one in unread),
            *self.audited(*rules),
        ]


def written_in_utc(text: str) -> bool:
    """Whether it is a time that says of itself that it is UTC."""
    return bool(_UTC.fullmatch(text))
