from fractions import Fraction

import numpy as np
import pytest

from estimators.printed import half_unit, mean_interval, rate_interval, share_interval, whole


def test_the_interval_is_what_rounds_to_the_figure():
    for digits in range(7):
        unit = Fraction(1, 10**digits)
        for steps in (10**digits * 2, 10**digits * 3 + (digits > 0), 10**digits * 5):
            low, high = half_unit(float(steps * unit), digits, name="mean", least=1, most=5)
            assert low.item() == pytest.approx(float(max(steps * unit - unit / 2, 1)), abs=1e-12)
            assert high.item() == pytest.approx(float(min(steps * unit + unit / 2, 5)), abs=1e-12)


def test_ends_of_the_range_are_kept():
    assert [end.item() for end in mean_interval(1.0, 2)] == pytest.approx([1.0, 1.005])
    assert [end.item() for end in share_interval(1.0, 3)] == pytest.approx([0.9995, 1.0])
    assert [end.item() for end in share_interval(0.3, None)] == [0.3, 0.3]


def test_rates():
    assert [end.item() for end in rate_interval(0.9)] == [0.9, 0.9]
    low, high = rate_interval((np.array([0.5, 0.0]), 1.0))
    assert low.tolist() == [0.5, 0.0]
    assert high.item() == 1.0
    for bad in (0.0, -0.1, 1.1, (0.9, 0.8), (0.0, 0.0)):
        with pytest.raises(ValueError, match="rating_rate must be a rate in"):
            rate_interval(bad)


def test_whole_numbers():
    assert whole([1.0, 2.0], name="n").dtype == np.int64
    for bad in (0, 1.5, np.nan, np.inf):
        with pytest.raises(ValueError, match="n must be a whole number of at least 1"):
            whole(bad, name="n")
