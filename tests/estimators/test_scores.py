import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from scipy.special import ndtri

from estimators import (
    Design,
    Recipe,
    calibrate,
    jackknife,
    mean,
    poststratify,
    rao_wu,
    ratio,
    scores,
)
from estimators.domains import TAKEN

FOLDER = Path(__file__).parent / "oracle"
ORACLE = json.loads((FOLDER / "designs.json").read_text())
PEOPLE = pd.DataFrame(ORACLE["people"])
CODED = PEOPLE["y"].astype(float).fillna(-2).to_numpy(dtype=np.int8)
EXACT = 1e-9


def dataset(codes, **along) -> xr.Dataset:
    table = np.asarray(codes, dtype=np.int8)
    table = table[:, None] if table.ndim == 1 else table
    names = [f"o{k + 1:02d}" for k in range(table.shape[1])]
    labels = {name: ("respondent", np.asarray(v)) for name, v in along.items()}
    return xr.Dataset({"ratings": (("respondent", "item"), table)} | labels, coords={"item": names})


RATINGS = dataset(CODED, dom=PEOPLE["dom"], sex=PEOPLE["sex"], all=np.full(len(CODED), "all"))
DESIGNS = {
    "independent": Design.from_frame(PEOPLE, weight="w"),
    "strat_cluster": Design.from_frame(PEOPLE, weight="w", strata="h", psu="psu"),
    "strat_cluster_fpc": Design.from_frame(PEOPLE, weight="w", strata="h", psu="psu", fpc="n1"),
    "two_stage": Design.from_frame(
        PEOPLE, weight="w", strata="h", psu="psu", fpc="n1", stages=[("id", "n2")]
    ),
}


@pytest.mark.parametrize("name", DESIGNS)
def test_domain_means_and_design_effects_of_r(name):
    expected = ORACLE["results"][name]
    by = scores(RATINGS, DESIGNS[name], by="dom").sel(statistic="mean", item="o01")
    assert_allclose(by.estimate, expected["domain"], rtol=EXACT)
    assert_allclose(by.se**2, np.diag(expected["domain_cov"]), rtol=EXACT)
    whole = scores(RATINGS, DESIGNS[name], by="all").isel(all=0, item=0)
    assert_allclose(whole.estimate, expected["mean"], rtol=EXACT)
    assert_allclose(whole.se**2, np.diag(expected["cov"]), rtol=EXACT)
    assert_allclose(whole.deff, expected["deff_replace"], rtol=EXACT)
    assert whole.df == expected["df"]


def big():
    rng = np.random.default_rng(5)
    codes = rng.choice(
        [-2, -1, 0, 1, 2, 3, 4, 5], size=(300, 4), p=[0.05, 0.05, 0.1, 0.05, 0.05, 0.1, 0.2, 0.4]
    )
    psu = np.sort(rng.integers(0, 30, 300))
    table = pd.DataFrame(
        {"h": psu // 10, "psu": psu, "sex": rng.choice(["f", "m"], 300), "w": rng.uniform(1, 3, 300)}
    )
    table["age"] = rng.uniform(18, 80, 300)
    return codes, table, dataset(codes, service=rng.choice(["a", "b", "c", "d"], 300))


@pytest.mark.parametrize("denominator", ["rated", "asked"])
@pytest.mark.parametrize("calibrated", [0, 1, 2])
def test_every_cell_is_the_ratio_of_the_linearised_kernel(denominator, calibrated):
    codes, table, ratings = big()
    design = Design.from_frame(table, strata="h", psu="psu", weight="w")
    steps = (
        calibrate({"sex": {"f": 320, "m": 290}, "age": 30000}),
        poststratify("sex", {"f": 300.0, "m": 310.0}),
    )
    if calibrated:
        design = Recipe(steps[:calibrated]).run(table, table["w"]).onto(design)
    names = ("mean", "satisfaction", "top_two_box")
    found = scores(ratings, design, by="service", denominator=denominator, statistics=names)
    for service in "abcd":
        where = (ratings["service"] == service).to_numpy()
        for k in range(4):
            y = codes[:, k]
            asked = (y > 0) | ((y == -2) & (denominator == "asked"))
            top = {
                "mean": (np.where(y > 0, y, 0), y > 0),
                "satisfaction": (y == 5, asked),
                "top_two_box": (y >= 4, asked),
            }
            for name, (above, below) in top.items():
                one = ratio(design, above, below, where=where)
                cell = found.sel(service=service, statistic=name).isel(item=k)
                assert_allclose(cell.estimate, one.estimate[0], rtol=1e-12)
                assert_allclose(cell.se, one.se[0], rtol=1e-9)


@pytest.mark.parametrize("rule", ["certainty", "centered", "average"])
def test_single_psu_rules_reach_the_cells(rule):
    table = pd.DataFrame(ORACLE["lonely"])
    design = Design.from_frame(table, strata="h", psu="psu", weight="w", single_psu=rule)
    found = scores(dataset(table["y"], d=list("uuvvuuu")), design, by="d").sel(d="u", statistic="mean")
    one = mean(design, table["y"], where=np.array(list("uuvvuuu")) == "u")
    assert_allclose(found.se, one.se, rtol=1e-12)


def test_counts_keep_the_kinds_of_missing_apart():
    found = scores(dataset([5, 4, 0, -1, -1, -2, -2, -2], all=["x"] * 8), Design(weight=np.ones(8)), by="all")
    cell = found.isel(all=0, item=0)
    kinds = {name: int(cell[name]) for name in ("n", "raters", "not_asked", "not_applicable", "not_answered")}
    assert kinds == {"n": 5, "raters": 2, "not_asked": 1, "not_applicable": 2, "not_answered": 3}
    assert_allclose(cell.distribution, [0, 0, 0, 0.5, 0.5])
    asked = scores(
        dataset([5, 4, 0, -1, -1, -2, -2, -2], all=["x"] * 8),
        Design(weight=np.ones(8)),
        by="all",
        denominator="asked",
    )
    assert_allclose(asked.estimate.squeeze(), [4.5, 0.2])
    assert (found.attrs["denominator"], asked.attrs["denominator"]) == ("rated", "asked")


def test_domains_without_variance_are_flagged_never_zero():
    codes = [[5], [5], [5], [4], [0], [0], [3], [5], [4], [2]]
    by = ["alike"] * 3 + ["one"] + ["none"] * 2 + ["fine"] * 4
    found = scores(dataset(codes, d=by), Design(weight=np.arange(1.0, 11.0)), by="d").isel(item=0)
    flags = dict(zip(found["d"].values, found.flag.sel(statistic="mean").values, strict=True))
    assert flags == {"alike": "all alike", "one": "one rater", "none": "no raters", "fine": ""}
    assert np.isnan(found.se.sel(d=["alike", "one", "none"])).all()
    assert (found.se.sel(d="fine") > 0).all()
    alike = found.sel(d="alike")
    assert (alike.upper - alike.lower > 0.3 * np.array([1, 0.5])).all()
    assert np.isnan(found.lower.sel(d="none")).all()
    assert np.isnan(found.estimate.sel(d="none")).all()


def test_degrees_of_freedom_do_not_shrink_when_an_item_is_not_rated():
    codes, table, ratings = big()
    design = Design.from_frame(table, strata="h", psu="psu", weight="w")
    sparse = ratings.copy(deep=True)
    sparse["ratings"][:-10, 0] = -2
    assert (scores(sparse, design, by="service").df == scores(ratings, design, by="service").df).all()
    assert codes.shape == (300, 4)


def test_groups_are_domains_of_one_survey_and_not_surveys_of_their_own():
    codes, group, design = (
        np.array([5, 3, 4, 2, 4, 4]),
        np.array(list("aabbbb")),
        Design(psu=[1, 2, 1, 2, 3, 4]),
    )
    found = scores(dataset(codes, d=group), design, by="d").sel(d="a", statistic="mean")
    # by hand, z = (1, -1) / 2 in two of four PSUs: 4/3 (1/4 + 1/4); a survey of its own has 2 (1/4 + 1/4)
    assert_allclose(found.se**2, [2 / 3])
    assert found.df == 3
    # the groups share PSUs, so their means are not independent: there b has z = (1, -3) / 8
    means = mean(design, np.stack([np.where(group == name, codes, np.nan) for name in "ab"], axis=1))
    assert_allclose(means.covariance[0, 1], 4 / 3 * (1 / 2 * 1 / 8 + 1 / 2 * 3 / 8))


def test_crossings_and_several_domains_at_once():
    _, table, ratings = big()
    design = Design.from_frame(table, strata="h", psu="psu", weight="w")
    ratings = ratings.assign(region=("respondent", table["h"].map({0: "x", 1: "y", 2: "z"}).to_numpy()))
    both = scores(ratings, design, by=["service", "region x service"])
    assert list(both) == ["service", "region x service"]
    crossed = both["region x service"]
    assert crossed["region"].values.tolist() == ["x"] * 4 + ["y"] * 4 + ["z"] * 4
    where = ((ratings["region"] == "y") & (ratings["service"] == "c")).to_numpy()
    y = ratings["ratings"].values[:, 2].astype(float)
    one = mean(design, np.where(y > 0, y, np.nan), where=where)
    cell = crossed.sel({"region x service": "y x c", "statistic": "mean", "item": "o03"})
    assert_allclose([cell.estimate, cell.se], [one.estimate[0], one.se[0]], rtol=1e-10)


def test_jackknife_scores_agree_with_the_generic_jackknife():
    codes, table, ratings = big()
    recipe = Recipe((poststratify("sex", {"f": 300.0, "m": 310.0}),))
    plain = jackknife(Design.from_frame(table, strata="h", psu="psu", weight="w"), center="mean")
    for made in (plain, plain.reweighted(recipe, table)):
        found = scores(ratings, made, by="service").sel(service="b", statistic="mean").isel(item=1)
        seen = ((ratings["service"] == "b") & (codes[:, 1] > 0)).to_numpy()

        def mean_of(w, seen=seen):
            return [(w * seen) @ codes[:, 1] / (w * seen).sum()]

        expected = made.covariance(made.estimates(mean_of), mean_of(made.weights))
        assert_allclose(found.se, np.sqrt(expected[0, 0]), rtol=1e-9)
        assert_allclose(found.estimate, mean_of(made.weights)[0])


def test_replicates_that_lose_a_domain_are_flagged():
    ratings = dataset([5, 4, 3, 5, 2, 4], d=["a", "a", "b", "b", "b", "b"])
    made = rao_wu(Design(psu=[1, 2, 3, 4, 5, 6]), replicates=60, rng=1)
    found = scores(ratings, made, by="d").isel(item=0).sel(statistic="mean", d="a")
    assert found.flag == "replicates lost"
    assert found.se > 0


@settings(deadline=None)
@given(st.permutations(range(12)), st.floats(0.01, 100))
def test_order_of_respondents_and_unit_of_weights_do_not_matter(order, scale):
    codes = np.array(
        [[5, 4], [3, 0], [5, 5], [-2, 1], [2, 5], [4, 4], [5, -1], [5, 3], [1, 5], [4, 4], [5, 2], [3, 3]]
    )
    by, w, c = np.array(list("aaabbbaabbab")), np.linspace(1, 3, 12), np.repeat(range(6), 2)
    order = list(order)
    one = scores(dataset(codes, d=by), Design(psu=c, weight=w), by="d")
    other = scores(dataset(codes[order], d=by[order]), Design(psu=c[order], weight=scale * w[order]), by="d")
    xr.testing.assert_allclose(one, other, rtol=1e-8)


@pytest.mark.slow
def test_default_intervals_keep_their_level_in_small_clustered_domains():
    # 40 domains of 5 to 60 in ten PSUs each, PSU effects with rho = 0.1 on a latent normal, 90% or 60% fives
    laws = np.array([[0.005, 0.005, 0.01, 0.08, 0.9], [0.2, 0.05, 0.05, 0.1, 0.6]])
    truth = np.column_stack([laws @ np.arange(1, 6), laws[:, 4]])
    cuts = ndtri(np.cumsum(laws, axis=1)[:, :-1])
    sizes = np.repeat([5, 10, 20, 60], 10)
    domain = np.repeat(np.arange(40), sizes)
    misses = []
    for seed in range(250):
        rng = np.random.default_rng([4, seed])
        psu = domain * 10 + rng.integers(0, 10, domain.size)
        latent = rng.normal(0, 0.1**0.5, (400, 2))[psu] + rng.normal(0, 0.9**0.5, (domain.size, 2))
        codes = 1 + np.column_stack([np.searchsorted(cuts[k], latent[:, k]) for k in range(2)])
        made = scores(dataset(codes, d=domain), Design(psu=psu, strata=domain // 4), by="d")
        inside = (made.lower.values <= truth) & (truth <= made.upper.values)
        misses.append(1 - inside.reshape(4, 10, 2, 2).mean(axis=1))
    error = np.std(misses, axis=0, ddof=1) / np.sqrt(250)
    # no cell of size, law and statistic misses more than 7% beyond 4.9 Monte Carlo errors (false alarm 1e-6)
    assert (np.mean(misses, axis=0) < 0.07 + 4.9 * error).all()


def test_constant_shift_moves_the_mean_and_keeps_the_error():
    codes = np.array([1, 2, 3, 4, 2, 3, 1, 4])
    design = Design(psu=[1, 1, 2, 2, 3, 3, 4, 4])
    one, two = (scores(dataset(c, d=["a"] * 8), design, by="d").squeeze() for c in (codes, codes + 1))
    assert_allclose(two.estimate.sel(statistic="mean"), one.estimate.sel(statistic="mean") + 1)
    assert_allclose(two.se.sel(statistic="mean"), one.se.sel(statistic="mean"))


def test_items_and_intervals_can_be_chosen():
    _, table, ratings = big()
    design = Design.from_frame(table, strata="h", psu="psu", weight="w")
    found = scores(ratings, design, by="service", items=["o03", "o01"], interval="wald")
    assert found["item"].values.tolist() == ["o03", "o01"]
    cell = found.isel(service=0, item=0).sel(statistic="mean")
    assert_allclose(cell.upper - cell.lower, 2 * 2.0518 * cell.se, rtol=1e-4)
    assert "lower" not in scores(ratings, design, by="service", interval=None)


@pytest.mark.parametrize(
    ("ratings", "given_as", "message"),
    [
        (
            dataset([5, 6], d=["a", "a"]),
            {},
            r"got 6 of respondent 1 \(from 0\) at item 'o01', 1 entries are not; recode",
        ),
        (dataset([5, -3], d=["a", "a"]), {}, "ratings must be codes -2..5, got -3 of respondent 1"),
        (
            dataset([5, 4], d=["a", None]),
            {},
            r"'d' has 1 missing labels, the first is nan at respondent 1 \(from 0\)",
        ),
        (dataset([5, 4], d=["a", "a"]), {"by": []}, r"by must name a variable .* got \[\]"),
        (dataset([5, 4], d=["a", "a"]), {"by": "e"}, "by must name a variable along respondent, got 'e'"),
        (dataset([5, 4], d=["a", "a"]), {"items": ["o09"]}, "'o09' is not"),
        (dataset([5, 4, 3], d=["a"] * 3), {}, "design must have the ratings' 3 respondents, got 2"),
        (dataset([5, 4], d=["a", "a"]), {"denominator": "all"}, "denominator must be 'rated' or 'asked'"),
        (dataset([5, 4], d=["a", "a"]), {"statistics": ["median"]}, "statistic must be one of"),
        (dataset([5, 4], d=["a", "a"]), {"interval": {"mean": "wald"}}, "'satisfaction' has none"),
        (dataset([5, 4], d=["a", "a"]), {"interval": "bootstrap_t"}, "needs replicates of every cell"),
        (dataset([5, 4], d=["a", "a"]), {"statistics": []}, "statistics must name at least one"),
        (dataset([5, 4], d=["a", "a"]), {"items": []}, "items must be one or more, .* got none"),
        (dataset([5, 4], d=["a", "a"]), {"items": ["o01", "o01"]}, "items must be .* got 'o01' twice"),
        (dataset([5, 4], d=["a", "a"]), {"level": 95, "interval": None}, "level must be between .* got 95"),
        (xr.Dataset({"ratings": ("respondent", [5, 4])}), {}, r"over \(respondent, item\)"),
    ],
)
def test_refusals(ratings, given_as, message):
    with pytest.raises(ValueError, match=message):
        scores(ratings, Design(weight=[1.0, 1.0]), **({"by": "d"} | given_as))


@pytest.mark.parametrize(
    ("argument", "given_as", "message"),
    [
        ("items", "o01", r"items must be a list of names, .* write \['o01'\]"),
        ("statistics", "mean", r"statistics must be a list of names, .* write \['mean'\]"),
        ("design", None, "design must be a Design or Replicates of it, got NoneType"),
    ],
)
def test_the_wrong_kind_of_argument_is_named(argument, given_as, message):
    options = {"design": Design(weight=[1.0, 1.0]), "by": "d"} | {argument: given_as}
    with pytest.raises(TypeError, match=message):
        scores(dataset([5, 4], d=["a", "a"]), **options)


@pytest.mark.parametrize("replicated", [False, True])
def test_an_empty_category_is_nan_with_its_flag(replicated):
    ratings = dataset([5, 4, 3, 5, 4, 5], d=list("aaabbb"))
    full = ratings.assign(d=("respondent", pd.Categorical(list("aaabbb"), categories=list("acbd"))))
    design = Design(weight=np.ones(6))
    design = jackknife(design) if replicated else design
    found = scores(full, design, by="d").sel(item="o01", statistic="mean")
    assert found["d"].values.tolist() == list("acbd")
    assert found["flag"].sel(d=["c", "d"]).values.tolist() == ["no raters"] * 2
    assert found[["estimate", "se", "lower", "upper"]].sel(d=["c", "d"]).to_array().isnull().all()
    assert found["n"].values.tolist() == [3, 0, 3, 0]
    xr.testing.assert_allclose(
        found[["estimate", "se", "lower", "upper"]].sel(d=["a", "b"]),
        scores(ratings, design, by="d").sel(item="o01", statistic="mean")[
            ["estimate", "se", "lower", "upper"]
        ],
    )


@pytest.mark.parametrize(
    ("entry", "kind", "message"),
    [
        (
            "five",
            object,
            "got object such as 'five' of respondent 1 (from 0) at item 'o01'; code the missing",
        ),
        ("5", str, "such as '5' of respondent 0 (from 0) at item 'o01'"),
        (4.5, float, "got float64 such as 4.5 of respondent 1 (from 0) at item 'o01'"),
        (np.nan, float, "such as nan of respondent 1"),
        (4.0, float, "got float64, all of them whole: convert them to int8"),
        (True, bool, "got bool such as True"),
    ],
)
def test_text_and_fractions_are_refused_where_they_are(entry, kind, message):
    ratings = dataset([5, 4], d=["a", "a"])
    table = ratings["ratings"].values.astype(kind)
    table[1, 0] = entry
    with pytest.raises(TypeError, match=re.escape(message)):
        scores(ratings.assign(ratings=(("respondent", "item"), table)), Design(weight=[1.0, 1.0]), by="d")


@pytest.mark.parametrize(
    ("by", "error", "message"),
    [
        (3, TypeError, "by must be a name, such as 'service', or a list of names, got 3"),
        (["dom", 3], TypeError, "by must be a name"),
        (np.array(["dom", "d"]), TypeError, "by must be a name"),
        ([], ValueError, r"by must name a variable along respondent, such as 'service', got \[\]"),
        (
            "n",
            ValueError,
            "by must not name 'n', which is a name in the result; call that variable otherwise",
        ),
        ("sex x score", ValueError, "by must not name 'score'"),
        ("lists", TypeError, "by variable 'lists' must have texts or numbers for labels"),
    ],
)
def test_what_names_no_domains_is_refused(by, error, message):
    lists = np.empty(len(CODED), dtype=object)
    lists[:] = [[1]] * len(CODED)
    extra = {name: ("respondent", np.full(len(CODED), "a")) for name in ("n", "score")}
    table = RATINGS.assign(extra | {"lists": ("respondent", lists)})
    with pytest.raises(error, match=message):
        scores(table, DESIGNS["independent"], by=by)


def test_every_name_of_a_result_is_refused_as_a_domain():
    found = scores(RATINGS, DESIGNS["independent"], by="sex")
    named = {str(name) for name in found.variables} - {"sex", "item"}
    assert named <= TAKEN


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"level": "0.95"}, "level must be a number between 0 and 1, got '0.95'"),
        ({"interval": ["wald"]}, r"interval must be a kind, .* got \['wald'\]"),
    ],
)
def test_options_of_a_wrong_type_are_named(changed, message):
    with pytest.raises(TypeError, match=message):
        scores(RATINGS, DESIGNS["independent"], by="sex", **changed)


def test_labels_of_a_crossing_that_read_alike_are_refused():
    table = dataset([5, 4, 3, 5], a=["p x q", "p", "p x q", "p"], b=["r", "q x r", "r", "q x r"])
    with pytest.raises(
        ValueError, match="labels of 'a x b' must differ when joined, 'p x q x r' comes twice"
    ):
        scores(table, Design(weight=np.ones(4)), by="a x b")
