"""Corrections of p-values for the number of tests."""

from collections.abc import Callable
from math import inf
from typing import Any, Final, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, t

from estimators.comparisons_estimates import JointEstimate, labelled
from estimators.freedom import Freedom, normal_score, of_units
from estimators.ranks_stepwise import error_draws

Array = NDArray[np.float64]
Method = Literal["none", "bonferroni", "holm", "bh", "max_t"]
Rng = np.random.Generator | int | None


def adjust(
    p_values: ArrayLike | xr.DataArray,
    *,
    method: Method = "holm",
    correlation: ArrayLike | None = None,
    df: ArrayLike = inf,
    draws: int = 10_000,
    rng: Rng = 0,
) -> xr.Dataset:
    """P-values of a family of tests, corrected for its size.

    Parameters
    ----------
    p_values : array-like or DataArray, any shape
        The whole family.
    method : {"none", "bonferroni", "holm", "bh", "max_t"}
        Holm (1979) holds the probability of any false rejection under any dependence; Benjamini and
        Hochberg (1995) the expected share of false rejections among all, for independent or positively
        dependent tests; max-t (step-down) is Holm sharpened by the correlation of the statistics.
    correlation : array-like (test, test), optional
        Of the test statistics in the order of the flattened p-values, which must be two-sided; needed by
        "max_t" alone.
    df : float or array-like (test,)
        Degrees of freedom of the statistics behind the p-values, needed by "max_t" alone; infinite for
        normal ones. One for each test: statistics are compared by their `normal_score`.
    draws : int
        Draws for "max_t".
    rng : Generator, int or None
        Source of the draws; the default repeats itself.

    Returns
    -------
    Dataset
        `p_value`, `p_adjusted` and `p_adjusted_mcse` (its Monte Carlo error, 0 but for "max_t").

    Raises
    ------
    ValueError
        If a p-value is outside 0..1 or the correlation is missing, unwanted or none.

    Notes
    -----
    Max-t: Westfall and Young (1993), Algorithm 4.1, with normal or t draws.

    Examples
    --------
    >>> adjust([0.01, 0.04, 0.03], method="holm")["p_adjusted"].values.round(3).tolist()
    [0.03, 0.06, 0.06]
    >>> adjust([0.01, 0.04, 0.03], method="bh")["p_adjusted"].values.round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    given = labelled(p_values, dim="test")
    family = given.values.ravel()
    if not ((family >= 0) & (family <= 1)).all() or len(family) == 0:
        raise ValueError("p_values must be between 0 and 1, at least one of them and none NaN")
    if (correlation is None) == (method == "max_t"):
        raise ValueError(f"correlation must be given for method 'max_t' and for no other, got {method!r}")
    error = np.zeros_like(family)
    if correlation is not None:
        matrix = np.asarray(correlation, dtype=float)
        own = of_units(df, len(family))
        adjusted, error = _max_t(family, matrix, df=own, draws=draws, rng=np.random.default_rng(rng))
    elif method in CORRECTIONS:
        adjusted = CORRECTIONS[method](family)
    else:
        raise ValueError(f"method must be one of {[*CORRECTIONS, 'max_t']}, got {method!r}")
    columns = {"p_value": family, "p_adjusted": adjusted, "p_adjusted_mcse": error}
    return xr.Dataset({name: given.copy(data=c.reshape(given.shape)) for name, c in columns.items()})


def bonferroni(p_values: Array) -> Array:
    """P-values times their number.

    >>> bonferroni(np.array([0.01, 0.6])).tolist()
    [0.02, 1.0]
    """
    return np.minimum(1.0, p_values * len(p_values))


def holm(p_values: Array) -> Array:
    """Holm's step-down p-values.

    >>> holm(np.array([0.04, 0.01])).tolist()
    [0.04, 0.02]
    """
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * np.arange(len(p_values), 0, -1)
    out = np.empty_like(p_values)
    out[order] = np.minimum(1.0, np.maximum.accumulate(scaled))
    return out


def benjamini_hochberg(p_values: Array) -> Array:
    """Benjamini and Hochberg's step-up p-values.

    >>> benjamini_hochberg(np.array([0.04, 0.01])).tolist()
    [0.04, 0.02]
    """
    count = len(p_values)
    order = np.argsort(p_values, kind="stable")[::-1]
    scaled = p_values[order] * (count / np.arange(count, 0, -1))
    out = np.empty_like(p_values)
    out[order] = np.minimum(1.0, np.minimum.accumulate(scaled))
    return out


CORRECTIONS: Final[dict[str, Callable[[Array], Array]]] = {
    "none": np.copy,
    "bonferroni": bonferroni,
    "holm": holm,
    "bh": benjamini_hochberg,
}


def two_sided(statistic: Array, *, df: Freedom = inf) -> Array:
    """Two-sided p-value of a normal or t statistic.

    >>> two_sided(np.array([1.959964])).round(4).tolist()
    [0.05]
    """
    return np.asarray(2 * law(df).sf(np.abs(statistic)))


def critical(level: float, *, df: Freedom = inf, tests: int = 1) -> Array:
    """Two-sided critical value of a normal or t statistic, Bonferroni over `tests`.

    >>> critical(0.95).round(4).item(), critical(0.95, tests=10).round(4).item()
    (1.96, 2.807)
    """
    return np.asarray(law(df).isf((1 - level) / 2 / tests))


def law(df: Freedom) -> Any:
    """Normal law, or t of the degrees of freedom.

    >>> law(np.array([4.0, inf])).isf(0.025).round(3).tolist()
    [2.776, 1.96]
    """
    return norm if isinstance(df, float) and df == inf else t(df)


def _max_t(
    p_values: Array, correlation: Array, *, df: Freedom, draws: int, rng: np.random.Generator
) -> tuple[Array, Array]:
    if correlation.shape != (len(p_values),) * 2 or not np.allclose(np.diag(correlation), 1.0):
        raise ValueError(
            f"correlation must be a {len(p_values)} by {len(p_values)} matrix with ones on its diagonal, "
            f"got shape {correlation.shape}: divide a covariance by the standard errors first"
        )
    matrix = JointEstimate.of(np.zeros(len(p_values)), correlation).covariance
    order = np.argsort(p_values, kind="stable")
    observed = normal_score(law(df).isf(p_values / 2), df)[order]
    column = df if isinstance(df, float) else df[:, None]
    noise = normal_score(np.abs(error_draws(matrix, draws, df=df, rng=rng)), column)[order]
    largest = np.maximum.accumulate(noise[::-1], axis=0)[::-1]  # over the tests no more significant
    share = (1 + (largest >= observed[:, None]).sum(axis=1)) / (draws + 1)
    stepped = np.maximum(np.maximum.accumulate(share), p_values[order])  # never below its own p-value
    out, error = np.empty_like(p_values), np.empty_like(p_values)
    out[order] = stepped
    error[order] = np.sqrt(stepped * (1 - stepped) / draws)
    return out, error
