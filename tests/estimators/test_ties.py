"""Scores equal but for rounding are ties everywhere that ranks are given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rankdata

from estimators import joint_region, kendall, ranks, verify_top
from estimators.ties import levelled

NEARLY = np.array([1.0, np.nextafter(1.0, 0.0), 0.5, np.nextafter(0.5, 1.0)])
SE = np.full(4, 0.1)


def test_ranks_are_those_of_the_exact_scores():
    found = ranks(NEARLY, SE)
    assert found["rank"].values.tolist() == [1, 1, 3, 3]
    assert found["group"].values.tolist() == [1, 1, 2, 2]
    assert ranks(NEARLY, SE, best="low")["rank"].values.tolist() == [3, 3, 1, 1]
    assert joint_region(NEARLY, SE)["rank"].values.tolist() == [1, 1, 3, 3]
    np.testing.assert_array_equal(found["estimate"], NEARLY)  # the scores themselves stay


def test_a_border_through_a_rounding_tie_is_refused():
    with pytest.raises(ValueError, match="k = 1 cuts through a tie"):
        verify_top(NEARLY, SE, k=1)
    assert set(verify_top(NEARLY, SE, k=2).top) == {0, 1}


def test_a_pair_tied_but_for_rounding_counts_nothing_in_tau():
    exact = np.array([1.0, 1.0, 0.5, 0.5])
    other = np.array([4.0, 3.0, 2.0, 1.0])
    assert kendall(NEARLY, None, other, None).tau == kendall(exact, None, other, None).tau == 4 / 6


@given(st.lists(st.integers(-40, 40), min_size=1, max_size=12), st.integers(0, 99))
def test_noise_of_rounding_changes_no_rank(whole, seed):
    exact = 6 + np.array(whole) / 7  # away from 0, where the size of rounding is lost
    noisy = exact + np.random.default_rng(seed).uniform(-1e-15, 1e-15, exact.size)
    np.testing.assert_array_equal(rankdata(levelled(noisy)), rankdata(exact))


def test_rows_are_levelled_apart_and_gaps_stay():
    rows = np.array([[2.0, np.nan, 2.0 + 1e-14], [np.nan, np.nan, np.nan], [1.0, 1.0 + 1e-9, 5.0]])
    found = levelled(rows)
    np.testing.assert_array_equal(found[0], [2.0, np.nan, 2.0])
    assert np.isnan(found[1]).all()
    np.testing.assert_array_equal(found[2], rows[2])
