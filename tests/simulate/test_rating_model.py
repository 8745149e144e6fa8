import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from simulate import RatingModel
from simulate.rating_model import NODES, STEP, lattice

SCORES = np.arange(1, 6)


def laws(shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet([0.05, 0.1, 0.2, 0.8, 4.0], size=shape)


@pytest.mark.parametrize(
    ("person", "settlement", "interviewer"),
    [(0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (0.3, 0.1, 0.05), (0.0, 0.2, 0.0), (0.95, 0.0, 0.0), (0.01, 0.0, 0.4)],
)
def test_margins_equal_their_targets_to_1e_10(person, settlement, interviewer):
    pmf = laws((12, 25))
    model = RatingModel.from_pmf(pmf, person=person, settlement=settlement, interviewer=interviewer)
    assert abs(model.pmf() - pmf).max() < 1e-10


def test_all_cells_of_a_survey_at_once():
    pmf = laws((62, 2, 25))
    model = RatingModel.from_pmf(pmf, person=0.5)
    assert (model.cells, model.items) == (124, 25)
    assert abs(model.pmf() - pmf.reshape(124, 25, 5)).max() < 1e-10


@pytest.mark.parametrize(
    "law",
    [
        [0, 0, 0, 0, 1],
        [1, 0, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0.3, 0, 0.7, 0],
        [0.5, 0, 0, 0, 0.5],
        [1e-12, 0, 0, 0, 1 - 1e-12],
        [0.1, 0.2, 0.3, 0.4, 0],
    ],
)
def test_limits_hold_exactly(law):
    model = RatingModel.from_pmf([law], person=0.6)
    pmf = model.pmf()[0, 0]
    assert abs(pmf - law).max() < 1e-12
    assert (pmf[np.array(law) == 0] == 0).all()


def exact_covariance(pmf: np.ndarray, correlation: float) -> np.ndarray:
    """Covariance of ratings under a normal factor, by a fine trapezoid over it."""
    u = np.linspace(-9, 9, 20_001)
    weight = np.exp(-u * u / 2)
    weight /= weight.sum()
    cut = ndtri(np.cumsum(pmf, axis=-1)[..., :-1])
    below = ndtr((cut - np.sqrt(correlation) * u[:, None, None]) / np.sqrt(1 - correlation))
    mean = np.diff(below, axis=-1, prepend=0.0, append=1.0) @ SCORES
    centred = mean - weight @ mean
    return (centred * weight[:, None]).T @ centred


@pytest.mark.parametrize("correlation", [0.02, 0.3, 0.5, 0.7, 0.95])
@pytest.mark.parametrize("person", [1.0, 0.9, 0.0])
def test_the_lattice_errs_in_correlations_by_less_than_1e_6(correlation, person):
    pmf = laws((8,), seed=3)
    model = RatingModel.from_pmf(
        pmf, person=person * correlation, settlement=correlation - person * correlation
    )
    found, wanted = model.covariance(0), exact_covariance(pmf, correlation)
    sd = np.sqrt(np.diag(found))
    off = ~np.eye(8, dtype=bool)
    assert abs((found - wanted) / np.outer(sd, sd))[off].max() < 1e-6


def test_the_diagonal_of_the_covariance_is_the_variance_of_the_margin():
    pmf = laws((5,), seed=4)
    mean = pmf @ SCORES
    assert np.diag(RatingModel.from_pmf(pmf).covariance(0)) == pytest.approx(
        pmf @ SCORES**2 - mean**2, abs=1e-12
    )


def test_the_lattice_law_has_the_moments_of_a_standard_normal():
    node, weight = lattice((1.0, 0.0, 0.0))
    assert node.size == NODES
    assert weight.sum() == pytest.approx(1, abs=1e-15)
    assert weight @ node**2 == pytest.approx(1, abs=1e-9)
    assert weight @ node**4 == pytest.approx(3, abs=STEP**4)
    assert weight == pytest.approx(weight[::-1], abs=0)


def test_graded_responses_are_a_normal_ogive():
    location, slope = np.array([[[-2.0, -1.0, -0.5, 0.3], [-1.5, -1.0, 0.0, 1.0]]]), np.array([0.8, 1.7])
    model = RatingModel.from_graded_response(location, slope)
    u = np.linspace(-9, 9, 20_001)
    weight = np.exp(-u * u / 2)
    weight /= weight.sum()
    above = ndtr(slope[:, None] * (u[:, None, None] - location[0]))
    expected = -np.diff(np.tensordot(weight, above, 1), axis=-1, prepend=1.0, append=0.0)
    assert abs(model.pmf()[0] - expected).max() < 1e-6
    loading = slope / np.sqrt(1 + slope**2)
    same = RatingModel.from_pmf(expected, person=float(loading[0] ** 2))
    assert model.loading[0, 0] == pytest.approx(same.loading[0, 0])


def test_a_shift_moves_every_threshold():
    pmf = laws((3, 4))
    model = RatingModel.from_pmf(pmf, person=0.5)
    moved = model.shifted((0.0, 0.25))
    assert moved.cells == 6
    assert abs(moved.pmf()[:3] - pmf).max() < 1e-10
    expected = np.diff(ndtr(ndtri(np.cumsum(pmf, -1)[..., :-1]) - 0.25), axis=-1, prepend=0.0, append=1.0)
    assert abs(moved.pmf()[3:] - expected).max() < 1e-6


def test_an_item_that_is_not_asked_has_no_distribution():
    pmf = laws((2, 3))
    pmf[1, 2] = np.nan
    model = RatingModel.from_pmf(pmf)
    assert np.isnan(model.pmf()[1, 2]).all()
    assert np.isnan(model.pmf()).sum() == 5


@pytest.mark.parametrize(
    ("pmf", "correlations", "message"),
    [
        ([[0.5, 0.5, 0.2, -0.2, 0.0]], {}, r"pmf must hold probabilities in 0..1, got .* at \(0, 0\)"),
        ([[0.5, 0.0, 0.0, 0.0, 0.4]], {}, r"pmf must sum to 1 over the last axis, got 0.9 at \(0, 0\)"),
        ([[0.5, np.nan, 0.0, 0.0, 0.5]], {}, "pmf must hold probabilities"),
        ([0.2] * 5, {}, r"pmf must end in axes \(items, 5\), got shape \(5,\)"),
        ([[0.25] * 4], {}, r"pmf must end in axes"),
        ([[0.2] * 5], {"person": -0.1}, "person must be a correlation in 0..1, got -0.1"),
        ([[0.2] * 5], {"person": 0.9, "settlement": 0.1}, "add up to a correlation of at most 0.95"),
        ([[0.2] * 5], {"person": float("nan")}, "person must be a correlation"),
    ],
)
def test_what_is_no_model_is_refused(pmf, correlations, message):
    with pytest.raises(ValueError, match=message):
        RatingModel.from_pmf(pmf, **correlations)


def test_a_graded_response_may_leave_scores_out():
    for slope in (0.0, 1.0):
        model = RatingModel.from_graded_response([[-np.inf, -np.inf, 0.0, np.inf]], slope)
        assert model.pmf()[0, 0] == pytest.approx([0, 0, 0.5, 0.5, 0], abs=1e-9)


def test_graded_responses_that_are_none_are_refused():
    with pytest.raises(ValueError, match="location must not decrease"):
        RatingModel.from_graded_response([[0.0, -1.0, 1.0, 2.0]], 1.0)
    with pytest.raises(ValueError, match="discrimination must lie in"):
        RatingModel.from_graded_response([[-1.0, 0.0, 1.0, 2.0]], 50.0)
    with pytest.raises(ValueError, match="add up to at most 1"):
        RatingModel.from_graded_response([[-1.0, 0.0, 1.0, 2.0]], 1.0, settlement=0.7, interviewer=0.5)
    with pytest.raises(ValueError, match="add up to at most 1"):
        RatingModel.from_graded_response([[-1.0, 0.0, 1.0, 2.0]], 1.0, settlement=float("nan"))
