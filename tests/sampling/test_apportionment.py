from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import round_total

DIVISORS = ["webster", "adams", "jefferson", "hill", "dean"]
SIGNPOST = {
    "webster": lambda k: (k + 0.5) ** 2,
    "adams": lambda k: k**2,
    "jefferson": lambda k: (k + 1) ** 2,
    "hill": lambda k: k * (k + 1),
    "dean": lambda k: (k * (k + 1) / (k + 0.5)) ** 2,
}


def one_by_one(values, n, method):
    seats = [0] * len(values)
    for _ in range(n):
        squares = [SIGNPOST[method](k) for k in seats]
        priority = [v**2 / s if s else np.inf for v, s in zip(values, squares, strict=True)]
        best = max(range(len(values)), key=lambda i: (priority[i], -i))
        seats[best] += 1
    return seats


@settings(max_examples=150)
@given(
    st.lists(st.integers(1, 10**5), min_size=1, max_size=12), st.integers(0, 300), st.sampled_from(DIVISORS)
)
def test_divisor_methods_are_the_greedy_ones(values, extra, method):
    n = len(values) + extra
    got = round_total(values, n, method=method)
    assert got.sum() == n
    wanted = one_by_one([Fraction(v) for v in values], n, method)
    if got.tolist() != wanted:  # only where the next unit was a tie to rounding
        quota = np.array(values, dtype=float)
        for i in np.flatnonzero(got != wanted):
            k = min(got[i], wanted[i])
            line = quota[i] ** 2 / max(SIGNPOST[method](float(k)), 1e-300)
            others = [
                quota[j] ** 2 / SIGNPOST[method](float(got[j] - 1)) for j in range(len(values)) if got[j] > 1
            ]
            assert min(abs(line / o - 1) for o in others) < 1e-12


@settings(max_examples=60)
@given(st.lists(st.floats(0.1, 1e4), min_size=1, max_size=10), st.integers(0, 200), st.sampled_from(DIVISORS))
def test_house_monotone(values, extra, method):
    n = len(values) + extra
    assert (round_total(values, n + 1, method=method) >= round_total(values, n, method=method)).all()


@settings(max_examples=100)
@given(st.lists(st.floats(0, 1e4), min_size=1, max_size=20).filter(lambda v: sum(v) > 1), st.integers(0, 500))
def test_largest_remainder_stays_within_one_of_the_quota(values, n):
    got = round_total(np.array(values) / sum(values) * n, n)
    quota = np.array(values) / sum(values) * n
    assert got.sum() == n
    assert (np.abs(got - quota) < 1 + 1e-6).all()


def test_balinski_and_young_example():
    # Balinski & Young (1975), the quota method, table 1: 26 seats
    values = [9061, 7179, 5259, 3319, 1182]
    assert round_total(values, 26, method="largest_remainder").tolist() == [9, 7, 5, 4, 1]
    assert round_total(values, 26, method="jefferson").tolist() == [10, 7, 5, 3, 1]
    assert round_total(values, 26, method="adams").tolist() == [9, 7, 5, 3, 2]
    assert round_total(values, 26, method="dean").tolist() == [9, 7, 5, 4, 1]
    assert round_total(values, 26, method="hill").tolist() == [9, 7, 6, 3, 1]
    assert round_total(values, 26, method="webster").tolist() == [9, 8, 5, 3, 1]


def test_ties_and_bounds():
    assert round_total([2.5, 2.5, 2.5, 2.5]).tolist() == [3, 3, 2, 2]
    assert round_total([0.5, 0.5, 1]).tolist() == [1, 0, 1]
    assert round_total([10, 10, 1], 12, lower=[0, 0, 3], upper=[4, 9, 9]).sum() == 12
    assert round_total([10, 10, 1], 12, lower=[0, 0, 3], upper=[4, 9, 9]).tolist() == [4, 5, 3]
    for method in DIVISORS:
        assert round_total([10, 10, 1], 12, method=method, lower=[0, 0, 3], upper=[4, 9, 9]).tolist() == [
            4,
            5,
            3,
        ]


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"n must be a whole number of at least 0, got 2.5"):
        round_total([1, 2], 2.5)
    with pytest.raises(ValueError, match=r"n must be at least the sum of the minima 3, got 2"):
        round_total([1, 1, 1], 2, method="hill")
    with pytest.raises(ValueError, match=r"n must be at most the sum of the caps 2, got 3"):
        round_total([1, 1], 3, upper=1)


@pytest.mark.parametrize(
    ("real", "whole"),
    [
        ([4.5, 4.1, 4.9], [4, 4, 5]),
        ([0.5, 0.5, 1], [1, 0, 1]),
        ([2.5, 2.5, 2.5, 2.5], [3, 3, 2, 2]),
        ([26.6667, 30, 10, 13.3333], [27, 30, 10, 13]),
        ([1.2, 3.4, 5.4], [1, 3, 6]),
    ],
)
def test_largest_remainder_by_hand(real, whole):
    """The largest fractions are rounded up, the first among equals."""
    assert round_total(real, sum(whole)).tolist() == whole


def test_an_unknown_method_is_named():
    with pytest.raises(ValueError, match=r"method must be one of \('largest_remainder', .*got 'droop'"):
        round_total([1.5, 2.5], method="droop")
