"""What every comparison refuses alike, and how one-unit and all-tied rankings behave."""

import numpy as np
import pytest
import xarray as xr

from estimators import (
    adjust,
    bounds_on,
    change,
    equivalence,
    feasible,
    homogeneity,
    joint_region,
    kendall,
    max_entropy,
    multinomial_ranks,
    pairwise,
    plug_in_rank_probability,
    ranks,
    reconstruct,
    sd_bounds,
    tau_best,
    tau_worst,
    tiers,
    tipping_point,
    trend,
    verify_top,
)

X, SE = [4.5, 4.6], [0.1, 0.1]
LEVEL, BEST = "level must be between 0 and 1, got 95: write 95% as 0.95", "best must be 'high' or 'low'"
LEAF = {"averaging": [[1.0]], "raters": 10, "group": [0], "correlation": 0.5}


@pytest.mark.parametrize(
    "call",
    [
        lambda level: ranks(X, SE, level=level),
        lambda level: tiers(X, SE, level=level),
        lambda level: tau_best(X, SE, tau=1, level=level),
        lambda level: tau_worst(X, SE, tau=1, level=level),
        lambda level: joint_region(X, SE, level=level),
        lambda level: pairwise(X, SE, level=level),
        lambda level: change(X, SE, X, SE, level=level),
        lambda level: equivalence(0.1, 0.1, margin=0.2, level=level),
        lambda level: tipping_point(0.1, 0.1, level=level),
        lambda level: trend([4.1, 4.3, 4.4], [0.1] * 3, level=level),
        lambda level: kendall(X, SE, X, SE, level=level),
        lambda level: multinomial_ranks([4, 5], level=level),
        lambda level: bounds_on([4.5], [0.6], **LEAF, level=level),
    ],
)
def test_a_percentage_is_no_level(call):
    with pytest.raises(ValueError, match=LEVEL):
        call(95)


@pytest.mark.parametrize(
    "call",
    [
        lambda best: ranks(X, SE, best=best),
        lambda best: tiers(X, SE, best=best),
        lambda best: tau_best(X, SE, tau=1, best=best),
        lambda best: verify_top(X, SE, k=1, best=best),
        lambda best: joint_region(X, SE, best=best),
        lambda best: plug_in_rank_probability(X, SE, best=best),
        lambda best: bounds_on([4.5], [0.6], **LEAF).ranks(best=best),
    ],
)
def test_best_is_an_end(call):
    with pytest.raises(ValueError, match=BEST):
        call("top")


RANKING = [
    ranks,
    tiers,
    joint_region,
    pairwise,
    plug_in_rank_probability,
    homogeneity,
    lambda x, c: tau_best(x, c, tau=1),
    lambda x, c: verify_top(x, c, k=1),
    lambda x, c: change(x, c, X, SE),
    lambda x, c: change(X, SE, x, c),
    lambda x, c: kendall(x, c, X, SE),
]


@pytest.mark.parametrize("call", RANKING)
@pytest.mark.parametrize(
    ("estimate", "error", "message"),
    [
        (X, [0.1, -0.1], "standard errors must be finite and at least 0, got -0.1"),
        (X, [0.1, np.nan], "standard errors must be finite and at least 0, got nan"),
        (X, [[1.0, 0.5], [0.2, 1.0]], "symmetric: average it with its transpose"),
        (X, [[1.0, 2.0], [2.0, 1.0]], "positive semidefinite, got an eigenvalue of -1: were correlations"),
        (X, [[1.0, np.inf], [np.inf, 1.0]], "covariance must be finite"),
        ([4.5, np.nan], SE, "must be finite"),
        (X, [0.1, 0.1, 0.1], "must have shape"),
    ],
)
def test_what_is_no_estimate_or_no_covariance(call, estimate, error, message):
    with pytest.raises(ValueError, match=message):
        call(estimate, error)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pairwise(X, SE, draws=100), "draws must be at least 400 for level 0.95"),
        (lambda: change(X, SE, X, SE, draws=100), "draws must be at least 400 for level 0.95"),
        (lambda: ranks(X, SE, draws=5000.5), "draws must be a whole number of at least 1, got 5000.5"),
        (
            lambda: plug_in_rank_probability(X, SE, draws=0),
            "draws must be a whole number of at least 1, got 0",
        ),
        (
            lambda: adjust([0.1], method="max_t", correlation=[[1.0]], draws=0),
            "draws must be a whole number",
        ),
        (lambda: verify_top(X, [[1, 0.5], [0.5, 1]], k=1, draws=0), "draws must be a whole number"),
        (lambda: verify_top(X, SE, k=1.5), "k must be a whole number from 1 to 1, got 1.5"),
        (lambda: tau_best(X, SE, tau=1.5), "tau must be a whole number from 1 to 2, got 1.5"),
        (lambda: tipping_point(0.1, 0.1, tests=np.nan), "tests must be a whole number of at least 1"),
        (lambda: tipping_point(0.1, 0.1, deff=0.0), "deff must be above 0, got 0"),
        (lambda: trend([4.1, 4.3, 4.4], [0.1] * 3, df=0), "df must be positive, got 0"),
        (lambda: trend([4.1, 4.3, 4.4], [0.1] * 3, df=[5, 6]), "df must be one number"),
        (lambda: homogeneity(X, SE, df=np.nan), "df must be positive, got nan"),
        (lambda: change(X, SE, X, SE, cross_covariance=[[0.001, 0.0]]), "2 units before by 2 after"),
        (lambda: bounds_on([4.5], [0.6], **{**LEAF, "group": [0, 1]}), "one label a leaf"),
        (lambda: bounds_on([4.5], [0.6], **LEAF, deff=0.0), "deff must be above 0"),
        (lambda: bounds_on([4.5], [60.0], **LEAF), "divide a percentage by 100"),
        (lambda: feasible(4.5, 60.0), "divide a percentage by 100"),
        (lambda: sd_bounds(4.5, 60.0), "divide a percentage by 100"),
        (lambda: reconstruct(4.5, 60.0, 10), "divide a percentage by 100"),
        (lambda: max_entropy(4.5, 60.0), "divide a percentage by 100"),
        (lambda: sd_bounds(8.5, 0.6), r"mean must lie in \[1, 5\], got 8.5"),
    ],
)
def test_other_options_that_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_labels_of_two_rounds_must_match():
    before = xr.DataArray(X, coords={"region": ["ALA", "AKM"]})
    after = xr.DataArray(X, coords={"region": ["ALA", "ATY"]})
    with pytest.raises(ValueError, match=r"same units, got \['AKM', 'ATY'\] in one only: domains='common'"):
        change(before, SE, after, SE)
    with pytest.raises(ValueError, match="same labels in the same order: align them first"):
        kendall(before, SE, after, SE)


def test_a_ranking_of_one_unit():
    one, se = xr.DataArray([4.5], coords={"service": ["s01"]}), [0.1]
    assert tau_best(one, se, tau=1).values.tolist() == tau_worst(one, se, tau=1).values.tolist() == [True]
    assert tiers(one, se)["letters"].values.tolist() == ["a"]
    assert plug_in_rank_probability(one, se)["probability"].values.tolist() == [[1.0]]
    assert ranks(one, se, simultaneous=False)["upper"].values.tolist() == [1]
    assert change(one, se, one, se)["p_adjusted"].values.tolist() == [1.0]
    for call in (lambda: verify_top(one, se, k=1), lambda: pairwise(one, se), lambda: homogeneity(one, se)):
        with pytest.raises(ValueError, match="at least 2 units, got 1"):
            call()
    with pytest.raises(ValueError, match="two or more"):
        kendall(one, se, one, se)


def test_a_ranking_of_equals():
    tied, se = np.full(5, 4.58), np.linspace(0.01, 0.2, 5)
    assert tau_best(tied, se, tau=1).all()
    assert tau_worst(tied, se, tau=1).all()
    assert tiers(tied, se)["letters"].values.tolist() == ["a"] * 5
    assert homogeneity(tied, se).p_value == 1.0
    assert np.all(pairwise(tied, se)["p_adjusted"] == 1.0)
    region = joint_region(tied, se)
    assert (region["rank_lower"].values.tolist(), region["rank_upper"].values.tolist()) == ([1] * 5, [5] * 5)
    agreement = kendall(tied, se, tied, se)
    assert (agreement.tau, agreement.lower, agreement.upper) == (0.0, -1.0, 1.0)
    with pytest.raises(ValueError, match="cuts through a tie"):
        verify_top(tied, se, k=2)
