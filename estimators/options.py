"""Options that many comparisons share, checked in one place and refused in one wording."""

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Best = Literal["high", "low"]
TAIL = 20  # draws beyond the critical value, at least: fewer leave it to chance


def check_level(level: float) -> None:
    """Refuse what is no confidence level.

    >>> check_level(95)
    Traceback (most recent call last):
    ...
    ValueError: level must be between 0 and 1, got 95: write 95% as 0.95
    """
    if not isinstance(level, Real):
        raise TypeError(f"level must be a number between 0 and 1, got {level!r}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}: write 95% as 0.95")


def check_several(names: Sequence[str], argument: str) -> None:
    """Refuse one text, whose letters would be taken for names.

    >>> check_several("mean", "statistics")
    Traceback (most recent call last):
    ...
    TypeError: statistics must be a list of names, got the text 'mean'; write ['mean']
    """
    if isinstance(names, str):
        raise TypeError(f"{argument} must be a list of names, got the text {names!r}; write [{names!r}]")


def direction(best: Best) -> float:
    """1 where the highest is best, -1 where the lowest is.

    >>> direction("low")
    -1.0
    """
    if best not in ("high", "low"):
        raise ValueError(f"best must be 'high' or 'low', got {best!r}")
    return 1.0 if best == "high" else -1.0


def check_whole(value: int, name: str, *, least: int, most: int | None = None) -> None:
    """Refuse what is no whole number in a range.

    >>> check_whole(1.5, "tau", least=1, most=3)
    Traceback (most recent call last):
    ...
    ValueError: tau must be a whole number from 1 to 3, got 1.5
    """
    if (
        not isinstance(value, Integral)
        or isinstance(value, bool)
        or value < least
        or (most is not None and value > most)
    ):
        span = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name} must be a whole number {span}, got {value}")


def check_draws(draws: int, *, level: float | None = None) -> None:
    """Refuse a number of draws that is none, or leaves fewer than `TAIL` beyond a critical value.

    >>> check_draws(100, level=0.95)
    Traceback (most recent call last):
    ...
    ValueError: draws must be at least 400 for level 0.95, got 100: fewer leave the critical value to chance
    """
    check_whole(draws, "draws", least=1)
    if level is not None:
        check_level(level)
        least = ceil(TAIL / (1 - level) - 1e-9)
        if draws < least:
            raise ValueError(
                f"draws must be at least {least} for level {level}, got {draws}: "
                "fewer leave the critical value to chance"
            )


def first_of(values: NDArray[Any], wrong: NDArray[np.bool_], what: str = "respondent") -> str:
    """Say which of the values (n, ...) is the first wrong one, and where it is.

    >>> first_of(np.array([1.0, np.nan]), np.array([False, True]))
    'the first is nan at respondent 1 (from 0)'
    """
    place = np.argwhere(wrong)[0]
    value = values[tuple(place)]
    shown = repr(str(value)) if isinstance(value, str) else value
    return f"the first is {shown} at {what} {place[0]} (from 0)"


def unmasked(values: ArrayLike) -> ArrayLike:
    """Values themselves; those of a masked array with None where masked: `numpy.asarray` forgets the mask.

    >>> unmasked(np.ma.masked_array([1, 2], mask=[False, True])).tolist()
    [1, None]
    """
    if not isinstance(values, np.ma.MaskedArray):
        return values
    return np.where(np.ma.getmaskarray(values), np.array(None), np.ma.getdata(values))


def as_numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Numbers (...) as floats, the missing as NaN; a text is no number, even one that looks like it.

    >>> as_numbers([1, "2.5"], "weight")
    Traceback (most recent call last):
    ...
    TypeError: weight must be numbers, the first is '2.5' at respondent 1 (from 0); mend or convert the column
    """
    values = unmasked(values)
    try:
        table = np.asarray(values)
    except ValueError:
        raise ValueError(f"{name} must be numbers in rows of one length, got {values!r}") from None
    if table.dtype.kind in "biuf":
        return np.asarray(table, dtype=float)
    entries = np.asarray(values, dtype=object)  # a list of texts and numbers is read as texts otherwise
    missing = np.asarray(pd.isna(entries))
    number = [isinstance(entry, Real | Decimal) for entry in entries.ravel()]
    wrong = ~(missing | np.array(number, dtype=bool).reshape(entries.shape))
    if wrong.any():
        where = first_of(entries, wrong) if entries.ndim else f"got {entries[()]!r}"
        raise TypeError(f"{name} must be numbers, {where}; mend or convert the column")
    return np.where(missing, np.nan, entries).astype(float)
