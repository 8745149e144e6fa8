import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from estimators import ranks, tiers
from estimators.tiers import cliques

ORACLE = json.loads((Path(__file__).parent / "oracle" / "ranks.json").read_text())


def shares(member: np.ndarray) -> np.ndarray:
    return member.astype(int) @ member.T.astype(int) > 0


@given(st.integers(1, 12), st.floats(0, 1), st.integers(0, 1_000))
def test_units_share_a_group_if_and_only_if_they_do_not_differ(size, share, seed):
    upper = np.triu(np.random.default_rng(seed).random((size, size)) < share, 1)
    different = upper | upper.T
    member = cliques(different)
    assert np.array_equal(shares(member), ~different)
    for left_out in range(member.shape[1]):  # no group can be spared
        assert not np.array_equal(shares(np.delete(member, left_out, axis=1)), ~different)
    first = member.argmax(axis=0)
    assert np.all(np.diff(first) >= 0)


@pytest.mark.parametrize("case", ORACLE["letters"], ids=lambda c: str(len(c["significant"])))
def test_as_many_letters_as_insert_and_absorb_needs_at_most(case):
    different = np.zeros((8, 8), dtype=bool)
    for a, b in case["significant"]:
        i, j = ord(a) - ord("A"), ord(b) - ord("A")
        different[i, j] = different[j, i] = True
    theirs = np.array(case["matrix"])
    assert np.array_equal(shares(theirs), ~different)
    member = cliques(different)
    assert np.array_equal(shares(member), ~different)
    assert member.shape[1] <= theirs.shape[1]


def test_tiers_show_the_orderings_of_the_simultaneous_rank_sets():
    rng = np.random.default_rng(4)
    values, se = rng.normal(0, 0.2, 40), rng.uniform(0.03, 0.12, 40)
    found, table = tiers(values, se), ranks(values, se)
    assert np.array_equal(shares(found["member"].values), ~found["different"].values)
    separated = (table["lower"] - 1) + (40 - table["upper"])
    assert np.array_equal(found["different"].sum("unit_other"), separated)
    letters = found["letters"].values
    for i, j in ((0, 1), (5, 20), (30, 39)):
        assert bool(set(letters[i]) & set(letters[j])) == (not found["different"].values[i, j])
    assert "a" in letters[np.argmax(values)]


def test_the_best_has_the_first_letter_whichever_end_is_best():
    values, se = [1.0, 2.0, 3.0], [0.1, 0.1, 0.1]
    assert tiers(values, se)["letters"].values.tolist() == ["c", "b", "a"]
    assert tiers(values, se, best="low")["letters"].values.tolist() == ["a", "b", "c"]


def test_more_units_than_letters_get_numbered_letters():
    letters = tiers(np.arange(60.0), np.full(60, 0.01))["letters"].values
    assert len(set(letters)) == 60
    assert letters[0] == "h2"


def test_one_unit_and_all_tied():
    assert tiers([4.5], [0.1])["letters"].values.tolist() == ["a"]
    assert tiers([4.5, 4.5, 4.5], [0.1, 0.2, 0.3])["letters"].values.tolist() == ["a"] * 3


def test_a_lopsided_relation_is_refused():
    with pytest.raises(ValueError, match="symmetric with a False diagonal"):
        cliques(np.array([[False, True], [False, False]]))
