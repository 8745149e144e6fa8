import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multinomial

from estimators import multinomial_ranks, multinomial_winner

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())["multinomial"]


def all_counts(total: int, size: int) -> np.ndarray:
    grid = np.array(list(product(range(total + 1), repeat=size - 1)))
    grid = grid[grid.sum(axis=1) <= total]
    return np.column_stack([grid, total - grid.sum(axis=1)])


def test_sets_agree_with_pairwise_binomial_tests():
    found = multinomial_ranks(ORACLE["counts"])
    assert found["lower"].values.tolist() == ORACLE["lower"]
    assert found["upper"].values.tolist() == ORACLE["upper"]
    assert multinomial_winner(ORACLE["counts"]).p_value == pytest.approx(ORACLE["winner_p"], rel=1e-12)


@pytest.mark.parametrize("probability", [(1 / 3, 1 / 3, 1 / 3), (0.45, 0.45, 0.1), (0.5, 0.3, 0.2)])
@pytest.mark.parametrize("simultaneous", [True, False])
@pytest.mark.parametrize("side", ["both", "lower", "upper"])
def test_coverage_over_every_outcome(probability, simultaneous, side):
    p = np.array(probability)
    lowest, highest = 1 + (p[None] > p[:, None]).sum(axis=1), 3 - (p[None] < p[:, None]).sum(axis=1)
    missed = np.zeros(4)  # any unit, then each
    for counts in all_counts(24, 3):
        found = multinomial_ranks(counts, level=0.9, simultaneous=simultaneous, side=side)
        miss = (found["lower"].values > lowest) | (found["upper"].values < highest)
        missed += multinomial.pmf(counts, 24, p) * np.array([miss.any(), *miss])
    assert (missed[0] if simultaneous else missed[1:].max()) <= 0.1 + 1e-12


@pytest.mark.parametrize("probability", [(1 / 3, 1 / 3, 1 / 3), (0.4, 0.4, 0.2), (0.25,) * 4])
def test_winner_is_not_verified_too_often_over_every_outcome(probability):
    chance = sum(
        multinomial.pmf(counts, 20, probability)
        for counts in all_counts(20, len(probability))
        if multinomial_winner(counts).p_value <= 0.05
    )
    assert chance <= 0.05 + 1e-12


def test_power_of_the_winner_test_over_every_outcome():
    chance = sum(
        multinomial.pmf(counts, 40, (0.7, 0.2, 0.1))
        for counts in all_counts(40, 3)
        if multinomial_winner(counts).p_value <= 0.05 and counts.argmax() == 0
    )
    assert chance > 0.9


def test_options_tighten_as_they_should():
    counts = xr.DataArray([120, 100, 95, 60, 58, 20, 5], coords={"region": list("abcdefg")})
    holm, bonferroni = (multinomial_ranks(counts, correction=c) for c in ("holm", "bonferroni"))
    alone = multinomial_ranks(counts, simultaneous=False)
    assert np.all(holm["lower"] >= bonferroni["lower"])
    assert np.all(alone["lower"] >= holm["lower"])
    assert np.all(alone["upper"] <= holm["upper"])
    assert holm["lower"].dims == ("region",)
    below = multinomial_ranks(counts, side="lower")
    assert below["upper"].values.tolist() == [7] * 7
    assert multinomial_ranks(counts, side="upper")["lower"].values.tolist() == [1] * 7


def test_ties_zeros_and_one_category():
    assert multinomial_winner([7, 7, 1]).p_value == 1.0
    assert multinomial_ranks([0, 0])["upper"].values.tolist() == [2, 2]
    assert multinomial_ranks([5])["upper"].values.tolist() == [1]


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ([0.5, 0.5], {}, "whole numbers"),
        ([-1, 4], {}, "whole numbers"),
        ([np.nan, 4], {}, "whole numbers"),
        ([], {}, "a category"),
        ([3, 4], {"level": 95}, "write 95% as 0.95"),
        ([3, 4], {"side": "left"}, "side must be"),
        ([3, 4], {"correction": "bh"}, "correction must be"),
    ],
)
def test_bad_counts_are_refused(counts, options, message):
    with pytest.raises(ValueError, match=message):
        multinomial_ranks(counts, **options)


def test_one_category_has_no_winner_test():
    with pytest.raises(ValueError, match="two categories"):
        multinomial_winner([4])
