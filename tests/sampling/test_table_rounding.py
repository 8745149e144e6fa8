from itertools import product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.stats import chi2

from sampling import round_table
from sampling.table_rounding import _unbiased, _with_slack

FALSE_ALARM = 1e-6


def assert_controlled(table, rounded):
    floors, ceilings = np.floor(table + 1e-9), np.ceil(table - 1e-9)
    assert ((rounded == floors) | (rounded == ceilings)).all()
    for axis in (0, 1, None):
        assert (np.abs(rounded.sum(axis=axis) - table.sum(axis=axis)) < 1 - 1e-9).all()


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["nearest", "unbiased"]), st.booleans())
def test_every_cell_and_margin_goes_to_a_neighbour(seed, method, whole_margins):
    rng = np.random.default_rng(seed)
    shape = tuple(int(k) for k in rng.integers(1, 9, 2))
    table = rng.uniform(0, 4, shape) * (rng.random(shape) > 0.2)
    if whole_margins:  # a mean of whole tables with the same margins
        base = rng.integers(0, 5, shape).astype(float)
        shifted = base[::-1][:, ::-1].copy()
        table = (base + base[:, ::-1] + base[::-1] + shifted) / 4
        table = np.tile(table, (2, 2))
        table = (table + np.roll(table, 1, axis=0)) / 2
    rounded = round_table(table, method=method, rng=seed)
    assert_controlled(table, rounded)
    for axis in (0, 1, None):
        sums = table.sum(axis=axis)
        whole = np.abs(sums - np.rint(sums)) < 1e-9
        assert (np.where(whole, rounded.sum(axis=axis) - np.rint(sums), 0) == 0).all()


def test_nearest_is_the_nearest_of_all():
    rng = np.random.default_rng(4)
    for _ in range(40):
        table = rng.uniform(0, 3, (3, 4))
        floors = np.floor(table)
        best = np.inf
        for up in product((0, 1), repeat=12):
            trial = floors + np.array(up).reshape(3, 4)
            if all((np.abs(trial.sum(axis=a) - table.sum(axis=a)) < 1).all() for a in (0, 1, None)):
                best = min(best, ((trial - table) ** 2).sum())
        assert ((round_table(table) - table) ** 2).sum() == pytest.approx(best, abs=1e-12)


def test_nearest_costs_what_the_transportation_problem_costs():
    rng = np.random.default_rng(7)
    for shape in ((17, 70), (40, 12)):
        up = rng.random(shape) < 0.5
        table = np.zeros(shape)
        for _ in range(4):  # means of permuted tables keep whole margins
            table += up / 4
            swap = rng.permutation(shape[0])[:2]
            columns = np.flatnonzero(up[swap[0]] != up[swap[1]])
            first = columns[up[swap[0], columns]]
            second = columns[~up[swap[0], columns]]
            k = min(first.size, second.size)
            flip = np.r_[first[:k], second[:k]]
            up[np.ix_(swap, flip)] = ~up[np.ix_(swap, flip)]
        table += rng.integers(0, 5, shape)
        fraction = table - np.floor(table)
        table = np.where(fraction == 0, table, table)
        count, width = shape
        sums = np.vstack([np.kron(np.eye(count), np.ones(width)), np.kron(np.ones(count), np.eye(width))])
        wanted = np.r_[fraction.sum(axis=1), fraction.sum(axis=0)]
        caps = np.stack([np.zeros(fraction.size), (fraction > 0).ravel()], axis=1)
        answer = linprog((1 - 2 * fraction).ravel(), A_eq=sums, b_eq=wanted, bounds=caps)
        rounded = round_table(table)
        assert_controlled(table, rounded)
        assert ((rounded - table) ** 2).sum() == pytest.approx(answer.fun + (fraction**2).sum(), abs=1e-9)


def test_unbiased_over_every_outcome(exact_law):
    for table in (
        [[0.3, 0.7], [0.7, 0.3]],
        [[0.2, 0.5, 0.3], [0.8, 0.5, 0.7]],
        [[0.4, 0.35], [0.15, 0.8], [0.5, 0.9]],
    ):
        closed = _with_slack(np.array(table))
        law = exact_law(lambda rng, closed=closed: tuple(_unbiased(closed, rng).ravel().tolist()))
        mean = sum(np.array(outcome) * weight for outcome, weight in law.items()).reshape(closed.shape)
        assert sum(law.values()) == pytest.approx(1, abs=1e-12)
        assert mean == pytest.approx(closed, abs=1e-12)


def test_unbiased_over_replicates():
    rng = np.random.default_rng(0)
    table = rng.uniform(0, 2, (4, 5))
    draws = np.array([round_table(table, method="unbiased", rng=rng) for _ in range(2000)])
    fraction = table - np.floor(table)
    z = (draws.mean(axis=0) - table) / np.sqrt(fraction * (1 - fraction) / 2000)
    assert (np.abs(z) < 6.2).all()  # 20 cells at 3e-8 each
    assert chi2.sf((z**2).max(), 1) * z.size > FALSE_ALARM


def test_labels_and_bad_input():
    named = round_table(xr.DataArray([[1.5, 2.5]], dims=["region", "service"]))
    assert named.dims == ("region", "service")
    with pytest.raises(ValueError, match=r"table must be at least 0, got -1.0 at \(0, 1\)"):
        round_table([[1.0, -1.0]])
    with pytest.raises(ValueError, match=r"table must have rows and columns"):
        round_table([1.0, 2.0])
    with pytest.raises(ValueError, match=r"method must be"):
        round_table([[1.0]], method="other")


def test_columns_that_are_almost_ties_end():
    # fractions equal to 1e-10: chains of exchanges must add up exactly to stay free of cycles
    rng = np.random.default_rng(1)
    for _ in range(20):
        column = rng.dirichlet(np.full(18, 3.0)) * 40_000
        table = column[:, None] + rng.uniform(-1e-10, 1e-10, (18, 70))
        assert_controlled(table, round_table(table))
