import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators import Design, Nodes, Scheme, SparseRule, compose, jackknife
from estimators.composite_design import merged_strata
from estimators.design import Residuals

ORACLE = json.loads((Path(__file__).parent / "oracle" / "composite.json").read_text())
PATH = ("service", "channel", "criterion", "item")
ITEMS = {"i1": "staff", "i2": "staff", "i3": "terms", "i4": "costs"}


def scheme(cells, items=None):
    """Services of the given cells; an online channel has no item i2."""
    items = ITEMS if items is None else items
    paths = [
        (service, channel, items[item], item)
        for service, channel in cells
        for item in items
        if not (channel == "online" and item == "i2")
    ]
    services = sorted({service for service, _ in cells})
    return Scheme.from_paths(paths, levels=PATH).grouped(
        "all", dict.fromkeys(services, "all"), below="service"
    )


def dataset(ratings, service, channel, region=None, items=tuple(ITEMS)):
    people = {"service": service, "channel": channel}
    people |= {"region": ["r"] * len(service) if region is None else region}
    return xr.Dataset(
        {name: ("respondent", np.array(values, dtype=str)) for name, values in people.items()}
        | {"ratings": (("respondent", "item"), np.array(ratings, dtype=np.int8))},
        coords={"item": list(items)},
    )


@pytest.fixture(scope="module")
def told():
    data = ORACLE["data"]
    codes = np.array([data[item] for item in ITEMS]).T
    return dataset(codes, data["service"], data["channel"], data["region"])


@pytest.fixture(scope="module")
def wanted():
    cells = [("a", "office"), ("a", "online"), ("b", "office"), ("b", "online"), ("c", "office")]
    whole = scheme(cells).grouped("east", {"a": "east", "c": "east"}, below="service")
    return Nodes(whole, PATH, ("service", "east", "all"))


def design_of(kind):
    data = ORACLE["data"]
    if kind == "stratified":
        return None
    base = np.array(data["weight"])
    if kind == "clustered":
        return Design(strata=data["region"], psu=data["psu"], weight=base)
    service = np.array(data["service"])
    known = np.stack([np.ones(len(service)), service == "b", service == "c"], axis=1)
    return Design(
        strata=data["region"],
        psu=data["psu"],
        weight=np.array(ORACLE["calibrated_weight"]),
        residuals=(Residuals.of(known, base),),
    )


@pytest.mark.parametrize("kind", ["stratified", "clustered", "calibrated"])
@pytest.mark.parametrize("statistic", ["mean", "satisfaction"])
def test_estimates_and_covariance_are_those_of_r_survey(told, wanted, kind, statistic):
    rule = SparseRule(min_raters=2)
    found = compose(told, wanted, design=design_of(kind), rule=rule).sel(
        statistic=statistic, node=ORACLE["nodes"], other=ORACLE["nodes"]
    )
    expected = ORACLE[kind][statistic]
    np.testing.assert_allclose(found.estimate, expected["estimate"], rtol=1e-12)
    np.testing.assert_allclose(found.covariance, expected["covariance"], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found.se, np.sqrt(np.diag(expected["covariance"])), rtol=1e-9)


@pytest.mark.parametrize("kind", ["stratified", "clustered", "calibrated"])
def test_shares_sum_to_one_under_every_design(told, wanted, kind):
    found = compose(told, wanted, design=design_of(kind))
    np.testing.assert_allclose(found.share_criterion.sum("criterion"), 1, rtol=1e-10)
    np.testing.assert_allclose(found.share_channel.sum("channel"), 1, rtol=1e-10)


def test_a_channels_share_is_its_own_variance_when_channels_are_strata(told, wanted):
    found = compose(told, wanted)
    alone = Nodes(wanted.scheme, PATH, ("channel",))
    channels = compose(told, alone)
    variance = (channels.se.sel(statistic="mean", node="a/office") / 2) ** 2
    share = found.share_channel.sel(node="a", channel="office", statistic="mean")
    np.testing.assert_allclose(share * found.se.sel(node="a", statistic="mean") ** 2, variance, rtol=1e-10)


def test_one_item_in_one_channel_is_the_mean_of_a_simple_random_sample():
    rng = np.random.default_rng(1)
    values = rng.integers(1, 6, size=(40, 1))
    one = dataset(values, ["a"] * 40, ["office"] * 40, items=["i1"])
    nodes = Nodes(scheme([("a", "office")], {"i1": "staff"}), PATH, ("service",))
    found = compose(one, nodes).sel(node="a")
    fives = values == 5
    np.testing.assert_allclose(found.estimate, [values.mean(), fives.mean()])
    np.testing.assert_allclose(found.se**2, [values.var(ddof=1) / 40, fives.var(ddof=1) / 40])
    np.testing.assert_allclose(found.effective_n, [40, 40])
    np.testing.assert_allclose(found.df, [39, 39])


def test_asked_counts_those_who_gave_no_rating_and_rated_does_not():
    one = dataset([[5], [5], [4], [-2], [-1]], ["a"] * 5, ["office"] * 5, items=["i1"])
    nodes = Nodes(scheme([("a", "office")], {"i1": "staff"}), PATH, ("service",))
    share = [
        float(compose(one, nodes, denominator=kind).estimate.sel(node="a", statistic="satisfaction"))
        for kind in ("asked", "rated")
    ]
    assert share == pytest.approx([2 / 4, 2 / 3])
    assert float(compose(one, nodes).estimate.sel(node="a", statistic="mean")) == pytest.approx(14 / 3)


def regional():
    """Two services in two regions, one scheme for services and one for regions."""
    cells = [("a", "office"), ("b", "office")]
    items = {"i1": "staff", "i3": "terms"}
    paths = [(r, s, h, items[k], k) for r in ("N", "S", "T", "U") for s, h in cells for k in items]
    by_region = Scheme.from_paths(paths, levels=("region", *PATH))
    return (
        Nodes(scheme(cells, items), PATH, ("service",)),
        Nodes(by_region, ("region", *PATH), ("region",)),
    )


def test_a_service_and_a_region_share_their_common_respondents():
    rng = np.random.default_rng(5)
    n = 120
    service, region = rng.choice(["a", "b"], n), rng.choice(["N", "S"], n)
    codes = rng.integers(2, 6, size=(n, 2))
    data = dataset(codes, service, ["office"] * n, region, items=["i1", "i3"])
    found = compose(data, regional())

    def moved(kind, value, weight):
        own = kind == value
        return sum(
            weight * np.where(own, codes[:, k] - codes[own, k].mean(), 0) / own.sum() for k in range(2)
        )

    in_service = moved(service, "a", 0.5)
    in_region = sum(moved(np.char.add(region, service), "N" + s, 0.25) for s in ("a", "b"))
    expected = 0.0
    for s, r in itertools.product(("a", "b"), ("N", "S")):
        h = (service == s) & (region == r)
        deviation = [z[h] - z[h].mean() for z in (in_service, in_region)]
        expected += h.sum() / (h.sum() - 1) * deviation[0] @ deviation[1]
    assert expected > 0
    np.testing.assert_allclose(
        found.covariance.sel(node="a", other="N", statistic="mean"), expected, rtol=1e-10
    )


def test_shares_of_trees_side_by_side_sum_to_one():
    rng = np.random.default_rng(6)
    n = 30
    data = dataset(
        rng.choice([4, 5, 5, 5, -2], size=(n, 2)),
        rng.choice(["a", "b"], n),
        ["office"] * n,
        rng.choice(["N", "S"], n),
        items=["i1", "i3"],
    )
    found = compose(data, regional())
    found = found.isel(node=(found.flag.sel(statistic="mean") != "empty").values)
    np.testing.assert_allclose(found.share_criterion.sum("criterion"), 1, rtol=1e-10)


def small_population(rng, size):
    """Ratings of two correlated items, some not answered."""
    person = rng.normal(size=size)
    codes = np.clip(np.round(4 + 0.7 * person[:, None] + 0.6 * rng.normal(size=(size, 2))), 1, 5)
    codes[rng.random((size, 2)) < 0.12] = -2
    codes[0] = 4, 3
    return codes.astype(np.int8)


POPULATION = (
    [[5, 5], [5, 4], [5, 5], [4, 4], [4, 5], [3, 3], [2, 4]],
    [[5, 4], [4, 5], [5, 5], [3, 4], [5, 5], [4, 2], [1, 3]],
)


@pytest.mark.parametrize(("silent", "within"), [([], 1e-9), ([(0, 1, 0), (1, 4, 1)], 0.12)])
def test_expected_variance_over_all_samples(silent, within):
    """Two channels of 7 people, 5 drawn in each, all 441 samples.

    With every item answered the score is linear in the sample and the variance estimator unbiased, once the
    finite population is allowed for; with answers missing the score is a sum of ratios, and the linearised
    variance is biased of order 1/n.
    """
    population = np.array(POPULATION, dtype=np.int8)
    for place in silent:
        population[place] = -2
    draws = list(itertools.combinations(range(7), 5))
    samples = list(itertools.product(draws, draws))
    names = [f"sample{k}" for k in range(len(samples))]
    items = {"i1": "staff", "i3": "terms"}
    codes = np.concatenate([population[h][list(drawn)] for pair in samples for h, drawn in enumerate(pair)])
    data = dataset(
        codes, np.repeat(names, 10), (["office"] * 5 + ["online"] * 5) * len(names), items=list(items)
    )
    every = scheme([(name, channel) for name in names for channel in ("office", "online")], items)
    found = compose(data, Nodes(every, PATH, ("service",)), rule=SparseRule(min_raters=2))
    found = found.sel(statistic="mean")
    assert (found.flag == "").all()
    variance = float((found.se**2).mean()) * (1 - 5 / 7)
    assert variance == pytest.approx(float(found.estimate.var()), rel=within)


def test_variance_agrees_with_the_delete_one_jackknife():
    """Ratios with missing answers: linearised and jackknife variances differ by order 1/n only."""
    rng = np.random.default_rng(12)
    codes = small_population(rng, 60)
    data = dataset(codes, ["a"] * 60, ["office"] * 60, items=["i1", "i3"])
    nodes = Nodes(scheme([("a", "office")], {"i1": "staff", "i3": "terms"}), PATH, ("service",))
    found = compose(data, nodes).sel(node="a")

    def score(rows):
        parts = [rows[:, k][rows[:, k] > 0].mean() for k in range(2)]
        return np.array([np.mean(parts), np.mean(rows == 5)])

    left = np.array([score(np.delete(codes, i, axis=0)) for i in range(60)])
    jackknife = 59 / 60 * ((left - left.mean(axis=0)) ** 2).sum(axis=0)
    np.testing.assert_allclose(found.se**2, jackknife, rtol=0.03)


ratings_tables = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).choice(np.array([1, 3, 4, 5, 5, 5, -1, -2]), size=(24, 2))
)


@settings(max_examples=40, deadline=None)
@given(codes=ratings_tables, deff=st.floats(0.5, 4), order=st.permutations(range(24)))
def test_invariants(codes, deff, order):
    service = np.array(["a", "b"] * 12)
    region = np.array(["N"] * 8 + ["S"] * 16)
    region[[0, 5]] = "T", "U"
    data = dataset(codes, service, ["office"] * 24, region, items=["i1", "i3"])
    found = compose(data, regional())
    scaled = compose(data, regional(), deff=deff)
    np.testing.assert_allclose(scaled.covariance, deff * found.covariance, rtol=1e-9)
    np.testing.assert_allclose(scaled.effective_n * deff, found.effective_n, rtol=1e-9)
    np.testing.assert_allclose(scaled.df, found.df, rtol=1e-9)
    np.testing.assert_allclose(scaled.share_criterion, found.share_criterion, rtol=1e-9)
    turned = compose(data.isel(respondent=list(order)), regional())
    np.testing.assert_allclose(turned.covariance, found.covariance, rtol=1e-9, atol=1e-14)
    for statistic in ("mean", "satisfaction"):
        known = found.sel(statistic=statistic).dropna("node", subset=["estimate"])
        matrix = known.covariance.sel(other=known.node.values).values
        scale = np.diag(matrix).max()
        assert (np.diag(matrix) > 0).all()
        assert np.linalg.eigvalsh(matrix)[0] > -1e-10 * scale


def test_a_respondent_alone_in_a_stratum_is_merged_and_brings_variance():
    rng = np.random.default_rng(3)
    region = ["N"] * 10 + ["S"]
    codes = rng.integers(1, 6, size=(11, 1))
    data = dataset(codes, ["a"] * 11, ["office"] * 11, region, items=["i1"])
    nodes = Nodes(scheme([("a", "office")], {"i1": "staff"}), PATH, ("service",))
    merged = compose(data, nodes)
    plain = compose(data, nodes, strata=("service", "channel"))
    np.testing.assert_allclose(merged.se, plain.se)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_merged_strata_are_alone_only_where_the_whole_place_is(seed):
    rng = np.random.default_rng(seed)
    place, region = rng.integers(0, 5, 30), rng.integers(0, 8, 30)
    coarse = np.unique(place, return_inverse=True)[1]
    fine = np.unique(place * 8 + region, return_inverse=True)[1]
    merged = merged_strata(fine, coarse)
    size = np.bincount(merged)[merged]
    people = np.bincount(coarse)[coarse]
    assert ((size > 1) | (people == 1)).all()
    for stratum in np.unique(merged):
        assert len(set(coarse[merged == stratum])) == 1
    large = np.bincount(fine)[fine] > 1
    for stratum in np.unique(fine[large]):
        assert len(set(merged[fine == stratum])) == 1


def test_an_empty_node_is_not_a_number_and_says_so():
    data = dataset([[5], [4], [3]], ["a"] * 3, ["office"] * 3, items=["i1"])
    nodes = Nodes(scheme([("a", "office"), ("b", "office")], {"i1": "staff"}), PATH, ("service", "all"))
    found = compose(data, nodes).sel(statistic="mean")
    assert found.flag.sel(node="b") == "empty"
    assert np.isnan(found.estimate.sel(node="b"))
    assert np.isnan(found.se.sel(node="b"))
    assert np.isnan(found.covariance.sel(node="b", other="a"))
    assert float(found.estimate.sel(node="all")) == pytest.approx(4)


def test_ratings_alike_within_every_stratum_have_no_variance_and_say_so():
    """Not the standard error 0 that the formula gives: unanimity within strata is not certainty."""
    codes = [[4]] * 6 + [[5]] * 6
    told = dataset(codes, ["a"] * 12, ["office"] * 12, ["r"] * 6 + ["q"] * 6, items=("i1",))
    score = compose(told, Nodes(scheme([("a", "office")], {"i1": "staff"}), PATH, ("service",)))
    score = score.sel(node="a", statistic="mean")
    assert float(score.estimate) == 4.5
    assert str(score.flag.item()) == "no_variance"
    assert all(np.isnan(float(score[name])) for name in ("se", "lower", "upper", "effective_n"))


def test_an_item_that_nobody_rated_lends_no_variance_to_the_pool():
    told = [[5, 5], [4, 5], [5, 5], [3, 4], [5, 5], [5, 5]] * 3
    service = ["a", "b"] * 9
    silent = [[x, y if s == "a" else -2] for (x, y), s in zip(told, service, strict=True)]
    items = {"i1": "staff", "i3": "staff"}
    data = dataset([*silent, [5, -1]], [*service, "c"], ["office"] * 19, items=list(items))
    nodes = Nodes(scheme([(s, "office") for s in "abc"], items), PATH, ("service",))
    found = compose(data, nodes).sel(node="c", statistic="satisfaction")
    fives, of_a = np.array(silent) == 5, np.array(service) == "a"
    groups = [fives[of_a, 0], fives[~of_a, 0], fives[of_a, 1]]
    pooled = sum(((g - g.mean()) ** 2).sum() for g in groups) / sum(len(g) - 1 for g in groups)
    assert float(found.se) == pytest.approx(np.sqrt(pooled))


def expecting(expected=()):
    """Three services with feedback of 2, 3 and 4, and one whose feedback nobody rated."""
    items = {"i1": "staff", "i4": "feedback"}
    rng = np.random.default_rng(4)
    names = ["a", "b", "c", "d"]
    first = rng.choice([4, 5, 5], size=(4, 20))
    second = np.stack([np.full(20, code) for code in (2, 3, 4, -1)])
    codes = np.stack([first, second], axis=2).reshape(80, 2)
    data = dataset(codes, np.repeat(names, 20), ["office"] * 80, items=list(items))
    whole = scheme([(name, "office") for name in names], items)
    return compose(data, Nodes(whole, PATH, ("service", "all"), expected=expected)).sel(statistic="mean")


def test_expected_leaves_that_nobody_rated_are_foretold_and_widen_the_interval():
    plain, wide = expecting(), expecting(["d/office/feedback/i4"])
    np.testing.assert_array_equal(plain.complete, plain.estimate)
    np.testing.assert_array_equal(plain.unrated, 0)
    for name in ("estimate", "se", "covariance", "df"):
        np.testing.assert_array_equal(plain[name], wide[name])
    d, same = wide.sel(node="d"), ["a", "b", "c"]
    assert float(d.complete) == pytest.approx((float(d.estimate) + 3) / 2)
    assert wide.unrated.sel(node=["a", "d", "all"]).values.tolist() == pytest.approx([0, 1 / 2, 1 / 8])
    assert (
        float(d.lower) < float(d.complete) - 1.9 * np.sqrt(1 / 4 * 4 / 3) < float(plain.lower.sel(node="d"))
    )
    assert float(d.upper) >= float(plain.upper.sel(node="d"))
    np.testing.assert_array_equal(wide.lower.sel(node=same), plain.lower.sel(node=same))


def test_expected_leaves_must_be_leaves():
    for expected in (["d/feedback"], "d/office/feedback/i4"):
        with pytest.raises(
            ValueError, match=r"expected must be names of leaves such as 'a/office/staff/i1', got 'd/"
        ):
            expecting(expected)


def bad(**changes):
    data = dataset([[5, 4], [4, 4]], ["a", "a"], ["office"] * 2, items=["i1", "i3"])
    options = {
        "ratings": data,
        "nodes": Nodes(scheme([("a", "office")], {"i1": "staff", "i3": "terms"}), PATH, ("service",)),
    } | changes
    ratings, nodes = options.pop("ratings"), options.pop("nodes")
    return compose(ratings, nodes, **options)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"deff": 0}, "deff must be positive and finite, got 0"),
        ({"denominator": "all"}, "denominator must be 'asked' or 'rated', got 'all'"),
        ({"strata": ()}, "strata must name at least one variable"),
        ({"strata": ("town",)}, "strata must be variables of the ratings along respondent, got 'town'"),
        ({"pool": ()}, "pool must be parts of the paths such as ('criterion',), got ()"),
        ({"shares": ("colour",)}, "'colour' must be a part of every path"),
        ({"design": Design(weight=[1.0, 1.0, 1.0])}, "design must have 2 respondents as ratings has, got 3"),
        (
            {"ratings": dataset([[6, 4]], ["a"], ["office"], items=["i1", "i3"])},
            "ratings must be codes -2..5, got 6 of respondent 0 (from 0) at item 'i1'",
        ),
        (
            {
                "ratings": dataset([[5, 4]], ["b"], ["office"], items=["i1", "i3"]),
                "nodes": Nodes(
                    scheme([("a", "office")], {"i1": "staff", "i3": "terms"}),
                    PATH,
                    ("service",),
                    outside="ignore",
                ),
            },
            "some respondent must have leaves in a scheme, got none",
        ),
        (
            {"ratings": dataset([[5, 4]], ["b"], ["office"], items=["i1", "i3"])},
            "every respondent must have leaves in the scheme, got {'service': 'b', 'channel': 'office'}",
        ),
        (
            {"ratings": dataset([[5]], ["a"], ["office"], items=["i1"])},
            "ratings must have every item of the scheme, got none for 'i3'",
        ),
        (
            {"ratings": dataset([[5, 4, 3]], ["a"], ["office"], items=["i1", "i3", "i3"])},
            "items of the ratings must have different names, got 'i3' twice",
        ),
        (
            {"ratings": dataset([[5, 4, 3]], ["a"], ["office"], items=["i1", "i3", "i9"])},
            "another channel's list, such as 3 of respondent 0 (from 0) to i9: code them 0",
        ),
    ],
)
def test_bad_input_is_refused(changes, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
        bad(**changes)


def test_nodes_of_one_name_are_refused(told, wanted):
    with pytest.raises(ValueError, match="nodes must have different names, got 'a' twice"):
        compose(told, (wanted, wanted))


def test_a_rule_is_stated_in_the_result(told, wanted):
    found = compose(told, wanted, rule=SparseRule(min_raters=4, rho=0.3), deff=1.5)
    assert found.attrs["design"] == "simple random within service x channel x region"
    assert found.attrs["deff"] == 1.5
    assert found.attrs["denominator"] == "asked"
    assert "fewer than 4 answers" in found.attrs["rule"]
    assert "correlation 0.3" in found.attrs["rule"]


def test_results_carry_what_their_intervals_mean(told, wanted):
    assert compose(told, wanted).attrs["inference"].startswith("design-based: ")
    size = told.sizes["respondent"]
    ways = np.where(np.arange(size) < size / 2, "snowball", "probability")
    marked = compose(told, wanted, design=Design(weight=np.ones(size), selection=ways))
    assert marked.attrs["inference"].startswith("model-based: ")
    assert marked.attrs["inference"].endswith("otherwise than by probability (snowball)")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"design": jackknife(Design(weight=np.ones(3)))}, "design must be a Design, got Replicates"),
        ({"rule": "pooled"}, "rule must be a SparseRule, got str"),
        ({"deff": "2"}, "deff must be numbers, got '2'"),
        ({"shares": "criterion"}, r"shares must be a list of names, .* write \['criterion'\]"),
        ({"strata": "service"}, r"strata must be a list of names, .* write \['service'\]"),
        ({"pool": "criterion"}, r"pool must be a list of names, .* write \['criterion'\]"),
    ],
)
def test_options_of_a_wrong_type_are_named(told, wanted, changed, message):
    with pytest.raises(TypeError, match=message):
        compose(told, wanted, **changed)
    with pytest.raises(TypeError, match="nodes must be Nodes or a list of them, got str"):
        compose(told, "service")
