"""Documents that are a list of things: an aircraft's activities, say, each with a name of its own.

They are read as they were received, only as far as their words go, and compared with the record, not with the mapping
that made them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, ClassVar

import msgspec

from airstair.hub.golive.case import Case
from airstair.hub.golive.received import Upload
from airstair.hub.golive.specimens import specimen
from airstair.hub.verdicts import Judgement, judged


class SentObject:
    """One thing of a received list. `id` is the partner's name of it; empty when it has none."""

    def __init__(self, upload: Upload, fields: Mapping[str, Any], named_by: str) -> None:
        self.upload = upload
        self._fields = fields
        self.id = self.text(named_by)

    def get(self, name: str) -> Any:
        return self._fields.get(name)

    def text(self, name: str) -> str:
        """The field as text; empty when it is absent."""
        value = self._fields.get(name)
        return "" if value is None else str(value)

    @property
    def named(self) -> str:
        """For evidence: which thing, of which aircraft, in which call."""
        return f"{self.upload.registration} {self.id or '(no id)'} {self.upload.where}"


class Pair(msgspec.Struct, frozen=True):
    """One thing as it was sent, and as the record knows it. `settings`: those by which it was sent."""

    sent: SentObject
    known: Any
    settings: Any


class Listings(Case):
    """A case whose uploads hold lists. A subclass says under which name, and by which field a thing is named.

    `specimen_settings`: by which settings an invented aircraft is mapped, once by each, for live schedules may hold no
    example of what is asked for.
    """

    listed_as: ClassVar[str]
    named_by: ClassVar[str]
    specimen_settings: ClassVar[tuple[Mapping[str, Any], ...]] = ({},)

    def known_in(self, snapshot: Any) -> Mapping[str, Any]:
        """What the record's picture of a unit holds, by the name that the partner knows it by; `None`: no picture."""
        raise NotImplementedError

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
        unread = (upload for upload, listed in self.listed.items() if listed is None)
        how = f"holds no readable {self.flow.key}"
        return super().amiss(*rules) + [f"{one.registration}: the call of {one.when} {how}." for one in unread]

    @cached_property
    def matched(self) -> list[Pair]:
        """What was sent last, with what the record says of the same thing."""
        found = []
        for upload in self.latest:
            known = self.known_in(self.units[upload.registration].snapshot)
            settings = self.settings_of(upload)
            found += [Pair(sent, known[sent.id], settings) for sent in self.read(upload) or () if sent.id in known]
        return found

    @cached_property
    def specimens(self) -> list[Pair]:
        """What the add-on makes of an invented aircraft, with what was invented: all of it, sent or not."""
        found = []
        for changed in self.specimen_settings:
            made, settings = specimen(self, **changed), self.addon.settings(**changed)
            sent = {one.id: one for one in self.read(made) or ()}
            for name, known in self.known_in(made.snapshot).items():
                nothing = SentObject(made, {self.named_by: name}, self.named_by)
                found.append(Pair(sent.get(name, nothing), known, settings))
        return found


# -- conditions ---------------------------------------------------------------------------------------------------


def as_recorded(*rules: str, **fields: Callable[[Pair], Any]) -> Callable[[Listings], Judgement]:
    """The condition that nothing which `compared` finds is wrong."""
    return lambda case: judged(*compared(case, *rules, **fields))


def compared(case: Listings, *rules: str, **fields: Callable[[Pair], Any]) -> tuple[list[str], str]:
    """What is wrong, and what shows that nothing is: each field as it was sent last beside what the record says.

    `fields`: by the partner's name of each, what must stand in it, `None` where it must be left out. Specimens are
    compared as well. `rules`: those of the imitation's audit that are about the same.
    """
    wrong = case.amiss(*rules)
    for one in (*case.matched, *case.specimens):
        for name, recorded in fields.items():
            said, expected = one.sent.get(name), recorded(one)
            if said != expected:
                says = f"{name} is {_shown(said)}; by record and settings it is {_shown(expected)}."
                wrong.append(f"{one.sent.named}: {says} {one.sent.upload.hint}".strip())
    live, invented = (sum(_is_in(one, fields) for one in pairs) for pairs in (case.matched, case.specimens))
    if not invented:
        wrong.append(f"An invented aircraft is sent without {' and '.join(fields)}.")
    sent = f"{live} {case.listed_as} sent last, and {invented} of an invented aircraft"
    return wrong, f"{sent}, have {' and '.join(fields)} as recorded."


def _is_in(pair: Pair, fields: Mapping[str, Callable[[Pair], Any]]) -> bool:
    """Whether the record wants any of these in what is sent."""
    return any(recorded(pair) is not None for recorded in fields.values())


def _shown(value: Any) -> str:
    """For evidence: text as it is, anything else as it stands on the wire."""
    if value is None:
        return "left out"
    return f"“{value if isinstance(value, str) else msgspec.json.encode(value).decode()}”"
