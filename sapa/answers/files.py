"""Tables of text from CSV, XLSX, Parquet, SPSS and Stata files, within bounded memory."""

import csv
import io
import os
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat
from numpy.typing import NDArray

MAX_BYTES: Final = 256 * 2**20
MAX_CELLS: Final = 20_000_000
ARCHIVES: Final = frozenset({".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst"})
DELIMITERS: Final = ",;\t|"


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
    """

    frame: pd.DataFrame
    rows: NDArray[np.intp]
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
        Largest file, and largest content of a compressed one once unpacked. A table of more than
        20 million cells is refused as well.

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
    for name, times in Counter(table.frame.columns).items():
        if name == "" or times > 1:
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
        raise ValueError(f"path must be a file, got {str(place)!r}, which is none; correct the path")
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
    delimiter = _delimiter(text)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header, body, rows = _body([cell.strip() for cell in line] for line in lines)
    for number, row in zip(rows, body, strict=True):
        if len(row) != len(header):
            raise ValueError(f"row {number} has {len(row)} cells where the header has {len(header)}")
    return _table(header, body, rows, (f"encoding {encoding}", f"delimiter {delimiter!r}"))


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _delimiter(text: str) -> str:
    """Delimiter that cuts the header into the most cells, quoted ones left whole."""

    def cells(delimiter: str) -> int:
        return len(next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), ()))

    return max(DELIMITERS, key=cells)


def _xlsx(place: Path, max_bytes: int) -> FileTable:
    with zipfile.ZipFile(place) as archive:
        size = sum(part.file_size for part in archive.infolist())
    if size > max_bytes:
        raise ValueError(f"its content unpacks to {size:,} bytes, over {max_bytes:,}")
    book = openpyxl.load_workbook(place, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a sheet may claim a million columns that it does not have
        lines = ([_text(value) for value in row] for row in sheet.iter_rows(values_only=True))
        header, body, rows = _body(lines)
        remarks = (f"sheet {sheet.title!r}",)
    finally:
        book.close()
    while header and header[-1] == "" and not any(row[len(header) - 1 :] for row in body):
        header.pop()
    width = len(header)
    for number, row in zip(rows, body, strict=True):
        if any(row[width:]):
            raise ValueError(f"row {number} has cells to the right of the header's {width} columns")
    return _table(header, [(row + [""] * width)[:width] for row in body], rows, remarks)


def _body(lines: Iterable[list[str]]) -> tuple[list[str], list[list[str]], list[int]]:
    """Header, rows with a value, and the numbers of those rows; the whole is bounded in cells."""
    header: list[str] | None = None
    body, rows, cells = [], [], 0
    for number, line in enumerate(lines, start=1):
        cells += len(line) + 1
        _check_cells(cells)
        if not any(line):
            continue
        if header is None:
            header = line
        else:
            body.append(line)
            rows.append(number)
    if header is None:
        raise ValueError("it is empty")
    return header, body, rows


def _table(header: list[str], body: list[list[str]], rows: list[int], remarks: tuple[str, ...]) -> FileTable:
    return FileTable(
        pd.DataFrame(body, columns=header, dtype=object), np.array(rows, dtype=np.intp), remarks=remarks
    )


def _check_cells(cells: int) -> None:
    if cells > MAX_CELLS:
        raise ValueError(f"it has over {MAX_CELLS:,} cells; leave out the columns that are not needed")


def _parquet(place: Path, max_bytes: int) -> FileTable:
    with pq.ParquetFile(place) as file:
        facts, schema = file.metadata, file.schema_arrow
    _check_cells(facts.num_rows * max(1, facts.num_columns))
    size = sum(facts.row_group(k).total_byte_size for k in range(facts.num_row_groups))
    if size > max_bytes:
        raise ValueError(f"its content unpacks to {size:,} bytes, over {max_bytes:,}")
    text = [part.name for part in schema if pa.types.is_string(part.type) or pa.types.is_binary(part.type)]
    table = pq.read_table(place, read_dictionary=text)  # one copy of a text that comes a million times
    frame = pd.DataFrame({name: table.column(k).to_pandas() for k, name in enumerate(table.column_names)})
    if len(frame.columns) != table.num_columns:
        raise ValueError("it has a column name twice")
    return _as_text(frame)


def _labelled(reader: Callable[..., tuple[pd.DataFrame, Any]]) -> Callable[[Path, int], FileTable]:
    def read(place: Path, max_bytes: int) -> FileTable:
        _check_end(place)
        _, facts = reader(str(place), metadataonly=True)
        told = facts.number_rows
        row_bytes = sum(max(8, width) for width in facts.variable_storage_width.values()) or 8
        most = 1 + min(max_bytes // row_bytes, MAX_CELLS // max(1, len(facts.column_names)))
        frame, facts = reader(str(place), user_missing=True, row_limit=most)
        if len(frame) == most:
            raise ValueError(f"it unpacks to over {max_bytes:,} bytes or {MAX_CELLS:,} cells")
        if told is not None and told >= 0 and len(frame) != told:
            raise ValueError(f"it is torn: {len(frame)} of {told} rows are there")
        labels = {
            column: {_text(code): str(label).strip() for code, label in values.items()}
            for column, values in facts.variable_value_labels.items()
        }
        return _as_text(frame, labels)

    return read


def _check_end(place: Path) -> None:
    """Refuse a Stata file (format 117 and later) without its end, where its value labels are."""
    with place.open("rb") as file:
        start = file.read(len(b"<stata_dta>"))
        file.seek(-min(64, place.stat().st_size), os.SEEK_END)
        end = file.read().rstrip()
    if start == b"<stata_dta>" and not end.endswith(b"</stata_dta>"):
        raise ValueError("it is torn: its end is not there")


READERS: Final[Mapping[str, Callable[[Path, int], FileTable]]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".parquet": _parquet,
    ".sav": _labelled(pyreadstat.read_sav),
    ".dta": _labelled(pyreadstat.read_dta),
}


def _as_text(frame: pd.DataFrame, labels: Mapping[str, Mapping[str, str]] | None = None) -> FileTable:
    """Table of text: each different value of a column is put into words once."""
    columns = {}
    for name in frame.columns:
        codes, values = pd.factorize(frame[name], use_na_sentinel=True)
        words = np.array([*(_text(value) for value in values), ""], dtype=object)
        columns[str(name).strip()] = words[codes]
    text = pd.DataFrame(columns, index=range(len(frame)), dtype=object)
    filled = np.flatnonzero((text != "").any(axis=1).to_numpy(dtype=bool))
    return FileTable(text.iloc[filled].reset_index(drop=True), filled + 1, labels or {})


def _text(value: object) -> str:
    """Cell as text: whole numbers without a point, missing values empty.

    >>> _text(5.0), _text(None), _text(" Алматы "), _text(1.25)
    ('5', '', 'Алматы', '1.25')
    """
    if value is None or value is pd.NaT or value is pd.NA or value != value:
        return ""
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8").strip()
    return str(value).strip()
