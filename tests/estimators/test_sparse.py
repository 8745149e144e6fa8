import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators import Nodes, Scheme, SparseRule, compose
from estimators.sparse import BOUNDED, OWN, POOLED, answer_variance, plausible_bound

PATH = ("service", "channel", "criterion", "item")


def survey(codes, items, service=None):
    """One channel; the criterion of an item is its first letter."""
    codes = np.array(codes, dtype=np.int8)
    who = ["a"] * len(codes) if service is None else service
    scheme = Scheme.from_paths(
        [(s, "office", item[0], item) for s in sorted(set(who)) for item in items], levels=PATH
    )
    data = xr.Dataset(
        {
            "ratings": (("respondent", "item"), codes),
            "service": ("respondent", list(who)),
            "channel": ("respondent", ["office"] * len(codes)),
        },
        coords={"item": list(items)},
    )
    return data, scheme


def composed(codes, items, *, level="service", service=None, **rule):
    data, scheme = survey(codes, items, service)
    return compose(
        data, Nodes(scheme, PATH, (level,)), strata=("service", "channel"), rule=SparseRule(**rule)
    )


@given(n=st.integers(1, 400), value=st.integers(1, 5), level=st.floats(0.5, 0.999))
def test_the_bound_holds_for_every_law_that_makes_the_answers_plausible(n, value, level):
    bound = float(plausible_bound([n], [float(value)], lowest=1, highest=5, level=level)[0])
    assert 0 < bound <= 4
    kept = (1 - level) ** (1 / n)
    low, high = np.meshgrid(np.linspace(0, 1 - kept, 15), np.linspace(0, 1 - kept, 15))
    possible = low + high <= 1 - kept + 1e-12
    mean = value + low * (1 - value) + high * (5 - value)
    variance = value**2 * (1 - low - high) + low + 25 * high - mean**2
    assert (variance[possible] <= bound + 1e-9).all()


def test_more_answers_that_are_alike_bound_the_variance_more_closely():
    bounds = plausible_bound(np.arange(1, 200), np.full(199, 5.0), lowest=1, highest=5, level=0.95)
    assert (np.diff(bounds) <= 0).all()
    assert bounds[0] == 4
    assert bounds[-1] < 0.3


def test_a_share_of_one_is_bounded_on_its_own_scale():
    bound = plausible_bound([1, 60], [1.0, 1.0], lowest=0, highest=1, level=0.95)
    q = 0.05 ** (1 / 60)
    np.testing.assert_allclose(bound, [0.25, q * (1 - q)])


def test_pooled_variance_is_that_of_deviations_from_each_items_own_mean():
    groups = [np.array([5, 4, 3, 5, 1.0]), np.array([5, 5, 5, 5.0]), np.array([2, 4.0])]
    n = np.array([len(g) for g in groups], dtype=float)
    mean, variance = (np.array([f(g) for g in groups]) for f in (np.mean, lambda g: g.var(ddof=1)))
    found, kind = answer_variance(
        n, mean, variance, pool=np.zeros(3, int), lowest=1, highest=5, rule=SparseRule(min_pool_df=5)
    )
    expected = sum(((g - g.mean()) ** 2).sum() for g in groups) / sum(len(g) - 1 for g in groups)
    np.testing.assert_allclose(found, [variance[0], expected, expected])
    assert kind.tolist() == [OWN, POOLED, POOLED]


def test_a_pool_that_is_too_small_or_all_alike_gives_way_to_the_bound():
    rule = SparseRule(min_pool_df=10)
    n, mean, variance = np.array([40.0, 1, 3]), np.array([5.0, 5, 4]), np.array([0.0, 0, 1])
    found, kind = answer_variance(n, mean, variance, pool=np.array([0, 0, 1]), lowest=1, highest=5, rule=rule)
    assert kind.tolist() == [BOUNDED] * 3
    assert found[1] == 4
    assert found[2] == 4
    assert 0 < found[0] < found[1]


def test_one_person_with_two_items_brings_the_bound_and_the_stated_correlation():
    for rho in (0.0, 0.3, 1.0):
        found = composed([[5, 5]], ["s1", "s2"], rho=rho).sel(node="a", statistic="mean")
        assert float(found.se) ** 2 == pytest.approx((4 + 4 + 2 * rho * 4) / 4)
        assert found.flag == "bounded"
        assert float(found.bounded) == pytest.approx(1)


def test_one_person_with_the_highest_rating_never_has_no_error():
    found = composed([[5]], ["s1"])
    np.testing.assert_allclose(found.se.sel(node="a"), [2, 0.5])
    assert found.lower.sel(node="a", statistic="mean") < 2
    assert found.upper.sel(node="a", statistic="mean") == 5


ANSWERS = np.random.default_rng(4).integers(2, 6, size=(40, 3))


def with_sparse(alike):
    return np.column_stack([ANSWERS, np.full(40, alike)])


def test_a_sparse_item_has_exactly_the_variance_put_in_its_place():
    found = composed(with_sparse(5), ["s1", "t1", "t2", "t3"], level="item").sel(statistic="mean")
    own = ANSWERS[:, 1:].var(axis=0, ddof=1)
    pooled = 39 * own.sum() / (3 * 39)
    np.testing.assert_allclose(found.se.values[-1] ** 2, pooled / 40, rtol=1e-10)
    np.testing.assert_allclose(found.se.values[:3] ** 2, ANSWERS.var(axis=0, ddof=1) / 40, rtol=1e-10)
    assert found.flag.values.tolist() == ["", "", "", "pooled"]


@pytest.mark.parametrize("rho", [0.0, 0.4, 1.0])
def test_a_sparse_item_follows_the_respondents_other_answers(rho):
    """Its covariance with the score of the others is that of rho sd with their standardised sum."""
    found = composed(with_sparse(5), ["s1", "t1", "t2", "t3"], level="item", rho=rho)
    matrix = found.covariance.sel(statistic="mean").values
    centred = ANSWERS - ANSWERS.mean(axis=0)
    spread = centred / ANSWERS.std(axis=0, ddof=1)
    total = spread.sum(axis=1)
    usable = 3
    loading = rho * np.sqrt(usable / (1 + (usable - 1) * rho))
    sd = np.sqrt(matrix[3, 3] * 40)
    expected = loading * sd * (centred.T @ total) / 39 / total.std(ddof=1) / 40
    np.testing.assert_allclose(matrix[3, :3], expected, rtol=1e-10, atol=1e-15)


def test_with_no_correlation_the_replaced_variance_is_added():
    items = ["s1", "t1", "t2", "t3"]
    found = composed(with_sparse(5), items, rho=0.0).sel(node="a", statistic="mean")
    weight = np.array([1 / 2, 1 / 6, 1 / 6])
    plain = (ANSWERS @ weight).var(ddof=1) / 40
    single = composed(with_sparse(5), items, level="item").sel(statistic="mean").se.values[-1] ** 2
    np.testing.assert_allclose(float(found.se) ** 2, plain + single / 36, rtol=1e-10)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_no_score_is_without_error_and_correlation_never_makes_a_replaced_one_smaller(seed):
    rng = np.random.default_rng(seed)
    codes = rng.choice([5, 5, 5, 5, 4, -1, -2], size=(12, 4))
    service = np.array(["a", "b", "c"] * 4)
    person = rng.choice([0, 0, 1], size=12)
    codes = np.where((codes > 0) & (person == 1)[:, None], codes - 1, codes)
    found = [composed(codes, ["s1", "s2", "t1", "t2"], service=service, rho=rho) for rho in (0.0, 0.5, 1.0)]
    for statistic in ("mean", "satisfaction"):
        se = np.array([f.se.sel(statistic=statistic).values for f in found])
        kinds = [f.sel(statistic=statistic) for f in found]
        least = np.array([(f.pooled + f.bounded).values for f in kinds])
        alone = np.isclose(least, 1).all(axis=0)
        assert (se[:, ~np.isnan(se[0])] > 0).all()
        assert (np.diff(se[:, alone], axis=0) >= -1e-12).all()


def test_feedback_of_one_person_takes_the_pooled_variance_of_other_services():
    rng = np.random.default_rng(8)
    n = 60
    service = np.array(["a", "b", "c"] * (n // 3))
    codes = np.column_stack([rng.integers(3, 6, n), rng.integers(1, 6, n)])
    silent = (service == "a") & (np.arange(n) > 0)
    codes[silent, 1] = -1
    found = composed(codes, ["s1", "f1"], service=service, level="item").sel(statistic="mean")
    pooled = np.mean([codes[service == s, 1].var(ddof=1) for s in "bc"])
    one = found.sel(node="a/office/f/f1")
    assert float(one.se) ** 2 == pytest.approx(pooled)
    assert one.flag == "pooled"
    share = composed(codes, ["s1", "f1"], service=service).share_criterion.sel(node="a", statistic="mean")
    assert float(share.sel(criterion="f")) > 0.9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_raters": 1}, "min_raters must be a whole number of at least 2, got 1"),
        ({"min_pool_df": 0}, "min_pool_df must be a whole number of at least 1, got 0"),
        ({"min_raters": 2.5}, "min_raters must be a whole number of at least 2, got 2.5"),
        ({"min_pool_df": float("nan")}, "min_pool_df must be a whole number of at least 1, got nan"),
        ({"rho": 1.2}, "rho must be between 0 and 1, got 1.2"),
        ({"level": 95}, "level must be between 0 and 1, got 95: write 95% as 0.95"),
    ],
)
def test_a_rule_that_is_none_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SparseRule(**options)
