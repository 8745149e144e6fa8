import itertools
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from estimators import reconstruct, sd_bounds

SCORES = np.arange(1, 6)


def test_known_answers():
    for figures, rate, low, high in [
        ({"mean_digits": None, "share_digits": None}, 1.0, 0.765, 0.963),
        ({}, 1.0, 0.757, 0.975),
        ({"mean_digits": None, "share_digits": None}, 0.95, 0.817, 1.042),
    ]:
        found = sd_bounds(4.58, 0.751, rating_rate=rate, **figures)
        assert found.lower.item() == pytest.approx(low, abs=5e-4)
        assert found.upper.item() == pytest.approx(high, abs=5e-4)


def _by_programme(mean, share):
    """Least and greatest variance over all laws with exactly this mean and share: a linear programme."""
    rows = np.stack([np.ones(5), SCORES, SCORES == 5]).astype(float)
    ends = []
    for sign in (1, -1):
        solved = linprog(sign * SCORES.astype(float) ** 2, A_eq=rows, b_eq=[1, mean, share], bounds=(0, 1))
        if solved.status != 0:
            return None
        ends.append(sign * solved.fun - mean**2)
    return ends


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.751, 0.95, 1.0])
def test_exact_figures_against_linear_programmes(share):
    for mean in np.linspace(1 + 4 * share, 4 + share, 13):
        found = sd_bounds(mean, share, mean_digits=None, share_digits=None)
        least, greatest = _by_programme(mean, share)
        assert found.lower.item() ** 2 == pytest.approx(least, abs=1e-9)
        assert found.upper.item() ** 2 == pytest.approx(greatest, abs=1e-9)


def test_rounded_figures_are_the_extremes_over_the_rectangle():
    rng = np.random.default_rng(5)
    shares = rng.integers(0, 101, 150) / 100
    means = np.clip(1 + 4 * shares + rng.uniform(-0.1, 1.1, 150) * 3 * (1 - shares), 1, 5).round(1)
    turns = [(3.0, 0.5), (2.8, 0.45), (2.5, 0.2), (4.3, 0.3), (4.0, 0.0), (3.0, 0.0), (1.0, 0.0), (5.0, 1.0)]
    means, shares = np.concatenate([np.stack([means, shares], 1), turns]).T
    found = sd_bounds(means, shares, mean_digits=1, share_digits=2)
    for at, (mean, share) in enumerate(zip(means, shares, strict=True)):
        m = np.clip(np.linspace(mean - 0.05, mean + 0.05, 201), 1, 5)[:, None]
        s = np.clip(np.linspace(share - 0.005, share + 0.005, 41), 0, 1)
        inside = (1 + 4 * s <= m + 1e-9) & (m <= 4 + s + 1e-9)
        assert found.feasible[at] == inside.any()
        if not inside.any():
            assert np.isnan(found.lower[at])
            continue
        rest = np.maximum(1 - s, 1e-12)
        mu = np.clip((m - 5 * s) / rest, 1, 4)
        part = mu - np.floor(mu)
        low = 25 * s + rest * (mu**2 + part * (1 - part)) - m**2
        high = 25 * s + rest * (5 * mu - 4) - m**2
        # a grid can only miss extremes inwards, by a step times the slope, below 8 in m
        assert -1e-9 <= low[inside].min() - found.lower[at] ** 2 <= 8 * 0.0005
        assert -1e-9 <= found.upper[at] ** 2 - high[inside].max() <= 8 * 0.0005


@pytest.mark.parametrize("asked", [1, 2, 6, 9])
def test_counts_against_every_count_vector(asked):
    grid = np.array(list(itertools.product(range(asked + 1), repeat=5)))
    for rate, keep in ((1.0, grid.sum(1) == asked), ((0.5, 1.0), grid.sum(1) >= max(asked / 2, 1))):
        rows = grid[keep & (grid.sum(1) <= asked)]
        raters = rows.sum(1)
        mean, share = rows @ SCORES / raters, rows[:, 4] / asked
        variance = np.maximum(rows @ SCORES**2 - raters * mean**2, 0) / np.maximum(raters - 1, 1)
        figures = np.unique(np.stack([mean.round(1), share.round(1)], 1), axis=0)
        found = sd_bounds(*figures.T, asked, rating_rate=rate, mean_digits=1, share_digits=1)
        assert found.feasible.all()
        for at, (one, other) in enumerate(figures):
            fits = (np.abs(mean - one) <= 0.05 + 1e-9) & (np.abs(share - other) <= 0.05 + 1e-9)
            assert found.lower[at] ** 2 == pytest.approx(variance[fits].min(), abs=1e-9)
            assert found.upper[at] ** 2 == pytest.approx(variance[fits].max(), abs=1e-9)


@pytest.mark.parametrize(
    ("n", "mean", "share", "digits", "least", "greatest"),
    [
        (38, 4.21, 0.684, (2, 3), Fraction(1032, 703), Fraction(1488, 703)),
        (36, 4.5, 0.722, (1, 3), Fraction(827, 1260), Fraction(1619, 1260)),
        (17, 4.4, 0.71, (1, 2), Fraction(15, 17), Fraction(237, 136)),
    ],
)
def test_exact_fractions(n, mean, share, digits, least, greatest):
    found = sd_bounds(mean, share, n, mean_digits=digits[0], share_digits=digits[1])
    assert found.lower.item() ** 2 == pytest.approx(float(least), rel=1e-12)
    assert found.upper.item() ** 2 == pytest.approx(float(greatest), rel=1e-12)


def test_bounds_are_attained_by_a_listed_count_vector():
    table = reconstruct(4.6, 0.7, 40, rating_rate=(0.0, 1.0), mean_digits=1).table()
    raters = table.sum(1)
    spread = np.sqrt((table @ SCORES**2 - (table @ SCORES) ** 2 / raters) / (raters - 1))
    found = sd_bounds(4.6, 0.7, 40, rating_rate=(0.0, 1.0), mean_digits=1)
    assert found.lower.item() == pytest.approx(spread.min())
    assert found.upper.item() == pytest.approx(spread.max())


def test_counts_lie_within_the_laws():
    n = 60
    found = sd_bounds(4.3, 0.6, n, share_digits=1)
    laws = sd_bounds(4.3, 0.6, share_digits=1)
    shrink = np.sqrt((n - 1) / n)
    assert (
        laws.lower.item() <= shrink * found.lower.item() <= shrink * found.upper.item() <= laws.upper.item()
    )


def test_a_range_of_rates_covers_each_rate():
    span = sd_bounds(4.58, 0.751, rating_rate=(0.9, 1.0))
    for rate in (0.9, 0.95, 1.0):
        one = sd_bounds(4.58, 0.751, rating_rate=rate)
        assert span.lower.item() <= one.lower.item()
        assert span.upper.item() >= one.upper.item()


def test_infeasible_figures_are_said_so():
    found = sd_bounds([4.96, 3.0, 5.0], [0.892, 0.847, 1.0])
    assert found.feasible.tolist() == [False, False, True]
    assert np.isnan(found.upper[:2]).all()
    assert sd_bounds(5.0, 1.0, 30).upper.item() == 0
    assert sd_bounds(4.96, 0.892, rating_rate=0.91).feasible.item()


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match="divide a percentage by 100"):
        sd_bounds(4.5, 75.1, 100)
    with pytest.raises(ValueError, match="rating_rate must be a rate in"):
        sd_bounds(4.5, 0.5, rating_rate=1.2)
