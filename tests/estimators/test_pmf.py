import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.stats import norm

from estimators import feasible, max_entropy, probit_pmf, reconstruct, reconstructed_pmf

SCORES = np.arange(1, 6)
EACH = pytest.mark.parametrize("law", [max_entropy, probit_pmf, reconstructed_pmf])


@EACH
@settings(max_examples=150, deadline=None)
@given(share=st.floats(0, 1), place=st.floats(0, 1))
def test_the_figures_are_met_everywhere(law, share, place):
    mean = min((1 + 4 * share) * (1 - place) + (4 + share) * place, 5.0)
    found = law(mean, share)
    assert (found.pmf >= 0).all()
    assert found.pmf.sum() == pytest.approx(1, abs=1e-12)
    assert found.pmf @ SCORES == pytest.approx(mean, abs=1e-9)
    assert found.pmf[4] == pytest.approx(share, abs=1e-12)
    assert not found.projected.any()


@EACH
def test_limits_are_written_out(law):
    share = np.array([1.0, 0.7, 0.7, 0.0, 0.0])
    mean = np.array([5.0, 4.7, 3.8, 1.0, 4.0])
    found = law(mean, share)
    wanted = [[0, 0, 0, 0, 1], [0, 0, 0, 0.3, 0.7], [0.3, 0, 0, 0, 0.7], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0]]
    assert found.limit.all()
    assert np.allclose(found.pmf, wanted, atol=1e-12)


@EACH
def test_near_a_limit_is_near_the_limit(law):
    share = 0.7
    for edge, step in ((4.7, -1e-7), (3.8, 1e-7)):
        assert np.allclose(law(edge + step, share).pmf, law(edge, share).pmf, atol=1e-6)


def test_greatest_entropy_by_direct_maximisation():
    for mean, share in [(4.58, 0.751), (4.0, 0.4), (2.5, 0.1), (3.0, 0.0)]:
        found = max_entropy(mean, share).pmf
        solved = minimize(
            lambda p: float(np.sum(p * np.log(p))),
            np.full(4, (1 - share) / 4),
            bounds=[(1e-9, 1)] * 4,
            constraints=[
                {"type": "eq", "fun": lambda p, share=share: p.sum() - (1 - share)},
                {"type": "eq", "fun": lambda p, m=mean, s=share: p @ SCORES[:4] - (m - 5 * s)},
            ],
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert np.allclose(found[:4], solved.x, atol=1e-5)


def test_probit_is_a_normal_cut_at_the_half_points():
    for mean, share in [(4.58, 0.751), (4.0, 0.4), (2.5, 0.1), (4.95, 0.97)]:
        pmf = probit_pmf(mean, share).pmf
        cumulative = np.cumsum(pmf)[:4]
        z = norm.ppf(cumulative)
        scale = 1 / np.diff(z)
        assert np.allclose(scale, scale[0], rtol=1e-6)
        location = 4.5 - z[3] * scale[0]
        assert np.allclose(norm.cdf(([1.5, 2.5, 3.5, 4.5] - location) / scale[0]), cumulative, atol=1e-9)


def test_probit_without_fives_is_the_limit_of_few_fives():
    for mean in (1.4, 2.5, 3.9):
        found = probit_pmf(mean, 0.0)
        assert found.limit.all()
        assert (found.pmf > 0).sum() == 2
        assert found.pmf @ SCORES == pytest.approx(mean)
        nearer = [np.abs(probit_pmf(mean, s).pmf - found.pmf).max() for s in (1e-2, 1e-8, 1e-14)]
        assert nearer[0] > nearer[1] > nearer[2]


@pytest.mark.parametrize(("mean", "share"), [(4.58, 0.75), (3.4, 0.3), (2.5, 0.25), (4.6, 0.65), (1.6, 0.0)])
def test_reconstructed_is_the_mean_of_all_count_vectors_of_many_raters(mean, share):
    law = reconstructed_pmf(mean, share).pmf
    gaps = []
    for n in (200, 800, 3200):
        counts = reconstruct(mean, share, n, mean_digits=None, share_digits=None).table()
        gaps.append(np.abs(counts.mean(axis=0) / n - law).max())
    assert gaps[0] < 3 / 200
    assert gaps[1] < gaps[0] / 3
    assert gaps[2] < gaps[1] / 3


@EACH
def test_an_infeasible_pair_is_refused_or_projected_and_flagged(law):
    with pytest.raises(ValueError, match=r"share must lie in \[mean - 4, \(mean - 1\)/4\], got 0.892"):
        law(4.96, 0.892)
    found = law([4.96, 4.5, 3.0], [0.892, 0.7, 0.847], infeasible="project")
    assert found.projected.tolist() == [True, False, True]
    assert np.allclose(found.pmf @ SCORES, [4.96, 4.5, 3.0])
    assert np.allclose(found.pmf[:, 4], [0.96, 0.7, 0.5])


@EACH
def test_the_rate_that_saves_a_pair_gives_the_projected_law(law):
    rate = feasible(4.96, 0.892, mean_digits=None, share_digits=None).rate_high
    saved = law(4.96, 0.892, rating_rate=rate)
    assert not saved.projected.any()
    assert np.allclose(saved.pmf, law(4.96, 0.892, infeasible="project").pmf)


@EACH
def test_arrays_of_any_shape(law):
    found = law(np.full((2, 3), 4.5), np.array([0.6, 0.7, 0.8])[:, None].T)
    assert found.pmf.shape == (2, 3, 5)
    assert np.allclose(found.pmf[1, 2], law(4.5, 0.8).pmf)


def test_bad_input_is_refused():
    with pytest.raises(ValueError, match=r"rating_rate must lie in \(0, 1\], got 0"):
        max_entropy(4.5, 0.7, rating_rate=0.0)
    with pytest.raises(ValueError, match="infeasible must be 'raise' or 'project', got 'drop'"):
        probit_pmf(4.5, 0.7, infeasible="drop")
    with pytest.raises(ValueError, match="divide a percentage by 100"):
        max_entropy(4.5, 70.0)
