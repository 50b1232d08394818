"""What an import did, row by row where a person should know."""

from __future__ import annotations

import msgspec


class RowNote(msgspec.Struct, frozen=True):
    """One row by its number as a spreadsheet shows it (the header is row 1), and a sentence about it."""

    row: int
    reason: str


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows were read, and what became of them: the four counts add up to `rows`."""

    file: str
    mapping: str
    rows: int
    new: int
    updated: int
    unchanged: int
    skipped: tuple[RowNote, ...] = ()
    notes: tuple[RowNote, ...] = ()  # rows that came in, with something that a person should know
    dry_run: bool = False
    shifted_days: int = 0
    not_yet_flown: int = 0  # flights moved to today or later, whose actual times were left out

    def lines(self, *, most: int = 20) -> list[str]:
        """As sentences for a terminal or a page; at most `most` of the skipped rows and of the notes."""
        begun = f"{self.file}, read as “{self.mapping}”"
        moved = f", moved by {self.shifted_days:+d} days" if self.shifted_days else ""
        counts = (
            f"{self.rows:,} rows: {self.new:,} new, {self.updated:,} updated,"
            f" {self.unchanged:,} unchanged, {len(self.skipped):,} skipped."
        )
        told = [f"{begun}{moved}.", counts]
        if self.not_yet_flown:
            told.append(f"{self.not_yet_flown:,} flights now lie today or later; their actual times were left out.")
        told += _listed("Skipped", self.skipped, most)
        told += _listed("Note", self.notes, most)
        if self.dry_run:
            told.append("This was a trial: nothing was written.")
        return told


def _listed(word: str, notes: tuple[RowNote, ...], most: int) -> list[str]:
    told = [f"{word}, row {note.row}: {note.reason}" for note in notes[:most]]
    if len(notes) > most:
        told.append(f"… and {len(notes) - most:,} more; --json lists them all.")
    return told
