import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from estimators.calibration import calibration_factors, factor_function, rake_factors

SEEDS = st.integers(0, 10_000)


def sample(seed, n=40):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(50, 10, n), rng.integers(0, 2, n)])
    weight = rng.uniform(1, 3, n)
    return x, weight, x.T @ (weight * rng.uniform(0.9, 1.15, n))


@settings(deadline=None)
@given(SEEDS, st.sampled_from(["linear", "raking", "logit", "truncated"]))
def test_totals_are_met_and_bounds_kept(seed, distance):
    x, weight, totals = sample(seed)
    bounds = (0.5, 1.8) if distance in ("logit", "truncated") else None
    fit = calibration_factors(x, weight, totals, names="abc", distance=distance, bounds=bounds)
    assert_allclose(x.T @ (weight * fit.factor), totals, rtol=1e-8)
    if bounds:
        assert fit.factor.min() >= 0.5 - 1e-12
        assert fit.factor.max() <= 1.8 + 1e-12


@settings(deadline=None)
@given(SEEDS)
def test_linear_calibration_is_the_regression_estimator(seed):
    x, weight, totals = sample(seed)
    fit = calibration_factors(x, weight, totals, names="abc")
    hessian = (x * weight[:, None]).T @ x
    expected = 1 + x @ np.linalg.solve(hessian, totals - x.T @ weight)
    assert_allclose(fit.factor, expected, rtol=1e-7)


@settings(deadline=None)
@given(SEEDS)
def test_factors_do_not_depend_on_the_unit_of_a_column(seed):
    x, weight, totals = sample(seed)
    scale = np.array([1.0, 1e6, 1e-3])
    one = calibration_factors(x, weight, totals, names="abc", distance="raking")
    other = calibration_factors(x * scale, weight, totals * scale, names="abc", distance="raking")
    assert_allclose(one.factor, other.factor, rtol=1e-6)


@pytest.mark.parametrize("distance", ["linear", "raking", "participation"])
def test_totals_of_a_population_far_larger_than_the_sample(distance):
    x, _, totals = sample(3, 400)
    fit = calibration_factors(x, np.ones(400), totals * 1e6, names="abc", distance=distance)
    assert_allclose(x.T @ fit.factor, totals * 1e6, rtol=1e-8)


def test_dependent_columns_are_harmless():
    x, weight, totals = sample(1)
    again = np.column_stack([x, x[:, 0] - x[:, 2]])
    both = calibration_factors(again, weight, np.append(totals, totals[0] - totals[2]), names="abcd")
    assert_allclose(both.factor, calibration_factors(x, weight, totals, names="abc").factor, rtol=1e-8)
    with pytest.raises(ValueError, match="did not meet its totals"):
        calibration_factors(again, weight, np.append(totals, totals[0]), names="abcd")


@pytest.mark.parametrize("distance", ["linear", "raking", "logit", "truncated", "participation"])
def test_slopes_are_the_derivatives(distance):
    bounds = (0.3, 2.5) if distance in ("logit", "truncated") else None
    curve = factor_function(distance, bounds)
    u = np.linspace(-0.6, 1.2, 19) + 0.01
    rise = (curve(u + 1e-6)[0] - curve(u - 1e-6)[0]) / 2e-6
    assert_allclose(curve(u)[1], rise, atol=1e-6)


@settings(deadline=None)
@given(SEEDS)
def test_raking_meets_margins_and_equals_raking_calibration(seed):
    rng = np.random.default_rng(seed)
    margins = [rng.integers(0, 3, 80), rng.integers(0, 4, 80)]
    weight = rng.uniform(1, 2, 80)
    target = weight * rng.uniform(0.8, 1.2, 80)
    totals = [np.bincount(m, target) for m in margins]
    if any(np.bincount(m).min() == 0 for m in margins):
        return
    names = [[f"{k}{j}" for j in range(t.size)] for k, t in enumerate(totals)]
    fit = rake_factors(margins, weight, totals, names=names)
    for margin, total in zip(margins, totals, strict=True):
        assert_allclose(np.bincount(margin, weight * fit.factor), total, rtol=1e-8)
    dummies = np.hstack([np.eye(t.size)[m] for m, t in zip(margins, totals, strict=True)])
    labels = [name for group in names for name in group]
    same = calibration_factors(dummies, weight, np.concatenate(totals), names=labels, distance="raking")
    assert_allclose(same.factor, fit.factor, rtol=1e-6)


def test_many_margins_use_occupied_cells_only():
    rng = np.random.default_rng(5)
    margins = [rng.integers(0, 20, 500) for _ in range(8)]  # 2.6e10 cells
    totals = [np.bincount(m, rng.uniform(0.9, 1.1, 500), 20) for m in margins]
    totals = [t * 500 / t.sum() for t in totals]
    names = [[str(j) for j in range(20)] for _ in margins]
    fit = rake_factors(margins, np.ones(500), totals, names=names)
    for margin, total in zip(margins, totals, strict=True):
        assert_allclose(np.bincount(margin, fit.factor, 20), total, rtol=1e-8)


def test_margins_that_contradict_each_other_name_the_worst():
    # a and b are the same column with different totals
    code = np.array([0, 0, 1, 1])
    with pytest.raises(
        ValueError, match=r"raking did not meet its totals in 50 iterations: margin '.' has target"
    ):
        rake_factors(
            [code, code],
            np.ones(4),
            [np.array([2.0, 2.0]), np.array([1.0, 3.0])],
            names=[["a", "b"], ["c", "d"]],
            iterations=50,
        )
    with pytest.raises(
        ValueError, match="distance must be one of linear, raking, logit, truncated, participation, got 'chi'"
    ):
        factor_function("chi", None)
