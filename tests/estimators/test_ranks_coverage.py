"""How often rank sets hold the true ranks, table after table."""

import numpy as np
import pytest
from scipy.stats import binomtest

from estimators import joint_region, ranks, tau_best

FALSE_ALARM = 1e-6
LEVEL = 0.9
SIZE = 12


def autoregressive(se: np.ndarray, rho: float) -> np.ndarray:
    return np.outer(se, se) * rho ** np.abs(np.subtract.outer(np.arange(SIZE), np.arange(SIZE)))


EVEN, UNEVEN = np.full(SIZE, 0.05), np.geomspace(0.02, 0.2, SIZE)
NEAR = np.linspace(0, 0.05, SIZE)
TABLES = {
    "all tied": (np.zeros(SIZE), np.diag(EVEN**2)),
    "tied in threes": (np.repeat([0.0, 0.15, 0.3, 0.45], 3), np.diag(EVEN**2)),
    "near ties": (NEAR, np.diag(EVEN**2)),
    "spread out": (np.linspace(0, 3, SIZE), np.diag(EVEN**2)),
    "unequal variances, tied": (np.zeros(SIZE), np.diag(UNEVEN**2)),
    "unequal variances, near ties": (NEAR, np.diag(UNEVEN[::-1] ** 2)),
    "correlated, tied": (np.zeros(SIZE), autoregressive(EVEN, 0.8)),
    "exchangeable, near ties": (NEAR, autoregressive(UNEVEN, 0.5) + 0.02),
    "negative": (np.zeros(SIZE), 0.05**2 * (1.05 * np.eye(SIZE) - 0.08)),
}


def misses(truth: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    first = 1 + (truth[None] > truth[:, None]).sum(axis=1)
    last = len(truth) - (truth[None] < truth[:, None]).sum(axis=1)
    return (lower > first) | (upper < last)


def assert_coverage(name: str, tables: int, draws: int) -> None:
    truth, covariance = TABLES[name]
    rng = np.random.default_rng(21)
    root = np.linalg.cholesky(covariance)
    missed = np.zeros((2, SIZE + 1), dtype=int)  # any unit, then each
    for _ in range(tables):
        estimate = truth + root @ rng.standard_normal(SIZE)
        for row, simultaneous in enumerate((True, False)):
            found = ranks(estimate, covariance, level=LEVEL, simultaneous=simultaneous, draws=draws, rng=rng)
            miss = misses(truth, found["lower"].values, found["upper"].values)
            missed[row] += np.array([miss.any(), *miss])
    worst = np.array([missed[0, 0], missed[1, 1:].max()])
    for count in worst:
        assert binomtest(int(count), tables, 1 - LEVEL, alternative="greater").pvalue > FALSE_ALARM / SIZE
    if name.endswith("tied"):  # here the simultaneous level is met exactly
        assert binomtest(int(worst[0]), tables, 1 - LEVEL, alternative="less").pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", TABLES)
def test_rank_sets_cover(name):
    assert_coverage(name, tables=120, draws=600)


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_rank_sets_cover_in_many_tables(name):
    assert_coverage(name, tables=3_000, draws=2_000)


@pytest.mark.parametrize("name", ["all tied", "unequal variances, near ties", "exchangeable, near ties"])
def test_joint_region_and_tau_best_cover(name):
    truth, covariance = TABLES[name]
    rng = np.random.default_rng(22)
    root = np.linalg.cholesky(covariance)
    best = truth >= np.sort(truth)[-3]
    missed = np.zeros(2, dtype=int)
    for _ in range(300):
        estimate = truth + root @ rng.standard_normal(SIZE)
        region = joint_region(estimate, covariance, level=LEVEL)
        missed[0] += misses(truth, region["rank_lower"].values, region["rank_upper"].values).any()
        chosen = tau_best(estimate, covariance, tau=3, level=LEVEL, draws=600, rng=rng)
        missed[1] += not np.all(chosen.values[best])
    for count in missed:
        assert binomtest(int(count), 300, 1 - LEVEL, alternative="greater").pvalue > FALSE_ALARM


def test_a_wrong_covariance_is_noticed():
    truth, covariance = TABLES["all tied"]
    rng = np.random.default_rng(23)
    missed = 0
    for _ in range(120):
        estimate = truth + 2 * rng.normal(0, 0.05, SIZE)  # errors twice as large as claimed
        found = ranks(estimate, covariance, level=LEVEL, draws=600)
        missed += misses(truth, found["lower"].values, found["upper"].values).any()
    assert binomtest(missed, 120, 1 - LEVEL, alternative="greater").pvalue < FALSE_ALARM
