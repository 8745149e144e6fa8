from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimators import Nodes, compose
from sapa import MicrodataReport, microdata_report, synthetic_2020
from sapa.microdata.counts import solve
from sapa.microdata.least_misses import least_misses
from sapa.microdata.report import _reason
from sapa.published import table
from sapa.scheme_2020 import scheme_2020


@pytest.fixture(scope="module")
def report() -> MicrodataReport:
    return microdata_report(synthetic_2020(rng=1))


def met(report: MicrodataReport, level: str, statistic: str) -> tuple[int, int]:
    row = report.summary.set_index(["level", "statistic"]).loc[(level, statistic)]
    return int(row["met"]), int(row["printed"])


def test_all_62_rows_of_table_8_print(report: MicrodataReport) -> None:
    assert report.table8_exact == len(report.table8) == 62
    ranking = table("service_ranking_2020").set_index("service_id")
    printed = ranking.loc[report.table8["service"]]
    assert (report.table8["mean_computed"].to_numpy() - printed["mean_score"].to_numpy()).round(
        9
    ).max() < 0.005
    assert met(report, "service", "mean") == met(report, "service", "satisfaction") == (62, 62)


def test_the_official_composite_gives_the_same_scores(report: MicrodataReport) -> None:
    nodes = Nodes(scheme_2020(), ("service", "channel", "criterion", "item"), ("service",))
    scores = compose(synthetic_2020(rng=1), nodes).estimate.sel(node=report.table8["service"].tolist())
    for statistic in ("mean", "satisfaction"):
        mine = report.table8[f"{statistic}_computed"].to_numpy()
        assert scores.sel(statistic=statistic).to_numpy() == pytest.approx(mine, abs=1e-12)


def test_country_prints(report: MicrodataReport) -> None:
    means = report.table8[["mean_computed", "satisfaction_computed"]].mean()
    assert round(means["mean_computed"], 2) == 4.58
    assert round(100 * means["satisfaction_computed"], 1) == 75.1


def test_all_channels_print(report: MicrodataReport) -> None:
    assert met(report, "channel", "mean") == met(report, "channel", "satisfaction") == (106, 106)


def test_s49_follows_tables_2_and_3_item_by_item(report: MicrodataReport) -> None:
    assert met(report, "item", "mean") == met(report, "item", "satisfaction") == (43, 43)


def test_most_criteria_print_and_every_miss_is_listed_with_a_reason(report: MicrodataReport) -> None:
    for row in report.summary.itertuples():
        listed = report.misses.query("level == @row.level and statistic == @row.statistic")
        assert len(listed) == row.printed - row.met
        assert row.met <= row.met_or_from_rounded_items
    assert report.misses["reason"].str.len().min() > 0
    # half a unit or more, as a miss must be
    unit = report.misses["statistic"].map({"mean": 0.005, "satisfaction": 0.0005})
    assert (report.misses["difference"].abs() >= unit - 1e-8).all()
    means, shares = met(report, "criterion", "mean"), met(report, "criterion", "satisfaction")
    assert means == (779, 785)
    assert shares == (696, 783)


def test_no_counts_miss_fewer_criteria(report: MicrodataReport) -> None:
    """The integer programme bounds the misses of every service that gave a criterion up; they meet it."""
    misses = report.misses.query("level == 'criterion'")
    number = misses.groupby("service").size()
    given_up = misses[misses["reason"].str.startswith("given up")]["service"].unique()
    assert len(given_up) > 0
    for service in given_up:
        assert least_misses(service) == number[service]


@pytest.mark.slow
def test_no_counts_miss_fewer_criteria_of_any_service(report: MicrodataReport) -> None:
    number = report.misses.query("level == 'criterion'").groupby("service").size()
    for service in report.table8["service"]:
        if service != "s49":  # it follows Tables 2-3 item by item
            assert least_misses(service) == number.get(service, 0)


def test_criteria_that_no_counts_print_are_so_by_enumeration(report: MicrodataReport) -> None:
    """Satisfactions blamed on counts lie strictly between two neighbouring numbers of fives."""
    misses = report.misses.query("level == 'criterion' and statistic == 'satisfaction'")
    blamed = misses[misses["reason"].str.startswith("no whole counts")]
    assert len(blamed) > 50
    for row in blamed.itertuples():
        counts = next(
            c
            for c in solve(row.service).counts
            if (c.channel, c.cell.criterion) == (row.channel, row.criterion)
        )
        top = counts.cell.asked * len(counts.cell.items)
        assert not any(abs(f / top - row.printed) < 0.0005 - 1e-9 for f in range(top + 1))


def test_misses_blamed_on_counts_cannot_be_met(report: MicrodataReport) -> None:
    """s41 has 8 people: no 32 ratings give procedure 93.7%."""
    miss = report.misses.query("service == 's41' and criterion == 'procedure'").iloc[0]
    assert "no whole counts on the 8 people" in miss["reason"]
    assert not any(round(100 * fives / 32 + 1e-9, 1) == 93.7 for fives in range(33))


def test_regional_misses_name_the_impossible_pairs(report: MicrodataReport) -> None:
    regional = report.misses.query("level == 'region'")
    impossible = regional[regional["reason"].str.startswith("impossible")]
    assert set(zip(impossible["service"], impossible["region"], strict=True)) == {
        ("s55", "SKO"),
        ("s67", "SKO"),
    }
    local = regional.query("service != 's62'")
    assert len(local) == len(impossible)  # all else prints
    for row in local.itertuples():
        both = report.regions.set_index("service").loc[row.service]
        assert row.statistic == "mean"
        assert round((round(row.computed, 2) - row.printed) / 0.01) == both["error"] == both["least_error"]
    hits = sum(met(report, "region", statistic)[0] for statistic in ("mean", "satisfaction"))
    assert hits == 571
    assert len(regional) == 617 - hits
    items = regional.query("service == 's62'")
    assert items["reason"].str.startswith("no placement of these counts and people").all()


def test_regional_misses_that_a_bound_proves_are_told_from_those_not_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = pd.Series({"level": "region", "service": "s50", "region": "SKO"})
    monkeypatch.setattr("sapa.microdata.report.least_by_region", lambda _: {"SKO": 3})
    assert (
        _reason(row, set()) == "no placement of these counts prints the pair: 3 units are missed at the least"
    )
    monkeypatch.setattr("sapa.microdata.report.least_by_region", lambda _: {"SKO": 0})
    assert _reason(row, set()).startswith("not found with these counts")
    assert _reason(row, {("s50", "SKO")}).startswith("impossible")


def test_the_page_tells_how_many_regional_figures_print(report: MicrodataReport) -> None:
    page = (Path(__file__).parents[2] / "docs" / "microdata.md").read_text(encoding="utf-8")
    means, shares = ("{} of {}".format(*met(report, "region", s)) for s in ("mean", "satisfaction"))
    assert f"| local services by region (with s62's items) | {means} | {shares} |" in page


def test_splits_add_up_and_respect_the_printed_share(report: MicrodataReport) -> None:
    splits = report.splits
    size = table("services").set_index("service_id")["n_table1"]
    total = splits.groupby("service")["n"].sum()
    assert (total == size.loc[total.index]).all()
    bound = splits.query("channel == 'online' and printed_online_percent != '' and splits_allowed > 0")
    share = 100 * bound["n"] / size.loc[bound["service"]].to_numpy()
    digits = bound["printed_online_percent"].str.partition(".")[2].str.len()
    printed = pd.to_numeric(bound["printed_online_percent"])
    assert ((share - printed).abs() <= 0.5 / 10.0**digits + 1e-9).all()


def test_criteria_of_s26_fit_80_online_people_not_80_percent(report: MicrodataReport) -> None:
    rows = report.splits.query("service == 's26'")
    assert rows["n_without_share"].tolist() == [67, 80]
    assert rows["attained_without_share"].iloc[0] == rows["judged"].iloc[0] == 13
    assert rows["attained"].iloc[0] < 8


def test_users_are_at_least_the_printed_complaints(report: MicrodataReport) -> None:
    feedback = report.users.query("criterion == 'feedback'")
    assert (feedback["asked"] >= feedback["printed_complaints"]).all()
    assert (report.users["asked"] <= report.users["respondents"]).all()
    assistant = report.users.query("criterion == 'staff_or_assistant'")
    assert abs(np.average(assistant["asked"] / assistant["respondents"]) - 4 / 11) < 0.05


def test_assumptions_are_named(report: MicrodataReport) -> None:
    assert {"region x service", "channel split", "feedback", "rho"} <= set(report.assumptions["what"])
