import itertools

import numpy as np
import pytest

from estimators import attainable
from estimators.attainability import count_cells, expand


def vectors(asked):
    """All count vectors (n1..n5) of 1..asked raters."""
    grid = np.array(list(itertools.product(range(asked + 1), repeat=5)))
    return grid[(grid.sum(1) >= 1) & (grid.sum(1) <= asked)]


def _prints(value, figure, unit):
    return np.abs(value - figure) <= unit / 2 + 1e-9


@pytest.mark.parametrize("denominator", ["asked", "rated"])
@pytest.mark.parametrize("asked", [1, 3, 7])
def test_verdict_and_raters_against_all_count_vectors(asked, denominator):
    every = vectors(asked)
    raters = every.sum(1)
    mean = every @ np.arange(1, 6) / raters
    share = every[:, 4] / (asked if denominator == "asked" else raters)
    figures = [(m, p) for m in np.round(np.arange(1, 5.001, 0.03), 2) for p in np.arange(0, 1001, 37) / 1000]
    figures += [(round(m, 2), round(p, 3)) for m, p in zip(mean[::17], share[::17], strict=True)]
    m, p = np.array(figures).T
    verdict = attainable(m, p, asked, rating_rate=(0.0, 1.0), denominator=denominator)
    for at, (one_mean, one_share) in enumerate(figures):
        fits = _prints(mean, one_mean, 0.01) & _prints(share, one_share, 0.001)
        found = np.unique(raters[fits])
        assert verdict.attainable[at] == bool(found.size)
        assert verdict.raters_count[at] == found.size
        if found.size:
            assert (verdict.raters_low[at], verdict.raters_high[at]) == (found[0], found[-1])


def test_cells_are_exactly_those_of_all_count_vectors():
    asked = 8
    every = vectors(asked)
    raters, total = every.sum(1), every @ np.arange(1, 6)
    for mean, share in [(4.3, 0.6), (4.5, 0.5), (3.0, 0.1), (5.0, 0.9)]:
        fits = _prints(total / raters, mean, 0.1) & _prints(every[:, 4] / asked, share, 0.1)
        wanted = {tuple(row) for row in np.stack([raters, every[:, 4], total], 1)[fits].tolist()}
        cells = count_cells(mean, share, asked, rating_rate=(0.0, 1.0), mean_digits=1, share_digits=1)
        found = list(zip(cells.raters.tolist(), cells.fives.tolist(), cells.total.tolist(), strict=True))
        assert set(found) == wanted
        assert len(found) == len(wanted)


def test_many_cells_at_once_equal_one_by_one():
    mean, share, n = (
        np.array([4.96, 4.33, 3.5, 5.0]),
        np.array([0.892, 0.6, 0.0, 1.0]),
        np.array([93, 20, 2, 1]),
    )
    together = attainable(mean, share, n, rating_rate=(0.0, 1.0))
    for at in range(4):
        alone = attainable(mean[at], share[at], n[at], rating_rate=(0.0, 1.0))
        assert alone.attainable.item() == together.attainable[at]
        assert alone.raters_count.item() == together.raters_count[at]
    cells = count_cells(mean, share, n, rating_rate=(0.0, 1.0))
    for at in range(4):
        assert (cells.cell == at).sum() == count_cells(
            mean[at], share[at], n[at], rating_rate=(0.0, 1.0)
        ).raters.size


@pytest.mark.parametrize("raters", [1, 2, 3])
def test_two_items_of_equally_many_raters_against_all_pairs_of_count_vectors(raters):
    asked = 3
    every = vectors(asked)
    every = every[every.sum(1) == raters]
    mean = every @ np.arange(1, 6) / raters
    pair_mean = ((mean[:, None] + mean) / 2).ravel()
    pair_share = ((every[:, 4, None] + every[:, 4]) / (2 * asked)).ravel()
    m, p = np.meshgrid(np.arange(100, 501) / 100, np.arange(0, 7) / 6, indexing="ij")
    verdict = attainable(m, p.round(3), asked, items=2, rating_rate=(raters / asked, raters / asked))
    wanted = [
        bool((_prints(pair_mean, one, 0.01) & _prints(pair_share, other, 0.001)).any())
        for one, other in zip(m.flat, p.round(3).flat, strict=True)
    ]
    assert verdict.attainable.ravel().tolist() == wanted
    assert set(np.unique(verdict.raters_low)) <= {0, raters}


@pytest.mark.parametrize("asked", [2, 3])
def test_averages_of_rounded_items_are_all_attainable(asked):
    every = vectors(asked)
    every = every[every.sum(1) == asked]
    mean = np.floor(100 * (every @ np.arange(1, 6)) / asked + 0.5) / 100
    share = np.floor(1000 * every[:, 4] / asked + 0.5) / 1000
    pair_mean = np.floor(100 * (mean[:, None] + mean) / 2 + 0.5 + 1e-9) / 100
    pair_share = np.floor(1000 * (share[:, None] + share) / 2 + 0.5 + 1e-9) / 1000
    figures = {"items": 2, "rating_rate": 1.0}
    assert attainable(
        pair_mean.round(2), pair_share.round(3), asked, rounded_items=True, **figures
    ).attainable.all()
    strict = attainable(pair_mean.round(2), pair_share.round(3), asked, **figures).attainable
    assert strict.all() == (asked == 2)  # halves are exact, thirds are not
    single = attainable(4.33, 0.333, 3, rounded_items=True, rating_rate=1.0)
    assert single.attainable.item()
    assert not attainable(4.34, 0.333, 3, rounded_items=True, rating_rate=1.0).attainable.item()


def test_the_wider_interval_never_counts_more_fives_than_ratings():
    cells = count_cells(5.0, 1.0, 600, items=2, rounded_items=True, rating_rate=1.0)
    assert cells.fives.max() == cells.raters.max() == 1200
    assert (cells.total <= 5 * cells.raters).all()
    # 99.85 % of 2,000 are 1,997 fives, which need 999 raters of each item
    assert (
        attainable(5.0, 1.0, 1000, items=2, rounded_items=True, rating_rate=(0.0, 1.0)).raters_low.item()
        == 999
    )


def test_known_answers():
    assert not attainable(4.33, 0.6, 20).attainable.item()
    assert not attainable(4.96, 0.892, 93).attainable.item()
    verdict = attainable(4.96, 0.892, 93, rating_rate=(0.0, 1.0))
    assert (verdict.raters_low.item(), verdict.raters_high.item(), verdict.raters_count.item()) == (84, 85, 2)


def test_each_cell_may_have_its_own_rates():
    rates = np.array([84, 85, 93]) / 93
    verdict = attainable(4.96, 0.892, 93, rating_rate=rates)
    assert verdict.attainable.tolist() == [True, True, False]
    spans = attainable(4.96, 0.892, 93, rating_rate=(rates, 1.0))
    assert spans.raters_low.tolist() == [84, 85, 0]
    with pytest.raises(ValueError, match="rating_rate must be a rate or a pair"):
        attainable(4.96, 0.892, 93, rating_rate=(0.1, 0.2, 0.3))


def test_without_a_share_it_is_the_mean_alone():
    n = np.arange(1, 40)
    alone = attainable(4.33, None, n, rating_rate=1.0).attainable
    total = np.arange(1, 201)
    wanted = [bool((_prints(total[(total >= k) & (total <= 5 * k)] / k, 4.33, 0.01)).any()) for k in n]
    assert alone.tolist() == wanted


def test_a_share_finer_than_people_allow_is_not_attainable():
    assert not attainable(4.5, 0.839, 33, rating_rate=(0.0, 1.0)).attainable.item()
    assert attainable(4.5, 0.848, 33, rating_rate=(0.0, 1.0)).attainable.item()


def test_expand_lists_ranges_and_drops_empty_ones():
    index, value = expand(np.array([3, 0, 2]), np.array([4, -1, 2]))
    assert index.tolist() == [0, 0, 2]
    assert value.tolist() == [3, 4, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attainable(4.5, 0.5, 0), "n must be a whole number of at least 1, got 0"),
        (lambda: attainable(4.5, 0.5, 10.5), "n must be a whole number of at least 1, got 10.5"),
        (lambda: attainable(4.5, 50, 10), "divide a percentage by 100"),
        (
            lambda: attainable(4.5, 0.5, 93, rating_rate=0.95),
            r"whole number of raters, got 0.95 to 0.95 of 93 asked: give a range",
        ),
        (lambda: attainable(4.5, 0.5, 9, rating_rate=(0.9, 0.5)), "rating_rate must be a rate in"),
        (
            lambda: attainable(4.5, 0.5, 9, denominator="all"),
            "denominator must be 'asked' or 'rated', got",
        ),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
