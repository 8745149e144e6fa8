"""Tables of text from CSV, XLSX, Parquet, SPSS and Stata files, within bounded memory."""

import os
import warnings
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyreadstat

from sapa.answers.csv_file import read_csv
from sapa.answers.file_table import MAX_BYTES, MAX_CELLS, FileTable, cell_text, check_cells
from sapa.answers.workbook import NoSheetError, read_sheets, read_xlsx

T = TypeVar("T")

ARCHIVES: Final = frozenset({".zip", ".gz", ".bz2", ".xz", ".7z", ".rar", ".tar", ".zst"})


def open_table(path: str | os.PathLike[str], *, sheet: str = "", max_bytes: int = MAX_BYTES) -> FileTable:
    """File as a table of text.

    Parameters
    ----------
    path
        CSV, also ``.tsv`` and ``.txt`` (comma, semicolon, tab or bar; UTF-8, UTF-16 or Windows-1251), XLSX,
        Parquet, SPSS ``.sav`` or Stata ``.dta``.
    sheet
        Of a workbook; by default the first that is not hidden.
    max_bytes
        Largest file, and largest content of a compressed one once unpacked. A table of more than
        20 million cells is refused as well.

    Raises
    ------
    ValueError
        When there is no such file, it is a link, an archive, of an unknown kind, too large, torn, has no such
        sheet, or has no header of different names.
    """
    place = Path(path)
    kind = _kind(place, max_bytes)
    if sheet and kind != ".xlsx":
        raise ValueError(f"sheet must be empty for {place.name}, got {sheet!r}; only a workbook has sheets")
    reader = partial(read_xlsx, sheet=sheet) if sheet else READERS[kind]
    table = _told(place, kind, reader, max_bytes)
    _check_header(place.name, table)
    return table


def open_sheets(
    path: str | os.PathLike[str], names: Collection[str], *, max_bytes: int = MAX_BYTES
) -> dict[str, FileTable]:
    """Sheets of a workbook as tables of text, those of the names that are there.

    Within the bounds of `open_table`, and refused as there.
    """
    place = Path(path)
    kind = _kind(place, max_bytes)
    if kind != ".xlsx":
        raise ValueError(f"path must end in .xlsx, got {place.name!r}; save it as a workbook")
    tables = _told(place, kind, partial(read_sheets, names=names), max_bytes)
    for name, table in tables.items():
        _check_header(f"sheet {name!r} of {place.name}", table)
    return tables


def _told(place: Path, kind: str, reader: Callable[[Path, int], T], max_bytes: int) -> T:
    """What a reader reads; whatever it stumbles on is told as the file's fault."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the readers: what matters of them is checked below
            return reader(place, max_bytes)
    except NoSheetError as error:
        raise ValueError(f"{place.name} must have the sheet asked for, {error}") from error
    except ValueError as error:
        raise ValueError(
            f"{place.name} cannot be read as {kind}: {error}; save it again or as CSV"
        ) from error
    except Exception as error:  # a reader of a foreign format may raise anything on a torn file
        raise ValueError(
            f"{place.name} cannot be read as {kind} ({type(error).__name__}); save it again or as CSV"
        ) from error


def _check_header(name: str, table: FileTable) -> None:
    for column, times in Counter(table.frame.columns).items():
        if column == "" or times > 1:
            fault = "a column without a name" if column == "" else f"column {column!r} twice"
            raise ValueError(
                f"{name} must have a header of different names, got {fault}; name each column once"
            )


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


def _parquet(place: Path, max_bytes: int) -> FileTable:
    with pq.ParquetFile(place) as file:
        facts, schema = file.metadata, file.schema_arrow
    check_cells(facts.num_rows * max(1, facts.num_columns))
    size = sum(facts.row_group(k).total_byte_size for k in range(facts.num_row_groups))
    if size > max_bytes:
        raise ValueError(f"its content unpacks to {size:,} bytes, over {max_bytes:,}")
    if len(set(schema.names)) != len(schema.names):
        raise ValueError("it has a column name twice")
    text = [part.name for part in schema if pa.types.is_string(part.type) or pa.types.is_binary(part.type)]
    with pq.ParquetFile(place, read_dictionary=text) as file:  # one copy of a text that comes a million times
        table = pa.Table.from_batches(_bounded(file, max_bytes), schema=file.schema_arrow)
    columns = zip(table.column_names, table.columns, strict=True)
    return _as_text(pd.DataFrame({name: own.to_pandas(integer_object_nulls=True) for name, own in columns}))


def _bounded(file: Any, max_bytes: int) -> Iterator[Any]:
    """Batches of a Parquet file as long as they fit: its own word on its size may be false."""
    held, words = 0, 0
    for batch in file.iter_batches():
        for column in batch.columns:
            if pa.types.is_dictionary(column.type):
                words = max(words, column.dictionary.nbytes)
            held += column.indices.nbytes if pa.types.is_dictionary(column.type) else column.nbytes
        if held + words > max_bytes:
            raise ValueError(f"its content unpacks to over {max_bytes:,} bytes")
        yield batch


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
            column: {cell_text(code): str(label).strip() for code, label in values.items()}
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
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".xlsx": read_xlsx,
    ".parquet": _parquet,
    ".sav": _labelled(pyreadstat.read_sav),
    ".dta": _labelled(pyreadstat.read_dta),
}


def _as_text(frame: pd.DataFrame, labels: Mapping[str, Mapping[str, str]] | None = None) -> FileTable:
    """Table of text: each different value of a column is put into words once."""
    columns = {}
    for name in frame.columns:
        codes, values = pd.factorize(frame[name], use_na_sentinel=True)
        words = np.array([*(cell_text(value) for value in values), ""], dtype=object)
        columns[str(name).strip()] = words[codes]
    text = pd.DataFrame(columns, index=range(len(frame)), dtype=object)
    filled = np.flatnonzero((text != "").any(axis=1).to_numpy(dtype=bool))
    return FileTable(text.iloc[filled].reset_index(drop=True), filled + 1, labels or {})
