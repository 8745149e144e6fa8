import numpy as np
import pytest
from scipy import sparse
from scipy.stats import norm

from estimators import bounds_on
from estimators.summary_verdicts import SummaryBounds

FALSE_ALARM = 1e-6
SCORES = np.arange(1, 6)
LIKE_2020 = np.array([0.03, 0.03, 0.06, 0.13, 0.75])


def exact(estimate, se, **named):
    """Bounds that leave nothing open."""
    own = sparse.csr_array(np.eye(len(se)))
    figures = {"respondents": own, "ends": (1.0, 5.0), "level": 0.95, "assumptions": ()}
    pair = np.repeat(np.asarray(estimate, dtype=float)[:, None], 2, 1)
    return SummaryBounds(pair, np.repeat(np.asarray(se, dtype=float)[:, None], 2, 1), **{**figures, **named})


@pytest.mark.parametrize(("units", "wanted"), [(17, 3.458425), (70, 4.145576), (2, 1.959964)])
def test_critical_values_of_all_pairs(units, wanted):
    found = exact(np.zeros(units), np.ones(units)).pairwise()
    assert found.critical == pytest.approx(wanted, abs=1e-6)


def test_linked_composites_pay_sidak():
    shared = sparse.csr_array(np.ones((3, 1)))
    found = exact(np.zeros(3), np.ones(3), respondents=shared).pairwise()
    assert found.critical == pytest.approx(norm.ppf((1 + 0.95 ** (1 / 3)) / 2))


def _printed(counts):
    mean, share = counts @ SCORES / counts.sum(1), counts[:, 4] / counts.sum(1)
    return mean.round(2), share.round(3)


def _summaries(counts, people, **named):
    return bounds_on(
        *_printed(counts),
        sparse.eye_array(len(counts)),
        raters=people,
        group=np.arange(len(counts)),
        correlation=0.5,
        **named,
    )


def _microdata(counts, people):
    mean = counts @ SCORES / people
    return mean, np.sqrt((counts @ SCORES**2 / people - mean**2) / (people - 1))


def test_certain_implies_what_the_microdata_say_and_that_implies_possible():
    rng = np.random.default_rng(11)
    certain = possible = truly = 0
    for _ in range(200):
        people = int(rng.integers(30, 400))
        laws = rng.dirichlet([1, 1, 2, 4, 20], size=6)
        counts = rng.multinomial(people, laws)
        mean, se = _microdata(counts, people)
        found = _summaries(counts, people)
        pairs = found.pairwise()
        actual = mean[:, None] - mean > pairs.critical * np.hypot(se[:, None], se)
        assert not (pairs.certain & ~actual).any()
        assert not (actual & ~pairs.possible).any()
        assert not np.diag(pairs.possible).any()
        ranks = found.ranks()
        lower, upper = 1 + actual.sum(0), 6 - actual.sum(1)
        assert (ranks.lower <= lower).all()
        assert (upper <= ranks.upper).all()
        assert (ranks.sure_lower >= lower).all()
        assert (ranks.sure_upper <= upper).all()
        widest, narrowest = found.intervals()
        z = norm.ppf(0.975)
        inner = np.clip(np.stack([mean - z * se, mean + z * se], 1), 1, 5)
        assert (widest[:, 0] <= inner[:, 0]).all()
        assert (widest[:, 1] >= inner[:, 1]).all()
        assert (narrowest[:, 0] >= inner[:, 0] - 1e-12).all()
        assert (narrowest[:, 1] <= inner[:, 1] + 1e-12).all()
        certain, possible, truly = (
            certain + pairs.certain.sum(),
            possible + pairs.possible.sum(),
            truly + actual.sum(),
        )
    assert 0 < certain < truly < possible


REPLICATES, PEOPLE = 20_000, 150


def _rounds(seed, other):
    """Verdicts on the change of REPLICATES services from LIKE_2020 to `other`, one test each."""
    rng = np.random.default_rng(seed)
    counts = [rng.multinomial(PEOPLE, law, REPLICATES) for law in (LIKE_2020, other)]
    before, after = (_summaries(x, PEOPLE) for x in counts)
    (old, old_se), (new, new_se) = (_microdata(x, PEOPLE) for x in counts)
    found = after.change(before, simultaneous=False)
    actual = np.abs(new - old) > found.critical * np.hypot(old_se, new_se)
    certain, possible = found.rose | found.fell, found.may_have_risen | found.may_have_fallen
    assert not (certain & ~actual).any()
    assert not (actual & ~possible).any()
    return certain.mean(), actual.mean(), possible.mean()


def test_size_without_a_change():
    certain, actual, possible = _rounds(12, LIKE_2020)
    error = norm.isf(FALSE_ALARM) * np.sqrt(0.05 * 0.95 / REPLICATES)
    assert certain <= 0.05 + error
    assert possible >= 0.05 - error
    assert abs(actual - 0.05) <= error + 0.005  # 0.005 for a normal test of skewed ratings


def test_power_against_a_fall_of_a_third_of_a_point():
    other = LIKE_2020 + np.array([0.0833, 0, 0, 0, -0.0833])
    certain, actual, possible = _rounds(13, other)
    shift = (LIKE_2020 - other) @ SCORES
    spread = sum(law @ SCORES**2 - (law @ SCORES) ** 2 for law in (LIKE_2020, other))
    wanted = norm.sf(norm.ppf(0.975) - shift / np.sqrt(spread / PEOPLE))
    error = norm.isf(FALSE_ALARM) * np.sqrt(wanted * (1 - wanted) / REPLICATES)
    assert abs(actual - wanted) <= error + 0.02  # 0.02 for the normal approximation of the power
    assert 0.5 < certain < actual < possible


def test_change_between_rounds():
    before = exact([4.7, 4.5, 4.6], [0.02, 0.02, 0.1])
    after = exact([4.5, 4.6, 4.6], [0.02, 0.02, 0.1])
    found = after.change(before)
    assert found.fell.tolist() == [True, False, False]
    assert found.rose.tolist() == [False, True, False]
    assert found.difference[:, 0] == pytest.approx([-0.2, 0.1, 0.0])
    assert found.se[0] == pytest.approx(np.hypot(0.02, 0.02))
    assert found.critical == pytest.approx(norm.ppf((1 + 0.95 ** (1 / 3)) / 2))


def test_rounding_widens_a_change():
    rounds = [exact([x], [0.01]) for x in (4.5, 4.53)]
    for bounds in rounds:
        bounds.estimate[:] += [[-0.005, 0.005]]
    found = rounds[1].change(rounds[0])
    assert found.difference[0] == pytest.approx([0.02, 0.04])
    assert found.may_have_risen.item()
    assert not found.rose.item()


def test_an_open_change_is_possible_both_ways():
    wide = SummaryBounds(
        np.array([[4.4, 4.6]]), np.array([[0.0, 0.5]]), sparse.csr_array([[1.0]]), (1.0, 5.0), 0.95, ()
    )
    found = wide.change(exact([4.5], [0.0]))
    assert not (found.rose | found.fell).any()
    assert (found.may_have_risen & found.may_have_fallen).all()


def test_ranks_of_one_and_of_equals():
    one = exact([4.5], [0.1]).ranks()
    assert (one.lower.tolist(), one.upper.tolist()) == ([1], [1])
    equal = exact([4.5] * 4, [0.1] * 4).ranks()
    assert (equal.lower == 1).all()
    assert (equal.upper == 4).all()
    assert (equal.sure_lower == 1).all()
    assert (equal.sure_upper == 4).all()


def test_best_may_be_low():
    bounds = exact([4.9, 4.1, 3.0], [0.01] * 3)
    assert bounds.ranks().lower.tolist() == [1, 2, 3]
    assert bounds.ranks(best="low").lower.tolist() == [3, 2, 1]


def test_ranks_taken_alone_are_narrower():
    rng = np.random.default_rng(2)
    bounds = exact(rng.normal(4.5, 0.2, 12), np.full(12, 0.05))
    together, alone = bounds.ranks(), bounds.ranks(simultaneous=False)
    assert alone.critical == pytest.approx(norm.ppf((1 + 0.95 ** (1 / 11)) / 2))
    assert alone.critical < together.critical
    assert (alone.lower >= together.lower).all()
    assert (alone.upper <= together.upper).all()


def test_linked_composites_may_differ_by_any_margin():
    shared = sparse.csr_array(np.ones((2, 1)))
    apart = exact([4.5, 4.45], [0.1, 0.1]).pairwise()
    joined = exact([4.5, 4.45], [0.1, 0.1], respondents=shared).pairwise()
    assert not apart.possible.any()
    assert joined.possible[0, 1]
    assert not joined.certain.any()


def test_bad_input_is_refused():
    bounds = exact([4.5, 4.6], [0.1, 0.1])
    with pytest.raises(ValueError, match="before must have the same composites"):
        bounds.change(exact([4.5], [0.1]))
    with pytest.raises(ValueError, match="best must be 'high' or 'low', got 'top'"):
        bounds.ranks(best="top")
