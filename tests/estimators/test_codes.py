import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators.codes import compact, factor

LABELS = st.lists(st.text(max_size=6), min_size=1, max_size=30)


@settings(deadline=None)
@given(LABELS)
def test_factor_of_any_text_is_that_of_unique(labels):
    array = np.array(labels)
    codes, levels = factor(array)
    found, place = np.unique(array, return_inverse=True)
    assert levels.tolist() == found.tolist()
    assert codes.tolist() == place.tolist()


def test_long_texts_numbers_and_objects_take_the_other_way():
    for array in (
        np.array(["a" * 40, "b" * 40, "a" * 40]),
        np.array([7, 3, 7]),
        np.array(["y", "x", "y"], dtype=object),
    ):
        codes, levels = factor(array)
        assert levels[codes].tolist() == array.tolist()
        assert sorted(levels.tolist()) == levels.tolist()


def test_missing_labels_are_marked():
    codes, _ = factor(np.array(["a", None, "b"], dtype=object))
    assert codes.tolist() == [0, -1, 1]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=50))
def test_compact_is_unique_however_wide(keys):
    array = np.array(keys)
    found, place = np.unique(array, return_inverse=True)
    for bound in (array.max() + 1, 10**9):
        one, other = compact(array, int(bound))
        assert one.tolist() == found.tolist()
        assert other.tolist() == place.tolist()
