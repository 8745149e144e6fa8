import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sampling import fit_table
from sampling.table_conflict import settled


def possible(rows, columns, low, high):
    """Whether any table meets the demands, by linear programming without an objective."""
    count, width = high.shape
    sums = np.vstack([np.kron(np.eye(count), np.ones(width)), np.kron(np.ones(count), np.eye(width))])
    bounds = np.stack([low.ravel(), high.ravel()], axis=1)
    return linprog(np.zeros(count * width), A_eq=sums, b_eq=np.r_[rows, columns], bounds=bounds).status == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_margins_bounds_zeros_and_the_form_of_the_optimum(seed):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 6)), int(rng.integers(2, 7)))
    pattern = rng.lognormal(0, 1, shape) * (rng.random(shape) > 0.15)
    truth = np.where(pattern > 0, rng.uniform(1, 20, shape), 0)
    low, high = np.where(pattern > 0, 0.5, 0), np.where(pattern > 0, 22.0, 0)
    x = fit_table(pattern, truth.sum(axis=1), truth.sum(axis=0), lower=0.5, upper=22, tolerance=1e-11)
    assert x.sum(axis=1) == pytest.approx(truth.sum(axis=1), abs=1e-8)
    assert x.sum(axis=0) == pytest.approx(truth.sum(axis=0), abs=1e-8)
    assert (x[pattern == 0] == 0).all()
    assert ((x >= low - 1e-9) & (x <= high + 1e-9)).all()
    # cross ratios of free cells are those of the seed: x = seed * r * c
    free = (x > low + 1e-6) & (x < high - 1e-6)
    for i, k in np.argwhere(free):
        for j, m in np.argwhere(free):
            if free[i, m] and free[j, k]:
                got = x[i, k] * x[j, m] / (x[i, m] * x[j, k])
                assert got == pytest.approx(
                    pattern[i, k] * pattern[j, m] / (pattern[i, m] * pattern[j, k]), rel=1e-5
                )


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_refused_exactly_when_impossible(seed):
    rng = np.random.default_rng(seed)
    shape = (int(rng.integers(2, 5)), int(rng.integers(2, 5)))
    pattern = (rng.random(shape) > 0.3).astype(float)
    rows = rng.integers(1, 20, shape[0]).astype(float)
    columns = rng.multinomial(int(rows.sum()), np.full(shape[1], 1 / shape[1])).astype(float)
    low, high = rng.uniform(0, 1, shape) * pattern, rng.uniform(1, 12, shape) * pattern
    if possible(rows, columns, low, high):
        x = fit_table(pattern, rows, columns, lower=low, upper=high, tolerance=1e-9)
        assert x.sum(axis=1) == pytest.approx(rows, abs=1e-6)
    else:
        with pytest.raises(ValueError, match=r"no table meets the demands"):
            fit_table(pattern, rows, columns, lower=low, upper=high)


def test_conflict_names_labels_and_numbers():
    seed = xr.DataArray(
        [[1.0, 1.0], [1.0, 0.0]],
        coords={"region": ["AKM", "ALM"], "service": ["s01", "s02"]},
        dims=["region", "service"],
    )
    message = "rows ALM must hold 8, but between them and columns s01 there is room for only 5"
    with pytest.raises(ValueError, match=message):
        fit_table(seed, [2, 8], [5, 5])
    with pytest.raises(ValueError, match=r"row AKM must hold 2, but its minima sum to 6"):
        fit_table(seed, [2, 8], [9, 1], lower=3)
    with pytest.raises(ValueError, match=r"rows and columns must have one sum, got 10 and 11"):
        fit_table(seed, [2, 8], [5, 6])
    with pytest.raises(ValueError, match=r"rows must have 2 totals"):
        fit_table(seed, [10], [5, 5])


def test_labels_scale_and_order():
    rng = np.random.default_rng(0)
    pattern, truth = rng.lognormal(0, 1, (4, 6)), rng.uniform(1, 9, (4, 6))
    rows, columns = truth.sum(axis=1), truth.sum(axis=0)
    base = fit_table(pattern, rows, columns)
    assert fit_table(pattern * 7, rows, columns) == pytest.approx(base, rel=1e-7)
    assert fit_table(pattern, rows * 3, columns * 3) == pytest.approx(3 * base, rel=1e-7)
    assert fit_table(pattern[::-1], rows[::-1], columns) == pytest.approx(base[::-1], rel=1e-6)
    named = fit_table(xr.DataArray(pattern, dims=["region", "service"]), rows, columns)
    assert named.dims == ("region", "service")


def test_too_few_rounds_is_an_error():
    rng = np.random.default_rng(0)
    truth = rng.uniform(1, 9, (4, 6))
    with pytest.raises(RuntimeError, match=r"margins must be reached within 1 rounds, row"):
        fit_table(rng.lognormal(0, 2, (4, 6)), truth.sum(axis=1), truth.sum(axis=0), max_iter=1)


def test_cells_without_a_choice_are_closed():
    low, high = np.zeros((2, 2)), np.array([[3.0, 4.0], [9.0, 9.0]])
    settled_low, settled_high = settled(np.array([7.0, 3.0]), np.array([5.0, 5.0]), low, high, low)
    assert settled_low.tolist() == [[3, 4], [0, 0]]  # the first row needs all of its room
    assert settled_high.tolist() == high.tolist()


def test_cells_without_a_choice_do_not_slow_the_fit():
    pattern = np.array([[1.0, 1.0], [0.0, 1.0]])
    x = fit_table(pattern, [50, 50], [50, 50], max_iter=5)  # the second cell must vanish
    assert x.tolist() == [[50, 0], [0, 50]]


def test_an_empty_row_holds_nothing_at_all():
    assert fit_table([[1, 1], [1, 1]], [0, 4], [2, 2]).tolist() == [[0, 0], [2, 2]]
