"""The codes of a ratings table: 1..5 for a rating, and three kinds of missing kept apart.

Notes
-----
*Not asked*: the item belongs to another channel's questionnaire. *Not applicable*: the item does not
apply to this person (free service, no complaint, assistant not used). *Not answered*: the person was
asked and gave no rating. The published satisfaction counts the last kind in its denominator.
"""

from numbers import Integral
from typing import Any, Final

import numpy as np
import xarray as xr
from numpy.typing import NDArray

NOT_ASKED: Final = 0
NOT_APPLICABLE: Final = -1
NOT_ANSWERED: Final = -2
CODES: Final = (NOT_ANSWERED, NOT_APPLICABLE, NOT_ASKED, 1, 2, 3, 4, 5)
MEANINGS: Final = ("not_answered", "not_applicable", "not_asked", "1", "2", "3", "4", "5")


def rated(ratings: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether each entry is a rating.

    >>> rated(np.array([5, 0, -1, -2, 1], dtype=np.int8)).tolist()
    [True, False, False, False, True]
    """
    return ratings > 0


def asked(ratings: NDArray[np.int8]) -> NDArray[np.bool_]:
    """Whether each entry was asked of this person: rated, or asked and not answered.

    >>> asked(np.array([5, 0, -1, -2, 1], dtype=np.int8)).tolist()
    [True, False, False, True, True]
    """
    unanswered: NDArray[np.bool_] = ratings == NOT_ANSWERED
    return (ratings > 0) | unanswered


def codes_of(ratings: xr.DataArray) -> NDArray[np.int8]:
    """Codes (respondent, item) of a table, checked.

    Raises
    ------
    TypeError
        For a table that holds no whole numbers: it names an entry that is none.
    ValueError
        For a number that is no code: it names the first.

    Examples
    --------
    >>> codes_of(xr.DataArray([[5], [-2]], dims=("respondent", "item"), coords={"item": ["o1"]})).tolist()
    [[5], [-2]]
    """
    array = ratings.transpose("respondent", "item")
    table, names = array.values, array["item"].values.tolist()
    remedy = "0 (not asked), -1 (not applicable) or -2 (not answered)"

    def first(wrong: NDArray[np.bool_]) -> str:
        row, column = np.argwhere(wrong)[0]
        entry = table[row, column]
        shown = entry.item() if isinstance(entry, np.generic) else entry
        return f"{shown!r} of respondent {row} (from 0) at item {names[column]!r}"

    if table.dtype.kind not in "iu":
        broken = _no_whole_numbers(table)
        got = f" such as {first(broken)}" if broken.any() else ", all of them whole: convert them to int8"
        raise TypeError(f"ratings must be integers, got {table.dtype}{got}; code the missing as {remedy}")
    if table.size and (table.min() < CODES[0] or table.max() > CODES[-1]):
        wrong = (table < CODES[0]) | (table > CODES[-1])
        raise ValueError(
            f"ratings must be codes {CODES[0]}..{CODES[-1]}, got {first(wrong)}, {int(wrong.sum())} entries"
            f" are not; recode them as 1..5, {remedy}"
        )
    return table.astype(np.int8, copy=False)


def _no_whole_numbers(table: NDArray[Any]) -> NDArray[np.bool_]:
    """Entries that are no whole numbers; text and booleans are none."""
    if table.dtype.kind == "f":
        return np.asarray(~np.isfinite(table) | (table != np.round(table)))
    if table.dtype.kind != "O":
        return np.ones(table.shape, dtype=bool)
    whole = [isinstance(entry, Integral) and not isinstance(entry, bool) for entry in table.ravel()]
    return ~np.array(whole, dtype=bool).reshape(table.shape)
