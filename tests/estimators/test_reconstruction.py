import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimators import reconstruct


def _all_vectors(asked):
    grid = np.array(list(itertools.product(range(asked + 1), repeat=5)))
    return grid[(grid.sum(1) >= 1) & (grid.sum(1) <= asked)]


EVERY = {asked: _all_vectors(asked) for asked in (1, 2, 5, 9)}


def _brute(asked, mean, share, sd, denominator, rate=(0.0, 1.0)):
    rows = EVERY[asked]
    r = rows.sum(1)
    average = rows @ np.arange(1, 6) / r
    squares = rows @ np.arange(1, 6) ** 2
    spread = np.sqrt(np.maximum(squares - r * average**2, 0) / np.maximum(r - 1, 1))
    keep = (np.abs(average - mean) <= 0.05 + 1e-9) & (r >= rate[0] * asked) & (r <= rate[1] * asked)
    if share is not None:
        base = asked if denominator == "asked" else r
        keep &= np.abs(rows[:, 4] / base - share) <= 0.05 + 1e-9
    if sd is not None:
        keep &= np.abs(spread - sd) <= 0.05 + 1e-9
    return sorted(map(tuple, rows[keep].tolist()))


@settings(max_examples=80, deadline=None)
@given(
    asked=st.sampled_from(sorted(EVERY)),
    mean=st.integers(10, 50),
    share=st.none() | st.integers(0, 10),
    sd=st.none() | st.integers(0, 22),
    denominator=st.sampled_from(["asked", "rated"]),
)
def test_against_all_count_vectors(asked, mean, share, sd, denominator):
    mean, share, sd = mean / 10, None if share is None else share / 10, None if sd is None else sd / 10
    digits = {"mean_digits": 1, "share_digits": 1, "sd_digits": 1}
    found = reconstruct(mean, share, asked, sd=sd, rating_rate=(0, 1), denominator=denominator, **digits)
    wanted = _brute(asked, mean, share, sd, denominator)
    assert found.count == len(wanted)
    assert sorted(map(tuple, found.table().tolist())) == wanted


def test_raters_of_the_pair():
    found = reconstruct(4.4, 0.6, 9, mean_digits=1, share_digits=1, rating_rate=(0.0, 1.0))
    wanted = _brute(9, 4.4, 0.6, None, "asked")
    assert found.raters.tolist() == sorted({sum(row) for row in wanted})
    only = reconstruct(4.4, 0.6, 9, rating_rate=1.0, mean_digits=1, share_digits=1)
    assert sorted(map(tuple, only.table().tolist())) == _brute(9, 4.4, 0.6, None, "asked", (1, 1))


def test_the_count_by_formula_is_the_length_of_the_stream():
    found = reconstruct(4.5, 0.7, 60, mean_digits=1, rating_rate=(0.0, 1.0))
    assert found.count > 1_000
    seen = 0
    for block in found.blocks(100):
        assert len(block) <= 100 + 30
        total = block @ np.arange(1, 6)
        assert (np.abs(total / block.sum(1) - 4.5) <= 0.05 + 1e-9).all()
        assert (block >= 0).all()
        assert (block[:, 4] == 42).all()
        seen += len(block)
    assert seen == found.count


def test_blocks_never_repeat_a_vector():
    found = reconstruct(4.5, 0.7, 40, rating_rate=(0.0, 1.0))
    table = found.table()
    assert len(np.unique(table, axis=0)) == len(table) == found.count


def test_closure_example():
    found = reconstruct(2.7, None, 100, sd=1.9, rating_rate=1.0, mean_digits=1, sd_digits=1)
    assert found.count == 2256
    assert found.table().sum(0).tolist() == [116060, 9908, 7160, 9912, 82560]


def test_office_item_of_table_two():
    found = reconstruct(4.96, 0.892, 93, rating_rate=(0.0, 1.0))
    assert found.raters.tolist() == [84, 85]
    assert found.table().tolist() == [[0, 1, 0, 0, 83], [0, 0, 1, 1, 83]]


def test_nothing_prints_so():
    found = reconstruct(4.33, 0.6, 20, rating_rate=1.0)
    assert found.count == 0
    assert found.raters.size == 0
    assert found.table().shape == (0, 5)
    assert list(found.blocks()) == []


def test_too_many_are_counted_but_not_listed():
    found = reconstruct(4.58, 0.751, 1000, rating_rate=(0.0, 1.0))
    assert found.count > 2_000_000
    with pytest.raises(ValueError, match=r"count must be at most 2000000 to list, got \d+: stream"):
        found.table()
    assert len(next(found.blocks(500))) >= 500


def test_cells_are_not_mixed():
    with pytest.raises(ValueError, match=r"mean must be one number, got .*: call once for each"):
        reconstruct([4.5, 4.6], 0.5, 10)


def test_a_negative_sd_is_refused():
    with pytest.raises(ValueError, match="sd must lie in"):
        reconstruct(4.5, 0.5, 10, sd=-0.1)
