"""Reading a published table, refusing it when a value breaks the codebook."""

import csv
import os
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NoReturn

import pandas as pd

from sapa.published.codebook import NUMERIC, Column, Table, codebook
from sapa.published.seals import MEANT, RULE, changed, place

REMEDY = "restore the file from the release"
MOST_DECIMALS = 2


def table(name: str, *, folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Published table with typed columns, checked against the codebook.

    Parameters
    ----------
    name
        Of the table, as in the codebook: ``"service_ranking_2020"``, ``"criteria"``, ...
    folder
        Where the CSV files lie; the package's own by default.

    Returns
    -------
    One row a printed row, in the printed order. Numbers are floats, counts that are never blank integers,
    blanks NaN (numbers) or the empty string (text). ``attrs["report"]`` names the table of the report.

    Raises
    ------
    ValueError
        When the table is unknown, or a value breaks a rule of the codebook or is not the released one: the
        message names file, row, column, value and rule. Row 1 is the first row of figures.

    Examples
    --------
    >>> table("service_ranking_2020")["mean_score"].iloc[0]
    np.float64(4.86)
    """
    return _own(name).copy() if folder is None else _released(name, folder)


@cache
def _own(name: str) -> pd.DataFrame:
    """Table of the package's own files, which do not change: read and checked once."""
    return _released(name, None)


def _released(name: str, folder: str | os.PathLike[str] | None) -> pd.DataFrame:
    found = by_codebook(name, folder=folder)
    require_released(name, folder=folder)
    return found


def by_codebook(name: str, *, folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Table as :func:`table` gives it, which may differ from the released one within the codebook's rules."""
    entry = _entry(name)
    text = printed(name, folder=folder)
    ids = {c.of: _ids(c.of, folder) for c in entry.columns.values() if c.kind == "id" and c.of != name}
    frame = pd.DataFrame(
        {c.name: _column(entry, c, text[c.name], ids.get(c.of)) for c in entry.columns.values()}
    )
    twice = frame.duplicated(list(entry.keys))
    if twice.any():
        row = int(twice.to_numpy().argmax())
        _refuse(
            entry, row, ", ".join(entry.keys), "/".join(text.loc[row, list(entry.keys)]), "a key comes once"
        )
    frame.attrs |= {"table": name, "report": entry.report}
    return frame


def require_released(name: str, *, folder: str | os.PathLike[str] | None = None) -> None:
    """Refuse a table in which a row and a column do not have the checksums of the release."""
    text = printed(name, folder=folder)
    rows, columns = changed(name, text)
    if rows or columns:
        value = "/".join(text.loc[rows[0], columns]) if rows and columns else "another order"
        raise ValueError(f"{name}.csv, {place(rows, columns)}: {RULE}, got {value!r}; {REMEDY}, {MEANT}")


def printed(name: str, *, folder: str | os.PathLike[str] | None = None) -> pd.DataFrame:
    """Published table as text, digit by digit as printed; a blank is the empty string.

    Parameters
    ----------
    name, folder
        As for :func:`table`.

    Raises
    ------
    ValueError
        When columns or the number of rows differ from the codebook.
    """
    return _own_text(name).copy() if folder is None else _text(name, folder)


@cache
def _own_text(name: str) -> pd.DataFrame:
    return _text(name, None)


def _text(name: str, folder: str | os.PathLike[str] | None) -> pd.DataFrame:
    entry = _entry(name)
    path = source(name, folder=folder)
    try:
        content = path.read_text(encoding="utf-8")
        if "\0" in content:
            raise csv.Error("it holds a zero byte")
        rows = list(csv.reader(content.splitlines(), strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{name}.csv cannot be read ({error}); {REMEDY}") from error
    header = tuple(rows[0]) if rows else ()
    if header != tuple(entry.columns):
        raise ValueError(
            f"{name}.csv must have the columns {list(entry.columns)}, got {list(header)}; {REMEDY}"
        )
    for row, cells in enumerate(rows[1:]):
        if len(cells) != len(header):
            rule = f"a row has {len(header)} cells, got {len(cells)}"
            _refuse(entry, row, "all", ",".join(cells)[:80], rule)
    if len(rows) - 1 != entry.rows:
        raise ValueError(f"{name}.csv must have {entry.rows} rows, got {len(rows) - 1}; {REMEDY}")
    return pd.DataFrame(rows[1:], columns=list(header), dtype=str)


def source(name: str, *, folder: str | os.PathLike[str] | None = None) -> Path | Traversable:
    """File of a published table."""
    place = files("sapa.published").joinpath("data") if folder is None else Path(folder)
    return place.joinpath(f"{name}.csv")


def _entry(name: str) -> Table:
    if name not in codebook():
        raise ValueError(f"name must be one of {sorted(codebook())}, got {name!r}")
    return codebook()[name]


def _ids(name: str, folder: str | os.PathLike[str] | None) -> frozenset[str]:
    """Ids that a table knows."""
    return frozenset(printed(name, folder=folder).iloc[:, 0])


def _column(entry: Table, column: Column, text: pd.Series, ids: frozenset[str] | None) -> pd.Series:
    blank = text == ""
    if blank.any() and not column.blank:
        _refuse(entry, int(blank.to_numpy().argmax()), column.name, "", "must not be blank")
    if column.kind == "flag":
        _require(entry, column, text, text.isin(["true", "false"]), "must be true or false")
        return text == "true"
    if column.kind in NUMERIC:
        return _numbers(entry, column, text, blank)
    if column.pattern:
        _require(entry, column, text, text.str.fullmatch(column.pattern), f"must look like {column.pattern}")
    if ids is not None:
        _require(entry, column, text, text.isin(ids) | blank, f"must be an id of {column.of}.csv")
    if column.among:
        _require(entry, column, text, text.isin(column.among) | blank, f"must be one of {list(column.among)}")
    return text


def _numbers(entry: Table, column: Column, text: pd.Series, blank: pd.Series) -> pd.Series:
    word = text.isin(column.words)
    number = text.str.fullmatch(r"-?[0-9]+(\.[0-9]+)?")
    _require(entry, column, text, number | word | blank, "must be a number with a point as decimal sign")
    value = pd.to_numeric(text.where(number))
    inside = value.between(column.minimum, column.maximum) | value.isin(column.also) | blank | word
    also = "".join(f" or be {value:g}" for value in column.also)
    _require(entry, column, text, inside, f"must lie between {column.minimum:g} and {column.maximum:g}{also}")
    fine = text.str.fullmatch(rf"[^.]*(\.[0-9]{{1,{MOST_DECIMALS}}})?")
    _require(
        entry, column, text, fine, f"must have at most {MOST_DECIMALS} decimals: nothing is printed with more"
    )
    whole = column.kind != "figure"
    if whole:
        _require(entry, column, text, (value % 1 == 0) | blank | word, "must be a whole number")
    return value.astype("int64") if whole and value.notna().all() else value.astype("float64")


def _require(entry: Table, column: Column, text: pd.Series, holds: pd.Series, rule: str) -> None:
    if not holds.all():
        row = int((~holds).to_numpy().argmax())
        _refuse(entry, row, column.name, text.iloc[row], rule)


def _refuse(entry: Table, row: int, column: str, value: str, rule: str) -> NoReturn:
    raise ValueError(f"{entry.name}.csv, row {row + 1}, column {column}: {rule}, got {value!r}; {REMEDY}")
