"""The units by which no placement prints nearer: against every placement of tiny services."""

from collections.abc import Iterator
from itertools import product
from math import floor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapa.microdata.floor import SLOPES, _units, least_errors
from sapa.microdata.layout import Layout, layout
from sapa.microdata.placement import regional_figures, regional_tables
from sapa.microdata.regions import placed

LIVING = 3  # people of the first region; the second has the rest
BY_CHANNEL = (3, 3)
# channel, criterion, whether put to users only
BLOCKS = ((0, 0, False), (0, 0, False), (0, 1, True), (1, 2, False), (1, 3, False))
Item = tuple[float, float] | None
Figures = set[Item]


def tiny(seed: int) -> Layout:
    """Two regions, two channels of three people; three items of the first, one of them put to two users."""
    rng = np.random.default_rng(seed)
    asked = [2 if users else BY_CHANNEL[channel] for channel, _, users in BLOCKS]
    answers = [np.bincount(rng.choice([0, 1, 3, 4, 5, 5], n), minlength=6) for n in asked]
    counts = np.array([row[1:] for row in answers])
    channel, label, users = (np.array(column) for column in zip(*BLOCKS, strict=True))
    split = np.array([[n - n // 2, n // 2] for n in asked])
    rest = sum(BY_CHANNEL) - LIVING
    return Layout(
        "tiny",
        ("a", "b"),
        np.array([[2, LIVING - 2], [BY_CHANNEL[0] - 2, rest - BY_CHANNEL[0] + 2]]),
        channel,
        np.arange(len(BLOCKS)),
        label,
        split,
        split,
        counts,
        np.ones((len(BLOCKS), 2)),
        np.where(users, 0, -1),
    )


def items(counts: np.ndarray, total: int, asked: int) -> Figures:
    """Means and shares of fives that an item has among so many of its people; none if nobody rates."""
    full = [total - counts.sum(), *counts]
    found: Figures = set()
    for chosen in product(*(range(min(n, asked) + 1) for n in full)):
        if sum(chosen) == asked:
            rated = sum(chosen[1:])
            points = sum(k * n for k, n in enumerate(chosen))
            found.add((points / rated, chosen[5] / asked) if rated else None)
    return found


def means(parts: list[Figures]) -> Figures:
    """Means of the parts that exist, over every way to take one of each."""
    found: Figures = set()
    for some in product(*parts):
        there = [part for part in some if part is not None]
        found.add(tuple(np.mean(there, axis=0).round(9).tolist()) if there else None)
    return found


def every_figure(laid: Layout) -> Iterator[tuple[float, float]]:
    """Mean and satisfaction of the first region under every placement of people, users and answers."""
    for here in range(LIVING + 1):
        split = here, LIVING - here
        if split[0] > BY_CHANNEL[0] or split[1] > BY_CHANNEL[1]:
            continue
        for users in range(min(2, here) + 1):
            if 2 - users > BY_CHANNEL[0] - here:
                continue
            asked = [users if only else split[channel] for channel, _, only in BLOCKS]
            by_item = [
                items(counts, int(total.sum()), n) if n else {None}
                for counts, total, n in zip(laid.counts, laid.asked, asked, strict=True)
            ]
            criteria = [means([by_item[0], by_item[1]]), by_item[2], by_item[3], by_item[4]]
            channels = [means(criteria[:2]), means(criteria[2:])]
            yield from (figure for figure in means(channels) if figure is not None)


def error(figure: float, printed: float, unit: float) -> int:
    """Units by which a figure prints away from the printed one, halves up."""
    return abs(floor((figure - printed) / unit + 0.5 + 1e-6))


@pytest.mark.parametrize("seed", range(24))
def test_no_placement_of_a_tiny_service_errs_less(seed: int) -> None:
    """Some printed pairs are far from every placement, some a unit or two from one, some met."""
    laid = tiny(seed)
    figures = np.array(list(every_figure(laid)))
    rng = np.random.default_rng(seed)
    pairs = [(rng.uniform(1, 5), rng.uniform(0, 1)) for _ in range(6)]
    for mean, share in figures[rng.integers(len(figures), size=12)]:
        off = rng.integers(-3, 4, size=2)
        pairs.append((round(mean, 2) + 0.01 * off[0], round(share, 3) + 0.001 * off[1]))
    for mean, share in pairs:
        least = min(error(m, mean, 0.01) + error(s, share, 0.001) for m, s in figures)
        below, other = least_errors(laid, np.array([mean, np.nan]), np.array([share, np.nan]))
        assert 0 <= below <= least
        assert other == 0
    mean, share = figures[rng.integers(len(figures))].round(9)
    assert least_errors(laid, np.array([mean, np.nan]), np.array([share, np.nan]))[0] == 0


@pytest.mark.parametrize("seed", range(12))
def test_the_floor_is_near_the_least_error_of_impossible_pairs(seed: int) -> None:
    """A mean of 1.00 with 80% fives is impossible: little is lost to taking the items apart."""
    laid = tiny(seed)
    pair = 1.0, 0.8
    least = min(error(m, pair[0], 0.01) + error(s, pair[1], 0.001) for m, s in every_figure(laid))
    below = least_errors(laid, np.array([pair[0], np.nan]), np.array([pair[1], np.nan]))[0]
    assert 0.75 * least < below <= least


@given(st.lists(st.tuples(st.integers(40, 200), st.integers(0, 40)), min_size=1, max_size=5), st.data())
@settings(max_examples=300, deadline=None)
def test_the_units_of_a_pair_bound_those_of_every_point(
    attainable: list[tuple[int, int]], data: st.DataObject
) -> None:
    """Of a few attainable pairs, and a printed one within two units of one of them."""
    points = np.array([(mean / 40, share / 40) for mean, share in attainable])
    near = points[data.draw(st.integers(0, len(points) - 1))]
    off = data.draw(st.tuples(st.integers(-2, 2), st.integers(-2, 2)))
    mean, share = round(near[0], 2) + 0.01 * off[0], round(near[1], 3) + 0.001 * off[1]
    tilted = points[:, :1] - SLOPES * points[:, 1:]
    below = _units(np.stack([tilted.max(axis=0), -tilted.min(axis=0)]), mean, share)
    assert below <= min(error(m, mean, 0.01) + error(s, share, 0.001) for m, s in points)


def test_the_units_of_a_pair_meet_the_bound_along_one_figure() -> None:
    """One point, a mean of 3.975 that prints 3.98."""
    point = 3.975 - SLOPES * 0.5
    extreme = np.stack([point, -point])
    assert [_units(extreme, mean, 0.5) for mean in (3.98, 3.99, 4.0, 4.01)] == [0, 1, 2, 3]
    assert [_units(extreme, mean, 0.5) for mean in (3.97, 3.96, 3.95)] == [0, 1, 2]


@pytest.mark.parametrize("service", sorted(set(regional_tables()) - {"s62"}))
def test_the_floor_is_the_same_wherever_people_are(service: str) -> None:
    """It depends on counts and on people of regions and of channels, not on who is where."""
    before, after = layout(service), placed(service).layout
    figures = regional_figures(service, before.regions)
    assert (least_errors(after, *figures) == least_errors(before, *figures)).all()
