"""Small cells left out of a table, and those that would give them away."""

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def suppressed(
    table: pd.DataFrame,
    min_cell: int,
    *,
    within: Sequence[str] = (),
    blank_wholes: Collection[tuple[str, ...]] = (),
    raters: Sequence[str] = ("raters",),
    flag: str = "flag",
) -> pd.DataFrame:
    """Table with the numbers of every row of few raters left blank, and of those that would give them away.

    A score is a mean over the parts below it, so one blank part can be worked out from the whole and the
    other parts. Where one part of a whole is blank alone, the part with the next fewest raters is so too. A
    whole that is blank itself could be worked out from its parts: one of them is left blank at least.

    Parameters
    ----------
    table
        One row a part and statistic.
    min_cell
        Fewest raters whose figures are shown; 0 shows all.
    within
        Columns that name the whole; none: all rows are parts of one.
    blank_wholes
        Wholes that are left blank in a table of their own: their values in `within`.
    raters
        Columns that count raters; the smallest counts.
    flag
        Column that says why a row is blank.

    Raises
    ------
    ValueError
        When `min_cell` is negative.

    Examples
    --------
    >>> table = pd.DataFrame({"service": list("abc"), "estimate": [4.5, 4.9, 4.1], "raters": [40, 2, 9]})
    >>> suppressed(table.assign(flag=""), 5).values.tolist()
    [['a', 4.5, 40.0, ''], ['b', nan, nan, 'fewer than 5 raters'], ['c', nan, nan, 'would give another away']]
    """
    if min_cell < 0:
        raise ValueError(f"min_cell must be at least 0, got {min_cell}; 0 shows every cell")
    count = table[list(raters)].min(axis=1).to_numpy()
    few = count < min_cell
    telling = _telling(table, count, few, within, blank_wholes)
    if not (few | telling).any():
        return table
    shown = {
        name: table[name].astype("Float64" if table[name].dtype == "Int64" else float).mask(few | telling)
        for name in table.select_dtypes("number").columns
    }
    reasons = [f"fewer than {min_cell} raters", "would give another away"]
    shown[flag] = np.select([few, telling], reasons, table[flag].astype(object))
    out = table.assign(**shown)
    out.attrs = dict(table.attrs)
    return out


def _telling(
    table: pd.DataFrame,
    count: NDArray[np.int64],
    few: NDArray[np.bool_],
    within: Sequence[str],
    blank_wholes: Collection[tuple[str, ...]],
) -> NDArray[np.bool_]:
    """Rows that with the whole would give a lone blank part away, or all together a blank whole.

    Parts that nobody rated do not matter.
    """
    by = [*within, *(["statistic"] if "statistic" in table else [])]
    whole = table.groupby(by, sort=False).ngroup() if by else pd.Series(0, index=table.index)
    facts = pd.DataFrame({"whole": whole.to_numpy(), "few": few & (count > 0), "count": count})
    names = zip(*(table[name] for name in within), strict=True)
    enough = np.array([0 if own in blank_wholes else 1 for own in names] if blank_wholes else 1)
    others = facts[(facts.groupby("whole")["few"].transform("sum") == enough) & ~few & (count > 0)]
    found = np.zeros(len(table), dtype=bool)
    found[others.groupby("whole")["count"].idxmin().to_numpy(dtype=int)] = True
    return found
