import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sapa
from estimators import Design, Nodes, compose, ranks
from sapa.answers import scheme_of
from sapa.estimation import design_of, draw, official
from tests.sapa.answer_files import BOOK, people, write
from tests.sapa.fuzz_oracle import answers_of, scores_by_hand

PATH = ("service", "channel", "criterion", "item")


@pytest.fixture
def data(tmp_path):
    return sapa.read(write(people(400), tmp_path / "a.csv"), codebook=BOOK)


def made(effects, n=60, seed=0, items=4, channels=("office",)):
    """Answers with services that differ by `effects`."""
    rng = np.random.default_rng(seed)
    service = np.repeat(np.arange(len(effects)), n)
    latent = np.asarray(effects)[service][:, None] + rng.normal(size=(service.size, 1)) * 0.5
    ratings = np.clip(np.round(latent + rng.normal(size=(service.size, items)) * 0.7), 1, 5)
    return xr.Dataset(
        {
            "ratings": (("respondent", "item"), ratings.astype(np.int8)),
            "service": ("respondent", np.char.add("s", service.astype(str))),
            "channel": ("respondent", rng.choice(channels, service.size)),
            "region": ("respondent", rng.choice(["x", "y"], service.size)),
        },
        coords={"item": [f"q{k}" for k in range(items)], "criterion": ("item", list("aabb")[:items])},
    )


@pytest.mark.parametrize("denominator", ["asked", "rated"])
def test_scores_are_unweighted_means_over_what_exists(data, denominator):
    table = sapa.estimate(data, denominator=denominator)
    expected = scores_by_hand(answers_of(data), "service", denominator)
    for service in set(data["service"].values.tolist()):
        own = table[table["service"] == service.replace("\u2215", "/")].set_index("statistic")["estimate"]
        for name in ("mean", "satisfaction"):
            value = expected[service.replace("\u2215", "/"), name]
            assert own[name] == pytest.approx(value, rel=1e-12)


def test_the_country_is_the_mean_of_the_services_and_a_region_that_of_its_services(data):
    services = sapa.estimate(data).query("statistic == 'mean'")["estimate"].mean()
    assert sapa.estimate(data, by="country")["estimate"][0] == pytest.approx(services, rel=1e-12)
    for region in ("Абай", "Ақмола"):
        part = data.isel(respondent=(data["region"] == region).values)
        alone = sapa.estimate(part, by="country")["estimate"][0]
        table = sapa.estimate(data, by="region").query("statistic == 'mean'").set_index("region")
        assert table["estimate"][region] == pytest.approx(alone, rel=1e-12)


def test_the_design_is_what_the_codebook_names(data):
    strata = np.array(["a", "b"])[np.arange(400) % 2]
    psu = np.arange(400) // 4 % 10
    named = data.assign(stratum=("respondent", strata), psu=("respondent", psu.astype(str)))
    wanted = Nodes(scheme_of(data), PATH, ("service",))
    design = Design(strata=strata, psu=psu, weight=data["weight"].values, nest=True)
    expected = compose(data, wanted, design=design)
    np.testing.assert_allclose(official(named)["covariance"], expected["covariance"], rtol=1e-12)
    assert official(named).attrs["design"] == "stratum, psu and weight of the data"
    assert official(data).attrs["design"] == "simple random within service x channel, weight of the data"
    lone = named.assign(stratum=("respondent", np.where(np.arange(400) == 0, "z", strata)))
    with pytest.raises(ValueError, match="1 strata have one unit"):
        sapa.estimate(lone)
    assert len(sapa.estimate(lone, single_psu="centered")) == 6


def test_weights_do_not_change_by_a_factor_and_do_change_the_score(data):
    double = data.assign(weight=data["weight"] * 3)
    pd.testing.assert_frame_equal(sapa.estimate(double), sapa.estimate(data))
    assert not np.allclose(sapa.estimate(data.drop_vars("weight"))["se"], sapa.estimate(data)["se"])


def test_items_have_intervals_of_their_own(data):
    table = sapa.estimate(data, by="item")
    assert set(table["item"]) == {"staff_1", "staff_2", "costs_1"}
    own = data.isel(respondent=(data["service"] == "Лицензия").values)
    codes, weight = own["ratings"].sel(item="costs_1").values, own["weight"].values
    rated = codes > 0
    row = table.query("service == 'Лицензия' and item == 'costs_1' and statistic == 'mean'").iloc[0]
    assert row["estimate"] == pytest.approx(np.average(codes[rated], weights=weight[rated]))
    assert row["raters"] == rated.sum()


def test_ranks_are_those_of_the_joint_estimate():
    data = made([4.0, 3.0, 3.6, 3.55, 2.0])
    table = sapa.rank(data)
    assert table["service"].tolist()[0] == "s0"
    assert table["service"].tolist()[-1] == "s4"
    found = official(data).sel(statistic="mean")
    expected = ranks(found["estimate"].values, found["covariance"].values, df=found["df"].values)
    own = table.set_index("service").loc[found["node"].values]
    for name, other in (("rank", "rank"), ("rank_lower", "lower"), ("rank_upper", "upper")):
        assert own[name].tolist() == expected[other].values.tolist()
    wider = sapa.rank(data, deff=9.0)
    assert (wider["rank_upper"] - wider["rank_lower"]).sum() > (
        table["rank_upper"] - table["rank_lower"]
    ).sum()


@pytest.mark.parametrize("by", ["country", "region", "service", "channel", "criterion", "item"])
def test_a_channel_or_a_survey_in_which_nobody_was_asked_has_no_score(by):
    data = made([4.0, 3.0], channels=("office", "online"))
    online = (data["channel"] == "online").values
    half = data.assign(ratings=data["ratings"].where(~online[:, None], 0).astype(np.int8))
    table = sapa.estimate(half, by=by)
    assert table["estimate"].isna().sum() == (4 if by == "channel" else 8 if by == "criterion" else 0)
    none = sapa.estimate(data.assign(ratings=data["ratings"] * 0), by=by)
    assert none["estimate"].isna().all()


def test_thin_units_are_shown_but_not_ranked():
    data = made([4.0, 3.0, 3.6])
    keep = np.r_[0:60, 60:120, 120:125]
    table = sapa.rank(data.isel(respondent=keep))
    assert table["note"].tolist() == ["", "", "fewer than 10 raters"]
    assert table["rank"].tolist()[:2] == [1, 2]
    assert pd.isna(table["rank"][2])
    assert table["estimate"].notna().all()
    with pytest.raises(ValueError, match="at least two units must be fit to rank, got 0 of 3"):
        sapa.rank(data, min_raters=1000)


def test_change_is_found_where_it_is_and_not_where_it_is_not():
    before, after = made([4.0, 3.0, 3.5], n=400, seed=1), made([4.0, 3.6, 3.5], n=400, seed=2)
    table = sapa.compare(before, after).set_index("service")
    assert table["verdict"].to_dict() == {"s0": "not told apart", "s1": "rose", "s2": "not told apart"}
    back = sapa.compare(after, before).set_index("service")
    np.testing.assert_allclose(back["difference"], -table["difference"])
    assert back["verdict"]["s1"] == "fell"
    assert (table["deff_at_flip"] > 1)["s1"]


def test_units_of_one_round_only_are_named():
    before, after = made([4.0, 3.0]), made([4.0, 3.0, 3.5], seed=1)
    assert sapa.compare(before, after).attrs["not_compared"] == ["s2"]
    with pytest.raises(ValueError, match="at least one unit must have 10 raters"):
        sapa.compare(before, after.assign(service=after["service"].str.replace("s", "t")))


def test_rounds_that_ask_different_items_are_compared_with_a_caution():
    before, after = made([4.0, 3.0]), made([4.0, 3.0], seed=1)
    assert sapa.compare(before, after).attrs["caution"] == ""
    moved = after.assign_coords(criterion=("item", ["a", "b", "b", "b"]))
    assert "q1 in one only or in another" in sapa.compare(before, moved).attrs["caution"]
    fewer = sapa.compare(before, after.isel(item=[0, 1, 2]))
    assert fewer.attrs["caution"].startswith("the rounds do not ask the same: q3 ")


def test_verdicts_are_wrong_no_more_often_than_the_level_says():
    wrong = 0
    for seed in range(60):
        rounds = [made([3.8, 3.2], n=40, seed=2 * seed + k) for k in (0, 1)]
        wrong += (sapa.compare(*rounds, level=0.9)["verdict"] != "not told apart").any()
    assert wrong <= 18  # of 60 at 10%: more has a chance below 1e-5


def test_small_cells_are_blank(data):
    one = data.isel(respondent=slice(40))
    table = sapa.estimate(one, by="criterion", min_cell=10)
    small = table["flag"] == "fewer than 10 raters"
    assert 0 < small.sum() < len(table)
    assert table.loc[small].select_dtypes("number").isna().all(axis=None)
    telling = table["flag"] == "would give another away"
    assert (table.loc[~small & ~telling, "raters"] >= 10).all()
    hidden = sapa.rank(made([4, 3.0, 3.5]), min_cell=61)
    assert hidden.select_dtypes("number").isna().all(axis=None)
    assert set(hidden["note"]) == {"fewer than 61 raters"}
    with pytest.raises(ValueError, match="min_cell must be at least 0, got -1"):
        sapa.estimate(one, min_cell=-1)


def test_no_blank_part_can_be_worked_out_from_the_whole():
    data = made([4.0, 3.0, 3.5], channels=("office", "online"))
    lone = np.flatnonzero((data["service"] == "s1").values & (data["channel"] == "online").values)[3:]
    data = data.isel(respondent=np.setdiff1d(np.arange(180), lone))
    whole = sapa.estimate(data, min_cell=5).query("statistic == 'mean'").set_index("service")["estimate"]
    parts = sapa.estimate(data, by="channel").query("statistic == 'mean'")
    known = parts.set_index(["service", "channel"])["estimate"]
    assert 2 * whole["s1"] - known["s1", "office"] == pytest.approx(known["s1", "online"])  # it would be
    hidden = sapa.estimate(data, by="channel", min_cell=5).query("statistic == 'mean'").set_index("service")
    assert hidden["estimate"].isna().groupby("service").sum().to_dict() == {"s0": 0, "s1": 2, "s2": 0}
    assert hidden.loc["s1", "flag"].tolist() == ["would give another away", "fewer than 5 raters"]
    few = sapa.estimate(data.isel(respondent=np.r_[0:60, 60:64, 100:120]), by="service", min_cell=5)
    assert few["estimate"].isna().groupby(few["service"]).all().sum() == 2


def test_no_blank_service_can_be_worked_out_from_its_channels():
    data = made([4.0, 3.0, 3.5], channels=("office", "online"))
    thin = np.flatnonzero((data["service"] == "s2").values)[2:]
    data = data.isel(respondent=np.setdiff1d(np.arange(180), thin))

    def shown(by, min_cell):
        table = sapa.estimate(data, by=by, min_cell=min_cell).query("statistic == 'mean'")
        return table.set_index([name for name in ("service", "channel", "criterion") if name in table])

    whole = shown("service", 5)
    assert whole["flag"].tolist() == ["would give another away", "", "fewer than 5 raters"]
    known = shown("channel", 0)["estimate"]
    country = sapa.estimate(data, by="country").query("statistic == 'mean'")["estimate"].item()
    by_hand = 3 * country - whole.loc["s1", "estimate"] - known["s0"].mean()
    assert by_hand == pytest.approx(known["s2"].mean())  # so s0 must not be had from its channels
    parts = shown("channel", 5)
    assert parts["estimate"].isna().groupby("service").sum().to_dict() == {"s0": 1, "s1": 0, "s2": 2}
    inside = shown("criterion", 5)
    (blank,) = parts.loc["s0"].index[parts.loc["s0", "estimate"].isna()]
    assert inside.loc[("s0", blank), "estimate"].isna().sum() == 1
    ranked = sapa.rank(data, by="channel", min_cell=5, min_raters=2, min_df=1)
    assert ranked.loc[ranked["estimate"].isna(), ["service", "channel"]].values.tolist() == [
        ["s0", blank],
        ["s2", "office"],
        ["s2", "online"],
    ]
    items = sapa.estimate(data, by="item", min_cell=5).query("statistic == 'mean'")
    assert set(items.loc[items["estimate"].isna(), "service"]) == {"s0", "s2"}


def test_the_order_of_a_ranking_does_not_tell_what_is_blank():
    data = made([3.0, 4.6, 3.8, 4.2])
    thin = np.isin(data["service"], ["s1", "s3"])
    kept = np.flatnonzero(~thin | (np.arange(thin.size) % 20 == 0))
    table = sapa.rank(data.isel(respondent=kept), min_cell=5, min_raters=2, min_df=1)
    assert table["service"].tolist() == ["s2", "s0", "s1", "s3"]
    assert table["estimate"].isna().tolist() == [False, False, True, True]


def test_every_unit_has_the_degrees_of_freedom_of_its_own():
    data = made([4.0, 3.0, 3.6])
    table = sapa.rank(data.isel(respondent=np.r_[0:60, 60:75, 120:180]), min_raters=5, min_df=2)
    assert table["df"].nunique() > 1
    assert table.attrs["df"] == "each unit's own"
    assert sapa.rank(data, df=7.0).attrs["df"] == 7.0


def test_the_degrees_of_freedom_of_a_change_are_between_those_of_the_rounds():
    before, after = made([4.0, 3.0]), made([4.0, 3.0], n=30, seed=1)
    used = sapa.compare(before, after)["df"].to_numpy()
    own = [official(d).sel(statistic="mean")["df"].values for d in (before, after)]
    assert (np.minimum(*own) < used).all()
    assert (used < own[0] + own[1]).all()
    variance = [official(d).sel(statistic="mean")["se"].values[0] ** 2 for d in (before, after)]
    by_hand = sum(variance) ** 2 / sum(v**2 / df[0] for v, df in zip(variance, own, strict=True))
    assert used[0] == pytest.approx(by_hand)
    assert (sapa.compare(before, after, df=np.inf)["df"] == np.inf).all()


def test_items_have_no_design_effect_to_ignore(data):
    with pytest.raises(ValueError, match=r"deff must be 1 for items, got 2: .* name strata and PSUs"):
        sapa.estimate(data, by="item", deff=2.0)


@pytest.mark.parametrize(
    "scored",
    [
        sapa.estimate,
        sapa.rank,
        lambda data: sapa.estimate(data, by="item"),
        lambda data: sapa.compare(data, data),
    ],
)
def test_what_is_assumed_is_said_with_every_table(scored, data):
    told = scored(data).attrs
    assert told["design"] == "simple random within service x channel, weight of the data"
    assert told["inference"].startswith("design-based: selection is taken for a probability sample's, none")
    assert (told["level"], told["denominator"]) == (0.95, "asked")
    assert "rows_dropped" not in told
    assert scored(data.assign_attrs(rows_dropped=3)).attrs["rows_dropped"] in ("3", "3 and 3")


def test_ratings_all_alike_have_an_interval_that_is_not_a_point():
    data = made([4.0, 3.0])
    alike = data.assign(ratings=data["ratings"] * 0 + 5)
    table = sapa.estimate(alike).query("statistic == 'mean'")
    assert (table["estimate"] == 5).all()
    assert (table["lower"] < 4.9).all()
    assert (table["se"] > 0).all()


def test_a_unit_without_a_standard_error_is_shown_but_not_ranked():
    data = made([4.0, 3.0, 3.5], items=2)
    codes = data["ratings"].values.copy()
    codes[:60] = np.tile([[5, 4], [4, 5]], (30, 1))  # everyone moves the score of s0 alike
    table = sapa.rank(
        data.assign(ratings=(("respondent", "item"), codes)).assign_coords(criterion=("item", ["a", "a"]))
    )
    assert table["note"].tolist() == ["", "", "no standard error"]
    assert (table["service"][2], table["estimate"][2]) == ("s0", 4.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda d: official(d, by="item"), r"by must be one of .*estimate\(by='item'\) scores items"),
        (lambda d: sapa.rank(d, statistic="median"), r"statistic must be one of .*got 'median'"),
        (lambda d: draw(d, kind="pie"), r"kind must be one of .*got 'pie'"),
        (lambda d: scheme_of(d.drop_vars("criterion")), "data must have 'criterion'"),
    ],
)
def test_unknown_words_are_refused(call, message, data):
    with pytest.raises(ValueError, match=message):
        call(data)


@pytest.mark.parametrize("kind", ["scores", "ranks"])
@pytest.mark.parametrize("language", ["en", "kk", "ru"])
def test_figures_have_a_row_for_every_unit(kind, language):
    axes = draw(made([4.0, 3.0, 3.6]), kind=kind, language=language, statistic="satisfaction")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["s0", "s2", "s1"]
    plt.close("all")


def test_the_design_without_names_is_a_sample_within_service_and_channel():
    data = made([4.0, 3.0], channels=("office", "online"))
    assert design_of(data).df == 120 - 4


def test_estimates_that_only_rounding_splits_share_a_rank(monkeypatch):
    data = made([4.0, 3.0, 3.5])
    found = official(data)
    found["estimate"].loc[{"node": "s1"}] = found["estimate"].sel(node="s0") * (1 - 2e-16)
    assert float(found["estimate"].sel(node="s1")[0]) < float(found["estimate"].sel(node="s0")[0])
    monkeypatch.setattr("sapa.estimation.tables.official", lambda *args, **kwargs: found)
    table = sapa.rank(data)
    assert table["rank"].tolist() == [1, 1, 3]
