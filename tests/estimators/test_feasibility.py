from fractions import Fraction

import numpy as np
import pytest

from estimators import feasible


def _exact(mean, share, mean_unit, share_unit):
    """Above, below and rate interval of one pair in rational arithmetic."""
    m_low, m_high = max(mean - mean_unit / 2, 1), min(mean + mean_unit / 2, 5)
    p_low, p_high = max(share - share_unit / 2, 0), min(share + share_unit / 2, 1)
    above, below = m_low > 4 + p_high, m_high < 1 + 4 * p_low
    low = 4 * p_low / (m_high - 1) if p_low > 0 else Fraction(0)
    high = p_high / (m_low - 4) if m_low > 4 else Fraction(1)
    return above, below, low, min(high, Fraction(1))


def test_every_printed_pair_against_rational_arithmetic():
    means, shares = np.meshgrid(np.arange(100, 501, 7), np.arange(0, 1001, 13), indexing="ij")
    verdict = feasible(means / 100, shares / 1000)
    for at in np.ndindex(means.shape):
        pair = Fraction(int(means[at]), 100), Fraction(int(shares[at]), 1000)
        above, below, low, high = _exact(*pair, Fraction(1, 100), Fraction(1, 1000))
        assert verdict.above[at] == above
        assert verdict.below[at] == below
        assert verdict.impossible[at] == below
        if not below:
            assert verdict.rate_low[at] == pytest.approx(float(low), abs=1e-12)
            assert verdict.rate_high[at] == pytest.approx(float(high), abs=1e-12)


def test_the_rate_interval_holds_exactly_the_rates_that_real_counts_can_have():
    asked = 12
    seen: dict[tuple[int, int], set[int]] = {}
    for raters in range(1, asked + 1):
        for fives in range(raters + 1):
            for total in range(raters + 4 * fives, 4 * raters + fives + 1):
                pair = (round(1e4 * total / raters), round(1e4 * fives / asked))
                seen.setdefault(pair, set()).add(raters)
    mean, share = (np.array(column) / 1e4 for column in zip(*seen, strict=True))
    verdict = feasible(mean, share, mean_digits=4, share_digits=4)
    assert not verdict.impossible.any()
    for at, raters in enumerate(seen.values()):
        assert verdict.rate_low[at] <= min(raters) / asked + 1e-9
        assert verdict.rate_high[at] >= max(raters) / asked - 1e-9
        assert verdict.common[at] or asked not in raters


def test_the_rule_is_tight_and_not_only_necessary():
    share = np.linspace(0, 1, 11)
    for edge, sign in ((4 + share, 1), (1 + 4 * share, -1)):
        on = feasible(edge, share, mean_digits=None, share_digits=None)
        assert on.common.all()
        inside = (edge + sign * 1e-6 >= 1) & (edge + sign * 1e-6 <= 5)
        off = feasible(edge[inside] + sign * 1e-6, share[inside], mean_digits=None, share_digits=None)
        assert not off.common.any()


def test_no_fives_and_a_mean_above_four_is_impossible_only_when_exact():
    exact = feasible(4.5, 0.0, mean_digits=None, share_digits=None)
    assert exact.above.item()
    assert exact.impossible.item()
    rounded = feasible(4.5, 0.0)
    assert rounded.above.item()
    assert not rounded.impossible.item()
    assert rounded.rate_high.item() == pytest.approx(0.0005 / 0.495)


@pytest.mark.parametrize(
    ("mean", "share", "message"),
    [
        (4.5, 75.1, r"share must lie in \[0, 1\], got 75.1; divide a percentage by 100"),
        (5.5, 0.5, r"mean must lie in \[1, 5\], got 5.5"),
        (np.nan, 0.5, "mean must be finite"),
        (4.583, 0.5, "mean must have at most 2 decimals, got 4.583"),
        (4.58, 0.7512, "share must have at most 3 decimals, got 0.7512"),
    ],
)
def test_bad_figures_are_refused(mean, share, message):
    with pytest.raises(ValueError, match=message):
        feasible(mean, share)


def test_digits_are_checked():
    with pytest.raises(ValueError, match=r"mean_digits must be None or lie in 0\.\.6, got 7"):
        feasible(4.5, 0.5, mean_digits=7)
