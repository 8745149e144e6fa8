import numpy as np
import pytest
from scipy import sparse

from estimators import bounds_on, sd_bounds
from estimators.sparse import plausible_bound

SCORES = np.arange(1, 6)


def _survey(rng, people, items, spread):
    """Correlated ratings of one group: a person effect, cut to 1..5."""
    person = rng.normal(size=(people, 1))
    latent = 4.2 + spread * person + rng.normal(size=(people, items)) + rng.uniform(-0.5, 0.5, items)
    return np.clip(np.rint(latent), 1, 5)


@pytest.mark.parametrize("seed", range(12))
def test_the_variance_of_the_microdata_lies_within(seed):
    """Two channels of one service: the usual variance of the score against the bounds from its summaries."""
    rng = np.random.default_rng(seed)
    groups = [_survey(rng, 90, 5, 1.0), _survey(rng, 40, 4, 1.2)]
    weights = np.concatenate([np.full(5, 0.5 / 5), np.full(4, 0.5 / 4)])
    truth = sum(
        part @ np.cov(y.T) @ part / len(y) for y, part in zip(groups, np.split(weights, [5]), strict=True)
    )
    correlations = np.concatenate([np.corrcoef(y.T)[np.triu_indices(y.shape[1], 1)] for y in groups])
    assert correlations.min() > 0
    found = bounds_on(
        np.concatenate([y.mean(0) for y in groups]).round(2),
        np.concatenate([(y == 5).mean(0) for y in groups]).round(3),
        weights,
        raters=np.repeat([90, 40], [5, 4]),
        group=np.repeat(["office", "online"], [5, 4]),
        correlation=(correlations.min(), correlations.max()),
    )
    assert found.se[0, 0] <= np.sqrt(truth) <= found.se[0, 1]
    score = weights @ np.concatenate([y.mean(0) for y in groups])
    assert found.estimate[0, 0] <= score <= found.estimate[0, 1]


NARROW = np.array([0, 0, 0.3, 0.1, 0.6])  # the least and the greatest spread of a mean of 4.3 and 60% fives
WIDE = np.array([0.1, 0, 0, 0.3, 0.6])


def _alike(law: np.ndarray, rho: float, people: int, items: int) -> np.ndarray:
    """Ratings (people, items) whose every pair of items has exactly the law and the correlation."""
    same = np.repeat(np.arange(1, 6), np.rint(rho * people * law).astype(int))
    rest = people - same.size
    axes = [np.repeat(np.arange(1, 6), np.rint(10 * law).astype(int))] * items
    grid = np.array(np.meshgrid(*axes)).reshape(items, -1).T  # every combination as often: uncorrelated
    return np.concatenate([np.repeat(same[:, None], items, 1), np.tile(grid, (rest // len(grid), 1))])


@pytest.mark.parametrize("items", [2, 3])
@pytest.mark.parametrize("least", [True, False])
def test_both_ends_are_attained_by_ratings_in_the_range(least, items):
    """A survey that prints so, within all ranges, whose standard error is the end of the bounds."""
    rho, clones = (0.2, 1) if least else (0.8, 2)
    people = 10**items * 10 // clones
    once = _alike(NARROW if least else WIDE, rho, people, items)
    ratings = np.repeat(once, clones, axis=0)  # design effect 2: everybody brings a twin who answers alike
    assert ratings.mean(axis=0) == pytest.approx(np.full(items, 4.3))
    assert (ratings == 5).mean(axis=0) == pytest.approx(np.full(items, 0.6))
    assert np.corrcoef(ratings.T)[np.triu_indices(items, 1)] == pytest.approx(
        np.full(3 if items > 2 else 1, rho)
    )
    truth = np.sqrt(ratings.mean(axis=1).var() / (len(ratings) - 1) * clones)
    found = bounds_on(
        np.full(items, 4.3),
        np.full(items, 0.6),
        np.full(items, 1 / items),
        raters=len(ratings),
        group=np.zeros(items),
        correlation=(0.2, 0.8),
        deff=(1.0, 2.0),
        mean_digits=None,
        share_digits=None,
    )
    assert found.se[0, 0 if least else 1] == pytest.approx(truth, rel=1e-9)


def test_the_ends_of_the_range_of_raters_are_attained():
    found = bounds_on(
        [4.3],
        [0.6],
        [[1.0]],
        raters=(50, 400),
        group=[0],
        correlation=0.5,
        mean_digits=None,
        share_digits=None,
    )
    for end, people, law in ((1, 50, WIDE), (0, 400, NARROW)):
        ratings = np.repeat(np.arange(1, 6), np.rint(people * law).astype(int))
        assert found.se[0, end] == pytest.approx(ratings.std(ddof=1) / np.sqrt(people))


def test_a_leaf_of_unlike_items_may_have_no_spread_at_all():
    """One item of fives, one of fours: 4.5 and 50% fives without any spread; ones and fives have the most."""
    figures = {"raters": 40, "group": [0], "items": 2, "correlation": (0.0, 1.0)}
    found = bounds_on([4.5], [0.5], [[1.0]], items_alike=False, **figures)
    assert found.se[0, 0] == 0
    alike = bounds_on([4.5], [0.5], [[1.0]], **figures)
    assert found.se[0, 1] == alike.se[0, 1]


def test_the_range_of_raters_decides_what_is_certain():
    """Two services of 100 people whose complaints criterion weighs an eighth: who complained?"""
    averaging = [[7 / 8, 1 / 8, 0, 0], [0, 0, 7 / 8, 1 / 8]]
    printed = [4.9, 4.0, 4.3, 4.0], [0.91, 0.3, 0.55, 0.3], averaging
    known = {
        "group": ["a", "a", "b", "b"],
        "items": [1, 3, 1, 3],
        "correlation": (0.2, 0.5),
        "deff": (1.0, 1.2),
    }
    certain = [
        bounds_on(*printed, raters=([100, fewest, 100, fewest], [100] * 4), **known).pairwise().certain[0, 1]
        for fewest in (1, 5, 20, 100)
    ]
    assert certain == sorted(certain)
    assert not certain[0]
    assert certain[-1]


@pytest.mark.parametrize(
    ("narrower", "wanted"),
    [({}, 0), ({"deff": 1.0}, 1), ({"deff": 1.0, "correlation": 0.2}, 2)],
)
def test_narrower_assumptions_certify_more(narrower, wanted):
    """Three services of ten items each: what may be taken for granted decides which pairs are apart."""
    mean, share = np.repeat([4.75, 4.5, 4.3], 10), np.repeat([0.85, 0.72, 0.6], 10)
    averaging = sparse.kron(sparse.eye_array(3), np.full((1, 10), 0.1), format="csr")
    wide = {"raters": 80, "group": np.repeat([0, 1, 2], 10), "correlation": (0.2, 0.8), "deff": (1.0, 2.0)}
    found = bounds_on(mean, share, averaging, **{**wide, **narrower})
    assert int(found.pairwise().certain.sum()) == wanted


@pytest.mark.parametrize("seed", range(6))
def test_criteria_of_unlike_items_stay_below_the_upper_bound(seed):
    rng = np.random.default_rng(100 + seed)
    y = _survey(rng, 120, 8, 1.0)
    y[:, 0] = 5  # unlike in the extreme: one item of fives only
    correlation = np.corrcoef(y[:, 1:].T)[np.triu_indices(7, 1)]
    criteria = y.reshape(120, 2, 4).mean(2)
    truth = np.cov(criteria.T).mean() / 120
    found = bounds_on(
        criteria.mean(0).round(2),
        (y == 5).reshape(120, 2, 4).mean((0, 2)).round(3),
        [0.5, 0.5],
        raters=120,
        group=[0, 0],
        items=4,
        items_alike=False,
        correlation=(0.0, correlation.max()),
    )
    assert found.se[0, 0] == 0
    assert np.sqrt(truth) <= found.se[0, 1]


def test_a_single_item_is_its_sd_over_the_root_of_n():
    bounds = sd_bounds(4.58, 0.751)
    found = bounds_on([4.58], [0.751], [[1.0]], raters=200, group=[0], correlation=0.5)
    assert found.se[0] == pytest.approx(np.array([bounds.lower, bounds.upper]) / np.sqrt(199))


def test_full_and_no_correlation_by_hand():
    sd = sd_bounds(4.5, 0.7).upper.item() * np.sqrt(100 / 99)
    figures = {"raters": 100, "group": [0, 0], "averaging": [[0.5, 0.5]]}
    alike = bounds_on([4.5, 4.5], [0.7, 0.7], correlation=1.0, **figures)
    apart = bounds_on([4.5, 4.5], [0.7, 0.7], correlation=0.0, **figures)
    assert alike.se[0, 1] == pytest.approx(sd / 10)
    assert apart.se[0, 1] == pytest.approx(sd / 10 / np.sqrt(2))
    other = bounds_on(
        [4.5, 4.5], [0.7, 0.7], [[0.5, 0.5]], raters=100, group=[0, 1], correlation=1.0
    )  # other people: no correlation counts
    assert other.se[0, 1] == pytest.approx(apart.se[0, 1])


def test_covariance_of_unequal_numbers_of_raters_by_hand():
    """The 25 raters of one item are among the 100 of the other, and rate both alike."""
    rng = np.random.default_rng(8)
    full = rng.multinomial(1, [0.05, 0.05, 0.1, 0.1, 0.7], 100) @ SCORES
    weights = np.array([0.25, 0.75])
    influence = weights[0] / 100 + weights[1] / 25 * (np.arange(100) < 25)
    spread = sd_bounds(full.mean().round(2), (full == 5).mean(), share_digits=2)
    found = bounds_on(
        np.full(2, full.mean().round(2)),
        np.full(2, (full == 5).mean()),
        weights,
        raters=[100, 25],
        group=[0, 0],
        correlation=1.0,
        share_digits=2,
    )
    factor = np.array([100 / 99, 25 / 24])
    unit = np.outer(*2 * [np.sqrt(factor) * weights]) * [[1 / 100, 1 / 100], [1 / 100, 1 / 25]]
    assert unit.sum() == pytest.approx((influence**2).sum(), rel=0.05)  # up to the factors n/(n-1)
    assert found.se[0, 1] == pytest.approx(spread.upper * np.sqrt(unit.sum()))
    assert found.se[0, 0] == pytest.approx(spread.lower * np.sqrt(unit.sum()))


def test_sd_over_root_n_can_be_half_the_truth():
    """One complainer's item in a service of 400: METHODS 4."""
    naive = sd_bounds(4.6, 0.75).upper.item() / np.sqrt(400)
    found = bounds_on(
        [4.6, 4.0], [0.75, 0.0], [[0.875, 0.125]], raters=[400, 1], group=[0, 0], correlation=0.5
    )
    assert found.se[0, 1] > 2 * naive


def test_items_all_alike_are_never_without_variance():
    found = bounds_on([5.0, 5.0], [1.0, 1.0], np.eye(2), raters=[1, 40], group=[0, 1], correlation=0.5)
    bound = plausible_bound([1, 40], [5.0, 5.0], lowest=1, highest=5, level=0.95)
    assert found.se[:, 0].tolist() == [0, 0]
    assert found.se[:, 1] == pytest.approx(np.sqrt(bound / [1, 40]))


def test_wider_ranges_never_narrow_the_bounds():
    rng = np.random.default_rng(3)
    mean, share = np.full(6, 4.5), rng.integers(600, 800, 6) / 1000
    weights = sparse.csr_array(rng.dirichlet(np.ones(6), 3))
    one = {"raters": 50, "correlation": 0.4, "rating_rate": 1.0, "deff": 1.2, "group": [0, 0, 1, 1, 2, 2]}
    narrow = bounds_on(mean, share, weights, **one)
    for name, wider in [
        ("raters", (40, 60)),
        ("correlation", (0.1, 0.7)),
        ("rating_rate", (0.8, 1.0)),
        ("deff", (1.0, 2.0)),
    ]:
        wide = bounds_on(mean, share, weights, **{**one, name: wider})
        assert (wide.se[:, 0] <= narrow.se[:, 0] + 1e-12).all()
        assert (wide.se[:, 1] >= narrow.se[:, 1] - 1e-12).all()
        assert (wide.se[:, 1] - wide.se[:, 0] > narrow.se[:, 1] - narrow.se[:, 0]).all()


def test_each_leaf_may_have_its_own_rates():
    figures = {"averaging": np.eye(2), "raters": 60, "group": [0, 1], "correlation": 0.5}
    found = bounds_on([4.6, 4.96], [0.75, 0.892], rating_rate=([1.0, 0.9], [1.0, 0.95]), **figures)
    first = bounds_on([4.6, 4.6], [0.75, 0.75], **figures)
    assert found.se[0] == pytest.approx(first.se[0])
    second = sd_bounds(4.96, 0.892, rating_rate=(0.9, 0.95))
    assert found.se[1] == pytest.approx(np.array([second.lower, second.upper]) / np.sqrt(59))


@pytest.mark.parametrize("law", ["max_entropy", "probit"])
def test_a_single_law_lies_within_the_bounds(law):
    figures = ([4.6, 4.3], [0.75, 0.6], [[0.5, 0.5]])
    named = {"raters": 80, "group": [0, 0], "correlation": 0.5}
    single = bounds_on(*figures, law=law, **named)
    wide = bounds_on(*figures, **named)
    assert wide.se[0, 0] < single.se[0, 0] == single.se[0, 1] < wide.se[0, 1]


def test_satisfaction_needs_no_law():
    found = bounds_on(
        [4.6, 4.3],
        [0.75, 0.6],
        [[0.5, 0.5]],
        statistic="satisfaction",
        raters=80,
        group=[0, 0],
        correlation=0.0,
        share_digits=None,
    )
    truth = np.sqrt((0.75 * 0.25 + 0.6 * 0.4) / 79) / 2
    assert found.se[0] == pytest.approx([truth, truth])
    assert found.estimate[0] == pytest.approx([0.675, 0.675])


def test_a_share_about_a_half_has_its_peak_inside():
    figures = {"statistic": "satisfaction", "raters": 80, "group": [0], "correlation": 0.0}
    found = bounds_on([4.0], [0.5], [[1.0]], share_digits=1, **figures)
    assert found.se[0] == pytest.approx(np.sqrt([0.45 * 0.55 / 79, 0.25 / 79]))


def test_the_published_composite_is_the_estimate_where_given():
    found = bounds_on(
        [4.6, 4.3], [0.75, 0.6], [[0.5, 0.5]], raters=80, group=[0, 0], correlation=0.5, published=[4.46]
    )
    assert found.estimate[0] == pytest.approx([4.455, 4.465])


def test_assumptions_are_said():
    found = bounds_on([4.6], [0.75], [[1.0]], raters=80, group=[0], correlation=(0.2, 0.5), deff=(1, 2))
    assert "correlation 0.2 to 0.5 between ratings of one respondent" in found.assumptions
    assert any("design effect 1 to 2" in line for line in found.assumptions)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"mean": [4.96], "share": [0.892]},
            "mean and share of leaf 0 must be feasible under the rating_rate, got 4.96 and",
        ),
        ({"averaging": [[0.5, 0.5]]}, "averaging must have one column a leaf"),
        ({"averaging": [[-1.0]]}, "averaging must hold weights that are finite and not negative"),
        ({"averaging": [[0.0]]}, "rows that sum to 1, got 0 in row 0: leave it out"),
        ({"averaging": [[1.2]]}, "averaging must have rows that sum to 1, got 1.2 in row 0: divide by it"),
        ({"mean": [], "share": [], "averaging": np.zeros((0, 0))}, "at least one leaf, got none"),
        ({"raters": [80, 80]}, r"raters must be one number or one for each leaf, shape \(1,\), got \(2,\)"),
        ({"deff": np.inf}, "deff must be above 0 and finite, got inf"),
        ({"raters": 0}, "raters must be a whole number of at least 1, got 0"),
        ({"raters": (9, 8)}, "raters must be one array or a pair"),
        ({"correlation": -0.1}, "correlation must be a number from 0 to 1"),
        ({"deff": (2.0, 1.0)}, "deff must be a number from 0 to inf or a pair"),
        ({"statistic": "median"}, "statistic must be 'mean' or 'satisfaction', got 'median'"),
        ({"law": "normal"}, "law must be 'any', 'max_entropy' or 'probit', got 'normal'"),
        ({"published": [4.5, 4.6]}, r"published must have shape \(1,\), got \(2,\)"),
        ({"level": 95}, "level must be between 0 and 1, got 95"),
    ],
)
def test_bad_input_is_refused(change, message):
    good = {"mean": [4.6], "share": [0.75], "averaging": [[1.0]], "raters": 80, "group": [0]}
    with pytest.raises(ValueError, match=message):
        bounds_on(**{**good, "correlation": 0.5, **change})
