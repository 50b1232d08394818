"""Ids in addresses. An id that the database cannot hold is an unknown page, not a fault."""

from __future__ import annotations


class IdConverter:
    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)
