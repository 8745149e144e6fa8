"""What a study tells of an estimator: each figure with its Monte Carlo error.

A diagnosand is a smooth function of means over replicates. It returns its value and the influence of every
replicate on it, so its Monte Carlo error is SD(influence) / sqrt(replicates), and the error of a difference
between designs on common random numbers is that of the difference of influences.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
NO_CHANGE: Final = 1e-12  # true values up to this are zero: sums of the same numbers in another order
PAIRS: Final = 1 << 22  # pairs of domains compared at a time, so that memory does not grow with replicates


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """An estimator's answers over the replicates.

    Attributes
    ----------
    values
        ``estimate`` and whatever else it gave (``se``, ``lower``, ``upper``, ``p_value``), each (R, D).
    truth
        (D,) estimand, NaN where there is none.
    cost, respondents
        (R,) of the survey.
    """

    values: Mapping[str, Floats]
    truth: Floats
    cost: Floats
    respondents: Floats

    def get(self, name: str) -> Floats:
        """Answers of that name, NaN where the estimator gave none."""
        return self.values.get(name, np.full_like(self.values["estimate"], np.nan))


@dataclass(frozen=True, slots=True, eq=False)
class Diagnosis:
    """A diagnosand's value and its replicates' influence on it.

    Attributes
    ----------
    value
        (D,) or (), NaN where it has no meaning.
    influence
        (R, D) or (R,), NaN where the replicate gave no answer.
    trials
        0, or for a share the number of successes or failures in a replicate: 1, or as many as domains that
        are averaged. A share's error is never reported as zero.
    """

    value: Floats
    influence: Floats
    trials: int = 0

    def mc_error(self) -> Floats:
        """Monte Carlo standard error of the value."""
        return mc_error(self.influence, self.value, trials=self.trials)

    def overall(self) -> "Diagnosis":
        """Mean over the domains that have a value."""
        if self.value.ndim == 0:
            return self
        known = ~np.isnan(self.value)
        if not known.any():
            return Diagnosis(np.array(np.nan), np.full(self.influence.shape[0], np.nan))
        inside = self.influence[:, known]
        answered = ~np.isnan(inside)
        # A domain's value is a mean over fewer replicates where some have no answer; those do not move it.
        weight = answered / np.maximum(answered.mean(axis=0), 1e-300)
        mean = (np.where(answered, inside, 0.0) * weight).mean(axis=1)
        return Diagnosis(np.array(self.value[known].mean()), mean, self.trials * int(known.sum()))


Diagnosand = Callable[[Outcome], Diagnosis]


def mc_error(influence: Floats, value: Floats | float = np.nan, *, trials: int = 0) -> Floats:
    """SD of the influences over sqrt(replicates); of a share, at least that of half a success."""
    answered = ~np.isnan(influence)
    count = answered.sum(axis=0)
    filled = np.where(answered, influence, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = filled.sum(axis=0) / count
        spread = np.where(answered, influence - centre, 0.0)
        variance = (spread**2).sum(axis=0) / (count - 1)
        error = np.where(count > 1, np.sqrt(variance / count), np.nan)
        if trials:
            near = (value * count * trials + 0.5) / (count * trials + 1)
            least = np.sqrt(near * (1 - near) / (count * trials))
            alike = ~(error > 0) & (count > 1)
            error = np.where(alike, least, error)
    return np.asarray(error)


def _mean(values: Floats, *, trials: int = 0) -> Diagnosis:
    """Mean over the replicates that have an answer."""
    answered = ~np.isnan(values)
    count = answered.sum(axis=0)
    total = np.where(answered, values, 0.0).sum(axis=0)
    value = np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)
    return Diagnosis(value, values - value, trials)


def bias(outcome: Outcome) -> Diagnosis:
    """Mean of estimate - truth."""
    return _mean(outcome.get("estimate") - outcome.truth)


def rmse(outcome: Outcome) -> Diagnosis:
    """Root of the mean of (estimate - truth)^2."""
    return _root(_mean((outcome.get("estimate") - outcome.truth) ** 2))


def spread(outcome: Outcome) -> Diagnosis:
    """SD of the estimate over replicates."""
    estimate = outcome.get("estimate")
    centred = estimate - _mean(estimate).value
    count = (~np.isnan(centred)).sum(axis=0)
    square = _mean(centred**2 * count / np.maximum(count - 1, 1))
    return _root(square)


def se_ratio(outcome: Outcome) -> Diagnosis:
    """Mean standard error over the SD of the estimate: 1 when the standard error is right."""
    top, bottom = _mean(outcome.get("se")), spread(outcome)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(bottom.value > 0, top.value / bottom.value, np.nan)
        influence = (top.influence - ratio * bottom.influence) / bottom.value
    return Diagnosis(ratio, np.where(np.isfinite(influence), influence, np.nan))


def coverage(outcome: Outcome) -> Diagnosis:
    """Share of intervals that hold the truth."""
    lower, upper, truth = outcome.get("lower"), outcome.get("upper"), outcome.truth
    inside = (lower <= truth) & (truth <= upper)
    return _mean(np.where(np.isnan(lower) | np.isnan(upper) | np.isnan(truth), np.nan, inside), trials=1)


def width(outcome: Outcome) -> Diagnosis:
    """Mean width of the interval."""
    return _mean(outcome.get("upper") - outcome.get("lower"))


def rejection(outcome: Outcome, *, null: bool, level: float = 0.05) -> Diagnosis:
    """Share of p-values up to `level`, in domains whose estimand is zero (`null`) or is not."""
    p = outcome.get("p_value")
    wanted = ((abs(outcome.truth) <= NO_CHANGE) == null) & ~np.isnan(outcome.truth)
    return _mean(np.where(np.isnan(p) | ~wanted, np.nan, p <= level), trials=1)


size: Final = partial(rejection, null=True)
power: Final = partial(rejection, null=False)


def kendall(outcome: Outcome) -> Diagnosis:
    """Mean Kendall tau-b between the estimated and the true order of the domains."""
    estimate = outcome.get("estimate")
    return _mean(rank_agreement(estimate, outcome.truth[None]))


def stability(outcome: Outcome) -> Diagnosis:
    """Mean Kendall tau-b between the orders of two surveys: replicates 0 and 1, 2 and 3, and so on."""
    estimate = outcome.get("estimate")
    pairs = estimate.shape[0] // 2 * 2
    return _mean(rank_agreement(estimate[0:pairs:2], estimate[1:pairs:2]))


def rank_agreement(one: Floats, other: Floats) -> Floats:
    """(R,) Kendall tau-b between the rows of two tables of domains; NaN where all or none are comparable."""
    first, second = np.triu_indices(one.shape[1], 1)
    rows = max(PAIRS // max(first.size, 1), 1)
    tau = np.full(one.shape[0], np.nan)
    for start in range(0, tau.size, rows):
        some = slice(start, start + rows)
        a, b = (
            np.sign(table[:, first] - table[:, second])
            for table in (one[some], other[some] if other.shape[0] > 1 else other)
        )
        pair = ~np.isnan(a) & ~np.isnan(b)
        agree = np.where(pair, a * b, 0.0).sum(axis=1)
        scale = np.sqrt((pair & (a != 0)).sum(axis=1) * (pair & (b != 0)).sum(axis=1).astype(float))
        np.divide(agree, scale, out=tau[some], where=scale > 0)
    return tau


def top_agreement(outcome: Outcome, *, k: int) -> Diagnosis:
    """Mean share of the true top k among the estimated top k."""
    return _mean(_top(outcome, k).mean(axis=1))


def top_exact(outcome: Outcome, *, k: int) -> Diagnosis:
    """Chance that the published top k are the true top k; k = 1: that the winner is the true one."""
    return _mean(_top(outcome, k).all(axis=1).astype(float), trials=1)


def cost(outcome: Outcome) -> Diagnosis:
    """Mean cost of the survey."""
    return _mean(outcome.cost)


winner: Final = partial(top_exact, k=1)

DIAGNOSANDS: Final[Mapping[str, Diagnosand]] = {
    "bias": bias,
    "rmse": rmse,
    "se_ratio": se_ratio,
    "coverage": coverage,
    "width": width,
    "size": size,
    "power": power,
    "kendall": kendall,
    "top3": partial(top_agreement, k=3),
    "top3_exact": partial(top_exact, k=3),
    "winner": winner,
    "cost": cost,
}


def _root(square: Diagnosis) -> Diagnosis:
    value = np.sqrt(square.value)
    twice = 2 * np.where(value > 0, value, np.inf)
    return Diagnosis(value, square.influence / twice)


def _top(outcome: Outcome, k: int) -> Floats:
    """(R, k) whether each of the k domains estimated highest is among the k truly highest.

    A domain without an estimate is last; the true k-th value belongs to the top with all that tie with it.
    """
    truth = np.where(np.isnan(outcome.truth), -np.inf, outcome.truth)
    k = min(k, truth.size)
    estimate = np.nan_to_num(outcome.get("estimate"), nan=-np.inf, posinf=np.inf, neginf=-np.inf)
    best = np.argsort(-estimate, axis=1, kind="stable")[:, :k]
    inside: Floats = (truth[best] >= np.sort(truth)[-k]).astype(float)
    return inside
