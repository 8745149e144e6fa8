"""150 hard problems of Bethel's kind: tiny and empty strata, censuses, counts, unequal costs, Student's t."""

from typing import Any

import numpy as np
import pytest

from sampling import Target, bethel, detectable_change, half_width


def _problem(seed):
    """Sizes, deviations, demands (kind, by, amount, deff), costs and whether the sizes count persons."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(1, 12)), int(rng.integers(1, 25))
    size = np.ceil(rng.lognormal(rng.uniform(1, 12), rng.uniform(0, 2.5), shape))
    size[rng.random(shape) < 0.15] = 0
    sd = rng.uniform(0, 1.5, (int(rng.integers(1, 4)), *shape))
    sd[rng.random(sd.shape) < 0.05] = 0
    cost, finite = rng.lognormal(0, rng.uniform(0, 1.5), shape), bool(rng.random() < 0.7)
    demands: list[tuple[str, int | None, Any, float]] = []
    width = rng.uniform(0.03, 0.6)
    for by in (0, 1, None):
        kind = rng.integers(0, 4)
        if kind == 0:
            demands.append(("half_width", by, width * rng.uniform(0.5, 2), rng.choice([1.0, 1.7])))
        elif kind < 3:
            demands.append((("se", by, width / 2, 1.0), ("change", by, width * 2, 1.0))[kind - 1])
        if rng.random() < 0.5:
            people = size.sum() if by is None else size.sum(axis=1 - by)
            demands.append(("fewest", by, np.minimum(rng.integers(1, 200), people if finite else 1e9), 1.0))
    return size, sd, demands, cost, finite


def _target(kind, by, amount, deff):
    if kind == "half_width":
        return Target.half_width(amount, by, student=True, deff=deff)
    if kind == "change":
        return Target.change(amount, by, student=True)
    return Target(amount, by) if kind == "se" else Target.fewest(amount, by)


def _met(size, sd, demands, finite, n, slack):
    """Whether every domain has what is asked of it, by the planning functions; n (..., R, S)."""
    inverse = np.divide(1.0, n, out=np.zeros(n.shape), where=n > 0)
    inverse -= finite * np.divide(1.0, size, out=np.zeros(size.shape), where=size > 0)
    good = np.ones(n.shape[:-2], dtype=bool)
    for kind, by, amount, deff in demands:
        axes = (-2, -1) if by is None else (-1,) if by == 0 else (-2,)
        count, people = n.sum(axis=axes), size.sum(axis=axes)
        if kind == "fewest":
            kept = count >= amount * (people > 0) * (1 - slack)
            good &= kept.all(axis=tuple(range(good.ndim, kept.ndim)))
            continue
        quantile = np.ones(count.shape)
        some = count > 0
        if kind == "half_width":  # an interval of a mean with standard error 1 is its quantile
            freedom = np.maximum(count[some] / deff - 1, 0)
            quantile[some] = half_width(count[some], sd=np.sqrt(count[some]), df=freedom)
        elif kind == "change":
            quantile[some] = detectable_change(count[some], sd=np.sqrt(count[some]))
        for spread in sd:
            square = (size**2 * spread**2 * inverse).sum(axis=axes)
            error = np.sqrt(np.maximum(square, 0.0)) / np.maximum(people, 1.0)
            product = np.multiply(quantile, error, out=np.zeros(count.shape), where=error > 1e-7 * amount)
            kept = product <= amount * (1 + slack)
            good &= kept.all(axis=tuple(range(good.ndim, kept.ndim)))
    return good


def _gap(seed):
    """The gap left, once everything promised has been checked."""
    size, sd, demands, cost, finite = _problem(seed)
    targets = [_target(*demand) for demand in demands]
    real = bethel(size, sd, targets, cost=cost, finite=finite)
    whole = bethel(size, sd, targets, cost=cost, finite=finite, integer=True)
    for answer in (real, whole):
        n = np.asarray(answer.n, dtype=np.float64)
        assert answer.met
        assert _met(size, sd, demands, finite, n, 1e-6)
        assert (n >= (size > 0)).all()
        assert (n <= (size if finite else np.where(size > 0, np.inf, 0))).all()
    fewer = whole.n - np.eye(size.size)[whole.n.ravel() > 1].reshape(-1, *size.shape)
    assert not _met(size, sd, demands, finite, fewer, -1e-6).any()
    assert real.bound <= whole.cost * (1 + 1e-9)
    return real.gap


@pytest.mark.parametrize("seed", [0, 28, 67, 79, 97, 127])
def test_counts_and_censuses_leave_no_gap(seed):
    """Interior-point steps alone leave 63%, 6%, 110%, 9,489% and 0.01%, or refuse (79): little can move."""
    assert _gap(seed) < 1e-6


@pytest.mark.slow
def test_every_target_is_met_no_unit_is_removable_and_the_gap_is_small():
    gaps = [_gap(seed) for seed in range(150)]
    # the one that is left: so few interviews that Student's quantile makes the problem not convex
    assert np.sort(gaps)[-2] < 1e-6
    assert max(gaps) < 1e-3


def test_a_target_that_only_a_census_meets_is_met_by_one():
    for finite_size in ([10.0, 7.0], [10.0, 7.5]):
        answer = bethel(finite_size, 1.0, [Target(1e-5)])
        assert answer.n == pytest.approx(finite_size, rel=1e-6)
        assert answer.gap < 1e-6
    # Student's t has no degree of freedom here; where everyone is asked there is no error
    few = bethel([3, 2], 1.0, [Target.half_width(0.5, by=0, student=True, deff=4)], integer=True)
    assert few.n.tolist() == [3, 2]
    with pytest.raises(ValueError, match=r"got se 1e-05 for target 0, variable 0, domain all where the caps"):
        bethel([10.0, 7.5], 1.0, [Target(1e-5)], integer=True)


def test_nothing_asked_costs_the_minima():
    assert bethel([10.0, 20.0], 1.0, []).n.tolist() == [1.0, 1.0]
    nothing = bethel([10.0, 20.0], 1.0, [Target(np.inf)], lower=0.0)
    assert nothing.n.sum() < 1e-5
    assert bethel([0.0, 0.0], 1.0, [Target(0.1)]).gap == 0.0
