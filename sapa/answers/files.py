"""Tables of text from CSV, XLSX, Parquet, SPSS and Stata files, within bounded memory."""

import codecs
import csv
import io
import os
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pyreadstat

MAX_BYTES: Final = 512 * 2**20
ARCHIVES: Final = frozenset({".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst"})
DELIMITERS: Final = ",;\t|"


@dataclass(frozen=True, slots=True, eq=False)
class FileTable:
    """A file as text.

    Attributes
    ----------
    frame
        One row a row of the file, every cell text without outer blanks; a missing value is the empty string.
    first_row
        Row of the file that the first row of `frame` is, as a spreadsheet counts.
    labels
        Value labels by column and code, where the format has them (SPSS, Stata).
    remarks
        How the file was read, in words: encoding, delimiter, sheet.
    """

    frame: pd.DataFrame
    first_row: int = 2
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def open_table(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> FileTable:
    """File as a table of text.

    Parameters
    ----------
    path
        CSV (comma, semicolon, tab or bar; UTF-8 or Windows-1251), XLSX (first sheet), Parquet, SPSS
        ``.sav`` or Stata ``.dta``.
    max_bytes
        Largest file, and largest content of a workbook once unpacked.

    Raises
    ------
    ValueError
        When there is no such file, it is a link, an archive, of an unknown kind, too large, torn, or has no
        header of different names.
    """
    place = Path(path)
    kind = _kind(place, max_bytes)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the readers: what matters of them is checked below
            table = READERS[kind](place, max_bytes)
    except ValueError as error:
        raise ValueError(
            f"{place.name} cannot be read as {kind}: {error}; save it again or as CSV"
        ) from error
    except Exception as error:  # a reader of a foreign format may raise anything on a torn file
        raise ValueError(
            f"{place.name} cannot be read as {kind} ({type(error).__name__}); save it again or as CSV"
        ) from error
    names = list(table.frame.columns)
    for name in names:
        if name == "" or names.count(name) > 1:
            fault = "a column without a name" if name == "" else f"column {name!r} twice"
            raise ValueError(
                f"{place.name} must have a header of different names, got {fault}; name each column once"
            )
    return table


def _kind(place: Path, max_bytes: int) -> str:
    kind = place.suffix.lower()
    if place.is_symlink():
        raise ValueError(f"path must be a file, got the link {place.name!r}; name the file itself")
    if not place.is_file():
        raise ValueError(f"path must be a file, got {str(place)!r}, which is none")
    if kind in ARCHIVES:
        raise ValueError(f"path must not be an archive, got {place.name!r}; unpack it first")
    if kind not in READERS:
        raise ValueError(
            f"path must end in one of {sorted(READERS)}, got {place.name!r}; save it as one of these"
        )
    size = place.stat().st_size
    if size > max_bytes:
        raise ValueError(
            f"{place.name} must have at most {max_bytes:,} bytes, got {size:,}; split it or use Parquet"
        )
    return kind


def _csv(place: Path, _max_bytes: int) -> FileTable:
    data = place.read_bytes()
    if b"\0" in data:
        raise ValueError("it holds zero bytes, so it is no text")
    encoding = "utf-8-sig" if _is_utf8(data) else "cp1251"
    text = data.decode(encoding)
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise ValueError("it is empty")
    header = [name.strip() for name in rows[0]]
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(header) and any(row):
            raise ValueError(f"row {number} has {len(row)} cells where the header has {len(header)}")
    body = [[cell.strip() for cell in row] for row in rows[1:] if any(row)]
    remarks = (f"encoding {encoding}", f"delimiter {delimiter!r}")
    return FileTable(pd.DataFrame(body, columns=header, dtype=object), remarks=remarks)


def _is_utf8(data: bytes) -> bool:
    try:
        codecs.utf_8_decode(data, "strict", True)
    except UnicodeDecodeError:
        return False
    return True


def _xlsx(place: Path, max_bytes: int) -> FileTable:
    with zipfile.ZipFile(place) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > max_bytes:
        raise ValueError(f"its content unpacks to {size:,} bytes, over {max_bytes:,}")
    book = openpyxl.load_workbook(place, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        rows = [[_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
        title = sheet.title
    finally:
        book.close()
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise ValueError("its first sheet is empty")
    width = max((k + 1 for row in rows for k in range(len(row)) if row[k]), default=0)
    body = [row[:width] + [""] * (width - len(row)) for row in rows]
    return FileTable(pd.DataFrame(body[1:], columns=body[0], dtype=object), remarks=(f"sheet {title!r}",))


def _parquet(place: Path, max_bytes: int) -> FileTable:
    size = sum(_group_bytes(place))
    if size > max_bytes:
        raise ValueError(f"its content unpacks to {size:,} bytes, over {max_bytes:,}")
    return FileTable(_as_text(pq.read_table(place).to_pandas()), first_row=1)


def _group_bytes(place: Path) -> list[int]:
    facts = pq.ParquetFile(place).metadata
    return [facts.row_group(k).total_byte_size for k in range(facts.num_row_groups)]


def _labelled(reader: Callable[..., tuple[pd.DataFrame, Any]]) -> Callable[[Path, int], FileTable]:
    def read(place: Path, _max_bytes: int) -> FileTable:
        frame, facts = reader(str(place), user_missing=True)
        labels = {
            column: {_text(code): str(label) for code, label in values.items()}
            for column, values in facts.variable_value_labels.items()
        }
        return FileTable(_as_text(frame), first_row=1, labels=labels)

    return read


READERS: Final[Mapping[str, Callable[[Path, int], FileTable]]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
    ".sav": _labelled(pyreadstat.read_sav),
    ".dta": _labelled(pyreadstat.read_dta),
}


def _as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Frame of text: each different value of a column is put into words once."""
    columns = {}
    for name in frame.columns:
        codes, values = pd.factorize(frame[name], use_na_sentinel=True)
        words = np.array([*(_text(value) for value in values), ""], dtype=object)
        columns[str(name)] = words[codes]
    return pd.DataFrame(columns, index=range(len(frame)), dtype=object)


def _text(value: object) -> str:
    """Cell as text: whole numbers without a point, missing values empty.

    >>> _text(5.0), _text(None), _text(" Алматы "), _text(1.25)
    ('5', '', 'Алматы', '1.25')
    """
    if value is None or value is pd.NaT or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value).strip()
