"""The table of marketplaces: one file each in `members/`, its name being the marketplace's key.

What differs between them stands in those files and nowhere else: a further marketplace is one more file.
"""

from __future__ import annotations

from importlib import resources
from typing import Literal

import msgspec

from airstair.hub.facts import Certainty, Fact


class KnownFact(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of this marketplace beside what is assumed of all."""

    says: str
    certainty: Certainty
    source: str

    @property
    def fact(self) -> Fact:
        return Fact(self.says, self.certainty, self.source)


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One marketplace. `choice`: one of three services, or boxes of which *Empty legs* is mandatory."""

    name: str
    purpose: str = ""
    about: str = ""  # what its About page says besides what it says of all; Markdown
    choice: Literal["service", "boxes"] = "service"
    facts: tuple[KnownFact, ...] = ()


def members() -> dict[str, Member]:
    """Every marketplace by its key. Raises `ValueError`, naming the file, for one that cannot be read."""
    return {
        file.name.removesuffix(".toml"): read_member(file.name, file.read_bytes())
        for file in sorted(resources.files(__package__).joinpath("members").iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


def read_member(file: str, text: bytes) -> Member:
    """One file of the table. Raises `ValueError` with the file's name and what is wrong in it."""
    try:
        return msgspec.toml.decode(text, type=Member)
    except (msgspec.DecodeError, UnicodeDecodeError) as wrong:
        raise ValueError(f"members/{file}: {wrong}") from None
