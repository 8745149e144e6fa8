import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import kendalltau

from estimators import kendall, tiers

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())["kendall"]


def test_tau_agrees():
    found = kendall(ORACLE["first"], None, ORACLE["second"], None)
    assert found.tau == pytest.approx(ORACLE["tau"])
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 30))
    assert kendall(a, None, b, None).tau == pytest.approx(kendalltau(a, b).statistic)


def test_known_scores_leave_nothing_open():
    found = kendall([3, 2, 1, 1], None, [3, 1, 2, 0], None)
    assert (found.concordant, found.discordant, found.unresolved, found.pairs) == (4, 1, 0, 6)
    assert found.tau == found.lower == found.upper == pytest.approx(0.5)


def test_noise_leaves_everything_open_and_precision_nothing():
    values = [4.9, 4.7, 4.5, 4.3]
    noise = kendall(values, np.full(4, 5.0), values[::-1], np.full(4, 5.0))
    assert (noise.tau, noise.lower, noise.upper, noise.unresolved) == (-1.0, -1.0, 1.0, 6)
    precise = kendall(values, np.full(4, 1e-3), values[::-1], np.full(4, 1e-3))
    assert (precise.lower, precise.upper, precise.discordant) == (-1.0, -1.0, 6)


def test_one_certain_ranking_spends_no_level():
    values, se = [4.9, 4.7, 4.52, 4.3], np.full(4, 0.06)
    half = kendall(values, se, [4, 3, 2, 1], None)
    both = kendall(values, se, [4, 3, 2, 1], np.full(4, 1e-6))
    assert half.unresolved <= both.unresolved
    assert half.lower >= both.lower


def test_two_uncertain_rankings_share_the_level():
    values, se = np.linspace(4.3, 4.9, 9), np.full(9, 0.05)
    exact = np.full(9, 1e-6)
    open_pairs = {
        level: 36 - int(tiers(values, se, level=level)["different"].sum()) // 2 for level in (0.95, 0.975)
    }
    assert open_pairs[0.95] < open_pairs[0.975]
    assert kendall(values, se, values, exact).unresolved == open_pairs[0.975]
    assert kendall(values, se, values, None).unresolved == open_pairs[0.95]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ([1.0, 2.0], [1.0, 2.0, 3.0], "same units"),
        ([1.0], [1.0], "two or more"),
        ([1.0, np.nan], [1.0, 2.0], "must be finite"),
        (
            xr.DataArray([1.0, 2.0], coords={"s": ["a", "b"]}),
            xr.DataArray([1.0, 2.0], coords={"s": ["b", "a"]}),
            "same labels in the same order",
        ),
    ],
)
def test_rankings_of_other_units_are_refused(first, second, message):
    with pytest.raises(ValueError, match=message):
        kendall(first, None, second, None)
