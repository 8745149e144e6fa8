import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sampling import compromise, power_allocation, proportional

POPULATION_2020 = [
    736735, 881651, 2055724, 645280, 1369597, 1130099, 656844, 1376882, 868549, 803531, 698796, 752169,
    548755, 2016037, 1136156, 1916822, 1038152,
]  # fmt: skip

sizes = arrays(np.float64, st.integers(1, 12), elements=st.floats(0.01, 1e4))


@given(sizes, st.floats(0, 1), st.floats(0, 3), st.floats(0.05, 0.95))
def test_bounds_total_and_optimality(size, low, extra, part):
    share = size / size.sum()
    lower, upper = low * share * 5, (low * share * 5) + extra * np.sqrt(size) + 0.1
    n = lower.sum() + part * (upper.sum() - lower.sum())
    x = proportional(size, n, lower=lower, upper=upper)
    assert x.sum() == pytest.approx(n, rel=1e-9)
    assert (x >= lower * (1 - 1e-12)).all()
    assert (x <= upper * (1 + 1e-12)).all()
    free = (x > lower * (1 + 1e-9)) & (x < upper * (1 - 1e-9))
    rate = x / size
    if free.any():  # one common rate; who is held at a bound would otherwise go beyond it
        t = rate[free].mean()
        assert rate[free] == pytest.approx(t, rel=1e-6)
        assert (t * size <= np.maximum(lower, x) * (1 + 1e-6) + 1e-9)[x <= lower * (1 + 1e-9)].all()


@given(sizes, st.floats(1, 1e4), st.floats(0.1, 10), st.randoms(use_true_random=False))
def test_scale_and_order_do_not_matter(size, n, scale, random):
    order = list(range(size.size))
    random.shuffle(order)
    for rule in (proportional, power_allocation, compromise):
        base = rule(size, n)
        assert rule(size * scale, n) == pytest.approx(base, rel=1e-9)
        assert rule(size[order], n) == pytest.approx(base[order], rel=1e-9)


def test_territorial_rule_of_2020_sums_to_9000():
    percent = 100 * np.array(POPULATION_2020) / sum(POPULATION_2020)
    assert proportional(percent, 9000) == pytest.approx(9000 * percent / 100, rel=1e-12)
    assert proportional(percent, 9000).sum() == pytest.approx(9000, abs=1e-9)


def test_power_runs_from_equal_to_proportional():
    size = np.array([10.0, 40.0, 250.0])
    assert power_allocation(size, 90, power=0).tolist() == pytest.approx([30, 30, 30])
    assert power_allocation(size, 300, power=1).tolist() == pytest.approx(size.tolist())
    assert compromise(size, 300, share=1).tolist() == pytest.approx(size.tolist())
    assert compromise(size, 300, share=0).tolist() == pytest.approx([100] * 3)


def test_labels_come_back():
    size = xr.DataArray(
        [[1.0, 2.0]], coords={"region": ["A"], "service": ["x", "y"]}, dims=["region", "service"]
    )
    x = proportional(size, 6)
    assert x.sel(service="y").item() == 4
    minima = xr.DataArray([[5.0, 1.0]], coords={"region": ["A"], "service": ["y", "x"]}, dims=size.dims)
    assert proportional(size, 6, lower=minima).sel(service="y").item() == 5  # matched by label, not by place
    with pytest.raises(ValueError, match=r"lower must be finite numbers, got nan at region A, service y"):
        proportional(size, 6, lower=minima.sel(service=["x"]))
    with pytest.raises(ValueError, match=r"lower must carry the labels of the sizes"):
        proportional(size.sel(service=["x"]), 6, lower=minima)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: proportional([1, -2], 3), "sizes must be at least 0, got -2.0 at 1"),
        (lambda: proportional([1, np.nan], 3), "sizes must be finite numbers, got nan at 1"),
        (
            lambda: proportional(["2", "1,5"], 3),
            "sizes must be numbers, got '1,5' at 1; write decimals with a",
        ),
        (lambda: proportional([[1, 2], [3]], 3), "sizes must be numbers in rows of one length"),
        (lambda: proportional([1, None], 3), "sizes must be"),
        (lambda: proportional("1,5", 3), "sizes must be numbers, got '1,5'; write decimals with a point"),
        (
            lambda: proportional([1, 2], 3, lower=2),
            "n must be at least the sum of the minima 4, got 3; raise n",
        ),
        (lambda: proportional([1, 2], 5, upper=2), "n must be at most the sum of the caps 4, got 5; lower n"),
        (
            lambda: proportional([1, 2], 5, lower=[1, 3], upper=2),
            "lower must not exceed upper, got 3.0 and 2.0 at 1",
        ),
        (lambda: proportional([1, 0], 5, upper=3), "n must be at most 3, what strata of positive size"),
        (lambda: proportional([1, 2], 5, lower=[1, 2, 3]), r"lower must be a number or of shape \(2,\)"),
        (lambda: power_allocation([1, 2], 5, power=2), "power must lie between 0 and 1, got 2"),
        (lambda: compromise([0, 0], 5), "sizes must have a positive entry"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
