"""Workbooks (.xlsx): a sheet of them, after a look at whether its XML is one that a spreadsheet writes."""

import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

import openpyxl

from sapa.answers.file_table import FileTable, Lines, cell_text

MAX_DEPTH: Final = 64
MAX_IN_ROW: Final = 200_000  # elements in one row: a spreadsheet has 16,384 columns
MAX_ROWS: Final = 2**22  # elements down to the rows of a sheet, or the texts that sheets share
MAX_ELSEWHERE: Final = 300_000  # elements of styles and the like
MAX_TOKEN: Final = 2**24  # bytes of one tag
MAX_DIRECTORY: Final = 2**22  # bytes of the list of an archive's parts
_BLOCK: Final = 2**18
_NEVER_COMPUTED: Final = re.compile(rb"</f>\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>|<f\s*/>\s*</c>")


class NoSheetError(ValueError):
    """A workbook has no sheet of the name asked for."""


def read_xlsx(place: Path, max_bytes: int, *, sheet: str = "") -> FileTable:
    """Table of a sheet of a workbook, by default of the first that is not hidden."""
    with _opened(place, max_bytes) as book:
        own, remark = _chosen(book, sheet)
        return replace(_table(own, remark), sheet=sheet)


def read_sheets(place: Path, max_bytes: int, names: Collection[str]) -> dict[str, FileTable]:
    """Tables of the sheets of a workbook that bear these names, as far as they are there."""
    with _opened(place, max_bytes) as book:
        return {own.title: _table(own, f"sheet {own.title!r}") for own in book if own.title in names}


@contextmanager
def _opened(place: Path, max_bytes: int) -> Iterator[openpyxl.Workbook]:
    """Workbook that has been looked through and found to be one that a spreadsheet writes."""
    _check_directory(place)
    with zipfile.ZipFile(place) as archive:
        size = sum(part.file_size for part in archive.infolist())
        if size > max_bytes:
            raise ValueError(f"its content unpacks to {size:,} bytes, over {max_bytes:,}")
        for part in archive.infolist():
            if part.filename.lower().endswith((".xml", ".rels")):
                with archive.open(part) as xml:
                    _check_xml(xml, part.filename)
    book = openpyxl.load_workbook(place, read_only=True, data_only=True, keep_links=False)
    try:
        yield book
    finally:
        book.close()


def _table(sheet: Any, remark: str) -> FileTable:
    sheet.reset_dimensions()  # a sheet may claim a million columns that it does not have
    lines = Lines.of([cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
    return _squared(lines).table(remark)


def _chosen(book: openpyxl.Workbook, name: str) -> tuple[Any, str]:
    """Sheet of that name, or the first to be seen, and what to say of the choice."""
    titles = [own.title for own in book.worksheets]
    if name and name not in titles:
        raise NoSheetError(f"{name!r}, got only {titles[:30]}; correct its name or leave it out")
    seen = [own for own in book.worksheets if own.sheet_state == "visible"] or book.worksheets
    chosen = book[name] if name else seen[0]
    others = "" if name or len(titles) == 1 else f" (first of {len(titles)}: sapa init --sheet takes another)"
    return chosen, f"sheet {chosen.title!r}{others}"


def _squared(lines: Lines) -> Lines:
    """The same lines, each as long as the header."""
    header, body = lines.header, lines.body
    while header and header[-1] == "" and not any(row[len(header) - 1 :] for row in body):
        header = header[:-1]
    width = len(header)
    for number, row in zip(lines.rows, body, strict=True):
        if any(row[width:]):
            raise ValueError(f"row {number} has cells to the right of the header's {width} columns")
    return Lines(header, [(row + [""] * width)[:width] for row in body], lines.rows)


def _check_directory(place: Path) -> None:
    """Refuse an archive of millions of parts before their list is read (APPNOTE 4.3.16)."""
    with place.open("rb") as file:
        file.seek(-min(2**16 + 22, place.stat().st_size), 2)
        end = file.read()
    at = end.rfind(b"PK\5\6")
    if at < 0 or len(end) < at + 22:
        raise ValueError("it is torn, or no workbook")
    if int.from_bytes(end[at + 12 : at + 16], "little") > MAX_DIRECTORY:
        raise ValueError("it has more parts than a workbook has")


def _check_xml(xml: IO[bytes], name: str) -> None:
    """Refuse XML whose tree would fill the memory (entities, deep nesting, rows without end) or lacks values.

    The parser reads it block by block and keeps nothing.
    """
    depth, inside, rows, fed = 0, 0, 0, 0
    many = MAX_ROWS if "worksheets/" in name or name.endswith("sharedStrings.xml") else MAX_ELSEWHERE

    def opened(_tag: str, _attributes: object) -> None:
        nonlocal depth, inside, rows
        depth += 1
        inside += 1
        if depth <= 3:
            inside, rows = 0, rows + 1
        if depth > MAX_DEPTH or inside > MAX_IN_ROW or rows > many:
            raise ValueError(f"{name} is nested or repeated as no spreadsheet is")

    def closed(_tag: str) -> None:
        nonlocal depth
        depth -= 1

    def declared(*_args: object) -> None:
        raise ValueError(f"{name} declares a document type, as no spreadsheet does")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.StartDoctypeDeclHandler = declared
    tail = b""
    while block := xml.read(_BLOCK):
        parser.Parse(block, False)
        fed += len(block)
        if fed - parser.CurrentByteIndex > MAX_TOKEN:
            raise ValueError(f"{name} has a tag of over {MAX_TOKEN:,} bytes")
        if "worksheets/" in name and _NEVER_COMPUTED.search(tail + block):
            raise ValueError("it has formulas that were never computed: open it in a spreadsheet and save it")
        tail = block[-256:]
    parser.Parse(b"", True)
