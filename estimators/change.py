"""Change between two rounds, and what it would take to overturn the verdict."""

from math import inf
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from estimators.comparisons import family_tests
from estimators.comparisons_estimates import UNKNOWN, JointEstimate, labelled
from estimators.freedom import normal_score, of_tests, of_units
from estimators.multiplicity import Method, critical
from estimators.options import check_draws, check_level, check_whole
from estimators.ranks_stepwise import error_draws

Array = NDArray[np.float64]
Estimate = ArrayLike | xr.DataArray
Domains = Literal["same", "common"]
Rng = np.random.Generator | int | None


def change(
    before: Estimate,
    before_covariance_or_se: Estimate,
    after: Estimate,
    after_covariance_or_se: Estimate,
    *,
    cross_covariance: ArrayLike | None = None,
    domains: Domains = "same",
    level: float = 0.95,
    adjust: Method = "max_t",
    df: ArrayLike = inf,
    draws: int = 10_000,
    rng: Rng = 0,
) -> xr.Dataset:
    """Change of every unit from one round to the next, with tests and intervals.

    Parameters
    ----------
    before, after : array-like (unit,) or DataArray
        Estimates of the two rounds. Labelled ones are matched by label. Two attributes are read: rounds
        that differ in `scale` are refused, and a difference in `definition` is repeated as a `caution`.
    before_covariance_or_se, after_covariance_or_se : array-like (unit, unit) or (unit,)
    cross_covariance : array-like (unit before, unit after), optional
        Covariance of the two rounds' estimates, for overlapping samples. None: independent rounds.
    domains : {"same", "common"}
        Whether both rounds must have the same units, or the units in common are compared and the others
        named in the attributes `only_before` and `only_after`.
    level : float
        Confidence level of the intervals: of all at once for "max_t", "bonferroni" and "holm" (whose
        intervals are Bonferroni's), of each alone for "none" and "bh".
    adjust : {"max_t", "holm", "bonferroni", "bh", "none"}
    df : float or array-like (unit after,)
        Degrees of freedom of the standard errors of the changes; infinite takes them as known. One for each
        unit where they differ; "max_t" then compares `normal_score`.
    draws : int
        Draws for "max_t".
    rng : Generator, int or None
        Source of the draws; the default repeats itself.

    Returns
    -------
    Dataset
        `before`, `after`, `difference` (after minus before), `se`, `statistic`, `df`, `p_value`,
        `p_adjusted`, `p_adjusted_mcse`, `lower`, `upper`.

    Raises
    ------
    ValueError
        If the units or the scales differ, or a difference has standard error 0.

    Examples
    --------
    >>> found = change([4.73, 4.60], [0.02, 0.05], [4.58, 4.62], [0.02, 0.05])
    >>> found["difference"].values.round(2).tolist(), (found["p_adjusted"] < 0.05).values.tolist()
    ([-0.15, 0.02], [True, False])
    """
    old = JointEstimate.of(before, before_covariance_or_se)
    new = JointEstimate.of(after, after_covariance_or_se)
    caution = _caution(before, after)
    i, j = _matched(old, new, domains)
    cross = _cross(cross_covariance, (len(old.values), len(new.values)))[np.ix_(i, j)]
    covariance = old.covariance[np.ix_(i, i)] + new.covariance[np.ix_(j, j)] - cross - cross.T
    joint = JointEstimate(new.values[j] - old.values[i], covariance, new.dim, new.labels[j])
    se = joint.se
    if not (se > 0).all():
        raise ValueError(
            f"the change of {joint.labels[se <= 0][0]} has standard error 0: {UNKNOWN}, or leave the unit out"
        )

    own = of_units(df, len(new.values))
    own = own if isinstance(own, float) else own[j]

    def largest() -> Array:
        check_draws(draws, level=level)
        errors = error_draws(joint.covariance, draws, df=own, rng=np.random.default_rng(rng))
        column = own if isinstance(own, float) else own[:, None]
        return np.asarray(np.abs(normal_score(errors / se[:, None], column)).max(axis=0))

    columns, bar = family_tests(joint.values, se, largest=largest, level=level, adjust=adjust, df=own)
    rounds = {"before": old.values[i], "after": new.values[j]}
    return xr.Dataset(
        {name: (joint.dim, values) for name, values in {**rounds, **columns}.items()},
        coords={joint.dim: joint.labels},
        attrs={
            "level": level,
            "adjust": adjust,
            "critical_value": bar,
            "null": "the true value did not change",
            "only_before": [x for k, x in enumerate(old.labels.tolist()) if k not in i],
            "only_after": [x for k, x in enumerate(new.labels.tolist()) if k not in j],
            "caution": caution,
        },
    )


def tipping_point(
    difference: Estimate,
    se: ArrayLike,
    *,
    level: float = 0.95,
    tests: int = 1,
    df: ArrayLike = inf,
    deff: float = 1.0,
    n: tuple[ArrayLike, ArrayLike] | None = None,
    response_rate: float | None = None,
) -> xr.Dataset:
    """How wrong an assumption must be to turn the verdict on a difference round.

    Parameters
    ----------
    difference : array-like or DataArray, any shape
    se : array-like, broadcast against `difference`
        Standard error under the design effect `deff`, above 0.
    level : float
        Confidence level of the verdict "there is a difference".
    tests : int
        Size of the family the verdict belongs to (Bonferroni).
    df : float or array-like, broadcast against `difference`
        Degrees of freedom of the standard error.
    deff : float
        Design effect that `se` assumes.
    n : tuple of two array-likes, optional
        Respondents of the two estimates; asks for `sd`.
    response_rate : float, optional
        In one of the two rounds, above 0 and below 1; asks for `nonrespondent_gap`.

    Returns
    -------
    Dataset
        `significant`; `deff`, the design effect at which the verdict flips (significant below it); `sd`,
        the standard deviation of a respondent at which it flips, the same in both rounds and with the
        assumed design effect; `bias`, the smallest change of the difference that brings it to the
        border; `nonrespondent_gap`, by how much nonrespondents must differ from respondents in one round,
        the other being free of bias, to make that bias.

    Raises
    ------
    ValueError
        If a standard error, size, design effect or rate is out of range.

    Notes
    -----
    The border is abs(difference) = c se with c the two-sided critical value, so deff* = deff (difference /
    (c se))^2; bias = (1 - response rate) gap (Cochran 1977, equation 13.2).

    Examples
    --------
    >>> found = tipping_point(-0.15, 0.03, response_rate=0.4)
    >>> {name: round(float(found[name]), 3) for name in ("deff", "bias", "nonrespondent_gap")}
    {'deff': 6.508, 'bias': 0.091, 'nonrespondent_gap': 0.152}
    """
    given = labelled(difference)
    errors = np.broadcast_to(np.asarray(se, dtype=float), given.shape)
    if not (np.isfinite(given).all() and (np.isfinite(errors) & (errors > 0)).all()):
        raise ValueError("difference must be finite and se above 0: an unknown error is not zero")
    check_level(level)
    check_whole(tests, "tests", least=1)
    if not deff > 0:
        raise ValueError(f"deff must be above 0, got {deff}")
    border = critical(level, df=of_tests(df, given.shape), tests=tests) * errors
    size = np.abs(given.values)
    columns: dict[str, Array] = {
        "significant": size > border,
        "deff": deff * (size / border) ** 2,
        "bias": np.where(given.values < 0, -1.0, 1.0) * (border - size),
    }
    if n is not None:
        counts = [np.asarray(x, dtype=float) for x in n] if hasattr(n, "__len__") else []
        if len(counts) != 2 or not all((x > 0).all() for x in counts):
            raise ValueError(f"n must be two respondent counts, before and after, above 0, got {n}")
        unit = np.sqrt(deff * (1 / counts[0] + 1 / counts[1]))  # se of a difference of means with sd 1
        columns["sd"] = size / (border / errors * unit)
    if response_rate is not None:
        if not 0 < response_rate < 1:
            raise ValueError(f"response_rate must be between 0 and 1, got {response_rate}")
        columns["nonrespondent_gap"] = columns["bias"] / (1 - response_rate)
    return xr.Dataset(
        {name: (given.dims, np.broadcast_to(values, given.shape)) for name, values in columns.items()},
        coords=given.coords,
        attrs={"level": level, "tests": tests, "assumed_deff": deff},
    )


def _cross(given: ArrayLike | None, shape: tuple[int, int]) -> Array:
    """Covariance of the two rounds' estimates (before, after), 0 for independent ones."""
    cross: Array = np.zeros(shape) if given is None else np.asarray(given, dtype=np.float64)
    if cross.shape != shape or not np.isfinite(cross).all():
        raise ValueError(
            f"cross_covariance must be finite and {shape[0]} units before by {shape[1]} after, "
            f"got shape {cross.shape}"
        )
    return cross


def _matched(
    old: JointEstimate, new: JointEstimate, domains: Domains
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    if old.dim != new.dim and "unit" not in (old.dim, new.dim):
        raise ValueError(
            f"before and after must be about the same units, got {old.dim!r} and {new.dim!r}: rename one if"
            " these are the same"
        )
    where = {label: k for k, label in enumerate(old.labels.tolist())}
    j = np.array([k for k, label in enumerate(new.labels.tolist()) if label in where], dtype=np.intp)
    i = np.array([where[label] for label in new.labels[j].tolist()], dtype=np.intp)
    if domains not in ("same", "common"):
        raise ValueError(f"domains must be 'same' or 'common', got {domains!r}")
    if len(j) == 0:
        raise ValueError("before and after have no unit in common: do both carry the same names?")
    if domains == "same" and not len(i) == len(old.values) == len(new.values):
        odd = sorted({str(x) for x in old.labels} ^ {str(x) for x in new.labels})
        raise ValueError(
            f"before and after must have the same units, got {odd} in one only: "
            "domains='common' compares the others"
        )
    return i, j


def _caution(before: Estimate, after: Estimate) -> str:
    said = [x.attrs if isinstance(x, xr.DataArray) else {} for x in (before, after)]
    scales, definitions = ([x.get(name) for x in said] for name in ("scale", "definition"))
    if None not in scales and scales[0] != scales[1]:
        raise ValueError(
            f"before and after must be on one scale, got {scales[0]} and {scales[1]}: rescale one"
        )
    if definitions[0] == definitions[1]:
        return ""
    return f"the rounds define the figure differently: {definitions[0]} before, {definitions[1]} after"
