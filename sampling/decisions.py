"""The smallest plan that reaches a decision, and ready decisions: plan -> probability."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.optimize import brentq

from sampling.arguments import FloatArray, Values, numbers, proportion, whole
from sampling.comparisons import power_of_shift
from sampling.frame import Statistic
from sampling.plan import By, Plan
from sampling.standard_errors import per_interval

Decision: TypeAlias = Callable[[Plan], float]


@dataclass(frozen=True, slots=True, eq=False)
class SmallestPlan:
    """The smallest plan found, with the probability it reaches and every size that was tried.

    Parameters
    ----------
    plan : Plan
    probability : float
        Of the decision under the plan.
    tried : tuple of (int, float)
        Sizes and their probabilities, in the order of the search.
    """

    plan: Plan
    probability: float
    tried: tuple[tuple[int, float], ...]


def smallest_plan(
    make: Callable[[int], Plan],
    decision: Decision,
    *,
    probability: float = 0.9,
    low: int = 100,
    high: int = 200_000,
    window: int = 8,
) -> SmallestPlan:
    """The smallest n whose plan reaches the decision with the probability wanted.

    The size is doubled from `low` until it is enough, then halved in; this assumes a probability that
    grows with n, as the ready decisions' does (their noise is the same for every n) but for the rounding of
    tables: `window` sizes below the answer are therefore tried too. A size that `make` refuses is too small.

    Parameters
    ----------
    make : callable n -> Plan
        For instance ``lambda n: allocate(frame, n, min_service=30)``.
    decision : callable Plan -> probability
        `separates_top`, `detects_change`, `reaches_half_width`, or your own.
    probability : float
        Wanted, 0..1.
    low, high : int
        Smallest and largest size considered.
    window : int
        Sizes below the answer tried one by one.

    Returns
    -------
    SmallestPlan

    Raises
    ------
    ValueError
        If even `high` is not enough, with the probability it reaches or what `make` refuses.

    Examples
    --------
    >>> from sampling import Frame, allocate
    >>> frame = Frame(["A", "B"], ["x"], population=[1, 1], recipients=[2], recipients_are="a size measure")
    >>> make = lambda n: allocate(frame, n)
    >>> smallest_plan(make, reaches_half_width(0.1, by="region")).plan.total
    628
    """
    wanted = proportion("probability", probability)
    least, most = whole("low", low, minimum=1), whole("high", high, minimum=low)
    tried: list[tuple[int, float]] = []
    plans: dict[int, Plan] = {}
    refused = ""

    def enough(n: int) -> bool:
        nonlocal refused
        try:
            plans[n] = make(n)
        except ValueError as error:
            refused = f" ({error})"
            tried.append((n, 0.0))
            return False
        refused = ""
        tried.append((n, float(decision(plans[n]))))
        return tried[-1][1] >= wanted

    few, many = least - 1, least
    while not enough(many):
        if many == most:
            got = f"{tried[-1][1]:.3f} there{refused}"
            raise ValueError(f"probability must be reachable with {most} interviews, got {got}; raise high")
        few, many = many, min(2 * many, most)
    while many - few > 1:
        middle = (few + many) // 2
        few, many = (few, middle) if enough(middle) else (middle, many)
    for n in range(many - 1, max(many - 1 - window, least - 1), -1):
        if n not in dict(tried) and enough(n):
            many = n
    return SmallestPlan(plans[many], dict(tried)[many], tuple(tried))


def shrunken(scores: Values, se: Values) -> FloatArray:
    """Scores pulled towards their mean by the share of noise in their spread.

    ``mean + (score - mean) * t2 / (t2 + se**2)`` with the variance t2 between domains solving
    ``sum((score - mean)**2 / (t2 + se**2)) = D - 1``; 0 where the spread is no more than noise.

    Parameters
    ----------
    scores, se : array (D,)
        Estimates and their standard errors.

    Returns
    -------
    array (D,)

    References
    ----------
    Morris (1983), Parametric empirical Bayes inference, JASA 78; Paule & Mandel (1982).

    Examples
    --------
    >>> shrunken([4.0, 5.0], [0.01, 0.01]).round(3).tolist(), shrunken([4.0, 4.1], [1.0, 1.0]).tolist()
    ([4.0, 5.0], [4.05, 4.05])
    """
    y, error = numbers("scores", scores, minimum=-np.inf), numbers("se", se)
    if y.ndim != 1 or y.shape != error.shape or y.size < 2:
        raise ValueError(
            f"scores and se must be one each for 2 or more domains, got {y.shape}, {error.shape}"
        )
    if (error <= 0).any():
        raise ValueError("se must be positive, got 0; give the standard error of every score")

    def centre(t2: float) -> float:
        return float(np.average(y, weights=1 / (t2 + error**2)))

    def excess(t2: float) -> float:
        return float(((y - centre(t2)) ** 2 / (t2 + error**2)).sum()) - (y.size - 1)

    t2 = 0.0 if excess(0.0) <= 0 else brentq(excess, 0.0, 10 * float(np.ptp(y)) ** 2 + 1e-12)
    middle = centre(t2)
    return np.asarray(middle + (y - middle) * t2 / (t2 + error**2))


def separates_top(
    scores: Values,
    k: int,
    *,
    by: Literal["region", "service"] = "service",
    se: Values | None = None,
    true_scores: Values | None = None,
    statistic: Statistic = "mean",
    deff: float = 1.0,
    weighted: bool = True,
    confirm: bool = True,
    level: float = 0.05,
    draws: int = 2000,
    seed: int = 0,
) -> Decision:
    """The decision to tell the top k domains from the rest.

    Parameters
    ----------
    scores : array (D,)
        Scores known so far; nan for domains that are not ranked.
    k : int
        Size of the top.
    by : {"service", "region"}
    se : array (D,), optional
        Standard errors of the scores; needed unless the true scores are given.
    true_scores : array (D,), optional
        The truth to plan for. None means `shrunken` scores: raw ones promise gaps that are partly noise.
    statistic : {"mean", "share"}
        Whose standard deviation the frame gives.
    deff, weighted
        See `Plan.standard_error`.
    confirm : bool
        True: every one of the top must beat every one of the rest significantly, all comparisons at once
        (one-sided, maximum of the standardised differences). False: the k largest estimates are the top.
    level : float
        Of the simultaneous test.
    draws, seed : int
        Simulated surveys; the same normals serve every plan.

    Returns
    -------
    callable Plan -> probability
        Its Monte Carlo error is at most ``0.5 / sqrt(draws)``.
    """
    raw = np.asarray(scores, dtype=np.float64)
    ranked = np.flatnonzero(np.isfinite(raw))
    if true_scores is not None:
        truth = numbers("true_scores", np.asarray(true_scores, dtype=np.float64)[ranked], minimum=-np.inf)
    elif se is not None:
        truth = shrunken(raw[ranked], np.asarray(se, dtype=np.float64)[ranked])
    else:
        raise ValueError("se must be given unless true_scores are, got neither; raw scores are not the truth")
    proportion("level", level)
    if not 1 <= whole("k", k) < ranked.size:
        raise ValueError(f"k must lie in 1..{ranked.size - 1}, got {k}; leave some for the rest")
    order = np.argsort(-truth, kind="stable")
    best, rest = order[:k], order[k:]
    noise = np.random.default_rng(seed).standard_normal((whole("draws", draws, minimum=100), ranked.size))

    def decide(plan: Plan) -> float:
        error = plan.standard_error(by, sd=plan.frame.spread(statistic), deff=deff, weighted=weighted)[ranked]
        if not np.isfinite(error).all():
            return 0.0
        drift = noise * error
        lead = np.sqrt(error[best, None] ** 2 + error[rest] ** 2)
        if not confirm:
            estimate = truth + drift
            return float((estimate[:, best].min(axis=1) > estimate[:, rest].max(axis=1)).mean())
        gap = drift[:, best, None] - drift[:, None, rest]
        critical = np.quantile(_over(gap, lead).reshape(draws, -1).max(axis=1), 1 - level)
        z = _over(gap + truth[best, None] - truth[rest], lead)
        return float((z.reshape(draws, -1).min(axis=1) > critical).mean())

    return decide


def _over(gap: FloatArray, error: FloatArray) -> FloatArray:
    """Gaps in standard errors; between two censuses any gap but 0 is beyond all."""
    certain = np.where(gap == 0, 0.0, np.copysign(np.inf, gap))
    return np.divide(gap, error, out=certain, where=error > 0)


def detects_change(
    change: float,
    *,
    by: By = "region",
    statistic: Statistic = "mean",
    deff: float = 1.0,
    weighted: bool = True,
    level: float = 0.05,
    multiplicity: int = 1,
    together: bool = False,
) -> Decision:
    """The decision to find a change between two such rounds in every domain.

    The probability is the smallest power over domains, or with `together` that of finding all of them
    (independent domains). Two-sided test with ``2 * n / deff - 2`` degrees of freedom.

    Parameters
    ----------
    change : float
        True change, in the unit of the statistic.
    by, statistic, deff, weighted, level, together
        See above and `Plan.standard_error`.
    multiplicity : int
        Number of tests that share the level (Bonferroni), such as that of the domains.

    Returns
    -------
    callable Plan -> probability
    """
    confidence = per_interval(1 - proportion("level", level), multiplicity)
    shift = numbers("change", change, minimum=-np.inf)

    def decide(plan: Plan) -> float:
        n, asked = plan.count(by), plan.asked(by)
        error = plan.standard_error(by, sd=plan.frame.spread(statistic), deff=deff, weighted=weighted)[asked]
        power = power_of_shift(shift, np.sqrt(2) * error, 2 * n[asked] / deff - 2, confidence)
        return float(power.prod() if together else power.min())

    return decide


def reaches_half_width(
    width: float,
    *,
    by: By = "region",
    statistic: Statistic = "mean",
    deff: float = 1.0,
    weighted: bool = True,
    confidence: float = 0.95,
    multiplicity: int = 1,
) -> Decision:
    """The decision that every domain's interval is at most this wide on either side: 1 or 0.

    Parameters
    ----------
    width : float
    by, statistic, deff, weighted, confidence
        See `Plan.half_width`.
    multiplicity : int
        Number of intervals that hold together (Bonferroni), such as that of the domains.

    Returns
    -------
    callable Plan -> probability
    """
    each = per_interval(confidence, multiplicity)
    if not numbers("width", width) > 0:
        raise ValueError(f"width must be above 0, got {width:g}; say how wide an interval may be")

    def decide(plan: Plan) -> float:
        got = plan.half_width(
            by, sd=plan.frame.spread(statistic), deff=deff, weighted=weighted, confidence=each
        )
        return float((got[plan.asked(by)] <= width).all())

    return decide
