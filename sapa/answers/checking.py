"""Every problem of a file of answers at once: row, column, value, rule, remedy."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators.nonprobability import PROBABILITY
from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED
from sapa.answers.codebook import AnswerCodebook, read_codebook
from sapa.answers.file_table import FileTable, bare, labelled
from sapa.answers.files import open_table
from sapa.answers.selection import selection_of

CODE: Final[Mapping[str, int]] = {
    "not_asked": NOT_ASKED,
    "not_applicable": NOT_APPLICABLE,
    "not_answered": NOT_ANSWERED,
}
WRONG: Final = 99  # code of a cell that is neither a rating nor a missing code
WEIGHTS: Final = (1e-6, 1e9)
COLUMNS: Final = ("row", "column", "value", "rule", "remedy")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")
#: A number as programs print it, or as people do, with blanks between thousands.
_QUANTITY: Final = re.compile(
    r"[+-]?([0-9]+|[0-9]{1,3}([ \u00a0\u202f][0-9]{3})+)([.,][0-9]+)?(e[+-]?[0-9]+)?", re.I
)


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What a look at a file found; nothing is written.

    Attributes
    ----------
    problems
        Columns ``row`` (as the file counts; 0 is the whole file), ``column, value, rule, remedy``.
    counts
        Rows, rows that would be dropped, ratings, each kind of missing; rows not drawn at random, where the
        codebook names such modes.
    usable
        (rows,) bool: rows without a problem of their own.
    codes
        (rows, items) int8 ratings of a wide file, (rows, 1) of a long one.
    """

    problems: pd.DataFrame
    counts: Mapping[str, int]
    usable: NDArray[np.bool_]
    codes: NDArray[np.int8]

    @property
    def fine(self) -> bool:
        """Whether there is no problem at all."""
        return len(self.problems) == 0


def check(
    data: str | os.PathLike[str] | FileTable, codebook: AnswerCodebook | str | os.PathLike[str]
) -> Check:
    """Every problem of a file of answers.

    Parameters
    ----------
    data
        The file, or a table read from it.
    codebook
        What its columns are, or the TOML file that says so.

    Raises
    ------
    ValueError
        When the file or the codebook cannot be read at all, or the file lacks a column that the
        codebook names.
    """
    book = codebook if isinstance(codebook, AnswerCodebook) else read_codebook(codebook)
    table = data if isinstance(data, FileTable) else open_table(data, sheet=book.sheet)
    _require_columns(table.frame, book)
    found: list[pd.DataFrame] = []
    if book.layout == "wide":
        columns = [item.column for item in book.items.values()]
    else:
        columns = [book.columns["rating"]]
        found += _long_items(table, book)
    codes = np.empty((len(table.frame), len(columns)), dtype=np.int8)
    for k, column in enumerate(columns):
        codes[:, k], wrong = _ratings(table, column, book)
        found += wrong
    found += _channels(table, book, codes)
    found += _labels(table, book) + _spellings(table, book) + _weights(table, book) + _keys(table, book)
    if len(table.frame) == 0:
        found.append(_problem(np.array([0]), "", [""], "has at least one row of answers", "add the rows"))
    problems = pd.concat(found) if found else pd.DataFrame(columns=list(COLUMNS))
    problems = problems.sort_values(["row", "column"], kind="stable", ignore_index=True)
    usable = ~np.isin(table.rows, problems["row"].to_numpy(dtype=int))
    counts = _counts(codes, usable)
    if book.nonprobability:
        counts["rows_nonprobability"] = int((selection_of(table, book)[usable] != PROBABILITY).sum())
    return Check(problems, counts, usable, codes)


def numbers(text: pd.Series) -> NDArray[np.float64]:
    """Numbers of a column of text, decimal point or comma; NaN where a cell is none or too large for one.

    >>> numbers(pd.Series(["1,25", "2.5", "1 250,5", "5e-05", "1,250.5", "x", ""])).tolist()
    [1.25, 2.5, 1250.5, 5e-05, nan, nan, nan]
    """
    codes, values = pd.factorize(text)
    parsed = [
        float(re.sub(r"\s", "", v).replace(",", ".")) if _QUANTITY.fullmatch(v) else np.nan for v in values
    ]
    found: NDArray[np.float64] = np.array([*(v if np.isfinite(v) else np.nan for v in parsed), np.nan])[codes]
    return found


def _require_columns(frame: pd.DataFrame, codebook: AnswerCodebook) -> None:
    named = list(codebook.columns.values())
    if codebook.layout == "wide":
        named += [item.column for item in codebook.items.values()]
    absent = [name for name in named if name not in frame.columns]
    if absent:
        raise ValueError(
            f"the file must have the columns that the codebook names, got none called {absent[0]!r}"
            f" ({len(absent)} absent); it has {list(frame.columns)[:30]}: correct the codebook"
        )


def _ratings(
    table: FileTable, column: str, book: AnswerCodebook
) -> tuple[NDArray[np.int8], list[pd.DataFrame]]:
    """Codes of a column, each different value judged once; cells that are no rating are problems."""
    at, values = pd.factorize(table.frame[column])
    codes = np.array([code_of(value, book) for value in values], dtype=np.int8)[at]
    rule = "is a whole number from 1 to 5 or a missing code"
    remedy = "correct the cell, or list the code under [missing] in the codebook"
    problems = _wrong(table, codes == WRONG, column, rule, remedy)
    codes[codes == WRONG] = NOT_ASKED
    return codes, problems


def code_of(value: str, book: AnswerCodebook) -> int:
    """Code of a cell: a rating, a kind of missing, or `WRONG`.

    Examples
    --------
    >>> from sapa.answers import Item
    >>> book = AnswerCodebook("wide", {"service": "S"}, {"q1": Item("Q1", "a")}, {"not_answered": ("99",)})
    >>> [code_of(cell, book) for cell in ("5,0", "99.0", "", "7", "4.5")]
    [5, -2, 0, 99, 99]
    """
    kind = book.meaning(value)
    if kind:
        return CODE[kind]
    if _NUMBER.fullmatch(value):
        number = float(value.replace(",", "."))
        whole = str(int(number)) if number.is_integer() else ""
        if whole and book.meaning(whole):
            return CODE[book.meaning(whole)]
        if whole in ("1", "2", "3", "4", "5"):
            return int(whole)
    return WRONG


def _channels(table: FileTable, book: AnswerCodebook, codes: NDArray[np.int8]) -> list[pd.DataFrame]:
    """Answers to items of another channel: missing ones become not asked, in place; ratings are problems."""
    if not any(item.channels for item in book.items.values()):
        return []
    channel = labelled(table, book.columns["channel"])
    raw = table.frame[book.columns["channel"]].to_numpy(dtype=str)
    item_of_row = None if book.layout == "wide" else table.frame[book.columns["item"]].to_numpy()
    found = []
    for k, item in enumerate(book.items.values()):
        if not item.channels:
            continue
        other = ~(np.isin(channel, item.channels) | np.isin(raw, item.channels)) & (channel != "")
        if item_of_row is not None:
            other &= item_of_row == item.column
        place = k if item_of_row is None else 0
        column = item.column if item_of_row is None else book.columns["rating"]
        rule = f"is rated by recipients of {' or '.join(item.channels)} only"
        remedy = "correct the channel or delete the rating"
        found += _wrong(table, other & (codes[:, place] > 0), column, rule, remedy)
        codes[other, place] = NOT_ASKED
    return found


def _labels(table: FileTable, book: AnswerCodebook) -> list[pd.DataFrame]:
    """Rows without a service, region, channel or other label that the codebook names."""
    found = []
    for role in ("respondent", "service", "region", "channel", "stratum", "psu"):
        if role in book.columns:
            column = book.columns[role]
            blank = table.frame[column].to_numpy() == ""
            rule = f"names the {role} in every row"
            found += _wrong(table, blank, column, rule, "fill the cell or drop the row")
    return found


def _spellings(table: FileTable, book: AnswerCodebook) -> list[pd.DataFrame]:
    """Names of one service, region or channel that differ in case, blanks or invisible characters only."""
    found = []
    for role in ("service", "region", "channel"):
        if role not in book.columns:
            continue
        column = book.columns[role]
        often = table.frame[column].value_counts()
        common: dict[str, str] = {}
        for name in often.index:  # the commonest first
            common.setdefault(bare(name), name)
        for name in often.index:
            usual = common[bare(name)]
            if name != usual:
                rule = f"is written one way, as {usual!r}"
                same = (table.frame[column] == name).to_numpy()
                found += _wrong(table, same, column, rule, "write it so, or give them different names")
    return found


def _weights(table: FileTable, book: AnswerCodebook) -> list[pd.DataFrame]:
    if "weight" not in book.columns:
        return []
    column = book.columns["weight"]
    value = numbers(table.frame[column])
    wrong = ~((value >= WEIGHTS[0]) & (value <= WEIGHTS[1]))
    rule = f"is a positive number from {WEIGHTS[0]:g} to {WEIGHTS[1]:g}"
    return _wrong(table, wrong, column, rule, "correct the weight")


def _keys(table: FileTable, book: AnswerCodebook) -> list[pd.DataFrame]:
    """Repeated respondents or ratings, and (long) respondents whose facts differ between rows."""
    if "respondent" not in book.columns:
        return []
    who, frame = book.columns["respondent"], table.frame
    named = (frame[who] != "").to_numpy()
    if book.layout == "wide":
        twice = frame.duplicated(who).to_numpy() & named
        return _wrong(table, twice, who, "comes once", "delete the repeated row or correct the id")
    item = book.columns["item"]
    twice = frame.duplicated([who, item]).to_numpy() & named
    found = _wrong(table, twice, item, "rates each item once", "keep one of the rows")
    for role, column in book.columns.items():
        if role in ("respondent", "item", "rating"):
            continue
        odd = (frame[column] != frame.groupby(who)[column].transform("first")).to_numpy() & named
        rule = f"is the same in every row of a respondent ({role})"
        found += _wrong(table, odd, column, rule, "correct the cell")
    return found


def _long_items(table: FileTable, book: AnswerCodebook) -> list[pd.DataFrame]:
    column = book.columns["item"]
    odd = ~table.frame[column].isin({item.column for item in book.items.values()}).to_numpy()
    remedy = "add the item to the codebook or drop the row"
    return _wrong(table, odd, column, "is an item of the codebook", remedy)


def _wrong(
    table: FileTable, wrong: NDArray[np.bool_], column: str, rule: str, remedy: str
) -> list[pd.DataFrame]:
    """Problems of the rows marked wrong; none where none is."""
    if not wrong.any():
        return []
    return [_problem(table.rows[wrong], column, table.frame[column].to_numpy()[wrong], rule, remedy)]


def _problem(rows: NDArray[np.intp], column: str, values: object, rule: str, remedy: str) -> pd.DataFrame:
    facts = {"row": rows, "column": column, "value": values, "rule": rule, "remedy": remedy}
    return pd.DataFrame(facts, columns=list(COLUMNS))


def _counts(codes: NDArray[np.int8], usable: NDArray[np.bool_]) -> dict[str, int]:
    kept = codes[usable]
    return {
        "rows": int(codes.shape[0]),
        "rows_dropped": int((~usable).sum()),
        "ratings": int((kept > 0).sum()),
        "ratings_dropped": int((codes[~usable] > 0).sum()),
        "rows_without_rating": int((~(kept > 0).any(axis=1)).sum()),
        **{kind: int((kept == code).sum()) for kind, code in CODE.items()},
    }
