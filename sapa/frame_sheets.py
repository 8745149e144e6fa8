"""The tables of a frame as text, from a workbook or a folder of CSV files, and the checks of their cells."""

from difflib import get_close_matches
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from sapa.answers import FileTable, open_table
from sapa.answers.files import open_sheets

#: A frame of 100 regions, 1,000 services and all their cells has 5 MB.
MAX_BYTES: Final = 32 * 2**20
SHEETS: Final = {
    "regions": ("region_id", "population"),
    "services": ("service_id", "recipients"),
    "cells": ("region_id", "service_id", "recipients"),
    "modes": ("mode", "contact", "response"),
}
OPTIONAL: Final = {"services": ("surveyed", "abroad", "sd", "share_of_fives", "mean", "recipients_are")}


def frame_sheets(path: Path) -> dict[str, pd.DataFrame]:
    """The tables of a frame as text, with the names of their files or sheets; row k stands in line k + 2."""
    if path.is_dir():
        files = {name: path / f"{name}.csv" for name in SHEETS if (path / f"{name}.csv").is_file()}
        tables = {name: open_table(file, max_bytes=MAX_BYTES) for name, file in files.items()}
    elif path.suffix.lower() == ".xlsx" and path.is_file():
        tables = open_sheets(path, SHEETS, max_bytes=MAX_BYTES)
    else:
        raise ValueError(
            f"frame must be an .xlsx file or a folder of CSV files, got {str(path)!r}; see sapa plan --help"
        )
    for name in ("regions", "services"):
        if name not in tables:
            raise ValueError(f"frame must have a table {name}, got {sorted(tables)} in {path.name}; add it")
    return {name: _checked(name, table) for name, table in tables.items()}


def _checked(name: str, table: FileTable) -> pd.DataFrame:
    """The table with the columns and rows that it must have, blank cells missing."""
    columns = list(table.frame.columns)
    for column in SHEETS[name]:
        if column not in columns:
            raise ValueError(f"{name} must have a column {column}, got {columns}; rename it")
    _refuse_misspelt(name, columns)
    if not table.rows.size:
        raise ValueError(f"{name}: must have at least one row, got only the header; fill it in")
    expected = np.arange(2, table.rows.size + 2)
    if (table.rows != expected).any():
        row = int(expected[np.argmax(table.rows != expected)])
        raise ValueError(f"{name}: row {row} is empty; delete it")
    return table.frame.where(table.frame != "")


def _refuse_misspelt(name: str, columns: list[str]) -> None:
    """Refuse a column that nearly bears a name read here: it would be ignored."""
    known = [*SHEETS[name], *OPTIONAL.get(name, ())]
    for column in columns:
        near = get_close_matches(column.lower(), known, n=1, cutoff=0.85)
        if column not in known and near:
            raise ValueError(f"{name}: column {column!r} is not read, {near[0]} is; rename or remove it")


def checked_ids(frame: pd.DataFrame, name: str, column: str) -> pd.DataFrame:
    """The table, its ids checked to be there and unique."""
    ids = frame[column].str.strip()
    if ids.isna().any() or (ids == "").any():
        row = int(np.argmax((ids.isna() | (ids == "")).to_numpy())) + 2
        raise ValueError(f"{name}: {column} is empty in row {row}; fill it in or delete the row")
    if ids.duplicated().any():
        row = int(np.argmax(ids.duplicated().to_numpy()))
        raise ValueError(f"{name}: {column} must be unique, got {ids[row]} again in row {row + 2}; keep one")
    return frame.assign(**{column: ids})


def numbers_of(frame: pd.DataFrame, name: str, column: str, ids: str) -> np.typing.NDArray[np.float64]:
    """A column as numbers of at least 0, every bad cell named."""
    text = frame[column].str.strip()
    blank = text.isna() | (text == "")
    if blank.any():
        which = ", ".join(frame[ids][blank])
        row = int(np.argmax(blank.to_numpy())) + 2
        raise ValueError(
            f"{name}: {column} is empty for {which} (row {row} first); fill in the number: this package has "
            "no source for it"
        )
    values = pd.to_numeric(text, errors="coerce")
    bad = (values.isna() | ~np.isfinite(values) | (values < 0)).to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        comma = "; write decimals with a point" if "," in text[row] else "; correct it"
        raise ValueError(
            f"{name}: {column} must be a number of at least 0, got {text[row]!r} for {frame[ids][row]} "
            f"in row {row + 2}{comma}"
        )
    return np.asarray(values, dtype=np.float64)


def truths_of(frame: pd.DataFrame, name: str, column: str, *, default: bool) -> np.typing.NDArray[np.bool_]:
    """A column of true and false; a missing column is all the default."""
    if column not in frame:
        return np.full(len(frame), default)
    text = frame[column].str.strip().str.lower()
    odd = ~text.isin(["true", "false"]).to_numpy()
    if odd.any():
        row = int(np.argmax(odd))
        raise ValueError(
            f"{name}: {column} must be true or false, got {frame[column][row]!r} in row {row + 2}"
        )
    return np.asarray(text == "true", dtype=bool)
