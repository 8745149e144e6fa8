"""Every test of the ranking and comparison modules: its size under the null and its power."""

import numpy as np
import pytest
from scipy.stats import binomtest, chi2, ncx2, norm

from estimators import adjust, change, equivalence, homogeneity, kendall, pairwise, ranks, trend, verify_top
from estimators.homogeneity import wald

FALSE_ALARM = 1e-6
ALPHA = 0.05


def assert_share(hits: float, trials: int, share: float, slack: float = 0.0) -> None:
    low, high = max(share - slack, 0), min(share + slack, 1)
    assert binomtest(int(hits), trials, low, alternative="less").pvalue > FALSE_ALARM / 2
    assert binomtest(int(hits), trials, high, alternative="greater").pvalue > FALSE_ALARM / 2


def assert_at_most(hits: float, trials: int, share: float) -> None:
    assert binomtest(int(hits), trials, share, alternative="greater").pvalue > FALSE_ALARM


def correlated(size: int, rho: float = 0.4, low: float = 0.03, high: float = 0.1) -> np.ndarray:
    se = np.linspace(low, high, size)
    return np.outer(se, se) * (rho + (1 - rho) * np.eye(size))


@pytest.mark.parametrize("shift", [0.0, 0.15])
def test_homogeneity_with_known_covariance(shift):
    covariance, truth = correlated(4), np.array([0, shift, 0, -shift])
    rng = np.random.default_rng(1)
    draws = rng.multivariate_normal(truth, covariance, 3_000)
    hits = sum(homogeneity(x, covariance).p_value <= ALPHA for x in draws)
    contrast, change_of = truth[:-1] - truth[-1], np.hstack([np.eye(3), -np.ones((3, 1))])
    noncentrality = contrast @ np.linalg.solve(change_of @ covariance @ change_of.T, contrast)
    power = ncx2.sf(chi2.isf(ALPHA, 3), 3, noncentrality) if shift else ALPHA
    assert_share(hits, 3_000, power)
    assert power == ALPHA or power > 0.5


def test_adjusted_wald_holds_its_level_where_the_plain_one_does_not():
    rng = np.random.default_rng(2)
    samples = rng.normal(size=(3_000, 10, 4))
    means = samples.mean(axis=1)
    rest = samples - means[:, None]
    covariances = np.einsum("rni,rnj->rij", rest, rest) / 9 / 10
    found = [
        [wald(m, c, df=9, adjusted=a, null="zero").p_value <= ALPHA for a in (True, False)]
        for m, c in zip(means, covariances, strict=True)
    ]
    adjusted, plain = np.sum(found, axis=0)
    assert_share(adjusted, 3_000, ALPHA)
    assert plain / 3_000 > 0.09


@pytest.mark.parametrize("method", ["max_t", "holm", "bonferroni"])
def test_pairs_are_seldom_wrongly_different(method):
    covariance = correlated(6)
    rng = np.random.default_rng(3)
    draws = rng.multivariate_normal(np.zeros(6), covariance, 1_000)
    options = {"adjust": method, "draws": 1_000, "rng": rng}
    found = [pairwise(x, covariance, **options) for x in draws]
    hits = sum(bool((f["p_adjusted"] <= ALPHA).any()) for f in found)
    missed = sum(bool(((f["lower"] > 0) | (f["upper"] < 0)).any()) for f in found)
    assert_at_most(hits, 1_000, ALPHA)
    assert_at_most(missed, 1_000, ALPHA)
    if method == "max_t":
        assert_share(hits, 1_000, ALPHA)


def test_power_of_pairs_and_of_stepping_down():
    covariance = np.eye(5) * 0.05**2
    truth = np.array([0.0, 0.0, 0.3, 0.3, 0.6])
    draws = np.random.default_rng(4).multivariate_normal(truth, covariance, 300)
    real = np.array([a != b for i, a in enumerate(truth) for b in truth[i + 1 :]])
    found = [pairwise(x, covariance, draws=2_000)["p_adjusted"].values <= ALPHA for x in draws]
    power = np.mean([f[real].mean() for f in found])
    expected = np.mean([norm.sf(2.728 - d / (0.05 * np.sqrt(2))) for d in [0.3] * 6 + [0.6] * 2])
    assert power == pytest.approx(expected, abs=0.03)
    se = np.full(10, 0.04)
    spread_out = np.random.default_rng(4).multivariate_normal(np.linspace(0, 1, 10), np.diag(se**2), 60)
    width = np.array(
        [
            [int((t["upper"] - t["lower"]).sum()) for t in (ranks(x, se, stepwise=s) for s in (True, False))]
            for x in spread_out
        ]
    ).sum(axis=0)
    assert width[0] < 0.97 * width[1]


@pytest.mark.parametrize("true_change", [0.0, 0.2])
def test_change_of_each_unit_alone(true_change):
    rng = np.random.default_rng(5)
    before, after = rng.normal(0, 0.05, (2, 5, 400))
    hits = sum(
        int(
            (
                change(b, np.full(400, 0.05), a + true_change, np.full(400, 0.05), adjust="none")["p_value"]
                <= ALPHA
            ).sum()
        )
        for b, a in zip(before, after, strict=True)
    )
    shift = true_change / (0.05 * np.sqrt(2))
    assert_share(hits, 2_000, norm.sf(1.959964 - shift) + norm.cdf(-1.959964 - shift))


def test_changes_of_a_family_are_seldom_wrongly_declared():
    covariance = correlated(8, rho=0.7)
    rng = np.random.default_rng(6)
    before, after = rng.multivariate_normal(np.zeros(8), covariance, (2, 600))
    hits = {"max_t": 0, "holm": 0}
    for b, a in zip(before, after, strict=True):
        for method in hits:
            found = change(b, covariance, a, covariance, adjust=method, draws=1_000, rng=rng)
            hits[method] += bool((found["p_adjusted"] <= ALPHA).any())
    assert_share(hits["max_t"], 600, ALPHA)
    assert_at_most(hits["holm"], 600, ALPHA)


def test_equivalence_at_its_margin_and_at_zero():
    rng = np.random.default_rng(7)
    at_margin = equivalence(0.1 + rng.normal(0, 0.03, 20_000), 0.03, margin=0.1)
    assert_share(at_margin["equivalent"].sum(), 20_000, ALPHA)
    at_zero = equivalence(rng.normal(0, 0.03, 20_000), 0.03, margin=0.1)
    assert_share(at_zero["equivalent"].sum(), 20_000, 2 * norm.cdf(0.1 / 0.03 - 1.644854) - 1)


@pytest.mark.parametrize("slope", [0.0, 0.03])
def test_trend_with_known_errors(slope):
    se = np.array([0.02, 0.05, 0.03, 0.04, 0.03])
    y = np.random.default_rng(8).normal(4.5 + slope * np.arange(5), se, (20_000, 5))
    found = trend(y, np.broadcast_to(se, y.shape))
    shift = slope / float(found["se"][0])
    assert_share(
        (found["p_value"] <= ALPHA).sum(), 20_000, norm.sf(1.959964 - shift) + norm.cdf(-1.959964 - shift)
    )
    assert_share((found["misfit_p_value"] <= ALPHA).sum(), 20_000, ALPHA)
    covered = (found["lower"] <= slope) & (slope <= found["upper"])
    assert_share(covered.sum(), 20_000, 1 - ALPHA)


def test_trend_with_errors_from_the_scatter_and_power_against_a_bend():
    rng = np.random.default_rng(9)
    plain = trend(rng.normal(4.5, 0.03, (20_000, 5)))
    assert_share((plain["p_value"] <= ALPHA).sum(), 20_000, ALPHA)
    bend = np.array([0.0, 0.1, 0.15, 0.1, 0.0])
    bent = trend(rng.normal(4.5 + bend, 0.03, (2_000, 5)), np.full((2_000, 5), 0.03))
    assert (bent["misfit_p_value"] <= ALPHA).mean() > 0.95


def test_corrections_hold_what_they_promise():
    rng = np.random.default_rng(10)
    correlation = 0.6 + 0.4 * np.eye(10)
    z = rng.multivariate_normal(np.r_[np.full(4, 3.0), np.zeros(6)], correlation, 500)
    independent = rng.normal(np.r_[np.full(4, 3.0), np.zeros(6)], 1.0, (2_000, 10))
    false = {"holm": 0, "max_t": 0}
    true = {"holm": 0, "max_t": 0}
    for row in z:
        for method in false:
            options = {"correlation": correlation, "draws": 1_000, "rng": rng} if method == "max_t" else {}
            found = adjust(2 * norm.sf(np.abs(row)), method=method, **options)["p_adjusted"].values <= ALPHA
            false[method] += found[4:].any()
            true[method] += found[:4].sum()
    assert_at_most(false["holm"], 500, ALPHA)
    assert_at_most(false["max_t"], 500, ALPHA)
    assert true["max_t"] > 1.03 * true["holm"] > 0
    shares = []
    for row in independent:
        found = adjust(2 * norm.sf(np.abs(row)), method="bh")["p_adjusted"].values <= ALPHA
        shares.append(found[4:].sum() / max(1, found.sum()))
    error = np.std(shares) / np.sqrt(len(shares))
    assert np.mean(shares) == pytest.approx(0.6 * ALPHA, abs=5 * error)  # exact for independent tests


TOPS = {
    "equal": (np.eye(5) * 0.05**2, True),
    "unequal": (np.diag(np.array([0.02, 0.1, 0.05, 0.05, 0.2]) ** 2), True),
    "correlated": (correlated(5), False),
}


@pytest.mark.parametrize("name", TOPS)
@pytest.mark.parametrize(
    "truth", [(0.0, 0.0, -9, -9, -9), (0.0, 0.0, 0.0, 0.0, 0.0), (0.0, -0.01, -0.02, 0, -9)]
)
def test_a_wrong_winner_is_seldom_verified(name, truth):
    covariance, sharp = TOPS[name]
    rng = np.random.default_rng(11)
    draws = rng.multivariate_normal(truth, covariance, 1_000)
    hits = 0
    for x in draws:
        found = verify_top(x, covariance, k=1, draws=1_000, rng=rng)
        strictly_best = all(truth[found.top[0]] > t for i, t in enumerate(truth) if i != found.top[0])
        hits += found.p_value <= ALPHA and not strictly_best
    assert_at_most(hits, 1_000, ALPHA)
    if sharp and truth[2] == -9 and name == "equal":
        assert_share(hits, 1_000, ALPHA)


@pytest.mark.parametrize("name", TOPS)
def test_a_wrong_top_three_is_seldom_verified(name):
    covariance, _ = TOPS[name]
    rng = np.random.default_rng(12)
    draws = rng.multivariate_normal([0, 0, 0, 0, -0.02], covariance, 1_000)
    hits = sum(verify_top(x, covariance, k=3, draws=1_000, rng=rng).p_value <= ALPHA for x in draws)
    assert_at_most(hits, 1_000, ALPHA)


@pytest.mark.parametrize("name", TOPS)
def test_a_clear_winner_is_verified(name):
    covariance, _ = TOPS[name]
    rng = np.random.default_rng(13)
    draws = rng.multivariate_normal([0.8, 0, 0.1, 0, 0], covariance, 200)
    hits = sum(verify_top(x, covariance, k=1, draws=1_000, rng=rng).p_value <= ALPHA for x in draws)
    assert hits > 180


@pytest.mark.parametrize("truth", [np.zeros(6), np.linspace(0, 0.5, 6)])
def test_tau_interval_covers(truth):
    covariance = correlated(6)
    rng = np.random.default_rng(14)
    first = rng.multivariate_normal(truth, covariance, 400)
    second = rng.multivariate_normal(truth[::-1], covariance, 400)
    exact = kendall(truth, None, truth[::-1], None).tau
    found = [
        kendall(a, covariance, b, covariance, draws=1_000, rng=rng)
        for a, b in zip(first, second, strict=True)
    ]
    missed = sum(not f.lower <= exact <= f.upper for f in found)
    assert_at_most(missed, 400, ALPHA)
    if truth.any():
        assert np.mean([f.upper - f.lower for f in found]) < 1.5
