"""Agreement of two rankings of the same units."""

from dataclasses import dataclass
from math import inf

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from estimators.comparisons_estimates import JointEstimate
from estimators.options import check_level
from estimators.ranks import DRAWS, Rng, orderings
from estimators.ties import levelled

Estimate = ArrayLike | xr.DataArray


@dataclass(frozen=True, slots=True)
class Concordance:
    """Kendall's tau of two rankings, with an interval from the pairs whose order is established.

    Parameters
    ----------
    tau : float
        (concordant - discordant pairs) / pairs, of the estimates; a tied pair counts 0.
    lower, upper : float
        Interval of the true tau.
    concordant, discordant, unresolved : int
        Pairs established to be ordered alike, ordered opposite, and the rest.
    pairs : int
    level : float
    """

    tau: float
    lower: float
    upper: float
    concordant: int
    discordant: int
    unresolved: int
    pairs: int
    level: float


def kendall(
    first: Estimate,
    first_covariance_or_se: Estimate | None,
    second: Estimate,
    second_covariance_or_se: Estimate | None,
    *,
    level: float = 0.95,
    df: ArrayLike = inf,
    second_df: ArrayLike | None = None,
    draws: int = DRAWS,
    rng: Rng = 0,
) -> Concordance:
    """Kendall's tau of two scores of the same units, with an interval that holds for any dependence.

    Orders of pairs are established within each ranking by the stepwise max-t test, each at half the error;
    a pair established in both is concordant or discordant, and the interval lets every other pair go
    either way. It is wide where the rankings are noise, as it should be.

    Parameters
    ----------
    first, second : array-like (unit,) or DataArray
        Scores of two years, or by two rules; labelled ones must carry the same labels in the same order.
    first_covariance_or_se, second_covariance_or_se : array-like or None
        As in `ranks`. None takes the scores as known without error.
    level : float
        Probability that the interval holds the true tau, at least.
    df, draws, rng
        As in `ranks`.
    second_df : float or array-like (unit,), optional
        Degrees of freedom of the second scores; `df` serves for both if not given.

    Returns
    -------
    Concordance

    Raises
    ------
    ValueError
        If the units differ or there is one only.

    Notes
    -----
    Tau-a, Kendall (1938). The joint signs are Mogstad, Romano, Shaikh and Wilhelm (2024), Section 3, at
    level 1 - (1 - level) / 2 for each of two uncertain rankings (Bonferroni).

    Examples
    --------
    >>> found = kendall([3.0, 2.0, 1.9], [0.1, 0.1, 0.1], [3.0, 1.9, 2.0], [0.1, 0.1, 0.1])
    >>> round(found.tau, 3), round(found.lower, 3), found.upper, found.unresolved
    (0.333, 0.333, 1.0, 1)
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    _check_units(first, second)
    check_level(level)
    uncertain = [c is not None for c in (first_covariance_or_se, second_covariance_or_se)]
    each = 1 - (1 - level) / max(1, sum(uncertain))
    upper = np.triu_indices(len(a), k=1)
    stream = np.random.default_rng(rng)
    signs = [
        _signs(x, c, level=each, df=freedom, draws=draws, rng=stream)[upper]
        for x, c, freedom in (
            (first, first_covariance_or_se, df),
            (second, second_covariance_or_se, df if second_df is None else second_df),
        )
    ]
    product = signs[0] * signs[1]  # NaN where an order is not established
    pairs = len(product)
    plus, minus = int((product > 0).sum()), int((product < 0).sum())
    loose = int(np.isnan(product).sum())
    tau = _order(a)[upper] @ _order(b)[upper] / pairs
    low, high = (plus - minus - loose) / pairs, (plus - minus + loose) / pairs
    return Concordance(float(tau), low, high, plus, minus, loose, pairs, level)


def _signs(
    estimate: Estimate,
    covariance_or_se: Estimate | None,
    *,
    level: float,
    df: ArrayLike,
    draws: int,
    rng: Rng,
) -> NDArray[np.float64]:
    """Sign of each difference (unit, unit), NaN where it is not established."""
    values = np.asarray(estimate, dtype=float)
    if covariance_or_se is None:
        return _order(values)
    found = orderings(
        JointEstimate.of(estimate, covariance_or_se),
        level=level,
        simultaneous=True,
        stepwise=True,
        best="high",
        df=df,
        draws=draws,
        rng=rng,
    )
    return np.where(found.superior, 1.0, np.where(found.inferior, -1.0, np.nan))


def _order(score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sign of each difference (unit, unit) of scores known without error; ties are ties up to rounding."""
    even = levelled(score)
    return np.asarray(np.sign(even[:, None] - even[None, :]))


def _check_units(first: Estimate, second: Estimate) -> None:
    shapes = np.shape(first), np.shape(second)
    if len(shapes[0]) != 1 or shapes[0] != shapes[1] or shapes[0][0] < 2:
        raise ValueError(f"first and second must score the same units, two or more, got {shapes}")
    if not np.isfinite(np.concatenate([np.asarray(first, float), np.asarray(second, float)])).all():
        raise ValueError("first and second must be finite: drop the units without a score from both")
    if (
        isinstance(first, xr.DataArray)
        and isinstance(second, xr.DataArray)
        and not first.indexes[first.dims[0]].equals(second.indexes[second.dims[0]])
    ):
        raise ValueError("first and second must carry the same labels in the same order: align them first")
