import numpy as np
import pytest
import xarray as xr
from scipy.optimize import minimize

from sampling import equal_precision


def cvs(size, sd, x, domain, mean=1.0):
    terms = np.where(x > 0, size**2 * sd**2 * (1 / np.maximum(x, 1e-12) - 1 / size), 0)
    return np.sqrt(np.bincount(domain, terms)) / np.bincount(domain, size * mean)


def test_same_cv_in_every_domain_and_neyman_within():
    rng = np.random.default_rng(1)
    size, sd, domain = (
        rng.integers(50, 4000, 120).astype(float),
        rng.uniform(0.5, 1.3, 120),
        np.arange(120) % 17,
    )
    mean = rng.uniform(4, 5, 120)
    x = equal_precision(size, sd, 3000, domain=domain, mean=mean)
    assert x.sum() == pytest.approx(3000)
    got = cvs(size, sd, x, domain, mean)
    assert np.ptp(got) < 1e-9 * got.mean()
    for d in range(17):
        rate = (x / (size * sd))[(domain == d) & (x < size * (1 - 1e-9))]
        assert np.ptp(rate) <= 1e-9 * rate.mean()


def test_against_a_general_optimiser():
    size, sd = np.array([100.0, 300, 60, 40]), np.array([1.0, 0.5, 2.0, 0.8])
    domain = np.array([0, 0, 1, 1])
    x = equal_precision(size, sd, 90, domain=domain, lower=2, upper=[50, 60, 30, 40])
    answer = minimize(
        lambda v: v[-1],
        [20, 30, 20, 20, 1],
        bounds=[(2, 50), (2, 60), (2, 30), (2, 40), (0, None)],
        constraints=[
            {"type": "eq", "fun": lambda v: v[:4].sum() - 90},
            {"type": "ineq", "fun": lambda v: v[-1] - cvs(size, sd, v[:4], domain) ** 2 * 1e3},
        ],
        method="SLSQP",
        options={"maxiter": 1000, "ftol": 1e-14},
    )
    assert (cvs(size, sd, x, domain).max() ** 2 * 1e3) == pytest.approx(answer.fun, rel=1e-5)


def test_bounds_hold_domains_below_the_common_cv():
    size, sd, domain = np.array([1000.0, 1000.0]), np.ones(2), ["a", "b"]
    x = equal_precision(size, sd, 100, domain=domain, lower=[80, 0])
    assert x.tolist() == pytest.approx([80, 20])
    assert equal_precision(size, sd, 2000, domain=domain).tolist() == pytest.approx([1000, 1000])


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"domain must have one label for each of 2 strata, got 3"):
        equal_precision([5, 5], 1.0, 4, domain=[1, 2, 3])
    with pytest.raises(ValueError, match=r"n must be at most the sum of the caps 10, got 40"):
        equal_precision([5, 5], 1.0, 40, domain=[1, 2])
    with pytest.raises(ValueError, match=r"must be positive in every domain, got 0 in b"):
        equal_precision([5, 5], 1.0, 4, domain=["a", "b"], mean=[1, 0])


def test_a_dimension_names_the_domains():
    sizes = xr.DataArray(
        [[30.0, 20, 50], [10, 60, 30]],
        coords={"region": ["A", "B"], "service": list("xyz")},
        dims=["region", "service"],
    )
    for name, labels in (("region", [["A"] * 3, ["B"] * 3]), ("service", [list("xyz")] * 2)):
        found = equal_precision(sizes, 1.0, 60, domain=name)
        assert found.dims == sizes.dims
        assert np.asarray(found) == pytest.approx(equal_precision(sizes.values, 1.0, 60, domain=labels))
    with pytest.raises(ValueError, match=r"domain must name a dimension of the sizes, got 'city'"):
        equal_precision(sizes, 1.0, 60, domain="city")
