import numpy as np
import pytest
import xarray as xr
from scipy.stats import binomtest

from estimators import Nodes, Scheme, compose, kendall, ranks
from estimators.alternatives import (
    RespondentWeighted,
    Shrunken,
    alternatives,
    leaving_out,
    pooled_items,
    usual_rules,
)
from estimators.alternatives_shrinkage import between_variance

PATH = ("service", "channel", "criterion", "item")
ITEMS = {
    "office": {"o1": "staff", "o2": "staff", "o3": "feedback", "o4": "feedback"},
    "web": {"w1": "staff", "w2": "terms", "w3": "feedback"},
}
SERVICES = {"a": 240, "b": 200, "c": 220, "d": 260, "e": 180}
LEAVES = [
    (service, channel, criterion, item)
    for service in SERVICES
    for channel in (("office",) if service == "e" else ("office", "web"))
    for item, criterion in ITEMS[channel].items()
]
NODES = Nodes(Scheme.from_paths(LEAVES, levels=PATH), PATH, ("service",))


def survey(seed: int, *, thin: float = 0.3) -> xr.Dataset:
    """People of five services who rate alike within a person; feedback is for a share `thin` of them."""
    rng = np.random.default_rng(seed)
    service = np.repeat(list(SERVICES), list(SERVICES.values()))
    channel = np.where(service == "e", "office", rng.choice(["office", "web"], len(service), p=[0.7, 0.3]))
    base = np.array([dict(zip(SERVICES, (0.9, 0.5, 0.2, 0.7, 0.4), strict=True))[s] for s in service])
    mood = rng.normal(base, 0.8)
    items = [item for listed in ITEMS.values() for item in listed]
    codes = np.clip(np.round(4 + mood[:, None] + rng.normal(0, 0.7, (len(service), len(items)))), 1, 5)
    for column, item in enumerate(items):
        own = np.array([item in ITEMS[c] for c in channel])
        codes[~own, column] = 0
        if item in ("o3", "o4", "w3"):
            codes[own & (rng.random(len(own)) > thin), column] = -1
    return xr.Dataset(
        {
            "ratings": (("respondent", "item"), codes.astype(np.int8)),
            "service": ("respondent", service),
            "channel": ("respondent", channel),
            "region": ("respondent", np.repeat("x", len(service))),
        },
        coords={"item": items},
    )


BARE = leaving_out(NODES, part="criterion", label="feedback")
DATA = survey(1)
FOUND = alternatives(DATA, None, usual_rules(NODES, label="feedback"))


def score_of(rule: str, statistic: str) -> np.ndarray:
    return FOUND["score"].sel(rule=rule, statistic=statistic).values


def by_hand(data: xr.Dataset, rule: str, statistic: str, services: str = "abcde") -> np.ndarray:
    codes, items = data["ratings"].values, list(data["item"].values)
    whose, where = data["service"].values, data["channel"].values

    def figure(here: np.ndarray, item: str) -> float:
        rated = codes[here, items.index(item)]
        rated = rated[rated > 0]
        return rated.mean() if statistic == "mean" else (rated == 5).mean()

    out = []
    for service in services:
        scores, weight, pool = [], [], []
        for channel, listed in ITEMS.items():
            here = (whose == service) & (where == channel)
            if not here.any():
                continue
            figures = {item: figure(here, item) for item in listed}
            kept = [
                c for c in dict.fromkeys(listed.values()) if (rule, c) != ("without_feedback", "feedback")
            ]
            scores.append(np.mean([np.mean([figures[i] for i in listed if listed[i] == c]) for c in kept]))
            weight.append(here.sum())
            pool += figures.values()
        choices = {"respondent_weighted": np.average(scores, weights=weight), "pooled_items": np.mean(pool)}
        out.append(choices.get(rule, np.mean(scores)))
    return np.array(out)


@pytest.mark.parametrize("statistic", ["mean", "satisfaction"])
@pytest.mark.parametrize("rule", ["official", "respondent_weighted", "pooled_items", "without_feedback"])
def test_scores_by_hand(rule, statistic):
    assert np.allclose(score_of(rule, statistic), by_hand(DATA, rule, statistic))


def test_the_official_rule_is_compose():
    frame = compose(DATA, NODES)
    for statistic in ("mean", "satisfaction"):
        here = FOUND.sel(rule="official", statistic=statistic)
        assert np.allclose(here["score"], frame["estimate"].sel(statistic=statistic))
        assert np.allclose(here["se"], frame["se"].sel(statistic=statistic))


@pytest.mark.parametrize("rule", ["respondent_weighted", "pooled_items", "without_feedback"])
def test_errors_agree_with_leaving_one_respondent_out(rule):
    people = DATA.isel(respondent=np.flatnonzero(DATA["service"].values == "a"))
    size = people.sizes["respondent"]
    left = [people.isel(respondent=np.arange(size) != i) for i in range(size)]
    official, other = ([by_hand(rest, r, "mean", "a")[0] for rest in left] for r in ("official", rule))
    channel = people["channel"].values
    for label, values in (("se", np.array(other)), ("difference_se", np.subtract(other, official))):
        squares = 0.0
        for stratum in ITEMS:
            here = values[channel == stratum]
            squares += (here.size - 1) * here.var()
        ours = float(FOUND[label].sel(rule=rule, statistic="mean", service="a"))
        assert ours == pytest.approx(np.sqrt(squares), rel=0.03)


def test_shrinking_by_hand():
    criteria = Nodes(NODES.scheme, PATH, ("criterion",))
    frame = compose(DATA, criteria).sel(statistic="mean")
    names = [str(node) for node in frame["node"].values]
    value = dict(zip(names, frame["estimate"].values, strict=True))
    raters = dict(zip(names, frame["raters"].values, strict=True))
    variance = dict(zip(names, frame["se"].values ** 2, strict=True))
    for channel in ITEMS:
        thin = [name for name in names if f"/{channel}/feedback" in name]
        n, v, f = (np.array([source[name] for name in thin]) for source in (raters, variance, value))
        pooled = np.average(n * v, weights=n) / n
        between = between_variance(f, pooled)
        centre = np.average(f, weights=1 / (between + pooled))
        for name, own, noise in zip(thin, f, pooled, strict=True):
            value[name] = own + (centre - own) * noise / (between + noise)
    expected = []
    for service in SERVICES:
        channels = [c for c in ITEMS if f"{service}/{c}/staff" in value]
        means = [np.mean([value[x] for x in names if x.startswith(f"{service}/{c}/")]) for c in channels]
        expected.append(np.mean(means))
    assert np.allclose(score_of("shrunken_feedback", "mean"), expected)


def test_shrinking_steadies_scores():
    data = survey(2, thin=0.02)  # two or three complainers a service: noise
    found = alternatives(
        data,
        None,
        {
            "official": NODES,
            "shrunken": Shrunken(NODES, "feedback"),
        },
    ).sel(statistic="mean")
    assert np.all(found["se"].sel(rule="shrunken") < found["se"].sel(rule="official"))


def test_between_variance_recovers_the_truth():
    rng = np.random.default_rng(3)
    variance = rng.uniform(0.01, 0.5, (2_000, 30))
    figures = rng.normal(0, np.sqrt(0.2 + variance))
    found = [between_variance(f, v) for f, v in zip(figures, variance, strict=True)]
    assert np.mean(found) == pytest.approx(0.2, abs=5 * np.std(found) / np.sqrt(2_000))
    assert between_variance(np.array([4.0]), np.array([0.1])) == 0.0
    with pytest.raises(ValueError, match="variance must be above 0"):
        between_variance(np.ones(2), np.zeros(2))


def test_sets_differences_and_taus_are_those_of_the_ranking_functions():
    here = FOUND.sel(statistic="mean")
    frame = compose(DATA, NODES).sel(statistic="mean")
    covariance = frame["covariance"].values
    table = ranks(frame["estimate"].values, covariance, level=0.99, df=frame["df"].values)  # five share 5%
    assert np.array_equal(here["lower"].sel(rule="official"), table["lower"])
    assert np.array_equal(here["upper"].sel(rule="official"), table["upper"])
    assert np.array_equal(here["rank"].sel(rule="official"), table["rank"])
    first = here.sel(rule="official")
    apart = (here["lower"] > first["upper"]) | (here["upper"] < first["lower"])
    assert np.array_equal(here["survives"], apart)
    assert np.allclose(here["rank_change"], here["rank"] - here["rank"].sel(rule="official"))
    tau = kendall(first["score"].values, None, here["score"].sel(rule="pooled_items").values, None)
    assert float(here["tau"].sel(rule="pooled_items")) == pytest.approx(tau.tau)
    assert np.all((here["tau_lower"] <= here["tau"]) & (here["tau"] <= here["tau_upper"]))


def test_the_rules_share_the_level():
    found = alternatives(DATA, None, {"official": NODES, "bare": BARE}, level=0.2).sel(statistic="mean")
    frame = compose(DATA, NODES).sel(statistic="mean")
    sets = {
        level: ranks(frame["estimate"].values, frame["covariance"].values, level=level, df=frame["df"].values)
        for level in (0.2, 0.6)
    }
    assert not np.array_equal(sets[0.2]["lower"], sets[0.6]["lower"])
    for end in ("lower", "upper"):
        assert np.array_equal(found[end].sel(rule="official"), sets[0.6][end])


def test_few_degrees_of_freedom_establish_less():
    rules = {"official": NODES, "bare": BARE}
    known, few = (alternatives(DATA, None, rules, df=df, level=0.5) for df in (np.inf, 3))
    assert np.all(few["difference_p_value"] >= known["difference_p_value"])
    width = [int((f["upper"] - f["lower"]).sum()) for f in (known, few)]
    assert width[0] < width[1]
    one = alternatives(DATA, None, rules, df=[3, 3, 3, 3, np.inf], level=0.5)
    assert one["df"].sel(rule="bare", statistic="mean").values.tolist() == [3, 3, 3, 3, np.inf]
    with pytest.raises(ValueError, match="one for each of 5 units"):
        alternatives(DATA, None, rules, df=[3.0, 4.0])


def test_every_score_has_its_own_degrees_of_freedom():
    channels = compose(DATA, Nodes(NODES.scheme, PATH, ("channel",))).sel(statistic="mean")
    at = {str(n): k for k, n in enumerate(channels["node"].values)}
    found = FOUND["df"].sel(statistic="mean")
    official = compose(DATA, NODES).sel(statistic="mean")["df"]
    np.testing.assert_allclose(found.sel(rule="official"), official)
    for service in "abcd":  # two channels of different people: Satterthwaite
        own = [at[f"{service}/{channel}"] for channel in ("office", "web")]
        people = channels["n"].values[own] / channels["n"].values[own].sum()
        part = people**2 * channels["se"].values[own] ** 2
        by_hand = part.sum() ** 2 / np.sum(part**2 / channels["df"].values[own])
        ours = float(found.sel(rule="respondent_weighted", service=service))
        assert ours == pytest.approx(by_hand)
    assert np.all(FOUND["difference_df"] >= 1)


def test_one_unit_has_scores_and_no_order():
    own = DATA.isel(respondent=np.flatnonzero(DATA["service"].values == "a"))
    nodes = Nodes(Scheme.from_paths([p for p in LEAVES if p[0] == "a"], levels=PATH), PATH, ("service",))
    found = alternatives(own, None, usual_rules(nodes, label="feedback"))
    assert np.all(found[["rank", "lower", "upper"]].to_array() == 1)
    assert np.isnan(found["tau"].values[1:]).all()
    np.testing.assert_allclose(
        found["score"].sel(rule="pooled_items").values.ravel(), FOUND["score"].sel(rule="pooled_items")[0]
    )


def test_where_the_rules_cannot_differ_nothing_is_significant():
    one_channel = FOUND.sel(rule="respondent_weighted", service="e")
    assert np.allclose(one_channel["difference"], 0, atol=1e-12)
    assert np.array_equal(one_channel["difference_p_value"], [1.0, 1.0])
    assert np.all(FOUND["difference_p_value"].sel(rule="official") == 1)


def test_a_real_difference_between_rules_is_found():
    data = DATA.copy(deep=True)
    codes = data["ratings"].values
    codes[:, 2:4] = np.where(codes[:, 2:4] > 0, 1, codes[:, 2:4])  # everybody who complained is angry
    codes[::7, 2] = np.where(codes[::7, 2] > 0, 2, codes[::7, 2])
    found = alternatives(data, None, {"official": NODES, "bare": BARE})
    assert np.all(found["difference_p_value"].sel(rule="bare", statistic="mean") < 1e-6)


def test_units_without_a_score_by_some_rule_are_named():
    data = DATA.copy(deep=True)
    here = data["service"].values == "b"
    data["ratings"].values[here, :2] = np.where(data["ratings"].values[here, :2] > 0, -1, 0)
    web = here & (data["channel"].values == "web")
    data["ratings"].values[web, 4:6] = -1
    found = alternatives(data, None, {"official": NODES, "bare": BARE})
    assert found.attrs["left_out"] == ["b"]
    assert found["service"].values.tolist() == ["a", "c", "d", "e"]


def test_units_that_only_a_later_rule_scores_are_not_compared():
    fewer = [path for path in LEAVES if path[0] != "e"]
    first = Nodes(Scheme.from_paths(fewer, levels=PATH), PATH, ("service",), outside="ignore")
    found = alternatives(DATA, None, {"first": first, "later": NODES, "weighted": RespondentWeighted(NODES)})
    assert found["service"].values.tolist() == ["a", "b", "c", "d"]
    for rule, name in (("first", "official"), ("later", "official"), ("weighted", "respondent_weighted")):
        for statistic in ("mean", "satisfaction"):
            ours = found["score"].sel(rule=rule, statistic=statistic)
            assert np.allclose(ours, score_of(name, statistic)[:4])


@pytest.mark.parametrize(
    ("schemes", "message"),
    [
        ({"official": NODES}, "at least two rules"),
        ({"a": NODES, "a|b": BARE}, r"must not contain '\|'"),
        ({"one": NODES, "two": Nodes(NODES.scheme, PATH, ("channel",))}, "score the same level"),
        ({"one": NODES, "two": Nodes(NODES.scheme, PATH, ("service", "channel"))}, "ask for one level"),
        ({"one": NODES, "two": RespondentWeighted(NODES, "zone")}, "'zone' must be a part of the path"),
        ({"one": NODES, "two": Shrunken(NODES, "complaints")}, "label must be among the values"),
    ],
)
def test_bad_rules_are_refused(schemes, message):
    with pytest.raises(ValueError, match=message):
        alternatives(DATA, None, schemes)


def test_leaving_out_what_is_not_there_or_everything_is_refused():
    with pytest.raises(ValueError, match="label must be among the values of 'criterion'"):
        leaving_out(NODES, part="criterion", label="costs")
    with pytest.raises(ValueError, match="must be a part of the path"):
        leaving_out(NODES, part="zone", label="state")
    assert len(pooled_items(NODES).scheme.level("service").nodes) == 5


@pytest.mark.slow
def test_rules_that_agree_in_truth_are_seldom_told_apart():
    rng = np.random.default_rng(31)
    tables, hits = 300, 0
    for _ in range(tables):
        data = survey(int(rng.integers(1 << 30)), thin=0.5)  # every item has the law of its service
        found = alternatives(data, None, {"official": NODES, "bare": BARE}, draws=1_000)
        hits += bool((found["difference_p_value"].sel(rule="bare", statistic="mean") <= 0.05).any())
    assert binomtest(hits, tables, 0.06, alternative="greater").pvalue > 1e-6  # 0.05, and small samples
