import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from estimators import score_histograms, variance
from estimators.design import Design
from estimators.domain_variance import Layout, domain_variance
from estimators.effective_size import design_effect, pooled_correlation
from estimators.histogram import statistic
from estimators.ratings import CODES

TABLES = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        st.lists(st.sampled_from(CODES), min_size=2 * n, max_size=2 * n),
        st.lists(st.integers(0, 3), min_size=n, max_size=n),
    )
)


@settings(deadline=None)
@given(TABLES)
def test_histogram_counts_one_by_one(drawn):
    codes, domain = np.array(drawn[0], dtype=np.int8).reshape(-1, 2), np.array(drawn[1])
    weight = np.linspace(0.5, 2, domain.size)
    hist = score_histograms(codes, domain, 4, weight=weight)
    for d in range(4):
        for k in range(2):
            for c, code in enumerate(CODES):
                assert_allclose(hist[d, k, c], weight[(domain == d) & (codes[:, k] == code)].sum())


def test_blocks_add_up(monkeypatch):
    import estimators.histogram as module

    rng = np.random.default_rng(1)
    codes, domain = rng.choice(CODES, (500, 3)).astype(np.int8), rng.integers(0, 5, 500)
    whole = score_histograms(codes, domain, 5, weight=np.arange(500.0))
    monkeypatch.setattr(module, "_CELLS", 40)
    assert_allclose(score_histograms(codes, domain, 5, weight=np.arange(500.0)), whole)


def test_published_denominators():
    # office N = 93, 83 fives of raters fewer than 93: informal costs of the report's Table 2
    hist = np.array([8.0, 0, 0, 0, 0, 0, 2, 83])
    assert round(float(statistic("mean").value(hist)), 2) == 4.98
    assert round(float(statistic("satisfaction", "asked").value(hist)), 3) == round(83 / 93, 3)
    assert round(float(statistic("satisfaction", "rated").value(hist)), 3) == round(83 / 85, 3)
    assert_allclose(statistic("top_two_box").value(hist), 1)


@pytest.mark.parametrize("name", ["mean", "satisfaction", "top_two_box"])
def test_residuals_sum_to_zero_over_the_histogram(name):
    hist = np.random.default_rng(2).uniform(0, 9, (6, 8))
    for denominator in ("rated", "asked"):
        made = statistic(name, denominator)
        assert_allclose(np.sum(hist * made.residuals(made.value(hist)), axis=-1), 0, atol=1e-12)


def test_domain_variance_is_unbiased_for_a_total_over_all_samples():
    from itertools import combinations

    y, home = np.array([1.0, 4, 2, 7, 5, 3]), np.array([0, 1, 0, 0, 1, 1])
    totals, variances = [], []
    for rows in combinations(range(6), 3):
        rows = list(rows)
        design = Design(weight=np.full(3, 2.0), fpc=np.full(3, 6))
        layout = Layout.of(design, home[rows], 2)
        variances.append(domain_variance(design, layout, y[rows][:, None])[:, 0])
        totals.append(np.bincount(home[rows], 2 * y[rows], 2))
    assert_allclose(np.mean(totals, axis=0), np.bincount(home, y))
    assert_allclose(np.mean(variances, axis=0), np.var(totals, axis=0))


def test_blocks_of_domains_under_calibration_add_up(monkeypatch):
    import estimators.domain_variance as module
    from estimators.design import Residuals

    rng = np.random.default_rng(4)
    w, domain, psu = rng.uniform(1, 2, 200), rng.integers(0, 9, 200), np.repeat(range(20), 10)
    z = rng.normal(size=(200, 3))
    design = Design(psu=psu, weight=w).reweighted(w, [Residuals.of(rng.normal(size=(200, 2)), w)])
    layout = Layout.of(design, domain, 9)
    whole = domain_variance(design, layout, z)
    monkeypatch.setattr(module, "_CELLS", 1)
    assert_allclose(domain_variance(design, layout, z), whole)
    assert_allclose(whole[3], variance(design, np.where(domain[:, None] == 3, z, 0)))


def test_pooled_correlation_recovers_the_truth():
    rng = np.random.default_rng(9)
    rho, domains, clusters, m = 0.2, 400, 8, 10
    psu = np.repeat(np.arange(domains * clusters), m)
    domain = np.repeat(np.arange(domains), clusters * m)
    y = rng.normal(0, np.sqrt(rho), psu.max() + 1)[psu] + rng.normal(0, np.sqrt(1 - rho), psu.size)
    design = Design(psu=psu)
    layout = Layout.of(design, domain, domains)
    size = float(clusters * m)
    residual = (y - (np.bincount(domain, y) / size)[domain]) / size
    between = domain_variance(design, layout, residual[:, None])[:, :, None]
    srs = (np.bincount(domain, (residual * size) ** 2) / (size - 1) / size)[:, None, None]
    found = pooled_correlation(between, srs, layout.kish(design.weights), layout.cluster_size, layout.size)
    assert abs(found[0, 0] - rho) < 0.03
    used = design_effect(between, srs, np.ones(domains), layout.cluster_size, layout.size, layout.df)
    assert_allclose(used, 1 + 9 * found[0, 0])


def test_pooled_correlation_is_not_negative_and_survives_nothing_known():
    nothing = np.full((2, 1, 1), np.nan)
    assert pooled_correlation(nothing, nothing, np.ones(2), np.ones(2), np.full(2, 9.0)).tolist() == [[0.0]]
    ones = np.ones((2, 1, 1))
    assert pooled_correlation(0.1 * ones, ones, np.ones(2), np.full(2, 3.0), np.full(2, 30.0)).tolist() == [
        [0.0]
    ]


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"ratings": [[6], [4]]}, ValueError, "ratings must be -2 to 5, the first is 6 at respondent 0"),
        ({"ratings": [[5], [-3]]}, ValueError, "ratings must be -2 to 5, the first is -3 at respondent 1"),
        ({"ratings": [[4.5], [4]]}, TypeError, "ratings must be an array of integers, got float64"),
        ({"domain": [0, 2]}, ValueError, "domain must be 0 to 1, the first is 2 at respondent 1"),
        ({"domain": [-1, 0]}, ValueError, "domain must be 0 to 1, the first is -1 at respondent 0"),
        ({"domain": [0]}, ValueError, r"got \(2, 1\), \(1,\)"),
        ({"weight": [1.0, np.nan]}, ValueError, "weight must be 2 finite numbers"),
        ({"weight": [1.0]}, ValueError, "weight must be 2 finite numbers"),
    ],
)
def test_what_would_be_counted_in_another_cell_is_refused(changed, error, message):
    given = {"ratings": [[5], [4]], "domain": [0, 1], "weight": [1.0, 1.0]} | changed
    ratings, domain, weight = (np.array(given[name]) for name in ("ratings", "domain", "weight"))
    with pytest.raises(error, match=message):
        score_histograms(ratings, domain, 2, weight=weight)
