from itertools import product

import numpy as np
import pytest
from scipy.stats import chi2, norm

from simulate import RatingModel, draw, draw_histograms
from simulate.drawing import checked_cells
from simulate.rating_model import lattice

FALSE_ALARM = 1e-6
SCORES = np.arange(1, 6)
RNG = np.random.default_rng(5)
PMF = RNG.dirichlet([0.05, 0.1, 0.2, 0.8, 4.0], size=(6, 5))
PMF[0, 0] = [0, 0, 0, 0, 1]
PMF[1, 1] = [0, 0, 0, 0.5, 0.5]
PMF[2, 2] = [1 / 256, 0, 0, 0, 255 / 256]
PMF[3, 3] = [0.001, 0.001, 0.001, 0.001, 0.996]
CELL = np.repeat(np.arange(6), 40)


def counts_of(ratings: np.ndarray) -> np.ndarray:
    """(replicates, cells, items, 5)."""
    blocks = ratings.reshape(ratings.shape[0], 6, 40, -1)
    return np.stack([(blocks == score).sum(axis=2) for score in SCORES], axis=-1)


def chi_square_alarm(counts: np.ndarray, expected: np.ndarray, *, tests: int) -> bool:
    """Whether counts depart from what is expected, at FALSE_ALARM over all tests."""
    if counts[expected == 0].any():
        return True
    common = expected > 20
    statistic = ((counts - expected)[common] ** 2 / expected[common]).sum()
    return bool(chi2.sf(statistic, max(common.sum() - 1, 1)) < FALSE_ALARM / tests)


def test_every_cell_matches_its_distribution():
    model = RatingModel.from_pmf(PMF, person=0.0)
    ratings = draw(model, CELL, seed=11, replicates=1500)
    counts = counts_of(ratings).sum(axis=0)
    for cell in range(6):
        for item in range(5):
            assert not chi_square_alarm(counts[cell, item], 60_000 * PMF[cell, item], tests=30)


def test_this_check_of_cells_can_fail():
    wrong = PMF[4, 4] + np.array([0, 0, 0, 0.01, -0.01])
    counts = np.random.default_rng(1).multinomial(60_000, PMF[4, 4])
    assert chi_square_alarm(counts, 60_000 * wrong, tests=30)


@pytest.mark.parametrize("parts", [{"person": 0.5}, {"person": 0.2, "settlement": 0.2, "interviewer": 0.1}])
def test_means_and_covariances_match_the_model(parts):
    model = RatingModel.from_pmf(PMF, **parts)
    group = np.arange(240) % 60
    ratings = draw(model, CELL, seed=12, replicates=1500, settlement=group, interviewer=group // 2)
    for cell in range(6):
        found = ratings[:, cell == CELL].astype(float)
        centred = found - PMF[cell] @ SCORES
        # Replicates are independent, people of a group are not: errors come from replicates.
        mean = centred.mean(axis=1)
        product = np.einsum("rni,rnj->rij", centred, centred) / 40 - model.covariance(cell)
        for deviation in (mean, product.reshape(1500, -1)):
            error = deviation.std(axis=0, ddof=1) / np.sqrt(1500)
            z = abs(deviation.mean(axis=0)) / np.where(error > 0, error, 1)
            assert z.max() < norm.isf(FALSE_ALARM / 2 / 400)


def test_people_of_a_settlement_correlate_as_told():
    pmf = np.full((1, 2, 5), 0.2)
    model = RatingModel.from_pmf(pmf, person=0.3, settlement=0.2)
    pairs = np.arange(40) // 2
    same = draw(model, np.zeros(40, int), seed=3, replicates=3000, settlement=pairs)
    apart = draw(model, np.zeros(40, int), seed=3, replicates=3000, settlement=np.arange(40))
    # Two people of one settlement are two items of a person whose correlation is the settlement's.
    wanted = RatingModel.from_pmf(pmf, person=0.2).covariance(0)[0, 1]
    for ratings, expected in ((same, wanted), (apart, 0.0)):
        product = ((ratings[:, ::2, 0] - 3.0) * (ratings[:, 1::2, 1] - 3.0)).ravel()
        error = product.std(ddof=1) / np.sqrt(product.size)
        assert abs(product.mean() - expected) < norm.isf(FALSE_ALARM / 4) * error


def test_histograms_have_the_joint_law_of_the_ratings():
    model = RatingModel.from_pmf(PMF, person=0.5)
    n = np.full(6, 40)
    replicates = 3000
    whole = draw_histograms(model, n, seed=21, replicates=replicates)
    respondents = counts_of(draw(model, CELL, seed=22, replicates=replicates))
    assert (whole.sum(axis=-1) == 40).all()
    for cell in range(6):
        # Sums of each item: mean and the whole covariance matrix, known exactly for both.
        covariance = 40 * model.covariance(cell)
        for counts in (whole, respondents):
            sums = counts[:, cell] @ SCORES - 40 * (PMF[cell] @ SCORES)
            product = np.einsum("ri,rj->rij", sums, sums) - covariance
            for deviation in (sums, product.reshape(replicates, -1)):
                error = deviation.std(axis=0, ddof=1) / np.sqrt(replicates)
                z = abs(deviation.mean(axis=0)) / np.where(error > 0, error, 1)
                assert z.max() < norm.isf(FALSE_ALARM / 2 / 400)


def test_histograms_of_a_million_people_match_their_margins():
    model = RatingModel.from_pmf(PMF, person=0.5)
    counts = draw_histograms(model, np.full(6, 1_000_000), seed=4, replicates=20).sum(axis=0)
    share = counts / counts.sum(axis=-1, keepdims=True)
    assert abs(share - PMF).max() < 0.002
    assert (counts[PMF == 0] == 0).all()


def test_histograms_agree_for_any_number_of_replicates():
    model = RatingModel.from_pmf(PMF, person=0.5)
    n = np.array([3, 0, 40, 7, 1, 500])
    few = draw_histograms(model, n, seed=4, replicates=5)
    many = draw_histograms(model, n, seed=4, replicates=50)
    assert (few == many[:5]).all()


@pytest.mark.parametrize("parts", [{"person": 0.5}, {"person": 0.2, "settlement": 0.2, "interviewer": 0.1}])
def test_five_replicates_equal_the_first_five_of_fifty_in_any_chunking(parts):
    model = RatingModel.from_pmf(PMF, **parts)
    group = np.arange(240) % 7
    options = {"seed": 8, "settlement": group, "interviewer": group}
    whole = draw(model, CELL, replicates=50, **options)
    assert (draw(model, CELL, replicates=5, **options) == whole[:5]).all()
    pieces = [draw(model, CELL, replicates=range(a, b), **options) for a, b in ((0, 1), (1, 18), (18, 50))]
    assert (np.concatenate(pieces) == whole).all()
    assert (draw(model, CELL, replicates=5, **{**options, "seed": 9}) != whole[:5]).any()


def test_cells_may_differ_between_replicates():
    model = RatingModel.from_pmf(PMF, person=0.5)
    cells = np.stack([CELL, CELL[::-1]])
    both = draw(model, cells, seed=8, replicates=2)
    assert (both[0] == draw(model, CELL, seed=8, replicates=range(1))[0]).all()
    assert (both[1] == draw(model, CELL[::-1], seed=8, replicates=range(1, 2))[0]).all()


def test_items_that_are_not_asked_are_zero():
    pmf = PMF.copy()
    pmf[1, 2] = np.nan
    ratings = draw(RatingModel.from_pmf(pmf), CELL, seed=1, replicates=3)
    assert (ratings[:, CELL == 1, 2] == 0).all()
    assert ((ratings == 0).sum(axis=(0, 1)) == [0, 0, 120, 0, 0]).all()
    assert ratings.dtype == np.int8


@pytest.mark.parametrize("block", [8, 64, 240, 10_000])
def test_blocks_of_any_size_give_the_same_ratings(monkeypatch, block):
    model = RatingModel.from_pmf(PMF, person=0.5)
    whole = draw(model, CELL, seed=2, replicates=7)
    monkeypatch.setattr("simulate.drawing.BLOCK", block)
    assert (draw(model, CELL, seed=2, replicates=7) == whole).all()


def test_a_large_survey_needs_many_blocks():
    model = RatingModel.from_pmf(PMF, person=0.5)
    cell = np.tile(CELL, 100)
    ratings = draw(model, cell, seed=2, replicates=2)
    assert set(np.unique(ratings)) <= {1, 2, 3, 4, 5}
    assert (ratings[0] != ratings[1]).any()


def test_wrong_cells_and_missing_groups_are_refused():
    model = RatingModel.from_pmf(PMF, person=0.2, settlement=0.1)
    with pytest.raises(ValueError, match=r"cell must lie in 0..5, got 0..6"):
        draw(model, [0, 6], seed=1)
    with pytest.raises(TypeError, match="cell must hold whole numbers"):
        draw(model, [0.5], seed=1)
    with pytest.raises(ValueError, match=r"cell must have shape \(n,\) or \(2, n\)"):
        checked_cells(model, np.zeros((3, 4), int), 2)
    for groups, message in (
        ([0.5, 1.0], "whole numbers of at least 0, got float64; number"),
        ([-1, 0], "whole numbers of at least 0, got -1; number"),
        ([0], r"shape \(2,\) or \(3, 2\), got \(1,\); give one a person"),
        ([[0, 0], [0, 0]], r"shape \(2,\) or \(3, 2\), got \(2, 2\); give"),
    ):
        with pytest.raises(ValueError, match=f"settlement must .*{message}"):
            draw(model, [0, 1], seed=1, replicates=3, settlement=groups)
    with pytest.raises(ValueError, match="replicates must be at least 1, got 0"):
        draw(model, [0], seed=1, replicates=0, settlement=[0])
    with pytest.raises(TypeError, match=r"replicates must be a whole number or a range of them, got 2\.5"):
        draw(model, [0], seed=1, replicates=2.5, settlement=[0])
    with pytest.raises(ValueError, match="settlement must be given"):
        draw(model, [0], seed=1)
    with pytest.raises(ValueError, match="seed must be at least 0"):
        draw(model, [0], seed=-1)
    with pytest.raises(TypeError, match="seed must be a whole number"):
        draw(model, [0], seed=1.5)
    with pytest.raises(ValueError, match="draw ratings instead"):
        draw_histograms(model, np.ones(6, int), seed=1)
    with pytest.raises(ValueError, match=r"n must be \(6,\) whole numbers"):
        draw_histograms(RatingModel.from_pmf(PMF), [1.5] * 6, seed=1)


def exact_joint_law(model: RatingModel, n: int) -> dict[tuple[int, ...], float]:
    """Chance of each pair of histograms of two items over n people, by enumerating what they may answer."""
    _, weight = lattice(model.shares)
    given = model.conditional(0)
    answers = np.einsum("u,ui,uj->ij", weight, given[:, 0], given[:, 1])
    law: dict[tuple[int, ...], float] = {}
    for people in product(product(range(5), repeat=2), repeat=n):
        both = np.zeros((2, 5), dtype=int)
        for one, other in people:
            both[0, one] += 1
            both[1, other] += 1
        key = tuple(both.ravel())
        law[key] = law.get(key, 0.0) + float(np.prod([answers[pair] for pair in people]))
    return law


def test_histograms_and_ratings_have_the_enumerated_joint_law():
    model = RatingModel.from_pmf([[0.1, 0.1, 0.2, 0.2, 0.4], [0.3, 0.0, 0.2, 0.1, 0.4]], person=0.7)
    law, replicates = exact_joint_law(model, 2), 60_000
    assert sum(law.values()) == pytest.approx(1)
    ratings = draw(model, [0, 0], seed=31, replicates=replicates)
    by_rating = (ratings[..., None] == SCORES).sum(axis=1)
    by_histogram = draw_histograms(model, [2], seed=32, replicates=replicates)[:, 0]
    for found in (by_rating, by_histogram):
        keys, counts = np.unique(found.reshape(replicates, -1), axis=0, return_counts=True)
        seen = dict(zip(map(tuple, keys.tolist()), counts.tolist(), strict=True))
        assert set(seen) <= {key for key, chance in law.items() if chance > 0}
        expected = replicates * np.array(list(law.values()))
        observed = np.array([seen.get(key, 0) for key in law])
        common = expected > 10
        parts = (
            np.append(observed[common], observed[~common].sum()),
            np.append(expected[common], expected[~common].sum()),
        )
        statistic = ((parts[0] - parts[1]) ** 2 / parts[1]).sum()
        assert chi2.sf(statistic, common.sum()) > FALSE_ALARM
        # items drawn apart, as if people did not share them, would be found out
        apart = replicates * np.prod(
            [np.unique(found[:, k], axis=0, return_counts=True)[1].max() / replicates for k in (0, 1)]
        )
        assert abs(observed.max() - apart) > 5 * np.sqrt(apart)


def test_histograms_of_cells_without_people_are_empty():
    model = RatingModel.from_pmf(PMF, person=0.5)
    assert draw_histograms(model, np.zeros(6, int), seed=4, replicates=2).sum() == 0
