from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sampling import neyman


def variance(size, sd, x):
    size, sd, x = (np.asarray(v, dtype=float) for v in (size, sd, x))
    return float((size**2 * sd**2 * (1 / x - 1 / size)).sum())


def test_wright_2017_as_printed():
    size, sd = [47, 61, 41], [10, 6, 4]
    assert neyman(size, sd, 10).tolist() == pytest.approx([4.7, 3.66, 1.64])
    x = neyman(size, sd, 10, lower=[1, 2, 3], upper=[5, 6, 4], integer=True)
    assert x.tolist() == [4, 3, 3]
    assert variance(size, sd, x) == pytest.approx(101290.3333333333)


def test_wright_2017_smallest_size_for_a_variance():
    size = [819, 672, 358, 196, 135, 83, 53, 40, 35, 13]
    sd = [330000, 518000, 488000, 634000, 1126000, 2244000, 2468000, 5869000, 29334000, 1233311000]
    x = neyman(size, sd, variance=151251579243777600, lower=[3] * 9 + [13], integer=True)
    assert x.tolist() == [4, 5, 3, 3, 3, 3, 3, 3, 13, 13]


# Four strata with N * S = AMOUNT, as in Wesolowski, Wieczorkowski and Wojciak (2022) and the R package
# stratallo by the same authors; here (n, lower, upper, optimum). The optima are derived below as well.
AMOUNT = np.array([3000.0, 4000, 5000, 2000])
CAPS, FLOORS, BOX = [100, 90, 70, 80], [100, 90, 70, 50], [300, 400, 200, 90]
KNOWN = [
    (190, None, CAPS, [40.714286, 54.285714, 67.857143, 27.142857]),
    (270, None, CAPS, [66.666667, 88.888889, 70, 44.444444]),
    (300, None, CAPS, [84, 90, 70, 56]),
    (312, None, CAPS, [91.2, 90, 70, 60.8]),
    (339, None, CAPS, [100, 90, 70, 79]),
    (340, None, CAPS, CAPS),
    (400, FLOORS, BOX, [100, 109.090909, 136.363636, 54.545455]),
    (463, FLOORS, BOX, [100, 132, 165, 66]),
    (366, FLOORS, BOX, [100, 96, 120, 50]),
    (553, FLOORS, BOX, [118.5, 158, 197.5, 79]),
    (596, FLOORS, BOX, [132, 176, 200, 88]),
    (976, FLOORS, BOX, [294, 392, 200, 90]),
    (990, FLOORS, BOX, BOX),
    (310, FLOORS, BOX, FLOORS),
    (700, FLOORS, BOX, [175.714286, 234.285714, 200, 90]),
    (900, FLOORS, BOX, [261.428571, 348.571429, 200, 90]),
    (310, FLOORS, None, FLOORS),
    (350, FLOORS, None, [100, 90, 110, 50]),
    (500, FLOORS, None, [107.142857, 142.857143, 178.571429, 71.428571]),
    (1000, FLOORS, None, [214.285714, 285.714286, 357.142857, 142.857143]),
]


def best_active_set(amount, total, lower, upper, price):
    """The optimum by trying every choice of strata at their floor, at their cap or between (3**H of them)."""
    root, best, least = amount / np.sqrt(price), None, np.inf
    for state in product((-1, 0, 1), repeat=amount.size):
        at = np.array(state)
        x = np.where(at < 0, lower, upper)
        x[at == 0] = 0
        if not np.isfinite(x).all():
            continue
        rest, share = total - price @ x, np.where(at == 0, root, 0.0)
        if (at == 0).any():
            x = x + share * rest / (price @ share)
        inside = (x >= lower - 1e-9).all() and (x <= upper + 1e-9).all()
        if inside and abs(price @ x - total) < 1e-9 * total and (x > 0).all():
            cost = float((amount**2 / x).sum())
            best, least = (x, cost) if cost < least else (best, least)
    return best


@pytest.mark.parametrize(("n", "lower", "upper", "known"), KNOWN)
def test_four_strata_of_wesolowski_and_others(n, lower, upper, known):
    size = np.full(4, 1e7)
    x = neyman(size, AMOUNT / size, n, lower=lower, upper=upper)
    low = np.zeros(4) if lower is None else np.array(lower, float)
    high = size if upper is None else np.array(upper, float)
    assert x == pytest.approx(best_active_set(AMOUNT, n, low, high, np.ones(4)), abs=1e-6)
    assert x == pytest.approx(known, abs=1e-6)


@pytest.mark.parametrize(
    ("n", "known"),
    [
        (20, [4, 6, 7, 3]),
        (53, [11, 15, 19, 8]),
        (100, [21, 29, 36, 14]),
        (400, [86, 114, 143, 57]),
        (990, BOX),
    ],
)
def test_the_same_four_strata_in_whole_numbers(n, known):
    size = np.full(4, 1e7)
    x = neyman(size, AMOUNT / size, n, lower=1, upper=BOX, integer=True)
    assert x.tolist() == known
    # the best of all: dynamic programming over strata and units
    best = np.full(n + 1, np.inf)
    best[0] = 0
    for amount, cap in zip(AMOUNT, BOX, strict=True):
        units = np.arange(1, cap + 1)
        following = np.full(n + 1, np.inf)
        for total in range(n + 1):
            some = units[units <= total]
            if some.size:
                following[total] = (best[total - some] + amount**2 / some).min()
        best = following
    assert (AMOUNT**2 / x).sum() == pytest.approx(best[n], rel=1e-12)


@pytest.mark.parametrize(
    ("variance", "constant", "price", "upper", "known"),
    [
        (1017579, 579, [1, 1, 1, 1], CAPS, [41.250965, 55.001287, 68.751608, 27.500643]),
        (700000, 70000, [0.4, 5, 1.5, 10], CAPS, [100, 84.599982, 70, 29.910611]),
        (800000, 70000, [0.4, 5, 1.5, 10], CAPS, [100, 64.593230, 70, 22.837155]),
        (1000000, 70000, [0.4, 5, 1.5, 10], CAPS, [100, 43.852284, 70, 15.504124]),
        (700000, 70000, [0.4, 5, 1.5, 10], None, [143.472444, 54.106847, 123.481419, 19.129659]),
    ],
)
def test_the_cheapest_for_a_variance_of_the_same_strata(variance, constant, price, upper, known):
    """Minimise the cost for ``sum(A**2 / x) - constant <= variance``; duality turns it back into a budget."""
    size = np.full(4, 1e9)
    own = float((AMOUNT**2 / size).sum())
    x = neyman(size, AMOUNT / size, variance=variance + constant - own, cost=price, upper=upper)
    assert (AMOUNT**2 / x).sum() == pytest.approx(variance + constant, rel=1e-10)
    high = size if upper is None else np.array(upper, float)
    again = best_active_set(AMOUNT, float(np.dot(price, x)), np.zeros(4), high, np.array(price, float))
    assert x == pytest.approx(again, rel=1e-8)
    assert x == pytest.approx(known, abs=2e-5)


def test_a_budget_on_the_same_strata():
    size, price = np.full(4, 1e7), np.array([0.7, 15, 2, 3])
    x = neyman(size, AMOUNT / size, budget=600, cost=price, upper=CAPS)
    assert x == pytest.approx(best_active_set(AMOUNT, 600.0, np.zeros(4), np.array(CAPS, float), price))
    assert x == pytest.approx([76.838457, 22.132005, 70, 24.744334], abs=1e-6)


def test_integer_optimum_against_every_allocation():
    rng = np.random.default_rng(3)
    for _ in range(60):
        count = int(rng.integers(2, 5))
        size, sd = rng.integers(2, 9, count), rng.uniform(0.1, 3, count)
        lower = rng.integers(1, 3, count)
        lower = np.minimum(lower, size)
        n = int(rng.integers(lower.sum(), size.sum() + 1))
        x = neyman(size, sd, n, lower=lower, integer=True)
        every = [
            c for c in product(*(range(a, b + 1) for a, b in zip(lower, size, strict=True))) if sum(c) == n
        ]
        best = min(variance(size, sd, c) for c in every)
        assert x.sum() == n
        assert variance(size, sd, x) == pytest.approx(best, rel=1e-12, abs=1e-9)


@settings(max_examples=60)
@given(st.integers(0, 10**6))
def test_real_optimum_meets_the_conditions_and_bounds_the_integer_one(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 15))
    size, sd = rng.integers(5, 400, count).astype(float), rng.uniform(0.01, 3, count)
    lower = np.minimum(rng.integers(1, 6, count), size)
    n = int(rng.integers(lower.sum(), size.sum() + 1))
    x = neyman(size, sd, n, lower=lower)
    assert x.sum() == pytest.approx(n)
    assert ((x >= lower - 1e-9) & (x <= size + 1e-9)).all()
    slope = (size * sd / x) ** 2
    for i in np.flatnonzero(x > lower + 1e-6):
        for j in np.flatnonzero(x < size - 1e-6):
            assert slope[i] >= slope[j] * (1 - 1e-6)  # nothing is gained by moving a unit from i to j
    whole = neyman(size, sd, n, lower=lower, integer=True)
    assert whole.sum() == n
    assert variance(size, sd, x) <= variance(size, sd, whole) * (1 + 1e-9) + 1e-6


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.1, 10))
def test_scale_and_order_do_not_matter(seed, scale):
    rng = np.random.default_rng(seed)
    size, sd = rng.integers(5, 400, 9).astype(float), rng.uniform(0.1, 3, 9)
    n, order = int(rng.integers(9, size.sum() / 2)), rng.permutation(9)
    real, whole = neyman(size, sd, n), neyman(size, sd, n, integer=True)
    assert neyman(size, sd * scale, n) == pytest.approx(real, rel=1e-9)
    assert neyman(size[order], sd[order], n) == pytest.approx(real[order], rel=1e-9)
    assert variance(size, sd, neyman(size, sd * scale, n, integer=True)) == pytest.approx(
        variance(size, sd, whole)
    )
    assert neyman(size, sd, n + 1, integer=True).sum() == n + 1
    assert (neyman(size, sd, n + 1, integer=True) >= whole).all()  # house monotone


def test_variance_goal_is_met_exactly_and_cost_is_least():
    size, sd, cost = np.array([300.0, 500, 200]), np.array([1.0, 2, 0.5]), np.array([1.0, 4, 2])
    goal = 2000.0
    x = neyman(size, sd, variance=goal, cost=cost)
    assert variance(size, sd, x) == pytest.approx(goal, rel=1e-10)
    back = neyman(size, sd, budget=float(cost @ x), cost=cost)
    assert back == pytest.approx(x, rel=1e-8)
    whole = neyman(size, sd, variance=goal, integer=True)
    fewer = neyman(size, sd, int(whole.sum()) - 1, integer=True)
    assert variance(size, sd, whole) <= goal < variance(size, sd, fewer)


def test_large_problem_is_exact_where_a_greedy_step_can_check_it():
    rng = np.random.default_rng(5)
    size, sd = rng.integers(1000, 10**6, 2000).astype(float), rng.lognormal(0, 1, 2000)
    x = neyman(size, sd, 10**5, integer=True)
    assert x.sum() == 10**5
    amount = size * sd
    last = np.where(x > 1, amount**2 / (x * np.maximum(x - 1.0, 1e-9)), np.inf)
    following = np.where(x < size, amount**2 / (x * (x + 1.0)), 0)
    assert last.min() >= following.max() * (1 - 1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one of n, variance, budget must be given"),
        ({"n": 5, "cost": 2}, "cost must come with variance or budget"),
        ({"budget": 5, "cost": 0}, "cost must be positive"),
        ({"n": 100}, "n must be at most the sum of the caps 30, got 100"),
        ({"variance": 1.0, "upper": 2}, "variance must be at least what the caps allow"),
        ({"n": 1, "integer": True}, "n must be at least the sum of the minima 2, got 1"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        neyman([10, 20], [1, 2], **arguments)


def test_a_lower_bound_of_zero_still_means_one_where_there_is_deviation():
    """No variance can be estimated without an interview: too small an n is refused, never exceeded."""
    with pytest.raises(ValueError, match="n must be at least the sum of the minima 3, got 2"):
        neyman([47, 61, 41], [10, 6, 4], 2, integer=True, lower=0)
    for n in range(3, 40):
        assert neyman([47, 61, 41], [10, 6, 4], n, integer=True, lower=0).sum() == n
    assert neyman([47, 61, 41], [10, 0, 4], 2, integer=True, lower=0).tolist() == [1, 0, 1]
