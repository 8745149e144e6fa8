"""CSV files: delimiter and encoding found out, read line by line."""

import codecs
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from sapa.answers.file_table import FileTable, Lines

DELIMITERS: Final = ",;\t|"
MAX_LINE: Final = 2**22  # characters
_BLOCK: Final = 2**20


def read_csv(place: Path, _max_bytes: int) -> FileTable:
    """Table of a CSV file."""
    encoding = _encoding(place)
    delimiter = _delimiter(place, encoding)
    lines = Lines.of([cell.strip() for cell in line] for line in _cut(place, encoding, delimiter))
    for number, row in zip(lines.rows, lines.body, strict=True):
        if len(row) != len(lines.header):
            raise ValueError(f"row {number} has {len(row)} cells where the header has {len(lines.header)}")
    return lines.table(f"encoding {encoding}", f"delimiter {delimiter!r}")


def _encoding(place: Path) -> str:
    """UTF-16 where its mark comes first, UTF-8 where the bytes are that, otherwise Windows-1251."""
    decoder, utf8 = codecs.getincrementaldecoder("utf-8")(), True
    with place.open("rb") as file:
        if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        file.seek(0)
        while utf8 and (block := file.read(_BLOCK)):
            utf8 = _takes(decoder, block, final=False)
    return "utf-8-sig" if utf8 and _takes(decoder, b"", final=True) else "cp1251"


def _takes(decoder: codecs.IncrementalDecoder, block: bytes, *, final: bool) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(place: Path, encoding: str) -> str:
    """Delimiter that cuts the header into the most cells, quoted ones left whole."""

    def cells(delimiter: str) -> int:
        lines = _cut(place, encoding, delimiter, strict=False)
        return len(next((line for line in lines if any(cell.strip() for cell in line)), ()))

    return max(DELIMITERS, key=cells)


def _cut(place: Path, encoding: str, delimiter: str, *, strict: bool = True) -> Iterator[list[str]]:
    with place.open(encoding=encoding, newline="") as file:
        reader = csv.reader(_lines(file), delimiter=delimiter, strict=strict)
        try:
            yield from reader
        except csv.Error as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    """Lines of a file; one that is longer than memory should hold is refused before it is read whole."""
    while line := file.readline(MAX_LINE):
        if "\0" in line:
            raise ValueError("it holds zero bytes, so it is no text, or UTF-16 without its mark")
        if len(line) == MAX_LINE:
            raise ValueError(f"it has a line of over {MAX_LINE:,} characters")
        yield line
