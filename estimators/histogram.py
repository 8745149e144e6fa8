"""Weighted score histograms: everything wanted from ratings that is not a variance reads them.

The last axis of a histogram counts the eight codes of `estimators.ratings` in the order of `CODES`: not
answered, not applicable, not asked, then the scores 1 to 5. A `Statistic` is a ratio of two linear
functions of that axis, so one table of residuals by domain, item and code linearises it for everyone.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from estimators.options import check_whole, first_of
from estimators.ratings import CODES, NOT_ANSWERED

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
Denominator = Literal["rated", "asked"]
StatisticName = Literal["mean", "satisfaction", "top_two_box"]

N_CODES: Final = len(CODES)
_CELLS = 2**22  # ratings coded at once, to bound memory


@dataclass(frozen=True, slots=True, eq=False)
class Statistic:
    """Ratio of two linear functions of the code counts: ``hist @ numerator / hist @ denominator``.

    ``numerator`` and ``denominator`` (code,); ``bounds`` are the ends of its scale.
    """

    numerator: FloatArray
    denominator: FloatArray
    bounds: tuple[float, float]

    def value(self, hist: FloatArray) -> FloatArray:
        """Value (...) from histograms (..., code); NaN where the denominator is empty.

        >>> hist = np.array([0, 0, 0, 0, 0, 0, 1, 3.0])
        >>> float(statistic("mean").value(hist))
        4.75
        """
        below: FloatArray = hist @ self.denominator
        empty: FloatArray = np.full(below.shape, np.nan)
        return np.divide(hist @ self.numerator, below, out=empty, where=below > 0)

    def residuals(self, value: FloatArray) -> FloatArray:
        """Residual ``a_c - value b_c`` (..., code) of each code, for values (...); 0 where value is NaN."""
        known = np.nan_to_num(value)[..., None]
        return np.where(np.isnan(value)[..., None], 0.0, self.numerator - known * self.denominator)


def statistic(name: StatisticName, denominator: Denominator = "rated") -> Statistic:
    """Statistic by name; the mean is over raters whatever the denominator of the shares.

    Parameters
    ----------
    name : "mean" (Q), "satisfaction" (share of fives) or "top_two_box" (share of fours and fives).
    denominator : shares are of those who "rated", or of those "asked", which adds the not answered.

    Raises
    ------
    ValueError
        For another name or denominator.

    Examples
    --------
    >>> hist = np.array([5, 0, 0, 0, 0, 0, 1, 4.0])
    >>> float(statistic("satisfaction").value(hist)), float(statistic("satisfaction", "asked").value(hist))
    (0.8, 0.4)
    """
    codes = np.array(CODES)
    least = {"mean": 1, "satisfaction": 5, "top_two_box": 4}
    if name not in least:
        raise ValueError(f"statistic must be one of {', '.join(least)}, got {name!r}")
    if denominator not in ("rated", "asked"):
        raise ValueError(f"denominator must be 'rated' or 'asked', got {denominator!r}")
    chosen = codes >= least[name]
    if name == "mean":
        return Statistic(np.where(chosen, codes, 0).astype(float), chosen.astype(float), (1.0, 5.0))
    below = (codes > 0) | ((codes == NOT_ANSWERED) & (denominator == "asked"))
    return Statistic(chosen.astype(float), below.astype(float), (0.0, 1.0))


def cell_index(ratings: NDArray[np.int8], domain: IntArray) -> IntArray:
    """Flat index (respondent, item) of each rating's cell in a histogram (domain, item, code).

    >>> cell_index(np.array([[5, -2]], dtype=np.int8), np.array([1])).tolist()
    [[23, 24]]
    """
    items = ratings.shape[1]
    start = (domain * (items * N_CODES))[:, None] + (np.arange(items) * N_CODES - CODES[0])
    return np.asarray(start + ratings)


def count_cells(cells: IntArray, n_domains: int, *, weight: FloatArray | None = None) -> FloatArray:
    """Histogram (domain, item, code) from the indices (respondent, item) of `cell_index`.

    >>> index = cell_index(np.array([[5], [5]], dtype=np.int8), np.array([0, 0]))
    >>> count_cells(index, 1, weight=np.array([1.5, 1.0]))[0, 0, 7].item()
    2.5
    """
    items = cells.shape[1]
    weights = None if weight is None else np.repeat(weight, items)
    hist = np.bincount(cells.ravel(), weights=weights, minlength=n_domains * items * N_CODES)
    return hist.reshape(n_domains, items, N_CODES).astype(float, copy=False)


def score_histograms(
    ratings: NDArray[np.int8], domain: IntArray, n_domains: int, *, weight: FloatArray | None = None
) -> FloatArray:
    """Histograms (domain, item, code) of ratings: weighted counts, or counts without weights.

    Parameters
    ----------
    ratings : (respondent, item) codes of `estimators.ratings`.
    domain : (respondent,) codes 0 to ``n_domains - 1``.
    n_domains : number of domains.
    weight : (respondent,) weights; 1 if None.

    Raises
    ------
    TypeError
        For ratings or domains that are no integers.
    ValueError
        For a rating that is no code, a domain outside the number, or another length.

    Examples
    --------
    >>> one = np.array([[5], [5], [0]], dtype=np.int8)
    >>> score_histograms(one, np.array([0, 0, 1]), 2, weight=np.array([1.5, 1, 1]))[:, 0, [2, 7]].tolist()
    [[0.0, 2.5], [1.0, 0.0]]
    """
    _check_table(ratings, domain, n_domains, weight)
    hist = np.zeros((n_domains, ratings.shape[1], N_CODES))
    step = max(1, _CELLS // max(ratings.shape[1], 1))
    for start in range(0, len(ratings), step):
        rows = slice(start, start + step)
        part = None if weight is None else weight[rows]
        hist += count_cells(cell_index(ratings[rows], domain[rows]), n_domains, weight=part)
    return hist


def _check_table(
    ratings: NDArray[np.int8], domain: IntArray, n_domains: int, weight: FloatArray | None
) -> None:
    """Refuse what would be counted in another cell."""
    check_whole(n_domains, "n_domains", least=0)
    for name, values in (("ratings", ratings), ("domain", domain)):
        if not isinstance(values, np.ndarray) or values.dtype.kind not in "iu":
            raise TypeError(
                f"{name} must be an array of integers, got {getattr(values, 'dtype', type(values))}"
            )
    if ratings.ndim != 2 or domain.shape != (len(ratings),):
        raise ValueError(
            f"ratings must be (respondent, item), domain (respondent,), got {ratings.shape}, {domain.shape}"
        )
    limits = (("ratings", ratings, CODES[0], CODES[-1]), ("domain", domain, 0, n_domains - 1))
    for name, values, least, most in limits:
        if values.size and not least <= values.min() <= values.max() <= most:
            wrong = (values < least) | (values > most)
            raise ValueError(f"{name} must be {least} to {most}, {first_of(values, wrong)}; recode it")
    if weight is not None and (np.shape(weight) != domain.shape or not np.isfinite(weight).all()):
        raise ValueError(f"weight must be {len(domain)} finite numbers, one per respondent")
