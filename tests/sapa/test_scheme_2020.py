import numpy as np
import pytest

from estimators import aggregate, averaging_matrix
from sapa.published import load, table
from sapa.scheme_2020 import items_of, questionnaire, regional_scheme_2020, scheme_2020, service_channels


def test_levels_and_sizes():
    scheme = scheme_2020()
    assert [level.name for level in scheme.levels] == [
        "item", "criterion", "channel", "service", "agency", "country", "zone", "provider",
    ]  # fmt: skip
    assert [len(level.nodes) for level in scheme.levels[2:6]] == [106, 62, 24, 1]
    assert sum(service == "s59" for service, _ in service_channels()) == 2


def test_agencies_are_those_of_appendix_a():
    assert set(scheme_2020().level("agency").nodes) == set(table("appendix_a").agency_id)


def test_regional_scheme_has_the_pairs_of_the_regional_tables():
    scheme = regional_scheme_2020()
    assert len(scheme.level("service").nodes) == len(table("local_service_by_region")) == 271
    assert set(scheme.level("region").nodes) == set(table("region_ranking_2020").region_id)


def test_questionnaire_agrees_with_the_criteria_tables():
    """Every criterion that a service's table prints has items in the list of its channel."""
    criterion = questionnaire()["criterion"]
    for row in table("criteria").itertuples():
        assert row.criterion in set(criterion[list(items_of(row.channel))])


def test_criteria_of_table_2_follow_from_its_items():
    """METHODS 3.1: blank items are dropped; every printed criterion of Table 2 reproduces."""
    printed = table("scoring_example_office").query("criterion != ''")
    leaves = [
        f"s49/office/{c}/o{int(k):02d}" for c, k in zip(printed.criterion, printed.item_no, strict=True)
    ]
    scheme = scheme_2020()
    values = np.full(len(scheme.leaves), np.nan)
    values[[scheme.leaves.index(leaf) for leaf in leaves]] = printed.mean_score
    criteria = dict(
        zip(scheme.level("criterion").nodes, aggregate(scheme, values, level="criterion"), strict=True)
    )
    for row in printed.dropna(subset="criterion_mean").itertuples():
        allowed = 0.005 + 0.005  # half a unit of the printed figure, and of its inputs
        assert criteria[f"s49/office/{row.criterion}"] == pytest.approx(row.criterion_mean, abs=allowed)


def test_zones_of_tables_2_and_3_follow_from_their_items():
    """METHODS 3.6: common items count in both zones; seven of the eight printed figures follow."""
    scheme = scheme_2020()
    criteria = questionnaire()["criterion"]
    follow = []
    for name, channel, letter in (
        ("scoring_example_office", "office", "o"),
        ("scoring_example_portal", "online", "p"),
    ):
        printed = table(name)
        items = printed[printed["criterion"] != ""]
        total = printed[
            printed["zone"].isin(["provider_office", "state_body", "portal"]) & (printed["criterion"] == "")
        ]
        for statistic, unit in (("mean_score", 0.01), ("satisfaction_pct", 0.1)):
            values = np.full(len(scheme.leaves), np.nan)
            for number, figure in zip(items["item_no"], items[statistic], strict=True):
                item = f"{letter}{int(number):02d}"
                values[scheme.leaves.index(f"s49/{channel}/{criteria[item]}/{item}")] = figure
            zones = dict(
                zip(scheme.level("zone").nodes, aggregate(scheme, values, level="zone"), strict=True)
            )
            for row in total.itertuples():
                computed, shown = zones[f"s49/{channel}/{row.zone}"], getattr(row, statistic)
                follow.append(bool(abs(computed - shown) <= unit + 1e-9))
    assert len(follow) == 8
    assert sum(follow) == 7


def test_country_is_the_mean_of_services_not_of_respondents():
    """METHODS 3.4: 4.5755 and 75.06 from Table 8; the respondent-weighted mean would be 4.623."""
    scores = load("service_ranking_2020").drop_sel(service="total")
    assert float(scores.mean_score.mean()) == pytest.approx(4.5755, abs=5e-5)
    assert float(scores.satisfaction_pct.mean()) == pytest.approx(75.06, abs=5e-3)
    n = load("services").n_table1.sel(service=scores.service)
    assert float((n * scores.mean_score).sum() / n.sum()) == pytest.approx(4.623, abs=5e-4)


def test_one_complainers_item_weighs_one_part_in_32():
    """METHODS 4, on the real questionnaire of a two-channel service."""
    scheme = scheme_2020()
    matrix = averaging_matrix(scheme, np.ones(len(scheme.leaves), dtype=bool), level="service")
    service = scheme.level("service").nodes.index("s17")
    weights = dict(zip(scheme.leaves, matrix[[service]].toarray().ravel(), strict=True))
    assert weights["s17/office/feedback/o23"] == pytest.approx(1 / 32)
    assert sum(weights.values()) == pytest.approx(1)


def test_unknown_channel_is_refused():
    with pytest.raises(ValueError, match="channel must be one of"):
        items_of("pigeon")
