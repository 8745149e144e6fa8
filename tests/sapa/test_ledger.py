"""The ledger of 2020 against answers counted independently, and against its own rules."""

import csv
from collections import Counter
from dataclasses import replace
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from sapa.ledger import agreement, feedback_in_zones, ledger, summary, verdicts
from sapa.ledger.figures import book, figures
from sapa.ledger.judge import derivations
from sapa.ledger.tables import COLUMNS, STATUSES

PAIR = {"mean_score", "satisfaction_pct"}

# Columns that hold figures of the report, listed by hand; a merged cell is named with the columns it spans.
SCORES = "mean_score satisfaction_pct"
CHANGES = "change_2019_2020_mean change_2019_2020_satisfaction_pp"
EXAMPLE = "mean_score criterion_mean satisfaction_pct criterion_satisfaction"
PRINTED = {
    "services": "n_table1",
    "regions": "n_respondents share_pct kazakh_language_pct russian_language_pct",
    "yearly": f"{SCORES} sample_size n_services scale_points",
    "providers": SCORES,
    "corporation_13": SCORES,
    "service_ranking_2020": f"rank {SCORES}",
    "agency_ranking_2020": f"rank {SCORES}",
    "agency_history": SCORES,
    "agency_history_printed": f"row_number {CHANGES} avg_4yr_mean avg_4yr_satisfaction_pct",
    "local_ranking_history": SCORES,
    "local_history_printed": f"rank {CHANGES} avg_5yr_mean avg_5yr_satisfaction_pct",
    "region_ranking_2020": f"rank {SCORES}",
    "corporation_services": f"rank {SCORES}",
    "portal_services": f"rank {SCORES}",
    "appendix_a": f"rank {SCORES}",
    "appendix_b": f"rank {SCORES}",
    "criteria": SCORES,
    "criteria_totals": SCORES,
    "provider_by_service": SCORES,
    "local_service_by_region": SCORES,
    "ambulance_by_region": "rank call_speed dispatcher_politeness crew_competence crew_speed "
    "crew_politeness region_mean",
    "ambulance_waiting": "n pct",
    "callcentre": SCORES,
    "service_sections": "n_section male_pct female_pct age_18_21_pct age_22_29_pct age_30_39_pct "
    "age_40_49_pct age_50_59_pct age_60_plus_pct online_share_pct office_share_pct individuals_pct "
    "legal_entities_pct sole_proprietors_pct kazakh_language_pct russian_language_pct complaint_pct "
    "internet_home_pct call_centre_contact_pct mean_2019 sat_2019 mean_2018 sat_2018 mean_2017 sat_2017",
    "scoring_example_office": EXAMPLE,
    "scoring_example_portal": EXAMPLE,
    "demographics": "pct",
    "population_2020": "population",
}
ONCE = {
    "criteria_totals": (
        ("service_id",),
        "overall_mean_printed overall_satisfaction_printed headline_mean headline_satisfaction headline_rank",
    ),
    "callcentre": (("service_id", "call_centre"), "centre_mean_printed centre_satisfaction_printed"),
}


def rows_of(name: str) -> list[dict[str, str]]:
    text = files("sapa.published").joinpath("data", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@pytest.fixture(scope="module")
def plain() -> pd.DataFrame:
    return ledger()


@pytest.fixture(scope="module")
def overlaid() -> pd.DataFrame:
    return ledger(corrections=True)


def test_every_printed_figure_has_one_row(plain: pd.DataFrame) -> None:
    count = 0
    for name, columns in PRINTED.items():
        count += sum(row[c] not in ("", "total") for row in rows_of(name) for c in columns.split())
    for name, (keys, columns) in ONCE.items():
        first = {tuple(row[k] for k in keys): row for row in rows_of(name)}
        count += sum(row[c] != "" for row in first.values() for c in columns.split())
    figures_of_articles = [row for row in rows_of("misc_facts") if row["kind"] not in ("date", "year", "law")]
    assert len(figures_of_articles) == 34
    count += len(figures_of_articles)
    assert count == 6186
    assert tuple(plain.columns) == COLUMNS
    assert len(plain) == count
    assert not plain.duplicated(["table", "row", "statistic"]).any()
    assert set(plain["status"]) <= set(STATUSES)
    table = summary(plain)
    assert table.loc["all", list(STATUSES)].sum() == table.loc["all", "figures"] == count


def test_status_is_what_the_numbers_say(plain: pd.DataFrame, overlaid: pd.DataFrame) -> None:
    for frame in (plain, overlaid):
        within = frame["difference"].abs() <= frame["allowed"]
        assert within[frame["status"] == "reproduced"].all()
        assert not within[frame["status"] == "contradicted"].any()
        unknown = frame["status"].isin(["input", "not_derivable"])
        assert frame.loc[unknown, "computed"].isna().all()
        assert frame.loc[~unknown, ["computed", "allowed", "rule"]].notna().all(axis=None)
        printed = pd.to_numeric(frame["printed"])
        known = frame.loc[~unknown]
        assert (printed[known.index] - known["computed"]).to_numpy() == pytest.approx(known["difference"])


def test_no_figure_is_proved_by_itself() -> None:
    graph = {key: {item.key for item in d.inputs} for key, d in derivations(book()).items()}
    assert len(list(TopologicalSorter(graph).static_order())) > 5000


def channel_verdicts() -> list:
    return [
        v
        for v in verdicts()
        if v.figure.table == "criteria_totals" and len(v.figure.row) == 2 and v.figure.statistic in PAIR
    ]


def test_channel_figures_201_of_210_follow_and_191_as_they_stand() -> None:
    found = channel_verdicts()
    assert len(found) == 210
    assert sum(v.status == "reproduced" for v in found) == 201
    assert sum(v.derivation.holds_as_printed(v.figure) for v in found) == 191
    assert {(*v.figure.row, v.figure.statistic) for v in found if v.status == "contradicted"} == {
        ("s24", "online", "mean_score"),
        ("s27", "online", "mean_score"),
        ("s48", "online", "mean_score"),
        ("s63", "online", "mean_score"),
        ("s54", "office", "satisfaction_pct"),
        ("s54", "online", "mean_score"),
        ("s54", "online", "satisfaction_pct"),
        ("s58", "office", "satisfaction_pct"),
        ("s59", "office", "mean_score"),
    }


def test_two_channel_services_43_of_43(plain: pd.DataFrame) -> None:
    totals = plain[plain["table"] == "Channels and services"]
    channels = Counter(row.split()[0] for row in totals.loc[totals["statistic"] == "mean_score", "row"])
    two = {service for service, n in channels.items() if n == 2}
    own = totals[totals["statistic"].str.startswith("overall_") & totals["row"].isin(two)]
    assert len(two) == 43
    assert len(own) == 86
    assert (own["status"] == "reproduced").all()


def test_country_is_the_mean_of_62_services(plain: pd.DataFrame) -> None:
    total = plain[(plain["table"] == "Table 8") & (plain["row"] == "total")].set_index("statistic")
    assert total["computed"].to_dict() == pytest.approx(
        {"mean_score": 4.5754838709677, "satisfaction_pct": 75.0596774193548}
    )
    assert (total["status"] == "reproduced").all()
    assert total["rule"].str.contains("62 services").all()


@pytest.mark.parametrize("table", ["Appendix A", "Table 9"])
def test_agencies_24_of_24(plain: pd.DataFrame, table: str) -> None:
    rows = plain[(plain["table"] == table)]
    assert rows["row"].nunique() == 24
    assert (rows["status"] == "reproduced").all()


def test_regions_14_of_17_means(plain: pd.DataFrame) -> None:
    means = plain[(plain["table"] == "Table 12") & (plain["statistic"] == "mean_score")].set_index("row")
    assert len(means) == 17
    assert set(means.index[means["status"] == "contradicted"]) == {"ALM", "KZY", "MAN"}
    assert (means["status"] == "reproduced").sum() == 14


def test_zone_totals_seven_of_eight(plain: pd.DataFrame) -> None:
    zones = plain[plain["rule"].str.startswith("mean of the zone's items, shared") & (plain["row"] != "s49")]
    assert len(zones) == 8
    wrong = zones[zones["status"] == "contradicted"]
    assert wrong[["table", "statistic", "printed"]].values.tolist() == [
        ["Table 3", "satisfaction_pct", "78.4"]
    ]
    assert wrong["computed"].item() == pytest.approx(79.2)


def test_table_7_follows_but_for_local_and_central_bodies(plain: pd.DataFrame) -> None:
    rows = plain[plain["table"] == "Table 7"]
    assert set(rows.loc[rows["status"] == "contradicted", "row"]) == {"local_bodies", "central_bodies"}
    assert (rows.loc[~rows["row"].str.endswith("_bodies"), "status"] == "reproduced").all()


def test_section_s01_and_table_14_disagree(plain: pd.DataFrame) -> None:
    wrong = plain[plain["table"].isin(["Table 14", "Table 15"]) & (plain["status"] == "contradicted")]
    assert wrong[["row", "printed", "computed"]].values.tolist() == [["manager s01", "74.6", 75.0]]


def test_changes_and_means_of_years_all_follow(plain: pd.DataFrame) -> None:
    rows = plain[plain["statistic"].str.startswith(("change_", "avg_"))]
    assert Counter(rows["statistic"].str.split("_").str[0]) == {"change": 43 + 34, "avg": 42 + 34}
    assert (rows["status"] == "reproduced").all()


def test_every_order_follows(plain: pd.DataFrame) -> None:
    ranks = plain[plain["statistic"].isin(["rank", "headline_rank", "row_number"])]
    assert len(ranks) == 62 + 62 + 24 + 24 + 17 + 17 + 41 + 56 + 24 + 17 + 15
    assert (ranks["status"] == "reproduced").all()


def test_own_table_heading_and_table_8_print_the_same_but_for_s12_s33_and_s59() -> None:
    ranking = {row["service_id"]: row for row in rows_of("service_ranking_2020")}
    for row in rows_of("criteria_totals"):
        service = row["service_id"]
        own = [float(row[f"overall_{w}_printed"] or "nan") for w in ("mean", "satisfaction")]
        heading = [float(row[f"headline_{w}"]) for w in ("mean", "satisfaction")]
        listed = [float(ranking[service][s]) for s in ("mean_score", "satisfaction_pct")]
        assert (own == listed) == (service not in {"s12", "s59"})
        assert (heading == listed) == (service != "s33")


def test_overlay_is_off_by_default_and_only_rescues(plain: pd.DataFrame, overlaid: pd.DataFrame) -> None:
    assert "reproduced_after_correction" not in set(plain["status"])
    assert (plain["printed"] == overlaid["printed"]).all()
    moved = plain["status"] != overlaid["status"]
    assert (plain.loc[moved, "status"] == "contradicted").all()
    after = overlaid[moved].groupby("status")["row"].agg(list)
    assert Counter(after["reproduced_after_correction"]) == Counter(
        ["s59", "s59", "s24 online", "s27 online", "s48 online", "s59 office", "s63 online", "s33"]
    )
    assert after["not_derivable"] == ["s54 office", "s54 online", "s54 online", "s58 office"]
    for row, note in overlaid.loc[moved, ["row", "note"]].values:
        assert f"{row.replace(' ', '/')}/" in note


def test_a_changed_digit_is_noticed() -> None:
    key = ("criteria", ("s02", "online", "access"), "mean_score")
    cells = book()[key[0]][key[1]]
    changed = {**cells, key[2]: replace(cells[key[2]], value=cells[key[2]].value + 1)}
    pages = {**book(), "criteria": {**book()["criteria"], key[1]: changed}}
    before, after = derivations(book()), derivations(pages)
    broken = {
        f.key for f in figures(book()) if f.key in before and before[f.key].holds(f) > after[f.key].holds(f)
    }
    assert broken == {("criteria_totals", ("s02", "online"), "mean_score")}


def test_agreement_counts_add_up(plain: pd.DataFrame) -> None:
    counts = agreement()
    assert (counts["as_printed"] <= counts["follow"]).all()
    assert (counts["follow"] <= counts["recomputed"]).all()
    assert counts.loc["all", "follow"] == (plain["status"] == "reproduced").sum()
    assert counts.loc["all", "recomputed"] == plain["computed"].notna().sum()


def test_sexes_of_the_sections_contradict_the_country(plain: pd.DataFrame) -> None:
    sex = plain[(plain["table"] == "Section 1.2") & plain["row"].str.startswith("sex")]
    women = sum(float(r["female_pct"]) * int(r["n_section"]) for r in rows_of("service_sections")) / 9179
    assert sex["computed"].to_list() == pytest.approx([women, 100 - women], abs=1e-3)
    assert (sex["status"] == "contradicted").all()
    assert sex["note"].str.contains("exchanged in s24").all()


def test_documented_counts_are_the_ledger_s(plain: pd.DataFrame) -> None:
    text = (Path(__file__).parents[2] / "docs" / "ledger.md").read_text(encoding="utf-8")
    assert f"({len(plain):,} of them" in text
    regions = plain[(plain["table"] == "Table 12") & (plain["statistic"] == "satisfaction_pct")]
    assert f"so {(regions['status'] == 'not_derivable').sum()} of {len(regions)} satisfaction figures" in text
    zones = feedback_in_zones().loc["state_body"]
    assert round(zones["with_feedback"] / zones["without_feedback"]) == 5
    assert f"over {zones['services']:.0f} services" in text
