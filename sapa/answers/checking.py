"""Every problem of a file of answers at once: row, column, value, rule, remedy."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators.ratings import NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED
from sapa.answers.codebook import AnswerCodebook
from sapa.answers.files import FileTable, open_table

CODE: Final[Mapping[str, int]] = {
    "not_asked": NOT_ASKED,
    "not_applicable": NOT_APPLICABLE,
    "not_answered": NOT_ANSWERED,
}
WRONG: Final = 99  # code of a cell that is neither a rating nor a missing code
COLUMNS: Final = ("row", "column", "value", "rule", "remedy")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What a look at a file found; nothing is written.

    Attributes
    ----------
    problems
        Columns ``row`` (as the file counts; 0 is the whole file), ``column, value, rule, remedy``.
    counts
        Rows, rows that would be dropped, ratings, each kind of missing.
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


def check(data: str | os.PathLike[str] | FileTable, codebook: AnswerCodebook) -> Check:
    """Every problem of a file of answers.

    Parameters
    ----------
    data
        The file, or a table read from it.
    codebook
        What its columns are.

    Raises
    ------
    ValueError
        When the file cannot be read at all, or lacks a column that the codebook names.
    """
    table = data if isinstance(data, FileTable) else open_table(data)
    _require_columns(table.frame, codebook)
    found: list[pd.DataFrame] = []
    if codebook.layout == "wide":
        columns = [item.column for item in codebook.items.values()]
    else:
        columns = [codebook.columns["rating"]]
        found += _long_items(table, codebook)
    codes = np.empty((len(table.frame), len(columns)), dtype=np.int8)
    for k, column in enumerate(columns):
        codes[:, k], wrong = _ratings(table, column, codebook)
        found += wrong
    found += _labels(table, codebook) + _weights(table, codebook) + _keys(table, codebook)
    if len(table.frame) == 0:
        found.append(
            _problem(table, np.array([-1]), "", [""], "has at least one row of answers", "add the rows")
        )
    problems = pd.concat(found) if found else pd.DataFrame(columns=list(COLUMNS))
    problems = problems.sort_values(["row", "column"], kind="stable", ignore_index=True)
    usable = ~np.isin(np.arange(len(table.frame)) + table.first_row, problems["row"].to_numpy(dtype=int))
    return Check(problems, _counts(codes, usable), usable, codes)


def numbers(text: pd.Series) -> NDArray[np.float64]:
    """Numbers of a column of text, decimal point or comma; NaN where a cell is none.

    >>> numbers(pd.Series(["1,25", "2.5", "x", ""])).tolist()
    [1.25, 2.5, nan, nan]
    """
    codes, values = pd.factorize(text)
    parsed = [float(v.replace(",", ".")) if _NUMBER.fullmatch(v) else float("nan") for v in values]
    found: NDArray[np.float64] = np.array([*parsed, float("nan")])[codes]
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
    table: FileTable, column: str, codebook: AnswerCodebook
) -> tuple[NDArray[np.int8], list[pd.DataFrame]]:
    """Codes of a column, each different value judged once; cells that are no rating are problems."""
    at, values = pd.factorize(table.frame[column])
    codes = np.array([_code(value, codebook) for value in values], dtype=np.int8)[at]
    wrong = np.flatnonzero(codes == WRONG)
    codes[wrong] = NOT_ASKED
    rule = "is a whole number from 1 to 5 or a missing code"
    remedy = "correct the cell, or list the code under [missing] in the codebook"
    return codes, [_problem(table, wrong, column, values[at[wrong]], rule, remedy)] if wrong.size else []


def _code(value: str, codebook: AnswerCodebook) -> int:
    kind = codebook.meaning(value)
    if kind:
        return CODE[kind]
    if _NUMBER.fullmatch(value):
        number = float(value.replace(",", "."))
        whole = str(int(number)) if number.is_integer() else ""
        if codebook.meaning(whole) and whole:
            return CODE[codebook.meaning(whole)]
        if whole in ("1", "2", "3", "4", "5"):
            return int(whole)
    return WRONG


def _labels(table: FileTable, codebook: AnswerCodebook) -> list[pd.DataFrame]:
    """Rows without a service, region, channel or other label that the codebook names."""
    found = []
    for role in ("respondent", "service", "region", "channel", "stratum", "psu"):
        if role in codebook.columns:
            column = codebook.columns[role]
            blank = np.flatnonzero(table.frame[column].to_numpy() == "")
            if blank.size:
                rule = f"names the {role} in every row"
                found.append(
                    _problem(table, blank, column, [""] * blank.size, rule, "fill the cell or drop the row")
                )
    return found


def _weights(table: FileTable, codebook: AnswerCodebook) -> list[pd.DataFrame]:
    if "weight" not in codebook.columns:
        return []
    column = codebook.columns["weight"]
    text = table.frame[column]
    with np.errstate(invalid="ignore"):
        value = numbers(text)
        wrong = np.flatnonzero(~(np.isfinite(value) & (value > 0)))
    rule = "is a positive number"
    return (
        [_problem(table, wrong, column, text.to_numpy()[wrong], rule, "correct the weight")]
        if wrong.size
        else []
    )


def _keys(table: FileTable, codebook: AnswerCodebook) -> list[pd.DataFrame]:
    """Repeated respondents or ratings, and (long) respondents whose facts differ between rows."""
    if "respondent" not in codebook.columns:
        return []
    who = codebook.columns["respondent"]
    frame = table.frame
    if codebook.layout == "wide":
        twice = np.flatnonzero(frame.duplicated(who).to_numpy() & (frame[who] != "").to_numpy())
        remedy = "delete the repeated row or correct the id"
        return (
            [_problem(table, twice, who, frame[who].to_numpy()[twice], "comes once", remedy)]
            if twice.size
            else []
        )
    item = codebook.columns["item"]
    twice = np.flatnonzero(frame.duplicated([who, item]).to_numpy())
    found = []
    if twice.size:
        rule = "rates each item once"
        found.append(
            _problem(table, twice, item, frame[item].to_numpy()[twice], rule, "keep one of the rows")
        )
    for role, column in codebook.columns.items():
        if role in ("respondent", "item", "rating"):
            continue
        odd = np.flatnonzero((frame[column] != frame.groupby(who)[column].transform("first")).to_numpy())
        if odd.size:
            rule = f"is the same in every row of a respondent ({role})"
            found.append(
                _problem(table, odd, column, frame[column].to_numpy()[odd], rule, "correct the cell")
            )
    return found


def _long_items(table: FileTable, codebook: AnswerCodebook) -> list[pd.DataFrame]:
    column = codebook.columns["item"]
    known = {item.column for item in codebook.items.values()}
    odd = np.flatnonzero(~table.frame[column].isin(known).to_numpy())
    rule, remedy = "is an item of the codebook", "add the item to the codebook or drop the row"
    return (
        [_problem(table, odd, column, table.frame[column].to_numpy()[odd], rule, remedy)] if odd.size else []
    )


def _problem(
    table: FileTable, rows: NDArray[np.intp], column: str, values: object, rule: str, remedy: str
) -> pd.DataFrame:
    place = np.where(rows < 0, 0, rows + table.first_row)
    facts = {"row": place, "column": column, "value": values, "rule": rule, "remedy": remedy}
    return pd.DataFrame(facts, columns=list(COLUMNS))


def _counts(codes: NDArray[np.int8], usable: NDArray[np.bool_]) -> dict[str, int]:
    kept = codes[usable]
    return {
        "rows": int(codes.shape[0]),
        "rows_dropped": int((~usable).sum()),
        "ratings": int((kept > 0).sum()),
        "rows_without_rating": int((~(kept > 0).any(axis=1)).sum()),
        **{kind: int((kept == code).sum()) for kind, code in CODE.items()},
    }
