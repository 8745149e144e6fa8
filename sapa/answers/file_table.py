"""A file as a table of text, and the bounds that every reader keeps."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

MAX_BYTES: Final = 256 * 2**20
MAX_CELLS: Final = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class FileTable:
    """A file as text.

    Attributes
    ----------
    frame
        One row a row of the file, every cell text without outer blanks; a missing value is the empty string.
        Rows without any value are left out.
    rows
        (rows,) number of each row in the file: as a spreadsheet counts in CSV and XLSX (the header is row 1),
        from 1 in the other formats.
    labels
        Value labels by column and code, where the format has them (SPSS, Stata).
    remarks
        How the file was read, in words: encoding, delimiter, sheet.
    sheet
        Of the workbook, where one was asked for.
    """

    frame: pd.DataFrame
    rows: NDArray[np.intp]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    sheet: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines of a file of text or of a sheet.

    Attributes
    ----------
    header, body
        First line with a value, and the later ones.
    rows
        Numbers of the lines in the body.
    """

    header: list[str]
    body: list[list[str]]
    rows: list[int]

    @classmethod
    def of(cls, lines: Iterable[list[str]]) -> "Lines":
        """Lines that have a value.

        Raises
        ------
        ValueError
            When there is none, or they hold too many cells.
        """
        header: list[str] | None = None
        body, rows, cells = [], [], 0
        kept: dict[str, str] = {}  # one copy of a text that comes a million times
        for number, line in enumerate(lines, start=1):
            cells += len(line) + 1
            check_cells(cells)
            if not any(line):
                continue
            if header is None:
                header = line
            else:
                body.append([kept.setdefault(cell, cell) for cell in line])
                rows.append(number)
        if header is None:
            raise ValueError("it is empty")
        return cls(header, body, rows)

    def table(self, *remarks: str) -> FileTable:
        """Table of these lines."""
        frame = pd.DataFrame(self.body, columns=self.header, dtype=object)
        return FileTable(frame, np.array(self.rows, dtype=np.intp), remarks=remarks)


def check_cells(cells: int) -> None:
    """Refuse a table of too many cells."""
    if cells > MAX_CELLS:
        raise ValueError(f"it has over {MAX_CELLS:,} cells; leave out the columns that are not needed")


def cell_text(value: object) -> str:
    """Cell as text: numbers without an exponent, whole ones without a point, missing values empty.

    >>> cell_text(5.0), cell_text(None), cell_text(" Алматы "), cell_text(1.25), cell_text(2e-05)
    ('5', '', 'Алматы', '1.25', '0.00002')
    """
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and np.isfinite(value):
        return str(int(value)) if float(value).is_integer() else np.format_float_positional(value)
    if isinstance(value, bytes):
        return value.decode("utf-8").strip()
    return str(value).strip()


def labelled(table: FileTable, column: str) -> NDArray[np.str_]:
    """Column with its value labels in place of their codes, where the file has them."""
    words = table.labels.get(column, {})
    at, values = pd.factorize(table.frame[column])
    named: NDArray[np.str_] = np.array([*(words.get(value, value) for value in values), ""], dtype=str)[at]
    return named


def bare(name: str) -> str:
    """Name without what the eye does not tell apart.

    >>> bare("Passport\u200b  Office") == bare("passport office")
    True
    """
    plain = unicodedata.normalize("NFKC", name.replace("\N{DIVISION SLASH}", "/")).casefold()
    return " ".join("".join(c for c in plain if unicodedata.category(c) != "Cf").split())
