"""What clients know as fields of their own and the record keeps as lines of the notes: written `Label: value`. Pure."""

from __future__ import annotations

SALES, SALESFORCE, SUPPLEMENTARY = "Sales notes", "Salesforce id", "Supplementary information"


def line_of(notes: str, label: str) -> str | None:
    """The value behind the label; `None` where there is no such line."""
    for line in notes.splitlines():
        name, colon, value = line.partition(": ")
        if colon and name == label:
            return value.strip() or None
    return None
