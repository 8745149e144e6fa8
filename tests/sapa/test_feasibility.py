import doctest
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sapa.feasibility import COLUMNS, _prints, channel_sizes, feasibility, write_feasibility


@pytest.fixture(scope="module")
def pairs():
    return feasibility()


def counts(pairs, table):
    return pairs.query("table == @table")["verdict"].value_counts().to_dict()


def test_known_answers(pairs):
    assert counts(pairs, "local_service_by_region") == {"feasible": 225, "above": 44, "below": 2}
    assert counts(pairs, "criteria") == {"feasible": 710, "above": 74, "below": 1, "no_ratings": 2}
    agencies = pairs.query("table == 'agency_history' and year == 2019")
    assert agencies["verdict"].value_counts().to_dict() == {"above": 16, "feasible": 6}


def test_what_no_denominators_give(pairs):
    impossible = pairs.query("impossible == 'yes'")
    assert set(impossible["row"]) == {"s55/SKO", "s67/SKO", "s25/online/result"}
    assert impossible["rate_low"].isna().all()
    assert (impossible["verdict"] == "below").all()


def test_pairs_on_or_beyond_the_upper_bound_as_printed(pairs):
    rated = pairs.query("table == 'criteria' and mean_score > 0")
    assert len(rated) == 785
    at_bound = np.rint(100 * rated["mean_score"]) * 10 >= 4000 + np.rint(10 * rated["satisfaction_pct"])
    assert at_bound.sum() == 151
    assert (at_bound & (rated["satisfaction_pct"] == 100)).sum() == 37


def test_every_printed_pair_is_there_once(pairs):
    assert not pairs.duplicated(["table", "row", "pair"]).any()
    assert list(pairs.columns) == list(COLUMNS)
    assert set(pairs["verdict"]) == {"feasible", "above", "below", "no_ratings", "off_scale"}
    unrated = pairs["verdict"].isin(["no_ratings", "off_scale"])
    assert pairs.loc[unrated, ["rate_low", "rate_high"]].isna().all(axis=None)
    saved = pairs.query("verdict == 'above'")
    assert (saved["rate_high"] < 1).all()
    assert (saved["rate_low"] <= saved["rate_high"]).all()


def test_the_office_example_item_by_item(pairs):
    rows = pairs.query("table == 'scoring_example_office' and items == 1").set_index("row")
    assert (rows["attainable"] == "yes").all()
    informal = rows.loc["22/No informal costs (connections, bribe)"]
    assert (informal["n_low"], informal["raters_low"], informal["raters_high"]) == (93, 84, 85)


def test_figures_that_are_no_share_of_the_printed_n(pairs):
    verdict = pairs.query("table == 'criteria'").set_index("row")["attainable"]
    # the four whose correction rests on this logic
    for row in ("s06/office/result", "s06/online/result", "s03/online/result", "s07/online/terms"):
        assert verdict[row] == "no"
    assert verdict["s25/online/result"] == "no"
    # no five among at most 101 people, and yet a mean above four
    assert verdict["s27/online/feedback"] == "no"
    assert (
        verdict["s06/office/information"] == "no"
    )  # one person: five ratings of 3.67 on average, two of them fives
    assert verdict.value_counts().to_dict() == {"yes": 761, "no": 24, "": 2}


def test_unequal_raters_that_print_a_criterion(pairs):
    """Seven criteria need them; the counts of one are checked by hand: 10 asked, 45 fives, 4.95 and 90.0%."""
    verdict = pairs.query("table == 'criteria'").set_index("row")["attainable"]
    for row in ("s02/office/access", "s02/office/information", "s14/office/procedure", "s20/office/access"):
        assert verdict[row] == "yes"
    raters, fives, total = np.array([[7, 6, 34], [10, 9, 49], *[[10, 10, 50]] * 3]).T
    assert (total <= 5 * fives + 4 * (raters - fives)).all()
    assert round((total / raters).mean(), 2) == 4.95
    assert fives.sum() / 50 == 0.9
    # one person, five items, one five: the mean is at most (5 + 4 x 4) / 5
    assert not _prints(4.9, 0.2, 1, 5)


def test_the_report_averages_rounded_items(pairs):
    several = pairs.query("table == 'criteria' and items > 1 and mean_score > 0")
    assert len(several) == 620
    impossible = {0.0005: 0, 0.001: 0}
    for row in several.itertuples():
        ratings = np.outer(np.arange(row.n_low, row.n_high + 1), np.arange(1, row.items + 1))
        for half in impossible:
            low, high = (ratings * (row.satisfaction_pct / 100 + side) for side in (-half, half))
            impossible[half] += not (np.ceil(low - 1e-8) <= np.floor(high + 1e-8)).any()
    assert impossible == {0.0005: 38, 0.001: 8}


def test_averages_of_criteria_and_above_are_not_judged_by_n(pairs):
    composite = pairs[pairs["items"].isna()]
    assert (composite["attainable"] == "").all()
    assert (pairs.query("table == 'service_ranking_2020' and row == 's49'")["n_low"] == 104).all()


def test_channel_sizes_keep_the_section_total():
    sizes = channel_sizes()
    assert tuple(sizes.loc[("s49", "office"), :]) == (93, 93)
    assert tuple(sizes.loc[("s11", "online"), :]) == (82, 83)  # office printed 34 %, no decimal
    assert tuple(sizes.loc[("s14", "online"), :]) == (3, 3)  # of the section's 9, not Table 1's 11
    assert tuple(sizes.loc[("s17", "online"), :]) == (1, 1)
    assert (sizes["n_low"] >= 1).all()
    assert (sizes["n_low"] <= sizes["n_high"]).all()


def test_the_file(tmp_path, pairs):
    path = write_feasibility(tmp_path)
    back = pd.read_csv(path)
    assert path.name == "feasibility.csv"
    assert list(back.columns) == list(COLUMNS)
    assert len(back) == len(pairs)


def test_the_page_on_published_summaries_says_what_the_code_does(pairs):
    page = Path(__file__).parents[2] / "docs" / "published_summaries.md"
    found = doctest.testfile(str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    assert found.attempted > 5
    assert found.failed == 0
    assert f"every printed pair ({len(pairs):,})" in page.read_text(encoding="utf-8")
    costs = pairs.query("table == 'criteria' and verdict == 'above'")["row"].str.endswith("costs")
    assert costs.sum() == 43
    rated = pairs.query("table == 'criteria' and mean_score > 0")
    gap = np.rint(1000 * (rated["mean_score"] - 4) - 10 * rated["satisfaction_pct"])
    assert ((gap > 11) | ((rated["satisfaction_pct"] == 100) & (gap > 10))).sum() == 67
