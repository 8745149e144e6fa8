"""Confidence sets for ranks: what a league table can support."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from estimators.comparisons_estimates import JointEstimate
from estimators.freedom import Freedom, normal_score, of_differences, of_units, student_score
from estimators.options import Best, check_draws, check_whole, direction
from estimators.ranks_stepwise import Quantile, error_draws, step_down, table_maxima, unit_maxima
from estimators.ties import levelled

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Estimate = ArrayLike | xr.DataArray
Rng = np.random.Generator | int | None
DRAWS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Orderings:
    """Which orderings of two units are established, and with what critical values.

    Parameters
    ----------
    superior : ndarray (unit, unit)
        Entry (a, b): a is established to be better than b.
    inferior : ndarray (unit, unit)
        Entry (a, b): a is established to be worse than b; the transpose of `superior` when one family
        holds all pairs, another matrix when each unit has its own.
    critical : tuple of Quantile
        First-step critical value of each unit's family.
    resolvable : ndarray (unit,)
        Difference from a rival of median precision that the first step would establish.
    """

    superior: Mask
    inferior: Mask
    critical: tuple[Quantile, ...]
    resolvable: Array


def ranks(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    level: float = 0.95,
    simultaneous: bool = True,
    stepwise: bool = True,
    best: Best = "high",
    df: ArrayLike = inf,
    draws: int = DRAWS,
    rng: Rng = 0,
) -> xr.Dataset:
    """Confidence sets for the ranks of units whose scores are estimated.

    A unit's rank is 1 plus the number of units better than it; units with equal true scores have every
    rank from there down to the last of them, and the set covers them all. A set is [1 + established
    betters, number of units - established worses], where an ordering is established by a stepwise max-t
    test with the full covariance.

    Parameters
    ----------
    estimate : array-like (unit,) or DataArray
        Scores. A DataArray gives its dimension and labels to the result.
    covariance_or_se : array-like (unit, unit) or (unit,)
        Covariance of the scores, or standard errors of independent scores.
    level : float
        Probability that the sets hold the true ranks: of all units at once, or unit by unit.
    simultaneous : bool
        True: one statement about the whole table. False: one about each unit taken alone, narrower, and
        not to be read as a table.
    stepwise : bool
        Whether orderings established in one step lower the bar for the next.
    best : {"high", "low"}
        Which end has rank 1.
    df : float or array-like (unit,)
        Degrees of freedom of the standard errors (of the design); infinite takes them as known. One for each
        unit where their variances are estimated apart: one for all would not hold the level then. The
        statistics are then compared on the scale of a normal one, lest the units with the fewest set the
        bar for all.
    draws : int
        Draws behind the critical values, the same in every step and for every unit.
    rng : Generator, int or None
        Source of the draws. The default makes the same input give the same sets.

    Returns
    -------
    Dataset
        Along the estimate's dimension: `estimate`, `se`, `rank` (ties share the best), `lower` and `upper`
        ranks, `group` (units tied but for rounding share a number, 1 is best), `critical_value` of the first
        step with `critical_value_mcse` (on the scale of a normal statistic where `df` is of each unit), and
        `resolvable`: the difference from a rival of median precision that the first step would establish
        (NaN for a unit without rivals).

    Raises
    ------
    ValueError
        If the covariance is none, or a difference of two units has standard error 0.

    Notes
    -----
    Mogstad, Romano, Shaikh and Wilhelm (2024), Sections 3.1-3.3. Sets made of percentiles of bootstrapped
    ranks are not offered: near ties they cover too seldom. Degrees of freedom of each unit: draws as in the
    Behrens-Fisher problem, differences by Welch (1938), one scale by Wallace (1959).

    Examples
    --------
    >>> found = ranks([4.9, 4.6, 4.6, 4.1], [0.05, 0.05, 0.05, 0.05])
    >>> found["rank"].values.tolist(), found["lower"].values.tolist(), found["upper"].values.tolist()
    ([1, 2, 2, 4], [1, 2, 2, 4], [1, 3, 3, 4])
    """
    joint = JointEstimate.of(estimate, covariance_or_se)
    sign = direction(best)
    found = orderings(
        joint,
        level=level,
        simultaneous=simultaneous,
        stepwise=stepwise,
        best=best,
        df=df,
        draws=draws,
        rng=rng,
    )
    size, score = len(joint.values), levelled(sign * joint.values)
    columns = {
        "estimate": joint.values,
        "se": joint.se,
        "rank": rankdata(-score, method="min").astype(int),
        "lower": 1 + found.inferior.sum(axis=1),
        "upper": size - found.superior.sum(axis=1),
        "group": rankdata(-score, method="dense").astype(int),
        "critical_value": np.array([c.value for c in found.critical]),
        "critical_value_mcse": np.array([c.mcse for c in found.critical]),
        "resolvable": found.resolvable,
    }
    return xr.Dataset(
        {name: (joint.dim, values) for name, values in columns.items()},
        coords={joint.dim: joint.labels},
        attrs={
            "level": level,
            "coverage": "all ranks at once" if simultaneous else "each rank taken alone",
            "best": best,
            "stepwise": int(stepwise),
            "df": float(np.asarray(df)) if np.ndim(df) == 0 else "of each unit",
            "draws": draws,
        },
    )


def tau_best(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    tau: int,
    level: float = 0.95,
    best: Best = "high",
    df: ArrayLike = inf,
    draws: int = DRAWS,
    rng: Rng = 0,
) -> xr.DataArray:
    """Units that may be among the `tau` best: with probability `level` it misses none of them.

    Parameters
    ----------
    estimate, covariance_or_se, level, best, df, draws, rng
        As in `ranks`.
    tau : int
        How many places count as best, 1 to the number of units.

    Returns
    -------
    DataArray (unit,)
        True where the unit is in the set.

    Notes
    -----
    The projection set of Mogstad, Romano, Shaikh and Wilhelm (2024), Section 3.4: simultaneous lower rank
    at most `tau`. The one-sided family is the two-sided one here, for it holds both directions of each pair.

    Examples
    --------
    >>> tau_best([4.9, 4.6, 4.55, 4.1], [0.05] * 4, tau=2).values.tolist()
    [True, True, True, False]
    """
    table = ranks(estimate, covariance_or_se, level=level, best=best, df=df, draws=draws, rng=rng)
    check_whole(tau, "tau", least=1, most=table.sizes[table["lower"].dims[0]])
    return (table["lower"] <= tau).rename("tau_best")


def tau_worst(
    estimate: Estimate,
    covariance_or_se: Estimate,
    *,
    tau: int,
    level: float = 0.95,
    best: Best = "high",
    df: ArrayLike = inf,
    draws: int = DRAWS,
    rng: Rng = 0,
) -> xr.DataArray:
    """Units that may be among the `tau` worst: with probability `level` it misses none of them.

    Parameters
    ----------
    estimate, covariance_or_se, level, best, df, draws, rng
        As in `ranks`.
    tau : int
        How many places count as worst, 1 to the number of units.

    Returns
    -------
    DataArray (unit,)
        True where the unit is in the set.

    Examples
    --------
    >>> tau_worst([4.9, 4.6, 4.55, 4.1], [0.05] * 4, tau=1).values.tolist()
    [False, False, False, True]
    """
    table = ranks(estimate, covariance_or_se, level=level, best=best, df=df, draws=draws, rng=rng)
    size = table.sizes[table["upper"].dims[0]]
    check_whole(tau, "tau", least=1, most=size)
    return (table["upper"] > size - tau).rename("tau_worst")


def orderings(
    joint: JointEstimate,
    *,
    level: float,
    simultaneous: bool,
    stepwise: bool,
    best: Best,
    df: ArrayLike,
    draws: int,
    rng: Rng,
) -> Orderings:
    """Orderings of pairs that the max-t test establishes: for all units at once, or unit by unit.

    Examples
    --------
    >>> joint = JointEstimate.of([1.0, 2.0, 9.0], [0.5, 0.5, 0.5])
    >>> orderings(joint, level=0.95, simultaneous=True, stepwise=True, best="high", df=inf, draws=1000,
    ...           rng=1).superior.astype(int).tolist()
    [[0, 0, 0], [0, 0, 0], [1, 1, 0]]
    """
    size = len(joint.values)
    own = of_units(df, size)
    check_draws(draws, level=level)
    se, freedom = joint.se_difference, of_differences(own, joint.covariance)
    if size == 1:
        none = np.zeros((1, 1), dtype=bool)
        return Orderings(none, none, (Quantile(float("nan"), float("nan")),), np.array([np.nan]))
    errors = error_draws(joint.covariance, draws, df=own, rng=np.random.default_rng(rng))
    gap = direction(best) * (joint.values[:, None] - joint.values[None, :])
    statistic = normal_score(np.divide(gap, se, out=np.zeros_like(gap), where=se > 0), freedom)
    table = _Table(statistic, errors, se, freedom, level, stepwise)
    pairs = np.argwhere(~np.eye(size, dtype=bool))
    if simultaneous:
        superior, critical = table.family(pairs, table_maxima(errors, se, freedom))
        return Orderings(superior, superior.T, (critical,) * size, table.resolvable([critical] * size))
    superior, inferior = np.zeros((2, size, size), dtype=bool)
    criticals, maxima = [], unit_maxima(errors, se, freedom)
    for j in range(size):
        mine, critical = table.family(pairs[(pairs == j).any(axis=1)], maxima[j])
        superior[j], inferior[j] = mine[j], mine[:, j]
        criticals.append(critical)
    return Orderings(superior, inferior, tuple(criticals), table.resolvable(criticals))


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Statistics of all ordered pairs (unit, unit), the draws and how to test families of them."""

    statistic: Array
    errors: Array
    se: Array
    df: Freedom
    level: float
    stepwise: bool

    def family(self, pairs: NDArray[np.intp], first: Array) -> tuple[Mask, Quantile]:
        """Rejected pairs (unit, unit) of a family, and its first critical value."""
        a, b = pairs.T
        rejected, critical = step_down(
            self.statistic[a, b],
            first,
            self.errors,
            a,
            b,
            self.se[a, b],
            level=self.level,
            stepwise=self.stepwise,
            df=self.df if isinstance(self.df, float) else self.df[a, b],
        )
        out = np.zeros(self.se.shape, dtype=bool)
        out[a, b] = rejected
        return out, critical

    def resolvable(self, critical: Sequence[Quantile]) -> Array:
        """Median over the rivals of the difference that reaches each unit's critical value, (unit,)."""
        bars = student_score(np.array([c.value for c in critical])[:, None], self.df) * self.se
        rivals = bars[~np.eye(len(bars), dtype=bool)].reshape(len(bars), -1)
        return np.asarray(np.median(rivals, axis=1))
