"""Counts for figures: who answered where, and which ratings they gave."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from estimators.histogram import N_CODES, score_histograms

FIRST_SCORE = N_CODES - 5


def crossed(rows: NDArray[np.str_], columns: NDArray[np.str_]) -> pd.DataFrame:
    """People by row and column label, labels in the order of their first appearance in sorted order.

    Examples
    --------
    >>> crossed(np.array(["x", "x", "y"]), np.array(["b", "a", "b"])).values.tolist()
    [[1, 1], [0, 1]]
    """
    return pd.crosstab(pd.Series(rows, name="row"), pd.Series(columns, name="column"))


def rating_shares(
    ratings: NDArray[np.int8], group: NDArray[np.str_], *, weight: NDArray[np.float64] | None = None
) -> pd.DataFrame:
    """Shares of the ratings one to five, all items together, a row a group that has any rating.

    Examples
    --------
    >>> rating_shares(np.array([[5, 4], [5, 5]], dtype=np.int8), np.array(["a", "a"])).loc["a"].tolist()
    [0.0, 0.0, 0.0, 0.25, 0.75]
    """
    names, code = np.unique(group, return_inverse=True)
    hist = score_histograms(ratings, code.astype(np.intp), len(names), weight=weight).sum(axis=1)
    return _of_scores(names, hist)


def item_shares(
    ratings: NDArray[np.int8], items: NDArray[np.str_], *, weight: NDArray[np.float64] | None = None
) -> pd.DataFrame:
    """Shares of the ratings one to five, a row an item that has any rating; items of one name together.

    Examples
    --------
    >>> item_shares(np.array([[5, 4], [5, 0]], dtype=np.int8), np.array(["a", "b"])).loc["b"].tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0]
    """
    everyone = np.zeros(len(ratings), dtype=np.intp)
    hist = pd.DataFrame(score_histograms(ratings, everyone, 1, weight=weight)[0]).groupby(items).sum()
    return _of_scores(hist.index.to_numpy(), hist.to_numpy())


def raters_of(ratings: NDArray[np.int8], items: NDArray[np.str_]) -> pd.Series:
    """People who rated any item of each name.

    Examples
    --------
    >>> raters_of(np.array([[5, 4], [0, 3]], dtype=np.int8), np.array(["a", "a"])).to_dict()
    {'a': 2}
    """
    return pd.DataFrame((ratings > 0).T).groupby(items).any().sum(axis=1)


def _of_scores(names: NDArray[np.str_], hist: NDArray[np.float64]) -> pd.DataFrame:
    given = hist[:, FIRST_SCORE:]
    rated = given.sum(axis=1) > 0
    return pd.DataFrame(
        given[rated] / given[rated].sum(axis=1, keepdims=True), index=names[rated], columns=range(1, 6)
    )
