"""Ranks of categories by their counts: exact binomial tests, no normal approximation."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binom, rankdata

from estimators.options import check_level

Side = Literal["both", "lower", "upper"]
Correction = Literal["holm", "bonferroni"]


@dataclass(frozen=True, slots=True)
class Winner:
    """The test that the category seen most often is the likeliest one."""

    winner: str
    runner_up: str
    p_value: float
    null: str = "some other category is at least as likely as the winner"


def multinomial_ranks(
    counts: ArrayLike | xr.DataArray,
    *,
    level: float = 0.95,
    simultaneous: bool = True,
    side: Side = "both",
    correction: Correction = "holm",
) -> xr.Dataset:
    """Confidence sets for the ranks of a multinomial's categories, rank 1 the likeliest.

    Given their sum, the counts of two equally likely categories are binomial with probability 1/2; each
    ordered pair is tested so, and the p-values are corrected for the number of pairs.

    Parameters
    ----------
    counts : array-like (category,) or DataArray
        Whole numbers, at least 0.
    level : float
        Probability that the sets hold the true ranks, at least.
    simultaneous : bool
        All categories at once, or each taken alone.
    side : {"both", "lower", "upper"}
        Bound the ranks from both sides, or only from below (who is surely better) or above (surely worse).
    correction : {"holm", "bonferroni"}

    Returns
    -------
    Dataset
        `count`, `rank` (ties share the best), `lower`, `upper`.

    Raises
    ------
    ValueError
        If the counts are no counts, or an option is unknown.

    Notes
    -----
    Mogstad, Romano, Shaikh and Wilhelm (2024), Section 5 and its finite-sample multinomial case.

    Examples
    --------
    >>> found = multinomial_ranks([120, 100, 60, 5])
    >>> found["lower"].values.tolist(), found["upper"].values.tolist()
    ([1, 1, 3, 4], [2, 2, 3, 4])
    """
    if side not in ("both", "lower", "upper"):
        raise ValueError(f"side must be 'both', 'lower' or 'upper', got {side!r}")
    dim, labels, values = _counts(counts)
    size = len(values)
    a, b = np.argwhere(~np.eye(size, dtype=bool)).T
    p_values = binom.sf(values[a] - 1, values[a] + values[b], 0.5)  # H: a is not likelier than b
    superior, inferior = np.zeros((2, size, size), dtype=bool)
    if simultaneous:
        superior[a, b] = _rejected(p_values, level, correction)
        inferior = superior.T
    else:
        for j in range(size):
            above, below = (b == j) & (side != "upper"), (a == j) & (side != "lower")
            own = above | below
            rejected = np.zeros(len(a), dtype=bool)
            rejected[own] = _rejected(p_values[own], level, correction)
            inferior[j, a[above]] = rejected[above]
            superior[j, b[below]] = rejected[below]
    lower = 1 + inferior.sum(axis=1) * (side != "upper")
    upper = size - superior.sum(axis=1) * (side != "lower")
    rank = rankdata(-values, method="min").astype(int)
    columns = {"count": values, "rank": rank, "lower": lower, "upper": upper}
    return xr.Dataset(
        {name: (dim, column) for name, column in columns.items()},
        coords={dim: labels},
        attrs={"level": level, "coverage": "all ranks at once" if simultaneous else "each rank taken alone"},
    )


def multinomial_winner(counts: ArrayLike | xr.DataArray) -> Winner:
    """Test that the most frequent category is the likeliest, against the runner-up alone and unadjusted.

    The two-sided binomial p-value of the winner against the runner-up needs no correction for how many
    categories there were, nor for the winner being chosen by the data.

    Parameters
    ----------
    counts : array-like (category,) or DataArray
        Whole numbers, at least 0, of two categories or more.

    Returns
    -------
    Winner

    Notes
    -----
    Hung and Fithian (2019), Theorem 1 and its multinomial case.

    Examples
    --------
    >>> round(multinomial_winner([120, 100, 95]).p_value, 4)
    0.2001
    """
    _, labels, values = _counts(counts)
    if len(values) < 2:
        raise ValueError("counts must have two categories or more, got 1")
    first, second = np.argsort(-values, kind="stable")[:2]
    tail = binom.sf(values[first] - 1, values[first] + values[second], 0.5)
    return Winner(str(labels[first]), str(labels[second]), float(min(1.0, 2 * tail)))


def _rejected(p_values: NDArray[np.float64], level: float, correction: Correction) -> NDArray[np.bool_]:
    check_level(level)
    count = len(p_values)
    if correction == "bonferroni":
        return np.asarray(p_values <= (1 - level) / count)
    if correction != "holm":
        raise ValueError(f"correction must be 'holm' or 'bonferroni', got {correction!r}")
    order = np.argsort(p_values, kind="stable")
    passed = p_values[order] <= (1 - level) / np.arange(count, 0, -1)
    out = np.zeros(count, dtype=bool)
    out[order] = np.logical_and.accumulate(passed)
    return out


def _counts(counts: ArrayLike | xr.DataArray) -> tuple[str, NDArray[np.generic], NDArray[np.int64]]:
    values = np.asarray(counts)
    if values.ndim != 1 or len(values) == 0:
        raise ValueError(f"counts must have one dimension and a category, got shape {values.shape}")
    if not (np.isfinite(values).all() and (values >= 0).all() and (values == np.floor(values)).all()):
        raise ValueError("counts must be whole numbers, at least 0: give counts, not shares or percentages")
    if isinstance(counts, xr.DataArray):
        dim = str(counts.dims[0])
        return dim, counts[dim].values, values.astype(np.int64)
    return "category", np.arange(len(values)), values.astype(np.int64)
