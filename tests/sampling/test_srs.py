from itertools import combinations, product

import numpy as np
import pytest
from scipy.stats import chi2

from sampling import pps_systematic, sampford, srs, two_stage

FALSE_ALARM = 1e-6


@pytest.mark.parametrize("n", [[1, 2], [2, 3], [4, 0], [3, 3]])
def test_every_sample_is_equally_likely(n):
    sizes, draws = [4, 3], 20_000
    got = srs(sizes, n, draws=draws, rng=5)
    every = [
        tuple(a) + tuple(4 + k for k in b)
        for a, b in product(combinations(range(4), n[0]), combinations(range(3), n[1]))
    ]
    counts = dict.fromkeys(every, 0)
    for sample in map(tuple, got.tolist()):
        counts[sample] += 1  # a sample that is none of them is a KeyError
    observed = np.array(list(counts.values()))
    expected = draws / len(every)
    assert chi2.sf(((observed - expected) ** 2 / expected).sum(), max(len(every) - 1, 1)) > FALSE_ALARM


def test_large_stratified_samples():
    rng = np.random.default_rng(1)
    sizes = rng.integers(1, 3000, 200)
    n = np.minimum(sizes, rng.integers(0, 400, 200))
    got = srs(sizes, n, draws=7, rng=2)
    assert got.shape == (7, n.sum())
    assert (np.diff(got, axis=1) > 0).all()
    edges = np.concatenate([[0], np.cumsum(sizes)])
    for row in got:
        assert (np.histogram(row, edges)[0] == n).all()
    assert (srs(sizes, sizes, rng=1) == np.arange(sizes.sum())).all()
    assert srs(sizes, n, rng=9).tolist() == srs(sizes, n, rng=9).tolist()


def test_shares_of_dense_and_sparse_strata():
    got = srs([50, 50], [5, 40], draws=20_000, rng=4)
    share = np.bincount(got.ravel(), minlength=100) / 20_000
    prob = np.repeat([0.1, 0.8], 50)
    z = (share - prob) / np.sqrt(prob * (1 - prob) / 20_000)
    assert (z**2).max() < chi2.isf(FALSE_ALARM / 100, 1)


def test_two_stage_probabilities_and_weights():
    size = np.array([400, 100, 250, 50, 1200])
    for scheme in (sampford, pps_systematic):
        sample = two_stage(size, 3, 20, scheme=scheme, rng=1)
        assert sample.unit.size == 60
        assert np.unique(sample.psu).size == 3
        assert (sample.unit < size[sample.psu]).all()
        pairs = list(zip(sample.psu.tolist(), sample.unit.tolist(), strict=True))
        assert len(set(pairs)) == 60
    rng = np.random.default_rng(6)
    totals = [float((1 / two_stage(size, 3, 20, rng=rng).prob).sum()) for _ in range(300)]
    assert np.mean(totals) == pytest.approx(size.sum(), rel=1e-9)  # self-weighting: exact every time
    assert 4 in two_stage(size, 3, 20, rng=rng).psu  # the certain settlement


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"n must be at most the 3 units of stratum 1, got 4"):
        srs([5, 3], [1, 4])
    with pytest.raises(ValueError, match=r"n must have one number for each of 2 strata, got 1"):
        srs([5, 3], 2)
    with pytest.raises(ValueError, match=r"size must be whole numbers"):
        srs([5.5], [1])
    with pytest.raises(
        ValueError, match=r"size must be at least per_psu = 20 in every settlement, got 5 at 1"
    ):
        two_stage([100, 5], 1, 20)
