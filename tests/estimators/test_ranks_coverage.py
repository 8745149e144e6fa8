"""How often rank sets hold the true ranks, table after table."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binomtest

from benchmarks.rank_set_tables import SIZE, WORLDS, missed, misses
from estimators import joint_region, ranks, tau_best

FALSE_ALARM = 1e-6
LEVEL = 0.9


def assert_coverage(name: str, tables: int, draws: int) -> None:
    count = missed(name, tables, level=LEVEL, draws=draws, rng=np.random.default_rng(21))
    worst = np.array([count[0, 0], count[1, 1:].max()])
    for each in worst:
        assert binomtest(int(each), tables, 1 - LEVEL, alternative="greater").pvalue > FALSE_ALARM / SIZE
    if name.endswith("tied"):  # here the simultaneous level is met exactly
        assert binomtest(int(worst[0]), tables, 1 - LEVEL, alternative="less").pvalue > FALSE_ALARM


@pytest.mark.parametrize("name", WORLDS)
def test_rank_sets_cover(name):
    assert_coverage(name, tables=120, draws=600)


@pytest.mark.slow
@pytest.mark.parametrize("name", WORLDS)
def test_rank_sets_cover_in_many_tables(name):
    assert_coverage(name, tables=3_000, draws=2_000)


def test_the_page_has_every_world_and_says_that_the_sets_hold():
    page = (Path(__file__).parents[2] / "docs" / "tests.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in page.splitlines()
        if line.startswith("| ")
    ]
    held = {row[0]: row[1:] for row in rows if row[0] in WORLDS}
    assert list(held) == list(WORLDS)
    share = np.array([[cell.split(" ± ") for cell in cells] for cells in held.values()], dtype=float)
    assert np.all(share[..., 0] >= 0.95 - 5 * share[..., 1])


@pytest.mark.parametrize("name", ["all tied", "unequal variances, near ties", "exchangeable, near ties"])
def test_joint_region_and_tau_best_cover(name):
    truth, covariance = WORLDS[name]
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
    truth, covariance = WORLDS["all tied"]
    rng = np.random.default_rng(23)
    missed = 0
    for _ in range(120):
        estimate = truth + 2 * rng.normal(0, 0.05, SIZE)  # errors twice as large as claimed
        found = ranks(estimate, covariance, level=LEVEL, draws=600)
        missed += misses(truth, found["lower"].values, found["upper"].values).any()
    assert binomtest(missed, 120, 1 - LEVEL, alternative="greater").pvalue < FALSE_ALARM
