import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators import Design, Stage, mean


def test_default_is_one_stratum_of_single_respondents():
    design = Design(weight=[1.0, 2.0, 3.0])
    assert (design.n, design.n_psu, design.df) == (3, 3, 2)


def test_frame_and_arrays_make_the_same_design():
    table = pd.DataFrame(
        {"h": ["a", "a", "b", "b"], "c": [1, 2, 3, 4], "w": [1.0, 2.0, 3.0, 4.0], "y": [1.0, 2, 3, 5]}
    )
    by_name = Design.from_frame(table, strata="h", psu="c", weight="w")
    by_array = Design(strata=table["h"], psu=table["c"], weight=table["w"])
    assert mean(by_name, table["y"]).se[0] == mean(by_array, table["y"]).se[0]


def test_labels_that_repeat_across_strata_need_nest():
    with pytest.raises(ValueError, match=r"psu must lie in one stratum: 2 labels.*pass nest=True"):
        Design(strata=["a", "a", "b", "b"], psu=[1, 2, 1, 2])
    assert Design(strata=["a", "a", "b", "b"], psu=[1, 2, 1, 2], nest=True).n_psu == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs at least one of strata, psu and weight"),
        ({"weight": [0.0, 0.0]}, "weight must be positive and finite, 2 of 2"),
        (
            {"weight": [1.0, np.nan]},
            r"1 of 2 are not, the first is nan at respondent 1 \(from 0\); drop or mend",
        ),
        ({"weight": [1.0, -1.0]}, "the first is -1.0 at respondent 1"),
        ({"weight": [1.0, np.inf]}, "weight must be positive"),
        ({"weight": [1.0], "strata": ["a", "b"]}, r"one common length, got \[1, 2\]"),
        ({"strata": ["a", None]}, "strata has 1 missing labels, the first is None at respondent 1"),
        ({"psu": [1.0, np.nan]}, "psu has 1 missing labels"),
        ({"strata": ["a", "a", "b"]}, "1 strata have one unit, 'b' among them"),
        ({"weight": [1.0, 1.0], "single_psu": "adjust"}, "single_psu must be one of error, certainty"),
        (
            {"weight": [1.0, 1.0], "fpc": [1, 1]},
            "fpc must be at least the number of units drawn, got 1 for 2",
        ),
        ({"weight": [1.0, 1.0], "fpc": [0.5, 0.5]}, "not a fraction"),
        ({"weight": [1.0, 1.0], "fpc": [4, 5]}, "fpc must be one number per stratum"),
        ({"weight": [1.0, 1.0], "fpc": [4, np.nan]}, "fpc has 1 missing numbers; leave fpc out"),
        ({"weight": [1.0, 1.0], "fpc": 10}, "must each be one entry per respondent"),
        ({"weight": [1.0, 1.0], "selection": ["snowball", None]}, "selection has 1 missing labels"),
        ({"weight": [1.0, 1.0], "stages": [Stage([1, 2], [3, 3])]}, "stages need fpc"),
        ({"psu": [1, 2], "fpc": [4, 4], "stages": [Stage([1], [3])]}, "stages must have 2 units"),
        ({"weight": []}, "at least one respondent, got none"),
        (
            {"psu": [1, 2], "fpc": [4, 4], "stages": [Stage([1, 2], [3, 3], strata=["a"])]},
            r"stages must have 2 strata, got shape \(1,\)",
        ),
        (
            {"psu": ["p", "p", "q"], "fpc": [4] * 3, "stages": [Stage([1, 2, 3], [1, 1, 3])]},
            "got 1 for 2 in stratum 'p'",
        ),
        ({"strata": ["a", "b"], "single_psu": "average"}, "'average' needs strata with two PSUs"),
    ],
)
def test_refusals(arguments, message):
    with pytest.raises(ValueError, match=message):
        Design(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"weight": ["2.5", "1"]},
            r"weight must be numbers, the first is '2.5' at respondent 0 \(from 0\); mend",
        ),
        ({"weight": np.array(["2.5", "1"])}, "the first is '2.5' at respondent 0"),
        ({"weight": pd.Series([1.0, "1"])}, "the first is '1' at respondent 1"),
        ({"weight": pd.Series(["2", "1"], dtype="string")}, "weight must be numbers"),
        ({"weight": pd.to_datetime(["2020-01-01", "2020-01-02"])}, "weight must be numbers"),
        ({"weight": [1.0, 1.0], "fpc": ["9", "9"]}, "fpc must be numbers, the first is '9'"),
        ({"weight": [1.0, 1.0], "nest": "no"}, "nest must be True or False, got 'no'"),
        ({"psu": [1, 2], "fpc": [4, 4], "stages": Stage([1, 2], [3, 3])}, "stages must be a list of Stage"),
        ({"psu": [1, 2], "fpc": [4, 4], "stages": [("u", [3, 3])]}, "stages must be a list of Stage"),
    ],
)
def test_arguments_of_a_wrong_type_are_named(arguments, message):
    with pytest.raises(TypeError, match=message):
        Design(**arguments)


def test_numbers_of_any_numeric_type_are_weights():
    kept = [2.5, 1.0]
    for weight in (
        kept,
        pd.array(kept, dtype="Float64"),
        pd.Series(kept, dtype=object),
        pd.Categorical(kept),
    ):
        assert Design(weight=weight).weights.tolist() == kept
    with pytest.raises(ValueError, match="1 of 2 are not, the first is nan at respondent 1"):
        Design(weight=pd.array([2, None], dtype="Int64"))


def test_what_is_masked_is_missing():
    with pytest.raises(ValueError, match="1 of 2 are not, the first is nan at respondent 0"):
        Design(weight=np.ma.masked_array([1.0, 2.0], mask=[True, False]))
    with pytest.raises(ValueError, match="strata has 1 missing labels, the first is None at respondent 1"):
        Design(strata=np.ma.masked_array([1, 1, 1], mask=[False, True, False]))
    values = np.ma.masked_array([5.0, 1.0], mask=[False, True])
    assert mean(Design(weight=[1.0, 1.0]), values).estimate.tolist() == [5.0]


def test_a_missing_label_in_a_list_of_texts_is_missing():
    with pytest.raises(ValueError, match="strata has 1 missing labels, the first is nan at respondent 1"):
        Design(strata=["a", np.nan, "a"])
    assert Design(psu=[1, "1"]).n_psu == 2


def test_labels_that_are_lists_and_tables_that_are_none():
    lists = np.empty(2, dtype=object)
    lists[:] = [[1], [2]]
    with pytest.raises(TypeError, match="psu must have texts or numbers for labels"):
        Design(psu=lists)
    with pytest.raises(TypeError, match="frame must be a DataFrame, got dict"):
        Design.from_frame({"w": [1.0]}, weight="w")
    with pytest.raises(TypeError, match=r"stages must be pairs of columns \(unit, fpc\), got \('u', 'f'\)"):
        Design.from_frame(pd.DataFrame({"u": [1], "f": [2]}), fpc="f", stages=("u", "f"))


def test_missing_column_is_named():
    with pytest.raises(ValueError, match="frame has no column 'region'; it has w"):
        Design.from_frame(pd.DataFrame({"w": [1.0]}), strata="region")


def test_census_has_no_variance_and_needs_no_second_psu():
    design = Design(strata=["a", "a", "b"], fpc=[2, 2, 1])
    assert mean(design, [1.0, 5.0, 3.0]).se[0] == 0


def test_a_later_stage_with_one_unit_follows_the_rule():
    stage = Stage([1, 2, 3], [3, 3, 3])
    with pytest.raises(ValueError, match="strata have one unit"):
        Design(psu=[1, 1, 2], fpc=[5, 5, 5], stages=[stage])
    assert Design(psu=[1, 1, 2], fpc=[5, 5, 5], stages=[stage], single_psu="certainty").n_psu == 2


@settings(deadline=None)
@given(st.permutations(range(8)), st.floats(0.1, 100))
def test_order_of_respondents_and_unit_of_weights_do_not_matter(order, scale):
    h = np.repeat(["a", "b"], 4)
    c = np.repeat(range(4), 2)
    w = np.arange(1.0, 9.0)
    y = np.array([1.0, 5, 3, 4, 4, 2, 5, 5])
    order = list(order)
    one = mean(Design(strata=h, psu=c, weight=w), y)
    other = mean(Design(strata=h[order], psu=c[order], weight=scale * w[order]), y[order])
    np.testing.assert_allclose(one.se, other.se, rtol=1e-10)


def test_text_for_weights_names_the_argument():
    with pytest.raises(TypeError, match="weight must be numbers, the first is 'a' at respondent"):
        Design(weight=["a", "1"])


def test_a_switch_from_numpy_is_taken():
    nested = Design(strata=[1, 1, 2, 2], psu=[1, 2, 1, 2], nest=np.array([True])[0])
    assert nested.df == 2
