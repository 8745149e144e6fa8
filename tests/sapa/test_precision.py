import re

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import norm
from scipy.stats import t as student

from sapa import precision_2020, synthetic_2020
from sapa.microdata.placement import placement_2020
from sapa.precision import ThinRule, thin_channels
from sapa.precision.scenarios import more_raters, scenario
from sapa.published import table
from sapa.scheme_2020 import items_of, questionnaire, service_channels


def stand_in(rho=0.5, seed=1):
    """Respondents in the shape of the survey with made-up answers: s17 has one online, feedback is rare."""
    rng = np.random.default_rng(seed)
    channels = pd.DataFrame(service_channels(), columns=["service", "channel"]).groupby("service")["channel"]
    places = placement_2020().stack()
    places = places[places > 0].astype(int)
    service, region = (places.index.get_level_values(k).repeat(places).to_numpy(dtype=str) for k in (0, 1))
    of = channels.agg(list)
    rank = pd.Series(service).groupby(service).cumcount().to_numpy()
    channel = np.array([of[s][k % len(of[s])] for s, k in zip(service, rank, strict=True)])
    channel[(service == "s17") & (rank != 1)] = "office"
    items = questionnaire()
    latent = np.sqrt(rho) * rng.normal(size=(len(service), 1))
    latent = norm.cdf(latent + np.sqrt(1 - rho) * rng.normal(size=(len(service), len(items))))
    codes = (np.searchsorted([0.02, 0.05, 0.1, 0.25], latent) + 1).astype(np.int8)
    feedback = (items["criterion"] == "feedback").to_numpy()
    cell = pd.Series(rank).groupby([service, channel]).rank(method="first").to_numpy()
    codes[np.ix_((cell > 2) & (rng.random(len(cell)) > 0.02), feedback)] = -1
    for name in np.unique(channel):
        codes[np.ix_(channel == name, ~items.index.isin(items_of(name)))] = 0
    people = {"service": service, "region": region, "channel": channel}
    return xr.Dataset(
        {name: ("respondent", values) for name, values in people.items()}
        | {"ratings": (("respondent", "item"), codes)},
        coords={
            "item": items.index.to_numpy(dtype=str),
            "criterion": ("item", items["criterion"].to_numpy(str)),
        },
        attrs={"rho": rho},
    )


@pytest.fixture(scope="module")
def microdata():
    return stand_in()


@pytest.fixture(scope="module")
def found(microdata):
    return precision_2020(microdata, redraw=stand_in)


LEAGUES = (("services", "service", 62), ("agencies", "agency", 24), ("regions", "region", 17))


@pytest.mark.parametrize(("name", "unit", "count"), LEAGUES)
def test_every_unit_has_an_interval_around_its_published_figure(found, name, unit, count):
    frame = getattr(found, name)
    assert frame.groupby("statistic")[unit].nunique().to_dict() == {"mean": count, "satisfaction": count}
    for suffix in ("", "_favourable", "_unfavourable"):
        assert (frame[f"lower{suffix}"] < frame["estimate"]).all()
        assert (frame["estimate"] <= frame[f"upper{suffix}"]).all()
        assert (frame[f"se{suffix}"] > 0).all()
        assert frame[f"rank_low{suffix}"].between(1, frame["rank"]).all()
        assert frame[f"rank_high{suffix}"].between(frame["rank"], count).all()
    mean = frame["statistic"] == "mean"
    assert frame.loc[mean, ["lower", "upper"]].stack().between(1, 5).all()
    assert frame.loc[~mean, ["lower", "upper"]].stack().between(0, 1).all()


def test_ranked_are_the_published_figures(found):
    printed = table("service_ranking_2020").query("service_id != ''").set_index("service_id")
    rows = found.services.set_index("service")
    mean, share = (rows[rows["statistic"] == s]["estimate"] for s in ("mean", "satisfaction"))
    assert (mean == printed["mean_score"]).all()
    np.testing.assert_allclose(share, printed["satisfaction_pct"] / 100)
    assert found.regions.loc[0, ["region", "estimate", "rank"]].tolist() == ["TUR", 4.82, 1]


def test_the_least_kind_assumptions_tell_fewest_services_apart(found):
    told = found.assumptions.set_index("scenario")
    order = ["favourable", "assumed", "unfavourable"]
    assert told.loc[order, "pairs_told_apart"].is_monotonic_decreasing
    assert told.loc[order, "median_half_width"].is_monotonic_increasing
    assert told.loc["unfavourable", ["rho", "deff", "raters"]].tolist() == [0.8, 2.0, 1]
    assert told.loc["favourable", ["rho", "deff", "raters"]].tolist() == [0.2, 1.0, 3]


def test_the_error_left_by_the_deals_is_small_and_shown(found):
    rows = found.services
    assert (rows["se_mc_error"] >= 0).all()
    assert (rows["se_mc_error"] < 0.2 * rows["se"]).all()
    assert rows["se_mc_error"].median() < 0.05 * rows["se"].median()


def test_deals_average_the_covariance(microdata):
    deals = [stand_in(seed=k) for k in (1, 2, 3)]
    options = {"rho": 0.5, "deff": 1.0, "raters": 1, "level": 0.95}
    every = [scenario("x", deal, **options).scores.sel(node="KZ") for deal in deals]
    mean = scenario("x", deals, **options).scores.sel(node="KZ")
    variance = np.mean([one["se"].values ** 2 for one in every], axis=0)
    np.testing.assert_allclose(mean["se"] ** 2, variance, rtol=1e-12)
    np.testing.assert_allclose(mean["covariance"].sel(other="KZ"), variance, rtol=1e-12)
    assert (mean["df"] <= np.max([one["df"].values for one in every], axis=0)).all()


def test_shares_and_thin_units_are_told_under_every_scenario(found):
    assert set(found.shares_by_scenario["scenario"]) == {"assumed", "favourable", "unfavourable"}
    rows = found.services.query("statistic == 'mean'")
    assert rows["thin_favourable"].sum() <= rows["thin"].sum() <= rows["thin_unfavourable"].sum()
    assert found.assumptions.set_index("scenario").at["assumed", "thin"] == rows["thin"].sum()


def test_more_raters_stay_in_their_region_while_there_are_people():
    told = xr.Dataset(
        {
            "ratings": (("respondent", "item"), np.array([[2], [-1], [-1], [4], [-1], [-1]], dtype=np.int8)),
            "service": ("respondent", ["a"] * 6),
            "channel": ("respondent", ["office"] * 6),
            "region": ("respondent", ["r", "q", "r", "q", "q", "q"]),
        },
        coords={"item": ["i1"], "criterion": ("item", ["feedback"])},
    )
    more = more_raters(told, 2)["ratings"].values.ravel().tolist()
    assert more == [2, 4, 2, 4, -1, -1]


def test_services_of_few_people_are_shown_unranked_with_the_reason(found):
    rows = found.services.query("statistic == 'mean'").set_index("service")
    assert rows.loc[["s35", "s41"], "thin"].all()
    assert rows.at["s41", "why_thin"].startswith("8 raters < 30")
    assert not rows.at["s70", "thin"]
    assert rows.at["s70", "why_thin"] == ""


def test_one_persons_channel_lifts_s17_from_4_53_to_4_76_and_to_rank_10(found):
    row = found.thin_channels.set_index(["service", "statistic"]).loc[("s17", "mean")]
    assert row[["channel", "n", "channel_figure"]].tolist() == ["online", 1, 5.0]
    assert row[["published", "printed_rank", "without"]].tolist() == [4.76, 10, 4.53]
    above = table("service_ranking_2020").query("service_id not in ('', 's17')")["mean_score"] > 4.53
    assert row["rank_without"] == 1 + above.sum()
    assert row["rank_without"] > 40
    assert row["weight"] == 0.5


def test_shares_sum_to_one_and_name_every_node(found):
    for frame in (found.criterion_shares, found.channel_shares):
        assert len(frame) == 2 * (62 + 24 + 17 + 1)
        np.testing.assert_allclose(frame.iloc[:, 3:].sum(axis=1), 1)
    shares = found.channel_shares.set_index(["node", "statistic"]).loc[("s17", "mean")]
    assert shares["online"] > 0.9


def test_the_change_flips_at_the_stated_design_effect(found):
    rows = found.change.set_index(["statistic", "scenario"])
    assert rows.loc["mean", "difference"].tolist() == pytest.approx([-0.15] * 3)
    assert rows.loc["mean", "changed"].all()
    assert not rows.loc["satisfaction", "changed"].any()
    assert rows.loc["satisfaction", "caution"].str.contains("satisfaction as computed in 2019").all()
    assert (rows.loc["mean", "caution"] == "").all()
    for (_, _), row in rows.iterrows():
        reach = row["upper"] - row["difference"]
        at_border = reach * np.sqrt(row["flips_at_deff"] / row["deff"])
        assert at_border == pytest.approx(abs(row["difference"]), rel=1e-9)


def test_2019_is_given_the_variance_per_respondent_of_2020(found):
    row = found.change.set_index(["statistic", "scenario"]).loc[("mean", "assumed")]
    se = float(found.country.query("statistic == 'mean'")["se"].iloc[0])
    df = float(found.country.query("statistic == 'mean'")["df"].iloc[0])
    assert row["se"] == pytest.approx(se * np.sqrt(1 + 9181 / 14500))
    assert row["upper"] - row["difference"] == pytest.approx(student.ppf(0.975, df) * row["se"])


def test_more_feedback_raters_change_no_figure_and_narrow_the_intervals(microdata):
    several = more_raters(microdata, 3)
    feedback = (microdata["criterion"] == "feedback").values
    counts = [(data["ratings"].values[:, feedback] > 0).any(axis=1) for data in (microdata, several)]
    assert counts[1].sum() > 2 * counts[0].sum()
    once, thrice = (
        scenario("x", microdata, rho=0.5, deff=1.0, raters=times, level=0.95).scores for times in (1, 3)
    )
    official = once["level"].values != "region"
    np.testing.assert_allclose(thrice["estimate"][official], once["estimate"][official], rtol=1e-12)
    assert float(thrice["se"].sel(node="KZ", statistic="mean")) < float(
        once["se"].sel(node="KZ", statistic="mean")
    )


def test_progress_is_told_and_ends(microdata):
    told = []
    precision_2020(microdata, redraw=stand_in, progress=lambda share, what: told.append((share, what)))
    assert [share for share, _ in told] == sorted(share for share, _ in told)
    assert told[-1][0] == 1.0


def test_notes_state_the_assumptions(found):
    said = " ".join(found.notes)
    for words in ("service x channel x region", "correlation 0.5", "Table 9", "2019", "of those asked"):
        assert words in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho_range": (0.8, 0.2)}, "rho_range must run from the smaller to the larger, got (0.8, 0.2)"),
        ({"deff_range": (2.0, 1.0)}, "deff_range must run from the smaller to the larger"),
        ({"raters_range": (0, 1)}, "raters must be at least 1, got 0"),
    ],
)
def test_assumptions_that_are_none_are_refused(microdata, options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        precision_2020(microdata, redraw=stand_in, **options)


def test_microdata_that_do_not_say_their_rho_are_refused(microdata):
    with pytest.raises(ValueError, match="must say their correlation"):
        precision_2020(microdata.drop_attrs())


def test_a_rule_that_shows_nothing_is_refused(microdata):
    with pytest.raises(ValueError, match="min_raters must be above 0, got 0"):
        ThinRule(min_raters=0)
    with pytest.raises(ValueError, match="at_most must be at least 1, got 0"):
        thin_channels(microdata, at_most=0)


@pytest.mark.slow
def test_the_synthetic_respondents_carry_the_published_scores():
    found = precision_2020(synthetic_2020(rng=1))
    for frame in (found.services, found.agencies, found.country):
        unit = frame["statistic"].map({"mean": 0.01, "satisfaction": 0.001})
        near = (frame["in_microdata"] - frame["estimate"]).abs() <= 1.5 * unit
        assert near.mean() > 0.9
    assert found.assumptions.set_index("scenario").at["assumed", "pairs_told_apart"] < 0.2
