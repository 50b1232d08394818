"""What is not a table is refused with a sentence that says where and what to do; a table is read as it stands."""

import io
import os
from pathlib import Path

import pytest

from airstair.kernel.errors import Invalid
from airstair.records.imports import reading
from airstair.records.imports.reading import open_table, table_of


def write(tmp_path: Path, content: bytes, name: str = "flights.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def read(path: Path) -> list[tuple[int, list[str]]]:
    with open_table(path) as table:
        return [tuple(row) for row in table.rows()]


def refusal(path: Path) -> str:
    with pytest.raises(Invalid) as refused:
        read(path)
    assert refused.value.problems[0].field == "file"
    return refused.value.problems[0].sentence


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "flights.csv is empty"),
        (b"\xef\xbb\xbf", "flights.csv is empty"),
        (b"\n\n \n", "flights.csv is empty"),
        (b"PK\x03\x04rest", "a spreadsheet or ZIP file"),
        (b"\x1f\x8b\x08", "a compressed file"),
        ("a,b\n1,2\n".encode("utf-16"), "a text file in UTF-16"),
        (b"a,b\n1,caf\xe9\n", "Line 2 is not UTF-8: byte 6 of the line is 0xE9. Save it as “CSV UTF-8”"),
        (b"a,b\n1,2\n3,\x004\n", "Line 3 holds a NUL character at byte 3"),
        (b"a,b\n1," + b"x" * 70_000 + b"\n", "Line 2 is longer than 64 KB"),
        (b"x" * 2_000_000, "Line 1 is longer than 64 KB"),
        (b'a,b\n1,2\n3,"4\n5,6\n', "A quotation mark in line 3 is never closed"),
        (b'a,b\n1,"' + b"2\n" * 200_000, "A quotation mark in line 2 is never closed"),
        (b'a,b\n1,"' + b"2\n" * 10_000 + b'"\n', "A cell in row 2 has 20,000 characters"),
        (b'a,"b\n1,2\n', "A quotation mark in line 1 is never closed"),
        (b'a,b\n1,"2"3\n', "Line 2 is not a table row"),
        (b"a,b,A\n1,2,3\n", "The column “A” is there twice"),
        (b"\x80\x81\x82", "Line 1 is not UTF-8"),
    ],
)
def test_what_is_no_table_is_refused_where_it_stops_being_one(tmp_path: Path, content: bytes, words: str) -> None:
    assert words in refusal(write(tmp_path, content))


def test_paths_that_cannot_be_read(tmp_path: Path) -> None:
    assert "There is no file" in refusal(tmp_path / "absent.csv")
    assert "is a folder. Name the file in it" in refusal(tmp_path)
    assert "cannot be opened" in refusal(tmp_path / "absent\0.csv")
    assert "cannot be opened" in refusal(tmp_path / ("x" * 300))
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert "is a device or pipe" in refusal(pipe)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, b"a,b\n")
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything: let the system's answer come from elsewhere

        def refuse(*_: object, **__: object) -> int:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(reading.os, "open", refuse)
    assert f"You may not read {path}" in refusal(path)


def test_a_file_of_5_gb_is_refused_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)  # sparse: it takes no room

    def reads(*_: object) -> None:
        raise AssertionError("the file was read")

    monkeypatch.setattr(reading, "Table", reads)
    assert "huge.csv has 5,000 MB; the limit is 100 MB. Split it" in refusal(path)


def test_more_rows_than_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    assert len(read(write(tmp_path, b"a\n1\n2\n3\n"))) == 3
    assert "has more than 3 rows. Split it" in refusal(write(tmp_path, b"a\n1\n2\n3\n4\n"))


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_tables_as_spreadsheets_write_them(tmp_path: Path, delimiter: str, ending: str, mark: str) -> None:
    rows = [["a", "b"], ["1", "Zürich"], ["", ""], ["3", '"two']]
    lines = [delimiter.join(f'"{c.replace(chr(34), chr(34) * 2)}"' if '"' in c else c for c in row) for row in rows]
    path = write(tmp_path, (mark + ending.join(lines)).encode())
    with open_table(path) as table:
        assert table.header == ("a", "b")
        # The blank row is not given, but the numbers are still those that the spreadsheet shows.
        assert [tuple(row) for row in table.rows()] == [(2, ["1", "Zürich"]), (4, ["3", '"two'])]


def test_a_cell_may_hold_a_line_break_without_confusing_row_numbers(tmp_path: Path) -> None:
    assert read(write(tmp_path, b'a,b\n1,"x\ny"\n2,z\n')) == [(2, ["1", "x\ny"]), (3, ["2", "z"])]


def test_an_uploaded_file_is_looked_at_in_the_same_way() -> None:
    with pytest.raises(Invalid, match="the limit is 100 MB"):
        table_of("upload.csv", io.BytesIO(b""), reading.LARGEST_FILE + 1)
    table = table_of("upload.csv", io.BytesIO(b"a,b\n1,2\n"), 8)
    assert [row.cells for row in table.rows()] == [["1", "2"]]
